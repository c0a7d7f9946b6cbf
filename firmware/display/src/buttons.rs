//! The button pair: pins to levels, levels to presses.
//!
//! Invariant: a press counts once, only if it began while presses were wanted, and bouncing contacts make none.

use embedded_hal::digital::InputPin;

/// A level counts when it has held for this long, in milliseconds.
const DEBOUNCE_MS: u64 = 20;

/// A left press of this length means "back", in milliseconds.
const LONG_MS: u64 = 700;

/// Which buttons are held down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Buttons {
    /// The left one.
    pub left: bool,
    /// The right one.
    pub right: bool,
}

/// Two buttons that pull their pins low, as `embedded-hal` sees them.
#[derive(Debug)]
pub struct ButtonPair<L, R> {
    left: L,
    right: R,
}

impl<L: InputPin, R: InputPin<Error = L::Error>> ButtonPair<L, R> {
    /// Buttons on these pins.
    pub fn new(left: L, right: R) -> Self {
        Self { left, right }
    }

    /// The pins, left and right, for a host that sleeps until one of them moves.
    pub fn pins(&mut self) -> (&mut L, &mut R) {
        (&mut self.left, &mut self.right)
    }

    /// Which are held down now.
    pub fn read(&mut self) -> Result<Buttons, L::Error> {
        Ok(Buttons { left: self.left.is_low()?, right: self.right.is_low()? })
    }
}

/// What was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Press {
    /// Left, let go soon.
    Left,
    /// Left, held.
    LongLeft,
    /// Right, let go.
    Right,
}

/// One button without its bouncing.
#[derive(Debug, Clone, Copy, Default)]
struct Key {
    raw: bool,
    since_ms: u64,
    held: bool,
    held_ms: u64,
}

impl Key {
    /// Whether the button went down (`Some(true)`) or up (`Some(false)`).
    fn step(&mut self, now_ms: u64, raw: bool) -> Option<bool> {
        if raw != self.raw {
            (self.raw, self.since_ms) = (raw, now_ms);
        }
        if raw == self.held || now_ms.saturating_sub(self.since_ms) < DEBOUNCE_MS {
            return None;
        }
        (self.held, self.held_ms) = (raw, now_ms);
        Some(raw)
    }

    /// Neither held nor just going down.
    fn is_idle(&self) -> bool {
        !self.held && !self.raw
    }
}

/// Both buttons over time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Presses {
    left: Key,
    right: Key,
    /// Whether a press that goes on is to be passed over.
    spent: bool,
}

impl Presses {
    /// A button that is held from the start on does not count.
    pub(crate) const fn new() -> Self {
        let key = Key { raw: true, since_ms: 0, held: true, held_ms: 0 };
        Self { left: key, right: key, spent: true }
    }

    /// What was pressed, if anything.
    pub(crate) fn step(&mut self, now_ms: u64, buttons: Buttons) -> Option<Press> {
        let left = self.left.step(now_ms, buttons.left);
        let right = self.right.step(now_ms, buttons.right);
        if self.left.held && self.right.held {
            // Both at once mean nothing.
            self.spent = true;
        }
        let is_over = self.left.is_idle() && self.right.is_idle();
        let press = match (left, right) {
            (Some(false), _) => Some(Press::Left),
            (_, Some(false)) => Some(Press::Right),
            _ if self.left.held && now_ms.saturating_sub(self.left.held_ms) >= LONG_MS => Some(Press::LongLeft),
            _ => None,
        };
        let press = press.filter(|_| !self.spent);
        self.spent = !is_over && (self.spent || press.is_some());
        press
    }

