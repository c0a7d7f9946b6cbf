//! Reads DBC files statement by statement, so that what is sound of a broken file is used.
//!
//! The published readers refuse a whole file for one bad statement and give no lines, and the best of them cuts an identifier
//! without its flag to 16 bits without a word; here every statement stands for itself.
//! Invariant: any bytes are read; whatever is passed over or read otherwise than it says is a [`Diagnostic`].

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use encoding_rs::WINDOWS_1252;
use flate2::read::MultiGzDecoder;
use milepost_firmware::frame::{EXTENDED, MAX_DATA_LEN};
use milepost_firmware::signal::bits::{Field, Order};
use milepost_firmware::signal::table::Number;

use super::matrix::{Branch, Diagnostic, Message, Signal};
use super::scan::{Statement, Token, Word, scan};

/// Why there is no matrix at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot read the DBC file, {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// There is no message in it.
    #[error("no message in the DBC file, {}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// The message that stands for signals of no message.
const INDEPENDENT: &str = "VECTOR__INDEPENDENT_SIG_MSG";

/// Reads a file; gzip is recognised.
pub fn load(path: &Path) -> Result<(Vec<Message>, Vec<Diagnostic>), LoadError> {
    let failed = |source| LoadError::Io { path: path.to_owned(), source };
    let mut bytes = std::fs::read(path).map_err(failed)?;
    if bytes.starts_with(&[0x1F, 0x8B]) {
        let mut plain = Vec::new();
        io::Read::read_to_end(&mut MultiGzDecoder::new(bytes.as_slice()), &mut plain).map_err(failed)?;
        bytes = plain;
    }
    let (messages, diagnostics) = read(&bytes, path);
    if messages.is_empty() { Err(LoadError::Empty { path: path.to_owned() }) } else { Ok((messages, diagnostics)) }
}

/// Reads the bytes of a file; `path` is only its name.
pub fn read(bytes: &[u8], path: &Path) -> (Vec<Message>, Vec<Diagnostic>) {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{FEFF}').into(),
        // The tools that began it write the code page of Windows; every byte is a character there.
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    };
    let mut reader = Reader::new(path);
    let scan = scan(&text);
    for &line in &scan.unclosed {
        reader.tell(line, "a quote is not closed", "the text was taken to end with the line");
    }
    for &line in &scan.stray {
        reader.tell(line, "text before the first statement", "it was passed over");
    }
    for statement in &scan.statements {
        reader.statement(statement);
    }
    reader.finish()
}

struct Indicator {
    switch: bool,
    under: Option<u64>,
}

struct Reader {
    file: Arc<PathBuf>,
    messages: Vec<Message>,
    /// By the number that the file uses for a message.
    by_number: HashMap<u64, usize>,
    /// Of signals under a multiplexor, by message and signal: the value that the file gives in the signal's own line.
    under: HashMap<(usize, usize), u64>,
    /// The message that signals belong to now; none after one that could not be read.
    current: Option<usize>,
    tables: HashMap<String, BTreeMap<i128, String>>,
    enums: HashMap<String, Vec<String>>,
    defaults: HashMap<String, String>,
    frame_formats: HashMap<u64, String>,
    protocol: Option<String>,
    /// What is read only when all messages are known.
    later: Vec<(u32, Later)>,
    unknown: HashSet<String>,
    diagnostics: Vec<Diagnostic>,
}

enum Later {
    Labels { message: u64, signal: String, labels: BTreeMap<i128, String>, table: Option<String> },
    Float { message: u64, signal: String, kind: u32 },
    Branch { message: u64, signal: String, switch: String, ranges: Vec<(u64, u64)> },
    Parameter { message: u64, signal: String, number: u32 },
    MessageName { message: u64, name: String },
    SignalName { message: u64, signal: String, name: String },
}

impl Reader {
    fn new(path: &Path) -> Self {
        Self {
            file: Arc::new(path.to_owned()),
            messages: Vec::new(),
            by_number: HashMap::new(),
            under: HashMap::new(),
            current: None,
            tables: HashMap::new(),
            enums: HashMap::new(),
            defaults: HashMap::new(),
            frame_formats: HashMap::new(),
            protocol: None,
            later: Vec::new(),
            unknown: HashSet::new(),
            diagnostics: Vec::new(),
        }
    }

