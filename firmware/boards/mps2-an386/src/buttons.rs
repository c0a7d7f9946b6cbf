//! The two buttons below the panel: pins whose level is what the test bench said last.
//!
//! Invariant: as on silicon, a button that is held pulls its pin low, and what happened between two looks at a pin is not seen.

use core::convert::Infallible;
use core::sync::atomic::{AtomicBool, Ordering};

use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::signal::Signal;
use embedded_hal::digital::{ErrorType, InputPin};
use embedded_hal_async::digital::Wait;
use milepost_display::ButtonPair;
use milepost_firmware::wire::Button;

static LEFT: Contact = Contact::new();
static RIGHT: Contact = Contact::new();

/// What a finger moves.
struct Contact {
    held: AtomicBool,
    moved: Signal<CriticalSectionRawMutex, ()>,
}

impl Contact {
    const fn new() -> Self {
        Self { held: AtomicBool::new(false), moved: Signal::new() }
    }
}

/// The bench says that a button goes down or up.
pub(crate) fn set(button: Button, held: bool) {
    let contact = match button {
        Button::Later => &LEFT,
        Button::Yes => &RIGHT,
    };
    contact.held.store(held, Ordering::Relaxed);
    contact.moved.signal(());
}

/// The buttons.
pub(crate) fn pair() -> ButtonPair<Pin, Pin> {
    ButtonPair::new(Pin(&LEFT), Pin(&RIGHT))
}

/// A contact's pin; each has one.
pub(crate) struct Pin(&'static Contact);

impl ErrorType for Pin {
    type Error = Infallible;
}

impl InputPin for Pin {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(!self.0.held.load(Ordering::Relaxed))
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(self.0.held.load(Ordering::Relaxed))
    }
}

impl Wait for Pin {
    async fn wait_for_high(&mut self) -> Result<(), Infallible> {
        while self.is_low()? {
            self.wait_for_any_edge().await?;
        }
        Ok(())
    }

    async fn wait_for_low(&mut self) -> Result<(), Infallible> {
        while self.is_high()? {
            self.wait_for_any_edge().await?;
        }
        Ok(())
    }

    async fn wait_for_rising_edge(&mut self) -> Result<(), Infallible> {
        self.wait_for_low().await?;
        self.wait_for_high().await
    }

    async fn wait_for_falling_edge(&mut self) -> Result<(), Infallible> {
        self.wait_for_high().await?;
        self.wait_for_low().await
    }

    async fn wait_for_any_edge(&mut self) -> Result<(), Infallible> {
        self.0.moved.wait().await;
        Ok(())
    }
}
