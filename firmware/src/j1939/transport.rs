//! Messages of more than eight bytes: broadcast (BAM) and between two (RTS and CTS), overheard.
//!
//! Invariant: the buffer is the largest message there is, 1,785 bytes, and one sender's message never mixes with another's.

use heapless::Vec;

use super::identifier::Identifier;

/// The longest message: 255 packets of seven bytes.
pub const MAX_LEN: usize = 1_785;

/// Connection management and data transfer.
const MANAGEMENT: u32 = 0xEC00;
const DATA: u32 = 0xEB00;

/// How long the next packet may take: T1 and T2 of the standard, the longer of them.
const TIMEOUT_MS: u64 = 1_250;

/// Why a message was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A packet is missing or came twice.
    WrongSequence,
    /// The next packet came too late.
    Timeout,
    /// Another message of the same sender began.
    Interrupted,
    /// One side gave it up.
    Aborted,
    /// The announced length and number of packets do not fit together.
    Length,
    /// More senders at once than are followed.
    TooMany,
}

/// A message that is now whole.
#[derive(Debug, PartialEq, Eq)]
pub struct Assembly<'a> {
    /// Its parameter group.
    pub pgn: u32,
    /// Who said it.
    pub source: u8,
    /// To whom.
    pub destination: u8,
    /// What it says.
    pub data: &'a [u8],
}

#[derive(Debug, Clone)]
struct Session {
    source: u8,
    destination: u8,
    pgn: u32,
    len: usize,
    next: u8,
    deadline_ms: u64,
    whole: bool,
    data: Vec<u8, MAX_LEN>,
}

impl Session {
    fn take(&mut self, now_ms: u64, sequence: u8, packet: &[u8]) -> Result<(), Fault> {
        if now_ms > self.deadline_ms {
            return Err(Fault::Timeout);
        }
        if sequence != self.next {
            return Err(Fault::WrongSequence);
        }
        let part = self.len.saturating_sub(self.data.len()).min(7);
        let part = packet.get(..part).ok_or(Fault::Length)?;
        self.data.extend_from_slice(part).map_err(|_| Fault::Length)?;
        self.next = self.next.wrapping_add(1);
        self.deadline_ms = now_ms.saturating_add(TIMEOUT_MS);
        self.whole = self.data.len() == self.len;
        Ok(())
    }
}

/// Puts the messages of up to `N` senders together.
#[derive(Debug, Clone, Default)]
pub struct Assembler<const N: usize> {
    sessions: Vec<Session, N>,
}

