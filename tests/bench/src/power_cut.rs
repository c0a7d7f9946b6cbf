//! The power goes at random moments, in the middle of writes, erasures and receipts; after each run the chip is read by the core itself.
//!
//! Half of the runs get fuel for a random number of flash steps, the others are killed after a random time. Every fourth run and the last
//! reach the real service, so that records are sent, committed and acknowledged while the power goes.
//! Invariant: in the end chip and service together hold every record that was ever made, once, under its identity and unchanged.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use milepost_firmware::wire::{MAX_WIRE_LEN, Order, Packet};
use milepost_gateway::chip;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::board::{self, Board, Setting};
use crate::cloud::{Cloud, Stage};
use crate::drive;
use crate::history::{History, Summary};
use crate::image;
use crate::log::Strings;

/// How many times as fast as the world the board's clock runs.
const PACE: u32 = 500;

/// One run in so many reaches the service.
const ONLINE: u32 = 4;

/// The exit code of an image whose fuel ran out.
const FUEL_OUT: i32 = 42;

/// The most flash steps that a run gets.
const MOST_FUEL: u32 = 400;

/// The longest time until a kill, in milliseconds; with the service, from the moment when the link is up.
const LONGEST_MS: u64 = 400;

/// How long fuel may last before the plug is pulled.
const FUEL_LASTS: Duration = Duration::from_secs(1);

/// How a run ends, drawn before it begins, so that the seed alone decides.
#[derive(Debug, Clone, Copy)]
struct Plan {
    online: bool,
    fuel: Option<u32>,
    kill_after: Duration,
    /// Whether somebody stores another configuration behind it.
    moves: bool,
}

impl Plan {
    fn draw(boot: u32, random: &mut SmallRng) -> Self {
        Self {
            online: boot.is_multiple_of(ONLINE),
            fuel: random.random_bool(0.5).then(|| random.random_range(0..MOST_FUEL)),
            kill_after: Duration::from_millis(random.random_range(20..LONGEST_MS)),
            moves: random.random_bool(0.1),
        }
    }
}

/// What happened so far.
#[derive(Debug, Default)]
struct Tally {
    cut: u32,
    killed: u32,
    /// Runs that ended by force after they had reached the service.
    on_line: u32,
    configurations: u32,
}

/// What all runs have in common.
struct Rig {
    image: PathBuf,
    strings: Arc<Strings>,
    folder: PathBuf,
    file: PathBuf,
    stage: Stage,
    door: Door,
}

pub(crate) async fn run(image: &Path, boots: u32, seed: Option<u64>) -> Result<()> {
    let seed = seed.unwrap_or_else(|| SmallRng::from_os_rng().random());
    println!("seed {seed}");
    let mut random = SmallRng::seed_from_u64(seed);
    let folder = tempfile::tempdir()?;
    let stage = Stage::set(folder.path(), drive::ODOMETER_M).await?;
    let cloud = stage.serve().await?;
    let rig = Rig {
        image: image.to_owned(),
        strings: Arc::new(Strings::of(image)?),
        folder: folder.path().to_owned(),
        file: folder.path().join("chip.bin"),
        door: Door::open(&cloud).await?,
        stage,
    };
    image::fresh(&rig.file, image)?;
    rig.configure(0).await?;
    let mut history = History::new(rig.look().await?)?;
    let mut tally = Tally::default();
    let mut odometer_m = drive::ODOMETER_M;
    for boot in 1..boots {
        let plan = Plan::draw(boot, &mut random);
        let told = || format!("after boot {boot} of seed {seed}: {plan:?}");
        rig.live(plan, odometer_m, &mut tally).await.with_context(told)?;
        odometer_m += 3_000;
        let after = rig.look().await.with_context(told)?;
        history.ran(after, plan.online).with_context(told)?;
        if plan.moves {
            tally.configurations += 1;
            rig.configure(tally.configurations).await?;
            history.configured(rig.look().await?)?;
        }
    }
    let created = rig.finish(odometer_m).await.context("the last run")?;
    history.ran(rig.look().await?, true).context("after the last run")?;
    cloud.stop().await?;
    let Summary { made, committed, both } =
        history.close(&rig.stage.stored().await?).with_context(|| format!("in the end, of seed {seed}"))?;
    let waiting = history.chip().records.len();
    let Tally { cut, killed, on_line, configurations } = tally;
    println!(
        "{boots} boots: {cut} cut in the middle of a flash step, {killed} killed, {on_line} of them while the service answered, \
         {configurations} new configurations, {created} records in the last run"
    );
    println!(
        "{made} records made: {committed} committed, {waiting} on the chip, {both} on both; \
         0 lost, 0 renumbered, 0 doubled, 0 corrupt, no counter fell (seed {seed})"
    );
    ensure!(waiting == 0, "a run that was let finish left {waiting} records on the chip");
    ensure!(cut > boots / 10 && made > boots as usize, "too little happened to mean anything");
    ensure!(on_line > boots / 10 && history.settled() > 0, "the service was hardly reached");
    Ok(())
}

