use std::vec::Vec;

use milepost_firmware::configuration::Bus;

use super::*;
use crate::forge::{Forge, NAME, Server, from_s, until_s};

const SAID: &[u8] = b"everything up to the certificate";

/// One handshake as the library leads it.
struct Handshake {
    authority: Vec<u8>,
    time: Known,
    proved: Cell<bool>,
}

impl Handshake {
    fn trusting(forge: &Forge) -> Self {
        let time = Known { at_least_s: from_s() + 1, exact: true };
        Self { authority: forge.authority.clone(), time, proved: Cell::new(false) }
    }

    fn begin(&self) -> ServerProof<'_> {
        ServerProof {
            authority: &self.authority,
            name: NAME,
            time: self.time,
            stage: Stage::Waiting,
            proved: &self.proved,
        }
    }
}

fn show(server: &mut ServerProof<'_>, certificates: &[&[u8]]) -> Result<(), TlsError> {
    let mut shown = CertificateRef::with_context(&[]);
    for certificate in certificates {
        shown.add(CertificateEntryRef::X509(certificate)).unwrap();
    }
    server.verify_certificate(&Sha256::new_with_prefix(SAID), shown)
}

fn prove(server: &mut ServerProof<'_>, signature: &[u8]) -> Result<(), TlsError> {
    let signature_scheme = SignatureScheme::EcdsaSecp256r1Sha256;
    server.verify_signature(CertificateVerifyRef { signature_scheme, signature })
}

/// The proof of RFC 8446 §4.4.3, written a second time.
fn proof(server: &Server, context: &str, said: &[u8]) -> Vec<u8> {
    let message = [[b' '; 64].as_slice(), context.as_bytes(), &[0], &Sha256::digest(said)].concat();
    server.sign(&message)
}

fn good_proof(server: &Server) -> Vec<u8> {
    proof(server, "TLS 1.3, server CertificateVerify", SAID)
}

#[test]
fn a_server_that_shows_and_proves_in_this_order_is_proved() {
    let forge = Forge::new();
    let server = forge.server();
    let handshake = Handshake::trusting(&forge);
    let mut checks = handshake.begin();
    checks.set_hostname_verification(NAME).unwrap();
    show(&mut checks, &[&server.certificate]).unwrap();
    assert!(!handshake.proved.get(), "anybody has the certificate");
    prove(&mut checks, &good_proof(&server)).unwrap();
    assert!(handshake.proved.get());
}

#[test]
fn nothing_may_come_twice_or_out_of_order() {
    let forge = Forge::new();
    let server = forge.server();
    let (shown, proof) = (server.certificate.as_slice(), good_proof(&server));
    let handshake = Handshake::trusting(&forge);

    let mut checks = handshake.begin();
    assert!(matches!(prove(&mut checks, &proof), Err(TlsError::InvalidHandshake)), "a proof of nothing");
    assert!(show(&mut checks, &[shown]).is_err(), "and then it is too late to show something");

    let mut checks = handshake.begin();
    show(&mut checks, &[shown]).unwrap();
    assert!(matches!(show(&mut checks, &[shown]), Err(TlsError::InvalidHandshake)), "shown twice");
    assert!(prove(&mut checks, &proof).is_err());

    assert!(!handshake.proved.get());
    let mut checks = handshake.begin();
    show(&mut checks, &[shown]).unwrap();
    prove(&mut checks, &proof).unwrap();
    assert!(matches!(prove(&mut checks, &proof), Err(TlsError::InvalidHandshake)), "proved twice");
    assert!(show(&mut checks, &[shown]).is_err(), "shown after the proof");
}

#[test]
fn one_certificate_is_shown_and_no_second_and_not_none() {
    let forge = Forge::new();
    let server = forge.server();
    let handshake = Handshake::trusting(&forge);
    let (own, authority) = (server.certificate.as_slice(), forge.authority.as_slice());
    for shown in [&[][..], &[own, authority], &[own, own], &[authority]] {
        let mut checks = handshake.begin();
        assert!(matches!(show(&mut checks, shown), Err(TlsError::InvalidCertificate)), "{} shown", shown.len());
        assert!(prove(&mut checks, &good_proof(&server)).is_err());
    }
    let mut checks = handshake.begin();
    let mut raw = CertificateRef::with_context(&[]);
    raw.add(CertificateEntryRef::RawPublicKey(own)).unwrap();
    assert!(checks.verify_certificate(&Sha256::new_with_prefix(SAID), raw).is_err());
    assert!(!handshake.proved.get());
}

#[test]
fn a_certificate_of_another_authority_name_or_form_is_refused() {
    let (forge, other) = (Forge::new(), Forge::new());
    let handshake = Handshake::trusting(&forge);
    let named = forge.server_with(|params| {
        params.subject_alt_names = [rcgen::SanType::DnsName("elsewhere.example".try_into().unwrap())].into();
    });
    let server = forge.server();
    let cut = server.certificate.split_last().unwrap().1;
    for bad in [other.server().certificate.as_slice(), &named.certificate, cut, &[]] {
        assert!(show(&mut handshake.begin(), &[bad]).is_err(), "{} bytes", bad.len());
    }
    let nobody = Handshake { authority: Vec::new(), ..Handshake::trusting(&forge) };
    assert!(show(&mut nobody.begin(), &[&server.certificate]).is_err(), "no authority is pinned");
}

