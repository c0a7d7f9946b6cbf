//! The committer: takes work in groups, makes each group one commit, and then tells everybody.
//!
//! Invariant: a vehicle is changed here and nowhere else, and nobody hears of a change before it is durable.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use milepost_engine::offers::book::Book;
use milepost_engine::offers::catalogue::Kind;
use milepost_protocol::{DeviceId, Downlink};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout_at;
use tokio_util::sync::CancellationToken;

use super::committer::Committer;
use super::fold::fold;
use super::group::{Draft, Group, Waiting, change, receipts};
use super::{Ack, Work};
use crate::clock::Clock;
use crate::clock::timer_now;
use crate::config;
use crate::domain::{Actor, Change, Intent, IntentError, Outcome, Vehicle};
use crate::events::{Certified, CommitFailed};
use crate::frontdoor::{Push, Registry};
use crate::offers::{Accounts, Catalogue, read_book};
use crate::pki::{self, Pki};
use crate::rules::{Around, Method, OtherCars, Rules, advance, carry_out, evaluate, introduce, modernise};
use crate::store::{AnyStore, Commit, DocKey, Store as _, StoreError};

/// How many due vehicles one group takes.
const DUE_AT_ONCE: usize = 256;

/// What the committer works with.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Where commits go.
    pub store: AnyStore,
    /// The service's clock.
    pub clock: Clock,
    /// What follows from a vehicle's state.
    pub rules: Rules,
    /// The connected devices.
    pub registry: Registry,
    /// Who signs certificates.
    pub pki: Arc<Pki>,
    /// Where changes are told.
    pub changes: broadcast::Sender<Change>,
    /// How envelopes become commits.
    pub settings: config::Ingest,
    /// Cancelled when the store is lost and the process should end.
    pub fatal: CancellationToken,
}

/// The running committer.
#[derive(Debug)]
pub struct Running {
    /// The handle to give work to.
    pub committer: Committer,
    task: JoinHandle<()>,
}

impl Running {
    /// Commits everything that was given in before, and comes back when that is durable.
    pub async fn close(self) {
        self.committer.close().await;
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the committer ended badly");
        }
    }
}

/// Starts the committer.
pub fn start(parts: Parts) -> Running {
    let (committer, queue) = Committer::new();
    let task = Task { parts, committer: committer.clone(), cache: HashMap::new(), book: None, met: None };
    Running { committer, task: tokio::spawn(task.run(queue)) }
}

struct Task {
    parts: Parts,
    committer: Committer,
    /// Vehicles as the store has them.
    cache: HashMap<DeviceId, Vehicle>,
    /// The book of offers as the store has it; `None` until it was read.
    book: Option<Arc<Book>>,
    /// The catalogue that the book has made room for.
    met: Option<Arc<Catalogue>>,
}

impl Task {
    async fn run(mut self, mut queue: mpsc::Receiver<Work>) {
        let mut works = Vec::new();
        loop {
            let most = self.parts.settings.max_group;
            if queue.recv_many(&mut works, most).await == 0 {
                return;
            }
            let until = timer_now() + Duration::from_millis(self.parts.settings.linger_ms);
            while works.len() < most && self.parts.settings.linger_ms > 0 {
                let room = most - works.len();
                match timeout_at(until, queue.recv_many(&mut works, room)).await {
                    Ok(0) | Err(_) => break,
                    Ok(_) => {}
                }
            }
            if let Some(closed) = self.work(std::mem::take(&mut works)).await {
                // Whoever asked may have stopped waiting.
                let _ = closed.send(());
                return;
            }
        }
    }

    /// Does a group of work; the answer is whom to tell that nothing comes after it.
    async fn work(&mut self, works: Vec<Work>) -> Option<oneshot::Sender<()>> {
        let now_ms = self.parts.clock.now_ms();
        let mut ticks = Vec::new();
        let mut closed = None;
        let mut rest = Vec::with_capacity(works.len());
        for work in works {
            match work {
                Work::Tick { done } => ticks.push(done),
                Work::Close { done } => closed = Some(done),
                other => rest.push(other),
            }
        }
        if !rest.is_empty() {
            self.group(rest, &[], now_ms).await;
        }
        if !ticks.is_empty() {
            self.tick(now_ms).await;
            for done in ticks {
                let _ = done.send(());
            }
        }
        closed
    }

