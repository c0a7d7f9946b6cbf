//! Adapters: one that plays its part by the data sheet and misbehaves on command, and the emulator of somebody else.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use milepost_firmware::frame::unraw;
use milepost_firmware::{Device, Frame, Now, Settings};
use milepost_gateway::clock::Clock;
use milepost_gateway::collection::Collecting;
use milepost_gateway::elm327::{Adapter, Ends, Event, Loss, Place, Refused, Status, drive, is_flow_control, session};
use milepost_gateway::flash_file::{Layout, in_memory};
use milepost_gateway::host::Host;
use milepost_protocol::trouble::TroubleStatus;
use milepost_protocol::{Envelope, MAX_ENVELOPE_LEN, Record, SignalId};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::{mpsc, watch};

/// An adapter by the data sheet, with a car of two control units behind it.
struct Scripted {
    echo: bool,
    extended: bool,
    header: Option<String>,
    searched: bool,
    heard: Vec<String>,
    /// What the next requests to the car are answered instead.
    instead: VecDeque<&'static str>,
}

impl Scripted {
    fn new(extended: bool) -> Self {
        Self { echo: true, extended, header: None, searched: false, heard: Vec::new(), instead: VecDeque::new() }
    }

    fn answer(&mut self, command: &str) -> String {
        self.heard.push(command.to_owned());
        let echo = if self.echo { format!("{command}\r") } else { String::new() };
        let said = match command {
            "ATZ" => {
                (self.echo, self.header, self.searched) = (true, None, false);
                "\r\rELM327 v1.5".to_owned()
            }
            "ATE0" => {
                self.echo = false;
                "OK".to_owned()
            }
            // A clone that does not know this one.
            "ATAL" => "?".to_owned(),
            "ATRV" => "12.4V".to_owned(),
            "ATDPN" => if self.extended { "A7" } else { "A6" }.to_owned(),
            _ if command.starts_with("ATSH") => {
                self.header = Some(command[4..].to_owned());
                "OK".to_owned()
            }
            _ if command.starts_with("AT") => "OK".to_owned(),
            _ => self.car(command),
        };
        format!("{echo}{said}\r\r>")
    }

    fn car(&mut self, request: &str) -> String {
        if let Some(instead) = self.instead.pop_front() {
            return instead.to_owned();
        }
        let searching = if std::mem::replace(&mut self.searched, true) { "" } else { "SEARCHING...\r" };
        let id = if self.extended { "18DAF110" } else { "7E8" };
        let lines: Vec<&str> = match request {
            "0100" => vec!["06410008180000"],
            "010D0C" => vec!["06410D320C1AF8"],
            "010C" => vec!["04410C1AF8"],
            "010D" => vec!["03410D32"],
            "0105" => vec!["0341057B"],
            // Four codes in more than one frame.
            "03" => vec!["100A430403010302", "2103030304555555"],
            "07" | "0A" => vec!["0247005555555555"],
            "0902" => vec!["1014490201575030", "215A5A5A39395A54", "2253333930303030"],
            _ => return format!("{searching}NO DATA"),
        };
        let lines: Vec<String> = lines.iter().map(|line| format!("{id}{line}")).collect();
        format!("{searching}{}", lines.join("\r"))
    }
}

async fn serve(mut line: DuplexStream, mut scripted: Scripted) -> Scripted {
    let (mut command, mut byte) = (String::new(), [0]);
    while line.read(&mut byte).await.is_ok_and(|len| len > 0) {
        if byte[0] != b'\r' {
            command.push(char::from(byte[0]));
            continue;
        }
        let answer = scripted.answer(&std::mem::take(&mut command));
        if line.write_all(answer.as_bytes()).await.is_err() {
            break;
        }
    }
    scripted
}

/// A core that asks through an adapter, until it is content or a minute of its own time is over.
struct Car {
    host: Host,
    frames: mpsc::Receiver<Frame>,
    requests: mpsc::Sender<Frame>,
    status: watch::Receiver<Status>,
    clock: Clock,
}

