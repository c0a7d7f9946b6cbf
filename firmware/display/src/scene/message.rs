//! Screens with one sentence: a question back, an answer that was taken, nothing to do.
//!
//! Invariant: an icon, a title and a sentence stand in the middle, one below the other.

use embedded_graphics::prelude::DrawTarget;
use milepost_protocol::notice::{Answer, Notice};

use super::parts::{INNER, LEADING, MARGIN, TITLE_LEADING, aligned, area, body, icon, keys, title};
use crate::display::Settings;
use crate::face::{Face, ICON, Icon};
use crate::figures::integer;
use crate::ink::{Ink, Tone};
use crate::paper::{Align, Paper, lines};
use crate::tables::{self, Key};
use crate::{WIDTH, point};

pub(super) fn idle<D: DrawTarget<Color = Ink>>(paper: &mut Paper<'_, D>, settings: Settings) -> Result<(), D::Error> {
    let language = settings.language;
    message(paper, 48, &tables::CHECK, language.text(Key::IdleTitle), language.text(Key::IdleText))
}

pub(super) fn outcome<D: DrawTarget<Color = Ink>>(
    paper: &mut Paper<'_, D>,
    settings: Settings,
    answer: Answer,
) -> Result<(), D::Error> {
    let language = settings.language;
    let (icon, key, days) = match answer {
        Answer::Snooze { days: 1 } => (&tables::LATER, Key::NotedDay, 1),
        Answer::Snooze { days: 7 } => (&tables::LATER, Key::NotedWeek, 7),
        Answer::Snooze { days: 30 } => (&tables::LATER, Key::NotedMonth, 30),
        Answer::Snooze { days } => (&tables::LATER, Key::NotedDays, days),
        Answer::Book => (&tables::CHECK, Key::NotedBook, 0),
        Answer::Done => (&tables::CHECK, Key::NotedDone, 0),
        Answer::Refuse => (&tables::CHECK, Key::NotedRefuse, 0),
    };
    let text = language.fill(key, &[("n", &integer(language, days.into()))]);
    message(paper, 48, icon, language.text(Key::Noted), &text)
}

pub(super) fn confirm_done<D: DrawTarget<Color = Ink>>(
    paper: &mut Paper<'_, D>,
    settings: Settings,
    notice: &Notice,
) -> Result<(), D::Error> {
    confirm(paper, settings, icon(notice), [Key::ConfirmDoneTitle, Key::ConfirmDoneText])
}

pub(super) fn confirm_refuse<D: DrawTarget<Color = Ink>>(
    paper: &mut Paper<'_, D>,
    settings: Settings,
) -> Result<(), D::Error> {
    confirm(paper, settings, &tables::QUESTION, [Key::ConfirmRefuseTitle, Key::ConfirmRefuseText])
}

fn confirm<D: DrawTarget<Color = Ink>>(
    paper: &mut Paper<'_, D>,
    settings: Settings,
    icon: &Icon,
    [title, text]: [Key; 2],
) -> Result<(), D::Error> {
    let language = settings.language;
    paper.fill(area(0, 0, WIDTH, 4), Ink::ACCENT)?;
    message(paper, 30, icon, language.text(title), language.text(text))?;
    keys(paper, language.text(Key::ActNo), language.text(Key::ActYes))
}

fn message<D: DrawTarget<Color = Ink>>(
    paper: &mut Paper<'_, D>,
    top: u32,
    icon: &Icon,
    heading: &str,
    text: &str,
) -> Result<(), D::Error> {
    icon.draw(paper.target, point((WIDTH - ICON) / 2, top), Tone::Accent)?;
    let top = top + ICON + 12;
    let fits = lines(Face::Title, heading, INNER) == 1;
    let style = if fits { title(Tone::Text) } else { body(Tone::Text) };
    paper.text(aligned(style, Align::Centre), heading, area(MARGIN, top, INNER, TITLE_LEADING))?;
    let place = area(MARGIN, top + TITLE_LEADING + 2, INNER, 2 * LEADING);
    paper.text(aligned(body(Tone::Muted), Align::Centre), text, place)?;
    Ok(())
}
