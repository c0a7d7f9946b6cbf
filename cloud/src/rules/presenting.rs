//! How an entry of the catalogue comes before an owner: an offer that was drawn, or advice that fits.
//!
//! Invariant: nothing is shown in the quiet hours of the owner's clock, and its words hold every figure that they name.

use milepost_engine::offers::catalogue::{Action, Content, Entry, Kind, Owner};
use milepost_engine::offers::eligibility::{Ground, Value};
use milepost_engine::offers::event::Event;
use milepost_engine::offers::{Bet, Channel, filled};
use milepost_protocol::notice::Actions;
use milepost_protocol::plan::{DAY_MS, SafetyClass};

use super::Effects;
use super::desktop::Desktop;
use crate::domain::{Actor, ChangeKind, Made, Moment, NoticeDoc, Subject, Texts, Vehicle};

/// How long a vehicle is left before segments and advice are looked at again, in milliseconds.
const LOOK_EVERY_MS: u64 = 15 * 60_000;

/// Whether segments and advice are looked at.
pub(super) fn looks_again(vehicle: &Vehicle, now_ms: u64) -> bool {
    now_ms >= vehicle.looked_ms.saturating_add(LOOK_EVERY_MS)
}

/// Shows an offer that was drawn.
#[expect(clippy::too_many_arguments, reason = "what is shown, where, to whom, with what, and what follows")]
pub(super) fn present(
    vehicle: &mut Vehicle,
    entry: &Entry,
    channel: Channel,
    bet: Bet,
    desktop: &Desktop<'_>,
    now_ms: u64,
    texts: &dyn Texts,
    effects: &mut Effects,
) {
    let made = made(entry, grounds(entry, vehicle, desktop, now_ms), desktop);
    let number = bet.decision;
    effects.offers.push(Event::Shown { bet: bet.clone(), at_ms: now_ms });
    let id = vehicle.offers.present(entry.id, now_ms, Some(bet));
    let Some((offer, serial)) = id.as_offer() else { unreachable!("a presentation's id is an offer's") };
    let (subject, at) = (Subject::Offer { offer, serial }, Moment::now(now_ms));
    let mut notice = NoticeDoc::raised(subject, SafetyClass::Comfort, Vec::new(), at, Actor::System);
    let answers = Actions::SNOOZE.and(Actions::DONE).and(Actions::REFUSE);
    notice.actions = if entry.action == Action::Read { answers } else { answers.and(Actions::BOOK) };
    notice.decision = Some(number);
    show(vehicle, notice, made, entry, channel == Channel::Car, now_ms, texts, effects);
}

/// Gives the advice that fits and was not given lately.
pub(super) fn advise(
    vehicle: &mut Vehicle,
    desktop: &Desktop<'_>,
    now_ms: u64,
    texts: &dyn Texts,
    effects: &mut Effects,
) {
    if desktop.quiet_until_ms().is_some() {
        return;
    }
    let mut tips: Vec<&Entry> = desktop.catalogue.live(Kind::Tip).collect();
    tips.sort_by_key(|entry| !entry.safety);
    for entry in tips {
        let rests_ms = u64::from(entry.rest_days) * DAY_MS;
        let lately = vehicle.offers.tipped_ms(entry.id).is_some_and(|at_ms| now_ms.saturating_sub(at_ms) < rests_ms);
        // Who wants fewer of a tip gets none of it for as long as that holds for an offer.
        let lately = lately || vehicle.offers.fewer_until_ms(entry.id, now_ms).is_some();
        if lately || !vehicle.consent.purposes.contains(entry.needs) {
            continue;
        }
        let languages = [vehicle.profile.locale.as_str(), "en"];
        let owner = Owner { dealer: desktop.rules.dealer.as_deref(), languages: &languages, facts: &desktop.facts };
        let Ok(grounds) = entry.fits(&owner, now_ms).map(|personal| personal.grounds) else { continue };
        vehicle.offers.tip(entry.id, now_ms);
        let subject = Subject::Information { serial: vehicle.next_information };
        vehicle.next_information += 1;
        let at = Moment::now(now_ms);
        let mut notice = NoticeDoc::raised(subject, SafetyClass::Comfort, Vec::new(), at, Actor::System);
        notice.actions = Actions::SNOOZE.and(Actions::DONE);
        let in_car = entry.channels.contains(&Channel::Car);
        show(vehicle, notice, made(entry, grounds, desktop), entry, in_car, now_ms, texts, effects);
    }
}

#[expect(clippy::too_many_arguments, reason = "what is shown, where, to whom, and what follows")]
fn show(
    vehicle: &mut Vehicle,
    mut notice: NoticeDoc,
    made: Made,
    entry: &Entry,
    in_car: bool,
    now_ms: u64,
    texts: &dyn Texts,
    effects: &mut Effects,
) {
    notice.expires_ms = Some(now_ms + u64::from(entry.stands_days) * DAY_MS);
    notice.in_car = in_car;
    notice.made = Some(made);
    if in_car {
        effects.send_notice(vehicle, &notice, texts);
    }
    let id = notice.id();
    vehicle.notices.insert(id, notice);
    effects.note(ChangeKind::NoticeRaised(id));
}

fn grounds(entry: &Entry, vehicle: &Vehicle, desktop: &Desktop<'_>, now_ms: u64) -> Vec<Ground> {
    let languages = [vehicle.profile.locale.as_str(), "en"];
    let owner = Owner { dealer: desktop.rules.dealer.as_deref(), languages: &languages, facts: &desktop.facts };
    entry.fits(&owner, now_ms).map(|personal| personal.grounds).unwrap_or_default()
}

fn made(entry: &Entry, grounds: Vec<Ground>, desktop: &Desktop<'_>) -> Made {
    let words = |language: &str, content: &Content| {
        let known = |name: &str| desktop.facts.get(name).map(|value| figure(language, name, value));
        let fill = |text: &str| filled(text, known);
        // A figure that is not known leaves the title, which stands by itself.
        let title = fill(&content.title).unwrap_or_else(|| entry.code.clone());
        let body = fill(&content.body).unwrap_or_else(|| title.clone());
        Content { title, body }
    };
    Made {
        entry: entry.id,
        version: entry.version,
        content: entry.content.iter().map(|(language, one)| (language.clone(), words(language, one))).collect(),
        grounds,
        price: entry.price,
        saves: entry.benefit.of(&desktop.facts),
        action: entry.action,
        safety: entry.safety,
    }
}

/// A figure in words: volts by the hundredth, all else whole; German has its comma.
fn figure(language: &str, name: &str, value: &Value) -> String {
    match value {
        Value::Number(number) if name.ends_with("_v") => {
            let shown = format!("{number:.2}");
            if language == "de" { shown.replace('.', ",") } else { shown }
        }
        // What rounds to nothing has no sign.
        Value::Number(number) => format!("{:.0}", number.round() + 0.0),
        Value::Flag(flag) => flag.to_string(),
        Value::Word(word) => word.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_their_language_does() {
        for (language, name, number, expected) in [
            ("en", "battery_rest_v", 12.414, "12.41"),
            ("de", "battery_rest_v", 12.414, "12,41"),
            ("de", "outside_week_c", -0.3, "0"),
            ("en", "distance_30d_km", 1_234.6, "1235"),
        ] {
            assert_eq!(figure(language, name, &Value::Number(number)), expected, "{language} {name}");
        }
    }
}