impl Car {
    async fn new() -> (Self, Ends, Clock) {
        let (frames_in, frames) = mpsc::channel(64);
        let (requests, requests_out) = mpsc::channel(1);
        let (status_in, status) = watch::channel(Status::default());
        let settings = Settings { obd: true, ..Settings::default() };
        let now = Now { uptime_ms: 0, unix_ms: None };
        let device = Box::pin(Device::start(in_memory(Layout::GATEWAY), settings, now)).await.unwrap();
        let clock = Clock::system();
        let car =
            Self { host: Host::new(device, Collecting::default()), frames, requests, status, clock: clock.clone() };
        (car, Ends { bus: 0, frames: frames_in, requests: requests_out, status: status_in }, clock)
    }

    fn now(&self) -> Now {
        Now { uptime_ms: self.clock.elapsed().as_millis() as u64, unix_ms: None }
    }

    async fn until(&mut self, content: impl Fn(&Host, &Status) -> bool) {
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        let end = self.clock.elapsed() + Duration::from_mins(1);
        while !content(&self.host, &self.status.borrow()) {
            assert!(self.clock.elapsed() < end, "{:?} {:?}", self.host.device.status(), *self.status.borrow());
            tokio::select! {
                frame = self.frames.recv() => self.host.device.frame(self.now(), &frame.unwrap()).await.unwrap(),
                _ = ticks.tick() => self.host.device.tick(self.now()).await.unwrap(),
            }
            let now = self.now();
            if self.requests.capacity() > 0 {
                for request in self.host.requests(now) {
                    if !is_flow_control(&request) {
                        self.requests.try_send(request).unwrap();
                    }
                }
            }
        }
    }

    async fn records(&mut self) -> Vec<Record> {
        let mut records = Vec::new();
        let mut buffer = vec![0; MAX_ENVELOPE_LEN];
        let now = self.now();
        while let Some(envelope) = self.host.device.envelope(now, &mut buffer).await.unwrap() {
            let envelope = Envelope::parse(envelope).unwrap();
            records.extend(envelope.entries().map(|entry| entry.record()));
        }
        records
    }
}

fn signal(host: &Host, signal: SignalId) -> Option<f32> {
    host.device.status().signals.iter().find(|last| last.signal == signal).map(|last| last.value)
}

#[tokio::test]
async fn a_core_reads_parameters_codes_and_the_number_with_identifiers_of_either_length() {
    for extended in [false, true] {
        let (mut car, mut ends, clock) = Car::new().await;
        let (line, other) = tokio::io::duplex(256);
        let adapter = tokio::spawn(serve(other, Scripted::new(extended)));
        let ended = tokio::spawn(async move { session(line, &mut ends, &clock).await });
        car.until(|host, status| {
            let codes = host.device.status().created >= 4;
            signal(host, SignalId::COOLANT_TEMPERATURE).is_some() && codes && status.vin.is_some()
        })
        .await;
        assert_eq!(signal(&car.host, SignalId::ENGINE_SPEED), Some(1726.0));
        assert_eq!(signal(&car.host, SignalId::COOLANT_TEMPERATURE), Some(83.0));
        let status = car.status.borrow().clone();
        assert_eq!(status.vin.as_deref(), Some("WP0ZZZ99ZTS390000"));
        assert_eq!(status.protocol, Some(if extended { '7' } else { '6' }));
        assert_eq!((status.adapter.as_deref(), status.voltage_mv), (Some("ELM327 v1.5"), Some(12_400)));
        let codes: Vec<_> = car
            .records()
            .await
            .into_iter()
            .filter_map(|record| match record {
                Record::Trouble(trouble) => Some((trouble.code.code, trouble.status)),
                _ => None,
            })
            .collect();
        let expected = [0x0301, 0x0302, 0x0303, 0x0304].map(|code| (code, TroubleStatus::Confirmed));
        assert_eq!(codes, expected);
        drop(car);
        assert!(ended.await.unwrap().is_ok());
        let heard = adapter.await.unwrap().heard;
        assert!(!heard.iter().any(|command| command.starts_with("04")), "{heard:?}");
        let headers = if extended { ["ATSHDB33F1", "ATSHDA10F1"] } else { ["ATSH7DF", "ATSH7E0"] };
        for header in headers {
            assert!(heard.iter().any(|command| command == header), "{header} {heard:?}");
        }
    }
}

