//! Receipts that owners attach to the entries of service books, and the key over their keys.

use serde::{Deserialize, Serialize};

use super::Secret;

/// The shortest secret that is taken for a master key, in characters: 128 bits in hexadecimal digits.
const LEAST: usize = 32;

/// How receipts are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Receipts {
    /// The largest receipt taken, in bytes. Default 5242880, five mebibytes.
    pub max_bytes: usize,
    /// How many receipts one vehicle has at most. Default 200.
    pub max_per_vehicle: usize,
    /// The secret over the owners' keys, at least 32 characters. Default: one that is drawn at the first start into `pki/vault.secret`.
    ///
    /// To change it, set the new one and put the old one into `earlier_keys`; after the next start the old one may go.
    pub master_key: Option<Secret>,
    /// Secrets that were `master_key` before; they open, and seal nothing any more. Default: none.
    pub earlier_keys: Vec<Secret>,
}

impl Default for Receipts {
    fn default() -> Self {
        Self { max_bytes: 5 << 20, max_per_vehicle: 200, master_key: None, earlier_keys: Vec::new() }
    }
}

impl Receipts {
    /// Whether the values make sense, or the key that is wrong and why.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        if !(1..=64 << 20).contains(&self.max_bytes) {
            return Err(("receipts.max_bytes", "must be between 1 and 67108864".to_owned()));
        }
        let is_short = |secret: &Secret| secret.expose().chars().count() < LEAST;
        if self.master_key.as_ref().is_some_and(is_short) {
            return Err(("receipts.master_key", format!("must have at least {LEAST} characters")));
        }
        if self.earlier_keys.iter().any(is_short) {
            return Err(("receipts.earlier_keys", format!("must have at least {LEAST} characters each")));
        }
        Ok(())
    }
}