    fn tell(&mut self, line: u32, what: impl Into<String>, done: &'static str) {
        self.diagnostics.push(Diagnostic { file: self.file.clone(), line, what: what.into(), done });
    }

    fn statement(&mut self, statement: &Statement) {
        let mut words = Words { tokens: &statement.tokens };
        let line = statement.line;
        let passed = "it was passed over";
        match statement.keyword {
            "BO_" => {
                self.current = self.message(line, &mut words);
                if self.current.is_none() {
                    self.tell(line, "message cannot be read", "it was passed over with its signals");
                }
            }
            "SG_" => match self.current {
                Some(message) => self.signal(line, message, &mut words),
                None => self.tell(line, "signal without a message", passed),
            },
            "VAL_TABLE_" => {
                if let (Some(name), Some(labels)) = (words.name(), words.labels()) {
                    self.tables.insert(name.to_owned(), labels);
                } else {
                    self.tell(line, "value table cannot be read", passed);
                }
            }
            "VAL_" => self.labels(line, &mut words),
            "SIG_VALTYPE_" => match (words.number(), words.name(), words.sign(':'), words.number()) {
                (Some(message), Some(signal), _, Some(kind)) => {
                    self.later.push((line, Later::Float { message, signal: signal.to_owned(), kind: kind as u32 }));
                }
                _ => self.tell(line, "type of a signal cannot be read", passed),
            },
            "SG_MUL_VAL_" => match (words.number(), words.name(), words.name(), words.ranges()) {
                (Some(message), Some(signal), Some(switch), Some(ranges)) => {
                    let (signal, switch) = (signal.to_owned(), switch.to_owned());
                    self.later.push((line, Later::Branch { message, signal, switch, ranges }));
                }
                _ => self.tell(line, "extended multiplexing cannot be read", passed),
            },
            "BA_DEF_" => {
                let texts: Vec<String> = statement.tokens.iter().filter_map(text).map(str::to_owned).collect();
                if let Some((name, values)) = texts.split_first() {
                    self.enums.insert(name.clone(), values.to_vec());
                }
            }
            "BA_DEF_DEF_" => {
                if let (Some(name), Some(value)) = (words.text(), words.value()) {
                    self.defaults.insert(name, value);
                }
            }
            "BA_" => self.attribute(line, &mut words),
            _ => {}
        }
    }

    fn message(&mut self, line: u32, words: &mut Words) -> Option<usize> {
        let number = words.number()?;
        let name = words.before(':')?;
        let length = words.number()?;
        let name = self.joined(line, &name)?;
        if name == INDEPENDENT || number == 0xC000_0000 {
            // Signals below it are of no frame, as the file itself says.
            self.unknown.insert(INDEPENDENT.to_owned());
        }
        let id = self.identifier(line, number)?;
        let length = u32::try_from(length).ok()?;
        let message = Message { id, group: false, name, length, signals: Vec::new(), file: self.file.clone(), line };
        let at = self.messages.len();
        if let Some(old) = self.by_number.insert(number, at) {
            let old = &self.messages[old];
            let what = format!("message {} has the identifier of {}, line {}", message.name, old.name, old.line);
            self.tell(line, what, "the later one is used");
        }
        self.messages.push(message);
        Some(at)
    }

    fn identifier(&mut self, line: u32, number: u64) -> Option<u32> {
        const PSEUDO: u32 = 0xC000_0000;
        let number = u32::try_from(number).ok()?;
        if number & EXTENDED != 0 {
            if number & 0x6000_0000 != 0 && number != PSEUDO {
                self.tell(line, format!("identifier {number} has bits beyond 29"), "they were cut off");
            }
            return Some(number & (EXTENDED | 0x1FFF_FFFF));
        }
        if number <= 0x7FF {
            return Some(number);
        }
        if number > 0x1FFF_FFFF {
            return None;
        }
        self.tell(
            line,
            format!("identifier {number} is beyond 11 bits and not marked as one of 29"),
            "it was taken as one of 29",
        );
        Some(number | EXTENDED)
    }

