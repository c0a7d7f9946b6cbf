//! The conversation with an adapter as a state machine, without I/O and without a clock of its own.
//!
//! One command is under way at a time, and the adapter's prompt ends it.
//! Invariant: every command ends, by its prompt or by its deadline; an adapter that does not come back is lost and told as such.

use std::collections::VecDeque;

use milepost_firmware::Frame;
use milepost_firmware::frame::EXTENDED;
use milepost_firmware::obd::{FUNCTIONAL, FUNCTIONAL_29};

use super::line::{Complaint, Line};

/// Commands behind the reset, and whether an adapter must know them.
///
/// No echo, no line feeds, no blanks; identifiers told; frames made by the adapter; long messages; timing that adapts; any protocol.
const SETUP: &[(&str, bool)] = &[
    ("ATE0", false),
    ("ATL0", false),
    ("ATS0", false),
    ("ATH1", true),
    ("ATCAF1", true),
    ("ATAL", false),
    ("ATAT1", false),
    ("ATSP0", true),
];

/// How long a reset may take, in milliseconds.
const RESET_MS: u64 = 5_000;

/// How long a command to the adapter itself may take, in milliseconds.
const COMMAND_MS: u64 = 2_000;

/// How long a request to the car may take, in milliseconds.
const REQUEST_MS: u64 = 6_000;

/// How long the first request may take, with which the adapter tries one protocol after another, in milliseconds.
const SEARCH_MS: u64 = 30_000;

/// How long to leave a car alone that could not be reached, in milliseconds; it doubles up to the most.
const PAUSE_MS: u64 = 5_000;
const MOST_PAUSE_MS: u64 = 60_000;

/// So many resets in a row without success, and the adapter is lost.
const PATIENCE: u8 = 3;

/// No line is longer.
const MAX_LINE_LEN: usize = 512;

/// So many lines of text does no answer have.
const MAX_ANSWERS: usize = 8;

/// Services that only read: SAE J1979 01, 02, 03, 06, 07, 09, 0A; ISO 14229 19 and 22; KWP 2000 21.
const READING: &[u8] = &[0x01, 0x02, 0x03, 0x06, 0x07, 0x09, 0x0A, 0x19, 0x21, 0x22];

/// What became of requests and lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Requests put to the car.
    pub asked: u64,
    /// Frames that came.
    pub frames: u64,
    /// Requests that nobody answered.
    pub no_data: u64,
    /// Requests that the bus did not take.
    pub bus: u64,
    /// Searches for a protocol that found none.
    pub unable: u64,
    /// Lines that came damaged.
    pub damaged: u64,
    /// Answers cut short because the adapter's buffer was full.
    pub full: u64,
    /// Requests that were interrupted.
    pub stopped: u64,
    /// Commands that the adapter does not know.
    pub unknown: u64,
    /// Lines that are neither frame nor complaint where one was expected.
    pub unread: u64,
    /// Commands without a prompt in time.
    pub late: u64,
    /// Resets of the adapter, ours and its own.
    pub resets: u64,
    /// Requests refused because they do more than read.
    pub refused: u64,
}

/// Why a request is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Another one is under way, or there is no adapter to take it.
    #[error("the adapter is busy")]
    Busy,
    /// The service does more than read.
    #[error("service {0:02X} does more than read")]
    Service(u8),
    /// It is no request of a single frame.
    #[error("not a request of a single frame")]
    Malformed,
}

/// Why an adapter is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Loss {
    /// It does not answer.
    #[error("the adapter does not answer")]
    Silent,
    /// It does not know a command that nothing works without.
    #[error("the adapter does not know {0}")]
    Lacks(&'static str),
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The adapter is set up; this is what it calls itself.
    Ready(String),
    /// The car answers by this protocol, as the adapter numbers them.
    Protocol(char),
    /// The car speaks no CAN, which is all that is understood here; the adapter's number of the protocol.
    Foreign(char),
    /// No car could be reached; it is left alone for so many milliseconds.
    Unreachable(u64),
    /// A frame.
    Frame(Frame),
    /// The voltage at the socket, in millivolts.
    Voltage(u16),
    /// The request that was asked has its end.
    Done,
    /// The adapter is lost.
    Lost(Loss),
}

