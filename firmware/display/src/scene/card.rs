//! The card of a notice, and the reasons behind it.
//!
//! Invariant: what it is stands first, then when and how far, then what to do; a title that is too wide is set smaller, not cut.

use embedded_graphics::prelude::DrawTarget;
use milepost_protocol::notice::{Actions, Notice, NoticeKind};

use super::is_urgent;
use super::parts::{INNER, KEYS_TOP, LEADING, MARGIN, TITLE_LEADING, aligned, area, bar, body, icon, keys, title};
use crate::display::Settings;
use crate::face::{Face, ICON, has};
use crate::figures::integer;
use crate::ink::{Ink, Tone};
use crate::paper::{Align, Paper, lines};
use crate::tables::Key;
use crate::wording;
use crate::{WIDTH, point};

/// The height of the head with icon, label and title.
const HEAD: u32 = 72;

/// Where label and title begin, beside the icon.
const HEAD_LEFT: u32 = MARGIN + ICON + 14;

/// Where the label begins.
const HEAD_TOP: u32 = 10;

/// The width of a percentage beside its bar.
const PERCENT: u32 = 60;

/// The height of one reason with its bar.
const ROW: u32 = 36;

pub(super) fn card<D: DrawTarget<Color = Ink>>(
    paper: &mut Paper<'_, D>,
    settings: Settings,
    notice: &Notice,
) -> Result<(), D::Error> {
    let language = settings.language;
    head(paper, settings, notice)?;
    let mut top = HEAD + 8;
    if let Some(percent) = wording::used_percent(notice) {
        bar(paper, area(MARGIN, top + 4, INNER - PERCENT, 8), percent)?;
        let percent = language.fill(Key::Percent, &[("value", &integer(language, percent.into()))]);
        let place = area(WIDTH - MARGIN - PERCENT, top - 4, PERCENT, LEADING);
        paper.text(aligned(body(Tone::Muted), Align::Right), &percent, place)?;
        top += 20;
    }
    let text = wording::text(settings, notice);
    let taken = paper.text(body(Tone::Text), &text, area(MARGIN, top, INNER, KEYS_TOP - 2 - top))?;
    top += taken * LEADING;
    let spare = (KEYS_TOP - 2).saturating_sub(top + 2 * LEADING);
    top += spare.min(6);
    if let Some(advice) = wording::advice(language, notice)
        && top + lines(Face::Body, advice, INNER) * LEADING <= KEYS_TOP - 2
    {
        let tone = if is_urgent(notice) { Tone::Text } else { Tone::Muted };
        paper.text(body(tone), advice, area(MARGIN, top, INNER, KEYS_TOP - 2 - top))?;
    }
    let left = if notice.actions.contains(Actions::SNOOZE) { Key::ActSnooze } else { Key::ActClose };
    keys(paper, language.text(left), language.text(Key::ActMore))
}

/// Icon, label and title; on the accent when the notice is urgent.
fn head<D: DrawTarget<Color = Ink>>(
    paper: &mut Paper<'_, D>,
    settings: Settings,
    notice: &Notice,
) -> Result<(), D::Error> {
    let (accent, text) = if is_urgent(notice) {
        paper.fill(area(0, 0, WIDTH, HEAD), Ink::ACCENT)?;
        (Tone::OnAccent, Tone::OnAccent)
    } else {
        paper.fill(area(0, 0, WIDTH, 4), Ink::ACCENT)?;
        (Tone::Accent, Tone::Text)
    };
    icon(notice).draw(paper.target, point(MARGIN, HEAD / 2 - ICON / 2 + 2), accent)?;
    let width = WIDTH - MARGIN - HEAD_LEFT;
    paper.text(body(accent), wording::label(settings.language, notice), area(HEAD_LEFT, HEAD_TOP, width, LEADING))?;
    let words = wording::title(settings.language, notice);
    let place = area(HEAD_LEFT, HEAD_TOP + LEADING - 4, width, TITLE_LEADING);
    let fits = has(&words) && lines(Face::Title, &words, width) == 1;
    paper.text(if fits { title(text) } else { body(text) }, &words, place)?;
    Ok(())
}

pub(super) fn why<D: DrawTarget<Color = Ink>>(
    paper: &mut Paper<'_, D>,
    settings: Settings,
    notice: &Notice,
) -> Result<(), D::Error> {
    let language = settings.language;
    let heading = wording::title(language, notice);
    paper.fill(area(0, 0, WIDTH, 4), Ink::ACCENT)?;
    let mut top = 12;
    top += paper.text(body(Tone::Accent), &heading, area(MARGIN, top, INNER, LEADING))? * LEADING + 4;
    if notice.kind != NoticeKind::Reminder {
        let text = wording::text(settings, notice);
        top += paper.text(body(Tone::Text), &text, area(MARGIN, top, INNER, KEYS_TOP - 2 - top))? * LEADING + 8;
    }
    for row in wording::rows(settings, notice) {
        if top + ROW > KEYS_TOP {
            break;
        }
        let line = area(MARGIN, top, INNER, LEADING);
        let figures = Face::Body.width(&row.figures);
        let name = area(MARGIN, top, INNER.saturating_sub(figures + 8), LEADING);
        paper.text(body(Tone::Muted), &row.name, name)?;
        paper.text(aligned(body(Tone::Text), Align::Right), &row.figures, line)?;
        if let Some(percent) = row.percent {
            bar(paper, area(MARGIN, top + LEADING + 2, INNER, 4), percent)?;
        }
        top += ROW;
    }
    keys(paper, language.text(Key::ActBack), language.text(Key::ActClose))
}