    async fn tick(&mut self, now_ms: u64) {
        match self.parts.store.room().await {
            Ok(()) => self.committer.set_room(true),
            Err(error) => {
                self.committer.set_room(false);
                CommitFailed { items: 0, error: &error }.emit();
                return;
            }
        }
        // A fast clock makes many timers due at once; each group moves its vehicles' timers behind `now_ms`.
        loop {
            let due = match self.parts.store.due(now_ms, DUE_AT_ONCE).await {
                Ok(due) => due,
                Err(error) => return CommitFailed { items: 0, error: &error }.emit(),
            };
            let devices: Vec<_> = due.into_iter().map(|(_, device)| device).collect();
            if devices.is_empty() || !self.group(Vec::new(), &devices, now_ms).await {
                return;
            }
        }
    }

    /// Makes work and due vehicles one commit; answers whether it was committed.
    async fn group(&mut self, works: Vec<Work>, due: &[DeviceId], now_ms: u64) -> bool {
        let stopwatch = self.parts.clock.stopwatch();
        let items = works.len() + due.len();
        let mut group = Group::default();
        if let Err(error) = self.open_book(&mut group, now_ms).await {
            self.failed(works, group, &error, items);
            return false;
        }
        if let Err(error) = self.load(&works, due, &mut group).await {
            self.failed(works, group, &error, items);
            return false;
        }
        for work in works {
            self.take(work, &mut group, now_ms);
        }
        for device in due {
            if let Some(draft) = group.drafts.get_mut(device) {
                draft.touched = true;
            }
        }
        self.certify(&mut group).await;
        if let Err(error) = self.evaluate(&mut group, now_ms).await {
            self.failed(Vec::new(), group, &error, items);
            return false;
        }
        match group.offers.writes() {
            Ok(docs) => group.commit.docs.extend(docs),
            Err(error) => {
                self.failed(Vec::new(), group, &error, items);
                return false;
            }
        }
        group.write();
        let commit = std::mem::take(&mut group.commit);
        let delivered = commit.delivered.clone();
        if !commit.is_empty()
            && let Err(error) = self.parts.store.commit(commit).await
        {
            self.failed(Vec::new(), group, &error, items);
            self.forget(delivered).await;
            return false;
        }
        self.committer.set_room(true);
        group.count.items = items;
        group.count.took = stopwatch.elapsed();
        group.count.emit();
        self.tell(group, now_ms);
        true
    }

    /// Puts a draft of every vehicle that the work is about into the group.
    async fn load(&mut self, works: &[Work], due: &[DeviceId], group: &mut Group) -> Result<(), StoreError> {
        let of_work = works.iter().filter_map(|work| match work {
            Work::Envelope { device, .. } | Work::Intent { device, .. } => Some(device),
            _ => None,
        });
        let wanted: HashSet<&DeviceId> = of_work.chain(due).collect();
        let missing: Vec<DeviceId> =
            wanted.iter().filter(|device| !self.cache.contains_key(**device)).map(|device| (*device).clone()).collect();
        if self.cache.len() + missing.len() > self.parts.settings.cached_vehicles {
            self.cache.clear();
        }
        let missing: Vec<DeviceId> =
            if self.cache.is_empty() { wanted.iter().map(|device| (*device).clone()).collect() } else { missing };
        let loaded = self.parts.store.load(&missing).await?;
        self.cache.extend(missing.into_iter().zip(loaded).filter_map(|(device, found)| Some((device, found?))));
        for device in wanted {
            if let Some(vehicle) = self.cache.get(device) {
                let mut draft = Draft::new(vehicle.clone(), Some(vehicle.revision));
                modernise(&mut draft.vehicle);
                group.drafts.insert(device.clone(), draft);
            }
        }
        let keys: Vec<DocKey> = works.iter().flat_map(Work::docs).map(|write| write.key.clone()).collect();
        if !keys.is_empty() {
            let found = self.parts.store.docs(&keys).await?;
            group.versions = keys.into_iter().zip(found.into_iter().map(|doc| doc.map(|doc| doc.version))).collect();
        }
        Ok(())
    }