/// What a prompt is awaited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Command {
    Reset,
    Setup(usize),
    Protocol,
    Header(u32),
    Voltage,
    Request,
    /// A character that ends whatever the adapter does.
    Interrupt,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Reset,
    Setup(usize),
    Up,
    Paused { until_ms: u64 },
    Lost,
}

#[derive(Debug, Clone)]
struct Waiting {
    command: Command,
    text: String,
    deadline_ms: u64,
    answers: Vec<String>,
    complaint: Option<Complaint>,
    frames: u32,
}

/// The state machine.
#[derive(Debug, Clone)]
pub struct Adapter {
    bus: u8,
    phase: Phase,
    waiting: Option<Waiting>,
    line: Vec<u8>,
    events: VecDeque<Event>,
    request: Option<(u32, String)>,
    voltage_wanted: bool,
    /// The header that requests leave with, where it was set.
    header: Option<u32>,
    /// Whether the car's identifiers have 29 bits, once it has answered.
    extended: Option<bool>,
    protocol: Option<char>,
    name: String,
    resets: u8,
    pause_ms: u64,
    counters: Counters,
}

impl Adapter {
    /// An adapter that nothing is known of; its frames are of this bus.
    pub fn new(bus: u8) -> Self {
        Self {
            bus,
            phase: Phase::Reset,
            waiting: None,
            line: Vec::new(),
            events: VecDeque::new(),
            request: None,
            voltage_wanted: false,
            header: None,
            extended: None,
            protocol: None,
            name: String::new(),
            resets: 0,
            pause_ms: PAUSE_MS,
            counters: Counters::default(),
        }
    }

    /// What became of requests and lines.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Whether a request would be taken now.
    pub fn is_ready(&self) -> bool {
        self.phase == Phase::Up && self.request.is_none() && self.waiting.is_none()
    }

    /// Takes a request of a single frame, as the core makes it. Which control units hear it follows from its identifier.
    pub fn ask(&mut self, frame: &Frame) -> Result<(), Refused> {
        let message = match *frame.data() {
            [len @ 1..=7, ref rest @ ..] => rest.get(..usize::from(len)),
            _ => None,
        };
        let Some(message @ &[service, ..]) = message else { return Err(Refused::Malformed) };
        if !READING.contains(&service) {
            self.counters.refused += 1;
            return Err(Refused::Service(service));
        }
        if !self.is_ready() {
            return Err(Refused::Busy);
        }
        let text = message.iter().fold(String::new(), |text, byte| text + &format!("{byte:02X}"));
        self.request = Some((frame.raw_id(), text));
        Ok(())
    }

    /// Wants to know the voltage at the socket; the bus stays silent for it.
    pub fn measure(&mut self) {
        self.voltage_wanted = true;
    }

    /// What happened, oldest first.
    pub fn event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When to call [`Adapter::poll`] again even if nothing arrives, as uptime in milliseconds.
    pub fn deadline_ms(&self) -> Option<u64> {
        match (&self.waiting, self.phase) {
            (Some(waiting), _) => Some(waiting.deadline_ms),
            (None, Phase::Paused { until_ms }) => Some(until_ms),
            _ => None,
        }
    }

    /// The next bytes for the adapter, if there are any now.
    pub fn poll(&mut self, now_ms: u64) -> Option<String> {
        if let Some(waiting) = self.waiting.take_if(|waiting| waiting.deadline_ms <= now_ms) {
            self.counters.late += 1;
            self.line.clear();
            match waiting.command {
                Command::Request | Command::Protocol | Command::Header(_) | Command::Voltage => {
                    return Some(self.send(now_ms, Command::Interrupt, String::new(), COMMAND_MS));
                }
                Command::Reset | Command::Setup(_) | Command::Interrupt => self.reset(),
            }
        }
        if self.waiting.is_some() {
            return None;
        }
        if let Phase::Paused { until_ms } = self.phase
            && until_ms <= now_ms
        {
            self.phase = Phase::Reset;
        }
        match self.phase {
            Phase::Reset => {
                self.counters.resets += 1;
                Some(self.send(now_ms, Command::Reset, "ATZ".to_owned(), RESET_MS))
            }
            Phase::Setup(at) => {
                if let Some((command, _)) = SETUP.get(at) {
                    return Some(self.send(now_ms, Command::Setup(at), (*command).to_owned(), COMMAND_MS));
                }
                self.phase = Phase::Up;
                self.resets = 0;
                self.events.push_back(Event::Ready(self.name.clone()));
                self.up(now_ms)
            }
            Phase::Up => self.up(now_ms),
            Phase::Paused { .. } | Phase::Lost => None,
        }
    }

