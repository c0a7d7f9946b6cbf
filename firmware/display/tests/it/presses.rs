//! What the two buttons do, from the first press to the answer.

use milepost_display::{Buttons, Car, Display, Entry, Interaction, Language, Settings, View};
use milepost_protocol::NoticeId;
use milepost_protocol::notice::{Actions, Answer, Notice};
use milepost_protocol::plan::SafetyClass;
use proptest::prelude::*;

use crate::cases::{self, Driver};

const NONE: Buttons = Buttons { left: false, right: false };
const LEFT: Buttons = Buttons { left: true, right: false };
const RIGHT: Buttons = Buttons { left: false, right: true };

fn driver() -> Driver {
    let settings = Settings { language: Language::English, ..Settings::default() };
    Driver { display: Display::new(settings), now_ms: 0 }
}

/// A driver before this notice.
fn before(notice: &Notice) -> Driver {
    let mut driver = driver();
    assert_eq!(driver.wait(100, NONE, Some(notice)), None);
    assert_eq!(driver.display.view(), View::Card);
    driver
}

/// Presses `l`, `r` and `L` (long left), and answers the last answer.
fn play(driver: &mut Driver, notice: &Notice, presses: &str) -> Option<Answer> {
    let mut answer = None;
    for press in presses.chars() {
        let given = match press {
            'l' => driver.left(Some(notice)),
            'r' => driver.right(Some(notice)),
            _ => driver.wait(800, LEFT, Some(notice)).or(driver.wait(100, NONE, Some(notice))),
        };
        answer = given.map(|(id, answer)| {
            assert_eq!(id, notice.id);
            answer
        });
    }
    answer
}

#[test]
fn presses_lead_through_the_screens_to_an_answer() {
    let oil = cases::oil();
    let offer = cases::offer();
    let table: [(&Notice, &str, View, Option<Answer>); 18] = [
        (&oil, "l", View::Snooze(1), None),
        (&oil, "ll", View::Snooze(7), None),
        (&oil, "llll", View::Snooze(1), None),
        (&oil, "llr", View::Outcome(Answer::Snooze { days: 7 }), Some(Answer::Snooze { days: 7 })),
        (&oil, "lllr", View::Outcome(Answer::Snooze { days: 30 }), Some(Answer::Snooze { days: 30 })),
        (&oil, "lL", View::Card, None),
        (&oil, "r", View::Menu(Entry::Done), None),
        (&oil, "rr", View::ConfirmDone, None),
        (&oil, "rrr", View::Outcome(Answer::Done), Some(Answer::Done)),
        (&oil, "rrl", View::Menu(Entry::Done), None),
        (&oil, "rlr", View::Outcome(Answer::Book), Some(Answer::Book)),
        (&oil, "rllr", View::Why, None),
        (&oil, "rllrr", View::Card, None),
        (&oil, "rlllr", View::Card, None),
        (&offer, "r", View::Menu(Entry::Book), None),
        (&offer, "rllr", View::ConfirmRefuse, None),
        (&offer, "rllrr", View::Outcome(Answer::Refuse), Some(Answer::Refuse)),
        (&offer, "rllrL", View::Card, None),
    ];
    for (notice, presses, view, answer) in table {
        let mut driver = before(notice);
        assert_eq!(play(&mut driver, notice, presses), answer, "{presses}");
        assert_eq!(driver.display.view(), view, "{presses}");
    }
}

#[test]
fn what_is_about_safety_cannot_be_put_off_for_a_month() {
    let brake = cases::brake();
    let mut driver = before(&brake);
    assert_eq!(play(&mut driver, &brake, "lllr"), Some(Answer::Snooze { days: 1 }));
}

#[test]
fn an_answer_is_confirmed_and_then_the_display_rests() {
    let oil = cases::oil();
    let mut driver = before(&oil);
    assert_eq!(play(&mut driver, &oil, "lr"), Some(Answer::Snooze { days: 1 }));
    driver.wait(3_500, NONE, None);
    assert_eq!(driver.display.view(), View::Outcome(Answer::Snooze { days: 1 }));
    driver.wait(500, NONE, None);
    assert!(driver.display.is_dark());
    driver.left(None);
    assert_eq!(driver.display.view(), View::Idle);
    driver.wait(10_000, NONE, None);
    assert!(driver.display.is_dark());
}

#[test]
fn a_choice_that_nobody_makes_gives_way_to_the_card() {
    let oil = cases::oil();
    let mut driver = before(&oil);
    play(&mut driver, &oil, "rl");
    driver.wait(19_000, NONE, Some(&oil));
    assert_eq!(driver.display.view(), View::Menu(Entry::Book));
    driver.wait(1_000, NONE, Some(&oil));
    assert_eq!(driver.display.view(), View::Card);
}

