//! What follows from a vehicle's state: reminders, answers, completions, offers, timers.
//!
//! Pure functions over one vehicle; time, texts and draws are arguments, and what has to leave the vehicle is collected in [`Effects`].
//! Invariant: each (item, cycle, level) is raised once, and an answer anywhere reaches every surface.

mod answers;
mod collection;
mod configuration;
mod desktop;
mod detected;
mod effects;
mod evaluate;
mod family;
mod handover;
mod intents;
mod journey;
mod offers;
mod outcomes;
mod planning;
mod presenting;
mod recalls;
mod records;
mod reminders;
mod services;
mod snoozes;
#[cfg(test)]
mod tests;

pub use collection::collection_record;
pub use configuration::configuration_record;
pub use effects::Effects;
pub use evaluate::{Rules, evaluate};
pub use intents::{carry_out, introduce};
pub use journey::{JourneyRules, OtherCars, advance, contacts, journey_record};
pub use offers::{Around, Method, OfferRules, stage_name, tried, would_do};
pub use planning::modernise;
pub use records::{notice_record, update_record};