#[tokio::test]
async fn a_core_on_a_silent_socket_stops_asking_until_it_is_told_that_the_car_wakes() {
    let at = |uptime_ms| Now { uptime_ms, unix_ms: None };
    let settings = Settings { obd: true, ..Settings::default() };
    let mut device = Box::pin(Device::start(in_memory(Layout::GATEWAY), settings, at(0))).await.unwrap();
    assert!(device.request(at(0)).is_some());
    for seconds in (31..7_200).step_by(7) {
        assert_eq!(device.request(at(seconds * 1_000)), None, "{seconds}");
    }
    device.car_wakes(at(7_200_000));
    assert!(device.request(at(7_200_000)).is_some());
    assert_eq!(device.request(at(7_260_000)), None);
}

/// An adapter that is asked without a line between, at a time that the test owns.
struct Bench {
    adapter: Adapter,
    scripted: Scripted,
    now_ms: u64,
    events: Vec<Event>,
}

impl Bench {
    fn new() -> Self {
        let mut bench =
            Self { adapter: Adapter::new(0), scripted: Scripted::new(false), now_ms: 0, events: Vec::new() };
        bench.settle();
        assert_eq!(bench.events(), [Event::Ready("ELM327 v1.5".into())]);
        bench
    }

    fn settle(&mut self) {
        while let Some(command) = self.adapter.poll(self.now_ms) {
            let answer = self.scripted.answer(command.trim_end());
            self.adapter.bytes(self.now_ms, answer.as_bytes());
        }
        self.events.extend(std::iter::from_fn(|| self.adapter.event()));
    }

    fn ask(&mut self, id: u32, data: &[u8]) -> Result<(), Refused> {
        self.adapter.ask(&Frame::new(0, unraw(id), data).unwrap())?;
        self.settle();
        Ok(())
    }

    fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    fn frames(&mut self) -> usize {
        self.events().iter().filter(|event| matches!(event, Event::Frame(_))).count()
    }
}

const ENGINE_SPEED: [u8; 3] = [2, 1, 0x0C];

#[test]
fn no_request_that_does_more_than_read_reaches_the_adapter() {
    let mut bench = Bench::new();
    for (data, refused) in [
        (&[1, 0x04][..], Refused::Service(0x04)),
        (&[3, 0x2F, 0, 1], Refused::Service(0x2F)),
        (&[2, 0x31, 1], Refused::Service(0x31)),
        (&[0], Refused::Malformed),
        (&[0x10, 8, 1], Refused::Malformed),
        (&[5, 1], Refused::Malformed),
    ] {
        assert_eq!(bench.ask(0x7DF, data), Err(refused));
    }
    assert_eq!(bench.adapter.counters().refused, 3);
    assert_eq!(bench.adapter.counters().asked, 0);
}

#[test]
fn what_an_adapter_complains_of_is_counted_and_the_next_request_is_answered() {
    let mut bench = Bench::new();
    bench.ask(0x7DF, &ENGINE_SPEED).unwrap();
    assert_eq!(bench.frames(), 1);
    for complaint in ["NO DATA", "STOPPED", "?", "7E804410C1<RX ERROR", "7E8100A43 BUFFER FULL", "DATA ERROR"] {
        bench.scripted.instead.push_back(complaint);
        bench.ask(0x7E0, &ENGINE_SPEED).unwrap();
        assert_eq!(bench.events(), [Event::Done], "{complaint}");
        bench.ask(0x7E0, &ENGINE_SPEED).unwrap();
        assert_eq!(bench.frames(), 1, "{complaint}");
    }
    let counters = bench.adapter.counters();
    assert_eq!((counters.no_data, counters.stopped, counters.full, counters.damaged), (1, 1, 1, 2));
    // One of them is the clone's ATAL.
    assert_eq!((counters.unknown, counters.resets), (2, 1));
}

