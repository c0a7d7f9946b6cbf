//! What ended the run before this one, kept in RAM that a reset does not clear.
//!
//! Layout: magic, cause, how many crashes in a row, text length, text, CRC-32. Invariant: bytes that a crash did not write whole,
//! such as those after power came, are no record.

use core::sync::atomic::{AtomicU8, Ordering};

use milepost_firmware::checksum::crc32;
use milepost_protocol::record::ResetReason;

/// The longest text, in bytes: what one log record carries.
pub const MAX_TEXT_LEN: usize = 120;

/// The bytes that a board sets aside outside of what its start-up code clears.
pub type Area = [u8; AREA_LEN];

/// The length of [`Area`].
pub const AREA_LEN: usize = HEADER_LEN + MAX_TEXT_LEN + 4;

const HEADER_LEN: usize = 8;
const MAGIC: [u8; 4] = *b"MPcr";

/// What ended a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A panic.
    Panic,
    /// A fault that the processor caught.
    Fault,
    /// A task stopped, and the watchdog was not fed any more.
    Watchdog,
    /// The board wanted it, for instance because flash failed.
    Software,
}

impl Cause {
    /// As the record of the next start says it.
    pub fn reset_reason(self) -> ResetReason {
        match self {
            Self::Panic | Self::Fault => ResetReason::Fault,
            Self::Watchdog => ResetReason::Watchdog,
            Self::Software => ResetReason::Software,
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Panic, Self::Fault, Self::Watchdog, Self::Software].into_iter().find(|cause| *cause as u8 == byte)
    }
}

/// A crash as the next start finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crash {
    /// What ended the run.
    pub cause: Cause,
    /// How many runs in a row ended like this, this one included.
    pub in_a_row: u8,
    /// What was said.
    pub text: heapless::String<MAX_TEXT_LEN>,
}

impl Crash {
    /// Whether it is none: the board started anew because it was asked to, which leaves its reason and no text.
    pub fn is_wanted(&self) -> bool {
        self.text.is_empty()
    }
}

/// How many runs in a row ended in a crash before this one.
///
/// The board lends its [`Area`], since only it knows the RAM that its reset keeps.
#[derive(Debug, Default)]
pub struct Streak(AtomicU8);

impl Streak {
    /// None is known yet.
    pub const fn new() -> Self {
        Self(AtomicU8::new(0))
    }

    /// How the run before this one ended, if it should not have; it is told once.
    pub fn take(&self, area: &mut Area) -> Option<Crash> {
        let crash = take(area)?;
        self.0.store(crash.in_a_row, Ordering::Relaxed);
        Some(crash)
    }

    /// This run has proved itself; the next bad end is the first again.
    pub fn settled(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// Keeps that this run ends because it was asked to, which is no crash.
    pub fn restart(&self, area: &mut Area) {
        write(area, Cause::Software, 0, &[]);
    }

    /// Keeps how this run ends, in pieces of a text; answers how many in a row that makes.
    pub fn end(&self, area: &mut Area, cause: Cause, said: &[&str]) -> u8 {
        let in_a_row = self.0.load(Ordering::Relaxed).saturating_add(1);
        write(area, cause, in_a_row, said);
        in_a_row
    }
}

/// Writes a crash; `in_a_row` counts it and those before. What does not fit is cut off.
fn write(area: &mut Area, cause: Cause, in_a_row: u8, said: &[&str]) {
    let mut text = heapless::String::<MAX_TEXT_LEN>::new();
    for piece in said {
        let whole = piece.floor_char_boundary(MAX_TEXT_LEN.saturating_sub(text.len()));
        // As much as there is room for, so it cannot fail.
        let _ = text.push_str(piece.get(..whole).unwrap_or_default());
        if whole < piece.len() {
            break;
        }
    }
    let text = text.as_bytes();
    let Some((header, rest)) = area.split_first_chunk_mut::<HEADER_LEN>() else { return };
    let [m0, m1, m2, m3] = MAGIC;
    *header = [m0, m1, m2, m3, cause as u8, in_a_row, text.len() as u8, 0];
    if let Some(place) = rest.get_mut(..text.len()) {
        place.copy_from_slice(text);
    }
    let end = HEADER_LEN.saturating_add(text.len());
    let checksum = crc32(area.get(..end).unwrap_or_default()).to_be_bytes();
    if let Some(place) = area.get_mut(end..).and_then(|rest| rest.first_chunk_mut::<4>()) {
        *place = checksum;
    }
}

/// Takes the crash out, so that it is told once; `None` if the last run did not end in one.
fn take(area: &mut Area) -> Option<Crash> {
    let crash = read(area);
    if let Some(first) = area.first_mut() {
        *first = 0;
    }
    crash
}

fn read(area: &Area) -> Option<Crash> {
    let (header, rest) = area.split_first_chunk::<HEADER_LEN>()?;
    let [m0, m1, m2, m3, cause, in_a_row, len, _] = *header;
    let (text, rest) = rest.split_at_checked(usize::from(len))?;
    let checksum = rest.first_chunk::<4>()?;
    let end = HEADER_LEN.saturating_add(text.len());
    if [m0, m1, m2, m3] != MAGIC || crc32(area.get(..end)?) != u32::from_be_bytes(*checksum) {
        return None;
    }
    let text = core::str::from_utf8(text).ok()?;
    Some(Crash { cause: Cause::from_byte(cause)?, in_a_row, text: heapless::String::try_from(text).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_is_found_once_with_what_it_said() {
        let mut area = [0xA5; AREA_LEN];
        assert_eq!(take(&mut area), None, "memory after power came holds anything");
        write(&mut area, Cause::Panic, 2, &["index ", "7", " out of range"]);
        let crash = take(&mut area).unwrap();
        assert_eq!((crash.cause, crash.in_a_row, crash.text.as_str()), (Cause::Panic, 2, "index 7 out of range"));
        assert_eq!(take(&mut area), None);
    }

    #[test]
    fn a_restart_that_was_wanted_has_a_reason_and_nothing_to_tell() {
        let mut area = [0; AREA_LEN];
        Streak::new().restart(&mut area);
        let crash = take(&mut area).unwrap();
        assert!(crash.is_wanted());
        assert_eq!((crash.cause.reset_reason(), crash.in_a_row), (ResetReason::Software, 0));
    }

    #[test]
    fn crashes_in_a_row_are_counted_until_a_run_proves_itself() {
        let mut area = [0; AREA_LEN];
        let end = |area: &mut Area, streak: &Streak| streak.end(area, Cause::Fault, &["again"]);
        let run = Streak::new();
        assert_eq!((run.take(&mut area), end(&mut area, &run)), (None, 1));
        let run = Streak::new();
        assert_eq!(run.take(&mut area).map(|crash| crash.in_a_row), Some(1));
        assert_eq!(end(&mut area, &run), 2);
        let run = Streak::new();
        assert_eq!(run.take(&mut area).map(|crash| crash.in_a_row), Some(2));
        run.settled();
        assert_eq!(end(&mut area, &run), 1);
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_between_characters() {
        let mut area = [0; AREA_LEN];
        write(&mut area, Cause::Fault, 1, &["x", &"ü".repeat(200), "never"]);
        let text = take(&mut area).unwrap().text;
        assert_eq!(text.len(), 119);
        assert!(text.starts_with("xüü"));
    }

    #[test]
    fn a_changed_byte_makes_it_no_record() {
        for at in 0..20 {
            let mut area = [0; AREA_LEN];
            write(&mut area, Cause::Watchdog, 1, &["silent core"]);
            area[at] ^= 1;
            assert!(take(&mut area).is_none(), "byte {at}");
        }
    }
}