    /// What is held now does not count any more, nor does what is just going down.
    pub(crate) fn spend(&mut self) {
        self.spent |= !(self.left.is_idle() && self.right.is_idle());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Buttons = Buttons { left: false, right: false };
    const LEFT: Buttons = Buttons { left: true, right: false };
    const RIGHT: Buttons = Buttons { left: false, right: true };
    const BOTH: Buttons = Buttons { left: true, right: true };

    /// Feeds spans of a level, sampled every 5 ms, and answers the presses.
    fn presses(spans: &[(Buttons, u64)]) -> heapless::Vec<Press, 8> {
        let mut presses = Presses::new();
        let mut now_ms = 0;
        let mut found = heapless::Vec::new();
        for (buttons, span_ms) in [(NONE, 50)].iter().chain(spans) {
            for _ in 0..span_ms / 5 {
                now_ms += 5;
                if let Some(press) = presses.step(now_ms, *buttons) {
                    found.push(press).unwrap();
                }
            }
        }
        found
    }

    /// A pin at a level.
    struct Pin(bool);

    impl embedded_hal::digital::ErrorType for Pin {
        type Error = core::convert::Infallible;
    }

    impl InputPin for Pin {
        fn is_high(&mut self) -> Result<bool, Self::Error> {
            Ok(self.0)
        }

        fn is_low(&mut self) -> Result<bool, Self::Error> {
            Ok(!self.0)
        }
    }

    #[test]
    fn a_button_that_pulls_its_pin_low_is_held() {
        for (left, right, buttons) in [(true, true, NONE), (false, true, LEFT), (true, false, RIGHT)] {
            assert_eq!(ButtonPair::new(Pin(left), Pin(right)).read(), Ok(buttons));
        }
    }

    #[test]
    fn a_press_counts_when_it_is_let_go_and_a_long_one_while_it_is_held() {
        assert_eq!(presses(&[(LEFT, 200), (NONE, 50)]), [Press::Left]);
        assert_eq!(presses(&[(RIGHT, 200), (NONE, 50)]), [Press::Right]);
        assert_eq!(presses(&[(RIGHT, 2000), (NONE, 50)]), [Press::Right]);
        assert_eq!(presses(&[(LEFT, 2000)]), [Press::LongLeft]);
        assert_eq!(presses(&[(LEFT, 2000), (NONE, 50), (LEFT, 100), (NONE, 50)]), [Press::LongLeft, Press::Left]);
    }

    #[test]
    fn bouncing_contacts_make_one_press_and_a_spike_none() {
        let bouncing = [(LEFT, 5), (NONE, 10), (LEFT, 5), (NONE, 5), (LEFT, 100), (NONE, 5), (LEFT, 10), (NONE, 50)];
        assert_eq!(presses(&bouncing), [Press::Left]);
        assert_eq!(presses(&[(RIGHT, 15), (NONE, 100)]), []);
    }

    #[test]
    fn both_buttons_at_once_mean_nothing_until_both_are_let_go() {
        assert_eq!(presses(&[(LEFT, 50), (BOTH, 100), (RIGHT, 100), (NONE, 50)]), []);
        assert_eq!(presses(&[(BOTH, 1000), (NONE, 50), (RIGHT, 100), (NONE, 50)]), [Press::Right]);
    }

    #[test]
    fn a_button_that_was_held_before_the_start_does_not_count() {
        let mut presses = Presses::new();
        assert!((1..300).all(|tick| presses.step(tick * 5, LEFT).is_none()));
        assert!((300..320).all(|tick| presses.step(tick * 5, NONE).is_none()));
    }

    #[test]
    fn a_spent_press_does_not_count_when_it_is_let_go() {
        let mut presses = Presses::new();
        let mut step = |from: u64, buttons, spend: bool| {
            let found = (from..from + 20).find_map(|tick| presses.step(tick * 5, buttons));
            if spend {
                presses.spend();
            }
            found
        };
        assert_eq!(step(0, NONE, true), None);
        assert_eq!(step(20, RIGHT, true), None);
        assert_eq!(step(40, NONE, false), None);
        assert_eq!(step(60, RIGHT, false), None);
        assert_eq!(step(80, NONE, false), Some(Press::Right));
    }
}
