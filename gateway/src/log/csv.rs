//! Frames as comma-separated values: `SavvyCAN` (GVRET), CSS Electronics, python-can, cabana, and any other table with a head that names its columns.
//!
//! Invariant: nothing is read by its position alone; a table without a time, an identifier and data in its head is none of these.

use super::entry::{Entry, LineError, Payload};
use super::parse::{self, FD};

/// How the time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
    /// `SavvyCAN` writes whole microseconds, and its users sometimes seconds with a point.
    Gvret,
}

/// Where the data stand.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Data {
    /// All in one column, as hexadecimal digits.
    Packed(usize),
    /// All in one column, as python-can writes them (RFC 4648).
    Base64(usize),
    /// One column for each byte.
    Bytes(Vec<usize>),
}

/// What the head of a table says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Csv {
    delimiter: char,
    time: usize,
    unit: Unit,
    id: usize,
    id_base: u32,
    extended: Option<usize>,
    remote: Option<usize>,
    error: Option<usize>,
    channel: Option<usize>,
    length: Option<usize>,
    coded: bool,
    data: Data,
}

impl Csv {
    /// Reads a head; `None` if the line is none.
    pub fn head(line: &str) -> Option<Self> {
        let line = line.trim().trim_start_matches('\u{FEFF}');
        let delimiter = [',', ';', '\t'].into_iter().max_by_key(|delimiter| line.matches(*delimiter).count())?;
        let names: Vec<String> = fields(line, delimiter).iter().map(|name| plain(name)).collect();
        let find = |wanted: &[&str]| wanted.iter().find_map(|wanted| names.iter().position(|name| name == wanted));
        let (time, unit) = names.iter().enumerate().find_map(|(at, name)| Some((at, unit(name)?)))?;
        // What SavvyCAN calls "Time Stamp" counts microseconds.
        let gvret =
            fields(line, delimiter).get(time).is_some_and(|name| name.trim().eq_ignore_ascii_case("time stamp"));
        let id =
            find(&["idhex", "id", "canid", "canidhex", "arbitrationid", "identifier", "addr", "address", "messageid"]);
        let decimal = find(&["iddec", "canididec", "iddecimal"]);
        let packed = find(&["datahex", "data", "databytes", "payload", "payloadhex", "bytes", "datastring"]);
        let python = find(&["arbitrationid"]).is_some() && find(&["remote"]).is_some();
        let data = match packed {
            Some(at) if python => Data::Base64(at),
            Some(at) => Data::Packed(at),
            None => Data::Bytes(byte_columns(&names)?),
        };
        Some(Self {
            delimiter,
            time,
            unit: if gvret { Unit::Gvret } else { unit },
            id: id.or(decimal)?,
            id_base: if id.is_some() { 16 } else { 10 },
            extended: find(&["extended", "ext", "ide", "isextended", "extendedid", "isextendedid"]),
            remote: find(&["remote", "rtr", "isremote"]),
            error: find(&["error", "iserror"]),
            channel: find(&["chan", "channel", "bus", "busid", "buschannel", "interface", "src"]),
            length: find(&["datalength", "len", "length", "size", "dlc"]),
            coded: find(&["datalength", "len", "length", "size"]).is_none(),
            data,
        })
    }

