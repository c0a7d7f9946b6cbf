//! A token bucket per key, for attempts that an attacker would repeat.
//!
//! Invariant: memory is bounded; a full table forgets buckets that are full again first, then the one filled last.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How many keys are remembered.
const MAX_KEYS: usize = 20_000;

/// Allows `burst` attempts at once and one more every `refill_ms`.
#[derive(Debug)]
pub struct Limiter {
    burst: u32,
    refill_ms: u64,
    /// For each key, when its bucket will be full again.
    full_at_ms: Mutex<HashMap<String, u64>>,
}

impl Limiter {
    /// An empty table.
    pub fn new(burst: u32, refill_ms: u64) -> Self {
        Self { burst, refill_ms, full_at_ms: Mutex::default() }
    }

    /// Takes one attempt; on refusal answers in how many milliseconds the next is allowed.
    pub fn take(&self, key: &str, now_ms: u64) -> Result<(), u64> {
        let mut table = self.full_at_ms.lock().unwrap_or_else(PoisonError::into_inner);
        if table.len() >= MAX_KEYS && !table.contains_key(key) {
            table.retain(|_, full_at| *full_at > now_ms);
            if table.len() >= MAX_KEYS
                && let Some(lightest) = table.iter().min_by_key(|(_, full_at)| **full_at).map(|(key, _)| key.clone())
            {
                table.remove(&lightest);
            }
        }
        let full_at = table.get(key).copied().unwrap_or(now_ms).max(now_ms) + self.refill_ms;
        let allowed_at = full_at.saturating_sub(self.refill_ms * u64::from(self.burst));
        if allowed_at > now_ms {
            return Err(allowed_at - now_ms);
        }
        table.insert(key.to_owned(), full_at);
        Ok(())
    }

    /// Forgets a key, after a success.
    pub fn forget(&self, key: &str) {
        self.full_at_ms.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_one_at_a_time() {
        let limiter = Limiter::new(3, 1_000);
        for _ in 0..3 {
            assert_eq!(limiter.take("anna", 50_000), Ok(()));
        }
        assert_eq!(limiter.take("anna", 50_000), Err(1_000));
        assert_eq!(limiter.take("bert", 50_000), Ok(()), "keys do not share");
        assert_eq!(limiter.take("anna", 51_000), Ok(()));
        assert_eq!(limiter.take("anna", 51_000), Err(1_000), "a refusal costs nothing");
        limiter.forget("anna");
        assert_eq!(limiter.take("anna", 51_000), Ok(()));
    }

    #[test]
    fn a_flood_of_keys_does_not_grow_the_table_without_end() {
        let limiter = Limiter::new(1, 1_000);
        for key in 0..MAX_KEYS + 10 {
            assert_eq!(limiter.take(&key.to_string(), 1), Ok(()));
        }
        assert!(limiter.full_at_ms.lock().unwrap().len() <= MAX_KEYS);
    }
}
