//! What the driver sees and answers.
//!
//! Invariant: it draws what it is given and reports what is pressed; whether a notice may be shown is the core's decision.

use embassy_futures::select::{Either, select};
use milepost_board_kit::ports::{Input, Ports, Sight};
use milepost_firmware::wire::Button;
use milepost_protocol::notice::Answer;

/// How long "later" puts a notice off, in days.
const LATER_DAYS: u16 = 7;

/// Shows notices and takes answers, for ever.
pub(crate) async fn run(ports: &'static Ports) -> ! {
    let mut sight = Sight::Moving;
    loop {
        match select(ports.sight.wait(), ports.buttons.receive()).await {
            Either::First(seen) => {
                let title = seen.notice().map_or("dark", |notice| notice.title.as_str());
                defmt::info!("display: {=str}", title);
                sight = seen;
            }
            Either::Second((_, false)) => {}
            Either::Second((button, true)) => {
                if let Some(notice) = sight.notice() {
                    let answer = match button {
                        Button::Later => Answer::Snooze { days: LATER_DAYS },
                        Button::Yes => Answer::Book,
                    };
                    ports.inputs.send(Input::Answer(notice.id, answer)).await;
                }
            }
        }
    }
}
