//! What is decided: when service falls due, what a car's records add up to, which offer is made and why.
//!
//! Invariant: nothing here reads a clock, holds randomness, waits or stores; time and draws are arguments, so the same
//! input gives the same answer in the car, in the cloud and in a replay years later.
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod battery;
pub mod consent;
pub mod maintenance;
pub mod plan;

#[cfg(feature = "alloc")]
pub mod attribution;
#[cfg(feature = "alloc")]
pub mod booking;
#[cfg(feature = "alloc")]
pub mod channels;
#[cfg(feature = "alloc")]
pub mod condition;
#[cfg(feature = "alloc")]
pub mod due;
#[cfg(feature = "alloc")]
pub mod evaluation;
#[cfg(feature = "alloc")]
pub mod experiments;
#[cfg(feature = "alloc")]
pub mod health;
#[cfg(feature = "alloc")]
pub mod journey;
#[cfg(feature = "alloc")]
pub mod located;
#[cfg(feature = "alloc")]
pub mod numbers;
#[cfg(feature = "alloc")]
pub mod offers;
#[cfg(feature = "alloc")]
pub mod plans;
#[cfg(feature = "alloc")]
pub mod policy;
#[cfg(feature = "alloc")]
pub mod projection;
#[cfg(feature = "alloc")]
pub mod random;
#[cfg(feature = "alloc")]
pub mod rollout;
#[cfg(feature = "alloc")]
pub mod service_book;
#[cfg(feature = "alloc")]
pub mod service_computer;
#[cfg(feature = "alloc")]
mod special;
#[cfg(feature = "alloc")]
pub mod sweep;
#[cfg(feature = "alloc")]
pub mod trouble;
#[cfg(feature = "alloc")]
pub mod uplift;
#[cfg(feature = "alloc")]
pub mod urgency;
#[cfg(feature = "alloc")]
pub mod usage;
#[cfg(feature = "alloc")]
pub mod vin;

#[cfg(test)]
mod recorded;
