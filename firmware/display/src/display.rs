//! The display as a host holds it: what it shows, whether that has to be drawn, and drawing it.
//!
//! Invariant: what is drawn is what the last step saw; a notice that is gone is never drawn again.

use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::{DrawTarget, RgbColor};
use milepost_protocol::NoticeId;
use milepost_protocol::notice::{Answer, Notice};

use crate::buttons::Buttons;
use crate::figures::DistanceUnit;
use crate::interaction::{Car, Interaction, View};
use crate::palette::{Light, Palette};
use crate::scene;
use crate::strip::Strip;
use crate::words::Language;

/// How the driver reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settings {
    /// The language.
    pub language: Language,
    /// What distances are shown in.
    pub unit: DistanceUnit,
}

/// The display with its state; it fits 1 KiB.
#[derive(Debug, Clone, Default)]
pub struct Display {
    settings: Settings,
    light: Light,
    interaction: Interaction,
    notice: Option<Notice>,
    drawn: Option<View>,
    cut: u32,
}

impl Display {
    /// A dark display, which has to be drawn once.
    pub const fn new(settings: Settings) -> Self {
        Self { settings, light: Light::Day, interaction: Interaction::new(), notice: None, drawn: None, cut: 0 }
    }

    /// Takes other settings into use.
    pub fn set(&mut self, settings: Settings) {
        if self.settings != settings {
            self.settings = settings;
            self.drawn = None;
        }
    }

    /// Takes the light of the surroundings into account; see [`Light::after`].
    pub fn set_light(&mut self, light: Light) {
        if self.light != light {
            self.light = light;
            self.drawn = None;
        }
    }

    /// The light that the display is drawn for.
    pub fn light(&self) -> Light {
        self.light
    }

    /// Lets time pass; answers what the driver answered, which the host hands to the core.
    ///
    /// Call it at least every 10 ms while a button is held or the car stands, with the time since the start in milliseconds.
    pub fn step(&mut self, now_ms: u64, buttons: Buttons, car: Car<'_>) -> Option<(NoticeId, Answer)> {
        let answer = self.interaction.step(now_ms, buttons, car);
        let notice = match car {
            Car::Standing(notice) => notice,
            Car::Moving => None,
        };
        if self.notice.as_ref() != notice {
            self.notice = notice.cloned();
            self.drawn = None;
        }
        answer
    }

    /// What is on the display.
    pub fn view(&self) -> View {
        self.interaction.view()
    }

    /// Whether the panel's light can be off.
    pub fn is_dark(&self) -> bool {
        self.view() == View::Dark
    }

    /// Whether the panel does not show yet what it should.
    pub fn is_stale(&self) -> bool {
        self.drawn != Some(self.view())
    }

    /// How many texts were cut since the start because they did not fit; only texts of the cloud can be so long.
    pub fn cut_texts(&self) -> u32 {
        self.cut
    }

    /// Draws the display; after an error of the panel it is still stale.
    pub fn draw<const BYTES: usize, D>(&mut self, strip: &mut Strip<BYTES>, panel: &mut D) -> Result<(), D::Error>
    where
        D: DrawTarget,
        D::Color: From<Rgb888>,
    {
        let view = self.view();
        if view == View::Dark {
            panel.clear(Rgb888::BLACK.into())?;
        } else {
            let notice = self.notice.as_ref();
            let palette = Palette::new(self.light, scene::mood(view, notice));
            let mut cut = 0;
            strip.show(&palette, panel, |strip| {
                Ok(cut) = scene::draw(strip, self.settings, view, notice);
            })?;
            self.cut = self.cut.saturating_add(cut);
        }
        self.drawn = Some(view);
        Ok(())
    }
}
