//! The command line: what can be asked, and how the answer ends.
//!
//! Exit code 0: the thing asked for was done; 1: it was found wrong; 2: the call was.
//! Invariant: errors go to standard error as `error: what, where`, results to standard output, progress only to a terminal.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use milepost_firmware::configuration::Bus;
use milepost_protocol::DeviceId;
use milepost_protocol::update::Version;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::clock::{Clock, VirtualTime};
use crate::config::{self, split_address};
use crate::dbc::{Matrix, j1939};
use crate::decode::{self, DecodeError, Decoder};
use crate::diagnostics;
use crate::fleet::board::{Behaviour, Boards};
use crate::fleet::run::{Plan, Server};
use crate::identity::{Enrolment, Keeper, enrol};
use crate::link::{Identity, Link, Options, Policy, client_config};
use crate::log::{Broken, Reader};
use crate::stop::Stop;
use crate::{agent, bus, chip, elm327, fleet, replay, table, telematics, uart, usage};

/// The agent of a connected car, its replay tool and its simulated fleet.
#[derive(Debug, Parser)]
#[command(name = "milepost-gateway", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run as the agent of a gateway board: SocketCAN in, the cloud out, until SIGTERM.
    Run(Run),
    /// Come to an identity of one's own with a factory's claim: makes a key, has it certified, writes both.
    Enrol(Enrol),
    /// Play a CAN log through a core as if it drove past now.
    Replay(Replay),
    /// Print what the core derives from a CAN log, without a network.
    Usage(Usage),
    /// Print every value of a CAN log as CSV, by DBC files or by the common parameters of SAE J1939.
    Decode(Decode),
    /// Compile DBC files into the table by which a car reads its signals.
    Table(Table),
    /// Simulate many vehicles at once, each with a core and a flash file of its own.
    Fleet(Fleet),
    /// Make or read the file that is an emulated board's flash chip.
    #[command(subcommand)]
    Chip(Chip),
    /// Write a firmware image that simulated boards take; `milepost firmware sign` signs it.
    SimImage(SimImage),
    /// Diagnostics of recordings and of single words.
    #[command(flatten)]
    Diagnose(diagnostics::cli::Command),
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// The configuration, TOML.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Ask through an ELM327 adapter: a serial device, or tcp://HOST:PORT of one with WLAN. Interfaces are only listened to then.
    #[arg(long, value_name = "DEVICE")]
    pub elm327: Option<elm327::Place>,
    /// The rate of the adapter's serial device, in bits a second.
    #[arg(long, value_name = "BITS", default_value_t = 38_400, requires = "elm327")]
    pub elm327_baud: u32,
}

/// Arguments of `enrol`.
#[derive(Debug, Args)]
pub struct Enrol {
    /// The folder with ca.pem, cert.pem and key.pem of the claim, as `milepost device claim` wrote it.
    #[arg(long, value_name = "DIR")]
    pub claim: PathBuf,
    /// The hardware's serial number.
    #[arg(long)]
    pub serial: DeviceId,
    /// The front door.
    #[arg(long, value_name = "HOST:PORT", value_parser = address)]
    pub server: (String, u16),
    /// The name in the server's certificate; the host without it.
    #[arg(long, value_name = "NAME")]
    pub server_name: Option<String>,
    /// The folder to write ca.pem and <device>/cert.pem and key.pem to.
    #[arg(long, value_name = "DIR")]
    pub identities: PathBuf,
    /// How long to try, in seconds.
    #[arg(long = "for", value_name = "SECONDS", default_value_t = 60.0, value_parser = positive)]
    pub timeout: f64,
}

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// The log, as candump -l writes it; gzip is recognised.
    #[arg(value_name = "LOG")]
    pub log: PathBuf,
    /// Seconds of the log that pass in a second.
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = positive, conflicts_with = "as_fast_as_possible")]
    pub speed: f64,
    /// Do not wait between frames.
    #[arg(long)]
    pub as_fast_as_possible: bool,
    /// A channel of the log; the first named becomes bus 0. Channels that are not named follow as they appear.
    #[arg(long = "channel", value_name = "NAME")]
    pub channels: Vec<String>,
    /// The flash file; in memory without it.
    #[arg(long, value_name = "FILE")]
    pub flash: Option<PathBuf>,
    /// Put the frames on a serial line instead, a Unix socket, where an emulated board takes them for its bus.
    #[arg(long, value_name = "SOCKET", conflicts_with_all = ["flash", "server", "device", "identities"])]
    pub to_uart: Option<PathBuf>,
    /// The uplink.
    #[command(flatten)]
    pub uplink: Uplink,
}

