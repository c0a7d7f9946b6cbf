//! The panel's own memory within the emulated PSRAM: where it lies and what its words mean, for the image and for the test bench.
//!
//! All words have 32 bits, the lowest byte first. Invariant: the picture is whole while [`BEGUN`] and [`DRAWN`] are equal.

/// Where it begins, in bytes from the PSRAM's beginning: in the last of its 16 MiB, far behind the flash chip.
pub(crate) const START: usize = 15 << 20;

/// How many pictures this run has begun to draw.
pub(crate) const BEGUN: usize = 0;

/// The number of the newest picture that is whole.
pub(crate) const DRAWN: usize = 4;

/// 1 while the panel's light is on, 0 while it is off.
pub(crate) const LIGHT: usize = 8;

/// The pixels, row by row from the top left: a word for each, RGB565 in its lower half.
pub(crate) const PIXELS: usize = 16;

/// The bytes of a pixel.
pub(crate) const PIXEL_LEN: usize = 4;
