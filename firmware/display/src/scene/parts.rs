//! What several screens share: keys, bars, styles and the icon of a notice.
//!
//! Invariant: every measure is a multiple of two pixels, and the margins are the same on every screen.

use embedded_graphics::prelude::{DrawTarget, Size};
use embedded_graphics::primitives::Rectangle;
use milepost_protocol::notice::{Notice, NoticeKind};
use milepost_protocol::plan::ItemId;

use crate::face::{Face, Icon};
use crate::ink::{Ink, Tone};
use crate::paper::{Align, Paper, Style};
use crate::tables;
use crate::wording;
use crate::{HEIGHT, WIDTH, point};

/// From the edge of the panel to what stands on it.
pub(super) const MARGIN: u32 = 16;

/// The width between the margins.
pub(super) const INNER: u32 = WIDTH - 2 * MARGIN;

/// From one line of body text to the next.
pub(super) const LEADING: u32 = 24;

/// From one line of a title to the next.
pub(super) const TITLE_LEADING: u32 = 38;

/// Where the keys begin.
pub(super) const KEYS_TOP: u32 = HEIGHT - 8 - KEY_HEIGHT;

const KEY_HEIGHT: u32 = 34;
const KEY_WIDTH: u32 = (INNER - 8) / 2;

/// Body text, from the left.
pub(super) const fn body(tone: Tone) -> Style {
    Style { face: Face::Body, tone, align: Align::Left, leading: LEADING }
}

/// A title, from the left.
pub(super) const fn title(tone: Tone) -> Style {
    Style { face: Face::Title, tone, align: Align::Left, leading: TITLE_LEADING }
}

/// The same style with another place in the box.
pub(super) const fn aligned(style: Style, align: Align) -> Style {
    Style { align, ..style }
}

/// A box from its corner and its size.
pub(super) const fn area(left: u32, top: u32, width: u32, height: u32) -> Rectangle {
    Rectangle::new(point(left, top), Size::new(width, height))
}

/// A filled box with round corners.
pub(super) fn plate<D: DrawTarget<Color = Ink>>(
    paper: &mut Paper<'_, D>,
    area: Rectangle,
    radius: u32,
    ink: Ink,
) -> Result<(), D::Error> {
    let height = area.size.height;
    for row in 0..height {
        // How far the row is into a corner, and how many columns lie outside of the circle there.
        let away = radius.saturating_sub(row).max((row + 1 + radius).saturating_sub(height));
        let outside = |column: &u32| {
            let (dx, dy) = (2 * (radius - column) - 1, 2 * away.max(1) - 1);
            dx * dx + dy * dy > 4 * radius * radius
        };
        let inset = if away == 0 { 0 } else { (0..radius).take_while(outside).count() as u32 };
        let width = area.size.width.saturating_sub(2 * inset);
        paper.fill(Rectangle::new(area.top_left + point(inset, row), Size::new(width, 1)), ink)?;
    }
    Ok(())
}

/// What the two buttons do on this screen, each above its button.
pub(super) fn keys<D: DrawTarget<Color = Ink>>(
    paper: &mut Paper<'_, D>,
    left: &str,
    right: &str,
) -> Result<(), D::Error> {
    for (at, text) in [(MARGIN, left), (WIDTH - MARGIN - KEY_WIDTH, right)] {
        let key = area(at, KEYS_TOP, KEY_WIDTH, KEY_HEIGHT);
        plate(paper, key, 8, Ink::SURFACE)?;
        let label = area(at + 8, KEYS_TOP + (KEY_HEIGHT - LEADING) / 2, KEY_WIDTH - 16, LEADING);
        paper.text(aligned(body(Tone::OnSurface), Align::Centre), text, label)?;
    }
    Ok(())
}

/// A bar that is filled by so many per cent, at most to its end.
pub(super) fn bar<D: DrawTarget<Color = Ink>>(
    paper: &mut Paper<'_, D>,
    area: Rectangle,
    percent: u32,
) -> Result<(), D::Error> {
    let radius = area.size.height / 2;
    plate(paper, area, radius, Ink::SURFACE)?;
    let filled = (area.size.width * percent.min(100) / 100).max(area.size.height);
    plate(paper, Rectangle::new(area.top_left, Size::new(filled, area.size.height)), radius, Ink::ACCENT)
}

/// The icon of what a notice is about.
pub(super) fn icon(notice: &Notice) -> &'static Icon {
    match notice.kind {
        NoticeKind::Offer => &tables::OFFER,
        NoticeKind::Information => &tables::INFORMATION,
        NoticeKind::Question => &tables::QUESTION,
        NoticeKind::Reminder => match wording::item(notice) {
            Some(ItemId::ENGINE_OIL) => &tables::OIL,
            Some(ItemId::BRAKE_FLUID) => &tables::BRAKE,
            Some(ItemId::TYRES) => &tables::TYRE,
            Some(ItemId::INSPECTION) => &tables::INSPECTION,
            Some(ItemId::BATTERY_12V) => &tables::BATTERY,
            _ => &tables::SERVICE,
        },
    }
}
