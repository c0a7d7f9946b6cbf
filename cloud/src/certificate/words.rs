//! A certificate in words, for the page and for paper alike.
//!
//! Invariant: a finding is told whether it speaks for the car or not; what is not known is said to be unknown.

use milepost_engine::service_book::Source;

use super::{Certificate, Work};
use crate::domain::{OTHER_WORK, Powertrain, Vehicle};
use crate::i18n::{Format, item_name};
use crate::web::vehicle_name;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Whether a buyer should ask about it.
    pub(crate) asks: bool,
    /// What was found.
    pub(crate) text: String,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) date: String,
    pub(crate) machine: String,
    pub(crate) odometer: String,
    pub(crate) work: String,
    pub(crate) by: String,
    pub(crate) vouched: bool,
}

/// A certificate in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) title: String,
    pub(crate) name: String,
    pub(crate) read: String,
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) rows: Vec<Row>,
}

impl Words {
    /// The words of a car's certificate.
    pub(crate) fn of(certificate: &Certificate, vehicle: &Vehicle, format: &Format) -> Self {
        let localizer = format.localizer;
        Self {
            title: localizer.text("certificate-title"),
            name: vehicle_name(localizer, vehicle),
            read: localizer.with("certificate-read", [("when", format.date_time(certificate.at_ms).into())]),
            facts: facts(certificate, vehicle, format),
            findings: findings(certificate, format),
            rows: certificate.works.iter().map(|work| row(work, format)).collect(),
        }
    }
}

fn facts(certificate: &Certificate, vehicle: &Vehicle, format: &Format) -> Vec<(String, String)> {
    let localizer = format.localizer;
    let unknown = || localizer.text("certificate-unknown");
    let fact = |key: &str, value: Option<String>| (localizer.text(key), value.unwrap_or_else(unknown));
    let profile = &vehicle.profile;
    let drive = match profile.powertrain {
        Powertrain::Combustion => "powertrain-combustion",
        Powertrain::Hybrid => "powertrain-hybrid",
        Powertrain::Electric => "powertrain-electric",
    };
    let odometer = certificate.odometer.map(|(metres, at_ms)| {
        let figures = [("odometer", format.odometer(metres.into()).into()), ("date", format.date(at_ms).into())];
        localizer.with("certificate-odometer-at", figures)
    });
    let registered = (profile.registered_ms > 0).then(|| format.date(profile.registered_ms));
    let mut facts = vec![
        fact("certificate-vin", profile.vin.as_ref().map(ToString::to_string)),
        fact("certificate-registered", registered),
        fact("certificate-drive", Some(localizer.text(drive))),
        fact("certificate-odometer", odometer),
        fact("certificate-since", Some(format.date(certificate.since_ms))),
        fact("certificate-hands", Some(format.integer((certificate.hands as u64).cast_signed()))),
    ];
    facts.extend(certificate.battery.map(|share| fact("certificate-battery", Some(format.percent(share.into())))));
    facts
}

fn findings(certificate: &Certificate, format: &Format) -> Vec<Finding> {
    let localizer = format.localizer;
    let count = |number: usize| format.integer((number as u64).cast_signed());
    let good = |text: String| Finding { asks: false, text };
    let ask = |text: String| Finding { asks: true, text };
    let vouched = localizer.with(
        "certificate-vouched",
        [("vouched", count(certificate.vouched()).into()), ("all", count(certificate.works.len()).into())],
    );
    let mut findings = vec![Finding { asks: certificate.vouched() == 0, text: vouched }];
    findings.push(match (certificate.contradicted(), certificate.disbelieved) {
        (0, 0) => good(localizer.text("certificate-odometer-sound")),
        (contradicted, disbelieved) => ask(localizer.with(
            "certificate-odometer-doubt",
            [("records", count(contradicted).into()), ("readings", count(disbelieved).into())],
        )),
    });
    findings.push(if certificate.due.is_empty() {
        good(localizer.text("certificate-nothing-due"))
    } else {
        let names: Vec<String> = certificate.due.iter().map(|(item, _)| item_name(localizer, *item)).collect();
        ask(localizer.with("certificate-due", [("items", names.join(", ").into())]))
    });
    findings.push(if certificate.recalls.is_empty() {
        good(localizer.text("certificate-no-recalls"))
    } else {
        ask(localizer.with("certificate-recalls", [("campaigns", certificate.recalls.join(", ").into())]))
    });
    findings.push(if certificate.troubles.is_empty() {
        good(localizer.text("certificate-no-troubles"))
    } else {
        ask(localizer.with("certificate-troubles", [("codes", certificate.troubles.join(", ").into())]))
    });
    findings
}

fn row(work: &Work, format: &Format) -> Row {
    let localizer = format.localizer;
    let name = if work.item == OTHER_WORK && !work.title.is_empty() {
        work.title.clone()
    } else {
        item_name(localizer, work.item)
    };
    let source = localizer.text(match work.source {
        Source::Owner => "source-owner",
        Source::Workshop => "source-workshop",
        Source::Import => "source-import",
        Source::DetectedReset => "source-detected",
    });
    let by = [source, work.place.clone()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ");
    Row {
        date: format.date(work.at_ms),
        machine: format.machine(work.at_ms),
        odometer: work.odometer_m.map_or_else(String::new, |metres| format.odometer(metres.into())),
        work: name,
        by,
        vouched: work.is_vouched(),
    }
}