    /// Several words where one name should stand.
    fn joined(&mut self, line: u32, words: &[&str]) -> Option<String> {
        let (first, rest) = words.split_first()?;
        if rest.is_empty() {
            return Some((*first).to_owned());
        }
        let name = words.join("_");
        self.tell(line, format!("name {} has blanks", words.join(" ")), "they became underscores");
        Some(name)
    }

    fn signal(&mut self, line: u32, message: usize, words: &mut Words) {
        let Some((mut signal, indicator)) = self.signal_parts(line, words) else {
            return self.tell(line, "signal cannot be read", "it was passed over");
        };
        signal.switch = indicator.switch;
        let Some(owner) = self.messages.get_mut(message) else { return };
        if !signal.field.fits(MAX_DATA_LEN) {
            let Field { start, length, .. } = signal.field;
            let what = format!("signal {} of {length} bits at {start} is in no frame of 64 bytes", signal.name);
            return self.tell(line, what, "it was passed over");
        }
        if let Some(value) = indicator.under {
            self.under.insert((message, owner.signals.len()), value);
        }
        owner.signals.push(signal);
    }

    /// `NAME [M|mN|mNM] : START|LENGTH@ORDER SIGN (SCALE,OFFSET) [MIN|MAX] "UNIT" RECEIVERS`.
    fn signal_parts(&mut self, line: u32, words: &mut Words) -> Option<(Signal, Indicator)> {
        let mut names = words.before(':')?;
        let mut indicator = Indicator { switch: false, under: None };
        if names.len() > 1
            && let Some(found) = names.last().and_then(|word| multiplexing(word))
        {
            names.pop();
            indicator = found;
        }
        if names.len() > 1 && names.last() == Some(&"m") {
            names.pop();
            self.tell(
                line,
                "a multiplexed signal without the value under which it lies",
                "it was taken as always there",
            );
        }
        let name = self.joined(line, &names)?;
        let start = words.number()?;
        words.sign('|')?;
        let length = words.number()?;
        words.sign('@')?;
        let mut order = words.name()?.to_owned();
        if order.len() == 1 {
            order.push_str(words.name()?);
        }
        let (order, number) = match order.as_str() {
            "1+" => (Order::Intel, Number::Unsigned),
            "1-" => (Order::Intel, Number::Signed),
            "0+" => (Order::Motorola, Number::Unsigned),
            "0-" => (Order::Motorola, Number::Signed),
            _ => return None,
        };
        words.sign('(')?;
        let scale = words.decimal()?;
        words.sign(',')?;
        let offset = words.decimal()?;
        words.sign(')')?;
        let bracketed = (words.sign('['), words.decimal(), words.sign('|'), words.decimal(), words.sign(']'));
        let limits = if let (Some(()), Some(low), Some(()), Some(high), Some(())) = bracketed {
            (low < high).then_some((low, high))
        } else {
            self.tell(line, format!("signal {name} has no limits that can be read"), "it was taken without limits");
            None
        };
        let unit = words.text().unwrap_or_default();
        if scale == 0.0 {
            self.tell(line, format!("signal {name} has the scale 0"), "every value of it is its offset");
        }
        let field = Field { start: u16::try_from(start).ok()?, length: u8::try_from(length).ok()?, order };
        let labels = BTreeMap::new();
        let signal = Signal {
            name,
            field,
            number,
            scale,
            offset,
            limits,
            unit,
            labels,
            branch: None,
            switch: false,
            parameter: None,
            line,
        };
        Some((signal, indicator))
    }

