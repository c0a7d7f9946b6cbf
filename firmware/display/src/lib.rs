//! What the driver sees of a notice, and how two buttons answer it.
//!
//! [`Display`] takes the time, the buttons and what the core shows, and draws into any `embedded-graphics` target through a [`Strip`].
//! It works without a clock, an executor, a panel or an allocator of its own.
//!
//! ```
//! # use embedded_graphics::{pixelcolor::{Rgb565, Rgb888}, prelude::DrawTarget};
//! # use milepost_display::{Buttons, Car, Display, Strip};
//! # use milepost_protocol::notice::Notice;
//! fn pass<D: DrawTarget<Color = Rgb565>>(
//!     display: &mut Display,
//!     strip: &mut Strip,
//!     panel: &mut D,
//!     now_ms: u64,
//!     buttons: Buttons,
//!     stands: bool,
//!     notice: Option<&Notice>,
//! ) -> Result<(), D::Error> {
//!     let car = if stands { Car::Standing(notice) } else { Car::Moving };
//!     if let Some((_id, _answer)) = display.step(now_ms, buttons, car) {
//!         // The host hands both to the core, which keeps them in flash until the cloud has them.
//!     }
//!     if display.is_stale() { display.draw(strip, panel) } else { Ok(()) }
//! }
//! ```
//!
//! Invariant: while the car moves nothing is drawn but black and no button does anything.

#![no_std]

mod bits;
mod buttons;
mod display;
mod face;
mod figures;
mod grown;
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

/// A place on the panel.
const fn point(x: u32, y: u32) -> embedded_graphics::prelude::Point {
    embedded_graphics::prelude::Point::new(x.cast_signed(), y.cast_signed())
}
