//! Enrolment: a board without a configuration waits for the bench on a serial line, and keeps what comes of it.
//!
//! Any line will do that loses little: a message has a checksum, and what was lost is asked again.
//! A board does this in place of its core: as long as it is nobody's it samples nothing.
//! Invariant: the private key is made here and goes into flash only, with everything that belongs to it or not at all.

use core::pin::pin;

use embassy_futures::select::{Either, select};
use embassy_time::{Duration, Instant, Timer};
use embedded_io_async::{Read, Write};
use embedded_storage_async::nor_flash::NorFlash;
use milepost_firmware::configuration::{self, Bus, Configuration, Copy};
use milepost_identity::bench::{Answer, Bench, Enrolled, Identity, Numbered, Refused, Request, Step};
use milepost_identity::line::{self, Broken, MAX_LINE_LEN, Reader};
use milepost_protocol::DeviceId;

use crate::apart::apart;
use crate::ports::Ports;
use crate::supervisor::Member;

/// How often the board shows that it lives while the line is silent.
const BEAT: Duration = Duration::from_secs(1);

/// For how many silent beats the bench may still ask again for the last answer: longer than its patience.
const FAREWELL_BEATS: u32 = 6;

/// How long a line that failed is left alone.
const PAUSE: Duration = Duration::from_millis(1);

/// Serves the bench until a configuration is in flash and its answer has had time to arrive; answers who the board is from now on.
///
/// `fill` draws from the board's random source.
pub async fn run<L: Read + Write, S: NorFlash>(
    line: &mut L,
    identity: Identity,
    flash: &mut S,
    copy: &mut Copy,
    mut fill: impl FnMut(&mut [u8; 32]),
    ports: &Ports,
) -> DeviceId {
    let mut bench = Bench::new(identity);
    let mut reader = Reader::new();
    let mut heard: Heard = None;
    let mut stored: Option<DeviceId> = None;
    let mut silent = 0_u32;
    let mut bytes = [0; 32];
    loop {
        // Neither the core nor the link runs; this task answers for both.
        for member in [Member::Core, Member::Link] {
            ports.supervisor.beat(member, Instant::now().as_secs() as u32);
        }
        let len = match select(line.read(&mut bytes), Timer::after(BEAT)).await {
            Either::First(Ok(len)) => len,
            Either::First(Err(_)) => {
                // Bytes were lost: the checksum tells it, and the bench asks again.
                Timer::after(PAUSE).await;
                continue;
            }
            Either::Second(()) => {
                silent = silent.saturating_add(1);
                match stored.take_if(|_| silent >= FAREWELL_BEATS) {
                    Some(device) => return device,
                    None => continue,
                }
            }
        };
        silent = 0;
        for &byte in bytes.get(..len).unwrap_or_default() {
            listen(&mut reader, byte, &mut heard);
            let Some(asked) = ask(&mut heard, &mut bench, &mut fill) else { continue };
            let answer = match asked {
                Asked::Answered(answer) => answer,
                Asked::MakeKey(number, device) => Numbered { number, body: bench.make_key(device, &mut fill) },
                Asked::Keep(number) => {
                    let body = apart(pin!(keep(&mut bench, flash, copy, &mut stored))).await;
                    Numbered { number, body }
                }
            };
            say(line, &answer).await;
        }
    }
}

/// A whole line, if one has ended. It is as long as a configuration, so it has a place that is not on the stack.
type Heard = Option<Result<Numbered<Request>, Broken>>;

/// What a request came to.
#[expect(clippy::large_enum_variant, reason = "without an allocator there is no box, and one lives at a time")]
enum Asked {
    /// It is answered.
    Answered(Numbered<Answer>),
    /// A key is to be made, as the request of this number asks.
    MakeKey(u16, DeviceId),
    /// Everything is to be kept, as the request of this number asks.
    Keep(u16),
}

/// Takes a byte; by itself, so that what decoding takes leaves the stack before anything is done.
#[inline(never)]
fn listen(reader: &mut Reader, byte: u8, heard: &mut Heard) {
    *heard = reader.push(byte);
}

/// What comes of what was heard; by itself, so that no request is left on the stack while a key is made or anything is waited for.
#[inline(never)]
fn ask(heard: &mut Heard, bench: &mut Bench, fill: &mut impl FnMut(&mut [u8; 32])) -> Option<Asked> {
    Some(match heard.take()? {
        Err(_) => Asked::Answered(Numbered::unread()),
        Ok(Numbered { number, body: Request::MakeKey { device } }) => Asked::MakeKey(number, device),
        Ok(Numbered { number, body }) => match bench.take(body, fill) {
            Step::Answer(body) => Asked::Answered(Numbered { number, body }),
            Step::Store(_) => Asked::Keep(number),
        },
    })
}

/// Sends an answer; one that finds no room or no line is asked for again.
async fn say<L: Write>(line: &mut L, answer: &Numbered<Answer>) {
    if let Some(bytes) = encode(answer)
        && line.write_all(&bytes).await.is_ok()
    {
        let _ = line.flush().await;
    }
}

/// An answer as it goes over the line; by itself, for its buffers.
#[inline(never)]
fn encode(answer: &Numbered<Answer>) -> Option<heapless::Vec<u8, MAX_LINE_LEN>> {
    line::encode(answer)
}

async fn keep<S: NorFlash>(bench: &mut Bench, flash: &mut S, copy: &mut Copy, stored: &mut Option<DeviceId>) -> Answer {
    let Some((configuration, configuration_sha256)) = complete(bench) else {
        return Answer::Refused(Refused::Storage);
    };
    match configuration::store(flash, copy, &configuration).await {
        Ok(()) => {
            *stored = Some(configuration.device);
            Answer::Stored { configuration_sha256 }
        }
        Err(_) => Answer::Refused(Refused::Storage),
    }
}