/// What to do with a chip's file.
#[derive(Debug, Subcommand)]
pub enum Chip {
    /// Make an erased chip.
    Erase {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Store who the board is and where its cloud is.
    Configure {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The front door, as the board sees it.
        #[arg(long, value_name = "HOST:PORT", value_parser = address)]
        server: (String, u16),
        /// The name in the server's certificate; the host without it.
        #[arg(long, value_name = "NAME")]
        server_name: Option<String>,
        /// The device id.
        #[arg(long, value_name = "ID")]
        device: DeviceId,
        /// A folder with ca.pem and <device>/cert.pem and key.pem.
        #[arg(long, value_name = "DIR")]
        identities: PathBuf,
        /// The car's bus, in bits a second.
        #[arg(long, value_name = "BITS", default_value_t = Bus::default().bit_rate)]
        bit_rate: u32,
        /// Ask for OBD-II values; without it a board with a CAN controller only listens.
        #[arg(long)]
        ask: bool,
    },
    /// Print what the chip holds, as JSON.
    Inspect {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// The uplink of one device; without a server nothing is sent.
#[derive(Debug, Args)]
pub struct Uplink {
    /// The front door.
    #[arg(long, value_name = "HOST:PORT", value_parser = address, requires_all = ["device", "identities"])]
    pub server: Option<(String, u16)>,
    /// The name in the server's certificate; the host without it.
    #[arg(long, value_name = "NAME")]
    pub server_name: Option<String>,
    /// The device id.
    #[arg(long, value_name = "ID")]
    pub device: Option<DeviceId>,
    /// A folder with ca.pem and <device>/cert.pem and key.pem.
    #[arg(long, value_name = "DIR")]
    pub identities: Option<PathBuf>,
}

/// Arguments of `usage`.
#[derive(Debug, Args)]
pub struct Usage {
    /// A log, as candump -l writes it, or a table of a telematics service; gzip is recognised.
    #[arg(value_name = "INPUT")]
    pub input: PathBuf,
    /// JSON instead of a table.
    #[arg(long)]
    pub json: bool,
    /// A signal table that `table` wrote, in place of the built-in one.
    #[arg(long, value_name = "TABLE")]
    pub table: Option<PathBuf>,
    /// A channel of the log; the first named becomes bus 0. Channels that are not named follow as they appear.
    #[arg(long = "channel", value_name = "NAME")]
    pub channels: Vec<String>,
}

/// Arguments of `decode`.
#[derive(Debug, Args)]
pub struct Decode {
    /// What the car's messages mean; several files make one matrix.
    #[arg(long = "dbc", value_name = "FILE", required_unless_present = "j1939")]
    pub dbc: Vec<PathBuf>,
    /// Take 29-bit identifiers by their parameter group; without a file, read the common parameters of SAE J1939.
    #[arg(long)]
    pub j1939: bool,
    /// The log, of any common tool; gzip is recognised.
    #[arg(value_name = "LOG")]
    pub log: PathBuf,
}

/// Arguments of `table`.
#[derive(Debug, Args)]
pub struct Table {
    /// What the car's messages mean; several files make one matrix.
    #[arg(long = "dbc", value_name = "FILE", required_unless_present = "j1939")]
    pub dbc: Vec<PathBuf>,
    /// Take 29-bit identifiers by their parameter group; without a file, feed the common parameters of SAE J1939.
    #[arg(long)]
    pub j1939: bool,
    /// Which signal feeds which path of VSS 6.0, TOML; without it, parameters of SAE J1939 feed theirs.
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// The table.
    #[arg(short, long, value_name = "TABLE")]
    pub output: PathBuf,
}

/// Arguments of `fleet`.
#[derive(Debug, Args)]
pub struct Fleet {
    /// The front door; without it nothing is sent and the outboxes fill.
    #[arg(long, value_name = "HOST:PORT", value_parser = address, requires = "identities")]
    pub server: Option<(String, u16)>,
    /// The name in the server's certificate; the host without it.
    #[arg(long, value_name = "NAME")]
    pub server_name: Option<String>,
    /// A folder with ca.pem and <device>/cert.pem and key.pem; the devices are taken by name.
    #[arg(long, value_name = "DIR")]
    pub identities: Option<PathBuf>,
    /// Where each vehicle keeps its flash file and its position.
    #[arg(long, value_name = "DIR")]
    pub state: PathBuf,
    /// How many vehicles.
    #[arg(long, value_name = "N", default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub vehicles: u32,
    /// What the vehicles' lives follow from.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Virtual Unix time at the start, in milliseconds; now without it.
    #[arg(long, value_name = "UNIX_MS")]
    pub epoch: Option<u64>,
    /// Real Unix time at which the virtual time was the epoch, in milliseconds; now without it.
    #[arg(long, value_name = "UNIX_MS")]
    pub started: Option<u64>,
    /// Virtual seconds a second.
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = positive)]
    pub speed: f64,
    /// Stop after this many seconds; on SIGTERM without it.
    #[arg(long = "for", value_name = "SECONDS", value_parser = positive)]
    pub duration: Option<f64>,
    /// Write a report, JSON, when it ends.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Write events as JSON lines to standard output.
    #[arg(long)]
    pub events: bool,
    /// Give the vehicles boards of this name, which take firmware updates.
    #[arg(long, value_name = "NAME", requires = "firmware_keys")]
    pub board: Option<String>,
    /// A public key whose firmware images the boards trust, 64 hexadecimal digits.
    #[arg(long = "firmware-key", value_name = "HEX", value_parser = public_key, requires = "board")]
    pub firmware_keys: Vec<[u8; 32]>,
    /// The version that new boards run.
    #[arg(long, value_name = "VERSION", default_value = "1.0.0")]
    pub firmware_version: Version,
}

/// Arguments of `sim-image`.
#[derive(Debug, Args)]
pub struct SimImage {
    /// How the image behaves after its start.
    #[arg(long, value_enum, default_value = "good")]
    pub behaves: Behaviour,
    /// How long it is, in bytes.
    #[arg(long, default_value_t = 16_384)]
    pub len: usize,
    /// The image.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// The call was wrong rather than what it asked about.
#[derive(Debug, thiserror::Error)]
#[error("the call was wrong")]
struct CallError;

/// Does what was asked; answers the exit code.
pub fn run(cli: Cli) -> u8 {
    match dispatch(cli) {
        Ok(()) => 0,
        Err(error) => {
            let call = error.downcast_ref::<config::ConfigError>().is_some()
                || error.downcast_ref::<CallError>().is_some()
                || error.downcast_ref::<diagnostics::cli::WrongWord>().is_some();
            complain(&format!("error: {error:#}"));
            if call { 2 } else { 1 }
        }
    }
}

fn dispatch(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Run(args) => runtime(false)?.block_on(Box::pin(run_agent(args))),
        Command::Enrol(args) => runtime(false)?.block_on(Box::pin(run_enrol(args))),
        Command::Replay(args) => runtime(false)?.block_on(Box::pin(run_replay(args))),
        Command::Usage(args) => runtime(false)?.block_on(Box::pin(run_usage(args))),
        Command::Decode(args) => run_decode(&args),
        Command::Table(args) => run_table(&args),
        Command::Fleet(args) => runtime(true)?.block_on(Box::pin(run_fleet(args))),
        Command::Chip(args) => runtime(false)?.block_on(Box::pin(run_chip(args))),
        Command::Diagnose(command) => diagnostics::cli::run(command),
        Command::SimImage(SimImage { behaves, len, out }) => std::fs::write(&out, behaves.image(len))
            .with_context(|| format!("cannot write the image, {}", out.display())),
    }
}

/// Many cars share all processors; one car needs only one.
fn runtime(many: bool) -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder =
        if many { tokio::runtime::Builder::new_multi_thread() } else { tokio::runtime::Builder::new_current_thread() };
    builder.enable_all().build().context("cannot start the runtime")
}

