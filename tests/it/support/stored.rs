//! What is committed, read from the store itself after the service has ended.
//!
//! Invariant: a record that the store holds twice is an error here, whoever asks.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use milepost::domain::Vehicle;
use milepost::store::{History, SledStore, Store as _};
use milepost_protocol::{DeviceId, Envelope, Record, RecordId};

use super::fleet::{Report, Told};

/// How many rows are read at a time.
const PAGE: usize = 1_000;

/// Everything committed about one vehicle.
pub(crate) struct Stored {
    /// Its document.
    pub(crate) vehicle: Vehicle,
    /// Its records.
    pub(crate) records: BTreeMap<RecordId, Record>,
}

impl Stored {
    /// Reads a vehicle; every record must be there once.
    pub(crate) async fn read(store: &SledStore, device: &DeviceId) -> Result<Self> {
        let vehicle = store.load(std::slice::from_ref(device)).await?.pop().flatten();
        let vehicle = vehicle.with_context(|| format!("{device} has no document"))?;
        let mut records = BTreeMap::new();
        let mut from = None;
        loop {
            let rows = store.history(History::ascending(device.clone(), from, PAGE)).await?;
            let Some(last) = rows.last() else { break };
            from = Some(RecordId { number: last.first.number + 1, ..last.first });
            for row in &rows {
                let envelope = Envelope::parse(&row.bytes).context("a committed envelope does not decode")?;
                for entry in envelope.entries() {
                    let id = RecordId { boot: envelope.header.boot, number: entry.number };
                    ensure!(records.insert(id, entry.record()).is_none(), "{device} has {id:?} twice");
                }
            }
        }
        Ok(Self { vehicle, records })
    }

    /// How many records of each boot there are; their numbers must have no holes.
    pub(crate) fn boots(&self) -> Result<BTreeMap<u32, u32>> {
        let mut boots = BTreeMap::new();
        for id in self.records.keys() {
            let next = boots.entry(id.boot).or_insert(0);
            ensure!(id.number == *next, "{} lacks record {next} of boot {}", self.vehicle.device, id.boot);
            *next += 1;
        }
        Ok(boots)
    }

    /// How often each notice was shown in the car.
    pub(crate) fn shown(&self) -> BTreeMap<String, u32> {
        let mut shown = BTreeMap::new();
        for record in self.records.values() {
            if let Record::NoticeShown(record) = record {
                *shown.entry(record.notice.to_string()).or_default() += 1;
            }
        }
        shown
    }

    /// How often the car raised each of its reminders.
    pub(crate) fn raised(&self) -> BTreeMap<String, u32> {
        let mut raised = BTreeMap::new();
        for record in self.records.values() {
            if let Record::NoticeRaised(record) = record {
                let id = milepost_protocol::NoticeId::reminder(record.item, record.cycle, record.level);
                *raised.entry(id.to_string()).or_default() += 1;
            }
        }
        raised
    }
}

/// Fails unless what the cars made is in the store exactly once and nothing else is; answers what there is of each car.
pub(crate) async fn exactly(store: &SledStore, report: &Report) -> Result<Vec<Stored>> {
    ensure!(report.records_waiting == 0, "{} records did not get a receipt", report.records_waiting);
    let mut cars = Vec::new();
    for car in &report.vehicles {
        let stored = Stored::read(store, &car.id.parse()?).await?;
        let boots = stored.boots()?;
        ensure!(boots == car.created, "{}: {:?} were made, {boots:?} are kept", car.id, car.created);
        let counts = stored.vehicle.counts;
        ensure!(counts.records == stored.records.len() as u64, "{} counts {} records", car.id, counts.records);
        ensure!(counts.quarantined == 0 && counts.unknown_kinds == 0, "{} was not understood: {counts:?}", car.id);
        cars.push(stored);
    }
    let committed: u64 = cars.iter().map(|car| car.records.len() as u64).sum();
    ensure!(committed == report.records_created, "{committed} of {} are committed", report.records_created);
    Ok(cars)
}

impl Stored {
    /// Fails unless every notice went its way once: between what the car told, what it sent, and what the account knows.
    pub(crate) fn notices_are_as_told(&self, told: &Told) -> Result<()> {
        self.notices_are_once()?;
        let id = self.vehicle.device.as_str();
        let of = |told: &[(String, String)]| {
            let mut counts = BTreeMap::new();
            for (_, notice) in told.iter().filter(|(vehicle, _)| vehicle == id) {
                *counts.entry(notice.clone()).or_default() += 1;
            }
            counts
        };
        ensure!(of(&told.shown) == self.shown(), "{id} showed {:?}, kept {:?}", of(&told.shown), self.shown());
        ensure!(of(&told.raised) == self.raised(), "{id} raised {:?}, kept {:?}", of(&told.raised), self.raised());
        Ok(())
    }

    /// Fails unless every notice was raised and shown at most once, and stands in the account under its own identity.
    pub(crate) fn notices_are_once(&self) -> Result<()> {
        let id = self.vehicle.device.as_str();
        let (shown, raised) = (self.shown(), self.raised());
        ensure!(shown.values().all(|count| *count == 1), "{id} showed a notice twice: {shown:?}");
        ensure!(raised.values().all(|count| *count == 1), "{id} raised a reminder twice: {raised:?}");
        let notices = &self.vehicle.notices;
        for notice in raised.keys().chain(shown.keys()) {
            let known = notices.keys().any(|known| known.to_string() == *notice);
            ensure!(known, "{id} spoke of {notice}, which its account does not know");
        }
        for (notice, known) in notices {
            ensure!(known.id() == *notice, "{id} keeps {} under {notice}", known.id());
            let in_car = shown.contains_key(&notice.to_string());
            ensure!(known.was_shown_in_car() == in_car, "{id}: account and car disagree whether {notice} was shown");
        }
        Ok(())
    }

    /// Fails unless nothing that only grows ever fell, in the order in which the car made its records.
    pub(crate) fn counters_never_fall(&self) -> Result<()> {
        let id = &self.vehicle.device;
        let mut before: Option<(RecordId, [u32; 8])> = None;
        let mut odometer_m = 0;
        for (record, body) in &self.records {
            let reading_m = match body {
                Record::Counters(now) => {
                    let now_m = now.odometer_m;
                    let now = [
                        now.distance_m,
                        now.engine_s,
                        now.idle_s,
                        now.fuel_ml,
                        now.energy_wh,
                        now.trips,
                        now.cold_starts,
                        now.short_trips,
                    ];
                    if let Some((earlier, before)) = before {
                        let grew = before.iter().zip(&now).all(|(before, now)| before <= now);
                        ensure!(grew, "{id} fell from {before:?} in {earlier:?} to {now:?} in {record:?}");
                    }
                    before = Some((*record, now));
                    Some(now_m)
                }
                Record::TripStarted(trip) => trip.odometer_m,
                Record::TripEnded(trip) => trip.odometer_m,
                _ => None,
            };
            if let Some(reading_m) = reading_m {
                ensure!(reading_m >= odometer_m, "{id} fell from {odometer_m} m to {reading_m} m in {record:?}");
                odometer_m = reading_m;
            }
        }
        ensure!(odometer_m > 0, "{id} never told its odometer");
        Ok(())
    }
}
