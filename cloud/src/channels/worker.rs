//! Who plans and sends: one loop that turns outbox rows into deliveries, and one loop a channel.
//!
//! Invariant: an attempt is committed before it begins and its outcome after it has ended, so that whatever happens in between
//! is repeated under the same idempotency key; a channel that hangs holds up no other.

mod ask;
mod invite;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use milepost_engine::channels::{Backoff, Channel, Rule};
use milepost_engine::experiments::Key;
use milepost_protocol::DeviceId;
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::book::{self, Book, Stale};
use super::delivery::short_hash;
use super::links::{self, Links};
use super::message::Pen;
use super::outbox::{concerns, mark};
use super::plan::{Change, Reach, Situation, Stored};
use super::send::{Parcel, Senders, available};
use super::settle::{begun, ended};
use super::{ChannelError, Delivery, Purpose, SendError, State, Task, TaskKind};
use crate::accounts::{Account, Accounts};
use crate::clock::Clock;
use crate::config;
use crate::domain::{AccountId, Right, Vehicle};
use crate::events::{ChannelFailed, DeliveryAttempted};
use crate::service::Service;
use crate::store::{DocWrite, Expected, StoreError};

/// How many vehicles are planned in one commit.
const PLANNED_AT_ONCE: usize = 64;

/// How many deliveries one look at a channel takes.
const DUE_AT_ONCE: usize = 256;

/// How many messages a channel has under way.
const UNDER_WAY: usize = 8;

/// How often the outcome of an attempt is committed anew when somebody changed the delivery meanwhile.
const SETTLE_TRIES: usize = 16;

/// Plans and sends; clones share it.
#[derive(Debug, Clone)]
pub struct Worker(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    service: Service,
    accounts: Accounts,
    book: Book,
    settings: config::Channels,
    available: BTreeSet<Channel>,
    senders: Senders,
    links: Links,
    draws: Key,
    wake: BTreeMap<Channel, Notify>,
}

/// What one round knows of vehicles and owners.
#[derive(Debug, Default)]
struct Known {
    vehicles: HashMap<DeviceId, Option<Vehicle>>,
    reaches: HashMap<AccountId, Reach>,
}

/// Deliveries that travel as one message.
type Batch = Vec<Stored>;

impl Worker {
    /// A worker over the service.
    pub fn new(service: Service, settings: config::Channels, workshop: &config::Workshop) -> Self {
        let secret = service.pki().channels();
        let available = available(&settings, workshop);
        Self(Arc::new(Inner {
            accounts: Accounts::new(service.clone(), Clock::real()),
            book: Book::new(service.clone()),
            senders: Senders::new(&settings, secret),
            links: Links::new(secret, &settings.public_url),
            draws: links::draw_key(secret),
            wake: available.iter().map(|channel| (*channel, Notify::new())).collect(),
            available,
            settings,
            service,
        }))
    }

    fn now_ms(&self) -> u64 {
        self.0.service.clock().now_ms()
    }

    fn backoff(&self) -> Backoff {
        let config::Channels { retry_first_ms, retry_most_ms, give_up_ms, .. } = self.0.settings;
        Backoff { first_ms: retry_first_ms, most_ms: retry_most_ms, give_up_ms }
    }

    fn pen<'a>(&'a self, account: &'a Account) -> Pen<'a> {
        let link_ms = self.0.settings.link_days.saturating_mul(86_400_000);
        Pen { account, links: &self.0.links, now_ms: self.now_ms(), link_ms }
    }

    /// Turns outbox rows into deliveries; answers how many rows were done.
    pub async fn plan(&self) -> Result<usize, ChannelError> {
        let rows = self.0.book.outbox(PLANNED_AT_ONCE).await?;
        let mut planned = Vec::with_capacity(rows.len());
        for (device, version) in rows {
            let changes = self.changes(&device).await?;
            planned.push((device, version, changes));
        }
        let mut done = planned.len();
        let (mut all, mut gone) = (Vec::new(), Vec::new());
        for (device, version, changes) in &planned {
            all.extend(changes.iter().cloned());
            gone.push(outbox_done(device, *version));
        }
        match self.0.book.commit(&all, None, gone).await {
            Ok(()) => {}
            Err(ChannelError::Store(StoreError::Conflict { .. })) => {
                // One vehicle changed meanwhile; the others go on by themselves, and it is planned anew.
                for (device, version, changes) in &planned {
                    match self.0.book.commit(changes, Some((device, *version)), Vec::new()).await {
                        Ok(()) => {}
                        Err(ChannelError::Store(StoreError::Conflict { .. })) => done -= 1,
                        Err(error) => return Err(error),
                    }
                }
            }
            Err(error) => return Err(error),
        }
        if !all.is_empty() {
            for wake in self.0.wake.values() {
                wake.notify_one();
            }
        }
        Ok(done)
    }

