//! Stand-ins for the engine's types until its branch is merged.

pub use milepost_engine::{numbers, offers, usage};
