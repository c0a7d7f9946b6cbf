//! What the driver sees and answers: panel and buttons of this board under the task that all boards share.
//!
//! Invariant: however a button is wired, its pin is low while it is held.

use core::convert::Infallible;

use embassy_stm32::exti::{self, ExtiInput};
use embassy_stm32::gpio::Pull;
use embassy_stm32::interrupt::typelevel::EXTI15_10;
use embassy_stm32::mode::Async;
use embassy_stm32::peripherals::{EXTI13, EXTI15, PC13, PF15};
use embassy_stm32::{Peri, bind_interrupts};
use embedded_hal::digital::{ErrorType, InputPin};
use embedded_hal_async::digital::Wait;
use milepost_board_kit::ports::Ports;
use milepost_board_kit::screen;
use milepost_display::{ButtonPair, Strip};
use static_cell::ConstStaticCell;

use crate::panel::Panel;

bind_interrupts!(struct Irqs {
    EXTI15_10 => exti::InterruptHandler<EXTI15_10>;
});

/// What the buttons are wired to.
pub(crate) struct Parts {
    /// The board's own button, which pulls its pin up.
    pub(crate) right: (Peri<'static, PC13>, Peri<'static, EXTI13>),
    /// A button of the harness, which pulls its pin down.
    pub(crate) left: (Peri<'static, PF15>, Peri<'static, EXTI15>),
}

/// The buttons.
pub(crate) type Pair = ButtonPair<ExtiInput<'static, Async>, Inverted>;

/// The buttons on their pins.
pub(crate) fn open(parts: Parts) -> Pair {
    let ((right, right_line), (left, left_line)) = (parts.right, parts.left);
    let right = ExtiInput::new(right, right_line, Pull::Down, Irqs);
    ButtonPair::new(ExtiInput::new(left, left_line, Pull::Up, Irqs), Inverted(right))
}

/// Shows what the core has for the driver, for ever.
pub(crate) async fn run(ports: &'static Ports, mut panel: Panel, mut pair: Pair) -> ! {
    static STRIP: ConstStaticCell<Strip> = ConstStaticCell::new(Strip::new());
    let tell = |error| defmt::error!("panel: {}", defmt::Debug2Format(&error));
    screen::run(ports, &mut panel, &mut pair, STRIP.take(), tell).await
}

/// A pin that is high while its button is held, the other way round.
pub(crate) struct Inverted(ExtiInput<'static, Async>);

impl ErrorType for Inverted {
    type Error = Infallible;
}

impl InputPin for Inverted {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        InputPin::is_low(&mut self.0)
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        InputPin::is_high(&mut self.0)
    }
}

impl Wait for Inverted {
    async fn wait_for_high(&mut self) -> Result<(), Infallible> {
        Wait::wait_for_low(&mut self.0).await
    }

    async fn wait_for_low(&mut self) -> Result<(), Infallible> {
        Wait::wait_for_high(&mut self.0).await
    }

    async fn wait_for_rising_edge(&mut self) -> Result<(), Infallible> {
        Wait::wait_for_falling_edge(&mut self.0).await
    }

    async fn wait_for_falling_edge(&mut self) -> Result<(), Infallible> {
        Wait::wait_for_rising_edge(&mut self.0).await
    }

    async fn wait_for_any_edge(&mut self) -> Result<(), Infallible> {
        Wait::wait_for_any_edge(&mut self.0).await
    }
}
