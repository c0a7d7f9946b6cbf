//! What pages and API ask and post.

use jiff::Timestamp;
use jiff::civil::Date;
use milepost_protocol::DeviceId;

use super::follow_up::{MAX_NOTE, check_day};
use super::shelf::{self, Held};
use super::{Call, CallNote, Care, CareError, CareId, CareOutcome, Done, FollowUp, Wanted};
use crate::accounts::Account;
use crate::channels::TaskKind;
use crate::domain::{AccountId, Vehicle};
use crate::zones::zone;

/// The day that it is where a vehicle is.
pub(super) fn today(vehicle: &Vehicle, now_ms: u64) -> Date {
    let at = i64::try_from(now_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    at.unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone(&vehicle.profile.time_zone)).date()
}

impl Care {
    fn now_ms(&self) -> u64 {
        self.service.clock().now_ms()
    }

    /// The day that it is where a vehicle is.
    pub fn today(&self, vehicle: &Vehicle) -> Date {
        today(vehicle, self.now_ms())
    }

    /// Who of the workshop can be given something to do, by name.
    pub async fn people(&self) -> Result<Vec<Account>, CareError> {
        Ok(self.accounts.advisors().await?)
    }

    /// Gives somebody something to do about a vehicle; a call task about the same notice is taken over. Durable on `Ok`.
    pub async fn follow_up(&self, vehicle: &Vehicle, wanted: &Wanted, by: &AccountId) -> Result<FollowUp, CareError> {
        let now_ms = self.now_ms();
        wanted.check(today(vehicle, now_ms))?;
        if wanted.notice.is_some_and(|notice| !vehicle.notices.contains_key(&notice)) {
            return Err(CareError::Request);
        }
        self.check_person(&wanted.assignee).await?;
        let known = shelf::of_vehicle(&self.service, &vehicle.device).await?;
        if known.iter().any(|one| one.concerns(vehicle) && one.is_same(wanted)) {
            return Err(CareError::Duplicate);
        }
        let made = FollowUp::new(CareId::random()?, vehicle, wanted, now_ms, by);
        let held = Held { value: made, version: 0 };
        let mut docs = shelf::put(&held, None)?;
        if wanted.notice.is_some() {
            docs.extend(self.channels.closing(&vehicle.device, wanted.notice, TaskKind::Call, by).await?);
        }
        self.service.put_care(vehicle, docs).await?;
        Ok(held.value)
    }

    /// One follow-up of a vehicle.
    pub async fn one(&self, vehicle: &Vehicle, id: &CareId) -> Result<FollowUp, CareError> {
        Ok(self.held(vehicle, id).await?.value)
    }

    /// Gives a follow-up to somebody, for a day. Durable on `Ok`.
    pub async fn give(
        &self,
        vehicle: &Vehicle,
        id: &CareId,
        assignee: AccountId,
        next_on: Date,
        by: &AccountId,
    ) -> Result<FollowUp, CareError> {
        let now_ms = self.now_ms();
        let mut held = self.held(vehicle, id).await?;
        if held.value.done.is_some() {
            return Err(CareError::Closed);
        }
        if next_on != held.value.next_on {
            check_day(next_on, today(vehicle, now_ms))?;
        }
        if assignee != held.value.assignee {
            self.check_person(&assignee).await?;
        }
        let before = held.value.clone();
        held.value.give(assignee, next_on, now_ms, by);
        self.service.put_care(vehicle, shelf::put(&held, Some(&before))?).await?;
        Ok(held.value)
    }

    /// Notes what came of a follow-up; with a day, the same is to be done again then, in the same commit. Durable on `Ok`.
    pub async fn finish(
        &self,
        vehicle: &Vehicle,
        id: &CareId,
        outcome: CareOutcome,
        note: &str,
        again_on: Option<Date>,
        by: &AccountId,
    ) -> Result<FollowUp, CareError> {
        let now_ms = self.now_ms();
        if note.chars().count() > MAX_NOTE {
            return Err(CareError::Request);
        }
        let mut held = self.held(vehicle, id).await?;
        if held.value.done.is_some() {
            return Err(CareError::Closed);
        }
        let before = held.value.clone();
        held.value.done = Some(Done { at_ms: now_ms, by: by.clone(), outcome, note: note.trim().to_owned() });
        let mut docs = shelf::put(&held, Some(&before))?;
        if let Some(next_on) = again_on {
            let FollowUp { what, assignee, notice, .. } = before;
            let wanted = Wanted { what, assignee, next_on, note: note.trim().to_owned(), notice };
            wanted.check(today(vehicle, now_ms))?;
            let next = FollowUp::new(CareId::random()?, vehicle, &wanted, now_ms, by);
            docs.extend(shelf::put(&Held { value: next, version: 0 }, None)?);
        }
        self.service.put_care(vehicle, docs).await?;
        Ok(held.value)
    }

