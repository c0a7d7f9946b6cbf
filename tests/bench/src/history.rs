//! What is known of every record over all starts of a board, held against what chip and service have in the end.
//!
//! Invariant: a record that was seen once is on the chip or committed for ever after, under its identity and unchanged; no counter falls.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::{Result, ensure};
use milepost_gateway::chip::{Contents, Stored};

/// A record's identity: the boot that made it, and its number.
type Id = (u32, u32);

/// All that was seen so far.
#[derive(Debug)]
pub(crate) struct History {
    chip: Contents,
    /// The checksum of each record that a chip has ever held.
    seen: BTreeMap<Id, u32>,
    /// Records that the chip gave up while the service could acknowledge them.
    settled: BTreeSet<Id>,
    /// Boots that could reach the service, so that records may have come and gone between two looks.
    online: BTreeSet<u32>,
}

/// What the records came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Records that were ever made.
    pub(crate) made: usize,
    /// Records that the service has.
    pub(crate) committed: usize,
    /// Records that both hold: their receipt was lost.
    pub(crate) both: usize,
}

impl History {
    /// A history that begins with this chip.
    pub(crate) fn new(chip: Contents) -> Result<Self> {
        let mut history = Self { chip, seen: BTreeMap::new(), settled: BTreeSet::new(), online: BTreeSet::new() };
        history.take(&by_id(&history.chip.records)?)?;
        Ok(history)
    }

    /// What the chip held last.
    pub(crate) fn chip(&self) -> &Contents {
        &self.chip
    }

    /// How many records the chip gave up to the service so far.
    pub(crate) fn settled(&self) -> usize {
        self.settled.len()
    }

    /// Somebody has stored another configuration.
    pub(crate) fn configured(&mut self, chip: Contents) -> Result<()> {
        ensure!(chip.configuration != self.chip.configuration, "the new configuration does not count");
        self.chip.configuration = chip.configuration;
        self.ran(chip, false)
    }

    /// The board ran, and left the chip like this; `online` if it could reach the service.
    pub(crate) fn ran(&mut self, after: Contents, online: bool) -> Result<()> {
        let before = &self.chip;
        ensure!(after.configuration == before.configuration, "the configuration changed by itself");
        ensure!(after.boots >= before.boots, "the boot number fell from {} to {}", before.boots, after.boots);
        ensure!(after.dropped == 0, "{} records were dropped or corrupt", after.dropped);
        for (name, was, is) in [
            ("odometer", before.odometer_m, after.odometer_m),
            ("engine time", before.engine_s, after.engine_s),
            ("distance", before.distance_m, after.distance_m),
        ] {
            ensure!(is >= was, "the {name} fell from {was} to {is}");
        }
        if online {
            self.online.extend(before.boots + 1..=after.boots);
        }
        let now = by_id(&after.records)?;
        for record in &before.records {
            let id = (record.boot, record.number);
            if !now.contains_key(&id) {
                ensure!(online, "{} is lost", Named(id));
                self.settled.insert(id);
            }
        }
        self.take(&now)?;
        self.chip = after;
        Ok(())
    }

    /// Holds everything against what the service has committed.
    pub(crate) fn close(&self, committed: &[Stored]) -> Result<Summary> {
        let committed = by_id(committed)?;
        let mut all = by_id(&self.chip.records)?;
        let (on_chip, both) = (all.len(), all.keys().filter(|id| committed.contains_key(id)).count());
        for (&id, &checksum) in &committed {
            let other = all.insert(id, checksum);
            ensure!(other.is_none_or(|other| other == checksum), "{} was committed as another one", Named(id));
        }
        for (id, checksum) in &self.seen {
            let found = all.get(id);
            ensure!(found.is_some(), "{} is lost", Named(*id));
            ensure!(found == Some(checksum), "{} is another one", Named(*id));
        }
        without_holes(&all, &BTreeMap::new())?;
        without_twins(&all)?;
        ensure!(all.len() == on_chip + committed.len() - both, "records are counted wrongly");
        Ok(Summary { made: all.len(), committed: committed.len(), both })
    }