    fn take(&self, work: Work, group: &mut Group, now_ms: u64) {
        match work {
            Work::Envelope { device, bytes, ack } => {
                let draft =
                    group.drafts.entry(device.clone()).or_insert_with(|| newcomer(device, &self.parts.rules, now_ms));
                let tolerance_ms = self.parts.settings.future_tolerance_ms;
                let folded =
                    fold(&mut draft.vehicle, &bytes, now_ms, tolerance_ms, &mut group.count, &mut draft.effects);
                draft.touched = true;
                draft.follow();
                if let Some(named) = folded.named {
                    draft.name(named);
                }
                group.commit.telemetry.extend(folded.telemetry);
                group.commit.quarantine.extend(folded.quarantine);
                group.acks.push(ack);
            }
            Work::Intent { device, intent, docs, by, reply } => {
                if !group.can_write(&docs) {
                    // Whoever asked may have stopped waiting.
                    drop(reply.send(Err(IntentError::Conflict)));
                    return;
                }
                let registers = matches!(*intent, Intent::Register { .. });
                if registers && !group.drafts.contains_key(&device) {
                    group.drafts.insert(device.clone(), newcomer(device.clone(), &self.parts.rules, now_ms));
                }
                match intend(group.drafts.get_mut(&device), &intent, &by, now_ms) {
                    Ok(changed) => {
                        group.commit.docs.extend(docs);
                        group.waiting.push(Waiting { device, changed, reply });
                    }
                    // Whoever asked may have stopped waiting.
                    Err(error) => drop(reply.send(Err(error))),
                }
            }
            Work::StopArms { arms, stopped, done } => {
                group.offers.change(|book| book.stop(&arms, stopped));
                group.waiters.push(done);
            }
            Work::Regroup { segments, because, docs, done } => {
                if group.can_write(&docs) {
                    group.offers.change(|book| book.regroup(&segments, because, now_ms));
                    group.commit.docs.extend(docs);
                    group.waiters.push(done);
                }
            }
            Work::Delivered { device, number } => group.commit.delivered.push((device, number)),
            Work::Tick { .. } | Work::Close { .. } => {}
        }
    }

    /// Answers the certificate requests of a group, in its own commit: a group that is not committed is asked again, and has the same
    /// answers.
    async fn certify(&self, group: &mut Group) {
        for (device, draft) in &mut group.drafts {
            for request in std::mem::take(&mut draft.effects.requests) {
                let (pki, by, der) = (Arc::clone(&self.parts.pki), device.clone(), request.clone());
                // Certificates live in the machine's time, whatever time the service shows.
                let now_ms = Clock::real().now_ms();
                let verdict = tokio::task::spawn_blocking(move || pki.certify(&by, &der, now_ms)).await;
                let Ok(verdict) = verdict else { continue };
                Certified::of(device, &verdict).emit();
                let answer = Downlink::Certificate(pki::answer(&request, verdict));
                draft.effects.send(&mut draft.vehicle, answer);
            }
        }
    }

