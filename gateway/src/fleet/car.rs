//! One car of the fleet: a life, a core, a flash file, an uplink, a driver at the display.
//!
//! Invariant: the core's time is the life's time and never falls; the position is on disk before the drive that leads to it.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use milepost_firmware::outbox::read_all;
use milepost_firmware::update::concerns;
use milepost_firmware::{Device, DownlinkError, Event as CoreEvent, Flash, Now, Settings};
use milepost_protocol::notice::Answer;
use milepost_protocol::record::ResetReason;
use milepost_protocol::{DeviceId, NoticeId};
use tokio::sync::watch;

use super::board::{Board, BoardError, Boards, CURRENT_MA, Restart};
use super::ecu::Ecu;
use super::generator::{Generator, Moment};
use super::ledger::{Ledger, LedgerError};
use super::matrix::{Detail, Matrix};
use super::past::Past;
use super::report::{CarReport, Line, hex, write_line};
use crate::clock::{Clock, VirtualTime};
use crate::collection::Collecting;
use crate::flash_file::{self, Layout, Region, Sync};
use crate::host::{DeviceError, Host};
use crate::link::{Event, Link, Loss};
use crate::stop::Stop;

/// Moments that a car lives before it lets others live.
const SLICE: usize = 64;

/// How long a car that is up to date waits before it looks at the time again.
const PAUSE: Duration = Duration::from_millis(20);

/// Exchanges with the engine control unit in one moment.
const EXCHANGES: usize = 3;

