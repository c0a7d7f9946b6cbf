//! Which identifiers of a log speak ISO 15765-2, and with what addressing.
//!
//! The identifiers that standards keep for diagnostics are taken as they are.
//! Any other is taken if everything that it says fits the protocol, plainly or behind an address byte:
//! each frame is one of the protocol's, and whole messages of more than one frame stand against the few that a recording lost frames of.
//! Ordinary messages that look like the protocol by chance break the order of frames far more often than they keep it.
//! Invariant: an identifier's addressing is the same for the whole log.

use std::collections::BTreeMap;
use std::path::Path;

use milepost_firmware::frame::EXTENDED;
use milepost_firmware::isotp::{DropReason, Pci, Receiver};

use super::super::log::Log;
use crate::log::LogError;

/// How an identifier speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Normal addressing.
    Normal,
    /// An address byte stands in front of each frame.
    Extended,
    /// Not ISO 15765-2.
    Silent,
}

/// The identifiers of a log and how they speak.
#[derive(Debug, Clone, Default)]
pub struct Participants {
    others: BTreeMap<(String, u32), Role>,
}

/// Whether standards keep this identifier for diagnostics: 11 bits by convention from 700 on (legislated: 7DF to 7EF),
/// 29 bits as ISO 15765-4 and ISO 14229-3 lay them out.
pub(super) fn is_diagnostic(id: u32) -> bool {
    if id & EXTENDED == 0 {
        (0x700..=0x7FF).contains(&id)
    } else {
        matches!(id >> 16 & 0xFF, 0xDA | 0xDB | 0xCD | 0xCE) && id >> 26 & 7 == 6
    }
}

/// How many identifiers are looked at; a log with more of them is made up.
const MAX_IDENTIFIERS: usize = 4096;

/// How many whole messages of more than one frame must stand against each gap.
const WHOLE_PER_GAP: u32 = 2;

impl Participants {
    /// Looks through a whole log.
    pub fn of_log(path: &Path) -> Result<Self, LogError> {
        let mut log = Log::open(path)?;
        let mut trials = BTreeMap::<(String, u32), Trial>::new();
        while let Some(frame) = log.next_frame()? {
            if is_diagnostic(frame.id) {
                continue;
            }
            let key = (frame.channel, frame.id);
            if trials.len() < MAX_IDENTIFIERS || trials.contains_key(&key) {
                trials.entry(key).or_default().hear(frame.at_us / 1_000, &frame.data);
            }
        }
        Ok(Self { others: trials.into_iter().map(|(key, trial)| (key, trial.role())).collect() })
    }

    /// How an identifier of a channel speaks.
    pub fn role(&self, channel: &str, id: u32) -> Role {
        if is_diagnostic(id) {
            return Role::Normal;
        }
        self.others.get(&(channel.to_owned(), id)).copied().unwrap_or(Role::Silent)
    }
}

/// What an identifier has said, under either addressing.
#[derive(Debug, Default)]
struct Trial {
    plain: Candidate,
    addressed: BTreeMap<u8, Candidate>,
    addressed_broken: bool,
}

impl Trial {
    fn hear(&mut self, now_ms: u64, data: &[u8]) {
        self.plain.hear(now_ms, data);
        match data.split_first() {
            Some((&address, rest)) if !self.addressed_broken && self.addressed.len() < 32 => {
                let candidate = self.addressed.entry(address).or_default();
                candidate.hear(now_ms, rest);
                self.addressed_broken |= candidate.broken;
            }
            _ => self.addressed_broken = true,
        }
        if self.addressed_broken {
            self.addressed.clear();
        }
    }

    fn role(&self) -> Role {
        if speak([&self.plain]) {
            Role::Normal
        } else if speak(self.addressed.values()) {
            Role::Extended
        } else {
            Role::Silent
        }
    }
}

/// Whether what was said is the protocol: each frame alone, and nearly all of them in order.
fn speak<'c>(candidates: impl IntoIterator<Item = &'c Candidate>) -> bool {
    let (mut whole, mut gaps) = (0_u32, 0_u32);
    for candidate in candidates {
        if candidate.broken {
            return false;
        }
        whole = whole.saturating_add(candidate.whole);
        gaps = gaps.saturating_add(candidate.gaps);
    }
    whole > 0 && whole >= gaps.saturating_mul(WHOLE_PER_GAP)
}