    /// Reads one line; `None` if it is empty.
    pub fn line(&self, line: &str) -> Result<Option<Entry>, LineError> {
        let line = line.trim_end_matches(['\r', '\n']);
        if line.trim().is_empty() {
            return Ok(None);
        }
        let fields = fields(line, self.delimiter);
        let field = |at: usize| fields.get(at).map(|field| field.trim());
        let optional = |at: Option<usize>| at.and_then(field).filter(|text| !text.is_empty());
        let at_us = field(self.time).and_then(|text| self.unit.read(text)).ok_or(LineError::Time)?;
        if optional(self.error).is_some_and(is_true) {
            return Err(LineError::ErrorFrame);
        }
        let id = field(self.id).ok_or(LineError::Cut)?;
        let raw = if self.id_base == 10 { parse::number(id, 10) } else { parse::hex(id) };
        let raw = raw.ok_or(LineError::Identifier)?;
        let extended = match optional(self.extended) {
            Some(text) => is_true(text),
            // Without a column for it, the number of digits says it, as candump writes them.
            None => raw > 0x7FF || (self.id_base == 16 && !id.starts_with("0x") && id.len() == 8),
        };
        // Some tools leave the flags of SocketCAN in the number.
        let id = parse::identifier(raw & 0x1FFF_FFFF, extended)?;
        let channel = optional(self.channel).unwrap_or("0").to_owned();
        if optional(self.remote).is_some_and(is_true) {
            return Ok(Some(Entry { at_us, channel, id, payload: Payload::Remote }));
        }
        let length = optional(self.length).map(|text| self.length_of(text)).transpose()?;
        let data = self.bytes(&fields, length)?;
        if data.len() > FD {
            return Err(LineError::Length);
        }
        if length.is_some_and(|length| data.len() < length) {
            return Err(LineError::Cut);
        }
        Ok(Some(Entry { at_us, channel, id, payload: Payload::Data(data) }))
    }

    fn length_of(&self, text: &str) -> Result<usize, LineError> {
        let number = parse::number(text, 10).ok_or(LineError::Length)?;
        // A column called DLC holds codes, or what lies beyond them: lengths.
        let length = if self.coded { parse::length_of_code(number) } else { None };
        Some(length.unwrap_or(number as usize)).filter(|&length| length <= FD).ok_or(LineError::Length)
    }

    fn bytes(&self, fields: &[String], length: Option<usize>) -> Result<Vec<u8>, LineError> {
        match &self.data {
            Data::Packed(at) => {
                let text = fields.get(*at).ok_or(LineError::Cut)?.trim();
                let text = text.strip_prefix("0x").unwrap_or(text);
                let digits: String = text.chars().filter(|character| !" .-:_".contains(*character)).collect();
                parse::packed(&digits)
            }
            Data::Base64(at) => base64(fields.get(*at).ok_or(LineError::Cut)?.trim()).ok_or(LineError::Data),
            Data::Bytes(columns) => {
                let texts = columns.iter().map(|&at| fields.get(at).map_or("", |field| field.trim()));
                let mut data = Vec::with_capacity(8);
                for text in texts.take(length.unwrap_or(FD)).take_while(|text| !text.is_empty()) {
                    let byte = parse::hex(text).and_then(|number| u8::try_from(number).ok());
                    data.push(byte.ok_or(LineError::Data)?);
                }
                Ok(data)
            }
        }
    }
}

impl Unit {
    fn read(self, text: &str) -> Option<u64> {
        let exact = match self {
            Self::Milliseconds => parse::scaled(text, 3),
            Self::Microseconds => parse::scaled(text, 0),
            Self::Nanoseconds => parse::scaled(text, 0).map(|nanoseconds| nanoseconds / 1_000),
            Self::Gvret if !text.contains('.') => parse::scaled(text, 0),
            Self::Seconds | Self::Gvret => parse::seconds(text),
        };
        // Programs that hold times as floating-point numbers write small ones with an exponent.
        exact.or_else(|| {
            let number = text.parse::<f64>().ok()?
                * match self {
                    Self::Seconds | Self::Gvret => 1e6,
                    Self::Milliseconds => 1e3,
                    Self::Microseconds => 1.0,
                    Self::Nanoseconds => 1e-3,
                };
            (text.contains(['e', 'E']) && (0.0..1e18).contains(&number)).then(|| number.round() as u64)
        })
    }
}

/// The unit of a column of times by its plain name; `None` if it holds none.
fn unit(name: &str) -> Option<Unit> {
    Some(match name {
        "t" | "ts" | "time" | "timestamp" | "times" | "timestamps" | "timesec" | "timeseconds" | "timestampepoch"
        | "seconds" | "timestampsec" => Unit::Seconds,
        "timems" | "timestampms" | "tms" | "milliseconds" => Unit::Milliseconds,
        "timeus" | "timestampus" | "tus" | "microseconds" => Unit::Microseconds,
        "timens" | "timestampns" | "tns" | "nanoseconds" => Unit::Nanoseconds,
        _ => return None,
    })
}

