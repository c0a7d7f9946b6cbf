//! Accepting connections, within bounds.
//!
//! Invariant: there are never more connections than allowed, and a handshake that does not come to its end is given up.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connect;
use super::door::Door;
use super::registry::Registry;
use super::session;
use super::tls::{Peer, Standing};
use crate::config;
use crate::events::Refused;
use crate::ingest::Committer;
use crate::pki::{Pki, Role};
use crate::store::AnyStore;

/// Why the front door does not open.
#[derive(Debug, thiserror::Error)]
pub enum FrontDoorError {
    /// The address cannot be taken.
    #[error("listening for vehicles on {address} failed")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
}

/// The open front door.
#[derive(Debug)]
pub struct FrontDoor {
    address: SocketAddr,
    drain: CancellationToken,
    tasks: TaskTracker,
}

impl FrontDoor {
    /// Opens the front door.
    pub async fn open(
        settings: config::FrontDoor,
        tls: ServerConfig,
        registry: Registry,
        committer: Committer,
        store: AnyStore,
        standing: Standing,
        pki: Arc<Pki>,
    ) -> Result<Self, FrontDoorError> {
        let failed = |source| FrontDoorError::Listen { address: settings.listen, source };
        let listener = TcpListener::bind(settings.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let drain = CancellationToken::new();
        let tasks = TaskTracker::new();
        let door = Door { settings, registry, committer, store, standing, pki, drain: drain.clone() };
        tasks.spawn(accept(listener, TlsAcceptor::from(Arc::new(tls)), Arc::new(door), tasks.clone()));
        Ok(Self { address, drain, tasks })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes nothing more, lets sessions await their commits, and ends them.
    pub async fn close(self) {
        self.drain.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, door: Arc<Door>, tasks: TaskTracker) {
    let connections = Arc::new(Semaphore::new(door.settings.max_connections as usize));
    let handshakes = Arc::new(Semaphore::new(door.settings.max_handshakes as usize));
    loop {
        let accepted = tokio::select! {
            biased;
            () = door.drain.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                metrics::counter!("milepost_accept_failures_total").increment(1);
                tracing::warn!(%error, "accepting a connection failed");
                // Out of file descriptors, most likely: others have to close first.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&connections).try_acquire_owned() else {
            Refused { peer, reason: "max_connections", detail: &"" }.emit();
            continue;
        };
        let (door, tls, handshakes) = (Arc::clone(&door), tls.clone(), Arc::clone(&handshakes));
        tasks.spawn(async move {
            connection(stream, peer, &tls, &handshakes, &door).await;
            drop(permit);
        });
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, tls: &TlsAcceptor, handshakes: &Semaphore, door: &Door) {
    let limit = Duration::from_millis(door.settings.handshake_timeout_ms);
    let handshake = async {
        let permit = handshakes.acquire().await;
        stream.set_nodelay(true)?;
        let stream = tls.accept(stream).await;
        drop(permit);
        stream
    };
    let shaken = tokio::select! {
        () = door.drain.cancelled() => return,
        shaken = timeout(limit, handshake) => shaken,
    };
    let mut stream = match shaken {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Refused { peer, reason: "handshake", detail: &error }.emit(),
        Err(elapsed) => return Refused { peer, reason: "handshake_timeout", detail: &elapsed }.emit(),
    };
    let cert = stream.get_ref().1.peer_certificates().and_then(|certs| certs.first());
    let Some(identity) = cert.and_then(Peer::read) else {
        return Refused { peer, reason: "certificate_name", detail: &"common name is no device id" }.emit();
    };
    if door.standing.refuses(&identity.serial) {
        return Refused { peer, reason: "revoked", detail: &identity.device }.emit();
    }
    let has_room = identity.role != Role::Device || door.committer.has_room();
    let accepted = tokio::select! {
        () = door.drain.cancelled() => return,
        accepted = connect::accept(&mut stream, &identity, &door.settings, has_room) => accepted,
    };
    match accepted {
        Ok(accepted) => {
            if identity.role == Role::Device {
                door.standing.note_use(&identity.serial);
            }
            session::serve(stream, accepted, identity, door).await;
        }
        Err(reason) => Refused { peer, reason, detail: &identity.device }.emit(),
    }
}