impl Rig {
    /// Starts the board and cuts its power.
    async fn live(&self, plan: Plan, odometer_m: u32, tally: &mut Tally) -> Result<()> {
        let mut arguments = vec![format!("pace={PACE}")];
        arguments.extend(plan.fuel.map(|steps| format!("fuel={steps}")));
        self.door.set(plan.online);
        let mut board = Board::start(&self.setting(arguments), &self.strings)?;
        // With the service, the wire is silent until it is reached, so that there is fuel left for what is sent.
        let reached = plan.online && board.says_or_ends("link: up").await?.is_some();
        let feeding = tokio::spawn(feed(board.can(), odometer_m));
        let patience = if plan.fuel.is_some() { FUEL_LASTS } else { plan.kill_after };
        if let Ok(code) = tokio::time::timeout(patience, board.ended()).await {
            let code = code?;
            let said = board.rest().await.join("\n");
            ensure!(code == Some(FUEL_OUT), "it ended with {code:?}; it said:\n{said}");
            tally.cut += 1;
        } else {
            board.kill().await?;
            tally.killed += 1;
        }
        feeding.abort();
        tally.on_line += u32::from(reached);
        Ok(())
    }

    /// Lets the board run until all it has is acknowledged; answers how many records it made.
    async fn finish(&self, odometer_m: u32) -> Result<u32> {
        self.door.set(true);
        let mut board = Board::start(&self.setting(vec![format!("pace={PACE}")]), &self.strings)?;
        board.says("link: up").await?;
        let feeding = tokio::spawn(feed(board.can(), odometer_m));
        board.says("trip").await?;
        board.order(Order::Finish).await?;
        let counted = board.says(" created ").await?;
        let code = board.ended().await?;
        feeding.abort();
        ensure!(code == Some(0), "the image ended with {code:?}");
        let created = counted.split_once(" created ").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
        created.with_context(|| format!("{counted:?} does not count"))
    }

    fn setting(&self, arguments: Vec<String>) -> Setting {
        let (image, chip, folder) = (self.image.clone(), self.file.clone(), self.folder.clone());
        Setting { image, chip, folder, arguments, loud: false }
    }

    async fn look(&self) -> Result<chip::Contents> {
        Box::pin(chip::inspect(&self.file)).await.context("the chip does not read")
    }

    /// Stores the configuration anew, with another date than before.
    async fn configure(&self, number: u32) -> Result<()> {
        let mut configuration = self.stage.configuration(self.door.port)?;
        configuration.written_ms += u64::from(number);
        Ok(chip::configure(&self.file, &configuration).await?)
    }
}

/// The way to the service, which can be closed.
struct Door {
    port: u16,
    open: Arc<AtomicBool>,
}

impl Door {
    async fn open(cloud: &Cloud) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port is free")?;
        let (port, real) = (listener.local_addr()?.port(), cloud.front_door);
        let open = Arc::new(AtomicBool::new(false));
        let is_open = Arc::clone(&open);
        tokio::spawn(async move {
            while let Ok((board, _)) = listener.accept().await {
                if is_open.load(Ordering::Relaxed) {
                    tokio::spawn(pass_on(board, real));
                }
            }
        });
        Ok(Self { port, open })
    }

    fn set(&self, open: bool) {
        self.open.store(open, Ordering::Relaxed);
    }
}

/// Passes bytes on between a board and the service.
pub(crate) async fn pass_on(mut board: TcpStream, real: SocketAddr) {
    // Either end may go at any time; then so does the other.
    if let Ok(mut server) = TcpStream::connect(real).await {
        let _ = tokio::io::copy_bidirectional(&mut board, &mut server).await;
    }
}

/// Puts a drive on the wire as fast as the board takes it, and keeps the wire until it closes.
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
