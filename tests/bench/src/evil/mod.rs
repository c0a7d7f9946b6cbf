//! A board among servers that misbehave, each in its own way, and then the real one.
//!
//! Invariant: the board meets every case in one run, without a reset between them; what it sends is counted on the wire.

mod case;
mod schedule;
mod server;

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use milepost_firmware::wire::Order;
use tokio::net::{TcpListener, TcpStream};

use self::case::{Authority, CASES, Case};
use crate::board::{Board, DEADLINE, Setting};
use crate::cloud::{NAME, Stage};
use crate::drive;
use crate::image;
use crate::log::Strings;
use crate::power_cut::pass_on;

pub(crate) async fn run(image: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let strings = Arc::new(Strings::of(image)?);
    let stage = Stage::set(folder.path(), drive::ODOMETER_M).await?;
    let authority = stage.authority()?;
    let cloud = stage.serve().await?;
    let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port is free")?;
    let file = folder.path().join("chip.bin");
    image::fresh(&file, image)?;
    stage.configure(&file, door.local_addr()?.port()).await?;
    let setting = Setting {
        image: image.to_owned(),
        chip: file,
        folder: folder.path().to_owned(),
        arguments: vec!["link=brisk".to_owned()],
        loud: false,
    };
    let mut board = Board::start(&setting, &strings)?;
    for case in CASES {
        let identity = case.identity(&authority, NAME)?;
        let socket = accept(&door).await.with_context(|| format!("before {case:?}"))?;
        let behind = server::serve(socket, case, &identity).await.with_context(|| format!("{case:?}"))?;
        let line = board.says("link: ").await?;
        let line = if line.contains("connecting") { board.says(", again in ").await? } else { line };
        let outcome = line.split("link: ").nth(1).unwrap_or_default();
        println!("{case:<18}: {behind} bytes after the ClientHello; {outcome}", case = format!("{case:?}"));
        // With proof and good keys the board does speak: its own Finished and the beginning of MQTT.
        ensure!(behind == 0 || case == Case::KeyUpdate, "{case:?}: the board sent {behind} bytes to a bad server");
        ensure!(!line.contains(": up"), "{case:?}: the board takes the server for the real one");
    }
    let real = cloud.front_door;
    let proxy = tokio::spawn(async move {
        while let Ok((socket, _)) = door.accept().await {
            tokio::spawn(pass_on(socket, real));
        }
    });
    board.says("link: up").await.context("the board does not come back to the real server")?;
    println!("the real one      : the link is up");
    board.order(Order::Finish).await?;
    let counted = board.says(" created ").await?;
    let code = board.ended().await?;
    ensure!(code == Some(0), "the image ended with {code:?}");
    ensure!(counted.contains("boot 1 "), "the board was reset on the way: {counted}");
    proxy.abort();
    cloud.stop().await?;
    let committed = stage.committed().await?;
    ensure!(committed.contains_key(&1), "nothing of the board is committed");
    println!("{} servers misbehaved: no byte of ours, no reset, back on line with the real one", CASES.len());
    Ok(())
}

async fn accept(door: &TcpListener) -> Result<TcpStream> {
    let accepted = tokio::time::timeout(DEADLINE, door.accept()).await.context("the board does not come back")?;
    Ok(accepted?.0)
}

impl Stage {
    /// The authority behind the real server, key included.
    fn authority(&self) -> Result<Authority> {
        let read = |name: &str| std::fs::read_to_string(self.pki().join(name)).with_context(|| format!("no {name}"));
        Ok(Authority { certificate_pem: read("server-ca.pem")?, key_pem: read("server-ca.key")? })
    }
}
