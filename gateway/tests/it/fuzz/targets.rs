//! Everything that reads what others send: what it is called, what is valid, and how it is fed.
//!
//! Invariant: what must hold is asserted on the way; whether an input was taken is told, so that nobody feeds what is refused at its first byte.

use std::hint::black_box;
use std::io::Cursor;
use std::path::Path;

use milepost_firmware::isotp::{Channel, Event, Format, Limits, Receiver};
use milepost_firmware::j1939::{Assembler, Diagnostic, Identifier, Lamp};
use milepost_firmware::signal::table::Table;
use milepost_firmware::uds::{Exchange, Patience, Response, records};
use milepost_gateway::dbc::{self, Matrix};
use milepost_gateway::decode;
use milepost_gateway::diagnostics::isotp::{Line, Listener, Participants};
use milepost_gateway::diagnostics::log::Heard;
use milepost_gateway::diagnostics::obd::of_answer;
use milepost_gateway::log::Reader;
use milepost_protocol::series::{self, BlockError};
use milepost_protocol::{Downlink, Envelope};

use super::{inputs, oracle};

/// One reader.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// Inputs that it takes.
    pub(crate) valid: fn() -> Vec<Vec<u8>>,
    /// Gives it an input, and tells whether any of it was taken; a panic is what is looked for.
    pub(crate) feed: fn(&[u8]) -> bool,
}

/// All of them.
pub(crate) const TARGETS: &[Target] = &[
    Target { name: "dbc", valid: || texts(&inputs::DBC), feed: dbc },
    Target { name: "candump", valid: || texts(&[inputs::CANDUMP]), feed: log },
    Target { name: "asc", valid: || texts(&[inputs::ASC]), feed: log },
    Target { name: "trc", valid: || texts(&inputs::TRC), feed: log },
    Target { name: "csv", valid: || texts(&inputs::CSV), feed: log },
    Target { name: "crtd", valid: || texts(&[inputs::CRTD]), feed: log },
    Target {
        name: "gzip",
        valid: || [inputs::CANDUMP, inputs::ASC, inputs::TRC[1], inputs::CSV[0]].map(inputs::gzip).to_vec(),
        feed: log,
    },
    Target { name: "isotp", valid: inputs::transports, feed: isotp },
    Target { name: "uds", valid: inputs::answers, feed: uds },
    Target { name: "j1939", valid: inputs::announcements, feed: j1939 },
    Target { name: "table", valid: inputs::tables, feed: table },
    Target { name: "series", valid: || inputs::vectors(&["series"]), feed: series },
    Target { name: "envelope", valid: || inputs::vectors(&["up", "down"]), feed: envelope },
];

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// Goes through all that is read.
fn look_at<T>(items: impl IntoIterator<Item = T>) {
    for item in items {
        black_box(item);
    }
}

fn log(bytes: &[u8]) -> bool {
    let Ok(mut reader) = Reader::new(Path::new("drive.log"), Cursor::new(bytes.to_vec())) else { return false };
    let mut frames = 0;
    while let Ok(Some(entry)) = reader.next_entry() {
        black_box(entry);
        frames += 1;
    }
    black_box(reader.broken().total());
    frames > 0
}

fn dbc(bytes: &[u8]) -> bool {
    let (messages, mut diagnostics) = dbc::read(bytes, Path::new("car.dbc"));
    let mut matrix = Matrix { messages };
    diagnostics.extend(dbc::check(&mut matrix));
    look_at(diagnostics.iter().map(ToString::to_string));
    let ids: Vec<u32> = matrix.messages.iter().map(|message| message.id).collect();
    for all_groups in [false, true] {
        let decoder = decode::Decoder::new(matrix.clone(), all_groups);
        let mut found = Vec::new();
        for &id in ids.iter().take(8) {
            for data in [&[0xA5; 64][..], &[0xFF; 8], &[0x01, 0x13, 0x03], &[]] {
                decoder.values(id, data, &mut found);
                black_box(&found);
            }
        }
    }
    !ids.is_empty()
}

/// Takes frames apart: the time in milliseconds, the identifier, the data.
fn frames(mut bytes: &[u8]) -> impl Iterator<Item = (u64, u32, &[u8])> {
    let mut now_ms = 0;
    std::iter::from_fn(move || {
        let (&[pause, a, b, c, d, len], rest) = bytes.split_first_chunk()?;
        // A pause of 255 outlasts every patience.
        now_ms += if pause == u8::MAX { 10_000 } else { u64::from(pause) };
        let (data, rest) = rest.split_at(usize::from(len).min(64).min(rest.len()));
        bytes = rest;
        Some((now_ms, u32::from_be_bytes([a, b, c, d]) & 0x1FFF_FFFF, data))
    })
}

