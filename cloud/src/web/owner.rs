//! What an owner's pages share: the frame, the message after a form, and the note that a notice was seen.
//!
//! Invariant: it knows no single page.

use milepost_protocol::notice::NoticeKind;
use milepost_protocol::plan::ItemId;
use serde::Deserialize;

use super::page::{Page, Section};
use super::view::{Flash, vehicle_name};
use super::{AppState, Reader};
use crate::accounts::Owner;
use crate::api::Problem;
use crate::domain::{Right, Vehicle};
use crate::i18n::{Format, item_name};

/// What the last form led to, as the address carries it. Only known words say anything.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Did {
    #[serde(default)]
    pub(super) did: String,
    pub(super) item: Option<u16>,
}

impl Did {
    /// What a form led to, by its word.
    pub(crate) fn new(did: &str) -> Self {
        Self { did: did.to_owned(), item: None }
    }

    /// Whether it is this word.
    pub(crate) fn is(&self, word: &str) -> bool {
        self.did == word
    }

    /// The message, if there is one.
    pub(crate) fn flash(&self, format: &Format) -> Option<Flash> {
        let localizer = format.localizer;
        let (key, undo) = match self.did.as_str() {
            "snooze" => ("flash-snoozed", None),
            "book" => ("flash-booked", None),
            "done" => ("flash-done", None),
            "refuse" => ("flash-refused", None),
            "undone" => ("flash-undone", None),
            "offer-book" => ("flash-offer-taken", None),
            "offer-refuse" => ("flash-offer-refused", None),
            "offer-fewer" => ("flash-offer-fewer", None),
            "recorded" => ("flash-recorded", None),
            "attached" => ("flash-attached", None),
            "detached" => ("flash-detached", None),
            "edited" => ("flash-edited", None),
            "erased" => ("flash-erased", None),
            "restored" => ("flash-restored", None),
            "imported" => ("flash-imported", None),
            "applies" => ("flash-applies", None),
            "set-aside" => ("flash-set-aside", None),
            "car" => ("flash-car", None),
            "invited" => ("flash-invited", None),
            "regranted" => ("flash-regranted", None),
            "dismissed" => ("flash-dismissed", None),
            "withdrawn" => ("flash-withdrawn", None),
            "left" => ("flash-left", None),
            "consent" => ("flash-consent", None),
            "preferences" => ("flash-preferences", None),
            "channels" => ("flash-channels", None),
            "push" => ("flash-push", None),
            "asked" => ("flash-asked", None),
            "session" => ("flash-session-ended", None),
            "token" => ("flash-token", None),
            "token-revoked" => ("flash-token-revoked", None),
            "complete" => {
                let item = self.item?;
                let name = item_name(localizer, ItemId(item));
                return Some(Flash {
                    text: localizer.with("flash-completed", [("item", name.into())]),
                    undo: Some(item),
                });
            }
            _ => return None,
        };
        Some(Flash { text: localizer.text(key), undo })
    }
}

/// The frame around one of an owner's pages.
pub(crate) async fn owner_page(
    state: &AppState,
    owner: &Owner,
    reader: &Reader,
    vehicle: &Vehicle,
    title_key: &str,
    section: Section,
) -> Result<Page, Problem> {
    let account = &owner.0.account;
    let vehicles = state.service.vehicles_for(&account.id).await?;
    let mut page = Page::of(reader, account, title_key, section).with_vehicles(&vehicles, Some(vehicle), section);
    if section == Section::Home {
        page.title = vehicle_name(page.localizer, vehicle);
    }
    Ok(page)
}

/// Notes which open notices the account page has shown its owner; a failure is logged and costs the reader nothing.
///
/// That somebody else has seen a notice says nothing of its owner, who is still told by other channels.
pub(crate) async fn mark_seen(state: &AppState, owner: &Owner, vehicle: &Vehicle, kind: NoticeKind) {
    if !owner.has(vehicle, Right::Own) {
        return;
    }
    let now_ms = state.now_ms();
    let surface = owner.actor().surface();
    let unseen = vehicle
        .open_notices(now_ms)
        .filter(|notice| notice.subject.kind() == kind && !notice.seen().iter().any(|seen| Some(seen.on) == surface));
    for notice in unseen {
        if let Err(error) = state.service.seen(&vehicle.device, notice.id(), owner.actor()).await {
            tracing::warn!(vehicle.id = %vehicle.device, notice.id = %notice.id(), %error, "a notice could not be marked as seen");
        }
    }
}
