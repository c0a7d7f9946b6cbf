//! From presses to answers: which screen is shown, and what a press on it means.
//!
//! Left is "later" or "next", right is "more" or "OK", and a long left goes back to the card.
//! Invariant: a press answers only the notice that was on the display when the press began, and only as that notice invites.
//! Invariant: while the car moves the view is dark, and nothing that began before or during it comes to an end.

use milepost_protocol::NoticeId;
use milepost_protocol::notice::{Actions, Answer, Notice, NoticeKind};
use milepost_protocol::plan::SafetyClass;

use crate::buttons::{Buttons, Press, Presses};

/// A choice that nobody makes gives way to the card after this long, in milliseconds.
const UNTOUCHED_MS: u64 = 20_000;

/// An answer is confirmed for this long, in milliseconds.
const OUTCOME_MS: u64 = 4_000;

/// "Nothing waits for you" stands for this long, in milliseconds; then the display is dark.
const IDLE_MS: u64 = 10_000;

/// Days that a notice can be put off for.
const SNOOZE_DAYS: [u16; 3] = [1, 7, 30];

/// What the car does.
#[derive(Debug, Clone, Copy)]
pub enum Car<'n> {
    /// It moves, or nobody knows that it stands: the display is dark.
    Moving,
    /// It stands, and this is the most urgent notice.
    Standing(Option<&'n Notice>),
}

/// What is on the display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Nothing; the panel's light can be off.
    Dark,
    /// No notice waits for the driver; it says nothing of those that were put off.
    Idle,
    /// The notice.
    Card,
    /// For how many days to put it off, with the days that are chosen now.
    Snooze(u16),
    /// What to do, with the entry that is chosen now.
    Menu(Entry),
    /// The notice's reasons, or its whole text.
    Why,
    /// Whether the work has really been done.
    ConfirmDone,
    /// Whether it is really not relevant.
    ConfirmRefuse,
    /// The answer was taken.
    Outcome(Answer),
}

/// An entry of the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// The work has been done.
    Done,
    /// An appointment is wanted.
    Book,
    /// Why the notice is there.
    Why,
    /// It is not relevant.
    Refuse,
    /// Back to the card.
    Back,
}

/// The menu of a notice.
pub(crate) fn entries(notice: &Notice) -> impl Iterator<Item = Entry> + Clone + use<> {
    let actions = notice.actions;
    let has_more = !notice.reasons.is_empty() || notice.kind != NoticeKind::Reminder;
    let is_there = move |entry: &Entry| match entry {
        Entry::Done => actions.contains(Actions::DONE),
        Entry::Book => actions.contains(Actions::BOOK),
        Entry::Why => has_more,
        Entry::Refuse => actions.contains(Actions::REFUSE),
        Entry::Back => true,
    };
    [Entry::Done, Entry::Book, Entry::Why, Entry::Refuse, Entry::Back].into_iter().filter(is_there)
}

/// For how many days a notice can be put off; the cloud allows no longer either.
pub(crate) fn snooze_days(notice: &Notice) -> impl Iterator<Item = u16> + Clone + use<> {
    let longest = match notice.safety {
        SafetyClass::Safety => 7,
        SafetyClass::Wear => 30,
        SafetyClass::Comfort => 90,
    };
    SNOOZE_DAYS.into_iter().filter(move |days| *days <= longest)
}

/// The state behind the two buttons.
#[derive(Debug, Clone)]
pub struct Interaction {
    presses: Presses,
    view: View,
    /// When the view began or was last touched.
    since_ms: u64,
    /// The notice that the view is about.
    notice: Option<NoticeId>,
    /// A notice without answers that the driver closed.
    closed: Option<NoticeId>,
    moving: bool,
}

impl Default for Interaction {
    fn default() -> Self {
        Self::new()
    }
}

impl Interaction {
    /// A dark display of a car of which nothing is known yet.
    pub const fn new() -> Self {
        Self { presses: Presses::new(), view: View::Dark, since_ms: 0, notice: None, closed: None, moving: true }
    }

    /// What is on the display.
    pub fn view(&self) -> View {
        self.view
    }

