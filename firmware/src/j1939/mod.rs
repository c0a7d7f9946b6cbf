//! SAE J1939: parameter groups of 29-bit identifiers, their transport over several frames, and diagnostic messages.
//!
//! Invariant: total over all frames; only listening, so nothing here answers a transport that others run.

mod diagnostic;
mod identifier;
mod transport;

pub use diagnostic::{Diagnostic, Lamp, LampState, TroubleEntry};
pub use identifier::{GLOBAL, Identifier};
pub use transport::{Assembler, Assembly, Fault, MAX_LEN};
