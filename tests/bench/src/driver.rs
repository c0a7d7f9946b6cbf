//! Somebody at the wheel: looks at the screen, and presses what it offers.
//!
//! Invariant: nothing is pressed blindly; each press follows from the picture before it, and one that came to nothing is made again.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use milepost_display::{Entry, View};
use milepost_firmware::wire::Button;
use milepost_gateway::chip;
use milepost_protocol::notice::{Answer, Notice};

use crate::board::{Board, DEADLINE};
use crate::screen::{LOOK, Picture, Screen};
use crate::wire::Tap;

/// How long somebody waits for the screen to follow a press before he presses again.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many pictures of a car that moves are enough.
const GLANCES: usize = 5;

/// Waits for the card of a notice that the chip holds; answers both.
pub(crate) async fn reads(screen: &Screen, chip: &Path) -> Result<(Notice, Picture)> {
    let looked = tokio::time::timeout(DEADLINE, async {
        let mut turns = tokio::time::interval(LOOK);
        loop {
            turns.tick().await;
            let Some(picture) = screen.look()?.filter(|picture| !picture.is_dark()) else { continue };
            // The board may be writing; a chip that does not read right now is read again.
            let Ok(notices) = chip::notices(chip).await else { continue };
            if let Some(notice) = picture.card_of(&notices) {
                return anyhow::Ok((notice.clone(), picture));
            }
        }
    });
    match looked.await {
        Ok(found) => found,
        Err(_) => Err(screen.lacks("the card of a notice")),
    }
}

/// Looks at the screen while the drive passes, and presses a button that must come to nothing; answers how often it was dark.
pub(crate) async fn drives(
    screen: &Screen,
    board: &Board,
    tap: &Tap,
    on_the_way: std::ops::Range<usize>,
) -> Result<usize> {
    let mut turns = tokio::time::interval(LOOK);
    while tap.packets() < on_the_way.start {
        turns.tick().await;
    }
    screen.shows("nothing while the car moves", Picture::is_dark).await?;
    let mut glances = 0;
    loop {
        turns.tick().await;
        let Some(picture) = screen.look()? else { continue };
        // Counted last: a car that has not been told to stand by now was moving when the picture was taken.
        if tap.packets() >= on_the_way.end {
            break;
        }
        if picture.is_dark() {
            glances += 1;
        } else {
            ensure!(tap.may_have_stood(), "the screen is lit while the car moves");
        }
        if glances == 1 {
            board.press(Button::Yes).await?;
        }
    }
    ensure!(glances >= GLANCES, "the car moved for too short a time to see anything: {glances} pictures");
    Ok(glances)
}

/// Asks for an appointment, as the card and the menu behind it offer; answers how many presses that took.
pub(crate) async fn books(screen: &Screen, board: &Board, notice: &Notice) -> Result<u32> {
    let pressed = tokio::time::timeout(DEADLINE, async {
        let mut presses = 0;
        loop {
            let picture =
                screen.shows("the way to an appointment", |picture| picture.step_of(notice).is_some()).await?;
            let button = match picture.step_of(notice) {
                Some(View::Outcome(Answer::Book)) => return Ok(presses),
                Some(View::Card | View::Menu(Entry::Book)) => Button::Yes,
                _ => Button::Later,
            };
            board.press(button).await?;
            presses += 1;
            let follows = screen.shows("what a press leads to", |now| now.number != picture.number);
            // After a while without an effect he presses again.
            let _ = tokio::time::timeout(PATIENCE, follows).await;
        }
    });
    pressed.await.context("no press leads to an appointment")?
}