    async fn evaluate(&mut self, group: &mut Group, now_ms: u64) -> Result<(), StoreError> {
        let touched: Vec<DeviceId> =
            group.drafts.iter().filter(|(_, draft)| draft.touched).map(|(device, _)| device.clone()).collect();
        for device in touched {
            let Some(draft) = group.drafts.get(&device) else { continue };
            let (decides, before) = (self.parts.rules.decides(&draft.vehicle, now_ms), draft.vehicle.owner.clone());
            let around = if decides {
                self.around(&draft.vehicle.clone(), group).await?
            } else {
                Around { book: Arc::clone(group.offers.book()), ..Around::default() }
            };
            let Some(Draft { vehicle, effects, .. }) = group.drafts.get_mut(&device) else { continue };
            evaluate(vehicle, &self.parts.rules, &around, now_ms, effects);
            let (events, enrols) = (std::mem::take(&mut effects.offers), effects.enrols.take());
            let exposed = effects.exposed.take();
            if !events.is_empty() || enrols.is_some() || exposed.is_some() {
                if let Some(owner) = &before {
                    group.offers.unit(&self.parts.store, owner).await?;
                    if let Some(enrols) = enrols {
                        group.offers.enrol(owner, enrols, now_ms);
                    }
                    if let Some(exposed) = exposed {
                        group.offers.expose(owner, exposed);
                    }
                }
                for event in events {
                    group.offers.enter(before.as_ref(), &event, now_ms);
                }
            }
            self.advance(&device, group, now_ms).await?;
        }
        Ok(())
    }

    /// Follows the contacts of a vehicle, and lets its programmes go on.
    async fn advance(&mut self, device: &DeviceId, group: &mut Group, now_ms: u64) -> Result<(), StoreError> {
        let others = match group.drafts.get(device) {
            Some(draft) if self.parts.rules.journeys.is_due(&draft.vehicle, now_ms) => {
                self.other_cars(&draft.vehicle, group).await?
            }
            _ => OtherCars::default(),
        };
        if let Some(draft) = group.drafts.get_mut(device) {
            draft.follow();
            let Draft { vehicle, effects, .. } = draft;
            advance(vehicle, &self.parts.rules, &others, now_ms, effects);
        }
        Ok(())
    }

    /// Reads the book the first time, and makes room in it for what the catalogue has now.
    async fn open_book(&mut self, group: &mut Group, now_ms: u64) -> Result<(), StoreError> {
        let book = match &self.book {
            Some(book) => Arc::clone(book),
            None => Arc::new(read_book(&self.parts.store).await?),
        };
        self.book = Some(Arc::clone(&book));
        let catalogue = self.parts.rules.offers.desk.now();
        group.offers = Accounts::new(book, Arc::clone(&catalogue));
        if self.met.as_ref().is_none_or(|met| !Arc::ptr_eq(met, &catalogue)) {
            let learns = self.parts.rules.offers.in_force() == Method::Learning;
            let live = || catalogue.live(Kind::Offer);
            group.offers.change(|book| book.meet(live(), catalogue.segments(), learns, now_ms));
            self.met = Some(catalogue);
        }
        Ok(())
    }

    /// What a decision needs beside the vehicle.
    async fn around(&mut self, vehicle: &Vehicle, group: &mut Group) -> Result<Around, StoreError> {
        let OtherCars { contacts, count: other_cars, .. } = self.other_cars(vehicle, group).await?;
        let (unit, enrolled) = match &vehicle.owner {
            Some(owner) => {
                let (unit, enrolled) = group.offers.unit(&self.parts.store, owner).await?;
                (unit, enrolled.to_vec())
            }
            None => (None, Vec::new()),
        };
        Ok(Around { contacts, other_cars, book: Arc::clone(group.offers.book()), unit, enrolled })
    }

    /// What is known of the owner's other cars, as the store and this group know.
    ///
    /// Whoever owns a whole fleet has all its cars looked at with each of them, so what was read once is kept.
    async fn other_cars(&mut self, vehicle: &Vehicle, group: &Group) -> Result<OtherCars, StoreError> {
        let Some(owner) = &vehicle.owner else { return Ok(OtherCars::default()) };
        let mut devices = self.parts.store.owned(owner).await?;
        devices.retain(|device| *device != vehicle.device);
        let is_known = |device: &DeviceId| group.drafts.contains_key(device) || self.cache.contains_key(device);
        let unknown: Vec<DeviceId> = devices.iter().filter(|device| !is_known(device)).cloned().collect();
        let mut read = HashMap::new();
        if !unknown.is_empty() {
            let loaded = self.parts.store.load(&unknown).await?;
            read.extend(unknown.into_iter().zip(loaded).filter_map(|(device, found)| Some((device, found?))));
        }
        let mut others = OtherCars::default();
        for device in &devices {
            let drafted = group.drafts.get(device).map(|draft| &draft.vehicle);
            if let Some(other) = drafted.or_else(|| self.cache.get(device)).or_else(|| read.get(device)) {
                others.add(&vehicle.device, other);
            }
        }
        if self.cache.len() + read.len() <= self.parts.settings.cached_vehicles {
            self.cache.extend(read);
        }
        Ok(others)
    }

