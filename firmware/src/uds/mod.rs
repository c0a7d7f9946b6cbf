//! Unified diagnostic services (ISO 14229): what a tester asks a control unit, and what it answers.
//!
//! Invariant: only services that read, or keep a session that reads, are spoken; nothing here writes, clears, resets or unlocks.

mod exchange;
mod request;
mod response;

pub use exchange::{Exchange, Patience, Progress, SessionKeeper};
pub use request::{DtcReport, Request, RequestBytes};
pub use response::{DtcRecord, NegativeCode, Response, records};