    async fn changes(&self, device: &DeviceId) -> Result<Vec<Change>, ChannelError> {
        let vehicle = self.0.service.vehicle(device).await?;
        let stored = self.0.book.deliveries(device).await?;
        let Some(vehicle) = vehicle else { return Ok(stored.into_iter().map(Change::forget).collect()) };
        let mut reaches = Vec::new();
        for account in vehicle.owner.iter().chain(vehicle.family.keys()) {
            if vehicle.allows(account, Right::Act) {
                reaches.push(self.0.book.reach(account).await?);
            }
        }
        Ok(self.situation(&vehicle, reaches.iter().collect()).changes(stored))
    }

    fn situation<'a>(&'a self, vehicle: &'a Vehicle, reaches: Vec<&'a Reach>) -> Situation<'a> {
        let gather_ms = self.0.settings.gather_ms;
        Situation { vehicle, reaches, available: &self.0.available, gather_ms, now_ms: self.now_ms() }
    }

    /// Sends what is due on a channel; answers how many messages were tried.
    pub async fn send(&self, channel: Channel) -> Result<usize, ChannelError> {
        let asked = if channel == Channel::Email { self.ask().await? + self.invite().await? } else { 0 };
        let mut known = Known::default();
        let batches = self.batches(channel, &mut known).await?;
        let tried = asked + batches.len();
        let known = &known;
        let results: Vec<Result<(), ChannelError>> =
            stream::iter(batches).map(|batch| self.attempt(batch, known)).buffer_unordered(UNDER_WAY).collect().await;
        results.into_iter().collect::<Result<(), _>>()?;
        Ok(tried)
    }

    /// What goes out now, each message with its deliveries; what a rule holds or ends meanwhile is noted.
    async fn batches(&self, channel: Channel, known: &mut Known) -> Result<Vec<Batch>, ChannelError> {
        let now_ms = self.now_ms();
        let ahead_ms = if channel.gathers() { self.0.settings.gather_ms } else { 0 };
        let rows = self.0.book.due(channel, now_ms.saturating_add(ahead_ms), DUE_AT_ONCE).await?;
        let mut batches: BTreeMap<(String, Option<String>), Batch> = BTreeMap::new();
        let mut company = Vec::new();
        for (row, key) in rows {
            let found = match &key {
                Some(key) => self.0.book.delivery(key).await?,
                None => None,
            };
            let is_its_own = |stored: &Stored| book::due_row(&stored.delivery).as_ref() == Some(&row);
            let stored = match found {
                Some(stored) if is_its_own(&stored) => stored,
                found => {
                    self.0.book.drop_due(Stale { row, key, found }).await?;
                    continue;
                }
            };
            if stored.delivery.state.due_ms().is_some_and(|due_ms| due_ms > now_ms) {
                if matches!(stored.delivery.state, State::Held { rule: Rule::Gather, .. }) {
                    company.push(stored);
                }
                continue;
            }
            let Some(state) = self.state_of(&stored.delivery, known).await? else {
                self.note(Change::forget(stored)).await?;
                continue;
            };
            if !matches!(state, State::Queued { .. } | State::Failed { .. }) {
                let after = Delivery { state, ..stored.delivery.clone() };
                self.note(Change::put(Some(stored), after)).await?;
                continue;
            }
            let delivery = &stored.delivery;
            let group = if channel.gathers() && delivery.key.purpose == Purpose::Show {
                (delivery.key.recipient.clone(), delivery.message.clone())
            } else {
                (delivery.key.to_string(), None)
            };
            batches.entry(group).or_default().push(stored);
        }
        for stored in company {
            let group = (stored.delivery.key.recipient.clone(), None);
            let is_held = |state| matches!(state, State::Held { rule: Rule::Gather, .. });
            if batches.contains_key(&group) && self.state_of(&stored.delivery, known).await?.is_some_and(is_held) {
                batches.entry(group).or_default().push(stored);
            }
        }
        Ok(batches.into_values().collect())
    }

    /// The state that a delivery should have now; `None` if its vehicle is gone.
    async fn state_of(&self, delivery: &Delivery, known: &mut Known) -> Result<Option<State>, ChannelError> {
        let device = &delivery.key.device;
        if !known.vehicles.contains_key(device) {
            known.vehicles.insert(device.clone(), self.0.service.vehicle(device).await?);
        }
        let Some(vehicle) = known.vehicles.get(device).and_then(Option::as_ref) else { return Ok(None) };
        let whose = &delivery.owner;
        if vehicle.allows(whose, Right::Act) && !known.reaches.contains_key(whose) {
            let reach = self.0.book.reach(whose).await?;
            known.reaches.insert(whose.clone(), reach);
        }
        let reaches = known.reaches.get(whose).into_iter().collect();
        Ok(Some(self.situation(vehicle, reaches).state_of(delivery)))
    }

    /// Commits a change; somebody who was faster has the last word.
    async fn note(&self, change: Change) -> Result<bool, ChannelError> {
        match self.0.book.commit(&[change], None, Vec::new()).await {
            Ok(()) => Ok(true),
            Err(ChannelError::Store(StoreError::Conflict { .. })) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// One attempt: noted, made, and noted again.
    async fn attempt(&self, batch: Batch, known: &Known) -> Result<(), ChannelError> {
        let Some(first) = batch.first() else { return Ok(()) };
        let owner = first.delivery.owner.clone();
        let (Some(reach), Some(account)) = (known.reaches.get(&owner), self.0.accounts.account(&owner).await?) else {
            return self.settle_all(batch, &Err(SendError::Gone)).await;
        };
        let message = first.delivery.message.clone().unwrap_or_else(|| message_key(&batch));
        let now_ms = self.now_ms();
        let mut claims = Vec::with_capacity(batch.len());
        let mut claimed = Vec::with_capacity(batch.len());
        for before in batch {
            let after = begun(&before.delivery, &message, now_ms);
            claimed.push(Stored { version: before.version + 1, delivery: after.clone() });
            claims.push(Change::put(Some(before), after));
        }
        match self.0.book.commit(&claims, None, Vec::new()).await {
            Ok(()) => {}
            // Somebody changed one of them; the next round looks anew.
            Err(ChannelError::Store(StoreError::Conflict { .. })) => return Ok(()),
            Err(error) => return Err(error),
        }
        let pen = Pen { now_ms, ..self.pen(&account) };
        let notices = claimed.iter().filter_map(|stored| {
            let vehicle = known.vehicles.get(&stored.delivery.key.device)?.as_ref()?;
            Some((vehicle, vehicle.notices.get(&stored.delivery.key.notice)))
        });
        let notices: Vec<_> = notices.collect();
        let told = notices.iter().filter_map(|(vehicle, notice)| Some(pen.told(vehicle, (*notice)?))).collect();
        let words = pen.words(told);
        let Some(((vehicle, notice), first)) = notices.first().zip(claimed.first()) else { return Ok(()) };
        let parcel =
            Parcel { key: &first.delivery.key, message: &message, reach, vehicle, notice: *notice, words: &words };
        let outcome = self.0.senders.send(&parcel).await;
        DeliveryAttempted { channel: first.delivery.key.channel, outcome: &outcome, deliveries: claimed.len() }.emit();
        self.settle_all(claimed, &outcome).await
    }

    async fn settle_all(&self, claimed: Batch, outcome: &Result<(), SendError>) -> Result<(), ChannelError> {
        for stored in claimed {
            self.settle(stored, outcome).await?;
        }
        Ok(())
    }

    /// Notes what came of an attempt, whatever else became of the delivery meanwhile.
    async fn settle(&self, mut stored: Stored, outcome: &Result<(), SendError>) -> Result<(), ChannelError> {
        let mut more = Vec::new();
        for _ in 0..SETTLE_TRIES {
            let now_ms = self.now_ms();
            let after = ended(&stored.delivery, outcome, self.backoff(), &self.0.draws, now_ms);
            let mut docs: Vec<DocWrite> = more.clone();
            docs.extend(Self::beside(&after, outcome)?);
            let key = stored.delivery.key.clone();
            let change = Change::put(Some(stored), after);
            match self.0.book.commit(&[change], None, docs).await {
                Err(ChannelError::Store(StoreError::Conflict { .. })) => {}
                other => return other,
            }
            let Some(now) = self.0.book.delivery(&key).await? else { return Ok(()) };
            if outcome.is_err() && now.delivery.state.due_ms().is_none() {
                // It did not go out, and somebody has ended it: that stands.
                return Ok(());
            }
            // What went out although it was answered meanwhile has to be looked at again, and cleared.
            more = vec![mark(&key.device)];
            stored = now;
        }
        Err(StoreError::Conflict { what: "delivery".to_owned() }.into())
    }

    /// What is written together with an outcome.
    fn beside(after: &Delivery, outcome: &Result<(), SendError>) -> Result<Vec<DocWrite>, ChannelError> {
        let key = &after.key;
        if matches!(outcome, Err(SendError::Gone)) && key.channel == Channel::Push {
            return Ok(vec![book::drop_subscription(&after.owner, &key.recipient)]);
        }
        let (Some(kind), State::Sent { at_ms }) = (TaskKind::of(key.channel), after.state) else {
            return Ok(Vec::new());
        };
        let task = Task {
            kind,
            device: key.device.clone(),
            notice: key.notice,
            owner: after.owner.clone(),
            since_ms: at_ms,
            done: None,
        };
        Ok(vec![book::put_task(&task, Expected::Any)?])
    }
}

fn outbox_done(device: &DeviceId, version: u64) -> DocWrite {
    DocWrite { expected: Expected::Version(version), value: None, ..mark(device) }
}

/// The idempotency key of a message that has none yet.
fn message_key(batch: &[Stored]) -> String {
    match batch {
        [one] => one.delivery.idempotency_key(),
        many => {
            let mut keys: Vec<String> = many.iter().map(|stored| stored.delivery.idempotency_key()).collect();
            keys.sort_unstable();
            short_hash(&keys.join("\n"))
        }
    }
}

/// Plans and sends until `stop`.
///
/// A message under way is cut off then, and goes out again under its key at the next start.
pub async fn drive(worker: Worker, stop: CancellationToken) {
    let mut tasks = JoinSet::new();
    tasks.spawn(plan(worker.clone()));
    for channel in worker.0.available.iter().copied() {
        tasks.spawn(send(worker.clone(), channel));
    }
    tokio::select! {
        () = stop.cancelled() => {}
        Some(ended) = tasks.join_next() => {
            if let Err(error) = ended {
                tracing::error!(%error, "a channel's loop ended badly");
            }
        }
    }
    tasks.shutdown().await;
}

async fn plan(worker: Worker) {
    let every = Duration::from_millis(worker.0.settings.step_ms);
    let mut changes = worker.0.service.subscribe();
    loop {
        match worker.plan().await {
            // A full round may have left more.
            Ok(PLANNED_AT_ONCE) => continue,
            Ok(_) => {}
            Err(error) => ChannelFailed { what: "plan", error: &error }.emit(),
        }
        let changed = async {
            loop {
                match changes.recv().await {
                    Ok(change) if !change.kinds.iter().any(|kind| concerns(*kind)) => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => return,
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        tokio::select! {
            () = changed => {}
            () = tokio::time::sleep(every) => {}
        }
    }
}

async fn send(worker: Worker, channel: Channel) {
    let every = Duration::from_millis(worker.0.settings.step_ms);
    loop {
        match worker.send(channel).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => ChannelFailed { what: channel.name(), error: &error }.emit(),
        }
        let woken = async {
            match worker.0.wake.get(&channel) {
                Some(wake) => wake.notified().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = woken => {}
            () = tokio::time::sleep(every) => {}
        }
    }
}