#[derive(Debug, Default)]
struct Candidate {
    receiver: Box<Receiver<4095>>,
    /// Messages of more than one frame that were whole.
    whole: u32,
    /// Places where frames are missing.
    gaps: u32,
    /// The index that goes on with the rest of a message whose beginning is lost.
    rest: Option<u8>,
    /// Something was said that no loss explains.
    broken: bool,
}

impl Candidate {
    fn hear(&mut self, now_ms: u64, data: &[u8]) {
        if self.broken {
            return;
        }
        let underway = self.receiver.is_busy(now_ms);
        let pci = Pci::parse(data);
        let reception = self.receiver.accept(now_ms, data);
        self.broken = pci == Pci::Other || reception.dropped == Some(DropReason::TooLong);
        let mut gap = reception.dropped.is_some();
        match pci {
            Pci::Consecutive { index, .. } => {
                self.whole += u32::from(reception.message.is_some());
                gap |= !underway;
                let goes_on = self.rest == Some(index);
                self.rest = gap.then_some((index + 1) & 0x0F);
                gap &= !goes_on;
            }
            Pci::Single(_) | Pci::First { .. } => self.rest = None,
            Pci::FlowControl | Pci::Other => {}
        }
        self.gaps += u32::from(gap);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(frames: &[&[u8]]) -> Role {
        let mut trial = Trial::default();
        for (index, frame) in frames.iter().enumerate() {
            trial.hear(index as u64, frame);
        }
        trial.role()
    }

    #[test]
    fn an_identifier_speaks_if_all_that_it_says_fits() {
        let first: &[u8] = &[0x10, 12, 1, 2, 3, 4, 5, 6];
        let second: &[u8] = &[0x21, 7, 8, 9, 10, 11, 12, 0];
        assert_eq!(role(&[first, second]), Role::Normal);
        assert_eq!(role(&[first, second, &[0xA0, 1]]), Role::Silent, "something else is said as well");
        assert_eq!(role(&[first]), Role::Silent, "nothing is said to its end");
        assert_eq!(role(&[&[0x02, 0x3E, 0]]), Role::Silent, "one frame proves nothing");
    }

    #[test]
    fn lost_frames_silence_nobody_who_says_most_of_it_whole() {
        let first: &[u8] = &[0x10, 20, 1, 2, 3, 4, 5, 6];
        let second: &[u8] = &[0x21, 7, 8, 9, 10, 11, 12, 13];
        let third: &[u8] = &[0x22, 14, 15, 16, 17, 18, 19, 20];
        let whole = [first, second, third, first, second, third];
        for lossy in [&[second, third][..], &[first, third], &[first, second], &[third], &[first]] {
            let said = [lossy, &whole].concat();
            assert_eq!(role(&said), Role::Normal, "{lossy:02X?}");
            assert_eq!(role(&[&said, lossy, &[first]].concat()), Role::Silent, "twice {lossy:02X?}");
        }
        let counter: Vec<_> = (0x10..0x30).map(|value| [value, 10, 0, 0, 0, 0, 0, 0]).collect();
        let counter: Vec<&[u8]> = counter.iter().map(<[u8; 8]>::as_slice).collect();
        assert_eq!(role(&[&whole, &counter[..]].concat()), Role::Silent, "a counter is no message");
        assert_eq!(
            role(&[&whole, &[third; 2][..]].concat()),
            Role::Silent,
            "a part that does not go on is a gap of its own"
        );
    }

    #[test]
    fn an_address_byte_is_seen_by_what_stands_behind_it() {
        let first: &[u8] = &[0xF1, 0x10, 10, 1, 2, 3, 4, 5];
        let second: &[u8] = &[0xF1, 0x21, 6, 7, 8, 9, 10];
        assert_eq!(role(&[first, second]), Role::Extended);
    }

    #[test]
    fn identifiers_of_the_standards_are_known() {
        for id in [0x7DF, 0x7E8, 0x72D, 0x18DA_F110 | EXTENDED, 0x18DB_33F1 | EXTENDED] {
            assert!(is_diagnostic(id), "{id:X}");
        }
        for id in [0x100, 0x6FF, 0x18FE_F100 | EXTENDED, 0x17F0_0010 | EXTENDED] {
            assert!(!is_diagnostic(id), "{id:X}");
        }
    }
}