    fn labels(&mut self, line: u32, words: &mut Words) {
        // Without a number it is about an environment variable, which is on no bus.
        let Some(message) = words.number() else { return };
        let Some(signal) = words.name().map(str::to_owned) else {
            return self.tell(line, "value descriptions cannot be read", "they were passed over");
        };
        let table = words.peek_name().filter(|word| whole(word).is_none()).map(str::to_owned);
        if table.is_some() {
            words.name();
        }
        let Some(labels) = words.labels() else {
            return self.tell(line, format!("value descriptions of {signal} cannot be read"), "they were passed over");
        };
        self.later.push((line, Later::Labels { message, signal, labels, table }));
    }

    fn attribute(&mut self, line: u32, words: &mut Words) {
        let Some(name) = words.text() else { return };
        match (name.as_str(), words.peek_name()) {
            ("VFrameFormat", Some("BO_")) => {
                words.name();
                if let (Some(message), Some(value)) = (words.number(), words.value()) {
                    self.frame_formats.insert(message, value);
                }
            }
            ("SPN", Some("SG_")) => {
                words.name();
                if let (Some(message), Some(signal), Some(value)) = (words.number(), words.name(), words.value())
                    && let Ok(number) = value.parse()
                {
                    self.later.push((line, Later::Parameter { message, signal: signal.to_owned(), number }));
                }
            }
            // Names of more than 32 characters stand here; the statements themselves hold what is left of them.
            ("SystemMessageLongSymbol", Some("BO_")) => {
                words.name();
                if let (Some(message), Some(name)) = (words.number(), words.text()) {
                    self.later.push((line, Later::MessageName { message, name }));
                }
            }
            ("SystemSignalLongSymbol", Some("SG_")) => {
                words.name();
                if let (Some(message), Some(signal), Some(name)) = (words.number(), words.name(), words.text()) {
                    self.later.push((line, Later::SignalName { message, signal: signal.to_owned(), name }));
                }
            }
            ("ProtocolType", _) => self.protocol = words.value(),
            _ => {}
        }
    }

    fn finish(mut self) -> (Vec<Message>, Vec<Diagnostic>) {
        self.twins();
        let mut extended = HashSet::new();
        let mut later = std::mem::take(&mut self.later);
        // Every other statement knows a signal by its short name.
        later.sort_by_key(|(_, later)| matches!(later, Later::SignalName { .. }));
        for (line, later) in later {
            self.apply(line, later, &mut extended);
        }
        self.simple_branches(&extended);
        self.untie();
        self.groups();
        let used: HashSet<usize> = self.by_number.values().copied().collect();
        let mut at = 0;
        let file = self.file.clone();
        let diagnostics = &mut self.diagnostics;
        self.messages.retain(|message| {
            at += 1;
            if message.name == INDEPENDENT {
                if !message.signals.is_empty() {
                    let what = format!("{} signals belong to no message", message.signals.len());
                    let done = "they were passed over";
                    diagnostics.push(Diagnostic { file: file.clone(), line: message.line, what, done });
                }
                return false;
            }
            used.contains(&(at - 1))
        });
        self.diagnostics.sort_by_key(|diagnostic| diagnostic.line);
        (self.messages, self.diagnostics)
    }

    /// Signals of one name: they stand side by side if the values of the one multiplexor keep them apart.
    fn twins(&mut self) {
        let branched = |later: &(u32, Later)| match later.1 {
            Later::Branch { message, .. } => self.by_number.get(&message).copied(),
            _ => None,
        };
        let extended: HashSet<usize> = self.later.iter().filter_map(branched).collect();
        for message in 0..self.messages.len() {
            let signals = std::mem::take(&mut self.messages[message].signals);
            let plain = !extended.contains(&message) && signals.iter().filter(|signal| signal.switch).count() == 1;
            let mut kept: Vec<(Signal, Option<u64>)> = Vec::with_capacity(signals.len());
            let mut known: HashMap<String, Vec<usize>> = HashMap::new();
            for (at, signal) in signals.into_iter().enumerate() {
                let value = self.under.remove(&(message, at));
                let places = known.entry(signal.name.clone()).or_default();
                let Some(&first) = places.first() else {
                    places.push(kept.len());
                    kept.push((signal, value));
                    continue;
                };
                let what = format!("signal {} is there twice, first in line {}", signal.name, kept[first].0.line);
                let line = signal.line;
                let same = places.iter().copied().find(|&place| kept[place].1 == value);
                let apart = plain && value.is_some() && kept[first].1.is_some();
                let done = match same {
                    None if apart => {
                        places.push(kept.len());
                        kept.push((signal, value));
                        "each is read under its own value"
                    }
                    _ => {
                        kept[same.unwrap_or(first)] = (signal, value);
                        "the later one is used"
                    }
                };
                self.tell(line, what, done);
            }
            let under = kept.iter().enumerate().filter_map(|(at, (_, value))| Some(((message, at), (*value)?)));
            self.under.extend(under);
            self.messages[message].signals = kept.into_iter().map(|(signal, _)| signal).collect();
        }
    }

