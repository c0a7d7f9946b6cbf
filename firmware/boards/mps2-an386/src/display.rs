//! What the driver sees and answers: panel and buttons of this board under the task that all boards share.

use milepost_board_kit::ports::Ports;
use milepost_board_kit::screen;
use milepost_display::Strip;
use static_cell::ConstStaticCell;

use crate::buttons;
use crate::panel::Panel;

/// Shows what the core has for the driver, for ever.
pub(crate) async fn run(ports: &'static Ports) -> ! {
    static STRIP: ConstStaticCell<Strip> = ConstStaticCell::new(Strip::new());
    screen::run(ports, &mut Panel::open(), &mut buttons::pair(), STRIP.take(), |never| match never {}).await
}
