//! The display's task: what the core has for the driver is shown, and what the driver answers goes back to it.
//!
//! It belongs below everything else, since drawing a screen takes tens of milliseconds. While nothing is shown it sleeps.
//! Invariant: whether anything may be shown is the core's decision, and a panel that fails is drawn again.

use core::convert::Infallible;

use embassy_futures::select::{Either3, select, select3};
use embassy_time::{Instant, Timer};
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::DrawTarget;
use embedded_hal::digital::InputPin;
use embedded_hal_async::digital::Wait;
use milepost_display::{ButtonPair, Buttons, Car, Display, Settings, Strip};

use crate::ports::{Input, Ports, Sight};

/// How often buttons and time are looked at while something is shown, in milliseconds.
const STEP_MS: u64 = 10;

/// How soon a panel that failed is drawn again, in milliseconds.
const AGAIN_MS: u64 = 1_000;

/// A panel of [`milepost_display::WIDTH`] by [`milepost_display::HEIGHT`] pixels with a light behind it.
pub trait Panel {
    /// What is drawn on.
    type Surface: DrawTarget<Color: From<Rgb888>>;

    /// What is drawn on.
    fn surface(&mut self) -> &mut Self::Surface;

    /// A picture was drawn, or failed to be: turns the light on or off.
    fn set_light(&mut self, on: bool);
}

/// The error of a panel's surface.
pub type PanelError<P> = <<P as Panel>::Surface as DrawTarget>::Error;

