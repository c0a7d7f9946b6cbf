//! The screens.
//!
//! Invariant: a screen is a pure function of settings, view and notice; drawing it twice gives the same pixels.

mod card;
mod lists;
mod message;
mod parts;

use embedded_graphics::prelude::{DrawTarget, Point, Size};
use embedded_graphics::primitives::Rectangle;
use milepost_protocol::notice::{Notice, NoticeKind};
use milepost_protocol::plan::{Level, SafetyClass};

use crate::display::Settings;
use crate::ink::Ink;
use crate::interaction::View;
use crate::palette::Mood;
use crate::paper::Paper;
use crate::{HEIGHT, WIDTH};

/// The colour of a screen.
pub fn mood(view: View, notice: Option<&Notice>) -> Mood {
    match (view, notice) {
        (View::Outcome(_), _) => Mood::Fine,
        (View::Dark | View::Idle, _) | (_, None) => Mood::Calm,
        (_, Some(notice)) if notice.kind == NoticeKind::Offer => Mood::Offer,
        (_, Some(notice)) => match notice.level {
            Some(Level::Overdue) => Mood::Overdue,
            Some(Level::Due) => Mood::Due,
            Some(Level::Upcoming) => Mood::Soon,
            Some(Level::Scheduled) | None => Mood::Calm,
        },
    }
}

/// Draws a screen, and answers how many of its texts did not fit and were cut.
pub fn draw<D: DrawTarget<Color = Ink>>(
    target: &mut D,
    settings: Settings,
    view: View,
    notice: Option<&Notice>,
) -> Result<u32, D::Error> {
    let mut paper = Paper { target, cut: 0 };
    paper.fill(Rectangle::new(Point::zero(), Size::new(WIDTH, HEIGHT)), Ink::GROUND)?;
    let paper = &mut paper;
    match (view, notice) {
        (View::Dark, _) => {}
        (View::Outcome(answer), _) => message::outcome(paper, settings, answer)?,
        (View::Idle, _) | (_, None) => message::idle(paper, settings)?,
        (View::Card, Some(notice)) => card::card(paper, settings, notice)?,
        (View::Snooze(days), Some(notice)) => lists::snooze(paper, settings, notice, days)?,
        (View::Menu(entry), Some(notice)) => lists::menu(paper, settings, notice, entry)?,
        (View::Why, Some(notice)) => card::why(paper, settings, notice)?,
        (View::ConfirmDone, Some(notice)) => message::confirm_done(paper, settings, notice)?,
        (View::ConfirmRefuse, Some(_)) => message::confirm_refuse(paper, settings)?,
    }
    Ok(paper.cut)
}

/// Whether the notice is to be seen at once: overdue, or due and about safety; a recall is so too, as the cloud gives it a level.
fn is_urgent(notice: &Notice) -> bool {
    let level = notice.level.unwrap_or(Level::Scheduled);
    notice.kind != NoticeKind::Offer
        && (level == Level::Overdue || level == Level::Due && notice.safety == SafetyClass::Safety)
}
