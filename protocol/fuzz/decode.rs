//! The fuzz target over both decoders; `cargo xtask fuzz` builds and runs it.
#![no_main]

#[path = "../tests/it/oracle.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| oracle::check(bytes));
