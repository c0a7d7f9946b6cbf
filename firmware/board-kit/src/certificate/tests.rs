use std::vec;
use std::vec::Vec;

use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P384_SHA384, SanType,
};

use super::*;
use crate::forge::{Forge, NAME, from_s, until_s};

fn accepted(authority: &[u8], certificate: &[u8], name: &str) -> bool {
    let authority = super::authority(authority).unwrap();
    read(certificate).is_some_and(|certificate| certificate.serves(name) && certificate.is_signed_by(authority))
}

/// Whether a certificate that differs like this from a good one is taken for the name.
fn with(change: impl FnOnce(&mut CertificateParams)) -> bool {
    let forge = Forge::new();
    accepted(&forge.authority, &forge.server_with(change).certificate, NAME)
}

#[test]
fn a_good_certificate_is_read_as_it_was_made() {
    let forge = Forge::new();
    let server = forge.server();
    let certificate = read(&server.certificate).unwrap();
    assert_eq!(certificate.validity, Validity { from_s: from_s(), until_s: until_s() });
    assert!(signature::is_of(certificate.key, &[b"message"], &server.sign(b"message")), "it is the server's key");
    assert!(accepted(&forge.authority, &server.certificate, NAME));
}

#[test]
fn another_authority_of_the_same_name_signs_nothing_for_us() {
    let (ours, other) = (Forge::new(), Forge::new());
    assert!(!accepted(&ours.authority, &other.server().certificate, NAME));
}

#[test]
fn another_name_is_refused_and_the_subject_is_no_name() {
    let forge = Forge::new();
    let server = forge.server();
    for name in ["elsewhere.example", "10.0.2.2", "sub.door.example", "example", ""] {
        assert!(!accepted(&forge.authority, &server.certificate, name), "{name:?}");
    }
    assert!(!with(|params| params.subject_alt_names.clear()), "its subject is all that names it");
    assert!(!with(|params| params.subject_alt_names = vec![SanType::Rfc822Name(NAME.try_into().unwrap())]));
}

#[test]
fn one_of_several_names_is_enough_and_an_address_is_one() {
    let forge = Forge::new();
    let server = forge.server_with(|params| {
        params.subject_alt_names = vec![
            SanType::DnsName("first.example".try_into().unwrap()),
            SanType::IpAddress([10, 0, 2, 2].into()),
            SanType::DnsName("*.door.example".try_into().unwrap()),
        ];
    });
    for (name, expected) in
        [("first.example", true), ("10.0.2.2", true), ("a.door.example", true), (NAME, false), ("10.0.2.3", false)]
    {
        assert_eq!(accepted(&forge.authority, &server.certificate, name), expected, "{name}");
    }
}

#[test]
fn what_could_sign_others_is_no_server() {
    assert!(!with(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)));
    assert!(!with(|params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0))));
    assert!(with(|params| params.is_ca = IsCa::ExplicitNoCa));
}

#[test]
fn a_key_serves_only_what_it_is_for() {
    let purposes = |purposes: &[ExtendedKeyUsagePurpose]| {
        let purposes = purposes.to_vec();
        with(|params| params.extended_key_usages = purposes)
    };
    assert!(purposes(&[ExtendedKeyUsagePurpose::ServerAuth]));
    assert!(purposes(&[ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth]));
    assert!(!purposes(&[ExtendedKeyUsagePurpose::ClientAuth]), "a device's certificate");
    assert!(with(|params| params.key_usages = vec![KeyUsagePurpose::DigitalSignature]));
    assert!(!with(|params| params.key_usages = vec![KeyUsagePurpose::KeyCertSign]));
}

#[test]
fn an_extension_that_is_not_understood_is_refused_only_if_it_is_critical() {
    let extension = |critical| {
        let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99_999, 1], vec![5, 0]);
        extension.set_criticality(critical);
        extension
    };
    assert!(with(|params| params.custom_extensions.push(extension(false))));
    assert!(!with(|params| params.custom_extensions.push(extension(true))));
}

#[test]
fn a_second_list_of_names_is_refused() {
    let other = [0x30, 3, 0x82, 1, b'x'].to_vec();
    let second = CustomExtension::from_oid_content(&[2, 5, 29, 17], other);
    assert!(!with(|params| params.custom_extensions.push(second)));
}

#[test]
fn a_key_of_another_curve_is_not_read() {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    let certificate = CertificateParams::new(vec![NAME.into()]).unwrap().self_signed(&key).unwrap();
    assert_eq!(read(certificate.der()), None);
}

#[test]
fn a_certificate_that_is_cut_or_longer_is_not_read() {
    let certificate = Forge::new().server().certificate;
    for len in 0..certificate.len() {
        assert_eq!(read(&certificate[..len]), None, "{len} bytes");
    }
    for extra in [0, 0x30, 0xFF] {
        assert_eq!(read(&[certificate.as_slice(), &[extra]].concat()), None, "{extra} behind it");
    }
}

#[test]
fn a_certificate_with_any_byte_changed_is_refused() {
    let forge = Forge::new();
    let good = forge.server().certificate;
    for at in 0..good.len() {
        for change in [0x01, 0x80, 0xFF] {
            let mut bad = good.clone();
            bad[at] ^= change;
            assert!(!accepted(&forge.authority, &bad, NAME), "byte {at} of {} by {change:#x}", good.len());
        }
    }
}

proptest! {
    #[test]
    fn reading_never_panics_whatever_the_bytes(bytes: Vec<u8>) {
        prop_assert_eq!(read(&bytes), None);
    }

    #[test]
    fn reading_never_panics_on_what_is_nearly_a_certificate(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        static GOOD: std::sync::LazyLock<(Forge, Vec<u8>)> = std::sync::LazyLock::new(|| {
            let forge = Forge::new();
            let certificate = forge.server().certificate;
            (forge, certificate)
        });
        let (forge, good) = &*GOOD;
        let mut bad = good.clone();
        for (at, byte) in changes {
            *at.get_mut(&mut bad) = byte;
        }
        prop_assert!(bad == *good || !accepted(&forge.authority, &bad, NAME));
        prop_assert!(!accepted(&forge.authority, &bad[..cut.index(bad.len())], NAME));
    }
}