    /// All signals of a name in a message.
    fn alike(&mut self, message: usize, name: &str) -> impl Iterator<Item = &mut Signal> {
        self.messages[message].signals.iter_mut().filter(move |signal| signal.name == name)
    }

    fn find(&mut self, line: u32, number: u64, name: &str, about: &str) -> Option<(usize, usize)> {
        let found = self.by_number.get(&number).and_then(|&message| {
            let signal = self.messages.get(message)?.signal(name)?;
            Some((message, signal))
        });
        if found.is_none() {
            self.tell(line, format!("{about} of {name} in message {number}, which is not there"), "it was passed over");
        }
        found
    }

    fn apply(&mut self, line: u32, later: Later, extended: &mut HashSet<(usize, usize)>) {
        match later {
            Later::Labels { message, signal, mut labels, table } => {
                let Some((message, _)) = self.find(line, message, &signal, "value descriptions") else { return };
                if let Some(table) = table {
                    if let Some(of_table) = self.tables.get(&table) {
                        labels.extend(of_table.clone());
                    } else {
                        let what = format!("value table {table} is not there");
                        self.tell(line, what, "the signal was left without descriptions");
                    }
                }
                for signal in self.alike(message, &signal) {
                    signal.labels.clone_from(&labels);
                }
            }
            Later::Float { message, signal, kind } => {
                let Some((message, _)) = self.find(line, message, &signal, "type") else { return };
                let mut unfit = None;
                for signal in self.alike(message, &signal) {
                    match (kind, signal.field.length) {
                        (0, _) => {}
                        (1, 32) => signal.number = Number::Float32,
                        (2, 64) => signal.number = Number::Float64,
                        (_, length) => unfit = Some(length),
                    }
                }
                if let Some(length) = unfit {
                    let what = format!("signal {signal} of {length} bits cannot be a float of type {kind}");
                    self.tell(line, what, "it was taken as an integer");
                }
            }
            Later::Branch { message, signal, switch, ranges } => {
                let Some((at, under)) = self.find(line, message, &signal, "extended multiplexing") else { return };
                let Some((_, switch_at)) = self.find(line, message, &switch, "multiplexor") else { return };
                let owner = &mut self.messages[at];
                let length = owner.signals[switch_at].field.length;
                if !owner.signals[switch_at].switch {
                    let what = format!("{switch} is not marked as a multiplexor, but {signal} lies under it");
                    owner.signals[switch_at].switch = true;
                    self.tell(line, what, "it was taken as one");
                }
                if under == switch_at {
                    return self.tell(
                        line,
                        format!("signal {signal} lies under itself"),
                        "it was taken as always there",
                    );
                }
                let reach = u64::MAX >> 64_u32.saturating_sub(length.into()).min(63);
                if ranges.iter().any(|&(low, high)| low > high || high > reach) {
                    let what =
                        format!("multiplexor {switch} of {length} bits never has all of the values given for {signal}");
                    self.tell(line, what, "they were taken as they are");
                }
                extended.insert((at, under));
                let branch = &mut self.messages[at].signals[under].branch;
                match branch {
                    Some(branch) if branch.switch == switch_at => branch.ranges.extend(ranges),
                    Some(_) => {
                        let what = format!("signal {signal} lies under more than one multiplexor");
                        self.tell(line, what, "only the first was used");
                    }
                    None => *branch = Some(Branch { switch: switch_at, ranges }),
                }
            }
            Later::Parameter { message, signal, number } => {
                let Some((message, _)) = self.find(line, message, &signal, "parameter number") else { return };
                self.alike(message, &signal).for_each(|signal| signal.parameter = Some(number));
            }
            Later::MessageName { message, name } => match self.by_number.get(&message) {
                Some(&message) => self.messages[message].name = name,
                None => {
                    self.tell(
                        line,
                        format!("long name of message {message}, which is not there"),
                        "it was passed over",
                    );
                }
            },
            Later::SignalName { message, signal, name } => {
                let Some((message, _)) = self.find(line, message, &signal, "long name") else { return };
                if name != signal && self.messages[message].signal(&name).is_some() {
                    let what = format!("long name {name} is another signal's already");
                    return self.tell(line, what, "the signal keeps its short one");
                }
                self.alike(message, &signal).for_each(|signal| signal.name.clone_from(&name));
            }
        }
    }

