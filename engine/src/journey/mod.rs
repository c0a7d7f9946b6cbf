//! Journeys that can be seen: what touched an owner, where they probably stand, and which programme tells them what next.
//!
//! Contacts, stages and programmes are plain data and free functions; time, facts and consent are arguments.
//! Invariant: events count as a set, so that neither their order nor how often each comes changes a state; whoever has left
//! a programme stays out of it until they join again; and a step is told at most once in each run.

mod audit;
mod calendar;
mod check;
mod condition;
mod error;
mod event;
mod file;
mod message;
mod programme;
mod run;
mod stage;
mod state;
#[cfg(test)]
mod tests;
mod touchpoint;

pub use audit::{Audit, FOLLOWS_DAYS, Figure, Line, Person, Returns, audit, behind, dealer_returns, returns};
pub use calendar::{Date, days_until, next_monthly, next_yearly};
pub use condition::{Condition, Facts};
pub use error::{ProgrammeError, Wrong};
pub use event::{Event, Events, Trigger};
pub use file::{BUILT_IN, read};
pub use message::Message;
pub use programme::{Cap, Entry, Programme, Programmes, Purpose, Step, Tell, Wait};
pub use run::{Due, Ended, Held, Log, Run, What, World};
pub use stage::{Estimate, Evidence, Share, Signal, Stage, estimate};
pub use state::{Journey, Membership, Telling};
pub use touchpoint::{Cause, Contact, Direction, Met, Outcome, Scene, Touchpoint};
