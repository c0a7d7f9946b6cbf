//! `milepost-station`: what `cargo xtask flash` calls once an image is on its board.
//!
//! Exit code 0: the thing asked for was done; 1: it was not. Results go to standard output, errors to standard error.

use std::io::{BufRead as _, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Parser};
use milepost_protocol::DeviceId;
use milepost_station::board::Board;
use milepost_station::cloud::{Cloud, Flashing};
use milepost_station::enrol::{Plan, enrol};
use milepost_station::wire::Wire;

/// The bench at which boards come to their identity. The engineer's password is the first line of standard input.
#[derive(Debug, Parser)]
#[command(name = "milepost-station", version)]
enum Call {
    /// Have the board make a key, have it certified, store both, and print the signed receipt as JSON.
    Enrol(Enrol),
    /// Hand in that a board was flashed without touching its identity, and print the signed receipt as JSON.
    Receipt(Receipt),
}

#[derive(Debug, Args)]
struct Session {
    /// The pages and the API.
    #[arg(long, value_name = "URL")]
    cloud: String,
    /// The engineer's account.
    #[arg(long)]
    user: String,
    /// The kind of board.
    #[arg(long)]
    board: String,
    /// The SHA-256 of the image, 64 hexadecimal digits.
    #[arg(long, value_name = "HEX")]
    image_sha256: String,
    /// The tool and its version, for the receipt.
    #[arg(long, default_value = concat!("milepost-station ", env!("CARGO_PKG_VERSION")))]
    tool: String,
}

#[derive(Debug, Args)]
struct Enrol {
    #[command(flatten)]
    session: Session,
    /// The board's line: a serial port, `tcp:HOST:PORT` or `unix:PATH`.
    #[arg(long)]
    port: Wire,
    /// The id that the board gets; its serial number without it.
    #[arg(long)]
    device: Option<DeviceId>,
    /// The front door, as the board will dial it.
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    server: (String, u16),
    /// The name in the server's certificate; the host without it.
    #[arg(long, value_name = "NAME")]
    server_name: Option<String>,
    /// The bit rate of the car's bus, in bits a second.
    #[arg(long, default_value_t = 500_000)]
    bit_rate: u32,
    /// Have the board ask the car for OBD-II values; it only listens otherwise.
    #[arg(long)]
    ask: bool,
}

#[derive(Debug, Args)]
struct Receipt {
    #[command(flatten)]
    session: Session,
    /// The device's id.
    #[arg(long)]
    device: DeviceId,
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = runtime.context("starting the runtime failed").and_then(|runtime| {
        let done = runtime.block_on(run(Call::parse()));
        // A read of a port that never answers is not waited for.
        runtime.shutdown_background();
        done
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without a standard error there is nobody left to tell.
            let _ = writeln!(std::io::stderr().lock(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(call: Call) -> Result<()> {
    let receipt = match call {
        Call::Enrol(Enrol { session, port, device, server: (host, port_number), server_name, bit_rate, ask }) => {
            let cloud = log_in(&session).await?;
            let mut board = Board::new(port.open().await?);
            let plan = Plan {
                board: session.board,
                device,
                server_name: server_name.unwrap_or_else(|| host.clone()),
                host,
                port: port_number,
                bit_rate,
                ask,
                image_sha256: session.image_sha256,
                tool: session.tool,
                now_ms: now_ms(),
            };
            enrol(&mut board, &cloud, &plan).await?
        }
        Call::Receipt(Receipt { session, device }) => {
            let cloud = log_in(&session).await?;
            let Session { board, image_sha256, tool, .. } = &session;
            let flashing =
                Flashing { device: &device, board, image_sha256, configuration_sha256: None, tool, result: "flashed" };
            cloud.hand_in(&flashing).await?
        }
    };
    writeln!(std::io::stdout().lock(), "{receipt}").context("cannot write to standard output")
}

async fn log_in(session: &Session) -> Result<Cloud> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("reading the password from standard input failed")?;
    Cloud::log_in(&session.cloud, &session.user, line.trim_end_matches(['\r', '\n'])).await
}

#[expect(clippy::disallowed_methods, reason = "the board's first idea of the time is the bench's, read here once")]
fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}

fn address(text: &str) -> Result<(String, u16), String> {
    let (host, port) = text.rsplit_once(':').ok_or("not HOST:PORT")?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let port = port.parse().map_err(|_| "not HOST:PORT".to_owned())?;
    if host.is_empty() { Err("not HOST:PORT".to_owned()) } else { Ok((host.to_owned(), port)) }
}
