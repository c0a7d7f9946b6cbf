//! The gateway as a whole: its files, its link against a broker that misbehaves, its fleet, and the real binary being killed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::large_futures, reason = "tests run on threads with room")]

mod broker;
mod consumption;
mod decode;
mod diagnostics;
mod flash_file;
mod fleet;
mod kill;
mod link;
mod log;
mod offline;
mod usage;
