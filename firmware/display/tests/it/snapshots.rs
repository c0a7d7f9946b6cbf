//! Every screen, pixel by pixel, against the PNG in `snapshots/`.
//!
//! `MILEPOST_SNAPSHOTS=write cargo test -p milepost-display` writes them anew; look at them before they are committed.

use std::fs;
use std::path::{Path, PathBuf};

use embedded_graphics::pixelcolor::{Rgb565, Rgb888};
use embedded_graphics::prelude::{DrawTarget, OriginDimensions, PointsIter, RgbColor, Size};
use embedded_graphics::{Pixel, primitives::Rectangle};
use milepost_display::{Buttons, Car, Display, HEIGHT, STRIP_BYTES, Settings, Strip, WIDTH};

use crate::cases::{self, Driver};
use crate::panel::Panel;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots")
}

#[test]
fn every_screen_looks_as_its_snapshot() {
    let write = std::env::var("MILEPOST_SNAPSHOTS").is_ok_and(|value| value == "write");
    let mut wrong = Vec::new();
    let mut names = Vec::new();
    for case in cases::all() {
        let actual = case.panel();
        let file = folder().join(format!("{}.png", case.name));
        let beside = folder().join(format!("{}.actual.png", case.name));
        names.push(file.clone());
        if write {
            fs::write(&file, actual.to_png()).unwrap();
        } else if fs::read(&file).ok().and_then(|png| Panel::from_png(&png)).as_ref() == Some(&actual) {
            let _ = fs::remove_file(&beside);
        } else {
            fs::write(&beside, actual.to_png()).unwrap();
            wrong.push(beside.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "these screens differ from their snapshots, or have none: {wrong:#?}");
    let known = |file: &PathBuf| names.contains(file) || file.to_string_lossy().ends_with(".actual.png");
    let stray: Vec<_> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).filter(|file| !known(file)).collect();
    assert!(stray.is_empty(), "no screen has these names: {stray:?}");
}

#[test]
fn a_picture_survives_its_file() {
    let panel = cases::all()[0].panel();
    assert_eq!(Panel::from_png(&panel.to_png()), Some(panel));
}

/// The display and one strip of a size.
fn drawn<const BYTES: usize>() -> Panel {
    let mut driver = Driver { display: Display::new(Settings::default()), now_ms: 0 };
    driver.wait(100, Buttons::default(), Some(&cases::inspection()));
    let mut panel = Panel::new(WIDTH, HEIGHT, Rgb888::BLACK);
    let mut strip: Box<Strip<BYTES>> = Box::default();
    assert!(driver.display.draw(&mut strip, &mut panel).is_ok());
    panel
}

#[test]
fn a_strip_of_any_height_draws_the_same_picture() {
    let usual = drawn::<STRIP_BYTES>();
    assert!(usual == drawn::<160>() && usual == drawn::<{ 7 * 160 + 50 }>() && usual == drawn::<{ 240 * 160 }>());
}

#[test]
fn strip_and_state_stay_small() {
    let (strip, state) = (size_of::<Strip>(), size_of::<Display>());
    assert!(strip <= 3_848 && state <= 1024, "{strip} bytes of strip, {state} bytes of state");
}

/// A panel that breaks after some transfers, or counts them.
struct Bus {
    transfers: u32,
    breaks_after: u32,
    lit: bool,
}

impl OriginDimensions for Bus {
    fn size(&self) -> Size {
        Size::new(WIDTH, HEIGHT)
    }
}

impl DrawTarget for Bus {
    type Color = Rgb565;
    type Error = ();

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb565>>>(&mut self, pixels: I) -> Result<(), ()> {
        self.transfers += 1;
        self.lit = pixels.into_iter().any(|Pixel(_, colour)| colour != Rgb565::BLACK);
        if self.transfers > self.breaks_after { Err(()) } else { Ok(()) }
    }

    fn fill_contiguous<I: IntoIterator<Item = Rgb565>>(&mut self, area: &Rectangle, colours: I) -> Result<(), ()> {
        self.draw_iter(area.points().zip(colours).map(|(at, colour)| Pixel(at, colour)))
    }
}

#[test]
fn a_panel_that_broke_off_is_drawn_again_and_one_that_shows_the_picture_is_left_alone() {
    let notice = cases::oil();
    let mut driver = Driver { display: Display::new(Settings::default()), now_ms: 0 };
    driver.wait(100, Buttons::default(), Some(&notice));
    let mut strip: Strip = Strip::new();
    let mut bus = Bus { transfers: 0, breaks_after: 3, lit: false };
    assert!(driver.display.is_stale());
    assert_eq!(driver.display.draw(&mut strip, &mut bus), Err(()));
    assert!(driver.display.is_stale());
    bus = Bus { transfers: 0, breaks_after: 10, lit: false };
    assert_eq!(driver.display.draw(&mut strip, &mut bus), Ok(()));
    assert_eq!((bus.transfers, driver.display.is_stale()), (10, false));
    driver.wait(5_000, Buttons::default(), Some(&notice));
    assert!(!driver.display.is_stale());
}

#[test]
fn a_car_that_begins_to_move_makes_the_panel_black_in_one_step() {
    let notice = cases::brake();
    let mut driver = Driver { display: Display::new(Settings::default()), now_ms: 0 };
    driver.right(Some(&notice));
    let mut strip: Strip = Strip::new();
    let mut bus = Bus { transfers: 0, breaks_after: 99, lit: false };
    assert_eq!(driver.display.draw(&mut strip, &mut bus), Ok(()));
    assert!(bus.lit && !driver.display.is_dark());
    driver.display.step(driver.now_ms + 1, Buttons::default(), Car::Moving);
    assert!(driver.display.is_dark() && driver.display.is_stale());
    assert_eq!(driver.display.draw(&mut strip, &mut bus), Ok(()));
    assert!(!bus.lit);
}
