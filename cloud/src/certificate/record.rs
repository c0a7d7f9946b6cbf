//! What a car's document says to a buyer.
//!
//! Invariant: a record that was taken back does not stand in it, and what only the owner says is told apart from what others
//! vouch for.

use milepost_engine::service_book::{Kind, Source};
use milepost_protocol::plan::{ItemId, Level};
use milepost_protocol::trouble::TroubleStatus;

use crate::domain::{OTHER_WORK, Vehicle};

/// Work that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// When, in milliseconds of Unix time.
    pub at_ms: u64,
    /// The odometer then, in metres.
    pub odometer_m: Option<u32>,
    /// The item, or [`OTHER_WORK`].
    pub item: ItemId,
    /// What was done, in the words of whoever wrote it.
    pub title: String,
    /// Where.
    pub place: String,
    /// Who says so.
    pub source: Source,
    /// Whether its odometer is larger than that of later work.
    pub contradicted: bool,
}

impl Work {
    /// Whether somebody else than the owner says so.
    pub fn is_vouched(&self) -> bool {
        self.source != Source::Owner
    }
}

/// A car's record.
#[derive(Debug, Clone, PartialEq)]
pub struct Certificate {
    /// When it was read, in milliseconds of Unix time.
    pub at_ms: u64,
    /// The odometer as the car itself told it, in metres, and when, in milliseconds of Unix time.
    pub odometer: Option<(u32, u64)>,
    /// How many readings of the odometer were not believed, because they fell or jumped.
    pub disbelieved: usize,
    /// The work, the newest first.
    pub works: Vec<Work>,
    /// Items that are due or overdue, the worst first.
    pub due: Vec<(ItemId, Level)>,
    /// The campaigns of recalls that are open.
    pub recalls: Vec<String>,
    /// Trouble codes that stand.
    pub troubles: Vec<String>,
    /// The traction battery's share of its new capacity, where it is known.
    pub battery: Option<f32>,
    /// How often the car changed hands while it was with us.
    pub hands: usize,
    /// Since when the service has known the car, in milliseconds of Unix time.
    pub since_ms: u64,
}

impl Certificate {
    /// The record of a car at a moment.
    pub fn of(vehicle: &Vehicle, now_ms: u64) -> Self {
        let state = &vehicle.state;
        let odometer = state.totals.odometer_m.map(|metres| (metres, state.totals.odometer_at_ms));
        let due = vehicle.assessments(now_ms).into_iter().filter(|one| one.level >= Level::Due);
        let mut due: Vec<_> = due.map(|one| (one.item, one.level)).collect();
        due.sort_by_key(|(item, level)| (std::cmp::Reverse(*level), *item));
        let open = vehicle.notices.values().filter(|notice| !notice.state().is_final());
        let stands = |status| matches!(status, TroubleStatus::Confirmed | TroubleStatus::Permanent);
        let codes = state.troubles.iter().filter(|trouble| stands(trouble.status));
        let handed = |kind: &Kind| matches!(kind, Kind::Transferred | Kind::Sold);
        Self {
            at_ms: now_ms,
            odometer,
            disbelieved: state.odometer.faults.len(),
            works: works(vehicle, odometer.map(|(metres, _)| metres)),
            due,
            recalls: open.filter_map(|notice| Some(notice.recall.as_ref()?.campaign.clone())).collect(),
            troubles: codes.map(|trouble| trouble.code.to_string()).collect(),
            battery: state.healths.back().map(|health| health.share),
            hands: vehicle.book.entries.iter().filter(|entry| handed(&entry.event.kind)).count(),
            since_ms: vehicle.created_ms,
        }
    }

    /// How many records somebody vouches for.
    pub fn vouched(&self) -> usize {
        self.works.iter().filter(|work| work.is_vouched()).count()
    }

    /// How many records contradict a later one.
    pub fn contradicted(&self) -> usize {
        self.works.iter().filter(|work| work.contradicted).count()
    }
}

fn works(vehicle: &Vehicle, present_m: Option<u32>) -> Vec<Work> {
    let stands = vehicle.book.services().into_iter().filter(|service| service.stands);
    let mut least_m = present_m.unwrap_or(u32::MAX);
    let work = |service: crate::domain::Service| {
        // From the newest backwards, the odometer must not rise.
        let contradicted = service.done.odometer_m.is_some_and(|metres| metres > least_m);
        if let Some(metres) = service.done.odometer_m.filter(|_| !contradicted) {
            least_m = metres;
        }
        let title = if service.item == OTHER_WORK { service.remarks.title } else { String::new() };
        Work {
            at_ms: service.done.at_ms,
            odometer_m: service.done.odometer_m,
            item: service.item,
            title,
            place: service.remarks.place,
            source: service.source,
            contradicted,
        }
    };
    stands.map(work).collect()
}
