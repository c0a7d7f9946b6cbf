//! The collection plan of a gateway: taken from the cloud, kept beside the flash file, told back, and carried out.
//!
//! Invariant: a plan is in its file before it is in force, and blocks of the plan before it are in flash by then.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use heapless::Vec;
use milepost_firmware::collection::Collector;
use milepost_firmware::signal::table::Reading;
use milepost_protocol::collection::{CollectionPlan, EncodedPlan, MAX_PLAN_LEN};
use milepost_protocol::downlink::Consent;
use milepost_protocol::record::{CollectionReport, SeriesBlock};
use milepost_protocol::{Downlink, codec};

/// What a device collects beside what its core tells.
#[derive(Debug, Default)]
pub struct Collecting {
    /// Where the plan is kept; only in memory without it.
    file: Option<PathBuf>,
    /// None while there is nothing to collect, for it is large.
    collector: Option<Box<Collector>>,
    version: u32,
    /// What collectors of earlier plans have lost.
    lost_before: u64,
}

impl Collecting {
    /// What was in force when the process ended; a file that holds no plan is named in the log and passed over.
    pub fn open(flash: &Path) -> Self {
        let file = flash.with_extension("collection");
        let plan = match fs::read(&file) {
            Ok(bytes) => Vec::<u8, MAX_PLAN_LEN>::from_slice(&bytes)
                .ok()
                .and_then(|bytes| CollectionPlan::parse(&EncodedPlan { bytes }).ok())
                .or_else(|| {
                    tracing::warn!(file = %file.display(), "no collection plan, passed over");
                    None
                }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "collection plan does not read");
                None
            }
        };
        let mut collecting = Self { file: Some(file), ..Self::default() };
        if let Some(plan) = plan {
            collecting.take_into_force(plan);
        }
        collecting
    }

    /// Hands on what the core has read.
    pub fn reading(&mut self, now_ms: u64, consent: Consent, reading: Reading) {
        if let Some(collector) = &mut self.collector {
            collector.reading(now_ms, consent, reading);
        }
    }

    /// How many samples found no room since the process began, under any plan.
    pub fn lost(&self) -> u64 {
        self.lost_before + self.collector.as_ref().map_or(0, |collector| u64::from(collector.lost()))
    }

    /// The next block, if one is due; all that waits, if it has to go now.
    pub fn block(&mut self, now_ms: u64, all: bool) -> Option<SeriesBlock> {
        self.collector.as_mut().filter(|collector| all || collector.is_due(now_ms))?.block(now_ms)
    }

    /// The newest plan in a message that decodes, if it holds any.
    pub fn plan_in(payload: &[u8]) -> Option<EncodedPlan> {
        let plans = Downlink::parse(payload).into_iter().flatten();
        plans.filter_map(|message| if let Downlink::Collection(plan) = message { Some(plan) } else { None }).last()
    }

    /// Takes a plan whose blocks of before were fetched; answers what is told of it.
    ///
    /// An older one than that in force changes nothing.
    pub fn take(&mut self, encoded: &EncodedPlan) -> io::Result<CollectionReport> {
        let plan = match CollectionPlan::parse(encoded) {
            Ok(plan) => plan,
            Err(fault) => {
                tracing::warn!(%fault, "collection plan is refused");
                let version = codec::take::<u32>(&encoded.bytes).map_or(0, |(version, _)| version);
                return Ok(CollectionReport { refused: Some(version), ..self.report() });
            }
        };
        if plan.version > self.version {
            self.keep(&encoded.bytes)?;
            self.take_into_force(plan);
        }
        Ok(self.report())
    }

    fn report(&self) -> CollectionReport {
        let rows = self.collector.as_ref().map_or(0, |collector| collector.plan().rows.len() as u8);
        CollectionReport { version: self.version, rows, refused: None }
    }

    fn take_into_force(&mut self, plan: CollectionPlan) {
        self.version = plan.version;
        self.lost_before = self.lost();
        self.collector = (!plan.rows.is_empty()).then(|| Box::new(Collector::new(plan)));
    }

    fn keep(&self, bytes: &[u8]) -> io::Result<()> {
        let Some(path) = &self.file else { return Ok(()) };
        let draft = path.with_extension("collection.new");
        let mut file = File::create(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)
    }
}

#[cfg(test)]
mod tests {
    use milepost_protocol::SignalId;
    use milepost_protocol::collection::CollectionRow;
    use milepost_protocol::downlink::Purposes;
    use milepost_protocol::series::Resolution;

    use super::*;

    fn plan(version: u32, every_ms: u32) -> EncodedPlan {
        let row = CollectionRow {
            signal: SignalId::SPEED,
            resolution: Resolution::ONE,
            every_ms,
            change: 0,
            trigger: None,
            purposes: Purposes::FUNCTION,
        };
        CollectionPlan { version, rows: Vec::from_slice(&[row]).unwrap() }.encode().unwrap()
    }

    #[test]
    fn a_plan_outlives_the_process_and_an_older_one_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let flash = folder.path().join("car-1.flash");
        let mut collecting = Collecting::open(&flash);
        let in_force = CollectionReport { version: 4, rows: 1, refused: None };
        assert_eq!(collecting.take(&plan(4, 1_000)).unwrap(), in_force);
        assert_eq!(collecting.take(&plan(3, 500)).unwrap(), in_force);
        let mut collecting = Collecting::open(&flash);
        assert_eq!(collecting.report(), in_force);
        let consent = Consent { version: 1, purposes: Purposes::FUNCTION };
        collecting.reading(0, consent, Reading::Value(SignalId::SPEED, 3.0));
        collecting.reading(999, consent, Reading::Value(SignalId::SPEED, 4.0));
        assert_eq!(collecting.block(1_000, false), None);
        assert_eq!(collecting.block(1_000, true).map(|series| (series.plan, series.uptime_ms)), Some((4, 1_000)));
    }

    #[test]
    fn a_plan_that_breaks_a_rule_is_refused_by_its_version_and_the_one_before_stays() {
        let mut collecting = Collecting::default();
        collecting.take(&plan(1, 1_000)).unwrap();
        let refused = CollectionReport { version: 1, rows: 1, refused: Some(2) };
        assert_eq!(collecting.take(&plan(2, 1)).unwrap(), refused);
    }

    #[test]
    fn a_file_that_is_no_plan_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let flash = folder.path().join("car-1.flash");
        fs::write(flash.with_extension("collection"), [9, 200, 1]).unwrap();
        assert_eq!(Collecting::open(&flash).report(), CollectionReport { version: 0, rows: 0, refused: None });
    }
}