async fn run_agent(args: Run) -> anyhow::Result<()> {
    let config = config::load(&args.config, args.elm327.is_some())?;
    let clock = Clock::system();
    let (link, keeper) = match &config.server {
        Some(server) => {
            let (host, port) = split_address(&server.address)
                .with_context(|| format!("server address is no HOST:PORT, {}", args.config.display()))
                .context(CallError)?;
            let identity =
                Identity { ca: server.ca.clone(), certificate: server.certificate.clone(), key: server.key.clone() };
            let name = server.name.as_deref().unwrap_or(&host);
            let (keeper, tls) = match Keeper::open(identity.clone(), name, &config.device) {
                Ok(mut keeper) => {
                    let tls = keeper.tls()?;
                    (Some(keeper), tls)
                }
                Err(error) => {
                    // A key of another kind still connects, but somebody else has to replace it in time.
                    tracing::warn!(%error, "the certificate is not renewed by itself");
                    (None, client_config(&identity, name)?)
                }
            };
            (Some(link(config.device.clone(), host, port, tls, &clock)), keeper)
        }
        None => (None, None),
    };
    let interfaces: Vec<_> = config.buses.iter().map(|bus| bus.interface.clone()).collect();
    let mut buses = bus::Buses::open(&interfaces)?;
    if let Some(place) = args.elm327 {
        tokio::spawn(elm327::drive(place, args.elm327_baud, buses.add_adapter(), clock.clone()));
    }
    let (_stopper, stop) = Stop::on_signals().context("cannot listen for signals")?;
    Ok(Box::pin(agent::run(&config, buses, link, keeper, clock, stop)).await?)
}