#[test]
fn a_car_that_cannot_be_reached_is_left_alone_for_longer_each_time() {
    let mut bench = Bench::new();
    for pause_ms in [5_000, 10_000, 20_000, 40_000, 60_000, 60_000] {
        bench.scripted.instead.push_back("SEARCHING...\rUNABLE TO CONNECT");
        bench.ask(0x7DF, &ENGINE_SPEED).unwrap();
        assert_eq!(bench.events(), [Event::Unreachable(pause_ms), Event::Done]);
        assert_eq!(bench.ask(0x7DF, &ENGINE_SPEED), Err(Refused::Busy));
        bench.now_ms += pause_ms - 1;
        bench.settle();
        assert_eq!(bench.events(), []);
        bench.now_ms += 1;
        bench.settle();
        assert_eq!(bench.events(), [Event::Ready("ELM327 v1.5".into())]);
    }
    bench.ask(0x7DF, &ENGINE_SPEED).unwrap();
    assert_eq!(bench.frames(), 1);
    bench.scripted.instead.push_back("CAN ERROR");
    bench.ask(0x7DF, &ENGINE_SPEED).unwrap();
    assert_eq!(bench.events(), [Event::Unreachable(5_000), Event::Done], "an answer makes the next pause a short one");
}

#[test]
fn a_car_without_can_is_told_and_left_alone() {
    let mut bench = Bench::new();
    bench.scripted.instead.push_back("BUS INIT: ...OK\r48 6B 10 41 0C 1A F8 22");
    bench.adapter.ask(&Frame::new(0, unraw(0x7DF), &ENGINE_SPEED).unwrap()).unwrap();
    for answer in ["BUS INIT: ...OK\r48 6B 10 41 0C 1A F8 22\r\r>", "A3\r\r>"] {
        assert!(bench.adapter.poll(0).is_some());
        bench.adapter.bytes(0, answer.as_bytes());
    }
    bench.settle();
    assert_eq!(bench.events(), [Event::Done, Event::Foreign('3'), Event::Unreachable(60_000)]);
}

#[test]
fn an_adapter_that_restarts_by_itself_is_set_up_again() {
    let mut bench = Bench::new();
    bench.scripted.instead.push_back("LV RESET");
    bench.ask(0x7DF, &ENGINE_SPEED).unwrap();
    assert_eq!(bench.events(), [Event::Ready("ELM327 v1.5".into())]);
    bench.adapter.bytes(0, b"\r\rELM327 v1.5\r\r>");
    bench.settle();
    assert_eq!(bench.events(), [Event::Ready("ELM327 v1.5".into())]);
    bench.ask(0x7DF, &ENGINE_SPEED).unwrap();
    assert_eq!(bench.frames(), 1);
}

#[test]
fn an_adapter_that_does_not_answer_is_interrupted_then_reset_and_then_lost() {
    let mut bench = Bench::new();
    bench.adapter.ask(&Frame::new(0, unraw(0x7DF), &ENGINE_SPEED).unwrap()).unwrap();
    let mut commands = Vec::new();
    while let Some(command) = bench.adapter.poll(bench.now_ms) {
        commands.push(command);
        bench.now_ms = bench.adapter.deadline_ms().unwrap();
    }
    assert_eq!(commands, ["010C\r", "\r", "ATZ\r", "ATZ\r", "ATZ\r"]);
    bench.settle();
    assert_eq!(bench.events(), [Event::Lost(Loss::Silent)]);
}

#[test]
fn an_adapter_that_cannot_tell_identifiers_is_refused() {
    let mut adapter = Adapter::new(0);
    while let Some(command) = adapter.poll(0) {
        let answer = if command == "ATH1\r" { "?\r\r>" } else { "OK\r\r>" };
        adapter.bytes(0, answer.as_bytes());
    }
    assert_eq!(adapter.event(), Some(Event::Lost(Loss::Lacks("ATH1"))));
}

