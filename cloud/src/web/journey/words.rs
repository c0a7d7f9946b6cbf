//! Journeys in words.

use milepost_engine::journey::{Cause, Contact, Direction, Met, Stage};
use milepost_protocol::plan::ItemId;

use crate::i18n::{Format, item_name};
use crate::web::view::OfferNames;

/// A programme's name; one of an installation's own goes by its name.
pub(super) fn programme(format: &Format, name: &str) -> String {
    let key = format!("programme-name-{name}");
    if format.localizer.has(&key) { format.localizer.text(&key) } else { name.to_owned() }
}

/// A stage's name.
pub(super) fn stage(format: &Format, stage: Stage) -> String {
    format.localizer.text(&format!("stage-{}", stage.name().replace('_', "-")))
}

/// What a contact was about.
pub(super) fn cause(format: &Format, names: &OfferNames, cause: &Cause) -> String {
    match cause {
        Cause::Reminder(item) => item_name(format.localizer, ItemId(*item)),
        Cause::Offer(offer) => names.get(*offer, format),
        Cause::Programme { programme: name, .. } => programme(format, name),
        other => format.localizer.text(&format!("cause-{}", other.name())),
    }
}

/// A touchpoint's name, from its stored one.
pub(super) fn touchpoint(format: &Format, name: &str) -> String {
    format.localizer.text(&format!("touchpoint-{}", name.replace('_', "-")))
}

/// What came of a contact.
pub(super) fn outcome(format: &Format, contact: &Contact) -> String {
    format.localizer.text(&format!("outcome-{}", contact.outcome.name().replace('_', "-")))
}

/// Who turned to whom.
pub(super) fn direction(format: &Format, direction: Direction) -> String {
    format.localizer.text(match direction {
        Direction::Outbound => "direction-outbound",
        Direction::Inbound => "direction-inbound",
    })
}

/// The scene in one line; empty if there is nothing to say.
pub(super) fn scene(format: &Format, contact: &Contact) -> String {
    let scene = &contact.scene;
    let met = if scene.met == Met::Nobody {
        String::new()
    } else {
        format.localizer.text(&format!("met-{}", scene.met.name()))
    };
    let parts = [met, scene.place.clone(), scene.note.clone()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// An amount from the hundredth of the currency.
pub(super) fn money(format: &Format, cents: u64) -> String {
    format.money(cents.cast_signed())
}
