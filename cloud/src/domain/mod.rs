//! What the service knows: vehicles, notices, decisions, and who did what.
//!
//! Plain data with pure functions over it.
//! Invariant: nothing here reads a clock, awaits or knows the store.

mod actor;
mod book;
mod change;
mod collection;
mod configuration;
mod family;
mod forgetting;
mod intent;
mod made;
mod moment;
mod notice;
mod programme;
mod questions;
mod recall;
#[cfg(test)]
mod tests;
mod texts;
mod vehicle;

pub use actor::{AccountId, Actor};
pub use book::{
    BookItem, ChosenPlan, Entry, IMPORTED, MAX_ENTRIES, OTHER_WORK, Remarks, Service, ServiceBook, detected,
};
pub use change::{Change, ChangeKind};
pub use collection::{Collection, DecidedPlan, ReportedPlan};
pub use configuration::{Agreement, Configuration, Decision, MAX_COUNTERS_EVERY_S, Reported, Sent, Wanted};
pub use family::{Family, FamilyChange, FamilyRole, Grant, MAX_FAMILY, Member, Right};
pub use forgetting::names;
pub use intent::{Imported, Intent, IntentError, Outcome};
pub use made::{Made, Planned};
pub use milepost_engine::plan::Powertrain;
pub use moment::Moment;
pub use notice::{NoticeDoc, Seen, Subject, Transition};
pub use programme::{Figures, ProgrammeStep};
pub use questions::{Asked, Question, Reply};
pub use recall::Recall;
pub use texts::{NoticeText, Texts};
pub use vehicle::{Anchoring, ConsentChange, Counts, Decided, Profile, Vehicle};
