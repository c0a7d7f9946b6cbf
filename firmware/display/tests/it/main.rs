//! The display from outside: its pixels, its texts and its buttons.

mod cases;
mod panel;
mod presses;
mod snapshots;
mod texts;
