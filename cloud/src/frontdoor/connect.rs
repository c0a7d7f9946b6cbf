//! From a TLS stream to a session: CONNECT has to come in time and be right.
//!
//! Invariant: the identity is the certificate's; the client id only has to agree with it.

use std::time::Duration;

use bytes::BytesMut;
use milepost_protocol::DeviceId;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use super::codec::{Connect, Incoming, Outgoing, Welcome, Wire};
use super::tls::Peer;
use crate::config;
use crate::pki::Role;

/// How long a refusal may take to get out.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);

/// A connection whose CONNECT was accepted and answered.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) wire: Wire,
    /// The client id: the device's own id, or the serial number of a board that comes with a claim.
    pub(super) client: DeviceId,
    /// Bytes behind CONNECT that have come already.
    pub(super) input: BytesMut,
    pub(super) version: u8,
    pub(super) keep_alive: Option<Duration>,
    /// How many unacknowledged publishes the peer takes.
    pub(super) receive_maximum: u16,
}

/// Reads CONNECT and answers it; the error is a label for the counters.
pub(super) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    peer: &Peer,
    settings: &config::FrontDoor,
    has_room: bool,
) -> Result<Accepted, &'static str> {
    let mut wire = Wire::new(settings.max_packet_bytes);
    let mut input = BytesMut::with_capacity(512);
    let limit = Duration::from_millis(settings.connect_timeout_ms);
    let connect =
        timeout(limit, first_packet(stream, &mut wire, &mut input)).await.map_err(|_| "connect_timeout")??;
    let (welcome, result) = match check(&connect, peer, has_room) {
        Err((welcome, reason)) => (welcome, Err(reason)),
        Ok(client) => (accepted(&connect, peer, settings), Ok(client)),
    };
    let mut output = BytesMut::new();
    if !wire.encode(Outgoing::ConnAck(welcome), &mut output) {
        return Err("connack_too_large");
    }
    let write = async {
        stream.write_all(&output).await?;
        stream.flush().await
    };
    timeout(REFUSAL_TIMEOUT.max(limit), write).await.map_err(|_| "connack_timeout")?.map_err(|_| "broken")?;
    let client = match result {
        Ok(client) => client,
        Err(reason) => {
            // The peer may be gone before the goodbye; there is nothing more to tell it.
            let _ = timeout(REFUSAL_TIMEOUT, stream.shutdown()).await;
            return Err(reason);
        }
    };
    let keep_alive_s = match welcome {
        Welcome::Accepted { keep_alive_s: Some(seconds), .. } => seconds,
        _ => connect.keep_alive_s,
    };
    Ok(Accepted {
        wire,
        client,
        input,
        version: connect.version,
        keep_alive: (keep_alive_s > 0).then(|| Duration::from_secs(u64::from(keep_alive_s))),
        receive_maximum: connect.receive_maximum.min(settings.receive_maximum),
    })
}

async fn first_packet<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    wire: &mut Wire,
    input: &mut BytesMut,
) -> Result<Connect, &'static str> {
    loop {
        match wire.decode(input) {
            Ok(Some(Incoming::Connect(connect))) => return Ok(connect),
            Ok(Some(_)) => return Err("no_connect"),
            Err(close) => return Err(close.reason()),
            Ok(None) => {}
        }
        match stream.read_buf(input).await {
            Ok(0) => return Err("peer_closed"),
            Ok(_) => {}
            Err(_) => return Err("broken"),
        }
    }
}

/// Whom the connection is for, or how it is turned away.
fn check(connect: &Connect, peer: &Peer, has_room: bool) -> Result<DeviceId, (Welcome, &'static str)> {
    let client: DeviceId = connect.client_id.parse().map_err(|_| (Welcome::WrongClientId, "client_id"))?;
    // A claim names a batch; which board of it this is only the client id says.
    if peer.role != Role::Claim && client != peer.device {
        return Err((Welcome::WrongClientId, "client_id"));
    }
    if connect.wants_authentication {
        return Err((Welcome::AuthenticationRefused, "authentication"));
    }
    if connect.has_will {
        return Err((Welcome::WillRefused, "will"));
    }
    if !has_room && peer.role == Role::Device {
        return Err((Welcome::StoreFull, "store_full"));
    }
    Ok(client)
}

fn accepted(connect: &Connect, peer: &Peer, settings: &config::FrontDoor) -> Welcome {
    // Only MQTT 5 lets a server shorten the keep-alive.
    let too_long = connect.keep_alive_s == 0 || connect.keep_alive_s > settings.max_keep_alive_s;
    Welcome::Accepted {
        receive_maximum: settings.receive_maximum,
        max_packet_bytes: settings.max_packet_bytes,
        keep_alive_s: (connect.version == 5 && too_long).then_some(settings.max_keep_alive_s),
        wildcards: peer.role == Role::Tap,
    }
}
