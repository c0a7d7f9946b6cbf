//! Texts against their boxes, over everything that a notice can say.

use std::convert::Infallible;

use embedded_graphics::Pixel;
use embedded_graphics::prelude::{Dimensions, DrawTarget, OriginDimensions, Size};
use embedded_graphics::primitives::Rectangle;
use milepost_display::{DistanceUnit, Entry, HEIGHT, Ink, Language, Settings, View, WIDTH, draw};
use milepost_protocol::notice::{Actions, Answer, Notice, NoticeKind, Reason};
use milepost_protocol::plan::{ItemId, Level, SafetyClass};
use milepost_protocol::{NoticeId, SignalId};
use proptest::prelude::*;

use crate::cases;

/// Counts what falls outside of the panel.
struct Bounds {
    outside: u32,
}

impl OriginDimensions for Bounds {
    fn size(&self) -> Size {
        Size::new(WIDTH, HEIGHT)
    }
}

impl DrawTarget for Bounds {
    type Color = Ink;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Ink>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(at, _) in pixels {
            self.outside += u32::from(!self.bounding_box().contains(at));
        }
        Ok(())
    }

    fn fill_solid(&mut self, area: &Rectangle, _: Ink) -> Result<(), Infallible> {
        let inside = area.intersection(&self.bounding_box()).size;
        self.outside += area.size.width * area.size.height - inside.width * inside.height;
        Ok(())
    }
}

/// How many texts were cut and how many pixels fell outside.
fn faults(settings: Settings, view: View, notice: Option<&Notice>) -> (u32, u32) {
    let mut bounds = Bounds { outside: 0 };
    let Ok(cut) = draw(&mut bounds, settings, view, notice);
    (cut, bounds.outside)
}

fn views() -> impl Iterator<Item = View> {
    let entries = [Entry::Done, Entry::Book, Entry::Why, Entry::Refuse, Entry::Back];
    let answers = [1, 7, 30, 90, u16::MAX].map(|days| Answer::Snooze { days });
    let answers = answers.into_iter().chain([Answer::Book, Answer::Done, Answer::Refuse]);
    [View::Dark, View::Idle, View::Card, View::Why, View::ConfirmDone, View::ConfirmRefuse]
        .into_iter()
        .chain(entries.map(View::Menu))
        .chain([1, 7, 30].map(View::Snooze))
        .chain(answers.map(View::Outcome))
}

fn settings() -> impl Iterator<Item = Settings> {
    Language::ALL
        .into_iter()
        .flat_map(|language| DistanceUnit::ALL.into_iter().map(move |unit| Settings { language, unit }))
}

const ITEMS: [ItemId; 6] =
    [ItemId::ENGINE_OIL, ItemId::BRAKE_FLUID, ItemId::TYRES, ItemId::INSPECTION, ItemId::BATTERY_12V, ItemId(u16::MAX)];
const LEVELS: [Level; 4] = [Level::Scheduled, Level::Upcoming, Level::Due, Level::Overdue];