/// Shows what the core has for the driver, for ever; `tell` hears of a panel that does not take a picture.
pub async fn run<P, L, R>(
    ports: &'static Ports,
    panel: &mut P,
    pair: &mut ButtonPair<L, R>,
    strip: &mut Strip,
    mut tell: impl FnMut(PanelError<P>),
) -> !
where
    P: Panel,
    L: InputPin<Error = Infallible> + Wait,
    R: InputPin<Error = Infallible> + Wait,
{
    let mut display = Display::new(Settings::default());
    let mut sight = Sight::Moving;
    loop {
        let car = match &sight {
            Sight::Moving => Car::Moving,
            Sight::Standing(notice) => Car::Standing(notice.as_ref()),
        };
        let Ok(held) = pair.read();
        if let Some((notice, answer)) = display.step(Instant::now().as_millis(), held, car) {
            ports.inputs.send(Input::Answer(notice, answer)).await;
        }
        let mut next_ms = STEP_MS;
        if display.is_stale() {
            if let Err(error) = display.draw(strip, panel.surface()) {
                tell(error);
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
        let (left, right) = pair.pins();
        let edge = select(left.wait_for_any_edge(), right.wait_for_any_edge());
        if let Either3::First(seen) = select3(ports.sight.wait(), edge, pause).await {
            sight = seen;
        }
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use embassy_futures::block_on;
    use embassy_futures::yield_now;
    use embassy_time::{Duration, with_timeout};
    use embedded_graphics::Pixel;
    use embedded_graphics::prelude::{OriginDimensions, Size};
    use embedded_hal::digital::ErrorType;
    use milepost_display::{HEIGHT, WIDTH};
    use milepost_protocol::NoticeId;
    use milepost_protocol::notice::{Actions, Answer, Notice, NoticeKind};
    use milepost_protocol::plan::{ItemId, Level, SafetyClass};

    use super::*;

    /// How long a test may take; only a failing one does.
    const BOUND: Duration = Duration::from_secs(60);

    /// A pin that is read by the task and moved by the test; it is low while `held`.
    #[derive(Default)]
    struct Pin {
        held: Cell<bool>,
        looks: Cell<u32>,
    }

    impl ErrorType for &Pin {
        type Error = Infallible;
    }

    impl InputPin for &Pin {
        fn is_high(&mut self) -> Result<bool, Infallible> {
            self.is_low().map(|low| !low)
        }

        fn is_low(&mut self) -> Result<bool, Infallible> {
            self.looks.set(self.looks.get() + 1);
            Ok(self.held.get())
        }
    }

    impl Pin {
        async fn becomes(&self, held: bool) {
            while self.held.get() != held {
                yield_now().await;
            }
        }

        /// Lets the task look ten times, which takes it longer than contacts may bounce.
        async fn stays(&self, held: bool) {
            self.held.set(held);
            let until = self.looks.get() + 10;
            while self.looks.get() < until {
                yield_now().await;
            }
        }

        /// Presses a button that has been let go for a while: one that is held from the start on does not count.
        async fn press(&self) {
            self.stays(false).await;
            self.stays(true).await;
            self.stays(false).await;
        }
    }

    impl Wait for &Pin {
        async fn wait_for_high(&mut self) -> Result<(), Infallible> {
            self.becomes(false).await;
            Ok(())
        }

        async fn wait_for_low(&mut self) -> Result<(), Infallible> {
            self.becomes(true).await;
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
            self.becomes(!self.held.get()).await;
            Ok(())
        }
    }

    /// A panel that fails as often as it is told.
    struct Fake<'t> {
        failures: u32,
        lit: &'t Cell<Option<bool>>,
    }

    impl OriginDimensions for Fake<'_> {
        fn size(&self) -> Size {
            Size::new(WIDTH, HEIGHT)
        }
    }

    impl DrawTarget for Fake<'_> {
        type Color = Rgb888;
        type Error = &'static str;

        fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), &'static str> {
            assert!(pixels.into_iter().count() > 0);
            match self.failures.checked_sub(1) {
                None => Ok(()),
                Some(left) => {
                    self.failures = left;
                    Err("no answer")
                }
            }
        }
    }

    impl Panel for Fake<'_> {
        type Surface = Self;

        fn surface(&mut self) -> &mut Self {
            self
        }

        fn set_light(&mut self, on: bool) {
            self.lit.set(Some(on));
        }
    }

    fn reminder() -> Notice {
        Notice {
            id: NoticeId::reminder(ItemId::ENGINE_OIL, 1, Level::Due),
            kind: NoticeKind::Reminder,
            safety: SafetyClass::Wear,
            item: Some(ItemId::ENGINE_OIL),
            level: Some(Level::Due),
            raised_ms: 0,
            expires_ms: None,
            title: heapless::String::new(),
            text: heapless::String::new(),
            reasons: heapless::Vec::new(),
            actions: Actions::SNOOZE.and(Actions::BOOK),
        }
    }

    async fn becomes(lit: &Cell<Option<bool>>, wanted: bool) {
        while lit.get() != Some(wanted) {
            yield_now().await;
        }
    }

    #[test]
    fn a_press_answers_what_is_shown_and_a_car_that_moves_is_dark() {
        static PORTS: Ports = Ports::new();
        let (left, right, lit) = (Pin::default(), Pin::default(), Cell::new(None));
        let script = async {
            becomes(&lit, false).await;
            PORTS.sight.signal(Sight::Standing(Some(reminder())));
            becomes(&lit, true).await;
            left.press().await;
            assert!(PORTS.inputs.is_empty(), "for how many days was not said yet");
            right.press().await;
            let answer = Input::Answer(reminder().id, Answer::Snooze { days: 1 });
            assert_eq!(PORTS.inputs.receive().await, answer);
            PORTS.sight.signal(Sight::Moving);
            becomes(&lit, false).await;
        };
        let (mut panel, mut pair, mut strip) =
            (Fake { failures: 0, lit: &lit }, ButtonPair::new(&left, &right), Strip::new());
        let task = run(&PORTS, &mut panel, &mut pair, &mut strip, |error| assert_eq!(error, ""));
        block_on(with_timeout(BOUND, select(task, script))).unwrap();
    }

    #[test]
    fn a_panel_that_fails_is_told_and_drawn_again() {
        static PORTS: Ports = Ports::new();
        let (left, right, lit, told) = (Pin::default(), Pin::default(), Cell::new(None), Cell::new(0));
        let (mut panel, mut pair, mut strip) =
            (Fake { failures: 2, lit: &lit }, ButtonPair::new(&left, &right), Strip::new());
        let script = async {
            PORTS.sight.signal(Sight::Standing(Some(reminder())));
            becomes(&lit, true).await;
            while told.get() < 2 {
                yield_now().await;
            }
            left.press().await;
            right.press().await;
            PORTS.inputs.receive().await;
        };
        let tell = |error| {
            assert_eq!(error, "no answer");
            told.set(told.get() + 1);
        };
        let task = run(&PORTS, &mut panel, &mut pair, &mut strip, tell);
        block_on(with_timeout(BOUND, select(task, script))).unwrap();
        assert_eq!(told.get(), 2, "the third attempt was taken");
    }
}
