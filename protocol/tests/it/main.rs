//! What the protocol promises to devices and services of other ages: golden vectors, evolution, and no panic on any bytes.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod cases;
mod evolution;
mod files;
mod malformed;
mod oracle;
mod round_trip;
mod series;
mod vectors;
