//! Where a service item stands by everything that is known of a car, and when it will fall due.
//!
//! [`crate::maintenance`] judges by what the device itself counts; here the part's measured wear, its charges, its own odometer
//! and what the car's service computer says count too, and the history of use foretells the date with the band that holds four times of five.
//! Invariant: what counts here beside the rule only ever brings an item forward, so that nothing that the car tells is
//! taken back; the assessment's reasons name what decides first.

mod forecast;
mod reported;
mod standing;
#[cfg(test)]
mod tests;

pub use forecast::{Forecast, forecast, history};
pub use reported::Reported;
pub use standing::{Charges, Extra, Standing, stand};