async fn run_enrol(args: Enrol) -> anyhow::Result<()> {
    let (host, port) = args.server;
    let enrolment = Enrolment {
        claim: args.claim,
        serial: args.serial,
        server_name: args.server_name.unwrap_or_else(|| host.clone()),
        host,
        port,
        out: args.identities,
        timeout: Duration::from_secs_f64(args.timeout),
    };
    let device = enrol(&enrolment, &Clock::system()).await?;
    print(&format!("{device} {}\n", enrolment.out.join(device.as_str()).display()))
}

async fn run_replay(args: Replay) -> anyhow::Result<()> {
    let clock = Clock::system();
    let uplink = args.uplink;
    let link = match (uplink.server, uplink.device, uplink.identities) {
        (Some((host, port)), Some(device), Some(identities)) => {
            let identity = Identity::in_folder(&identities, device.as_str());
            let tls = client_config(&identity, uplink.server_name.as_deref().unwrap_or(&host))?;
            Some(link(device, host, port, tls, &clock))
        }
        _ => None,
    };
    let pace = if args.as_fast_as_possible { replay::Pace::Unbounded } else { replay::Pace::Times(args.speed) };
    let (_stopper, stop) = Stop::on_signals().context("cannot listen for signals")?;
    if let Some(line) = &args.to_uart {
        let played = uart::play(&args.log, args.channels, line, pace, clock, stop).await?;
        tell_broken(&args.log, &played.broken);
        return print(&format!("{} frames, {} from the board\n", played.frames, played.answers));
    }
    let played =
        Box::pin(replay::play(&args.log, args.channels, args.flash.as_deref(), pace, link, clock, stop)).await?;
    tell_broken(&args.log, &played.broken);
    let lost = if played.samples_lost > 0 { format!(", {} samples lost", played.samples_lost) } else { String::new() };
    print(&format!(
        "{} inputs, {} records, {} without a receipt{lost}\n",
        played.inputs, played.created, played.waiting
    ))
}

async fn run_chip(args: Chip) -> anyhow::Result<()> {
    match args {
        Chip::Erase { file } => Ok(chip::create(&file)?),
        Chip::Configure { file, server: (host, port), server_name, device, identities, bit_rate, ask } => {
            let server = chip::Server { name: server_name.unwrap_or_else(|| host.clone()), host, port };
            let mut configuration = chip::configuration(&server, &device, &identities, Clock::system().unix_ms())?;
            configuration.bus = Bus { bit_rate, ask };
            Ok(chip::configure(&file, &configuration).await?)
        }
        Chip::Inspect { file } => {
            let mut text =
                serde_json::to_string(&Box::pin(chip::inspect(&file)).await?).context("contents do not serialise")?;
            text.push('\n');
            print(&text)
        }
    }
}

async fn run_usage(args: Usage) -> anyhow::Result<()> {
    if telematics::is_table(&args.input) {
        let summary = telematics::summarise(&telematics::Table::read(&args.input)?);
        let json = serde_json::to_string(&summary).context("usage does not serialise")? + "\n";
        return print(&if args.json { json } else { summary.to_string() });
    }
    let table = match &args.table {
        Some(path) => Some(std::fs::read(path).with_context(|| format!("cannot read the table, {}", path.display()))?),
        None => None,
    };
    let (usage, broken) = Box::pin(usage::of_recording(&args.input, args.channels, table.as_deref())).await?;
    tell_broken(&args.input, &broken);
    if args.json {
        let mut text = serde_json::to_string(&usage).context("usage does not serialise")?;
        text.push('\n');
        print(&text)
    } else {
        print(&usage.to_string())
    }
}

