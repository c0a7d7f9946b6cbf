//! Whom a vehicle's document names, and its forgetting them.
//!
//! Invariant: what names people in a document is an [`Actor`], an owner or a member; a new place for an account is found here without
//! being listed.

use serde_json::Value;

use super::{AccountId, Actor, Remarks, Vehicle};

/// Whether a vehicle's document names somebody.
pub fn names(vehicle: &Vehicle, account: &AccountId) -> bool {
    // What serialises into the store serialises here; a document that does not is looked at as one that names everybody.
    serde_json::to_value(vehicle).map_or(true, |value| holds(&value, account.as_str()))
}

fn holds(value: &Value, account: &str) -> bool {
    match value {
        Value::String(text) => text == account,
        Value::Array(values) => values.iter().any(|value| holds(value, account)),
        Value::Object(fields) => fields.iter().any(|(key, value)| key == account || holds(value, account)),
        _ => false,
    }
}

impl Actor {
    /// Whether it is somebody with this account.
    pub fn is(&self, account: &AccountId) -> bool {
        match self {
            Self::Owner(id) | Self::Family(id) | Self::Advisor(id) | Self::Engineer(id) => id == account,
            Self::Car | Self::System | Self::Forgotten => false,
        }
    }
}

impl Vehicle {
    /// The vehicle without anything that names somebody: what they did was done by somebody, and what they wrote beside it is gone.
    ///
    /// The owner is another matter: a vehicle changes hands before it forgets.
    pub fn without(&self, account: &AccountId) -> Result<Self, serde_json::Error> {
        let mut vehicle = self.clone();
        vehicle.family.remove(account);
        for entry in vehicle.book.entries.iter_mut().filter(|entry| entry.by.is(account)) {
            entry.remarks = Remarks::default();
        }
        let mut value = serde_json::to_value(&vehicle)?;
        scrub(&mut value, account.as_str(), &serde_json::to_value(Actor::Forgotten)?);
        serde_json::from_value(value)
    }
}

/// Replaces every actor with this account.
pub(crate) fn scrub(value: &mut Value, account: &str, forgotten: &Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| scrub(value, account, forgotten)),
        Value::Object(fields) => {
            let is_actor = fields.len() == 1
                && ["Owner", "Family", "Advisor", "Engineer"]
                    .iter()
                    .any(|kind| fields.get(*kind).is_some_and(|id| id == account));
            if is_actor {
                *value = forgotten.clone();
            } else {
                fields.values_mut().for_each(|value| scrub(value, account, forgotten));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use milepost_engine::service_book::Kind;

    use super::super::{FamilyRole, Grant, Member};
    use super::*;

    #[test]
    fn a_vehicle_forgets_somebody_and_nobody_else() {
        let (anna, bert): (AccountId, AccountId) = ("anna".parse().unwrap(), "bert".parse().unwrap());
        let mut vehicle = Vehicle::new("car-1".parse().unwrap(), 0);
        vehicle.owner = Some(bert.clone());
        let member = Member { grant: Grant { role: FamilyRole::Driver, trips: true }, since_ms: 1 };
        vehicle.family.insert(anna.clone(), member);
        for by in [Actor::Owner(anna.clone()), Actor::Family(anna.clone()), Actor::Owner(bert.clone())] {
            let remarks = Remarks { note: "with love".to_owned(), ..Remarks::default() };
            vehicle.book.enter(1, Kind::Sold, &by, remarks);
        }
        assert!(names(&vehicle, &anna));
        let after = vehicle.without(&anna).unwrap();
        assert!(!names(&after, &anna) && names(&after, &bert));
        let by: Vec<&Actor> = after.book.entries.iter().map(|entry| &entry.by).collect();
        assert_eq!(by, [&Actor::Forgotten, &Actor::Forgotten, &Actor::Owner(bert)]);
        let notes: Vec<&str> = after.book.entries.iter().map(|entry| entry.remarks.note.as_str()).collect();
        assert_eq!(notes, ["", "", "with love"]);
    }
}
