//! Purposes and how the consent came about.

use milepost_protocol::downlink::Purposes;

use super::actor;
use crate::domain::Vehicle;
use crate::i18n::{Format, Localizer};

/// Every purpose with its code, in the order of the page.
pub(crate) const PURPOSES: [(&str, Purposes); 5] = [
    ("function", Purposes::FUNCTION),
    ("workshop", Purposes::WORKSHOP),
    ("offers", Purposes::OFFERS),
    ("location", Purposes::LOCATION),
    ("research", Purposes::RESEARCH),
];

/// A purpose with its switch.
#[derive(Debug, Clone)]
pub(crate) struct PurposeRow {
    pub(crate) code: &'static str,
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) on: bool,
    pub(crate) fixed: bool,
}

/// One change of the consent.
#[derive(Debug, Clone)]
pub(crate) struct ChangeLine {
    pub(crate) what: String,
    pub(crate) who: String,
    pub(crate) when: String,
    pub(crate) machine: String,
}

/// The switches.
pub(crate) fn rows(vehicle: &Vehicle, localizer: Localizer) -> Vec<PurposeRow> {
    let row = |(code, purpose): (&'static str, Purposes)| PurposeRow {
        code,
        name: localizer.text(&format!("purpose-{code}")),
        about: localizer.text(&format!("purpose-{code}-about")),
        on: vehicle.consent.purposes.contains(purpose),
        fixed: purpose == Purposes::FUNCTION,
    };
    PURPOSES.map(row).into()
}

/// The purposes with these codes and that of the service itself; an unknown code is `None`.
pub(crate) fn purposes<'c>(codes: impl IntoIterator<Item = &'c str>) -> Option<Purposes> {
    purpose_set(codes).map(|set| set.and(Purposes::FUNCTION))
}

/// The purposes with these codes and no others; an unknown code is `None`.
pub(crate) fn purpose_set<'c>(codes: impl IntoIterator<Item = &'c str>) -> Option<Purposes> {
    codes.into_iter().try_fold(Purposes::default(), |set, code| {
        let (_, purpose) = PURPOSES.into_iter().find(|(known, _)| *known == code)?;
        Some(set.and(purpose))
    })
}

/// The codes of a set.
pub(crate) fn names(set: Purposes) -> Vec<&'static str> {
    PURPOSES.into_iter().filter(|(_, purpose)| set.contains(*purpose)).map(|(code, _)| code).collect()
}

/// The changes, the newest first.
pub(crate) fn changes(vehicle: &Vehicle, format: &Format) -> Vec<ChangeLine> {
    let localizer = format.localizer;
    let before =
        std::iter::once(Purposes::FUNCTION).chain(vehicle.consent_history.iter().map(|change| change.consent.purposes));
    let lines = vehicle.consent_history.iter().zip(before).map(|(change, before)| {
        let now = change.consent.purposes;
        let list = |set: Purposes| {
            names(set).iter().map(|code| localizer.text(&format!("purpose-{code}"))).collect::<Vec<_>>().join(", ")
        };
        let (added, removed) = (now.without(before), before.without(now));
        let mut what = Vec::new();
        if added.0 != 0 {
            what.push(localizer.with("consent-allowed", [("purposes", list(added).into())]));
        }
        if removed.0 != 0 {
            what.push(localizer.with("consent-withdrawn", [("purposes", list(removed).into())]));
        }
        if what.is_empty() {
            what.push(localizer.text("consent-same"));
        }
        ChangeLine {
            what: what.join(" · "),
            who: localizer.with(
                "consent-by",
                [("who", actor(localizer, &change.by).into()), ("version", change.consent.version.to_string().into())],
            ),
            when: format.date_time(change.at_ms),
            machine: format.machine(change.at_ms),
        }
    });
    let mut lines: Vec<ChangeLine> = lines.collect();
    lines.reverse();
    lines
}
