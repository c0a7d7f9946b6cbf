//! The newest value of every signal.

use milepost_protocol::signal::CATALOGUE;

/// As many signals as the catalogue names.
pub const MAX_SIGNALS: usize = CATALOGUE.len();