    /// All follow-ups of a vehicle: the open ones by their day, then what was done, the latest first.
    pub async fn of_vehicle(&self, vehicle: &Vehicle) -> Result<Vec<FollowUp>, CareError> {
        let mut all = shelf::of_vehicle(&self.service, &vehicle.device).await?;
        all.retain(|one| one.concerns(vehicle));
        all.sort_by_key(|one| match &one.done {
            None => (0, one.next_on, 0, one.id.clone()),
            Some(done) => (1, Date::ZERO, u64::MAX - done.at_ms, one.id.clone()),
        });
        Ok(all)
    }

    /// What is open, with its vehicles, the earliest day first; what a vehicle's former owner was meant with is left out.
    pub async fn open(&self) -> Result<Vec<(FollowUp, Vehicle)>, CareError> {
        let all = shelf::open(&self.service).await?;
        let mut devices: Vec<DeviceId> = all.iter().map(|one| one.device.clone()).collect();
        devices.sort_unstable();
        devices.dedup();
        let vehicles = self.service.vehicles(&devices).await?;
        let found = all.into_iter().filter_map(|one| {
            let vehicle = vehicles.iter().find(|vehicle| one.concerns(vehicle))?;
            Some((one, vehicle.clone()))
        });
        Ok(found.collect())
    }

    /// Notes a contact with an owner; open call tasks of the vehicle are done with a call. Durable on `Ok`.
    pub async fn note_call(&self, vehicle: &Vehicle, noted: &CallNote, by: &AccountId) -> Result<Call, CareError> {
        let is_known = noted.notice.is_none_or(|notice| vehicle.notices.contains_key(&notice));
        if !is_known || noted.note.chars().count() > MAX_NOTE {
            return Err(CareError::Request);
        }
        let call = Call {
            id: CareId::random()?,
            device: vehicle.device.clone(),
            owner: vehicle.owner.clone(),
            at_ms: self.now_ms(),
            by: by.clone(),
            way: noted.way,
            outcome: noted.outcome,
            notice: noted.notice,
            note: noted.note.trim().to_owned(),
        };
        let mut docs = vec![shelf::put_call(&call)?];
        // Whoever was not reached has to be called still.
        if noted.way == super::Way::Call && noted.outcome != CareOutcome::NotReached {
            docs.extend(self.channels.closing(&vehicle.device, noted.notice, TaskKind::Call, by).await?);
        }
        self.service.put_care(vehicle, docs).await?;
        Ok(call)
    }

    /// The newest contacts that were noted of a vehicle as somebody owns it now.
    pub async fn calls(&self, vehicle: &Vehicle, limit: usize) -> Result<Vec<Call>, CareError> {
        let mut calls = shelf::calls(&self.service, &vehicle.device, limit).await?;
        calls.retain(|call| call.concerns(vehicle));
        Ok(calls)
    }

    async fn held(&self, vehicle: &Vehicle, id: &CareId) -> Result<Held, CareError> {
        let held = shelf::follow_up(&self.service, &vehicle.device, id).await?;
        if held.value.concerns(vehicle) { Ok(held) } else { Err(CareError::Unknown) }
    }

    async fn check_person(&self, id: &AccountId) -> Result<(), CareError> {
        if self.accounts.is_advisor(id).await? { Ok(()) } else { Err(CareError::Person) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_where_the_vehicle_is() {
        let mut vehicle = Vehicle::new("d".parse().unwrap(), 0);
        let at_ms = 1_794_524_400_000; // 2026-11-12 23:00 UTC
        vehicle.profile.time_zone = "Europe/Berlin".to_owned();
        assert_eq!(today(&vehicle, at_ms).to_string(), "2026-11-13");
        vehicle.profile.time_zone = "UTC".to_owned();
        assert_eq!(today(&vehicle, at_ms).to_string(), "2026-11-12");
    }
}
