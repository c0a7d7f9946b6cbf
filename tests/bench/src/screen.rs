//! The board's screen from outside: the pixels that the panel holds, what they show, and PNG files of them.
//!
//! Invariant: a picture is taken whole or not at all, and what it should look like is drawn by the display's own code.

#[path = "../../../firmware/boards/mps2-an386/src/gram.rs"]
mod gram;

use std::convert::Infallible;
use std::fs::File;
use std::io::BufWriter;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow};
use embedded_graphics::Pixel;
use embedded_graphics::pixelcolor::raw::RawU16;
use embedded_graphics::pixelcolor::{Rgb565, Rgb888};
use embedded_graphics::prelude::{DrawTarget, OriginDimensions, RgbColor, Size};
use milepost_display::{Entry, HEIGHT, Ink, Light, Palette, Settings, View, WIDTH, draw, mood};
use milepost_protocol::notice::{Answer, Notice};

use crate::board::DEADLINE;

const PIXELS: usize = (WIDTH * HEIGHT) as usize;

/// How often somebody looks at the screen.
pub(crate) const LOOK: Duration = Duration::from_millis(50);

/// What a picture of the panel shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    /// Its number in this run of the board.
    pub(crate) number: u32,
    lit: bool,
    pixels: Vec<Rgb565>,
}

/// The panel of a board, by the file that QEMU keeps its memory in.
#[derive(Debug)]
pub(crate) struct Screen {
    memory: File,
}

impl Screen {
    /// The panel of the board whose chip is this file.
    pub(crate) fn of(chip: &Path) -> Result<Self> {
        let memory = File::open(chip).with_context(|| format!("cannot look at {}", chip.display()))?;
        Ok(Self { memory })
    }

    /// A picture that is not the one with this number.
    fn look_past(&self, number: u32) -> Result<Option<Picture>> {
        let [_, drawn, _] = self.head()?;
        if drawn == number { Ok(None) } else { self.look() }
    }

    /// The picture on the panel; `None` while one is being drawn, and before the first.
    pub(crate) fn look(&self) -> Result<Option<Picture>> {
        let before = self.head()?;
        let mut words = vec![[0; gram::PIXEL_LEN]; PIXELS];
        self.memory.read_exact_at(words.as_flattened_mut(), (gram::START + gram::PIXELS) as u64)?;
        let [begun, drawn, light] = self.head()?;
        // An erased chip has a light that is neither on nor off.
        if before != [begun, drawn, light] || begun != drawn || drawn == 0 || light > 1 {
            return Ok(None);
        }
        let pixel = |word: &[u8; 4]| Rgb565::from(RawU16::new(u32::from_le_bytes(*word) as u16));
        Ok(Some(Picture { number: drawn, lit: light == 1, pixels: words.iter().map(pixel).collect() }))
    }

    /// Looks until a picture is as wanted.
    pub(crate) async fn shows(&self, what: &str, wanted: impl Fn(&Picture) -> bool) -> Result<Picture> {
        let looked = tokio::time::timeout(DEADLINE, async {
            let mut turns = tokio::time::interval(LOOK);
            let mut last = 0;
            loop {
                turns.tick().await;
                let Some(picture) = self.look_past(last)? else { continue };
                if wanted(&picture) {
                    return anyhow::Ok(picture);
                }
                last = picture.number;
            }
        });
        match looked.await {
            Ok(found) => found,
            Err(_) => Err(self.lacks(what)),
        }
    }

    /// The error of a screen that does not show what it should; a file tells more than any message.
    pub(crate) fn lacks(&self, what: &str) -> Error {
        let file = std::env::temp_dir().join("milepost-screen.png");
        match self.look() {
            Ok(Some(picture)) if picture.save(&file).is_ok() => {
                anyhow!("the screen does not show {what}; what it shows is in {}", file.display())
            }
            _ => anyhow!("the screen does not show {what}, nor any other whole picture"),
        }
    }

    fn head(&self) -> Result<[u32; 3]> {
        let word = |offset: usize| -> Result<u32> {
            let mut bytes = [0; 4];
            self.memory.read_exact_at(&mut bytes, (gram::START + offset) as u64).context("the panel has no memory")?;
            Ok(u32::from_le_bytes(bytes))
        };
        Ok([word(gram::BEGUN)?, word(gram::DRAWN)?, word(gram::LIGHT)?])
    }
}

impl Picture {
    /// Whether a driver sees nothing at all.
    pub(crate) fn is_dark(&self) -> bool {
        !self.lit && self.pixels.iter().all(|pixel| *pixel == Rgb565::BLACK)
    }

    /// Whether it is this view of this notice, pixel by pixel.
    pub(crate) fn is(&self, view: View, notice: Option<&Notice>) -> bool {
        self.lit && self.pixels == drawn(view, notice)
    }

    /// Which notice's card it is.
    pub(crate) fn card_of<'n>(&self, notices: &'n [Notice]) -> Option<&'n Notice> {
        notices.iter().find(|notice| self.is(View::Card, Some(notice)))
    }

    /// Which of the views on the way from a notice's card to an appointment it is.
    pub(crate) fn step_of(&self, notice: &Notice) -> Option<View> {
        let entries = [Entry::Done, Entry::Book, Entry::Why, Entry::Refuse, Entry::Back].map(View::Menu);
        let ends = [View::Card, View::Outcome(Answer::Book)];
        ends.into_iter().chain(entries).find(|view| self.is(*view, Some(notice)))
    }

    /// Writes it as a PNG file, and makes the folder that it goes to.
    pub(crate) fn save(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        let mut encoder = png::Encoder::new(BufWriter::new(file), WIDTH, HEIGHT);
        encoder.set_color(png::ColorType::Rgb);
        let bytes: Vec<u8> = self
            .pixels
            .iter()
            .flat_map(|pixel| {
                let pixel = Rgb888::from(*pixel);
                [pixel.r(), pixel.g(), pixel.b()]
            })
            .collect();
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&bytes)?;
        writer.finish().with_context(|| format!("cannot write {}", path.display()))
    }
}