#[test]
fn a_time_that_is_only_a_lower_bound_cannot_make_a_certificate_too_young() {
    let forge = Forge::new();
    let server = forge.server();
    for (at_least_s, exact, expected) in [
        (from_s(), true, true),
        (from_s() - 1, true, false),
        (from_s() - 1, false, true),
        (0, false, true),
        (until_s(), true, true),
        (until_s() + 1, true, false),
        (until_s() + 1, false, false),
    ] {
        let handshake = Handshake { time: Known { at_least_s, exact }, ..Handshake::trusting(&forge) };
        assert_eq!(show(&mut handshake.begin(), &[&server.certificate]).is_ok(), expected, "{at_least_s} {exact}");
    }
}

#[test]
fn a_proof_is_of_this_server_about_this_conversation() {
    let forge = Forge::new();
    let (server, other) = (forge.server(), forge.server());
    let handshake = Handshake::trusting(&forge);
    let context = "TLS 1.3, server CertificateVerify";
    for (bad, why) in [
        (proof(&other, context, SAID), "another server's key"),
        (proof(&server, context, b"another conversation"), "another conversation"),
        (proof(&server, "TLS 1.3, client CertificateVerify", SAID), "a client's"),
        (server.sign(&Sha256::digest(SAID)), "nothing but the hash"),
        (Vec::new(), "nothing"),
    ] {
        let mut checks = handshake.begin();
        show(&mut checks, &[&server.certificate]).unwrap();
        assert!(matches!(prove(&mut checks, &bad), Err(TlsError::InvalidSignature)), "{why}");
        assert!(prove(&mut checks, &good_proof(&server)).is_err(), "there is no second try after {why}");
    }
    let mut checks = handshake.begin();
    show(&mut checks, &[&server.certificate]).unwrap();
    let signature = &good_proof(&server);
    let foreign = CertificateVerifyRef { signature_scheme: SignatureScheme::EcdsaSecp384r1Sha384, signature };
    assert!(matches!(checks.verify_signature(foreign), Err(TlsError::InvalidSignatureScheme)));
    assert!(!handshake.proved.get());
}

#[test]
fn a_proof_with_any_bit_changed_is_none() {
    let forge = Forge::new();
    let server = forge.server();
    let handshake = Handshake::trusting(&forge);
    let good = good_proof(&server);
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[at] ^= 1 << bit;
            let mut checks = handshake.begin();
            show(&mut checks, &[&server.certificate]).unwrap();
            assert!(prove(&mut checks, &bad).is_err(), "byte {at}, bit {bit}");
        }
    }
    assert!(!handshake.proved.get());
}

#[test]
fn our_certificate_is_handed_out_only_after_the_proof() {
    let forge = Forge::new();
    let server = forge.server();
    let configuration = Configuration {
        host: "10.0.2.2".try_into().unwrap(),
        port: 8883,
        server_name: NAME.try_into().unwrap(),
        device: "dev-0001".parse().unwrap(),
        written_ms: 0,
        key: [7; 32],
        certificate: heapless::Vec::from_slice(b"ours").unwrap(),
        server_authority: heapless::Vec::from_slice(&forge.authority).unwrap(),
        bus: Bus::default(),
    };
    let proved = Cell::new(true);
    let mut random = rand_core::OsRng;
    let key = milepost_identity::Key::from_bytes(&configuration.key).unwrap();
    let ours = Credentials { key, certificate: heapless::Vec::from_slice(b"ours").unwrap() };
    let mut provider = Provider::new((&configuration, &ours), &mut random, Known::default(), &proved);
    assert!(provider.client_cert().is_none(), "an earlier connection proves nothing");
    show(&mut provider.server, &[&server.certificate]).unwrap();
    assert!(provider.client_cert().is_none());
    prove(&mut provider.server, &good_proof(&server)).unwrap();
    assert!(matches!(provider.client_cert(), Some(Certificate::X509(bytes)) if bytes.as_ref() == b"ours"));
    let (mut signer, scheme) = provider.signer().unwrap();
    assert_eq!(scheme, SignatureScheme::EcdsaSecp256r1Sha256);
    let signed: Encoded = signer.sign(b"message");
    let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let point: Point = key.verifying_key().to_encoded_point(false).as_bytes().try_into().unwrap();
    assert!(signature::is_of(&point, &[b"message"], signed.as_ref()));
}

#[test]
fn the_library_checks_the_name_that_is_checked_here() {
    let handshake = Handshake::trusting(&Forge::new());
    assert!(handshake.begin().set_hostname_verification("elsewhere.example").is_err());
}
