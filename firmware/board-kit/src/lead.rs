//! What the core's task wants of the link: whether there shall be one, and which credentials it shows.
//!
//! The link's task brings randomness in return, since only it has a source. Invariant: a draw is used once, and what the link compares is
//! a number, so that nothing that changed meanwhile is missed.

#[cfg(feature = "tls")]
use core::cell::Cell;
use core::cell::RefCell;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use heapless::Vec;
use milepost_identity::rotation::Which;

use crate::ports::Latest;

/// What a connection proves the board with.
#[cfg(feature = "tls")]
pub type Papers = milepost_identity::Credentials;

/// A connection without TLS proves nothing; who else can open one has to be kept away from its other end.
#[cfg(not(feature = "tls"))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Papers;

/// Papers for the link's next connection.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Whether they are on trial.
    pub which: Which,
    /// Key and certificate.
    pub papers: Papers,
    /// Counts the changes of what is shown.
    number: u32,
}

/// The core's lead over the link. All of it is zero at first, so that no image of it lies in flash.
pub struct Lead {
    shown: Mutex<CriticalSectionRawMutex, RefCell<Vec<Shown, 1>>>,
    number: AtomicU32,
    wanted: AtomicBool,
    changed: Latest<()>,
    #[cfg(feature = "tls")]
    draw: Mutex<CriticalSectionRawMutex, Cell<Option<[u8; 32]>>>,
}

impl core::fmt::Debug for Lead {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Lead").field("number", &self.number).field("wanted", &self.wanted).finish_non_exhaustive()
    }
}

impl Default for Lead {
    fn default() -> Self {
        Self::new()
    }
}

impl Lead {
    /// No link is wanted.
    pub const fn new() -> Self {
        Self {
            shown: Mutex::new(RefCell::new(Vec::new())),
            number: AtomicU32::new(0),
            wanted: AtomicBool::new(false),
            changed: Latest::new(),
            #[cfg(feature = "tls")]
            draw: Mutex::new(Cell::new(None)),
        }
    }

    /// Whether a link is wanted.
    pub(crate) fn want(&self, wanted: bool) {
        if self.wanted.load(Ordering::Relaxed) != wanted {
            self.wanted.store(wanted, Ordering::Relaxed);
            self.changed.signal(());
        }
    }

    /// What a connection shows from now on; one that shows something else is to end.
    pub(crate) fn show(&self, which: Which, papers: &Papers) {
        let is_same = self.shown.lock(|cell| {
            let mut shown = cell.borrow_mut();
            let same = shown.last_mut().filter(|shown| shown.papers == *papers);
            same.map(|shown| shown.which = which).is_some()
        });
        if is_same {
            return;
        }
        let number = self.number.load(Ordering::Relaxed).wrapping_add(1);
        let shown = Shown { which, papers: papers.clone(), number };
        self.shown.lock(|cell| {
            let mut place = cell.borrow_mut();
            place.clear();
            // There is room: it was just emptied.
            let _ = place.push(shown);
        });
        self.number.store(number, Ordering::Relaxed);
        self.changed.signal(());
    }

    /// Randomness for one key, once the link has brought some.
    #[cfg(feature = "tls")]
    pub(crate) fn take_draw(&self) -> Option<[u8; 32]> {
        self.draw.lock(Cell::take)
    }

    /// Whether [`Lead::bring_draw`] is due.
    #[cfg(feature = "tls")]
    pub(crate) fn lacks_draw(&self) -> bool {
        self.draw.lock(|cell| {
            let draw = cell.take();
            cell.set(draw);
            draw.is_none()
        })
    }

    /// Brings randomness for one key.
    #[cfg(feature = "tls")]
    pub(crate) fn bring_draw(&self, draw: [u8; 32]) {
        self.draw.lock(|cell| cell.set(Some(draw)));
    }

    /// What to connect with, if a link is wanted.
    pub(crate) fn order(&self) -> Option<Shown> {
        let wanted = self.wanted.load(Ordering::Relaxed);
        self.shown.lock(|cell| cell.borrow().last().cloned()).filter(|_| wanted)
    }

    /// Whether a connection that shows `shown` shall end.
    fn has_ended(&self, shown: &Shown) -> bool {
        !self.wanted.load(Ordering::Relaxed) || self.number.load(Ordering::Relaxed) != shown.number
    }

    /// Waits until a connection that shows `shown` shall end. Only the link's task waits.
    pub(crate) async fn end(&self, shown: &Shown) {
        while !self.has_ended(shown) {
            self.changed.wait().await;
        }
    }

    /// Waits until anything has changed since the last wait.
    pub(crate) async fn change(&self) {
        self.changed.wait().await;
    }
}

#[cfg(test)]
#[cfg(feature = "tls")]
mod tests {
    use embassy_futures::{block_on, poll_once};
    use milepost_identity::{Credentials, Key};

    use super::*;

    fn credentials(seed: u8) -> Credentials {
        Credentials { key: Key::from_bytes(&[seed; 32]).unwrap(), certificate: heapless::Vec::new() }
    }

    #[test]
    fn a_connection_ends_with_the_wish_for_it_or_with_what_it_shows() {
        let lead = Lead::new();
        lead.show(Which::Current, &credentials(1));
        assert!(lead.order().is_none(), "nobody wants a link yet");
        lead.want(true);
        let first = lead.order().unwrap();
        assert!(poll_once(lead.end(&first)).is_pending());
        lead.show(Which::Next, &credentials(2));
        block_on(lead.end(&first));
        let second = lead.order().unwrap();
        assert_eq!((second.which, &second.papers), (Which::Next, &credentials(2)));
        lead.show(Which::Current, &credentials(2));
        assert!(poll_once(lead.end(&second)).is_pending(), "what is shown proved itself and is the same");
        lead.want(false);
        block_on(lead.end(&second));
        assert!(lead.order().is_none());
    }

    #[test]
    fn a_draw_is_used_once() {
        let lead = Lead::new();
        assert!(lead.lacks_draw());
        assert_eq!(lead.take_draw(), None);
        lead.bring_draw([3; 32]);
        assert!(!lead.lacks_draw());
        assert_eq!(lead.take_draw(), Some([3; 32]));
        assert!(lead.lacks_draw());
    }
}