    /// Signals whose multiplexor nothing names: it is the one of their message.
    fn simple_branches(&mut self, extended: &HashSet<(usize, usize)>) {
        let mut under: Vec<_> = self.under.iter().map(|(&place, &value)| (place, value)).collect();
        under.sort_unstable();
        for ((message, signal), value) in under {
            if extended.contains(&(message, signal)) {
                continue;
            }
            let Some(owner) = self.messages.get_mut(message) else { continue };
            let switches: Vec<usize> =
                (0..owner.signals.len()).filter(|&at| owner.signals[at].switch && at != signal).collect();
            // A multiplexor under another is not meant by signals that name none.
            let outermost = switches.iter().copied().find(|&at| !self.under.contains_key(&(message, at)));
            let (line, name) = (owner.signals[signal].line, owner.signals[signal].name.clone());
            let Some(switch) = outermost.or(switches.first().copied()) else {
                let what = format!("signal {name} is multiplexed, but its message has no multiplexor");
                self.tell(line, what, "it was taken as always there");
                continue;
            };
            owner.signals[signal].branch = Some(Branch { switch, ranges: vec![(value, value)] });
            let (switch_name, length) = (owner.signals[switch].name.clone(), owner.signals[switch].field.length);
            if switches.len() > 1 {
                let what = format!("nothing says under which of {} multiplexors signal {name} lies", switches.len());
                self.tell(line, what, "the outermost one was taken");
            }
            if length < 64 && value >> length != 0 {
                let what = format!("multiplexor {switch_name} of {length} bits never has the value {value} of {name}");
                self.tell(line, what, "the signal never appears");
            }
        }
    }

    /// Multiplexors that lie under each other in a circle.
    fn untie(&mut self) {
        for message in 0..self.messages.len() {
            let count = self.messages[message].signals.len();
            for signal in 0..count {
                let mut at = signal;
                let mut steps = 0;
                while let Some(branch) = &self.messages[message].signals[at].branch {
                    at = branch.switch;
                    steps += 1;
                    if steps > count {
                        break;
                    }
                }
                if steps > count {
                    let found = &mut self.messages[message].signals[signal];
                    found.branch = None;
                    let (line, what) = (found.line, format!("multiplexors of {} lie under each other", found.name));
                    self.tell(line, what, "it was taken as always there");
                }
            }
        }
    }

    /// Which messages stand for parameter groups.
    fn groups(&mut self) {
        let formats = self.enums.get("VFrameFormat").cloned().unwrap_or_default();
        let is_group = |value: &str| {
            let named = value.parse::<usize>().ok().and_then(|at| formats.get(at)).map_or(value, String::as_str);
            named == "J1939PG" || (formats.is_empty() && named == "3")
        };
        let default = self.defaults.get("VFrameFormat").is_some_and(|value| is_group(value));
        let protocol = self.protocol.as_deref() == Some("J1939");
        let of_format: HashSet<usize> = self
            .by_number
            .iter()
            .filter(|(number, _)| self.frame_formats.get(number).map_or(default || protocol, |value| is_group(value)))
            .map(|(_, &at)| at)
            .collect();
        for (at, message) in self.messages.iter_mut().enumerate() {
            message.group = message.id & EXTENDED != 0 && of_format.contains(&at);
        }
    }
}