    /// Takes what the chip holds now into what is known.
    fn take(&mut self, now: &BTreeMap<Id, u32>) -> Result<()> {
        let mut new = BTreeMap::new();
        for (&id, &checksum) in now {
            match self.seen.get(&id) {
                Some(known) => ensure!(*known == checksum, "{} is another one", Named(id)),
                None => {
                    new.insert(id, checksum);
                }
            }
        }
        // What was made and acknowledged between two looks is only known to the service.
        let offline = new.iter().filter(|((boot, _), _)| !self.online.contains(boot));
        let offline = offline.map(|(&id, &checksum)| (id, checksum)).collect();
        without_holes(&offline, &self.seen)?;
        self.seen.extend(new);
        without_twins(&self.seen)
    }
}

/// The records by their identities, of which none may be there twice.
fn by_id(records: &[Stored]) -> Result<BTreeMap<Id, u32>> {
    let mut found = BTreeMap::new();
    for record in records {
        let id = (record.boot, record.number);
        ensure!(found.insert(id, record.checksum).is_none(), "{} is there twice", Named(id));
    }
    Ok(found)
}

/// Fails if a boot's numbers leave one out, those that are `known` already included.
fn without_holes(records: &BTreeMap<Id, u32>, known: &BTreeMap<Id, u32>) -> Result<()> {
    let mut next = BTreeMap::<u32, u32>::new();
    for &(boot, number) in records.keys() {
        let newest = || known.range((boot, 0)..=(boot, u32::MAX)).next_back();
        let expected = next.entry(boot).or_insert_with(|| newest().map_or(0, |(&(_, newest), _)| newest + 1));
        ensure!(number == *expected, "{} is missing, and {number} is there", Named((boot, *expected)));
        *expected += 1;
    }
    Ok(())
}

/// Fails if a boot has the same record under two numbers.
fn without_twins(records: &BTreeMap<Id, u32>) -> Result<()> {
    let mut seen = BTreeMap::new();
    for (&(boot, number), &checksum) in records {
        let twin = seen.insert((boot, checksum), number);
        ensure!(twin.is_none(), "{} is there again as {number}", Named((boot, twin.unwrap_or_default())));
    }
    Ok(())
}

