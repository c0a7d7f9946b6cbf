//! The real binary, killed.
