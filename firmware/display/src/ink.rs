//! Inks: four bits say what a pixel is for, and the palette says how that looks.
//!
//! Invariant: each pair of a writing and its paper has two inks between them, so that soft edges need no reading back.

use embedded_graphics::pixelcolor::PixelColor;
use embedded_graphics::pixelcolor::raw::RawU4;

/// The role of a pixel, from 0 to 15.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ink(u8);

impl PixelColor for Ink {
    type Raw = RawU4;
}

impl Ink {
    /// The paper.
    pub const GROUND: Self = Self(0);
    /// Keys and the unused part of a bar.
    pub const SURFACE: Self = Self(1);
    /// What is read first.
    pub const TEXT: Self = Self(2);
    /// What is read second.
    pub const MUTED: Self = Self(3);
    /// The colour of the screen's mood.
    pub const ACCENT: Self = Self(4);
    /// What stands on the accent.
    pub const ON_ACCENT: Self = Self(5);

    /// The ink's number.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The ink with this number; only the lowest four bits count.
    pub const fn from_index(index: u8) -> Self {
        Self(index & 15)
    }
}

/// A writing on its paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Text,
    Muted,
    Accent,
    OnAccent,
    OnSurface,
}

impl Tone {
    /// Every tone, in the order of the inks between writing and paper.
    pub(crate) const ALL: [Self; 5] = [Self::Text, Self::Muted, Self::Accent, Self::OnAccent, Self::OnSurface];

    /// The ink of the writing and that of the paper.
    pub(crate) const fn pair(self) -> (Ink, Ink) {
        match self {
            Self::Text => (Ink::TEXT, Ink::GROUND),
            Self::Muted => (Ink::MUTED, Ink::GROUND),
            Self::Accent => (Ink::ACCENT, Ink::GROUND),
            Self::OnAccent => (Ink::ON_ACCENT, Ink::ACCENT),
            Self::OnSurface => (Ink::TEXT, Ink::SURFACE),
        }
    }

    /// The ink of a pixel that the writing covers by `level` thirds; `None` leaves the paper.
    pub(crate) const fn ink(self, level: u8) -> Option<Ink> {
        match level {
            0 => None,
            1 | 2 => Some(Ink(5 + 2 * self as u8 + level)),
            _ => Some(self.pair().0),
        }
    }
}