    /// Takes what the adapter said.
    pub fn bytes(&mut self, now_ms: u64, bytes: &[u8]) {
        for &byte in bytes {
            match byte {
                b'\r' | b'\n' => self.end_line(),
                b'>' => {
                    self.end_line();
                    self.prompt(now_ms);
                }
                _ if self.line.len() >= MAX_LINE_LEN => {
                    self.counters.unread += 1;
                    self.line.clear();
                }
                _ => self.line.push(byte),
            }
        }
    }

    fn send(&mut self, now_ms: u64, command: Command, text: String, within_ms: u64) -> String {
        let bytes = format!("{text}\r");
        let deadline_ms = now_ms.saturating_add(within_ms);
        self.waiting = Some(Waiting { command, text, deadline_ms, answers: Vec::new(), complaint: None, frames: 0 });
        bytes
    }

    fn up(&mut self, now_ms: u64) -> Option<String> {
        if self.extended.is_some() && self.protocol.is_none() {
            return Some(self.send(now_ms, Command::Protocol, "ATDPN".to_owned(), COMMAND_MS));
        }
        if let Some((id, text)) = self.request.take() {
            // Before a protocol is found, each has its own header for all control units.
            if let Some(extended) = self.extended {
                let id = match id {
                    FUNCTIONAL | FUNCTIONAL_29 if extended => FUNCTIONAL_29,
                    FUNCTIONAL | FUNCTIONAL_29 => FUNCTIONAL,
                    id => id,
                };
                if self.header != Some(id) {
                    self.request = Some((id, text));
                    let digits =
                        if id & EXTENDED == 0 { format!("{id:03X}") } else { format!("{:06X}", id & 0xFF_FFFF) };
                    return Some(self.send(now_ms, Command::Header(id), format!("ATSH{digits}"), COMMAND_MS));
                }
            }
            self.counters.asked += 1;
            let within_ms = if self.extended.is_none() { SEARCH_MS } else { REQUEST_MS };
            return Some(self.send(now_ms, Command::Request, text, within_ms));
        }
        if std::mem::take(&mut self.voltage_wanted) {
            return Some(self.send(now_ms, Command::Voltage, "ATRV".to_owned(), COMMAND_MS));
        }
        None
    }