#[test]
fn the_display_is_dark_at_once_when_the_car_moves_and_begins_anew_when_it_stands() {
    let oil = cases::oil();
    let mut driver = before(&oil);
    play(&mut driver, &oil, "rr");
    assert_eq!(driver.display.view(), View::ConfirmDone);
    driver.wait(100, RIGHT, Some(&oil));
    driver.now_ms += 10;
    assert_eq!(driver.display.step(driver.now_ms, RIGHT, Car::Moving), None);
    assert!(driver.display.is_dark());
    assert_eq!(driver.wait(200, RIGHT, Some(&oil)), None);
    assert_eq!(driver.wait(200, NONE, Some(&oil)), None, "the press began before the car moved");
    assert_eq!(driver.display.view(), View::Card);
}

#[test]
fn a_press_that_began_on_another_notice_answers_nothing() {
    let (oil, brake) = (cases::oil(), cases::brake());
    let mut driver = before(&oil);
    play(&mut driver, &oil, "l");
    driver.wait(100, RIGHT, Some(&oil));
    assert_eq!(driver.wait(100, RIGHT, Some(&brake)), None);
    assert_eq!(driver.wait(100, NONE, Some(&brake)), None);
    assert_eq!(driver.display.view(), View::Card);
}

#[test]
fn a_notice_that_is_answered_elsewhere_leaves_the_display() {
    let oil = cases::oil();
    let mut driver = before(&oil);
    play(&mut driver, &oil, "rl");
    driver.wait(10, NONE, None);
    assert_eq!(driver.display.view(), View::Idle);
}

#[test]
fn an_answer_that_the_notice_no_longer_invites_is_not_given() {
    let oil = cases::oil();
    let mut driver = before(&oil);
    play(&mut driver, &oil, "rr");
    let without_done = Notice { actions: Actions::SNOOZE, ..oil };
    assert_eq!(driver.right(Some(&without_done)), None);
    assert_eq!(driver.display.view(), View::Card);
}

#[test]
fn information_without_answers_can_be_closed_and_looked_at_again() {
    let information = cases::information();
    let mut driver = before(&information);
    driver.left(Some(&information));
    assert!(driver.display.is_dark());
    driver.wait(1_000, NONE, Some(&information));
    assert!(driver.display.is_dark());
    driver.right(Some(&information));
    assert_eq!(driver.display.view(), View::Card);
}

fn invites(notice: &Notice, answer: Answer) -> bool {
    let action = match answer {
        Answer::Snooze { days } => {
            let longest = if notice.safety == SafetyClass::Safety { 7 } else { 30 };
            assert!((1..=longest).contains(&days), "{days} days");
            Actions::SNOOZE
        }
        Answer::Book => Actions::BOOK,
        Answer::Done => Actions::DONE,
        Answer::Refuse => Actions::REFUSE,
    };
    notice.actions.contains(action)
}

proptest! {
    #[test]
    fn any_presses_answer_only_what_is_shown_and_nothing_while_the_car_moves(
        steps in prop::collection::vec((1_u64..1_500, any::<bool>(), any::<bool>(), 0_usize..12), 0..200),
    ) {
        let notices = [cases::oil(), cases::brake(), cases::offer(), cases::information()];
        let mut interaction = Interaction::new();
        let (mut now_ms, mut car, mut shown): (u64, usize, Option<NoticeId>) = (0, 0, None);
        let mut since_ms = 0;
        for (span_ms, left, right, next) in steps {
            now_ms += span_ms;
            // Mostly the situation stays; sometimes it changes to another notice, to none, or to a car that moves.
            if next < 6 && next != car {
                (car, since_ms) = (next, now_ms);
            }
            let notice = notices.get(car);
            let situation = if car == 5 { Car::Moving } else { Car::Standing(notice) };
            let answer = interaction.step(now_ms, Buttons { left, right }, situation);
            let view = interaction.view();
            if car == 5 {
                prop_assert_eq!((answer, view), (None, View::Dark));
            }
            if let Some((id, answer)) = answer {
                let notice = notice.filter(|notice| notice.id == id);
                prop_assert!(notice.is_some_and(|notice| invites(notice, answer)), "{answer:?}");
                prop_assert!(shown == Some(id) && now_ms > since_ms, "the press began on another screen");
            }
            if notice.is_none() {
                prop_assert!(matches!(view, View::Dark | View::Idle | View::Outcome(_)), "{view:?}");
            }
            shown = notice.map(|notice| notice.id);
        }
    }
}
