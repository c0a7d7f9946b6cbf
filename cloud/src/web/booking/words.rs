//! Visits in words, for pages and calendars.
//!
//! Invariant: times are those of the workshop's clocks, whoever reads them.

use std::collections::BTreeMap;

use milepost_engine::booking::{Span, Standing, local};
use milepost_protocol::plan::ItemId;

use super::super::AppState;
use crate::api::Problem;
use crate::booking::{Booking, Entry, Visit, WorkshopDoc, calendar};
use crate::i18n::{Format, Localizer, item_inline, item_name};
use crate::web::view::vehicle_name;
use crate::zones::zone;

/// The days of the week, Monday first.
const WEEKDAYS: [&str; 7] = [
    "weekday-monday",
    "weekday-tuesday",
    "weekday-wednesday",
    "weekday-thursday",
    "weekday-friday",
    "weekday-saturday",
    "weekday-sunday",
];

/// A visit as a page shows it.
#[derive(Debug, Clone)]
pub(super) struct VisitView {
    pub(super) id: String,
    pub(super) when: String,
    pub(super) hours: String,
    pub(super) machine: String,
    pub(super) place: String,
    pub(super) address: String,
    pub(super) phone: String,
    pub(super) work: String,
    pub(super) standing: String,
    pub(super) tone: &'static str,
    pub(super) icon: &'static str,
    pub(super) waits: bool,
    pub(super) note: String,
    pub(super) planned: bool,
    pub(super) open: bool,
}

impl VisitView {
    /// The visit as the workshop's clocks have it.
    pub(super) fn new(visit: &Visit, workshop: Option<&WorkshopDoc>, format: &Format) -> Self {
        let format = at_workshop(format, workshop);
        let localizer = format.localizer;
        let (key, tone, icon) = match visit.standing {
            Standing::Planned => ("visit-planned", "accent", "calendar"),
            Standing::Arrived => ("visit-arrived", "soon", "car"),
            Standing::Done => ("visit-done", "ok", "check"),
            Standing::NoShow => ("visit-no-show", "over", "close"),
            Standing::Cancelled => ("visit-cancelled", "", "close"),
        };
        Self {
            id: visit.id.to_string(),
            when: when(&format, workshop, visit.span),
            hours: localizer.with(
                "visit-hours",
                [("from", format.time(visit.span.start_ms).into()), ("to", format.time(visit.span.end_ms).into())],
            ),
            machine: format.machine(visit.span.start_ms),
            place: workshop.map_or_else(|| visit.workshop.to_string(), |workshop| workshop.name.clone()),
            address: workshop.map(|workshop| workshop.address.clone()).unwrap_or_default(),
            phone: workshop.map(|workshop| workshop.phone.clone()).unwrap_or_default(),
            work: work(localizer, &visit.items),
            standing: localizer.text(key),
            tone,
            icon,
            waits: visit.waits,
            note: visit.note.clone(),
            planned: visit.standing == Standing::Planned,
            open: visit.is_open(),
        }
    }
}

/// The same format on the workshop's clocks.
pub(super) fn at_workshop(format: &Format, workshop: Option<&WorkshopDoc>) -> Format {
    let zone = workshop.map_or_else(|| format.zone.clone(), |workshop| zone(&workshop.time_zone));
    Format { zone, ..format.clone() }
}

/// Day of the week, date and time; `format` is on the workshop's clocks.
pub(super) fn when(format: &Format, workshop: Option<&WorkshopDoc>, span: Span) -> String {
    let localizer = format.localizer;
    let at = workshop.map(|workshop| local(&workshop.clocks(), span.start_ms));
    let day = at.and_then(|at| WEEKDAYS.get(usize::from(at.weekday()))).map(|key| localizer.text(key));
    let date_time = format.date_time(span.start_ms);
    match day {
        Some(day) => localizer.with("visit-when", [("weekday", day.into()), ("date", date_time.into())]),
        None => date_time,
    }
}

/// The work as one text: the first item as a title, the others within the sentence.
pub(super) fn work(localizer: Localizer, items: &[ItemId]) -> String {
    let Some((first, others)) = items.split_first() else { return String::new() };
    let others = others.iter().map(|item| item_inline(localizer, *item));
    std::iter::once(item_name(localizer, *first)).chain(others).collect::<Vec<_>>().join(", ")
}

/// Visits as an iCalendar text.
pub(crate) async fn invitation(state: &AppState, localizer: Localizer, visits: &[Visit]) -> Result<String, Problem> {
    let booking = Booking::new(state.service.clone());
    let workshops: BTreeMap<_, _> =
        booking.all_workshops().await?.into_iter().map(|workshop| (workshop.id.clone(), workshop)).collect();
    let mut entries = Vec::with_capacity(visits.len());
    for visit in visits {
        let vehicle = state.service.vehicle(&visit.vehicle).await?;
        let car = vehicle.map_or_else(|| visit.vehicle.to_string(), |vehicle| vehicle_name(localizer, &vehicle));
        let workshop = workshops.get(&visit.workshop);
        let place = workshop.map_or_else(|| visit.workshop.to_string(), |workshop| workshop.name.clone());
        let address = workshop.map(|workshop| workshop.address.as_str()).unwrap_or_default();
        let phone = workshop.map(|workshop| workshop.phone.as_str()).unwrap_or_default();
        let lines = [car, work(localizer, &visit.items), phone.to_owned()];
        let lines: Vec<String> = lines.into_iter().filter(|line| !line.is_empty()).collect();
        entries.push(Entry {
            visit,
            summary: localizer.with("calendar-summary", [("workshop", place.clone().into())]),
            description: lines.join("\n"),
            location: if address.is_empty() { place } else { format!("{place}, {address}") },
        });
    }
    Ok(calendar(&localizer.text("calendar-name"), &entries))
}
