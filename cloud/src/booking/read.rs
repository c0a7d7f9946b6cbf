//! What can be asked about appointments: free times, a vehicle's visits, a workshop's board.
//!
//! Invariant: reading changes nothing, and a time that is shown as free was free when it was read.

use jiff::civil::Date;
use milepost_engine::booking::{Agenda, Span, Usual, Wish, free_on, local, offer};
use milepost_protocol::plan::{DAY_MS, ItemId};

use super::band::band;
use super::{Booking, BookingError, Visit, VisitId, WorkshopDoc, WorkshopId, shelf};
use crate::domain::Vehicle;
use crate::zones::zone;

/// How many times are suggested.
const SUGGESTED: usize = 6;

/// How many trips tell when a car usually drives off.
const TRIPS: usize = 60;

/// What an owner can choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Where.
    pub workshop: WorkshopDoc,
    /// How long the visit takes, in minutes.
    pub minutes: u16,
    /// The times to suggest, the best first.
    pub suggested: Vec<Span>,
    /// All free times of the day that was asked for.
    pub of_day: Vec<Span>,
    /// Whether the owner waited there the last time.
    pub waits: bool,
}

/// A workshop's visits of some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// Where.
    pub workshop: WorkshopDoc,
    /// Each day with its visits by their begin, those that were cancelled left out.
    pub days: Vec<(Date, Vec<Visit>)>,
}

impl Booking {
    /// One visit.
    pub async fn visit(&self, id: &VisitId) -> Result<Visit, BookingError> {
        Ok(shelf::visit(&self.service, id).await?.value)
    }

    /// All visits of a vehicle, the latest first.
    pub async fn of_vehicle(&self, vehicle: &Vehicle) -> Result<Vec<Visit>, BookingError> {
        let ids = shelf::of_vehicle(&self.service, &vehicle.device).await?;
        let mut visits = shelf::visits(&self.service, &ids).await?;
        // Visits of an owner before this one are none of this owner's business.
        visits.retain(|visit| vehicle.owner.as_ref() == Some(&visit.owner));
        visits.sort_by_key(|visit| std::cmp::Reverse((visit.span.start_ms, visit.booked_ms())));
        Ok(visits)
    }

    /// The free times for work on a vehicle; the workshop of the last visit if none is named.
    ///
    /// `moves` is the visit that shall take place at another time.
    pub async fn choice(
        &self,
        vehicle: &Vehicle,
        items: &[ItemId],
        workshop: Option<&WorkshopId>,
        day: Option<Date>,
        moves: Option<&VisitId>,
    ) -> Result<Choice, BookingError> {
        let past = self.of_vehicle(vehicle).await?;
        let last = past.iter().max_by_key(|visit| visit.booked_ms());
        let workshops = self.workshops().await?;
        let wanted = workshop.or(last.map(|visit| &visit.workshop));
        let found = wanted.and_then(|id| workshops.iter().find(|workshop| workshop.id == *id));
        let found = if workshop.is_some() { found } else { found.or(workshops.first()) };
        let workshop = found.ok_or(BookingError::UnknownWorkshop)?.clone();
        let (now_ms, clocks) = (self.service.clock().now_ms(), workshop.clocks());
        let horizon = usize::from(workshop.rules.horizon_days) + 2;
        let today = date_of(&workshop, now_ms).to_string();
        let mut agenda = Agenda::default();
        for (_, of_day) in shelf::days(&self.service, &workshop.id, &today, horizon).await? {
            agenda.append(of_day);
        }
        let minutes = workshop.rules.minutes(items);
        let usual = usual(vehicle, last, &workshop);
        let wish = Wish { now_ms, minutes, band: band(vehicle, items, now_ms), usual, most: SUGGESTED };
        let suggested = offer(&workshop.rules, &clocks, &agenda, &wish, moves);
        let earliest_ms = now_ms.saturating_add(u64::from(workshop.rules.lead_min) * 60_000);
        let last_day = local(&clocks, now_ms).day.saturating_add(workshop.rules.horizon_days.into());
        let of_day = day
            .map(day_number)
            .filter(|day| *day <= last_day)
            .map_or_else(Vec::new, |day| free_on(&workshop.rules, &clocks, &agenda, day, minutes, earliest_ms, moves));
        Ok(Choice { minutes, suggested, of_day, waits: last.is_some_and(|visit| visit.waits), workshop })
    }

    /// A workshop's visits from a day on.
    pub async fn board(&self, workshop: &WorkshopId, from: Date, days: u8) -> Result<Board, BookingError> {
        let workshop = self.workshop(workshop).await?.ok_or(BookingError::UnknownWorkshop)?;
        let mut board = Vec::new();
        let dates = std::iter::successors(Some(from), |day| day.tomorrow().ok());
        let dates: Vec<Date> = dates.take(usize::from(days)).collect();
        let ids = shelf::of_days(&self.service, &workshop.id, &dates).await?;
        for (day, ids) in dates.into_iter().zip(ids) {
            let mut visits = shelf::visits(&self.service, &ids).await?;
            visits.retain(|visit| visit.standing != milepost_engine::booking::Standing::Cancelled);
            visits.sort_by_key(|visit| (visit.span, visit.id.clone()));
            board.push((day, visits));
        }
        Ok(Board { workshop, days: board })
    }
}

/// The local date of a workshop at `at_ms`.
pub(super) fn date_of(workshop: &WorkshopDoc, at_ms: u64) -> Date {
    let day = local(&workshop.clocks(), at_ms).day;
    Date::constant(1970, 1, 1).saturating_add(jiff::Span::new().days(day))
}

/// The days since 1 January 1970 of a date.
pub(crate) fn day_number(date: Date) -> i32 {
    date.since(Date::constant(1970, 1, 1)).map_or(0, |span| span.get_days())
}

/// The time of the last visit, or else the hour at which the car drives off most often.
fn usual(vehicle: &Vehicle, last: Option<&Visit>, workshop: &WorkshopDoc) -> Option<Usual> {
    if let Some(visit) = last {
        let at = local(&workshop.clocks(), visit.span.start_ms);
        return Some(Usual { weekday: Some(at.weekday()), minute: at.minute });
    }
    let clocks = super::Clocks(zone(&vehicle.profile.time_zone));
    let newest_ms = vehicle.state.trips.ended.iter().map(|trip| trip.started_ms).max()?;
    let mut hours = [0_u32; 24];
    let trips = vehicle.state.trips.ended.iter().rev().take(TRIPS);
    for trip in trips.filter(|trip| newest_ms.saturating_sub(trip.started_ms) < 90 * DAY_MS) {
        hours[usize::from(local(&clocks, trip.started_ms).minute / 60)] += 1;
    }
    let (hour, count) = (0..).zip(hours).max_by_key(|(hour, count)| (*count, std::cmp::Reverse(*hour)))?;
    (count > 1).then_some(Usual { weekday: None, minute: hour * 60 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_day_numbers_are_the_same_thing() {
        for (text, day) in [("1970-01-01", 0), ("2026-11-16", 20_773), ("2024-02-29", 19_782)] {
            let date: Date = text.parse().expect("a date");
            assert_eq!(day_number(date), day);
        }
    }
}
