//! The firmware engineer's pages: devices with their logs, settings, updates and certificates, without owners or positions.
//!
//! Invariant: what an engineer asks for goes the same way as from the command line: through intents, and through [`crate::firmware`].

mod certificates;
mod collection;
mod device;
mod devices;
mod find;
mod images;
mod log;
mod receipts;
mod rejects;
mod rollouts;
mod serials;
mod settings;
mod undelivered;

pub(crate) use collection::save as collect;
pub(crate) use device::{live_parts, show as device};
pub(crate) use devices::show as devices;
pub(crate) use find::{Filter, find};
pub(crate) use images::draft;
pub(crate) use log::{LogFilter, level_name, level_named};
pub(crate) use receipts::{download, key, list as receipts, show as receipt};
pub(crate) use rejects::{MOST as MOST_REJECTS, list as rejects, show as reject};
pub(crate) use rollouts::{act, list as rollouts, show as rollout};
pub(crate) use serials::show as serials;
pub(crate) use settings::save as configure;
pub(crate) use undelivered::{retry, show as undelivered};
