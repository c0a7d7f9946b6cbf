//! Candles on a birthday letter: as many as years.
//!
//! Invariant: every candle is drawn, in as many rows as they take, or the letter is refused as too long.

use krilla::geom::{Path, PathBuilder, Rect};
use krilla::surface::Surface;

/// How many stand in one row.
const A_ROW: u32 = 24;

/// A candle's width, its height with the flame, and the distance from one to the next, in points.
const WIDTH: f32 = 5.0;
const HEIGHT: f32 = 34.0;
const STEP: f32 = 18.0;

/// The height that so many candles take, in points.
pub(super) fn height(count: u32) -> f32 {
    count.div_ceil(A_ROW) as f32 * (HEIGHT + 10.0)
}

/// Draws candles below `y`, from `x` on.
pub(super) fn draw(surface: &mut Surface<'_>, count: u32, x: f32, y: f32) {
    for candle in 0..count {
        let left = x + (candle % A_ROW) as f32 * STEP;
        let top = y + (candle / A_ROW) as f32 * (HEIGHT + 10.0);
        if let Some(path) = one(left, top) {
            surface.draw_path(&path);
        }
    }
}

/// A candle: its body, and a flame above it.
fn one(left: f32, top: f32) -> Option<Path> {
    let mut path = PathBuilder::new();
    path.push_rect(Rect::from_xywh(left, top + 12.0, WIDTH, HEIGHT - 12.0)?);
    let middle = left + WIDTH / 2.0;
    path.move_to(middle, top);
    path.quad_to(middle + 4.0, top + 6.0, middle, top + 10.0);
    path.quad_to(middle - 4.0, top + 6.0, middle, top);
    path.close();
    path.finish()
}