/// A record's identity in words.
struct Named(Id);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (boot, number) = self.0;
        write!(f, "record {number} of boot {boot}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(boot: u32, number: u32) -> Stored {
        Stored { boot, number, checksum: boot * 1_000 + number }
    }

    fn records(boot: u32, numbers: std::ops::Range<u32>) -> Vec<Stored> {
        numbers.map(|number| record(boot, number)).collect()
    }

    fn chip(boots: u32, records: &[Vec<Stored>]) -> Contents {
        Contents {
            configuration: Some((1, 7)),
            records: records.concat(),
            boots,
            odometer_m: 1_000 * boots,
            engine_s: 60 * boots,
            distance_m: 500 * boots,
            dropped: 0,
        }
    }

    /// Two boots without the service and a third that gave it the first, some of the second, and some that nobody saw on the chip.
    fn history() -> History {
        let mut history = History::new(chip(0, &[])).unwrap();
        history.ran(chip(1, &[records(1, 0..4)]), false).unwrap();
        history.ran(chip(2, &[records(1, 0..4), records(2, 0..3)]), false).unwrap();
        history.ran(chip(3, &[records(2, 2..3), records(3, 5..8)]), true).unwrap();
        assert_eq!(history.settled(), 6);
        history
    }

    fn committed() -> Vec<Stored> {
        [records(1, 0..4), records(2, 0..3), records(3, 0..6)].concat()
    }

    /// What the history says once the chip looks like this after a start without the service.
    fn said(change: impl FnOnce(&mut Contents)) -> String {
        let mut after = chip(4, &[records(2, 2..3), records(3, 5..8), records(4, 0..2)]);
        change(&mut after);
        history().ran(after, false).map_or_else(|error| error.to_string(), |()| "all is well".to_owned())
    }

    /// What it says in the end if the service has committed this.
    fn said_of(change: impl FnOnce(&mut Vec<Stored>)) -> String {
        let mut committed = committed();
        change(&mut committed);
        history().close(&committed).map_or_else(|error| error.to_string(), |_| "all is well".to_owned())
    }

    #[test]
    fn a_history_in_order_is_well_and_counts_what_both_hold() {
        assert_eq!(said(|_| {}), "all is well");
        let summary = history().close(&committed()).unwrap();
        assert_eq!(summary, Summary { made: 4 + 3 + 8, committed: 13, both: 2 });
    }

    #[test]
    fn a_record_that_left_the_chip_without_a_service_is_lost() {
        assert_eq!(
            said(|after| {
                after.records.remove(0);
            }),
            "record 2 of boot 2 is lost"
        );
    }

    #[test]
    fn a_record_that_left_the_chip_and_never_arrived_is_lost() {
        assert_eq!(
            said_of(|committed| {
                committed.remove(1);
            }),
            "record 1 of boot 1 is lost"
        );
    }

    #[test]
    fn a_record_that_nobody_saw_is_missed_by_its_number() {
        let said = said_of(|committed| committed.retain(|record| (record.boot, record.number) != (3, 4)));
        assert_eq!(said, "record 4 of boot 3 is missing, and 5 is there");
    }

    #[test]
    fn a_new_record_that_leaves_a_number_out_is_found() {
        assert_eq!(
            said(|after| {
                after.records.remove(4);
            }),
            "record 0 of boot 4 is missing, and 1 is there"
        );
    }

    #[test]
    fn a_record_under_another_number_is_found_on_the_chip_and_in_the_service() {
        let again = |number| Stored { checksum: record(3, 7).checksum, ..record(3, number) };
        assert_eq!(said(|after| after.records.push(again(8))), "record 7 of boot 3 is there again as 8");
        assert_eq!(said_of(|committed| committed.push(again(8))), "record 7 of boot 3 is there again as 8");
    }

    #[test]
    fn a_record_that_is_there_twice_is_found() {
        assert_eq!(said(|after| after.records.push(record(3, 7))), "record 7 of boot 3 is there twice");
        assert_eq!(said_of(|committed| committed.push(record(1, 0))), "record 0 of boot 1 is there twice");
    }

    #[test]
    fn a_record_that_became_another_one_is_found() {
        assert_eq!(said(|after| after.records[1].checksum ^= 1), "record 5 of boot 3 is another one");
        assert_eq!(said_of(|committed| committed[0].checksum ^= 1), "record 0 of boot 1 is another one");
        let said = said_of(|committed| committed[12].checksum ^= 1);
        assert_eq!(said, "record 5 of boot 3 was committed as another one");
    }

    #[test]
    fn a_counter_that_fell_is_found() {
        assert_eq!(said(|after| after.boots = 2), "the boot number fell from 3 to 2");
        assert_eq!(said(|after| after.odometer_m = 10), "the odometer fell from 3000 to 10");
        assert_eq!(said(|after| after.engine_s = 10), "the engine time fell from 180 to 10");
        assert_eq!(said(|after| after.distance_m = 10), "the distance fell from 1500 to 10");
        assert_eq!(said(|after| after.dropped = 1), "1 records were dropped or corrupt");
    }

    #[test]
    fn a_configuration_changes_only_when_somebody_stores_one() {
        let other = Some((2, 8));
        assert_eq!(said(|after| after.configuration = other), "the configuration changed by itself");
        let mut history = history();
        let mut configured = history.chip().clone();
        assert!(history.configured(configured.clone()).is_err(), "it is the old one");
        configured.configuration = other;
        history.configured(configured).unwrap();
    }
}
