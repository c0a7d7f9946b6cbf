//! What waits to go to one device: the outbox's messages under way, and their packet ids.
//!
//! Invariant: never more messages are unacknowledged than the peer takes, and they go out in the order of their numbers.

use std::collections::HashMap;
use std::num::NonZeroU16;

/// The messages under way to one device.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// Whether the device listens.
    subscribed: bool,
    /// The number of the next message to read from the outbox.
    next: u64,
    /// Whether the outbox may hold more than was read.
    more: bool,
    window: usize,
    under_way: HashMap<NonZeroU16, u64>,
    last_id: u16,
}

impl Outgoing {
    /// Nothing under way yet; at most `window` messages at a time.
    pub(super) fn new(window: u16) -> Self {
        let under_way = HashMap::new();
        Self { subscribed: false, next: 0, more: false, window: usize::from(window.max(1)), under_way, last_id: 0 }
    }

    /// The device listens from now on: what it has not acknowledged goes out again.
    pub(super) fn subscribe(&mut self) {
        if !self.subscribed && self.under_way.is_empty() {
            self.next = 0;
        }
        self.subscribed = true;
        self.more = true;
    }

    /// The device listens no longer; answers whether it did.
    pub(super) fn unsubscribe(&mut self) -> bool {
        std::mem::replace(&mut self.subscribed, false)
    }

    /// Whether the device listens.
    pub(super) fn is_subscribed(&self) -> bool {
        self.subscribed
    }

    /// The outbox has something new.
    pub(super) fn wake(&mut self) {
        self.more = true;
    }

    /// From which number on, and how many messages may be read now.
    pub(super) fn wanted(&self) -> Option<(u64, usize)> {
        let room = self.window.saturating_sub(self.under_way.len());
        (self.subscribed && self.more && room > 0).then_some((self.next, room))
    }

    /// The outbox had fewer messages than wanted, or could not be read.
    pub(super) fn exhausted(&mut self) {
        self.more = false;
    }

    /// Takes a message under way; answers its packet id.
    pub(super) fn send(&mut self, number: u64) -> NonZeroU16 {
        self.next = number + 1;
        loop {
            self.last_id = self.last_id.wrapping_add(1);
            if let Some(id) = NonZeroU16::new(self.last_id)
                && !self.under_way.contains_key(&id)
            {
                self.under_way.insert(id, number);
                return id;
            }
        }
    }

    /// The message with this packet id is not under way any more; answers its number.
    pub(super) fn done(&mut self, id: NonZeroU16) -> Option<u64> {
        self.under_way.remove(&id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_messages_are_under_way_than_the_peer_takes() {
        let mut outgoing = Outgoing::new(2);
        outgoing.subscribe();
        assert_eq!(outgoing.wanted(), Some((0, 2)));
        let first = outgoing.send(5);
        outgoing.send(7);
        assert_eq!(outgoing.wanted(), None);
        assert_eq!(outgoing.done(first), Some(5));
        assert_eq!(outgoing.wanted(), Some((8, 1)));
    }

    #[test]
    fn nothing_goes_out_before_a_subscription() {
        let mut outgoing = Outgoing::new(2);
        outgoing.wake();
        assert_eq!(outgoing.wanted(), None);
    }
}
