//! What the accounts of the boards' memories are made of: places, and for build scripts the linker's view of them.
//!
//! Invariant: a board's image, its boot loader, the linker and the bench all read one account, so that they never differ.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "linker")]
extern crate std;

#[cfg(feature = "linker")]
pub mod linker;
mod place;

pub use place::Place;