/// The columns of single bytes, `D0` or `D1` and on, in their order.
fn byte_columns(names: &[String]) -> Option<Vec<usize>> {
    for prefix in ["d", "b", "byte", "data", "databyte"] {
        let at = |number: usize| names.iter().position(|name| *name == format!("{prefix}{number}"));
        let first = usize::from(at(0).is_none());
        let columns: Vec<usize> = (first..first + FD).map_while(at).collect();
        if !columns.is_empty() {
            return Some(columns);
        }
    }
    None
}

/// A column's name without case, blanks and signs.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|character| character.to_ascii_lowercase()).collect()
}

fn is_true(text: &str) -> bool {
    ["1", "true", "t", "yes", "x"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// The fields of a line; quotes may stand around one (RFC 4180).
fn fields(line: &str, delimiter: char) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            _ if character == delimiter && !quoted => fields.push(String::new()),
            _ => {
                if let Some(field) = fields.last_mut() {
                    field.push(character);
                }
            }
        }
    }
    fields
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for character in text.trim_end_matches('=').bytes() {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    (bits == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use embedded_can::{ExtendedId, Id, StandardId};

    use super::*;

    fn standard(raw: u16) -> Id {
        StandardId::new(raw).unwrap().into()
    }

    #[test]
    fn the_tables_of_common_tools_read_by_their_heads() {
        let long: Id = ExtendedId::new(0x18DA_F110).unwrap().into();
        for (head, line, at_us, channel, id, data) in [
            (
                "Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8",
                "166064000,0000010D,false,Rx,0,3,1F,A0,0B,,,,,,",
                166_064_000,
                "0",
                standard(0x10D),
                vec![0x1F, 0xA0, 0x0B],
            ),
            (
                "Time Stamp,ID,Extended,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8",
                "5,18DAF110,true,1,1,3E,",
                5,
                "1",
                long,
                vec![0x3E],
            ),
            (
                "TimestampEpoch;BusChannel;ID;IDE;DLC;DataLength;Dir;EDL;BRS;DataBytes",
                "1578922367.777150;1;18DAF110;1;8;8;0;0;0;0102030405060708",
                1_578_922_367_777_150,
                "1",
                long,
                (1..=8).collect(),
            ),
            (
                "timestamp,arbitration_id,extended,remote,error,dlc,data",
                "1.5,0x10d,0,0,0,3,H6AL",
                1_500_000,
                "0",
                standard(0x10D),
                vec![0x1F, 0xA0, 0x0B],
            ),
            ("time,addr,bus,data", "0.25,0x10d,2,0x1fa0", 250_000, "2", standard(0x10D), vec![0x1F, 0xA0]),
            ("t,chan,id_hex,data", "1.5e-05,can0,10D,1F A0", 15, "can0", standard(0x10D), vec![0x1F, 0xA0]),
            ("time_ms\tid\tlen\tb0\tb1", "2.5\t10D\t2\t1F\tA0", 2_500, "0", standard(0x10D), vec![0x1F, 0xA0]),
        ] {
            let csv = Csv::head(head).unwrap();
            let expected = Entry { at_us, channel: channel.to_owned(), id, payload: Payload::Data(data) };
            assert_eq!(csv.line(line), Ok(Some(expected)), "{line}");
        }
    }

    #[test]
    fn cut_and_wrong_lines_are_named() {
        let csv = Csv::head("Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8").unwrap();
        for (line, error) in [
            ("166064000,0000010D,false,Rx,0,8,1F,A0", LineError::Cut),
            ("166064000", LineError::Cut),
            ("later,0000010D,false,Rx,0,1,00", LineError::Time),
            ("1,0000010D,false,Rx,0,1,1FF", LineError::Data),
            ("1,0000910D,false,Rx,0,1,1F", LineError::IdentifierRange),
            ("1,0000010D,false,Rx,0,65,1F", LineError::Length),
        ] {
            assert_eq!(csv.line(line), Err(error), "{line}");
        }
    }

    #[test]
    fn a_table_of_something_else_has_no_head_of_frames() {
        for head in
            ["t,speed", "time;speed", "date,odometer", "n,t,chan,id_hex,message,signal,raw,value,unit,label", ""]
        {
            assert_eq!(Csv::head(head), None, "{head}");
        }
    }
}
