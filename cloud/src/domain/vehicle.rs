//! The vehicle aggregate: one document, changed only by the committer.
//!
//! Invariant: [`Vehicle::revision`] rises with every commit, and [`ServicePlan::version`] and [`Consent::version`] with every change of theirs.

use std::collections::BTreeMap;

use milepost_engine::due::{Standing, stand};
use milepost_engine::journey::Journey;
use milepost_engine::maintenance::Assessment;
use milepost_engine::numbers::Received;
use milepost_engine::offers::Ledger;
use milepost_engine::offers::segments::Standing as Segments;
use milepost_engine::plan::Powertrain;
use milepost_engine::rollout::DeviceUpdate;
use milepost_engine::urgency::Urgency;
use milepost_engine::usage::VehicleState;
use milepost_engine::vin::Vin;
use milepost_protocol::downlink::{Consent, Purposes};
use milepost_protocol::envelope::ClockQuality;
use milepost_protocol::plan::{Anchor, ItemId, PlanItem, ServicePlan};
use milepost_protocol::{DeviceId, NoticeId};
use serde::{Deserialize, Serialize};

use super::{AccountId, Actor, Asked, BookItem, Collection, Configuration, Family, NoticeDoc, Planned, ServiceBook};

/// What people call the vehicle, and where it lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// What the owner sees as its name, such as `VW Golf`.
    pub model_name: String,
    /// The vehicle identification number, where the owner has told it; it chooses the plan and is never the device's identity.
    pub vin: Option<Vin>,
    /// The model year, where known.
    pub model_year: Option<u16>,
    /// How it is driven.
    pub powertrain: Powertrain,
    /// When it was first registered, in milliseconds of Unix time; 0 is unknown.
    pub registered_ms: u64,
    /// The IANA time zone that its days and quiet hours follow.
    pub time_zone: String,
    /// The language of its display, as a BCP 47 tag.
    pub locale: String,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            model_name: String::new(),
            vin: None,
            model_year: None,
            powertrain: Powertrain::default(),
            registered_ms: 0,
            time_zone: "Europe/Berlin".to_owned(),
            locale: "en".to_owned(),
        }
    }
}

/// The consent changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentChange {
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// By whom.
    pub by: Actor,
    /// The consent from then on.
    pub consent: Consent,
}

/// A service item began a new cycle, or went back to the one before, as older documents have it; the service book takes it over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchoring {
    /// When it was told, in milliseconds of Unix time.
    pub at_ms: u64,
    /// By whom.
    pub by: Actor,
    /// The item.
    pub item: ItemId,
    /// Where the cycle stood before.
    pub from: Anchor,
    /// Where it stands since.
    pub to: Anchor,
    /// The notices that the completion closed as done; an undo opens the last of them again.
    #[serde(default)]
    pub closed: Vec<NoticeId>,
    /// Whether it was taken back.
    #[serde(default)]
    pub undone: bool,
}

/// What was counted while the vehicle's records came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Envelopes that held at least one new record.
    pub envelopes: u64,
    /// Records committed.
    pub records: u64,
    /// Records that had been committed before.
    pub duplicates: u64,
    /// Records of kinds that this build does not know; they are kept.
    pub unknown_kinds: u64,
    /// Records whose time lay too far ahead of the service's clock and was clamped.
    pub clamped: u64,
    /// Envelopes that did not decode and were set aside.
    pub quarantined: u64,
    /// Answers to notices that do not exist here or are closed; they are kept as records and change nothing.
    pub stray_answers: u64,
}

/// When offers were decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// The last time, in milliseconds of Unix time.
    pub at_ms: u64,
    /// The next time if nothing else happens.
    pub again_at_ms: u64,
    /// Whether anything but nothing could have been chosen; then asking anew before its time would draw twice.
    #[serde(default)]
    pub had_choice: bool,
}