async fn run_fleet(args: Fleet) -> anyhow::Result<()> {
    let clock = Clock::system();
    let server = match (args.server, args.identities) {
        (Some((host, port)), Some(identities)) => {
            let name = args.server_name.unwrap_or_else(|| host.clone());
            Some(Server { host, port, name, identities })
        }
        _ => None,
    };
    let started_ms = args.started.unwrap_or_else(|| clock.unix_ms());
    let boards = args.board.map(|name| Boards { name, version: args.firmware_version, keys: args.firmware_keys });
    let plan = Plan {
        boards,
        server,
        state: args.state,
        vehicles: args.vehicles as usize,
        seed: args.seed,
        time: VirtualTime { epoch_ms: args.epoch.unwrap_or(started_ms), started_ms, speed: args.speed },
        duration: args.duration.map(Duration::from_secs_f64),
        report: args.report,
        events: args.events,
    };
    let (_stopper, stop) = Stop::on_signals().context("cannot listen for signals")?;
    Box::pin(fleet::run::run(plan, clock, stop)).await?;
    Ok(())
}

fn run_table(args: &Table) -> anyhow::Result<()> {
    let matrix = matrix(&args.dbc)?;
    let map = match &args.map {
        Some(path) => table::Map::load(path)?,
        None => table::by_parameter(&matrix),
    };
    let name = args.map.as_deref().unwrap_or(std::path::Path::new("SAE J1939"));
    let built = table::build(&matrix, &map, args.j1939, name)?;
    for diagnostic in &built.diagnostics {
        complain(&format!("warning: {diagnostic}"));
    }
    std::fs::write(&args.output, &built.bytes)
        .with_context(|| format!("cannot write the table, {}", args.output.display()))?;
    let hash = built.sha256.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    print(&format!("{} rows, {} bytes, SHA-256 {hash}\n", built.rows, built.bytes.len()))
}

/// The matrix of some files, or the common parameters of SAE J1939; what is wrong with the files is told.
fn matrix(files: &[PathBuf]) -> anyhow::Result<Matrix> {
    if files.is_empty() {
        return Ok(j1939::matrix());
    }
    let (matrix, diagnostics) = decode::load(files)?;
    for diagnostic in &diagnostics {
        complain(&format!("warning: {diagnostic}"));
    }
    Ok(matrix)
}

fn run_decode(args: &Decode) -> anyhow::Result<()> {
    let matrix = matrix(&args.dbc)?;
    let decoder = Decoder::new(matrix, args.j1939);
    let mut log = Reader::open(&args.log)?;
    let mut out = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let terminal = io::stderr().is_terminal() && !io::stdout().is_terminal();
    let done = decoder.decode(&mut log, &mut out, |frames| {
        if terminal {
            tell_progress(frames);
        }
    });
    tell_broken(&args.log, log.broken());
    tell_broken(&args.log, log.doubts());
    match done {
        // Whoever reads has seen enough.
        Err(DecodeError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

#[expect(clippy::print_stderr, reason = "the line of progress on a terminal")]
fn tell_progress(frames: u64) {
    eprint!("\r{frames} frames\r");
}

fn link(device: DeviceId, host: String, port: u16, tls: std::sync::Arc<rustls::ClientConfig>, clock: &Clock) -> Link {
    // Cars that lose their cloud at one moment must not come back at one moment, so each draws a seed of its own.
    let seed = SmallRng::from_os_rng().random();
    let options = Options { device, host, port, tls: Some(tls), keep_alive: Duration::from_mins(1) };
    Link::new(options, Policy::default(), clock.clone(), seed)
}

pub(crate) fn tell_broken(path: &std::path::Path, broken: &Broken) {
    for (line, error) in &broken.examples {
        complain(&format!("warning: {error}, {}:{line}", path.display()));
    }
    let untold = broken.total() - broken.examples.len() as u64;
    if untold > 0 {
        complain(&format!("warning: {untold} more broken lines, {}", path.display()));
    }
}

#[expect(clippy::print_stderr, reason = "the one place that tells a person what went wrong")]
pub(crate) fn complain(text: &str) {
    eprintln!("{text}");
}

fn print(text: &str) -> anyhow::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot write to standard output"),
    }
}

fn address(text: &str) -> Result<(String, u16), String> {
    split_address(text).ok_or_else(|| "not HOST:PORT".to_owned())
}

fn public_key(text: &str) -> Result<[u8; 32], String> {
    let digits = text.len() == 64 && text.is_ascii();
    let byte = |at: usize| text.get(2 * at..2 * at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    let bytes: Option<Vec<u8>> = (0..32).map(byte).collect();
    let key = bytes.filter(|_| digits).and_then(|bytes| bytes.try_into().ok());
    key.ok_or_else(|| "not 64 hexadecimal digits".to_owned())
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("not a number above zero".to_owned()),
    }
}