proptest! {
    #[test]
    fn no_bytes_make_an_adapter_panic_or_wait_for_ever(
        pieces in proptest::collection::vec("[ -~\r>]{0,30}|\r>|7E8[0-9A-F]{2,16}\r|OK\r>|ELM327 v1.5\r>", 0..60),
    ) {
        let (mut adapter, mut now_ms) = (Adapter::new(0), 0);
        for piece in pieces {
            let _ = adapter.ask(&Frame::new(0, unraw(0x7DF), &ENGINE_SPEED).unwrap());
            adapter.poll(now_ms);
            adapter.bytes(now_ms, piece.as_bytes());
            while adapter.event().is_some() {}
        }
        // Left to itself, it is set up or lost before long.
        for _ in 0..40 {
            while adapter.poll(now_ms).is_some() {
                adapter.bytes(now_ms, b"OK\r>");
            }
            let Some(deadline_ms) = adapter.deadline_ms() else { break };
            now_ms = deadline_ms;
        }
        prop_assert_eq!(adapter.deadline_ms(), None);
    }
}

/// The emulator that `cargo xtask setup` installs; `None`, and said so, without it.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn emulator() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder));
    let program = target.join("peers/elm327/bin/elm");
    if !program.is_file() {
        println!("skipped without {}; `cargo xtask setup` installs it", program.display());
        return None;
    }
    Some(program)
}

struct Emulator(Child);

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Emulator {
    fn start(program: &std::path::Path, arguments: &[&str], told: &std::path::Path) -> Self {
        let child = Command::new(program)
            .args(arguments)
            .args(["-s", "car", "-b"])
            .arg(told)
            // It writes a log where it stands, and runs until its input ends.
            .current_dir(told.parent().unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }
}

#[tokio::test]
async fn the_emulator_of_somebody_else_is_read_over_tcp() {
    let Some(program) = emulator() else { return };
    let folder = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let _emulator = Emulator::start(&program, &["-n", &port.to_string()], &folder.path().join("told"));
    let (mut car, ends, clock) = Car::new().await;
    // It may take a while to listen; the line is opened again until it does.
    let place = Place::Tcp { host: "127.0.0.1".into(), port };
    let driven = tokio::spawn(drive(place, 38_400, ends, clock));
    car.until(|host, status| {
        signal(host, SignalId::COOLANT_TEMPERATURE).is_some()
            && signal(host, SignalId::ENGINE_SPEED).is_some()
            && status.vin.is_some()
            && status.voltage_mv.is_some()
    })
    .await;
    let status = car.status.borrow().clone();
    assert_eq!((status.adapter.as_deref(), status.protocol), (Some("ELM327 v1.5"), Some('6')));
    assert_eq!(status.vin.as_deref().map(str::len), Some(17));
    assert_eq!(status.counters.unread, 0, "{status:?}");
    drop(car);
    driven.await.unwrap();
}

#[test]
fn the_program_itself_runs_on_a_serial_device() {
    let Some(program) = emulator() else { return };
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("told");
    let mut emulator = Emulator::start(&program, &[], &told);
    // Among the first lines of what it tells is the device.
    let device = loop {
        assert!(emulator.0.try_wait().unwrap().is_none(), "the emulator ended");
        let text = std::fs::read_to_string(&told).unwrap_or_default();
        match text.split_inclusive('\n').find(|line| line.starts_with("/dev/") && line.ends_with('\n')) {
            Some(line) => break line.trim().to_owned(),
            None => std::thread::yield_now(),
        }
    };
    let config = folder.path().join("gateway.toml");
    let flash = folder.path().join("flash");
    std::fs::write(&config, format!("device = \"dev-0001\"\nflash = {flash:?}\nbuses = []\n")).unwrap();
    let mut run = Command::new(env!("CARGO_BIN_EXE_milepost-gateway"))
        .args(["run", "--config", config.to_str().unwrap(), "--elm327", &device])
        .env("MILEPOST_LOG", "info")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines().map_while(Result::ok);
    let told = lines.by_ref().any(|line| line.contains("identification number"));
    let pid = run.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(told && run.wait().unwrap().success());
}
