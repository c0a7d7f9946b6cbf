//! The screens that are looked at, each by its name.

use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::prelude::DrawTarget;
use milepost_display::{Buttons, Car, Display, DistanceUnit, Entry, Language, Light, Settings, Strip, View};
use milepost_protocol::notice::{Actions, Answer, Notice, NoticeKind, Reason};
use milepost_protocol::plan::{ItemId, Level, SafetyClass};
use milepost_protocol::{NoticeId, SignalId};

/// A screen to look at.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) settings: Settings,
    pub(crate) light: Light,
    pub(crate) view: View,
    pub(crate) notice: Option<Notice>,
}

pub(crate) fn reminder(item: ItemId, level: Level, safety: SafetyClass, reasons: &[Reason]) -> Notice {
    Notice {
        id: NoticeId::reminder(item, 3, level),
        kind: NoticeKind::Reminder,
        safety,
        item: Some(item),
        level: Some(level),
        raised_ms: 1_772_366_400_000,
        expires_ms: None,
        title: heapless::String::new(),
        text: heapless::String::new(),
        reasons: reasons.iter().copied().collect(),
        actions: Actions::SNOOZE.and(Actions::BOOK).and(Actions::DONE),
    }
}

pub(crate) fn distance(used_km: u32, limit_km: u32) -> Reason {
    Reason::Distance { used_m: used_km * 1000, limit_m: limit_km * 1000 }
}

pub(crate) fn time(used_days: u16, limit_days: u16) -> Reason {
    Reason::Time { used_days, limit_days }
}

pub(crate) fn oil() -> Notice {
    reminder(ItemId::ENGINE_OIL, Level::Upcoming, SafetyClass::Wear, &[distance(18_100, 20_000), time(709, 730)])
}

pub(crate) fn brake() -> Notice {
    reminder(ItemId::BRAKE_FLUID, Level::Overdue, SafetyClass::Safety, &[time(775, 730)])
}

pub(crate) fn tyres() -> Notice {
    reminder(ItemId::TYRES, Level::Due, SafetyClass::Safety, &[distance(15_400, 15_000), time(200, 365)])
}

pub(crate) fn inspection() -> Notice {
    let reasons = [
        distance(29_950, 30_000),
        time(650, 730),
        Reason::EngineTime { used_s: 1_980_000, limit_s: 2_520_000 },
        Reason::Fuel { used_ml: 1_790_000, limit_ml: 2_400_000 },
    ];
    reminder(ItemId::INSPECTION, Level::Upcoming, SafetyClass::Comfort, &reasons)
}

pub(crate) fn battery() -> Notice {
    let rest = Reason::Signal { signal: SignalId::BATTERY_12V, value: 11.82, limit: 12.1 };
    reminder(ItemId::BATTERY_12V, Level::Due, SafetyClass::Wear, &[rest])
}

pub(crate) fn offer() -> Notice {
    let mut notice = reminder(ItemId::TYRES, Level::Upcoming, SafetyClass::Comfort, &[]);
    (notice.id, notice.kind) = (NoticeId::offer(1, 1), NoticeKind::Offer);
    (notice.item, notice.level) = (None, None);
    let outside = Reason::Signal { signal: SignalId::OUTSIDE_TEMPERATURE, value: 4.2, limit: 7.0 };
    notice.reasons = [outside].into_iter().collect();
    notice.actions = Actions::SNOOZE.and(Actions::BOOK).and(Actions::REFUSE);
    notice
}

pub(crate) fn information() -> Notice {
    let mut notice = offer();
    (notice.id, notice.kind) = (NoticeId::information(1), NoticeKind::Information);
    notice.reasons.clear();
    notice.actions = Actions::default();
    notice
}

/// A recall as the service sends it; with `level` its urgency.
pub(crate) fn recall(level: Level) -> Notice {
    let mut notice = information();
    (notice.safety, notice.level) = (SafetyClass::Safety, Some(level));
    notice.title = text("Safety recall");
    notice.text = text("Fuel tank, campaign 26V100000: park it outside, away from houses, until it is repaired.");
    notice.actions = Actions::SNOOZE.and(Actions::BOOK).and(Actions::DONE);
    notice
}

fn text<const N: usize>(words: &str) -> heapless::String<N> {
    words.try_into().expect("it fits the wire")
}