#[test]
fn no_text_of_ours_is_cut_for_any_item_level_language_and_unit_with_the_largest_numbers() {
    let reasons: [&[Reason]; 7] = [
        &[],
        &[
            Reason::Distance { used_m: 999_999_000, limit_m: 999_999_000 },
            Reason::Time { used_days: u16::MAX, limit_days: u16::MAX },
            Reason::EngineTime { used_s: 99_999 * 3600, limit_s: 99_999 * 3600 },
            Reason::Fuel { used_ml: 999_999_000, limit_ml: 999_999_000 },
        ],
        &[
            Reason::Distance { used_m: 0, limit_m: u32::MAX },
            Reason::Time { used_days: 0, limit_days: u16::MAX },
            Reason::EngineTime { used_s: u32::MAX, limit_s: u32::MAX },
            Reason::Fuel { used_ml: u32::MAX, limit_ml: u32::MAX },
        ],
        &[Reason::Time { used_days: 41, limit_days: 59 }, Reason::Distance { used_m: u32::MAX, limit_m: u32::MAX - 1 }],
        &[Reason::Time { used_days: u16::MAX, limit_days: 1 }, Reason::Distance { used_m: 1, limit_m: u32::MAX }],
        &[Reason::Distance { used_m: u32::MAX, limit_m: 0 }],
        &[
            Reason::Signal { signal: SignalId::BATTERY_12V, value: 11.82, limit: 12.10 },
            Reason::Signal { signal: SignalId::OUTSIDE_TEMPERATURE, value: -40.0, limit: -39.0 },
            Reason::Signal { signal: SignalId(u16::MAX), value: -9_999.99, limit: 9_999.99 },
        ],
    ];
    for settings in settings() {
        for (item, level) in ITEMS.into_iter().flat_map(|item| LEVELS.map(|level| (item, level))) {
            for safety in [SafetyClass::Comfort, SafetyClass::Safety] {
                for reasons in reasons {
                    let mut notice = cases::reminder(item, level, safety, reasons);
                    notice.actions = Actions(u8::MAX);
                    for view in views() {
                        let faults = faults(settings, view, Some(&notice));
                        assert_eq!(faults, (0, 0), "{settings:?} {view:?} {notice:?}");
                    }
                }
            }
        }
        for (id, kind) in [
            (NoticeId::offer(1, 1), NoticeKind::Offer),
            (NoticeId::offer(2, 1), NoticeKind::Offer),
            (NoticeId::information(1), NoticeKind::Information),
            (NoticeId::information(2), NoticeKind::Question),
        ] {
            let notice = Notice { id, kind, ..cases::offer() };
            for view in views() {
                assert_eq!(faults(settings, view, Some(&notice)), (0, 0), "{settings:?} {view:?} {kind:?}");
            }
        }
        for view in views() {
            assert_eq!(faults(settings, view, None), (0, 0), "{settings:?} {view:?}");
        }
    }
}

#[test]
fn a_title_of_the_cloud_that_cannot_be_shown_gives_way_to_our_own_words() {
    let mut foreign = cases::information();
    foreign.title = "Новости о вашем автомобиле".try_into().unwrap();
    let mut bare = cases::information();
    bare.title.clear();
    let mut readable = cases::information();
    readable.title = "Recall".try_into().unwrap();
    let panel = |notice: Notice| {
        let mut cases = cases::all();
        let case = cases.iter_mut().find(|case| case.name == "information-en-day").unwrap();
        case.notice = Some(notice);
        case.panel()
    };
    assert_eq!(panel(foreign), panel(bare.clone()));
    assert_ne!(panel(readable), panel(bare));
}

fn reason() -> impl Strategy<Value = Reason> {
    prop_oneof![
        (any::<u32>(), any::<u32>()).prop_map(|(used_m, limit_m)| Reason::Distance { used_m, limit_m }),
        (any::<u16>(), any::<u16>()).prop_map(|(used_days, limit_days)| Reason::Time { used_days, limit_days }),
        (any::<u32>(), any::<u32>()).prop_map(|(used_s, limit_s)| Reason::EngineTime { used_s, limit_s }),
        (any::<u32>(), any::<u32>()).prop_map(|(used_ml, limit_ml)| Reason::Fuel { used_ml, limit_ml }),
        (any::<u16>(), any::<f32>(), any::<f32>()).prop_map(|(signal, value, limit)| Reason::Signal {
            signal: SignalId(signal),
            value,
            limit
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_the_cloud_sends_nothing_is_drawn_outside_of_the_panel(
        title in "\\PC{0,16}|[A-Za-zÄÖÜäöüß ]{0,60}|[制动液轮胎 ]{0,20}",
        text in "\\PC{0,40}|[A-Za-zÄÖÜäöüß .W]{0,190}|[制动液轮胎，。]{0,60}",
        reasons in prop::collection::vec(reason(), 0..=4),
        kind in prop::sample::select(vec![
            NoticeKind::Reminder, NoticeKind::Offer, NoticeKind::Information, NoticeKind::Question,
        ]),
        item in prop::option::of(any::<u16>()),
        level in prop::option::of(prop::sample::select(LEVELS.to_vec())),
        actions in any::<u8>(),
    ) {
        let notice = Notice {
            kind,
            item: item.map(ItemId),
            level,
            title: title.as_str().try_into().unwrap_or_default(),
            text: text.as_str().try_into().unwrap_or_default(),
            reasons: reasons.into_iter().collect(),
            actions: Actions(actions),
            ..cases::offer()
        };
        for settings in settings() {
            for view in views() {
                prop_assert_eq!(faults(settings, view, Some(&notice)).1, 0);
            }
        }
    }
}
