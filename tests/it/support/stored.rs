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

/// Fails unless what the cars made is in the store exactly once and nothing else is, and every notice went its way once.
pub(crate) async fn is_exactly(store: &SledStore, report: &Report, told: &Told) -> Result<()> {
    ensure!(report.records_waiting == 0, "{} records did not get a receipt", report.records_waiting);
    let mut committed = 0;
    for car in &report.vehicles {
        let stored = Stored::read(store, &car.id.parse()?).await?;
        ensure!(stored.boots()? == car.created, "{}: {:?} made {:?} kept", car.id, car.created, stored.boots()?);
        committed += stored.records.len() as u64;
        ensure!(stored.vehicle.counts.records == stored.records.len() as u64, "{} counts differently", car.id);
        ensure!(
            stored.vehicle.counts.quarantined == 0 && stored.vehicle.counts.unknown_kinds == 0,
            "{} sent what was not understood: {:?}",
            car.id,
            stored.vehicle.counts
        );
        notices_are_once(&stored, told)?;
    }
    ensure!(committed == report.records_created, "{committed} of {} are committed", report.records_created);
    Ok(())
}

fn notices_are_once(stored: &Stored, told: &Told) -> Result<()> {
    let id = stored.vehicle.device.as_str();
    let of = |told: &[(String, String)]| {
        let mut counts = BTreeMap::new();
        for (_, notice) in told.iter().filter(|(vehicle, _)| vehicle == id) {
            *counts.entry(notice.clone()).or_default() += 1;
        }
        counts
    };
    let (shown, raised) = (stored.shown(), stored.raised());
    ensure!(shown.values().all(|count| *count == 1), "{id} showed a notice twice: {shown:?}");
    ensure!(raised.values().all(|count| *count == 1), "{id} raised a reminder twice: {raised:?}");
    ensure!(of(&told.shown) == shown, "{id} showed {:?}, kept {shown:?}", of(&told.shown));
    ensure!(of(&told.raised) == raised, "{id} raised {:?}, kept {raised:?}", of(&told.raised));
    let notices = &stored.vehicle.notices;
    for notice in raised.keys().chain(shown.keys()) {
        let known = notices.values().find(|known| known.id().to_string() == *notice);
        ensure!(known.is_some(), "{id} spoke of {notice}, which its account does not know");
    }
    for (notice, known) in notices {
        ensure!(known.id() == *notice, "{id} keeps {} under {notice}", known.id());
        ensure!(
            known.was_shown_in_car() == shown.contains_key(&notice.to_string()),
            "{id}: account and car disagree whether {notice} was shown"
        );
    }
    Ok(())
}
