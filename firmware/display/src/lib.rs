//! What the driver sees of a notice, and how two buttons answer it.
//!
//! [`Display`] takes the time, the buttons and what the core shows, and draws into any `embedded-graphics` target through a [`Strip`].
//! It works without a clock, an executor, a panel or an allocator of its own.
//! Invariant: while the car moves nothing is drawn but black and no button does anything.

#![no_std]

mod buttons;
mod display;
mod face;
mod figures;
mod ink;
mod interaction;
mod palette;
mod paper;
mod scene;
mod strip;
mod tables;
mod wording;
mod words;

pub use buttons::{ButtonPair, Buttons};
pub use display::{Display, Settings};
pub use figures::DistanceUnit;
pub use ink::Ink;
pub use interaction::{Car, Entry, Interaction, View};
pub use palette::{Light, Mood, Palette};
pub use scene::{draw, mood};
pub use strip::{STRIP_BYTES, Strip};
pub use words::Language;

/// The panel's width in pixels.
pub const WIDTH: u32 = 320;

/// The panel's height in pixels.
pub const HEIGHT: u32 = 240;
