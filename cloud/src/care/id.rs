//! Ids of follow-ups and calls.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::accounts::{RandomError, Token};

/// An id: 16 hexadecimal digits, drawn at random.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct CareId(String);

/// The text is not 16 hexadecimal digits in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("id must be 16 hexadecimal digits")]
pub struct CareIdError;

impl CareId {
    /// A new id.
    pub(super) fn random() -> Result<Self, RandomError> {
        Ok(Self(Token::random()?.reveal()[..16].to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CareId {
    type Err = CareIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_clean = text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if is_clean && text.len() == 16 { Ok(Self(text.to_owned())) } else { Err(CareIdError) }
    }
}

impl<'de> Deserialize<'de> for CareId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for CareId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
