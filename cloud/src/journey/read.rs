//! What pages and API ask of journeys.
//!
//! Invariant: a person is named only to whoever may see one of their cars; figures over everybody name nobody.

use std::collections::BTreeMap;
use std::sync::Arc;

use milepost_engine::journey::{Evidence, Person, Programmes, Returns, Stage, estimate, returns};
use milepost_protocol::DeviceId;
use milepost_protocol::downlink::Purposes;

use super::{Row, Total, book, erase};
use crate::domain::{AccountId, Vehicle};
use crate::service::Service;
use crate::store::StoreError;

/// How many cars are read at a time.
const PAGE: usize = 500;

/// The most contacts that a board or an audit reads; beyond it says so.
const MAX_ROWS: usize = 200_000;

/// The most contacts of a timeline.
const MAX_TIMELINE: usize = 2_000;

/// How a programme stands over everybody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProgrammeCount {
    /// Runs that are under way.
    pub active: u64,
    /// Runs that were completed or ended by an event.
    pub ended: u64,
    /// Owners' cars whose owner has left it.
    pub left: u64,
    /// Steps that were told.
    pub told: u64,
    /// Steps that were passed over, for whatever reason.
    pub passed_over: u64,
    /// What became of each step, by the step's id and the name of what became of it.
    pub steps: BTreeMap<String, BTreeMap<&'static str, u64>>,
}

/// Everything over everybody.
#[derive(Debug, Clone, Default)]
pub struct Board {
    /// How many owners there are.
    pub owners: u64,
    /// For each stage the sum of its shares over all owners, and how many owners are likeliest there.
    pub stages: BTreeMap<Stage, (f64, u64)>,
    /// Each programme.
    pub programmes: BTreeMap<String, ProgrammeCount>,
}

/// Everybody's contacts, for the audit.
#[derive(Debug, Clone, Default)]
pub struct Touched {
    /// The owners; those who can be named come with their id.
    pub owners: Vec<(AccountId, bool)>,
    /// Their contacts, in the same order.
    pub people: Vec<Person>,
    /// What is left of owners who were erased.
    pub erased: Vec<Total>,
    /// Whether there were more contacts than are looked at.
    pub is_cut: bool,
}

/// One owner's journey.
#[derive(Debug, Clone)]
pub struct OwnerJourney {
    /// Their cars.
    pub vehicles: Vec<Vehicle>,
    /// Their contacts, the newest first.
    pub contacts: Vec<Row>,
    /// What they did, over all cars.
    pub evidence: Evidence,
}

/// A handle on journeys; clones share the service.
#[derive(Debug, Clone)]
pub struct Journeys {
    service: Service,
    programmes: Arc<Programmes>,
    margin_cents: u64,
}

impl Journeys {
    /// A handle; `margin_cents` is what one appointment brings.
    pub fn new(service: Service, programmes: Programmes, margin_cents: u64) -> Self {
        Self { service, programmes: Arc::new(programmes), margin_cents }
    }

    /// The programmes that run.
    pub fn programmes(&self) -> &Programmes {
        &self.programmes
    }

    /// What one appointment brings, in hundredths of the installation's currency.
    pub fn margin_cents(&self) -> u64 {
        self.margin_cents
    }

    /// The returns of contacts by whoever answers for their programmes.
    pub fn returns_by_responsible(&self, people: &[Person]) -> BTreeMap<String, Returns> {
        returns(people, self.margin_cents, |contact| {
            Some(self.programmes.get(contact.programme()?)?.responsible.clone())
        })
    }

