//! A drive of the image without TLS and display: it speaks in the clear to a relay, which carries its bytes to the real service over
//! mutual TLS, as a modem would.
//!
//! Invariant: the relay listens on this machine alone, and the service knows of no way in but its front door.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use milepost_gateway::link::{Identity, client_config};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::board::{Board, Setting};
use crate::cloud::{NAME, Stage};
use crate::log::Strings;
use crate::round::{self, PACE};
use crate::{drive, image};

pub(crate) async fn run(image: &Path, stack_bytes: Option<u32>) -> Result<()> {
    let temporary = tempfile::tempdir()?;
    let folder = temporary.path().to_owned();
    let strings = Arc::new(Strings::of(image)?);
    let stage = Stage::set(&folder, drive::ODOMETER_M).await?;
    let cloud = stage.serve().await?;
    let account = cloud.account().await?;
    let relay = Relay::open(cloud.front_door, &Identity::in_folder(&stage.identities(), stage.device.as_str())).await?;

    let log = folder.join("drive.log");
    let (moments, distance_m) = drive::moments(drive::ODOMETER_M);
    drive::write(&log, &moments)?;
    let file = folder.join("chip.bin");
    image::fresh(&file, image)?;
    stage.configure(&file, relay.address.port()).await?;

    let arguments = vec![format!("pace={PACE}")];
    let setting = Setting { image: image.to_owned(), chip: file, folder, arguments, loud: true };
    let mut board = Board::start(&setting, &strings)?;
    board.says("link: up").await?;
    println!("the image joined behind a relay");
    let sent = round::replay(&log, &board.can()).await?;
    println!("the drive passed: {}", sent.trim());
    round::ends(board, &account, cloud, &stage, distance_m, stack_bytes).await
}

/// Where the board connects to; it closes when it is dropped.
struct Relay {
    address: SocketAddr,
    task: AbortHandle,
}

impl Relay {
    /// Carries whatever connects on to the front door, in the device's name.
    async fn open(front_door: SocketAddr, identity: &Identity) -> Result<Self> {
        let connector = TlsConnector::from(client_config(identity, NAME)?);
        let name = ServerName::try_from(NAME).context("no server name")?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("the relay does not listen")?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            // One after the other: a board has one connection.
            while let Ok((mut board, _)) = listener.accept().await {
                let carried = async {
                    let stream = TcpStream::connect(front_door).await?;
                    let mut service = connector.connect(name.clone(), stream).await?;
                    copy_bidirectional(&mut board, &mut service).await
                };
                // The board connects again, or says that it does not get through.
                if let Err(error) = carried.await {
                    eprintln!("relay: {error}");
                }
            }
        });
        Ok(Self { address, task: task.abort_handle() })
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}
