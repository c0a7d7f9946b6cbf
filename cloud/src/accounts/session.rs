//! Sessions: a random token in the cookie, its SHA-256 in the store.
//!
//! Invariant: a token is never stored, and whoever reads the store cannot make a cookie from it.

use std::fmt;
use std::str::FromStr;

use rand::TryRngCore;
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Role;
use crate::domain::AccountId;

/// A session's secret: 256 random bits.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

/// The random source of the system failed.
#[derive(Debug, thiserror::Error)]
#[error("failed to draw a random token")]
pub struct RandomError(#[source] rand::rand_core::OsError);

impl Token {
    /// A new token from the system's random source.
    pub fn random() -> Result<Self, RandomError> {
        let mut bytes = [0; 32];
        OsRng.try_fill_bytes(&mut bytes).map_err(RandomError)?;
        Ok(Self(bytes))
    }

    /// What the store knows it by.
    pub fn id(&self) -> SessionId {
        SessionId(Sha256::digest(self.0).into())
    }

    /// The token as the cookie carries it: 64 hexadecimal digits.
    pub fn reveal(&self) -> String {
        hex(&self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The text is not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("session text is not 64 hexadecimal digits")]
pub struct HexError;

impl FromStr for Token {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_hex(text).map(Self)
    }
}

/// The SHA-256 of a token: the session's key in the store, and its name in lists.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId([u8; 32]);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

impl FromStr for SessionId {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_hex(text).map(Self)
    }
}

/// One log-in, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Whose.
    pub account: AccountId,
    /// The role at log-in; a changed role ends the session.
    pub role: Role,
    /// When it began, in milliseconds of Unix time.
    pub created_ms: u64,
    /// When it was last used, to within [`TOUCH_MS`].
    pub seen_ms: u64,
    /// The browser's `User-Agent`, cut short.
    #[serde(default)]
    pub agent: String,
}

/// How often a session's last use is written down, in milliseconds.
pub(super) const TOUCH_MS: u64 = 5 * 60_000;

impl Session {
    /// Whether it still counts.
    pub fn is_alive(&self, now_ms: u64) -> bool {
        now_ms < self.seen_ms.saturating_add(self.role.idle_ms())
            && now_ms < self.created_ms.saturating_add(self.role.lifetime_ms())
    }
}

fn hex(bytes: &[u8; 32]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

fn parse_hex(text: &str) -> Result<[u8; 32], HexError> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return Err(HexError);
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |d: u8| char::from(d).to_digit(16).ok_or(HexError);
        *byte = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_the_cookie_and_hides_from_logs() {
        let token = Token::random().unwrap();
        assert_eq!(token.reveal().parse::<Token>(), Ok(token.clone()));
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert_ne!(token.reveal(), token.id().to_string());
        assert_eq!("zz".repeat(32).parse::<Token>(), Err(HexError));
        assert_eq!("é".repeat(32).parse::<Token>(), Err(HexError));
    }

    #[test]
    fn a_session_ends_by_rest_and_by_age() {
        let session = |role, seen_ms| Session {
            account: "anna".parse().unwrap(),
            role,
            created_ms: 1_000,
            seen_ms,
            agent: String::new(),
        };
        let owner = session(Role::Owner, 1_000);
        assert!(owner.is_alive(1_000 + Role::Owner.idle_ms() - 1));
        assert!(!owner.is_alive(1_000 + Role::Owner.idle_ms()));
        let busy = session(Role::Advisor, 24 * 3_600_000);
        assert!(!busy.is_alive(1_000 + 24 * 3_600_000), "use does not prolong the whole life");
    }
}