    /// Where everybody stands at a moment, and how the programmes do.
    pub async fn board(&self, now_ms: u64) -> Result<Board, StoreError> {
        let mut board = Board::default();
        let mut owners: BTreeMap<AccountId, Evidence> = BTreeMap::new();
        for vehicle in self.vehicles().await? {
            let Some(owner) = vehicle.owner else { continue };
            owners.entry(owner).or_default().add(&vehicle.journey.evidence);
            for run in vehicle.journey.runs() {
                let count = board.programmes.entry(run.programme.clone()).or_default();
                count.active += u64::from(run.is_active());
                count.ended += u64::from(!run.is_active());
                let told = run.told_ms().count() as u64;
                count.told += told;
                count.passed_over += run.log.len() as u64 - told;
                for entry in &run.log {
                    let step = count.steps.entry(entry.step.clone()).or_default();
                    *step.entry(entry.what.name()).or_default() += 1;
                }
            }
            for programme in vehicle.journey.left() {
                board.programmes.entry(programme.to_owned()).or_default().left += 1;
            }
        }
        board.owners = owners.len() as u64;
        board.stages = Stage::ALL.into_iter().map(|stage| (stage, (0.0, 0))).collect();
        for evidence in owners.values() {
            let estimate = estimate(evidence, now_ms);
            for share in estimate.shares {
                board.stages.entry(share.stage).or_default().0 += share.mean;
            }
            board.stages.entry(estimate.likeliest().stage).or_default().1 += 1;
        }
        Ok(board)
    }

    /// Everybody's contacts.
    pub async fn touched(&self) -> Result<Touched, StoreError> {
        let mut owners: BTreeMap<AccountId, (bool, Person)> = BTreeMap::new();
        for vehicle in self.vehicles().await? {
            let Some(owner) = &vehicle.owner else { continue };
            owners.entry(owner.clone()).or_default().0 |= may_be_named(&vehicle);
        }
        let (rows, is_cut) = book::rows(&self.service, "", MAX_ROWS).await?;
        for row in rows {
            owners.entry(row.owner).or_default().1.contacts.push(row.contact);
        }
        let (_, erased) = erase::totals(&self.service).await?;
        let mut touched = Touched { erased, is_cut, ..Touched::default() };
        for (owner, (named, person)) in owners {
            touched.owners.push((owner, named));
            touched.people.push(person);
        }
        Ok(touched)
    }

    /// One owner's journey; `None` if nobody of that name shares a car with the workshop.
    pub async fn owner(&self, owner: &AccountId) -> Result<Option<OwnerJourney>, StoreError> {
        let mut vehicles = self.service.vehicles_of(owner).await?;
        vehicles.retain(may_be_named);
        if vehicles.is_empty() {
            return Ok(None);
        }
        let (mut contacts, _) = book::rows(&self.service, &book::of_owner(owner), MAX_TIMELINE).await?;
        // A car that is not shared stays unnamed, and so do its contacts.
        contacts.retain(|row| vehicles.iter().any(|vehicle| vehicle.device == row.device));
        contacts.reverse();
        let mut evidence = Evidence::default();
        for vehicle in &vehicles {
            evidence.add(&vehicle.journey.evidence);
        }
        Ok(Some(OwnerJourney { vehicles, contacts, evidence }))
    }

    /// Every contact of an owner about one car, the newest first, for that owner.
    pub async fn contacts(&self, owner: &AccountId, device: &DeviceId) -> Result<Vec<Row>, StoreError> {
        let (mut contacts, _) = book::rows(&self.service, &book::of_owner(owner), MAX_ROWS).await?;
        contacts.retain(|row| row.device == *device);
        contacts.reverse();
        Ok(contacts)
    }

    /// Takes every contact of an owner away and keeps their counts; answers how many there were. Durable on `Ok`.
    pub async fn erase(&self, owner: &AccountId) -> Result<usize, StoreError> {
        erase::erase(&self.service, owner).await
    }

    async fn vehicles(&self) -> Result<Vec<Vehicle>, StoreError> {
        let mut vehicles = Vec::new();
        let mut after = None;
        loop {
            let devices = self.service.devices(after.as_ref(), PAGE).await?;
            vehicles.extend(self.service.vehicles(&devices).await?);
            match devices.into_iter().nth(PAGE - 1) {
                Some(last) => after = Some(last),
                None => return Ok(vehicles),
            }
        }
    }
}

fn may_be_named(vehicle: &Vehicle) -> bool {
    vehicle.consent.purposes.contains(Purposes::WORKSHOP)
}
