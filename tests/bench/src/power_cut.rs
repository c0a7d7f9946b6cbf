//! The power goes at random moments, in the middle of writes and erasures; after each run the chip is read by the core itself.
//!
//! Half of the runs get fuel for a random number of flash steps, the others are killed after a random time.
//! Invariant: a record that a chip held once is there for ever, under its identity and unchanged, and no counter falls.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use milepost_firmware::wire::{MAX_WIRE_LEN, Packet};
use milepost_gateway::chip::{self, Contents};
use milepost_protocol::DeviceId;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::io::AsyncWriteExt;

use crate::board::{self, Board, Setting};
use crate::cloud::Stage;
use crate::drive;
use crate::image;
use crate::log::Strings;

/// How many times as fast as the world the board's clock runs.
const PACE: u32 = 500;

/// The exit code of an image whose fuel ran out.
const FUEL_OUT: i32 = 42;

/// The most flash steps that a run gets.
const MOST_FUEL: u32 = 400;

/// The longest time until a kill, in milliseconds.
const LONGEST_MS: u64 = 400;

/// How long fuel may last before the plug is pulled.
const FUEL_LASTS: Duration = Duration::from_secs(1);

/// What happened so far.
#[derive(Debug, Default)]
struct Tally {
    cut: u32,
    killed: u32,
    configurations: u32,
}

pub(crate) async fn run(image: &Path, boots: u32, seed: Option<u64>) -> Result<()> {
    let seed = seed.unwrap_or_else(|| SmallRng::from_os_rng().random());
    println!("seed {seed}");
    let mut random = SmallRng::seed_from_u64(seed);
    let folder = tempfile::tempdir()?;
    let strings = Arc::new(Strings::of(image)?);
    let stage = Stage::set(folder.path(), drive::ODOMETER_M).await?;
    let file = folder.path().join("chip.bin");
    image::fresh(&file, image)?;
    configure(&file, &stage, 1).await?;
    let mut before = Box::pin(chip::inspect(&file)).await?;
    let mut tally = Tally::default();
    let mut odometer_m = drive::ODOMETER_M;
    for boot in 1..=boots {
        let fuel = random.random_bool(0.5).then(|| random.random_range(0..MOST_FUEL));
        let kill_after = Duration::from_millis(random.random_range(20..LONGEST_MS));
        let mut arguments = vec![format!("pace={PACE}")];
        arguments.extend(fuel.map(|steps| format!("fuel={steps}")));
        let setting = Setting {
            image: image.to_owned(),
            chip: file.clone(),
            folder: folder.path().to_owned(),
            arguments,
            loud: false,
        };
        let mut board = Board::start(&setting, &strings)?;
        let feeding = tokio::spawn(feed(board.can(), odometer_m));
        odometer_m += 3_000;
        let ended = tokio::time::timeout(if fuel.is_some() { FUEL_LASTS } else { kill_after }, board.ended()).await;
        if let Ok(code) = ended {
            let code = code?;
            let said = board.rest().await.join("\n");
            ensure!(code == Some(FUEL_OUT), "boot {boot} ended with {code:?} (seed {seed}); it said:\n{said}");
            tally.cut += 1;
        } else {
            board.kill().await?;
            tally.killed += 1;
        }
        feeding.abort();
        let after = Box::pin(chip::inspect(&file)).await;
        let after = after.with_context(|| format!("boot {boot} left a chip that does not read (seed {seed})"))?;
        compare(&before, &after).with_context(|| format!("after boot {boot} (seed {seed}, fuel {fuel:?})"))?;
        before = after;
        // Now and then somebody moves the device to another service.
        if random.random_bool(0.1) {
            tally.configurations += 1;
            configure(&file, &stage, 1 + tally.configurations as u16).await?;
            let configured = Box::pin(chip::inspect(&file)).await?;
            ensure!(configured.configuration != before.configuration, "the new configuration does not count");
            before = configured;
        }
    }
    let Tally { cut, killed, configurations } = tally;
    println!(
        "{boots} boots: {cut} cut in the middle of a flash step, {killed} killed, {configurations} new configurations; \
         {} records, {} starts counted: 0 lost, 0 renumbered, 0 corrupt, no counter fell (seed {seed})",
        before.records.len(),
        before.boots,
    );
    ensure!(cut > boots / 10 && before.records.len() > boots as usize, "too little happened to mean anything");
    Ok(())
}

async fn configure(file: &Path, stage: &Stage, port: u16) -> Result<()> {
    // Nobody listens there: what is on the chip stays on it.
    let server = chip::Server { host: "10.0.2.2".to_owned(), port, name: "localhost".to_owned() };
    let device: &DeviceId = &stage.device;
    let configuration = chip::configuration(&server, device, &stage.identities(), 1_700_000_000_000)?;
    Ok(chip::configure(file, &configuration).await?)
}

/// Puts drive after drive on the wire as fast as the board takes it, until the wire closes.
async fn feed(can: PathBuf, odometer_m: u32) -> Result<()> {
    let mut line = board::connect(&can).await?;
    let (moments, _) = drive::moments(odometer_m);
    for moment in &moments {
        let mut bytes = Vec::new();
        for frame in &moment.frames {
            bytes.extend_from_slice(Packet::Frame(*frame).encode(&mut [0; MAX_WIRE_LEN]));
        }
        line.write_all(&bytes).await?;
    }
    std::future::pending().await
}

/// Fails unless everything of `before` is in `after`, unchanged, and what is new follows the rules.
fn compare(before: &Contents, after: &Contents) -> Result<()> {
    let now: BTreeMap<_, _> =
        after.records.iter().map(|record| ((record.boot, record.number), record.checksum)).collect();
    ensure!(now.len() == after.records.len(), "an identity is there twice");
    for record in &before.records {
        let found = now.get(&(record.boot, record.number));
        ensure!(found.is_some(), "record {} of boot {} is lost", record.number, record.boot);
        ensure!(found == Some(&record.checksum), "record {} of boot {} is another one", record.number, record.boot);
    }
    let mut next = BTreeMap::<u32, u32>::new();
    let mut seen = BTreeMap::new();
    for record in &after.records {
        let expected = next.entry(record.boot).or_default();
        ensure!(record.number == *expected, "boot {} has no record {expected}", record.boot);
        *expected += 1;
        let twin = seen.insert((record.boot, record.checksum), record.number);
        ensure!(
            twin.is_none(),
            "record {} of boot {} is there again as {}",
            record.number,
            record.boot,
            twin.unwrap_or(0)
        );
    }
    ensure!(after.configuration == before.configuration, "the configuration changed by itself");
    ensure!(after.boots >= before.boots, "the boot number fell from {} to {}", before.boots, after.boots);
    ensure!(after.dropped == 0, "{} records were dropped or corrupt", after.dropped);
    for (name, was, is) in [
        ("odometer", before.odometer_m, after.odometer_m),
        ("engine time", before.engine_s, after.engine_s),
        ("distance", before.distance_m, after.distance_m),
    ] {
        ensure!(is >= was, "the {name} fell from {was} to {is}");
    }
    Ok(())
}
