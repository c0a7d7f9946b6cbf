//! Draws every screen that has a snapshot into one PNG: `cargo run -p milepost-display --example gallery -- FILE.png`.

#[path = "../tests/it/cases.rs"]
mod cases;
#[path = "../tests/it/panel.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod panel;

use std::error::Error;

use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::{DrawTargetExt, Point, Size};
use milepost_display::{HEIGHT, WIDTH};

const COLUMNS: usize = 4;
const GAP: u32 = 12;

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("name the file to write: gallery FILE.png")?;
    let cases = cases::all();
    let rows = cases.len().div_ceil(COLUMNS) as u32;
    let (width, height) = (GAP + COLUMNS as u32 * (WIDTH + GAP), GAP + rows * (HEIGHT + GAP));
    let mut gallery = panel::Panel::new(width, height, Rgb888::new(0x80, 0x80, 0x80));
    for (index, case) in cases.iter().enumerate() {
        let [column, row] = [index % COLUMNS, index / COLUMNS].map(|at| at as u32);
        let at = Size::new(GAP + column * (WIDTH + GAP), GAP + row * (HEIGHT + GAP));
        let Ok(()) = case.draw(&mut gallery.translated(Point::zero() + at));
    }
    std::fs::write(file, gallery.to_png())?;
    Ok(())
}
