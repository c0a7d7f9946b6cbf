//! How a firmware image reaches a fleet: wave by wave, judged by what the devices report after their restart.
//!
//! Invariant: a wave begins only when the one before it has ended well, and a rollout that has stopped never offers again.

mod device;
mod gates;
mod step;
#[cfg(test)]
mod tests;
mod waves;

pub use device::{DeviceUpdate, LastHealth, Offered, Phase, VersionHealth};
pub use gates::{Baseline, Failure, Gates, judge};
pub use step::{Observed, Standing, Step, Tally, standing, step};
pub use waves::{ApproveError, LocalWindow, PauseReason, Rollout, Settings, State, StopReason, Wave};
