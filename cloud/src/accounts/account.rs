//! An account: one person with one role.

use serde::{Deserialize, Serialize};

use crate::domain::AccountId;
use crate::i18n::DistanceUnit;

/// What an account is for. An account has exactly one role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees and answers for the vehicles that are theirs.
    Owner,
    /// Sees the vehicles whose owners share with the workshop.
    Advisor,
    /// Sees devices, not people.
    Engineer,
    /// Answers for what owners go through: offers, segments, programmes and touchpoints; sees sums, and those people alone who
    /// share a vehicle with the workshop.
    Lead,
}

impl Role {
    /// The role with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "owner" => Some(Self::Owner),
            "advisor" => Some(Self::Advisor),
            "engineer" => Some(Self::Engineer),
            "lead" => Some(Self::Lead),
            _ => None,
        }
    }

    /// The name, as the command line and the API write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Advisor => "advisor",
            Self::Engineer => "engineer",
            Self::Lead => "lead",
        }
    }

    /// How long a session may rest before it ends, in milliseconds: 14 days for owners, 12 hours for staff.
    pub fn idle_ms(self) -> u64 {
        match self {
            Self::Owner => 14 * 86_400_000,
            Self::Advisor | Self::Engineer | Self::Lead => 12 * 3_600_000,
        }
    }

    /// How long a session lives at most, in milliseconds: 90 days for owners, 24 hours for staff.
    pub fn lifetime_ms(self) -> u64 {
        match self {
            Self::Owner => 90 * 86_400_000,
            Self::Advisor | Self::Engineer | Self::Lead => 24 * 3_600_000,
        }
    }
}

/// Which colours the pages take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the system does.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The theme with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "auto" => Some(Self::Auto),
            "light" => Some(Self::Light),
            "dark" => Some(Self::Dark),
            _ => None,
        }
    }

    /// The name, as cookies and forms write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// One person's account, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The identity, and the name that is typed at log-in; lower case.
    pub id: AccountId,
    /// What the pages call the person.
    pub display_name: String,
    /// What the account is for.
    pub role: Role,
    /// The password's hash in PHC string format.
    pub password: String,
    /// The chosen language as a BCP 47 tag.
    #[serde(default)]
    pub language: Option<String>,
    /// What distances are shown in.
    #[serde(default)]
    pub unit: DistanceUnit,
    /// When it was made, in milliseconds of Unix time.
    #[serde(default)]
    pub created_ms: u64,
}
