//! A vehicle's figures for staff: counters, gaps, the latest messages.

use milepost_engine::usage::Loss;
use milepost_protocol::Envelope;
use milepost_protocol::record::GapReason;

use super::consent::names;
use crate::domain::{Powertrain, Vehicle};
use crate::i18n::Format;
use crate::store::TelemetryRow;

/// A name with its value.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// One committed message of the car.
#[derive(Debug, Clone)]
pub(crate) struct RecordLine {
    pub(crate) received: String,
    pub(crate) span: String,
    pub(crate) kinds: String,
}

/// Counters and circumstances.
pub(crate) fn facts(vehicle: &Vehicle, format: &Format) -> Vec<Fact> {
    let localizer = format.localizer;
    let (totals, profile) = (&vehicle.state.totals, &vehicle.profile);
    let unknown = || localizer.text("state-unknown");
    let powertrain = match profile.powertrain {
        Powertrain::Electric => "powertrain-electric",
        Powertrain::Hybrid => "powertrain-hybrid",
        Powertrain::Combustion => "powertrain-combustion",
    };
    let registered = if profile.registered_ms > 0 { format.date(profile.registered_ms) } else { unknown() };
    let contact_ms = vehicle.state.last_received_ms;
    let contact = if contact_ms > 0 { format.age(contact_ms) } else { unknown() };
    let odometer = totals.odometer_m.map_or_else(unknown, |metres| format.odometer(metres.into()));
    let purposes = names(vehicle.consent.purposes);
    let purposes: Vec<String> = purposes.iter().map(|code| localizer.text(&format!("purpose-{code}"))).collect();
    let count = |count: u32| format.integer(count.into());
    let mut facts = vec![
        ("state-powertrain", localizer.text(powertrain)),
        ("state-registered", registered),
        ("state-odometer", odometer),
        ("state-trips", count(totals.trips)),
        ("state-short-trips", count(totals.short_trips)),
    ];
    if profile.powertrain != Powertrain::Electric {
        facts.push(("state-engine-hours", count(totals.engine_s / 3600)));
        facts
            .push(("state-fuel-burnt", localizer.with("trip-fuel", [("litres", count(totals.fuel_ml / 1000).into())])));
        facts.push(("state-cold-starts", count(totals.cold_starts)));
    }
    if profile.powertrain != Powertrain::Combustion {
        facts.push(("state-energy", localizer.with("trip-energy", [("kwh", count(totals.energy_wh / 1000).into())])));
    }
    facts.push(("state-last-contact", contact));
    if let Some(boot) = &vehicle.state.boot {
        facts.push(("state-firmware", firmware(boot.firmware)));
    }
    facts.push(("state-consent", purposes.join(", ")));
    facts.into_iter().map(|(key, value)| Fact { name: localizer.text(key), value }).collect()
}

/// A firmware version.
pub(crate) fn firmware([major, minor, patch]: [u16; 3]) -> String {
    format!("{major}.{minor}.{patch}")
}

/// Lost records, the newest first, each with its cause.
pub(crate) fn gaps(vehicle: &Vehicle, format: &Format) -> Vec<String> {
    let line = |loss: &Loss| {
        let why = format.localizer.text(match loss.reason {
            GapReason::FlashFull => "gap-flash-full",
            GapReason::Overflow => "gap-overflow",
            GapReason::Corrupt => "gap-corrupt",
        });
        format.localizer.with(
            "gaps-line",
            [
                ("n", format.integer(loss.count.into()).into()),
                ("boot", loss.boot.to_string().into()),
                ("why", why.into()),
            ],
        )
    };
    vehicle.state.losses.iter().rev().map(line).collect()
}

/// The latest messages with what they hold.
pub(crate) fn records(rows: &[TelemetryRow], format: &Format) -> Vec<RecordLine> {
    rows.iter().filter_map(|row| record_line(row, format)).collect()
}

fn record_line(row: &TelemetryRow, format: &Format) -> Option<RecordLine> {
    let envelope = Envelope::parse(&row.bytes).ok()?;
    let mut kinds: Vec<(u16, u32)> = Vec::new();
    let mut last = row.first.number;
    for entry in envelope.entries() {
        last = entry.number;
        match kinds.iter_mut().find(|(kind, _)| *kind == entry.kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((entry.kind, 1)),
        }
    }
    let name = |kind: u16| {
        let key = format!("record-{kind}");
        if format.localizer.has(&key) { format.localizer.text(&key) } else { format.localizer.text("record-other") }
    };
    Some(RecordLine {
        received: format.date_time(row.received_ms),
        span: format!("{}: {}–{last}", row.first.boot, row.first.number),
        kinds: kinds.iter().map(|(kind, count)| format!("{} ×{count}", name(*kind))).collect::<Vec<_>>().join(", "),
    })
}