/// Why a car stops.
#[derive(Debug, thiserror::Error)]
pub enum CarError {
    /// The flash file cannot be opened.
    #[error(transparent)]
    Flash(#[from] flash_file::OpenError),
    /// The core failed.
    #[error("the core failed")]
    Device(#[from] DeviceError),
    /// What stands beside the flash cannot be kept.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The simulated board failed.
    #[error(transparent)]
    Board(#[from] BoardError),
}

/// What all cars share.
#[derive(Debug)]
pub struct Shared {
    /// Real time.
    pub clock: Clock,
    /// Virtual time.
    pub time: VirtualTime,
    /// Whether events are written as lines.
    pub events: bool,
    /// What the boards have in common; without it the cars take no firmware updates.
    pub boards: Option<&'static Boards>,
    /// Raised, shown and answered, so far.
    pub raised: AtomicU64,
    /// See `raised`.
    pub shown: AtomicU64,
    /// See `raised`.
    pub answered: AtomicU64,
}

/// What others may see of a car while it lives.
#[derive(Debug, Default)]
pub struct Gauges {
    /// Records of all boots.
    pub created: AtomicU64,
    /// Records without a receipt.
    pub waiting: AtomicU32,
    /// Virtual Unix time in milliseconds.
    pub virtual_ms: AtomicU64,
    /// Whether it has lived all that happened by its clock; on a clock that stands it stays so.
    pub abreast: watch::Sender<bool>,
    /// Whether the outbox was seen empty after generation had stopped.
    pub drained: AtomicBool,
}

#[derive(Debug)]
struct Intent {
    due_ms: u64,
    notice: NoticeId,
    answer: Answer,
}

/// A car.
#[derive(Debug)]
pub struct Car {
    id: DeviceId,
    folder: PathBuf,
    generator: Generator,
    host: Host,
    board: Option<Board>,
    link: Option<Link>,
    ledger: Ledger,
    earlier: u64,
    ecu: Ecu,
    matrix: Matrix,
    frames: Vec<milepost_firmware::Frame>,
    born_ms: u64,
    at_ms: u64,
    intents: Vec<Intent>,
    showings: HashMap<NoticeId, u32>,
    shared: Arc<Shared>,
    gauges: Arc<Gauges>,
}

impl Car {
    /// Starts the core of a car over its files in `folder`.
    pub async fn start(
        id: DeviceId,
        seed: u64,
        past: Option<Past>,
        folder: &Path,
        link: Option<Link>,
        shared: Arc<Shared>,
    ) -> Result<Self, CarError> {
        let mut flash = flash_file::open(&folder.join(format!("{id}.flash")), Layout::FLEET, Sync::Never)?;
        let (mut ledger, position) = Ledger::open(folder, id.as_str())?;
        count_stored(&mut flash, &mut ledger).await?;
        let time = shared.time;
        let generator = Generator::new(seed, id.as_str(), past, time.epoch_ms, time.speed, position);
        let born_ms = generator.position().at_ms;
        let board = start_board(&shared, folder, &id, ResetReason::PowerOn).await?;
        let settings = settings(&generator, time, board.as_ref(), ResetReason::PowerOn);
        let now = Now { uptime_ms: 0, unix_ms: Some(born_ms) };
        let device = Box::pin(Device::start(flash, settings, now)).await?;
        let collecting = Collecting::open(&folder.join(format!("{id}.flash")));
        let status = device.status();
        ledger.count(status.boot, status.created)?;
        let earlier = earlier(&ledger, status.boot);
        let gauges = Arc::new(Gauges::default());
        gauges.virtual_ms.store(born_ms, Ordering::Relaxed);
        Ok(Self {
            id,
            folder: folder.to_owned(),
            generator,
            host: Host::new(device, collecting),
            board,
            link,
            ledger,
            earlier,
            ecu: Ecu::default(),
            matrix: Matrix::default(),
            frames: Vec::with_capacity(16),
            born_ms,
            at_ms: born_ms,
            intents: Vec::new(),
            showings: HashMap::new(),
            shared,
            gauges,
        })
    }

    /// What others may see.
    pub fn gauges(&self) -> Arc<Gauges> {
        self.gauges.clone()
    }

    /// Lives until `asleep`, then sends what is left until `ended`, and answers what it made.
    pub async fn live(mut self, mut asleep: Stop, mut ended: Stop) -> Result<CarReport, CarError> {
        while !asleep.is_wished() {
            let until_ms = self.shared.time.at_us(self.shared.clock.unix_us());
            let behind = self.live_until(until_ms).await?;
            if let Some(restart) = self.tend_board(until_ms).await? {
                self = Box::pin(self.restarted(restart)).await?;
            }
            self.upload().await?;
            self.gauges.abreast.send_replace(!behind);
            // A car that is behind only looks whether something came; one that is not waits for it.
            let pause = if behind { Duration::ZERO } else { PAUSE };
            tokio::select! {
                event = crate::agent::next_event(self.link.as_mut()) => self.react(event).await?,
                () = asleep.wished() => {}
                () = pause_for(pause) => {}
            }
        }
        self.host.settle(self.now()).await?;
        while !ended.is_wished() {
            if self.upload().await? == 0 || self.link.is_none() {
                self.gauges.drained.store(true, Ordering::Relaxed);
            }
            tokio::select! {
                event = crate::agent::next_event(self.link.as_mut()) => self.react(event).await?,
                () = ended.wished() => {}
            }
        }
        if let Some(link) = self.link.take() {
            link.close().await;
        }
        let status = self.host.device.status();
        self.ledger.count(status.boot, status.created)?;
        let created: BTreeMap<_, _> = self.ledger.counts().into_iter().filter(|&(_, count)| count > 0).collect();
        Ok(CarReport { id: self.id.as_str().to_owned(), created, waiting: status.stored })
    }

    /// Lives a slice of what happens by `until_ms`; answers whether there is more.
    async fn live_until(&mut self, until_ms: u64) -> Result<bool, CarError> {
        for _ in 0..SLICE {
            let Some(moment) = self.generator.next(until_ms) else { return Ok(false) };
            match moment {
                Moment::Departure { after, .. } => self.ledger.keep(&after)?,
                Moment::Tick { at_ms } => {
                    self.advance(at_ms).await?;
                    self.host.tick(self.now()).await?;
                    self.observe();
                }
                Moment::Told { at_ms, state, detail } => {
                    self.advance(at_ms).await?;
                    let mut frames = std::mem::take(&mut self.frames);
                    frames.clear();
                    self.matrix.pack(&state, detail, &mut frames);
                    for frame in &frames {
                        self.host.frame(self.now(), frame).await?;
                    }
                    self.frames = frames;
                    if detail >= Detail::Usual {
                        self.diagnose().await?;
                    }
                    self.host.tick(self.now()).await?;
                    self.observe();
                }
            }
        }
        Ok(true)
    }

    /// Passes on what the updater tells, and answers whether the board restarts now.
    async fn tend_board(&mut self, at_ms: u64) -> Result<Option<Restart>, CarError> {
        let now = self.now();
        let Some(board) = &mut self.board else { return Ok(None) };
        let status = self.host.device.status();
        let restart = board.restarts(at_ms, status.trip.is_none()).await?;
        let its_now = board.now(at_ms);
        while let Some(record) = board.updater.report() {
            self.host.device.report(now, record).await?;
            board.updater.reported(its_now).await.map_err(BoardError::from)?;
        }
        if let Some(health) = board.updater.health(its_now, status.stored, Some(CURRENT_MA)) {
            self.host.device.report(now, health).await?;
        }
        Ok(restart)
    }

    /// The same car after a restart of its board: a new core over the same flash, and no connection.
    async fn restarted(mut self, restart: Restart) -> Result<Self, CarError> {
        self.host.settle(self.now()).await?;
        let Self { id, folder, generator, host, board, mut link, mut ledger, .. } = self;
        let Self { shared, gauges, at_ms, intents, showings, .. } = self;
        let status = host.device.status();
        ledger.count(status.boot, status.created)?;
        // Their files are locked until they are gone.
        drop((host, board));
        let flash = flash_file::open(&folder.join(format!("{id}.flash")), Layout::FLEET, Sync::Never)?;
        let board = start_board(&shared, &folder, &id, restart.reset).await?;
        let settings = settings(&generator, shared.time, board.as_ref(), restart.reset);
        let now = Now { uptime_ms: 0, unix_ms: Some(at_ms) };
        let device = Box::pin(Device::start(flash, settings, now)).await?;
        let collecting = Collecting::open(&folder.join(format!("{id}.flash")));
        let status = device.status();
        ledger.count(status.boot, status.created)?;
        if let (Some(link), Some(board)) = (&mut link, &board) {
            link.restart(board.connects_after());
        }
        Ok(Self {
            earlier: earlier(&ledger, status.boot),
            host: Host::new(device, collecting),
            board,
            link,
            ledger,
            ecu: Ecu::default(),
            matrix: Matrix::default(),
            frames: Vec::with_capacity(16),
            born_ms: at_ms,
            at_ms,
            intents,
            showings,
            id,
            folder,
            generator,
            shared,
            gauges,
        })
    }

    /// Lets the core talk to the engine control unit.
    async fn diagnose(&mut self) -> Result<(), CarError> {
        for _ in 0..EXCHANGES {
            let Some(request) = self.host.device.request(self.now()) else { break };
            let codes = self.generator.codes(self.at_ms);
            for reply in self.ecu.take(&request, &codes, self.generator.readings()) {
                self.host.frame(self.now(), &reply).await?;
            }
        }
        Ok(())
    }

    /// Moves the car's time, and lets the driver press what was intended by then.
    async fn advance(&mut self, at_ms: u64) -> Result<(), CarError> {
        while let Some(next) = self.intents.iter().position(|intent| intent.due_ms <= at_ms) {
            let intent = self.intents.swap_remove(next);
            self.at_ms = self.at_ms.max(intent.due_ms);
            if self.host.device.answer(self.now(), intent.notice, intent.answer).await? {
                self.shared.answered.fetch_add(1, Ordering::Relaxed);
                self.tell(|vehicle, at_us| Line::Answered {
                    vehicle,
                    notice: hex(intent.notice),
                    at_us,
                    answer: intent.answer.name(),
                });
            }
        }
        self.at_ms = self.at_ms.max(at_ms);
        Ok(())
    }

    /// Fetches what the core has to tell; a notice that is shown makes the driver think.
    fn observe(&mut self) {
        while let Some(event) = self.host.device.events() {
            match event {
                CoreEvent::NoticeRaised { id } => {
                    self.shared.raised.fetch_add(1, Ordering::Relaxed);
                    self.tell(|vehicle, at_us| Line::Raised { vehicle, notice: hex(id), at_us });
                }
                CoreEvent::NoticeShown { id } => {
                    self.shared.shown.fetch_add(1, Ordering::Relaxed);
                    self.tell(|vehicle, at_us| Line::Shown { vehicle, notice: hex(id), at_us });
                    let showing = self.showings.entry(id).or_default();
                    *showing += 1;
                    if let Some((after_ms, answer)) =
                        self.generator.driver().answers(id.0, id.as_offer().is_some(), *showing)
                    {
                        self.intents.push(Intent { due_ms: self.at_ms + after_ms, notice: id, answer });
                    }
                }
                CoreEvent::NoticeUpdated { id, state } => {
                    self.tell(|vehicle, at_us| Line::Updated { vehicle, notice: hex(id), at_us, state: state.name() });
                }
                CoreEvent::TripEnded(_) => {}
            }
        }
    }

    async fn upload(&mut self) -> Result<u32, CarError> {
        let now = self.now();
        let waiting = match &mut self.link {
            Some(link) => self.host.upload(now, link).await?,
            None => self.host.device.status().stored,
        };
        let status = self.host.device.status();
        self.ledger.count(status.boot, status.created)?;
        self.gauges.created.store(self.earlier + u64::from(status.created), Ordering::Relaxed);
        self.gauges.waiting.store(waiting, Ordering::Relaxed);
        self.gauges.virtual_ms.store(self.at_ms, Ordering::Relaxed);
        Ok(waiting)
    }

    async fn react(&mut self, event: Event) -> Result<(), CarError> {
        if matches!(event, Event::Message(_)) {
            // Records that a receipt is about to remove must have been counted.
            let status = self.host.device.status();
            self.ledger.count(status.boot, status.created)?;
        }
        let now = self.now();
        let Some(link) = &mut self.link else { return Ok(()) };
        if let Some(board) = &mut self.board {
            let at_ms = self.shared.time.at_us(self.shared.clock.unix_us());
            match &event {
                Event::Up => board.connected(at_ms).await?,
                Event::Message(message) if concerns(message.payload()) => {
                    match board.updater.downlink(board.now(at_ms), message.payload()).await {
                        // It decoded when it was looked at.
                        Ok(()) | Err(DownlinkError::Decode(_)) => {}
                        Err(DownlinkError::Device(error)) => return Err(BoardError::from(error).into()),
                    }
                    link.acknowledge(message);
                    return Ok(());
                }
                _ => {}
            }
        }
        match self.host.react(now, event, link).await? {
            Some(loss @ (Loss::Refused(_) | Loss::Untrusted(_))) => {
                tracing::error!(vehicle = self.id.as_str(), %loss, "no connection");
            }
            Some(loss) => tracing::debug!(vehicle = self.id.as_str(), %loss, "no connection"),
            None => {}
        }
        self.observe();
        Ok(())
    }

    fn tell<'a>(&'a self, line: impl FnOnce(&'a str, u64) -> Line<'a>) {
        if self.shared.events {
            write_line(&line(self.id.as_str(), self.shared.clock.unix_us()));
        }
    }

    fn now(&self) -> Now {
        Now { uptime_ms: self.at_ms - self.born_ms, unix_ms: Some(self.at_ms) }
    }
}

/// The board of a car, if the fleet's cars have one.
async fn start_board(
    shared: &Shared,
    folder: &Path,
    id: &DeviceId,
    reset: ResetReason,
) -> Result<Option<Board>, CarError> {
    let Some(boards) = shared.boards else { return Ok(None) };
    let at_ms = shared.time.at_us(shared.clock.unix_us());
    Ok(Some(Board::start(boards, folder, id.as_str(), reset, at_ms).await?))
}

/// How the core of a car starts.
fn settings(generator: &Generator, time: VirtualTime, board: Option<&Board>, reset: ResetReason) -> Settings {
    let default = Settings::default();
    Settings {
        firmware: board.map_or(default.firmware, |board| board.version().0),
        reset,
        obd: true,
        tank_ml: generator.class().burns().then(|| generator.class().store() as u32),
        // Twenty moments of a drive: what a killed process may cost, at any speed of time.
        ledger_every_ms: default.ledger_every_ms.max(20 * super::pace::spacing_ms(time.speed)),
        ..default
    }
}

/// How many records all boots but the present one have made.
fn earlier(ledger: &Ledger, boot: u32) -> u64 {
    let counts = ledger.counts().into_iter();
    counts.filter(|&(counted, _)| counted != boot).map(|(_, count)| u64::from(count)).sum()
}

/// Counts what an earlier process made and could not count any more: all of it is still in flash, or it was counted before.
async fn count_stored(flash: &mut Flash<Region>, ledger: &mut Ledger) -> Result<(), CarError> {
    let mut newest = BTreeMap::<u32, u32>::new();
    for lane in [&mut flash.alerts, &mut flash.bulk] {
        read_all(lane, |stamp, _| {
            let number = newest.entry(stamp.boot).or_default();
            *number = (*number).max(stamp.number);
        })
        .await?;
    }
    for (boot, number) in newest {
        ledger.count_at_least(boot, number + 1)?;
    }
    Ok(())
}

async fn pause_for(pause: Duration) {
    if pause.is_zero() { tokio::task::yield_now().await } else { tokio::time::sleep(pause).await }
}
