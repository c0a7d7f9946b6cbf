//! Where visits lie in the store: each in a document of its own, the bays of each workshop and day in one more, and an index by vehicle.
//!
//! Invariant: every write names the version that was read, so that of two who book at once one has to read again.

use jiff::civil::Date;
use milepost_engine::booking::Agenda;
use milepost_protocol::DeviceId;
use serde::de::DeserializeOwned;

use super::{BookingError, Visit, VisitId, WorkshopId};
use crate::service::Service;
use crate::store::{Collection, Doc, DocKey, DocWrite, Expected, VISITS, VISITS_OF, VISITS_ON};

/// Workshops by id.
pub(super) const WORKSHOPS: Collection = Collection("workshop");

/// The bays of one day: `workshop/2026-11-16`.
const DAYS: Collection = Collection("visit-day");

/// The most visits of one workshop and day that are looked through.
const MAX_ON_DAY: usize = 1_000;

/// The most visits of one vehicle that are looked through.
const MAX_OF_VEHICLE: usize = 1_000;

/// A document with the version that was read; 0 if there is none.
#[derive(Debug, Clone)]
pub(super) struct Held<T> {
    pub(super) value: T,
    version: u64,
}

impl<T> Held<T> {
    fn expected(&self) -> Expected {
        if self.version == 0 { Expected::Absent } else { Expected::Version(self.version) }
    }

    /// Something that the store does not have yet.
    pub(super) fn new(value: T) -> Self {
        Self { value, version: 0 }
    }
}

/// The bays of one workshop and day.
pub(super) async fn day(
    service: &Service,
    workshop: &WorkshopId,
    day: &str,
) -> Result<Held<Agenda<VisitId>>, BookingError> {
    match service.doc(&day_key(workshop, day)).await? {
        None => Ok(Held::new(Agenda::default())),
        Some(doc) => {
            let mut day = held("day", &doc)?;
            give_back(service, std::iter::once(&mut day.value)).await?;
            Ok(day)
        }
    }
}

/// Gives back the bays of visits that are gone: a vehicle that is erased takes its visits along, and knows no workshop's days.
async fn give_back<'a>(
    service: &Service,
    days: impl Iterator<Item = &'a mut Agenda<VisitId>>,
) -> Result<(), BookingError> {
    let mut days: Vec<_> = days.collect();
    let holds = days.iter().flat_map(|day| day.holds());
    let ids: Vec<VisitId> = holds.map(|hold| hold.id.clone()).collect();
    let keys: Vec<_> = ids.iter().map(|id| DocKey::new(VISITS, id.as_str())).collect();
    let found = service.docs_by_key(&keys).await?;
    for (id, _) in ids.iter().zip(&found).filter(|(_, doc)| doc.is_none()) {
        for day in &mut days {
            day.release(id);
        }
    }
    Ok(())
}

/// The bays of the days from `from` on, at most `days` of those that have any.
pub(super) async fn days(
    service: &Service,
    workshop: &WorkshopId,
    from: &str,
    days: usize,
) -> Result<Vec<(String, Agenda<VisitId>)>, BookingError> {
    let prefix = format!("{workshop}/");
    let found = service.docs(DAYS, &prefix, Some(&before(&prefix, from)), days).await?;
    let of = |(key, doc): (String, Doc)| {
        let day = key.strip_prefix(&prefix).unwrap_or(&key).to_owned();
        Ok((day, doc.read("day")?))
    };
    let mut days: Vec<(String, Agenda<VisitId>)> = found.into_iter().map(of).collect::<Result<_, BookingError>>()?;
    give_back(service, days.iter_mut().map(|(_, day)| day)).await?;
    Ok(days)
}

/// The ids of the visits that were ever booked for each of `dates`.
pub(super) async fn of_days(
    service: &Service,
    workshop: &WorkshopId,
    dates: &[Date],
) -> Result<Vec<Vec<VisitId>>, BookingError> {
    let mut ids = Vec::with_capacity(dates.len());
    for date in dates {
        let prefix = format!("{workshop}/{date}/");
        let found = service.docs(VISITS_ON, &prefix, None, MAX_ON_DAY).await?;
        ids.push(found.iter().filter_map(|(key, _)| key.strip_prefix(&prefix)?.parse().ok()).collect());
    }
    Ok(ids)
}

