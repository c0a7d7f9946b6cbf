//! What the driver sees and answers: the display's task.
//!
//! It runs below everything else, since drawing a screen takes tens of milliseconds. While nothing is shown it sleeps.
//! Invariant: whether anything may be shown is the core's decision; an answer is handed to it, and a panel that fails is drawn again.

use embassy_futures::select::{Either3, select3};
use embassy_stm32::exti::{self, ExtiInput};
use embassy_stm32::gpio::Pull;
use embassy_stm32::interrupt::typelevel::EXTI15_10;
use embassy_stm32::mode::Async;
use embassy_stm32::peripherals::{EXTI13, EXTI15, PC13, PF15};
use embassy_stm32::{Peri, bind_interrupts};
use embassy_time::{Instant, Timer};
use milepost_board_kit::ports::{Input, Ports, Sight};
use milepost_display::{Buttons, Car, Display, Settings, Strip};
use static_cell::ConstStaticCell;

use crate::panel::Panel;

bind_interrupts!(struct Irqs {
    EXTI15_10 => exti::InterruptHandler<EXTI15_10>;
});

/// How often buttons and time are looked at while something is shown, in milliseconds.
const STEP_MS: u64 = 10;

/// How soon a panel that failed is drawn again, in milliseconds.
const AGAIN_MS: u64 = 1_000;

/// What the buttons are wired to.
pub(crate) struct Parts {
    /// The board's own button, which pulls its pin up.
    pub(crate) right: (Peri<'static, PC13>, Peri<'static, EXTI13>),
    /// A button of the harness, which pulls its pin down.
    pub(crate) left: (Peri<'static, PF15>, Peri<'static, EXTI15>),
}

/// The buttons.
pub(crate) struct Pair {
    right: ExtiInput<'static, Async>,
    left: ExtiInput<'static, Async>,
}

impl Pair {
    /// The buttons on their pins.
    pub(crate) fn open(parts: Parts) -> Self {
        let ((right, right_line), (left, left_line)) = (parts.right, parts.left);
        Self {
            right: ExtiInput::new(right, right_line, Pull::Down, Irqs),
            left: ExtiInput::new(left, left_line, Pull::Up, Irqs),
        }
    }

    fn held(&self) -> Buttons {
        Buttons { left: self.left.is_low(), right: self.right.is_high() }
    }
}

/// Shows what the core has for the driver, for ever.
pub(crate) async fn run(ports: &'static Ports, mut panel: Panel, mut pair: Pair) -> ! {
    static STRIP: ConstStaticCell<Strip> = ConstStaticCell::new(Strip::new());
    let strip = STRIP.take();
    let mut display = Display::new(Settings::default());
    let mut sight = Sight::Moving;
    loop {
        let now = Instant::now();
        let car = match &sight {
            Sight::Moving => Car::Moving,
            Sight::Standing(notice) => Car::Standing(notice.as_ref()),
        };
        let held = pair.held();
        if let Some((notice, answer)) = display.step(now.as_millis(), held, car) {
            ports.inputs.send(Input::Answer(notice, answer)).await;
        }
        let mut next_ms = STEP_MS;
        if display.is_stale() {
            if let Err(error) = display.draw(strip, &mut panel.surface) {
                defmt::error!("panel: {}", defmt::Debug2Format(&error));
                next_ms = AGAIN_MS;
            }
            panel.set_light(!display.is_dark());
        }
        let is_asleep = matches!(sight, Sight::Moving) && !display.is_stale() && held == Buttons::default();
        let pause = async {
            if is_asleep {
                core::future::pending::<()>().await;
            } else {
                Timer::after_millis(next_ms).await;
            }
        };
        let edge = embassy_futures::select::select(pair.left.wait_for_any_edge(), pair.right.wait_for_any_edge());
        if let Either3::First(seen) = select3(ports.sight.wait(), edge, pause).await {
            sight = seen;
        }
    }
}