fn isotp(bytes: &[u8]) -> bool {
    let mut messages = 0;
    let mut receiver = Receiver::<64>::new();
    let mut plain = Channel::<64>::new(Format::CLASSIC, None, Limits { block_size: 2, separation: 5 });
    let wide = Format { frame_len: 64, address: Some(0xF1) };
    let mut addressed = Channel::<64>::new(wide, Some(0x10), Limits::default());
    let mut listener = Listener::new(Participants::default());
    for (channel, len) in [(&mut plain, 40), (&mut addressed, 64)] {
        black_box(channel.send(&bytes[..bytes.len().min(len)]).is_ok());
    }
    for (now_ms, id, data) in frames(bytes) {
        let reception = receiver.accept(now_ms, data);
        assert!(reception.message.is_none_or(|message| message.len() <= 64));
        messages += u32::from(reception.message.is_some());
        for channel in [&mut plain, &mut addressed] {
            channel.set_ready(id & 1 == 0);
            if let Event::Message(message) = channel.accept(now_ms, data) {
                assert!(message.len() <= 64);
            }
            if let Ok(Some(frame)) = channel.poll(now_ms) {
                assert!(frame.len() <= 64);
            }
            black_box(channel.expire(now_ms));
        }
        let heard = Heard { at_us: now_ms * 1_000, channel: "can0".to_owned(), id, data: data.to_vec() };
        if let Some(heard) = listener.accept(&heard) {
            look_at(Line::of(&heard));
        }
    }
    black_box(listener.unfinished());
    messages > 0
}

fn uds(bytes: &[u8]) -> bool {
    black_box(Response::parse(bytes));
    look_at(records(bytes));
    look_at(of_answer(bytes).iter().map(|value| value.scalar.to_string()));
    let request = bytes.first().map(|service| [service.wrapping_sub(0x40)]);
    if let Some(mut exchange) = Exchange::begin(0, &request.unwrap_or_default(), Patience::default()) {
        for (at, part) in bytes.chunks(5).enumerate() {
            black_box(exchange.heard(at as u64 * 700, part));
        }
    }
    !matches!(Response::parse(bytes), Response::Malformed)
}

fn j1939(bytes: &[u8]) -> bool {
    let mut messages = 0;
    let mut assembler = Assembler::<2>::default();
    for (now_ms, id, data) in frames(bytes) {
        if let Ok(Some(assembly)) = assembler.accept(now_ms, Identifier::of(id), data) {
            assert!((9..=1785).contains(&assembly.data.len()));
            trouble(assembly.data);
            messages += 1;
        }
        trouble(data);
    }
    messages > 0
}

fn trouble(data: &[u8]) {
    if let Some(diagnostic) = Diagnostic::parse(data) {
        black_box(
            [Lamp::Protect, Lamp::AmberWarning, Lamp::RedStop, Lamp::Malfunction].map(|lamp| diagnostic.lamp(lamp)),
        );
        look_at(diagnostic.entries());
    }
}

fn table(bytes: &[u8]) -> bool {
    let Ok(table) = Table::parse(bytes) else { return false };
    let mut buffer = vec![0; bytes.len() * 2 + 64];
    let again = table.encode_to(&mut buffer).map(Table::parse);
    assert!(matches!(again, Some(Ok(again)) if again.rows().len() == table.rows().len()));
    for row in table.rows() {
        for data in [&[0xA5; 64][..], &[0; 8], &[1, 2]] {
            look_at(table.decode(row.bus, row.id, data));
        }
        black_box(table.encode(row.signal, 12.5, &mut [0; 8]));
    }
    !table.rows().is_empty()
}

fn envelope(bytes: &[u8]) -> bool {
    oracle::check(bytes);
    Envelope::parse(bytes).is_ok() || Downlink::parse(bytes).is_ok()
}

/// A block by itself, and at every place of the golden chain.
fn series(bytes: &[u8]) -> bool {
    thread_local! {
        static PLACES: Vec<Decoder> = places();
    }
    oracle::check_series(bytes);
    let mut taken = false;
    PLACES.with(|places| {
        for place in places {
            let mut samples = 0;
            match place.clone().decode(bytes, |_| samples += 1) {
                Ok(block) => {
                    assert_eq!(block.samples, samples);
                    taken = true;
                }
                Err(error) => taken |= matches!(error, BlockError::Repeated { .. }),
            }
        }
    });
    taken
}

type Decoder = series::Decoder<8>;

/// What a decoder knows before the golden chain and behind each of its blocks.
fn places() -> Vec<Decoder> {
    let mut decoder = Decoder::new();
    let mut places = vec![decoder.clone()];
    for block in inputs::chain() {
        assert!(decoder.decode(&block, |_| ()).is_ok(), "a golden chain reads");
        places.push(decoder.clone());
    }
    places
}
