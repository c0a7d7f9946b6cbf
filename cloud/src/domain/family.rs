//! Who else may see a vehicle, by its owner's word.
//!
//! Invariant: an owner is no member of the own vehicle's family, and every right of anybody is asked for by [`Vehicle::allows`].

use std::collections::BTreeMap;

use milepost_protocol::notice::NoticeKind;
use serde::{Deserialize, Serialize};

use super::{AccountId, Vehicle};

/// The most members of one vehicle's family.
pub const MAX_FAMILY: usize = 12;

/// The members of a vehicle's family.
pub type Family = BTreeMap<AccountId, Member>;

/// What somebody beside the owner is to a vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FamilyRole {
    /// Sees how the car is and what is next, answers reminders, notes work on items and books.
    Driver,
    /// Sees how the car is and what is next.
    Viewer,
}

impl FamilyRole {
    /// Every role.
    pub const ALL: [Self; 2] = [Self::Driver, Self::Viewer];

    /// The name, as forms and the API write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Driver => "driver",
            Self::Viewer => "viewer",
        }
    }

    /// The role with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// What the owner grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// As what.
    pub role: FamilyRole,
    /// Whether the vehicle's trips are shown too.
    pub trips: bool,
}

/// Somebody with access to a vehicle that is not theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// What the owner grants.
    pub grant: Grant,
    /// Since when they have access, in milliseconds of Unix time.
    pub since_ms: u64,
}

/// What a caller wants to do with a vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// See how it is and what is next.
    See,
    /// See where time and fuel went.
    Trips,
    /// Answer reminders, note work on an item, book.
    Act,
    /// Everything else: consent, export, transfer, sale, family, the service book, offers.
    Own,
}

/// A change of a vehicle's family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FamilyChange {
    /// Somebody takes an invitation of the owner's.
    Admit {
        /// Who.
        account: AccountId,
        /// What was granted.
        grant: Grant,
        /// Who invited them; counts only as long as the vehicle is theirs.
        invited_by: AccountId,
        /// When, in milliseconds of Unix time.
        invited_ms: u64,
    },
    /// The owner grants something else.
    Regrant {
        /// To whom.
        account: AccountId,
        /// What.
        grant: Grant,
    },
    /// Somebody has no access any more.
    Dismiss {
        /// Who.
        account: AccountId,
    },
}

impl Vehicle {
    /// Whether an account has a right: the owner has all of them.
    pub fn allows(&self, account: &AccountId, right: Right) -> bool {
        if self.owner.as_ref() == Some(account) {
            return true;
        }
        self.family.get(account).is_some_and(|member| match right {
            Right::See => true,
            Right::Trips => member.grant.trips,
            Right::Act => member.grant.role == FamilyRole::Driver,
            Right::Own => false,
        })
    }

    /// Whether an account sees notices of a kind: offers are the owner's alone, because they follow from the owner's consent.
    pub fn tells(&self, account: &AccountId, kind: NoticeKind) -> bool {
        let right = if kind == NoticeKind::Offer { Right::Own } else { Right::See };
        self.allows(account, right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str) -> AccountId {
        name.parse().unwrap()
    }

    #[test]
    fn each_role_has_its_rights_and_no_other() {
        let mut vehicle = Vehicle::new("car-1".parse().unwrap(), 0);
        vehicle.owner = Some(account("anna"));
        for (name, role, trips) in [("dora", FamilyRole::Driver, true), ("vito", FamilyRole::Viewer, false)] {
            vehicle.family.insert(account(name), Member { grant: Grant { role, trips }, since_ms: 1 });
        }
        for (name, rights) in [
            ("anna", [true, true, true, true]),
            ("dora", [true, true, true, false]),
            ("vito", [true, false, false, false]),
            ("bert", [false; 4]),
        ] {
            let found = [Right::See, Right::Trips, Right::Act, Right::Own].map(|r| vehicle.allows(&account(name), r));
            assert_eq!(found, rights, "{name}");
        }
    }

    #[test]
    fn roles_read_back_by_their_names() {
        for role in FamilyRole::ALL {
            assert_eq!(FamilyRole::from_name(role.name()), Some(role));
        }
        assert_eq!(FamilyRole::from_name("owner"), None);
    }
}