impl<const N: usize> Assembler<N> {
    /// Takes a frame; answers a message that is now whole, or why one was given up.
    pub fn accept(&mut self, now_ms: u64, id: Identifier, data: &[u8]) -> Result<Option<Assembly<'_>>, Fault> {
        self.sessions.retain(|session| !session.whole);
        match (id.pgn, data) {
            // BAM announces to everybody, RTS to one.
            (MANAGEMENT, &[control @ (32 | 16), low, high, packets, _, a, b, c]) => {
                let replaced = self.remove(id.source, id.destination);
                let len = usize::from(u16::from_le_bytes([low, high]));
                let fits = (9..=MAX_LEN).contains(&len) && len.div_ceil(7) == usize::from(packets);
                // A broadcast goes to everybody, a request to send to one.
                if !fits || (control == 32) != (id.destination == super::GLOBAL) {
                    return Err(Fault::Length);
                }
                let pgn = u32::from_le_bytes([a, b, c, 0]);
                let deadline_ms = now_ms.saturating_add(TIMEOUT_MS);
                let session = Session {
                    source: id.source,
                    destination: id.destination,
                    pgn,
                    len,
                    next: 1,
                    deadline_ms,
                    whole: false,
                    data: Vec::new(),
                };
                self.sessions.retain(|session| session.deadline_ms >= now_ms);
                self.sessions.push(session).map_err(|_| Fault::TooMany)?;
                if replaced { Err(Fault::Interrupted) } else { Ok(None) }
            }
            // Clear to send comes from the receiver, and may ask for packets again.
            (MANAGEMENT, &[17, _, next, ..]) => {
                if let Some(session) = self.find(id.destination, id.source) {
                    session.deadline_ms = now_ms.saturating_add(TIMEOUT_MS);
                    if next >= 1 && next < session.next {
                        session.next = next;
                        session.data.truncate(usize::from(next - 1) * 7);
                    }
                }
                Ok(None)
            }
            (MANAGEMENT, &[255, ..]) => {
                let gone = self.remove(id.source, id.destination) || self.remove(id.destination, id.source);
                if gone { Err(Fault::Aborted) } else { Ok(None) }
            }
            (DATA, &[sequence, ref packet @ ..]) => self.packet(now_ms, id, sequence, packet),
            _ => Ok(None),
        }
    }

    fn packet(
        &mut self,
        now_ms: u64,
        id: Identifier,
        sequence: u8,
        packet: &[u8],
    ) -> Result<Option<Assembly<'_>>, Fault> {
        let among = |session: &Session| session.source == id.source && session.destination == id.destination;
        let Some(place) = self.sessions.iter().position(among) else { return Ok(None) };
        if let Err(fault) =
            self.sessions.get_mut(place).map_or(Ok(()), |session| session.take(now_ms, sequence, packet))
        {
            self.sessions.swap_remove(place);
            return Err(fault);
        }
        Ok(self.sessions.get(place).filter(|session| session.whole).map(|session| Assembly {
            pgn: session.pgn,
            source: session.source,
            destination: session.destination,
            data: &session.data,
        }))
    }

    fn find(&mut self, source: u8, destination: u8) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| session.source == source && session.destination == destination)
    }

    fn remove(&mut self, source: u8, destination: u8) -> bool {
        let before = self.sessions.len();
        self.sessions.retain(|session| session.source != source || session.destination != destination);
        self.sessions.len() < before
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::vec::Vec as StdVec;

    use super::*;

    fn id(pgn: u32, source: u8, destination: u8) -> Identifier {
        Identifier { priority: 7, pgn, source, destination }
    }

    fn announce(control: u8, payload: &[u8]) -> [u8; 8] {
        let [low, high] = (payload.len() as u16).to_le_bytes();
        [control, low, high, payload.len().div_ceil(7) as u8, 0xFF, 0xCA, 0xFE, 0x00]
    }

    fn send(assembler: &mut Assembler<4>, control: u8, destination: u8, payload: &[u8]) -> Option<StdVec<u8>> {
        assert_eq!(assembler.accept(0, id(MANAGEMENT, 3, destination), &announce(control, payload)), Ok(None));
        let mut whole = None;
        for (index, part) in payload.chunks(7).enumerate() {
            let mut packet = std::vec![index as u8 + 1];
            packet.extend(part);
            packet.resize(8, 0xFF);
            whole = assembler.accept(0, id(DATA, 3, destination), &packet).unwrap().map(|whole| {
                assert_eq!((whole.pgn, whole.source, whole.destination), (0xFECA, 3, destination));
                whole.data.to_vec()
            });
        }
        whole
    }

    #[test]
    fn messages_to_everybody_and_to_one_are_put_together() {
        let mut assembler = Assembler::<4>::default();
        let payload: StdVec<u8> = (0..20).collect();
        assert_eq!(send(&mut assembler, 32, 0xFF, &payload), Some(payload.clone()));
        assert_eq!(send(&mut assembler, 16, 0x21, &payload), Some(payload));
    }

    #[test]
    fn packets_that_are_asked_for_again_replace_those_before() {
        let mut assembler = Assembler::<4>::default();
        let payload = [7; 14];
        assembler.accept(0, id(MANAGEMENT, 3, 0x21), &announce(16, &payload)).unwrap();
        let packet = |sequence: u8| [sequence, 7, 7, 7, 7, 7, 7, 7];
        assembler.accept(1, id(DATA, 3, 0x21), &packet(1)).unwrap();
        assembler.accept(2, id(MANAGEMENT, 0x21, 3), &[17, 2, 1, 0xFF, 0xFF, 0xCA, 0xFE, 0]).unwrap();
        assert_eq!(assembler.accept(3, id(DATA, 3, 0x21), &packet(1)), Ok(None));
        assert!(assembler.accept(4, id(DATA, 3, 0x21), &packet(2)).unwrap().is_some());
    }

    #[test]
    fn each_way_to_fail_is_told() {
        let payload = [7; 20];
        let begun = || {
            let mut assembler = Assembler::<1>::default();
            assembler.accept(0, id(MANAGEMENT, 3, 0xFF), &announce(32, &payload)).unwrap();
            assembler
        };
        let packet = [2, 7, 7, 7, 7, 7, 7, 7];
        assert_eq!(begun().accept(1, id(DATA, 3, 0xFF), &packet), Err(Fault::WrongSequence));
        assert_eq!(begun().accept(1_251, id(DATA, 3, 0xFF), &packet), Err(Fault::Timeout));
        assert_eq!(begun().accept(1, id(MANAGEMENT, 3, 0xFF), &announce(32, &payload)), Err(Fault::Interrupted));
        assert_eq!(begun().accept(1, id(MANAGEMENT, 4, 0xFF), &announce(32, &payload)), Err(Fault::TooMany));
        assert_eq!(begun().accept(1, id(MANAGEMENT, 3, 0xFF), &[255, 1, 0, 0, 0, 0, 0, 0]), Err(Fault::Aborted));
        let lie = [32, 20, 0, 9, 0xFF, 0xCA, 0xFE, 0];
        assert_eq!(begun().accept(1, id(MANAGEMENT, 3, 0xFF), &lie), Err(Fault::Length));
    }

    proptest! {
        #[test]
        fn arbitrary_frames_never_panic(
            frames in proptest::collection::vec(
                (any::<bool>(), 0_u8..3, 0_u8..3, proptest::collection::vec(any::<u8>(), 0..9), 0_u64..400), 0..80,
            ),
        ) {
            let mut assembler = Assembler::<2>::default();
            let mut now_ms = 0;
            for (data, source, destination, mut bytes, pause) in frames {
                now_ms += pause;
                if let Some(first) = bytes.first_mut() {
                    *first = if data { *first % 4 } else { [16, 17, 32, 255][usize::from(*first) % 4] };
                }
                let pgn = if data { DATA } else { MANAGEMENT };
                let _ = assembler.accept(now_ms, id(pgn, source, destination), &bytes);
            }
        }
    }
}