/// The pixels of a view as the display's own code draws them, by day and in the language that boards start with.
fn drawn(view: View, notice: Option<&Notice>) -> Vec<Rgb565> {
    let mut sheet = Sheet(vec![Ink::GROUND; PIXELS]);
    let Ok(_) = draw(&mut sheet, Settings::default(), view, notice);
    let palette = Palette::new(Light::default(), mood(view, notice));
    sheet.0.into_iter().map(|ink| palette.colour(ink).into()).collect()
}

/// A whole picture in inks.
struct Sheet(Vec<Ink>);

impl OriginDimensions for Sheet {
    fn size(&self) -> Size {
        Size::new(WIDTH, HEIGHT)
    }
}

impl DrawTarget for Sheet {
    type Color = Ink;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Ink>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(at, ink) in pixels {
            let (Ok(x), Ok(y)) = (u32::try_from(at.x), u32::try_from(at.y)) else { continue };
            if x < WIDTH && y < HEIGHT {
                self.0[(y * WIDTH + x) as usize] = ink;
            }
        }
        Ok(())
    }
}

/// The file beside `path` whose name says more.
pub(crate) fn beside(path: &Path, what: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}-{what}.png"))
}

#[cfg(test)]
mod tests {
    use milepost_gateway::chip;
    use milepost_protocol::NoticeId;
    use milepost_protocol::notice::{Actions, NoticeKind, Reason};
    use milepost_protocol::plan::{ItemId, Level, SafetyClass};

    use super::*;

    fn reminder(item: ItemId) -> Notice {
        Notice {
            id: NoticeId::reminder(item, 1, Level::Due),
            kind: NoticeKind::Reminder,
            safety: SafetyClass::Wear,
            item: Some(item),
            level: Some(Level::Due),
            raised_ms: 0,
            expires_ms: None,
            title: "".try_into().unwrap(),
            text: "".try_into().unwrap(),
            reasons: [Reason::Time { used_days: 365, limit_days: 365 }].into_iter().collect(),
            actions: Actions::SNOOZE.and(Actions::BOOK).and(Actions::DONE),
        }
    }

    /// A chip's file whose panel holds these pixels behind these three words.
    fn panel(head: [u32; 3], pixels: &[Rgb565]) -> (tempfile::NamedTempFile, Screen) {
        use embedded_graphics::pixelcolor::IntoStorage;
        let file = tempfile::NamedTempFile::new().unwrap();
        chip::create(file.path()).unwrap();
        for (offset, word) in [gram::BEGUN, gram::DRAWN, gram::LIGHT].into_iter().zip(head) {
            file.as_file().write_all_at(&word.to_le_bytes(), (gram::START + offset) as u64).unwrap();
        }
        let words: Vec<u8> = pixels.iter().flat_map(|pixel| u32::from(pixel.into_storage()).to_le_bytes()).collect();
        file.as_file().write_all_at(&words, (gram::START + gram::PIXELS) as u64).unwrap();
        let screen = Screen::of(file.path()).unwrap();
        (file, screen)
    }

    #[test]
    fn a_picture_is_taken_whole_or_not_at_all() {
        let (oil, tyres) = (reminder(ItemId::ENGINE_OIL), reminder(ItemId::TYRES));
        let card = drawn(View::Card, Some(&oil));
        let (_file, screen) = panel([4, 4, 1], &card);
        let picture = screen.look().unwrap().unwrap();
        assert_eq!(picture.number, 4);
        assert_eq!(screen.look_past(4).unwrap(), None, "it was seen already");
        assert_eq!(picture.card_of(&[tyres.clone(), oil.clone()]), Some(&oil));
        assert_eq!((picture.card_of(&[tyres]), picture.step_of(&oil)), (None, Some(View::Card)));
        for (head, why) in
            [([5, 4, 1], "it is being drawn"), ([0, 0, 0], "there is none yet"), ([u32::MAX; 3], "erased")]
        {
            assert_eq!(panel(head, &card).1.look().unwrap(), None, "{why}");
        }
    }

    #[test]
    fn a_screen_is_dark_only_without_light_and_all_black() {
        let oil = reminder(ItemId::ENGINE_OIL);
        let is_dark = |light, pixels: &[Rgb565]| panel([1, 1, light], pixels).1.look().unwrap().unwrap().is_dark();
        let (black, card) = (vec![Rgb565::BLACK; PIXELS], drawn(View::Card, Some(&oil)));
        assert!(is_dark(0, &black));
        assert!(!is_dark(1, &black) && !is_dark(0, &card) && !is_dark(1, &card));
    }

    #[test]
    fn one_pixel_makes_it_another_picture() {
        let oil = reminder(ItemId::ENGINE_OIL);
        let mut pixels = drawn(View::Card, Some(&oil));
        pixels[PIXELS / 2] = if pixels[PIXELS / 2] == Rgb565::RED { Rgb565::BLUE } else { Rgb565::RED };
        assert_eq!(panel([1, 1, 1], &pixels).1.look().unwrap().unwrap().step_of(&oil), None);
    }
}