/// The mark of a multiplexor or of a signal under one.
fn multiplexing(word: &str) -> Option<Indicator> {
    if word == "M" {
        return Some(Indicator { switch: true, under: None });
    }
    let digits = word.strip_prefix('m')?;
    let (digits, switch) = match digits.strip_suffix('M') {
        Some(digits) => (digits, true),
        None => (digits, false),
    };
    let value = digits.parse().ok()?;
    Some(Indicator { switch, under: Some(value) })
}

fn text<'t>(token: &'t Token) -> Option<&'t str> {
    match &token.word {
        Word::Text(text) => Some(text),
        _ => None,
    }
}

/// A whole number, also one that is written with a point.
fn whole(word: &str) -> Option<i128> {
    word.parse::<i128>().ok().or_else(|| {
        let number = word.parse::<f64>().ok()?;
        (number.fract() == 0.0 && number.abs() < 1e30 && word.starts_with(|c: char| "+-.0123456789".contains(c)))
            .then_some(number as i128)
    })
}

/// The words of a statement, one after the other.
struct Words<'s, 't> {
    tokens: &'s [Token<'t>],
}

impl<'s, 't> Words<'s, 't> {
    fn next_if<T>(&mut self, take: impl FnOnce(&'s Word<'t>) -> Option<T>) -> Option<T> {
        let (first, rest) = self.tokens.split_first()?;
        let taken = take(&first.word)?;
        self.tokens = rest;
        Some(taken)
    }

    fn peek_name(&self) -> Option<&'t str> {
        match self.tokens.first()?.word {
            Word::Plain(word) => Some(word),
            _ => None,
        }
    }

    fn name(&mut self) -> Option<&'t str> {
        self.next_if(|word| if let Word::Plain(word) = word { Some(*word) } else { None })
    }

    fn sign(&mut self, wanted: char) -> Option<()> {
        self.next_if(|word| (*word == Word::Sign(wanted)).then_some(()))
    }

    fn text(&mut self) -> Option<String> {
        self.next_if(|word| if let Word::Text(text) = word { Some(text.clone().into_owned()) } else { None })
    }

    /// A number or a text.
    fn value(&mut self) -> Option<String> {
        self.text().or_else(|| self.name().map(str::to_owned))
    }

    fn number(&mut self) -> Option<u64> {
        self.next_if(|word| if let Word::Plain(word) = word { word.parse().ok() } else { None })
    }

    fn decimal(&mut self) -> Option<f64> {
        let number = self.next_if(|word| if let Word::Plain(word) = word { word.parse::<f64>().ok() } else { None });
        number.filter(|number| number.is_finite())
    }

    /// The plain words before a sign, and the sign.
    fn before(&mut self, sign: char) -> Option<Vec<&'t str>> {
        let mut words = Vec::new();
        while let Some(word) = self.name() {
            words.push(word);
        }
        self.sign(sign).map(|()| words)
    }

    /// `NUMBER "TEXT" …` to the end.
    fn labels(&mut self) -> Option<BTreeMap<i128, String>> {
        let mut labels = BTreeMap::new();
        while let Some(word) = self.name() {
            labels.insert(whole(word)?, self.text()?);
        }
        Some(labels)
    }

    /// `LOW-HIGH, LOW-HIGH …` to the end.
    fn ranges(&mut self) -> Option<Vec<(u64, u64)>> {
        let mut joined = String::new();
        loop {
            if let Some(word) = self.name() {
                joined.push_str(word);
            } else if self.sign(',').is_some() {
                joined.push(',');
            } else {
                break;
            }
        }
        let range = |text: &str| {
            let (low, high) = text.split_once('-').unwrap_or((text, text));
            Some((low.parse().ok()?, high.parse().ok()?))
        };
        joined.split(',').map(range).collect::<Option<Vec<_>>>().filter(|ranges| !ranges.is_empty())
    }
}
