//! The whole of an enrolment: the board makes a key, the cloud signs, the board keeps everything, the cloud keeps a receipt.
//!
//! Invariant: whatever happens after the image was written, there is a receipt that says how it ended, as far as the cloud can be reached.

use anyhow::{Context as _, Result, bail, ensure};
use heapless::{String as Text, Vec as Bounded};
use milepost_identity::bench::{Answer, Identity, Request, Settings, configuration_sha256};
use milepost_protocol::DeviceId;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::board::Board;
use crate::cloud::{Cloud, Flashing};

/// What a board is to become.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The kind of board that it has to be.
    pub board: String,
    /// The id that it gets; its serial number if absent.
    pub device: Option<DeviceId>,
    /// The front door's host, as the board will dial it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The name in the server's certificate.
    pub server_name: String,
    /// The bit rate of the car's bus, in bits a second.
    pub bit_rate: u32,
    /// Whether the board asks the car for OBD-II values.
    pub ask: bool,
    /// The SHA-256 of the image, 64 hexadecimal digits.
    pub image_sha256: String,
    /// The tool and its version.
    pub tool: String,
    /// The bench's clock, in milliseconds of Unix time.
    pub now_ms: u64,
}

/// Enrols the board; answers the signed receipt.
pub async fn enrol<S>(board: &mut Board<S>, cloud: &Cloud, plan: &Plan) -> Result<Value>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Answer::Identity(identity) = board.ask(&Request::Identify).await? else { bail!("board answers out of place") };
    ensure!(
        identity.board.as_str() == plan.board,
        "this is the board {}, not the {} that was asked for; nothing was changed",
        identity.board,
        plan.board
    );
    let device = plan.device.clone().unwrap_or_else(|| identity.serial.clone());
    let done = carry_out(board, cloud, plan, &device).await;
    let result = if done.is_ok() { "enrolled" } else { "failed" };
    let configuration_sha256 = done.as_ref().ok().map(|sha256| hex(sha256));
    let receipt = hand_in(cloud, plan, &identity, &device, configuration_sha256, result).await;
    match (done, receipt) {
        (Ok(_), receipt) => receipt.context("the board is enrolled, but there is no receipt"),
        (Err(error), Ok(_)) => Err(error),
        (Err(error), Err(unwritten)) => Err(error.context(format!("and no receipt of it: {unwritten:#}"))),
    }
}

async fn carry_out<S>(board: &mut Board<S>, cloud: &Cloud, plan: &Plan, device: &DeviceId) -> Result<[u8; 32]>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let made = board.ask(&Request::MakeKey { device: device.clone() }).await.context("making a key failed")?;
    let Answer::Request { der } = made else { bail!("board answers out of place") };
    let issued = cloud.certify(device, &der).await?;
    let certificate =
        Bounded::from_slice(&issued.certificate).ok().context("the certificate is too long for a board")?;
    let settings = Settings {
        host: text(&plan.host)?,
        port: plan.port,
        server_name: text(&plan.server_name)?,
        authority: Bounded::from_slice(&issued.authority).ok().context("the authority is too long for a board")?,
        now_ms: plan.now_ms,
        bit_rate: plan.bit_rate,
        ask: plan.ask,
    };
    let expected = configuration_sha256(device, &certificate, &settings);
    // The settings go first, so that the board knows the time when it checks the certificate.
    for (request, what) in [
        (Request::StoreConfiguration(settings), "storing the configuration failed"),
        (Request::StoreCertificate { der: certificate }, "storing the certificate failed"),
    ] {
        ensure!(board.ask(&request).await.context(what)? == Answer::Taken, "board answers out of place");
    }
    let Answer::Stored { configuration_sha256 } = board.ask(&Request::Done).await.context("keeping it all failed")?
    else {
        bail!("board answers out of place")
    };
    ensure!(configuration_sha256 == expected, "the board keeps another configuration than it was sent");
    Ok(configuration_sha256)
}

async fn hand_in(
    cloud: &Cloud,
    plan: &Plan,
    identity: &Identity,
    device: &DeviceId,
    configuration_sha256: Option<String>,
    result: &'static str,
) -> Result<Value> {
    let Plan { image_sha256, tool, .. } = plan;
    let board = identity.board.as_str();
    cloud.hand_in(&Flashing { device, board, image_sha256, configuration_sha256, tool, result }).await
}

fn text<const N: usize>(name: &str) -> Result<Text<N>> {
    Text::try_from(name).ok().with_context(|| format!("{name} is too long for a board"))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}