/// Every screen that has a snapshot.
pub(crate) fn all() -> Vec<Case> {
    let cards: [(&str, Notice); 7] = [
        ("oil", oil()),
        ("brake", brake()),
        ("tyres", tyres()),
        ("inspection", inspection()),
        ("battery", battery()),
        ("offer", offer()),
        ("information", information()),
    ];
    let mut cases = Vec::new();
    let mut add = |name: &str, language: Language, light: Light, view: View, notice: Option<&Notice>| {
        let tag = match language {
            Language::English => "en",
            Language::German => "de",
            Language::Chinese => "zh",
        };
        let time = if light == Light::Day { "day" } else { "night" };
        let unit = if language == Language::English { DistanceUnit::Mi } else { DistanceUnit::Km };
        let settings = Settings { language, unit };
        let name = format!("{name}-{tag}-{time}");
        cases.push(Case { name, settings, light, view, notice: notice.cloned() });
    };
    for (index, language) in Language::ALL.into_iter().enumerate() {
        for (at, (name, notice)) in cards.iter().enumerate() {
            let light = if (index + at) % 2 == 0 { Light::Day } else { Light::Night };
            add(name, language, light, View::Card, Some(notice));
        }
    }
    add("recall", Language::English, Light::Day, View::Card, Some(&recall(Level::Due)));
    add("recall-stop", Language::English, Light::Night, View::Card, Some(&recall(Level::Overdue)));
    for (language, light) in
        [(Language::English, Light::Night), (Language::German, Light::Day), (Language::Chinese, Light::Night)]
    {
        add("menu", language, light, View::Menu(Entry::Book), Some(&inspection()));
        add("why", language, light, View::Why, Some(&inspection()));
        add("why-offer", language, light, View::Why, Some(&offer()));
        add("snooze", language, light, View::Snooze(7), Some(&oil()));
        add("confirm-done", language, light, View::ConfirmDone, Some(&oil()));
        add("confirm-refuse", language, light, View::ConfirmRefuse, Some(&offer()));
        add("outcome-snooze", language, light, View::Outcome(Answer::Snooze { days: 7 }), None);
        add("outcome-book", language, light, View::Outcome(Answer::Book), None);
        add("idle", language, light, View::Idle, None);
    }
    cases
}

impl Case {
    /// Draws the screen through a display that was brought there by its buttons.
    pub(crate) fn draw<D: DrawTarget<Color = Rgb888>>(&self, target: &mut D) -> Result<(), D::Error> {
        let mut display = Display::new(self.settings);
        display.set_light(self.light);
        let mut driver = Driver { display, now_ms: 0 };
        driver.lead_to(self.view, self.notice.as_ref());
        let mut strip: Strip = Strip::new();
        assert_eq!(driver.display.view(), self.view, "{}", self.name);
        driver.display.draw(&mut strip, target)
    }
}

/// Somebody who presses buttons.
pub(crate) struct Driver {
    pub(crate) display: Display,
    pub(crate) now_ms: u64,
}

impl Driver {
    pub(crate) fn wait(
        &mut self,
        span_ms: u64,
        buttons: Buttons,
        notice: Option<&Notice>,
    ) -> Option<(NoticeId, Answer)> {
        let mut answer = None;
        for _ in 0..span_ms.div_ceil(10) {
            self.now_ms += 10;
            answer = answer.or(self.display.step(self.now_ms, buttons, Car::Standing(notice)));
        }
        answer
    }

    pub(crate) fn press(&mut self, buttons: Buttons, notice: Option<&Notice>) -> Option<(NoticeId, Answer)> {
        let down = self.wait(100, buttons, notice);
        down.or(self.wait(100, Buttons::default(), notice))
    }

    pub(crate) fn left(&mut self, notice: Option<&Notice>) -> Option<(NoticeId, Answer)> {
        self.press(Buttons { left: true, right: false }, notice)
    }

    pub(crate) fn right(&mut self, notice: Option<&Notice>) -> Option<(NoticeId, Answer)> {
        self.press(Buttons { left: false, right: true }, notice)
    }

    /// Goes from the start to a view, as a driver would.
    fn lead_to(&mut self, view: View, notice: Option<&Notice>) {
        let stand_in = oil();
        let about = match view {
            View::Outcome(_) => Some(&stand_in),
            _ => notice,
        };
        self.wait(100, Buttons::default(), about);
        match view {
            View::Dark | View::Idle | View::Card => {}
            View::Snooze(_) | View::Outcome(Answer::Snooze { .. }) => {
                self.left(about);
            }
            _ => {
                self.right(about);
            }
        }
        for _ in 0..5 {
            let is_there = match (view, self.display.view()) {
                (wanted, at) if wanted == at => break,
                (View::Why, View::Menu(entry)) => entry == Entry::Why,
                (View::ConfirmDone, View::Menu(entry)) => entry == Entry::Done,
                (View::ConfirmRefuse, View::Menu(entry)) => entry == Entry::Refuse,
                (View::Outcome(Answer::Book), View::Menu(entry)) => entry == Entry::Book,
                (View::Outcome(Answer::Snooze { days }), View::Snooze(chosen)) => days == chosen,
                _ => false,
            };
            if is_there {
                self.right(about);
            } else {
                self.left(about);
            }
        }
        if matches!(view, View::Outcome(_)) {
            self.wait(10, Buttons::default(), None);
        }
    }
}