    /// Lets time pass with these buttons held: at least every 10 ms while a button is held, at any spacing otherwise.
    ///
    /// `now_ms` is the time since the start. Answers what the driver answered, if anything; the host hands it to the core.
    pub fn step(&mut self, now_ms: u64, buttons: Buttons, car: Car<'_>) -> Option<(NoticeId, Answer)> {
        let Car::Standing(notice) = car else {
            self.presses.step(now_ms, buttons);
            self.presses.spend();
            self.moving = true;
            self.notice = None;
            self.show(now_ms, View::Dark);
            return None;
        };
        let id = notice.map(|notice| notice.id);
        let is_other = id != self.notice;
        if is_other || core::mem::take(&mut self.moving) {
            self.notice = id;
            if self.closed != id {
                self.closed = None;
            }
            self.presses.spend();
            if !matches!(self.view, View::Outcome(_)) {
                self.show(now_ms, self.rest(notice));
            }
        }
        self.pass_time(now_ms, notice);
        let press = self.presses.step(now_ms, buttons)?;
        let answer = self.press(now_ms, press, notice)?;
        self.show(now_ms, View::Outcome(answer));
        id.map(|id| (id, answer))
    }

    fn pass_time(&mut self, now_ms: u64, notice: Option<&Notice>) {
        let passed_ms = now_ms.saturating_sub(self.since_ms);
        match self.view {
            View::Idle if passed_ms >= IDLE_MS => self.show(now_ms, View::Dark),
            View::Outcome(_) if passed_ms >= OUTCOME_MS => {
                let next = if notice.is_none() { View::Dark } else { self.rest(notice) };
                self.show(now_ms, next);
            }
            View::Snooze(_) | View::Menu(_) | View::Why | View::ConfirmDone | View::ConfirmRefuse
                if passed_ms >= UNTOUCHED_MS =>
            {
                self.presses.spend();
                self.show(now_ms, self.rest(notice));
            }
            _ => {}
        }
    }

    /// What a press means here; answers what the driver answered.
    fn press(&mut self, now_ms: u64, press: Press, notice: Option<&Notice>) -> Option<Answer> {
        let Some(notice) = notice else {
            self.show(now_ms, View::Idle);
            return None;
        };
        let mut answer = None;
        let next = match (self.view, press) {
            (View::Dark | View::Idle, _) => {
                self.closed = None;
                View::Card
            }
            (View::Outcome(_), _) => self.rest(Some(notice)),
            (_, Press::LongLeft) | (View::Why | View::Menu(Entry::Back), Press::Right) => View::Card,
            (View::Card, Press::Left) if notice.actions.contains(Actions::SNOOZE) => View::Snooze(SNOOZE_DAYS[0]),
            (View::Card, Press::Left) => {
                self.closed = Some(notice.id);
                View::Dark
            }
            (View::Card, Press::Right) | (View::Why | View::ConfirmDone | View::ConfirmRefuse, Press::Left) => {
                menu(notice)
            }
            (View::Snooze(days), Press::Left) => View::Snooze(after(snooze_days(notice), days)),
            (View::Snooze(days), Press::Right) => {
                answer = Some(Answer::Snooze { days });
                View::Card
            }
            (View::Menu(entry), Press::Left) => View::Menu(after(entries(notice), entry)),
            (View::Menu(Entry::Book), Press::Right) => {
                answer = Some(Answer::Book);
                View::Card
            }
            (View::Menu(Entry::Done), Press::Right) => View::ConfirmDone,
            (View::Menu(Entry::Why), Press::Right) => View::Why,
            (View::Menu(Entry::Refuse), Press::Right) => View::ConfirmRefuse,
            (View::ConfirmDone, Press::Right) => {
                answer = Some(Answer::Done);
                View::Card
            }
            (View::ConfirmRefuse, Press::Right) => {
                answer = Some(Answer::Refuse);
                View::Card
            }
        };
        self.show(now_ms, next);
        // The cloud may have sent the notice again with other answers in the meantime.
        answer.filter(|answer| invites(notice, *answer))
    }

    /// Where the display rests with this notice.
    fn rest(&self, notice: Option<&Notice>) -> View {
        match notice {
            None => View::Idle,
            Some(notice) if self.closed == Some(notice.id) => View::Dark,
            Some(_) => View::Card,
        }
    }

    fn show(&mut self, now_ms: u64, view: View) {
        (self.view, self.since_ms) = (view, now_ms);
    }
}

/// The menu with its first entry chosen.
fn menu(notice: &Notice) -> View {
    View::Menu(entries(notice).next().unwrap_or(Entry::Back))
}

/// The element after this one; the first after the last, and after one that is gone.
fn after<T: PartialEq>(mut all: impl Iterator<Item = T> + Clone, chosen: T) -> T {
    let next = all.clone().skip_while(|known| *known != chosen).nth(1);
    next.or_else(|| all.next()).unwrap_or(chosen)
}

/// Whether the notice asks for such an answer.
fn invites(notice: &Notice, answer: Answer) -> bool {
    notice.actions.contains(match answer {
        Answer::Snooze { .. } => Actions::SNOOZE,
        Answer::Book => Actions::BOOK,
        Answer::Done => Actions::DONE,
        Answer::Refuse => Actions::REFUSE,
    })
}