    /// Tells devices, sessions, people and subscribers what is durable now.
    fn tell(&mut self, group: Group, now_ms: u64) {
        let credit = self.parts.settings.credit;
        self.book = Some(Arc::clone(group.offers.book()));
        self.parts.rules.offers.desk.publish(group.offers.book());
        for done in group.waiters {
            // Whoever asked may have stopped waiting.
            let _ = done.send(());
        }
        for ack in group.acks {
            // A session that ended meanwhile does not wait any more; the device sends again, and that is a duplicate.
            let _ = ack.send(Ack::Committed);
        }
        for waiting in group.waiting {
            let revision = group.drafts.get(&waiting.device).map_or(0, |draft| draft.vehicle.revision);
            let _ = waiting.reply.send(Ok(Outcome { revision, changed: waiting.changed }));
        }
        for (device, draft) in group.drafts {
            for receipt in receipts(&draft, now_ms, credit) {
                self.parts.registry.push(&device, Push::Receipt(receipt));
            }
            if !draft.effects.messages.is_empty() {
                self.parts.registry.push(&device, Push::Wake);
            }
            if let Some(change) = change(&draft, now_ms) {
                // Nobody may be listening.
                let _ = self.parts.changes.send(change);
            }
            if draft.touched {
                self.cache.insert(device, draft.vehicle);
            }
        }
    }

    /// Notes why a group was not committed, and tells whoever waits.
    fn failed(&mut self, works: Vec<Work>, mut group: Group, error: &StoreError, items: usize) {
        CommitFailed { items, error }.emit();
        let (ack, reason) = match error {
            StoreError::Full { .. } => (Ack::Full, IntentError::Full),
            _ => (Ack::Failed, IntentError::Store),
        };
        self.met = None;
        if ack == Ack::Full {
            self.committer.set_room(false);
        } else {
            // Nobody knows what the store holds now, so it is asked again.
            self.book = None;
            for device in group.drafts.keys() {
                self.cache.remove(device);
            }
        }
        if matches!(error, StoreError::Stopped | StoreError::Engine { .. } | StoreError::Io { .. }) {
            self.parts.fatal.cancel();
        }
        for work in works {
            match work {
                Work::Envelope { ack, .. } => group.acks.push(ack),
                Work::Intent { device, reply, .. } => group.waiting.push(Waiting { device, changed: false, reply }),
                _ => {}
            }
        }
        group.refuse(ack, &reason);
    }

    /// Takes acknowledged messages out of the outbox although the group around them failed; this also frees space.
    async fn forget(&self, delivered: Vec<(DeviceId, u64)>) {
        if delivered.is_empty() {
            return;
        }
        let items = delivered.len();
        if let Err(error) = self.parts.store.commit(Commit { delivered, ..Commit::default() }).await {
            // They go out once more, which is harmless.
            CommitFailed { items, error: &error }.emit();
        }
    }
}

/// A vehicle that nobody has heard of before; its plan and consent go to the car with the first commit.
fn newcomer(device: DeviceId, rules: &Rules, now_ms: u64) -> Draft {
    let mut draft = Draft::new(Vehicle::new(device, now_ms), None);
    introduce(&mut draft.vehicle, &rules.plans, now_ms, &mut draft.effects);
    draft
}

fn intend(draft: Option<&mut Draft>, intent: &Intent, by: &Actor, now_ms: u64) -> Result<bool, IntentError> {
    let draft = draft.ok_or(IntentError::UnknownVehicle)?;
    let changed = carry_out(&mut draft.vehicle, intent, by, now_ms, &mut draft.effects)?;
    draft.touched |= changed;
    draft.follow();
    Ok(changed)
}