/// What the bench has brought, and its hash.
#[inline(never)]
fn complete(bench: &mut Bench) -> Option<(Configuration, [u8; 32])> {
    // Being done asks for no randomness.
    match bench.take(Request::Done, |_| {}) {
        Step::Store(enrolled) => Some((configuration_of(&enrolled)?, enrolled.sha256())),
        Step::Answer(_) => None,
    }
}

fn configuration_of(enrolled: &Enrolled<'_>) -> Option<Configuration> {
    let settings = enrolled.settings;
    Some(Configuration {
        host: settings.host.clone(),
        port: settings.port,
        server_name: settings.server_name.clone(),
        device: enrolled.device.clone(),
        written_ms: settings.now_ms,
        key: enrolled.key.to_bytes(),
        certificate: heapless::Vec::from_slice(enrolled.certificate).ok()?,
        server_authority: heapless::Vec::from_slice(&settings.authority).ok()?,
        bus: Bus { bit_rate: settings.bit_rate, ask: settings.ask },
    })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::VecDeque;
    use std::rc::Rc;
    use std::vec::Vec;

    use embassy_futures::{block_on, yield_now};
    use embedded_io_async::{ErrorKind, ErrorType};
    use heapless::String;
    use milepost_firmware::configuration::{COPY_LEN, PLACE_LEN};
    use milepost_identity::Key;
    use milepost_identity::bench::{Settings, configuration_sha256};

    use super::*;
    use crate::testing::{Memory, certificate};

    /// A line whose other end asks one thing after the other.
    struct Script {
        ask: VecDeque<Vec<u8>>,
        said: Rc<RefCell<Vec<u8>>>,
        /// How many reads fail before any byte comes.
        broken: u32,
    }

    impl ErrorType for Script {
        type Error = ErrorKind;
    }

    impl Read for Script {
        async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, ErrorKind> {
            if self.broken > 0 {
                self.broken -= 1;
                return Err(ErrorKind::Other);
            }
            let Some(next) = self.ask.front_mut() else { return core::future::pending().await };
            let len = next.len().min(bytes.len());
            bytes[..len].copy_from_slice(&next[..len]);
            next.drain(..len);
            if next.is_empty() {
                self.ask.pop_front();
            }
            Ok(len)
        }
    }

    impl Write for Script {
        async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
            self.said.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        async fn flush(&mut self) -> Result<(), ErrorKind> {
            Ok(())
        }
    }

    fn answers(said: &[u8]) -> Vec<Numbered<Answer>> {
        let mut reader = Reader::new();
        said.iter().filter_map(|byte| reader.push(*byte)).map(Result::unwrap).collect()
    }

    fn settings() -> Settings {
        Settings {
            host: String::try_from("cloud.example").unwrap(),
            port: 8883,
            server_name: String::try_from("localhost").unwrap(),
            authority: heapless::Vec::from_slice(&[4; 500]).unwrap(),
            now_ms: 1_750_000_000_000,
            bit_rate: 250_000,
            ask: true,
        }
    }

    #[test]
    fn a_board_keeps_the_key_that_it_made_with_all_that_the_bench_sent_and_tells_no_secret() {
        let key = Key::from_bytes(&[7; 32]).unwrap();
        let device: DeviceId = "car-0001".parse().unwrap();
        let der = certificate(&key, "car-0001");
        let requests = [
            Request::Identify,
            Request::MakeKey { device: device.clone() },
            Request::StoreConfiguration(settings()),
            Request::StoreCertificate { der: heapless::Vec::from_slice(&der).unwrap() },
            Request::Done,
            // The answer was lost on the way.
            Request::Done,
        ];
        let mut ask: VecDeque<Vec<u8>> = VecDeque::from([b"noise\0".to_vec()]);
        for (number, body) in (1..).zip(requests) {
            ask.push_back(line::encode(&Numbered { number, body }).unwrap().to_vec());
        }
        let said = Rc::new(RefCell::new(Vec::new()));
        let mut line = Script { ask, said: Rc::clone(&said), broken: 2 };
        let mut flash = Memory::new(2 * PLACE_LEN as usize);
        let mut copy = [0; COPY_LEN];
        let board = String::try_from("test-board").unwrap();
        let identity = Identity { serial: "SN-1".parse().unwrap(), board };
        let ports = Ports::new();
        let serving = run(&mut line, identity, &mut flash, &mut copy, |bytes| bytes.fill(7), &ports);
        // One for each request, and one for the noise.
        let heard = async {
            while answers(&said.borrow()).len() < 7 {
                yield_now().await;
            }
        };
        assert!(matches!(block_on(select(serving, heard)), Either::Second(())));

        let answers = answers(&said.borrow());
        assert_eq!(answers.first(), Some(&Numbered::unread()));
        let configuration_sha256 = configuration_sha256(&device, &der, &settings());
        let stored = Answer::Stored { configuration_sha256 };
        assert_eq!(answers.last(), Some(&Numbered { number: 6, body: stored.clone() }));
        assert_eq!(answers.iter().filter(|answer| answer.body == stored).count(), 2);
        assert!(!said.borrow().windows(32).any(|bytes| bytes == [7; 32]), "the key crossed the line");

        let mut found: Option<Configuration> = None;
        block_on(configuration::load(&mut flash, &mut copy, &mut found)).unwrap();
        let found = found.unwrap();
        assert_eq!((found.device, found.key, found.certificate.as_slice()), (device, [7; 32], der.as_slice()));
        assert_eq!(found.bus, Bus { bit_rate: 250_000, ask: true });
    }
}
