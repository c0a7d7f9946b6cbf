//! Publishes that the broker has not acknowledged yet.
//!
//! Invariant: no two of them have the same number, and each stays as it was sent until it is acknowledged or the broker's session is gone.

use core::num::NonZeroU16;

use super::packets::{self, Publish};

/// The most publishes without PUBACK: the next one is on its way while the first is acknowledged, where there is memory for that.
const WINDOW: usize = if cfg!(feature = "tls") { 2 } else { 1 };

/// Their places; all of it is zero at first, so that no image of it lies in flash.
#[derive(Debug)]
pub(super) struct Window<const N: usize = WINDOW> {
    places: [(Option<NonZeroU16>, Publish); N],
    last: u16,
}

impl<const N: usize> Window<N> {
    pub(super) const fn new() -> Self {
        Self { places: [const { (None, Publish::new()) }; N], last: 0 }
    }

    /// Whether there is a place.
    pub(super) fn has_room(&self) -> bool {
        self.places.iter().any(|(number, _)| number.is_none())
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.places.iter().filter(|(number, _)| number.is_some()).count()
    }

    /// A number that nothing under way has.
    pub(super) fn number(&mut self) -> NonZeroU16 {
        loop {
            self.last = self.last.wrapping_add(1);
            // One of a few in a row is free.
            if let Some(number) = NonZeroU16::new(self.last)
                && self.places.iter().all(|(taken, _)| *taken != Some(number))
            {
                return number;
            }
        }
    }

    /// Keeps a publish and lends its packet; `None` without a place, or if it is longer than one.
    pub(super) fn keep(&mut self, topic: &str, payload: &[u8]) -> Option<&[u8]> {
        let number = self.number();
        let (place, packet) = self.places.iter_mut().find(|(number, _)| number.is_none())?;
        if !packets::publish(packet, number, topic, payload) {
            return None;
        }
        *place = Some(number);
        Some(packet)
    }

    /// The broker has taken it; whether it was under way.
    pub(super) fn done(&mut self, number: u16) -> bool {
        let place = self.places.iter_mut().find(|(taken, _)| taken.is_some_and(|taken| taken.get() == number));
        place.map(|(taken, _)| *taken = None).is_some()
    }

    /// The broker knows nothing of them; whoever published them does it again.
    pub(super) fn clear(&mut self) {
        for (number, _) in &mut self.places {
            *number = None;
        }
    }

    /// The packet in one of the places, marked as one that may have come before.
    pub(super) fn again(&mut self, place: usize) -> Option<&[u8]> {
        let (_, packet) = self.places.get_mut(place).filter(|(number, _)| number.is_some())?;
        packets::mark_again(packet);
        Some(packet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_are_under_way_and_an_acknowledgement_makes_room_for_the_next() {
        let mut window = Window::<2>::new();
        assert_eq!(window.keep("t", b"a").unwrap(), b"\x32\x06\x00\x01t\x00\x01a");
        assert_eq!(window.keep("t", b"b").unwrap(), b"\x32\x06\x00\x01t\x00\x02b");
        assert!(!window.has_room() && window.keep("t", b"c").is_none());
        assert!(!window.done(9), "an acknowledgement of something else");
        assert!(window.done(1) && !window.done(1));
        assert!(window.keep("t", b"c").is_some());
        assert_eq!(window.len(), 2);
    }

    #[test]
    fn with_one_place_each_waits_for_the_one_before() {
        let mut window = Window::<1>::new();
        assert_eq!(window.keep("t", b"a").unwrap(), b"\x32\x06\x00\x01t\x00\x01a");
        assert!(!window.has_room() && window.keep("t", b"b").is_none());
        assert!(window.again(0).is_some_and(|packet| packet.first() == Some(&0x3a)) && window.again(1).is_none());
        assert!(window.done(1) && window.again(0).is_none());
        assert_eq!(window.keep("t", b"c").unwrap(), b"\x32\x06\x00\x01t\x00\x03c", "a refused one has had number 2");
    }

    #[test]
    fn numbers_begin_anew_without_zero_and_without_those_under_way() {
        let mut window = Window::<2>::new();
        window.keep("t", b"").unwrap();
        window.last = u16::MAX;
        assert_eq!(window.number().get(), 2);
    }
}
