//! Screens with one chosen entry among several.
//!
//! Invariant: left goes on to the next entry, right takes the chosen one; the chosen one differs in more than its colour.

use embedded_graphics::prelude::DrawTarget;
use milepost_protocol::notice::{Notice, NoticeKind};

use super::parts::{INNER, LEADING, MARGIN, area, body, keys, plate};
use crate::WIDTH;
use crate::display::Settings;
use crate::ink::{Ink, Tone};
use crate::interaction::{Entry, entries, snooze_days};
use crate::paper::Paper;
use crate::tables::Key;

/// From one entry to the next.
const ENTRY: u32 = 30;

pub(super) fn menu<D: DrawTarget<Color = Ink>>(
    paper: &mut Paper<'_, D>,
    settings: Settings,
    notice: &Notice,
    chosen: Entry,
) -> Result<(), D::Error> {
    let text = |entry| match entry {
        Entry::Done => Key::ActDone,
        Entry::Book => Key::ActBook,
        Entry::Why if matches!(notice.kind, NoticeKind::Information | NoticeKind::Question) => Key::ActMore,
        Entry::Why => Key::Why,
        Entry::Refuse => Key::ActRefuse,
        Entry::Back => Key::ActBack,
    };
    list(paper, settings, Key::MenuTitle, entries(notice).map(|entry| (text(entry), entry == chosen)))
}

pub(super) fn snooze<D: DrawTarget<Color = Ink>>(
    paper: &mut Paper<'_, D>,
    settings: Settings,
    notice: &Notice,
    chosen: u16,
) -> Result<(), D::Error> {
    let text = |days| match days {
        1 => Key::SnoozeDay,
        7 => Key::SnoozeWeek,
        _ => Key::SnoozeMonth,
    };
    list(paper, settings, Key::SnoozeTitle, snooze_days(notice).map(|days| (text(days), days == chosen)))
}

fn list<D: DrawTarget<Color = Ink>>(
    paper: &mut Paper<'_, D>,
    settings: Settings,
    heading: Key,
    entries: impl Iterator<Item = (Key, bool)>,
) -> Result<(), D::Error> {
    let language = settings.language;
    paper.fill(area(0, 0, WIDTH, 4), Ink::ACCENT)?;
    paper.text(body(Tone::Muted), language.text(heading), area(MARGIN, 12, INNER, LEADING))?;
    for (index, (key, is_chosen)) in entries.enumerate() {
        let top = 42 + index as u32 * ENTRY;
        let tone = if is_chosen {
            plate(paper, area(MARGIN - 8, top, INNER + 16, ENTRY), 6, Ink::ACCENT)?;
            Tone::OnAccent
        } else {
            Tone::Text
        };
        paper.text(body(tone), language.text(key), area(MARGIN + 4, top + 3, INNER - 8, LEADING))?;
    }
    keys(paper, language.text(Key::ActNext), language.text(Key::ActOk))
}