/// Everything that is known about one vehicle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Vehicle {
    /// The identity.
    pub device: DeviceId,
    /// How many commits changed it.
    #[serde(default)]
    pub revision: u64,
    /// When the service first heard of it, in milliseconds of Unix time.
    #[serde(default)]
    pub created_ms: u64,
    /// Name and place.
    #[serde(default)]
    pub profile: Profile,
    /// Whose it is.
    #[serde(default)]
    pub owner: Option<AccountId>,
    /// Who else may see it, by its owner's word.
    #[serde(default, skip_serializing_if = "Family::is_empty")]
    pub family: Family,
    /// Which record numbers are committed.
    #[serde(default)]
    pub received: Received,
    /// What the records add up to.
    #[serde(default)]
    pub state: VehicleState,
    /// The items that the car was sent: those of the service book that matter next.
    #[serde(default)]
    pub plan: ServicePlan,
    /// The service book.
    #[serde(default)]
    pub book: ServiceBook,
    /// Completions of a document from before there was a service book.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub anchorings: Vec<Anchoring>,
    /// Notices by id.
    #[serde(default)]
    pub notices: BTreeMap<NoticeId, NoticeDoc>,
    /// What its data may be used for.
    pub consent: Consent,
    /// How the consent came about, oldest first.
    #[serde(default)]
    pub consent_history: Vec<ConsentChange>,
    /// Which offers were made and what became of them.
    #[serde(default)]
    pub offers: Ledger,
    /// When offers were last decided on and when to decide again if nothing else happens, in milliseconds of Unix time.
    #[serde(default)]
    pub decided: Option<Decided>,
    /// What was drawn for later.
    #[serde(default)]
    pub planned: Option<Planned>,
    /// The segments that it belongs to, while its owner allows personalised offers.
    #[serde(default)]
    pub segments: Segments,
    /// When segments and advice were last looked at, in milliseconds of Unix time.
    #[serde(default)]
    pub looked_ms: u64,
    /// The number of the next decision.
    #[serde(default)]
    pub next_decision: u64,
    /// The number of the next recall, or other information, that is told.
    #[serde(default)]
    pub next_information: u32,
    /// The number of the next message to the car.
    #[serde(default)]
    pub next_message: u64,
    /// The number of the next command to the car.
    #[serde(default)]
    pub next_command: u32,
    /// What its owner was asked and has told.
    #[serde(default)]
    pub asked: Asked,
    /// What touched the owner with it, and which programmes run.
    #[serde(default)]
    pub journey: Journey,
    /// When something changes by itself next.
    #[serde(default)]
    pub timer_ms: Option<u64>,
    /// How soon an advisor should look at it, and why.
    #[serde(default)]
    pub urgency: Urgency,
    /// What is known of the device's firmware.
    #[serde(default)]
    pub update: DeviceUpdate,
    /// How the device shall behave, and does.
    #[serde(default)]
    pub configuration: Configuration,
    /// Which signals the device shall collect, and does.
    #[serde(default)]
    pub collection: Collection,
    /// How far the device's clock could be trusted in its newest envelope.
    #[serde(default)]
    pub clock: Option<ClockQuality>,
    /// What was counted.
    #[serde(default)]
    pub counts: Counts,
}

impl Vehicle {
    /// A vehicle that nothing is known of yet, with the consent that running the service needs and no more.
    pub fn new(device: DeviceId, now_ms: u64) -> Self {
        Self {
            device,
            revision: 0,
            created_ms: now_ms,
            profile: Profile::default(),
            owner: None,
            family: Family::new(),
            received: Received::default(),
            state: VehicleState::default(),
            plan: ServicePlan::default(),
            book: ServiceBook::default(),
            anchorings: Vec::new(),
            notices: BTreeMap::new(),
            consent: Consent { version: 1, purposes: Purposes::FUNCTION },
            consent_history: Vec::new(),
            offers: Ledger::default(),
            decided: None,
            planned: None,
            segments: Segments::default(),
            looked_ms: 0,
            next_decision: 0,
            next_information: 0,
            next_message: 0,
            next_command: 0,
            asked: Asked::default(),
            journey: Journey::default(),
            timer_ms: None,
            urgency: Urgency::default(),
            update: DeviceUpdate::default(),
            configuration: Configuration::default(),
            collection: Collection::default(),
            clock: None,
            counts: Counts::default(),
        }
    }

    /// The score that orders the advisor's list.
    pub fn score(&self) -> u16 {
        u16::try_from(self.urgency.score).unwrap_or(u16::MAX)
    }

    /// All service items with their present cycles, also those that do not apply.
    pub fn items(&self) -> Vec<PlanItem> {
        if self.book.items.is_empty() {
            // A document from before there was a service book, which the next commit gives it.
            return self.plan.items.to_vec();
        }
        self.book.items.iter().map(BookItem::planned).collect()
    }

    /// The item with this number.
    pub fn item(&self, item: ItemId) -> Option<PlanItem> {
        self.items().into_iter().find(|candidate| candidate.rule.item == item)
    }

    /// Where every item that can fall due stands at `now_ms`.
    pub fn standings(&self, now_ms: u64) -> Vec<Standing> {
        let extra = |item: ItemId| self.book.item(item).map(|known| known.extra).unwrap_or_default();
        let counts = |item: &PlanItem| self.book.item(item.rule.item).is_none_or(BookItem::counts);
        let items = self.items().into_iter().filter(counts);
        items.map(|item| stand(&item, &extra(item.rule.item), &self.state, now_ms)).collect()
    }

    /// Their assessments alone.
    pub fn assessments(&self, now_ms: u64) -> Vec<Assessment> {
        self.standings(now_ms).into_iter().map(|standing| standing.assessment).collect()
    }

    /// Whether it was told of a recall campaign.
    pub fn was_told_of(&self, campaign: &str) -> bool {
        let of = |notice: &NoticeDoc| notice.recall.as_ref().is_some_and(|recall| recall.campaign == campaign);
        self.notices.values().any(of)
    }

    /// All notices, the newest first.
    pub fn newest_notices(&self) -> Vec<&NoticeDoc> {
        let mut notices: Vec<_> = self.notices.values().collect();
        notices.sort_by_key(|notice| std::cmp::Reverse(notice.raised_ms()));
        notices
    }

    /// The notices that ask for attention at `now_ms`, by id.
    pub fn open_notices(&self, now_ms: u64) -> impl Iterator<Item = &NoticeDoc> {
        self.notices.values().filter(move |notice| notice.state().is_open(now_ms))
    }
}
