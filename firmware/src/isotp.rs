//! isotp
