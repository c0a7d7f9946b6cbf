//! What an owner's pages share: the frame, the message after a form, and the note that a notice was seen.
//!
//! Invariant: it knows no single page.

use milepost_engine::journey::{Cause, Contact, Direction, Outcome, Scene, Touchpoint, Trigger};
use milepost_protocol::notice::NoticeKind;
use milepost_protocol::plan::ItemId;
use serde::Deserialize;

use super::page::{Page, Section};
use super::view::{Flash, vehicle_name};
use super::{AppState, Reader};
use crate::accounts::Owner;
use crate::api::Problem;
use crate::domain::{Intent, Right, Vehicle};
use crate::i18n::{Format, item_name};

/// How long looking at pages counts as one visit.
const VISIT_AGAIN_MS: u64 = 3_600_000;

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
            "offer-fewer" | "tip-fewer" => ("flash-offer-fewer", None),
            "tip-done" => ("flash-tip-read", None),
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
            "programmes" => ("flash-programmes", None),
            "told" => ("flash-told", None),
            "asked-later" => ("flash-asked-later", None),
            "asked-never" => ("flash-asked-never", None),
            "certificate-ended" => ("flash-certificate-ended", None),
            "push" => ("flash-push", None),
            "asked" => ("flash-asked", None),
            "session" => ("flash-session-ended", None),
            "home-link" => ("flash-home-link", None),
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

/// Notes that the owner looked at a page, at most once an hour; a failure is logged and costs the reader nothing.
pub(crate) async fn visited(state: &AppState, owner: &Owner, vehicle: &Vehicle, page: &str) {
    if !owner.has(vehicle, Right::Own) {
        return;
    }
    let now_ms = state.now_ms();
    let last = vehicle.journey.newest(Trigger::PageVisited);
    if last.is_some_and(|last| now_ms.saturating_sub(last.at_ms) < VISIT_AGAIN_MS) {
        return;
    }
    let contact = Contact {
        at_ms: now_ms,
        touchpoint: Touchpoint::Account,
        direction: Direction::Inbound,
        scene: Scene { place: page.to_owned(), ..Scene::default() },
        cause: Cause::Own,
        thread: page.to_owned(),
        cost_cents: 0,
        outcome: Outcome::Talked,
    };
    if let Err(error) = state.service.submit(&vehicle.device, Intent::Contact { contact }, owner.actor()).await {
        tracing::warn!(vehicle.id = %vehicle.device, %error, "a page's visit could not be recorded");
    }
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
