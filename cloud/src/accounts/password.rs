//! Passwords: Argon2id with the OWASP floor (m = 19,456 KiB, t = 2, p = 1).
//!
//! Invariant: at most [`PARALLEL`] hashes run at a time, so that log-ins cannot exhaust memory, and none runs on an async worker.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How many hashes run at a time; each takes 19 MiB.
const PARALLEL: usize = 4;

/// The shortest password in characters; nothing else is asked of it (NIST SP 800-63B).
const MIN_CHARACTERS: usize = 12;

/// The longest password in bytes, so that nobody sends a megabyte to hash.
const MAX_BYTES: usize = 256;

/// Why a password was not taken, or could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// It has fewer than twelve characters.
    #[error("password is shorter than {MIN_CHARACTERS} characters")]
    TooShort,
    /// It has more than 256 bytes.
    #[error("password is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// The hash function failed.
    #[error("failed to hash a password")]
    Hash(#[source] argon2::password_hash::Error),
    /// The worker that hashes is gone.
    #[error("failed to run the password worker")]
    Worker,
}

/// What an unknown account's password is compared with, so that it takes as long as a known one's. No password is known for it.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bWlsZXBvc3Qtc2FsdC0xNg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes and compares passwords.
#[derive(Debug, Clone)]
pub struct Passwords {
    workers: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { workers: Arc::new(Semaphore::new(PARALLEL)) }
    }
}

impl Passwords {
    /// Hashes a new password.
    pub async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        if password.chars().count() < MIN_CHARACTERS {
            return Err(PasswordError::TooShort);
        }
        if password.len() > MAX_BYTES {
            return Err(PasswordError::TooLong);
        }
        let password = password.to_owned();
        self.run(move || hash(&password)).await?
    }

    /// Compares; without a stored hash the decoy is compared and the answer is no.
    pub async fn matches(&self, password: &str, stored: Option<&str>) -> Result<bool, PasswordError> {
        let known = stored.is_some() && password.len() <= MAX_BYTES;
        let password = if password.len() <= MAX_BYTES { password.to_owned() } else { String::new() };
        let stored = stored.unwrap_or(DECOY).to_owned();
        self.run(move || matches(&password, &stored)).await?.map(|equal| equal && known)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordError> {
        let permit = Arc::clone(&self.workers).acquire_owned().await.map_err(|_| PasswordError::Worker)?;
        let worker = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        worker.await.map_err(|_| PasswordError::Worker)
    }
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| PasswordError::Hash(error.into()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<String, PasswordError> {
    let hash: PasswordHash = argon2()?.hash_password(password.as_bytes()).map_err(PasswordError::Hash)?;
    Ok(hash.to_string())
}

fn matches(password: &str, stored: &str) -> Result<bool, PasswordError> {
    let stored = PasswordHash::new(stored).map_err(|error| PasswordError::Hash(error.into()))?;
    Ok(argon2()?.verify_password(password.as_bytes(), &stored).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let passwords = Passwords::default();
        let stored = passwords.hash("correct horse battery").await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(passwords.matches("correct horse battery", Some(&stored)).await.unwrap());
        assert!(!passwords.matches("correct horse batterx", Some(&stored)).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_logs_in_with_the_decoy() {
        let passwords = Passwords::default();
        assert!(!passwords.matches("a password that nobody has", None).await.unwrap());
        assert_eq!(matches("a password that nobody has", DECOY).ok(), Some(false), "it parses and costs as much");
        assert!(hash("x").unwrap().starts_with(&DECOY[..31]), "its parameters are those of the others");
    }

    #[tokio::test]
    async fn a_short_or_endless_password_is_not_taken() {
        let passwords = Passwords::default();
        assert!(matches!(passwords.hash("elevenchars").await, Err(PasswordError::TooShort)));
        assert!(matches!(passwords.hash(&"x".repeat(257)).await, Err(PasswordError::TooLong)));
        let stored = hash("").unwrap();
        assert!(!passwords.matches(&"x".repeat(257), Some(&stored)).await.unwrap(), "a cut password matches nothing");
    }
}