/// The writes that show a visit on its day's board, and no more on the one of `before`.
pub(super) fn put_on_day(visit: &Visit, before: Option<&str>) -> Vec<DocWrite> {
    let key = |day: &str| DocKey::new(VISITS_ON, format!("{}/{day}/{}", visit.workshop, visit.id));
    let write = |day: &str, value| DocWrite { key: key(day), expected: Expected::Any, value };
    let leaves = before.map(|day| write(day, None));
    leaves.into_iter().chain([write(&visit.day, Some(Vec::new()))]).collect()
}

/// A key that sorts directly before those of `from`.
fn before(prefix: &str, from: &str) -> String {
    let mut key = format!("{prefix}{from}");
    // Keys are listed behind another one, so this one lies between the day before and `from`.
    match key.pop() {
        Some(digit @ '1'..='9') => {
            key.push(char::from(digit as u8 - 1));
            key.push('~');
        }
        Some('0') => key.push('/'),
        _ => {}
    }
    key
}

/// One visit.
pub(super) async fn visit(service: &Service, id: &VisitId) -> Result<Held<Visit>, BookingError> {
    let doc = service.doc(&DocKey::new(VISITS, id.as_str())).await?.ok_or(BookingError::UnknownVisit)?;
    held("visit", &doc)
}

/// Several visits; ids without a visit are left out.
pub(super) async fn visits(service: &Service, ids: &[VisitId]) -> Result<Vec<Visit>, BookingError> {
    let keys: Vec<_> = ids.iter().map(|id| DocKey::new(VISITS, id.as_str())).collect();
    let found = service.docs_by_key(&keys).await?;
    found.iter().flatten().map(|doc| Ok(doc.read("visit")?)).collect()
}

/// The ids of a vehicle's visits.
pub(super) async fn of_vehicle(service: &Service, vehicle: &DeviceId) -> Result<Vec<VisitId>, BookingError> {
    let prefix = format!("{vehicle}/");
    let found = service.docs(VISITS_OF, &prefix, None, MAX_OF_VEHICLE).await?;
    Ok(found.iter().filter_map(|(key, _)| key.strip_prefix(&prefix)?.parse().ok()).collect())
}

/// The write of a visit.
pub(super) fn put_visit(held: &Held<Visit>) -> Result<DocWrite, BookingError> {
    let key = DocKey::new(VISITS, held.value.id.as_str());
    Ok(DocWrite::json("visit", key, held.expected(), &held.value)?)
}

/// The write of a day's bays.
pub(super) fn put_day(
    workshop: &WorkshopId,
    day: &str,
    held: &Held<Agenda<VisitId>>,
) -> Result<DocWrite, BookingError> {
    Ok(DocWrite::json("day", day_key(workshop, day), held.expected(), &held.value)?)
}

/// The write of a new visit's place in the index.
pub(super) fn put_index(visit: &Visit) -> DocWrite {
    let key = DocKey::new(VISITS_OF, format!("{}/{}", visit.vehicle, visit.id));
    DocWrite { key, expected: Expected::Absent, value: Some(Vec::new()) }
}

fn held<T: DeserializeOwned>(what: &'static str, doc: &Doc) -> Result<Held<T>, BookingError> {
    Ok(Held { value: doc.read(what)?, version: doc.version })
}

fn day_key(workshop: &WorkshopId, day: &str) -> DocKey {
    DocKey::new(DAYS, format!("{workshop}/{day}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_from_a_day_on_begins_with_it_and_leaves_the_day_before_out() {
        for (day_before, from) in
            [("2026-11-15", "2026-11-16"), ("2026-11-09", "2026-11-10"), ("2026-10-31", "2026-11-01")]
        {
            let key = before("mitte/", from);
            assert!(key.as_str() < format!("mitte/{from}").as_str(), "{key}");
            assert!(key.as_str() > format!("mitte/{day_before}").as_str(), "{key}");
        }
    }
}
