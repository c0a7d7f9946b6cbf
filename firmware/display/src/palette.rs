//! Colours by light and mood; they are those of the owner's pages, but for due and overdue by night, whose wide bands would dazzle in a pale colour.
//!
//! Invariant: every writing has a contrast of at least 4.5 to 1 against its paper, as WCAG 2.2 measures it.

use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::RgbColor;

use crate::ink::{Ink, Tone};

/// Below this the panel changes to night, in lux.
const NIGHT_BELOW_LUX: u32 = 40;

/// Above this it changes back to day, in lux.
const DAY_ABOVE_LUX: u32 = 120;

/// Which of the two palettes suits the surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Light {
    /// Dark writing on light paper.
    #[default]
    Day,
    /// Light writing on dark paper, which does not dazzle.
    Night,
}

impl Light {
    /// The light after a measurement in lux; between the two bounds it stays, so that a street lamp does not make it flicker.
    #[must_use]
    pub const fn after(self, lux: u32) -> Self {
        match self {
            Self::Day if lux < NIGHT_BELOW_LUX => Self::Night,
            Self::Night if lux > DAY_ABOVE_LUX => Self::Day,
            _ => self,
        }
    }
}

/// What a screen is about, as a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Nothing asks for anything.
    Calm,
    /// An answer was taken.
    Fine,
    /// Upcoming.
    Soon,
    /// Due.
    Due,
    /// Overdue.
    Overdue,
    /// Advertising.
    Offer,
}

impl Mood {
    /// Every mood.
    pub const ALL: [Self; 6] = [Self::Calm, Self::Fine, Self::Soon, Self::Due, Self::Overdue, Self::Offer];
}

/// A colour for each ink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette([Rgb888; 16]);

impl Palette {
    /// The palette of a screen.
    pub fn new(light: Light, mood: Mood) -> Self {
        let [day, night] = match mood {
            Mood::Calm => [0x0b_5c66, 0x74_d2d8],
            Mood::Fine => [0x16_6b40, 0x77_d8a2],
            Mood::Soon => [0x7a_5000, 0xf3_ca6c],
            Mood::Due => [0x9a_3b05, 0xf0_914f],
            Mood::Overdue => [0xa8_201a, 0xf2_756b],
            Mood::Offer => [0x56_3a9b, 0xc9_b9fa],
        };
        // In the order of the inks: ground, surface, text, muted, accent, on accent.
        let solid = match light {
            Light::Day => [0xf3_f5f3, 0xdd_e3e0, 0x13_201f, 0x4c_5b59, day, 0xff_ffff],
            Light::Night => [0x0c_1213, 0x24_3033, 0xe9_f0ef, 0xa6_b6b5, night, 0x0c_1213],
        };
        let mut colours = [Rgb888::BLACK; 16];
        for (colour, hex) in colours.iter_mut().zip(solid) {
            *colour = Rgb888::new((hex >> 16) as u8, (hex >> 8) as u8, hex as u8);
        }
        let mut palette = Self(colours);
        for tone in Tone::ALL {
            let (writing, paper) = tone.pair();
            for level in [1, 2] {
                let colour = mix(palette.colour(writing), palette.colour(paper), level);
                if let Some(place) = tone.ink(level).and_then(|ink| palette.0.get_mut(ink.index())) {
                    *place = colour;
                }
            }
        }
        palette
    }

    /// The colour of an ink.
    pub fn colour(&self, ink: Ink) -> Rgb888 {
        self.0.get(ink.index()).copied().unwrap_or(Rgb888::BLACK)
    }
}

/// `thirds` of the writing over the paper.
fn mix(writing: Rgb888, paper: Rgb888, thirds: u8) -> Rgb888 {
    let thirds = u16::from(thirds);
    let channel = |over: u8, under: u8| ((u16::from(over) * thirds + u16::from(under) * (3 - thirds) + 1) / 3) as u8;
    Rgb888::new(channel(writing.r(), paper.r()), channel(writing.g(), paper.g()), channel(writing.b(), paper.b()))
}

#[cfg(test)]
mod tests {
    use super::*;

    extern crate std;

    /// WCAG 2.2, "relative luminance".
    fn luminance(colour: Rgb888) -> f64 {
        let channel = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(colour.r()) + 0.7152 * channel(colour.g()) + 0.0722 * channel(colour.b())
    }

    /// WCAG 2.2, "contrast ratio".
    fn contrast(one: Rgb888, other: Rgb888) -> f64 {
        let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
        one.max(other) / one.min(other)
    }

    #[test]
    fn every_writing_stands_out_from_its_paper_by_day_and_by_night() {
        for light in [Light::Day, Light::Night] {
            for mood in Mood::ALL {
                let palette = Palette::new(light, mood);
                for tone in Tone::ALL {
                    let (writing, paper) = tone.pair();
                    let contrast = contrast(palette.colour(writing), palette.colour(paper));
                    assert!(contrast >= 4.5, "{light:?} {mood:?} {tone:?}: {contrast:.2}");
                }
            }
        }
    }

    #[test]
    fn the_night_palette_gives_off_little_light() {
        for mood in Mood::ALL {
            assert!(luminance(Palette::new(Light::Night, mood).colour(Ink::GROUND)) < 0.01);
        }
    }

    #[test]
    fn soft_edges_lie_between_the_writing_and_its_paper() {
        let palette = Palette::new(Light::Day, Mood::Overdue);
        let ink = |level| Tone::Text.ink(level).map(|ink| palette.colour(ink).g());
        assert_eq!((ink(0), ink(1), ink(2), ink(3)), (None, Some(0xae), Some(0x67), Some(0x20)));
    }

    #[test]
    fn a_street_lamp_at_night_does_not_bring_the_day() {
        let lights = [500, 100, 39, 100, 121].iter().scan(Light::Day, |light, lux| {
            *light = light.after(*lux);
            Some(*light)
        });
        let lights: std::vec::Vec<_> = lights.collect();
        assert_eq!(lights, [Light::Day, Light::Day, Light::Night, Light::Night, Light::Day]);
    }
}
