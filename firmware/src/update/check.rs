//! Whether an offered image may be taken at all.
//!
//! Invariant: the signature is looked at first, so that bytes from a stranger are never even decoded.

use milepost_protocol::update::{Manifest, Refusal, SignedManifest, Version};

use super::{Settings, signature};

/// The manifest of an offer, if every check holds.
pub(super) fn accept(
    signed: &SignedManifest,
    settings: &Settings<'_>,
    floor: Version,
    longest: u32,
) -> Result<Manifest, (Refusal, Version)> {
    let nameless = |refusal| (refusal, Version::default());
    if !is_trusted(signed, settings.keys) {
        return Err(nameless(Refusal::Signature));
    }
    let manifest = Manifest::decode(&signed.manifest).ok_or(nameless(Refusal::Manifest))?;
    let refusal = if manifest.board != settings.board {
        Some(Refusal::Board)
    } else if manifest.version <= settings.version {
        Some(Refusal::NotNewer)
    } else if manifest.version < floor {
        Some(Refusal::BelowFloor)
    } else if manifest.len == 0 || manifest.len > longest {
        Some(Refusal::Length)
    } else {
        None
    };
    match refusal {
        Some(refusal) => Err((refusal, manifest.version)),
        None => Ok(manifest),
    }
}

/// Whether the signature is one of a trusted key (Ed25519, RFC 8032).
fn is_trusted(signed: &SignedManifest, keys: &[[u8; 32]]) -> bool {
    let message = signed.message();
    let bytes = signed.signature_bytes();
    keys.iter().any(|key| signature::is_of(key, &message, &bytes))
}