    fn end_line(&mut self) {
        let bytes = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&bytes);
        let Some(waiting) = &mut self.waiting else {
            // Outside of a command only an adapter that restarts by itself has something to say.
            match Line::read(&text, self.bus) {
                Some(Line::Complaint(Complaint::Restarted)) => self.reset(),
                Some(Line::Text(text)) if text.contains("ELM327") => self.reset(),
                Some(_) => self.counters.unread += 1,
                None => {}
            }
            return;
        };
        // The echo, until it is off.
        if text.trim().eq_ignore_ascii_case(&waiting.text) {
            return;
        }
        match Line::read(&text, self.bus) {
            Some(Line::Frame(frame)) if waiting.command == Command::Request => {
                waiting.frames += 1;
                self.counters.frames += 1;
                self.extended = Some(frame.raw_id() & EXTENDED != 0);
                self.events.push_back(Event::Frame(frame));
            }
            Some(Line::Complaint(complaint)) => {
                if complaint == Complaint::Data {
                    self.counters.damaged += 1;
                }
                waiting.complaint = Some(complaint);
            }
            Some(Line::Text(text)) if waiting.answers.len() < MAX_ANSWERS => waiting.answers.push(text),
            Some(Line::Frame(_) | Line::Text(_)) => self.counters.unread += 1,
            None => {}
        }
    }

    fn prompt(&mut self, now_ms: u64) {
        let Some(waiting) = self.waiting.take() else { return };
        if waiting.complaint == Some(Complaint::Restarted) {
            self.reset();
            return;
        }
        let known = waiting.complaint != Some(Complaint::Unknown);
        if !known {
            self.counters.unknown += 1;
        }
        match waiting.command {
            Command::Reset if known => {
                self.name = waiting.answers.into_iter().last().unwrap_or_default();
                (self.header, self.extended, self.protocol) = (None, None, None);
                self.phase = Phase::Setup(0);
            }
            Command::Reset => self.reset(),
            Command::Setup(at) => match SETUP.get(at) {
                Some(&(command, true)) if !known => self.lose(Loss::Lacks(command)),
                _ => self.phase = Phase::Setup(at + 1),
            },
            Command::Protocol => self.protocol(now_ms, &waiting.answers),
            Command::Header(id) => {
                // An adapter that cannot set a header asks all control units, and those that are not meant stay silent.
                self.header = Some(id);
            }
            Command::Voltage => self.voltage(&waiting.answers),
            Command::Request => self.answered(now_ms, &waiting),
            Command::Interrupt => self.events.push_back(Event::Done),
        }
    }

    fn answered(&mut self, now_ms: u64, waiting: &Waiting) {
        let counters = &mut self.counters;
        match waiting.complaint {
            Some(Complaint::NoData) => counters.no_data += 1,
            Some(Complaint::Bus) => counters.bus += 1,
            Some(Complaint::Stopped) => counters.stopped += 1,
            Some(Complaint::Full) => counters.full += 1,
            Some(Complaint::Unable) => {
                counters.unable += 1;
                self.pause(now_ms);
            }
            Some(Complaint::Data | Complaint::Unknown | Complaint::Restarted) | None => {}
        }
        if waiting.frames > 0 {
            self.pause_ms = PAUSE_MS;
        } else if !waiting.answers.is_empty() {
            // Headers of other protocols make no frames: ask which one it is.
            self.counters.unread += waiting.answers.len() as u64;
            if self.extended.is_none() {
                self.extended = Some(false);
            }
        } else if self.extended.is_some() && waiting.complaint == Some(Complaint::Bus) {
            // The car may have changed; look for its protocol anew.
            self.pause(now_ms);
        }
        self.events.push_back(Event::Done);
    }

    fn protocol(&mut self, now_ms: u64, answers: &[String]) {
        // "A6": found by itself, number 6.
        let number = answers.last().and_then(|answer| answer.trim().chars().last()).unwrap_or('0');
        if ('6'..='9').contains(&number) {
            self.protocol = Some(number);
            self.events.push_back(Event::Protocol(number));
        } else {
            self.events.push_back(Event::Foreign(number));
            self.pause_ms = MOST_PAUSE_MS;
            self.pause(now_ms);
        }
    }

    fn voltage(&mut self, answers: &[String]) {
        let volts: Option<f64> =
            answers.last().and_then(|answer| answer.trim().trim_end_matches(['V', 'v']).parse().ok());
        match volts.filter(|volts| (0.0..60.0).contains(volts)) {
            Some(volts) => self.events.push_back(Event::Voltage((volts * 1_000.0).round() as u16)),
            None => self.counters.unread += 1,
        }
    }

    /// Leaves the car alone for a while.
    fn pause(&mut self, now_ms: u64) {
        self.events.push_back(Event::Unreachable(self.pause_ms));
        self.phase = Phase::Paused { until_ms: now_ms.saturating_add(self.pause_ms) };
        self.pause_ms = (self.pause_ms * 2).min(MOST_PAUSE_MS);
        self.request = None;
    }

    fn reset(&mut self) {
        self.waiting = None;
        self.request = None;
        self.line.clear();
        self.resets += 1;
        if self.resets > PATIENCE {
            self.lose(Loss::Silent);
        } else {
            self.phase = Phase::Reset;
        }
    }

    fn lose(&mut self, loss: Loss) {
        self.phase = Phase::Lost;
        self.events.push_back(Event::Lost(loss));
    }
}
