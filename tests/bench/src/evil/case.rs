//! The ways in which a server can be wrong, and what each of them shows the board.
//!
//! Invariant: apart from its one fault, a case is a server that the board would accept.

use anyhow::{Context, Result};
use rcgen::{CertificateParams, DistinguishedName, DnType, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256};
use time::{Duration, OffsetDateTime};

/// One way to be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// Neither certificate nor proof: straight to `Finished`.
    NoCertificate,
    /// The real server's certificate, which anybody can have, and no proof.
    NoProof,
    /// The proof stands before the certificate.
    ProofFirst,
    /// The proof comes twice.
    ProofTwice,
    /// The proof is made with another key.
    ForeignProof,
    /// The certificate is signed by a certificate that is no authority, which is shown, too.
    LeafAsAuthority,
    /// The certificate is of another authority.
    ForeignAuthority,
    /// The certificate is past its time.
    Expired,
    /// The certificate is for another name.
    WrongName,
    /// A sealed record without anything in it, on which a careless reader trips.
    EmptyRecord,
    /// A record that is longer than any may be.
    EndlessRecord,
    /// A record that is longer than the board's memory for one.
    LongRecord,
    /// A second `ServerHello` in the clear.
    SecondHello,
    /// Everything is right, and then the keys shall change, which the board does not know how to.
    KeyUpdate,
}

/// All of them, in the order in which the board meets them.
pub(super) const CASES: [Case; 14] = [
    Case::NoCertificate,
    Case::NoProof,
    Case::ProofFirst,
    Case::ProofTwice,
    Case::ForeignProof,
    Case::LeafAsAuthority,
    Case::ForeignAuthority,
    Case::Expired,
    Case::WrongName,
    Case::EmptyRecord,
    Case::EndlessRecord,
    Case::LongRecord,
    Case::SecondHello,
    Case::KeyUpdate,
];

/// What a case shows and proves with.
pub(super) struct Identity {
    /// The certificates, the server's own first, DER.
    pub(super) chain: Vec<Vec<u8>>,
    /// The key of the proof, PKCS#8.
    pub(super) key: Vec<u8>,
}

/// The authority behind the real server.
pub(super) struct Authority {
    pub(super) certificate_pem: String,
    pub(super) key_pem: String,
}

impl Case {
    /// Makes what this case shows.
    pub(super) fn identity(self, authority: &Authority, name: &str) -> Result<Identity> {
        let now =
            OffsetDateTime::UNIX_EPOCH + Duration::milliseconds(milepost::clock::Clock::real().now_ms().cast_signed());
        let own = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let other = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let authority_key = KeyPair::from_pem(&authority.key_pem).context("the authority's key does not read")?;
        let real = Issuer::from_ca_cert_pem(&authority.certificate_pem, authority_key)?;
        let name = if self == Self::WrongName { "elsewhere.example" } else { name };
        let mut leaf = certificate(name, now)?;
        if self == Self::Expired {
            leaf.not_before = now - Duration::days(40);
            leaf.not_after = now - Duration::days(10);
        }
        let chain = match self {
            Self::LeafAsAuthority => {
                let posing = certificate("device-0001", now)?;
                let shown = posing.signed_by(&other, &real)?;
                let issuer = Issuer::new(posing, &other);
                vec![leaf.signed_by(&own, &issuer)?.der().to_vec(), shown.der().to_vec()]
            }
            Self::ForeignAuthority => {
                let foreign = Issuer::new(certificate("Milepost server authority", now)?, &other);
                vec![leaf.signed_by(&own, &foreign)?.der().to_vec()]
            }
            _ => vec![leaf.signed_by(&own, &real)?.der().to_vec()],
        };
        let key = if self == Self::ForeignProof { other.serialize_der() } else { own.serialize_der() };
        Ok(Identity { chain, key })
    }
}

fn certificate(name: &str, now: OffsetDateTime) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = now - Duration::hours(1);
    params.not_after = now + Duration::days(30);
    Ok(params)
}
