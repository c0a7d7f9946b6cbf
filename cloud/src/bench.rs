//! What this crate's own tests share: a committer over a store in memory, on a clock that stands still.

use std::sync::Arc;

use bytes::Bytes;
use milepost_engine::experiments::{Holdout, Key};
use milepost_engine::offers::{Caps, QuietHours};
use milepost_engine::policy::Policy;
use milepost_protocol::envelope::{ClockQuality, EnvelopeWriter, Header};
use milepost_protocol::{DeviceId, Downlink, MAX_ENVELOPE_LEN, Record};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config;
use crate::domain::{Change, NoticeDoc, NoticeText, Profile, Texts, Vehicle};
use crate::frontdoor::Registry;
use crate::ingest::{self, Ack, Parts, Running};
use crate::offers::{Catalogue, Desk};
use crate::pki::Pki;
use crate::rules::{JourneyRules, Method, OfferRules, Rules};
use crate::store::{AnyStore, MemoryStore, Store as _};

/// 2024-06-03 10:00 UTC.
pub(crate) const NOW_MS: u64 = 1_717_408_800_000;

pub(crate) struct Plain;

impl Texts for Plain {
    fn notice(&self, _: &Profile, notice: &NoticeDoc) -> NoticeText {
        NoticeText { title: format!("{:?}", notice.subject), text: "text".to_owned() }
    }
}

pub(crate) fn rules() -> Rules {
    Rules {
        texts: Arc::new(Plain),
        offers: OfferRules {
            key: Key::new([7; 16]),
            holdout: Holdout { share: 0.0, ..Holdout::default() },
            uniform: 0.0,
            contacts_per_year: 12,
            contacts_per_month: None,
            caps: Caps::default(),
            quiet: QuietHours::default(),
            method: Method::Fixed(Policy { nothing: 0.0, ..Policy::default() }),
            dealer: None,
            evaluation: config::Evaluation::default(),
            desk: Desk::new(Catalogue::examples().unwrap()),
        },
        plans: Arc::new(config::Plans::default().catalogue().unwrap()),
        journeys: JourneyRules::new(config::Journeys::default().programmes().unwrap()),
    }
}

pub(crate) struct Bench {
    pub(crate) store: MemoryStore,
    pub(crate) registry: Registry,
    pub(crate) changes: broadcast::Sender<Change>,
    pub(crate) running: Running,
    pub(crate) pki: Arc<Pki>,
    _folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(config::Ingest { linger_ms: 0, ..config::Ingest::default() })
    }

    pub(crate) fn with(settings: config::Ingest) -> Self {
        let store = MemoryStore::new();
        let registry = Registry::default();
        let changes = broadcast::Sender::new(256);
        let folder = tempfile::tempdir().unwrap();
        let pki = Arc::new(Pki::open(folder.path(), Clock::real().now_ms()).unwrap());
        let running = ingest::start(Parts {
            pki: Arc::clone(&pki),
            store: AnyStore::Memory(store.clone()),
            clock: Clock::manual(NOW_MS),
            rules: rules(),
            registry: registry.clone(),
            changes: changes.clone(),
            settings,
            fatal: CancellationToken::new(),
        });
        Self { store, registry, changes, running, pki, _folder: folder }
    }

    pub(crate) async fn send(&self, id: &str, bytes: Bytes) -> Ack {
        self.running.committer.envelope(device(id), bytes).await.unwrap().await.unwrap()
    }

    pub(crate) async fn vehicle(&self, id: &str) -> Vehicle {
        self.store.load(&[device(id)]).await.unwrap().remove(0).unwrap()
    }

    pub(crate) async fn downlinks(&self, id: &str) -> Vec<Downlink> {
        let messages = self.store.messages(&device(id), 0, 999).await.unwrap();
        messages.iter().flat_map(|message| Downlink::parse(&message.bytes).unwrap().collect::<Vec<_>>()).collect()
    }
}

pub(crate) fn device(id: &str) -> DeviceId {
    id.parse().unwrap()
}

/// An envelope of boot 1 at [`NOW_MS`] with the given records.
pub(crate) fn envelope(records: &[(u32, Record)]) -> Bytes {
    envelope_at(NOW_MS, records)
}

pub(crate) fn envelope_at(base_ms: u64, records: &[(u32, Record)]) -> Bytes {
    let first = records.first().map_or(0, |(number, _)| *number);
    let header = Header { boot: 1, first, base_ms, quality: ClockQuality::Network, age_ms: None, consent: 1 };
    let mut buffer = [0; MAX_ENVELOPE_LEN];
    let mut writer = EnvelopeWriter::new(&mut buffer, &header).unwrap();
    for (number, record) in records {
        writer.push(*number, base_ms, record).unwrap();
    }
    Bytes::copy_from_slice(writer.finish())
}
