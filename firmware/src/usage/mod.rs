//! What the car does, derived from signals: trips, counters, battery, tyres, energy.

pub mod latest;
