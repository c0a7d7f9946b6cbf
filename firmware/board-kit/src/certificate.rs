//! A server's certificate as it is shown, and what has to be right about it.
//!
//! Source: RFC 5280 §4. The authority is pinned by its key, so one signature is the whole path. Invariant: what is not understood is
//! refused, and so is a certificate that could sign others; reading never fails otherwise than by `None`.

use crate::name;
use crate::signature::{self, Point};
use milepost_identity::der::{Reader, only, tag};
use milepost_identity::validity::{self, Validity};

/// Version 3, the only one with extensions.
const VERSION_3: &[u8] = &[tag::INTEGER, 1, 2];

/// `ecdsa-with-SHA256`, as an algorithm identifier holds it.
const ECDSA_SHA256: &[u8] = &[tag::OBJECT_ID, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];

/// `id-ecPublicKey` with `prime256v1`, as an algorithm identifier holds them.
const P256: &[u8] = &[
    tag::OBJECT_ID,
    7,
    0x2A,
    0x86,
    0x48,
    0xCE,
    0x3D,
    0x02,
    0x01, //
    tag::OBJECT_ID,
    8,
    0x2A,
    0x86,
    0x48,
    0xCE,
    0x3D,
    0x03,
    0x01,
    0x07,
];

const KEY_USAGE: &[u8] = &[0x55, 0x1D, 0x0F];
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1D, 0x11];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1D, 0x13];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1D, 0x25];

/// `id-kp-serverAuth`.
const SERVER: &[u8] = &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];

/// The first bit of a key's usage: it signs what is no certificate.
const DIGITAL_SIGNATURE: u8 = 0x80;

/// The parts of a certificate that matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Certificate<'a> {
    /// What the issuer signed.
    signed: &'a [u8],
    signature: &'a [u8],
    /// From when until when it holds.
    pub(crate) validity: Validity,
    /// Whose key it is about.
    pub(crate) key: &'a Point,
    extensions: &'a [u8],
}

/// The key of an authority, out of its certificate.
pub(crate) fn authority(bytes: &[u8]) -> Option<&Point> {
    read(bytes).map(|certificate| certificate.key)
}

/// Reads a certificate of a P-256 key, signed with ECDSA and SHA-256.
pub(crate) fn read(bytes: &[u8]) -> Option<Certificate<'_>> {
    let mut outer = only(bytes, tag::SEQUENCE)?;
    let whole = outer.rest();
    let mut body = outer.enter(tag::SEQUENCE)?;
    let signed = whole.get(..whole.len().checked_sub(outer.rest().len())?)?;
    let algorithm = outer.take(tag::SEQUENCE)?;
    let signature = outer.bits()?;
    let version = body.take(tag::CONTEXT_0)?;
    let _serial = body.take(tag::INTEGER)?;
    let inner_algorithm = body.take(tag::SEQUENCE)?;
    let _issuer = body.take(tag::SEQUENCE)?;
    let validity = validity::read(&mut body)?;
    let _subject = body.take(tag::SEQUENCE)?;
    let mut info = body.enter(tag::SEQUENCE)?;
    let kind = info.take(tag::SEQUENCE)?;
    let key = info.bits()?.try_into().ok()?;
    let extensions = only(body.take(tag::CONTEXT_3)?, tag::SEQUENCE)?.rest();
    let good = outer.is_empty()
        && body.is_empty()
        && info.is_empty()
        && version == VERSION_3
        && (algorithm, inner_algorithm) == (ECDSA_SHA256, ECDSA_SHA256)
        && kind == P256;
    good.then_some(Certificate { signed, signature, validity, key, extensions })
}

impl Certificate<'_> {
    /// Whether the holder of `authority` signed it.
    pub(crate) fn is_signed_by(&self, authority: &Point) -> bool {
        signature::is_of(authority, &[self.signed], self.signature)
    }

    /// Whether it is a server's of this name, and not one that could sign others.
    pub(crate) fn serves(&self, name: &str) -> bool {
        self.check(name).unwrap_or(false)
    }

    /// `None` if an extension is not understood or does not allow it.
    fn check(&self, name: &str) -> Option<bool> {
        let mut extensions = Reader::new(self.extensions);
        let mut named = None;
        while !extensions.is_empty() {
            let mut extension = extensions.enter(tag::SEQUENCE)?;
            let id = extension.take(tag::OBJECT_ID)?;
            let critical = extension.flag()?;
            let content = extension.take(tag::OCTET_STRING)?;
            let allowed = extension.is_empty()
                && match id {
                    // A second list of names would leave open which of them counts.
                    ALTERNATIVE_NAMES if named.is_some() => false,
                    ALTERNATIVE_NAMES => {
                        named = Some(name::is_among(only(content, tag::SEQUENCE)?, name)?);
                        true
                    }
                    BASIC_CONSTRAINTS => !only(content, tag::SEQUENCE)?.flag()?,
                    KEY_USAGE => only(content, tag::BIT_STRING)?.rest().get(1)? & DIGITAL_SIGNATURE != 0,
                    EXTENDED_KEY_USAGE => serves(only(content, tag::SEQUENCE)?)?,
                    _ => !critical,
                };
            allowed.then_some(())?;
        }
        named
    }
}

/// Whether a server is among the purposes.
fn serves(mut purposes: Reader<'_>) -> Option<bool> {
    let mut found = false;
    while !purposes.is_empty() {
        found |= purposes.take(tag::OBJECT_ID)? == SERVER;
    }
    Some(found)
}

#[cfg(test)]
mod tests;
