//! One connection of a server that is wrong in one way: TLS 1.3 by hand, as far as the case needs it.
//!
//! Invariant: every byte that the board sends behind its `ClientHello` is counted.

use anyhow::{Context, Result, anyhow, bail, ensure};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::case::{Case, Identity};
use super::schedule::{self, APPLICATION_DATA, Sealer};
use crate::board::DEADLINE;

const HANDSHAKE: u8 = 22;

const SERVER_HELLO: u8 = 2;
const ENCRYPTED_EXTENSIONS: u8 = 8;
const CERTIFICATE: u8 = 11;
const CERTIFICATE_VERIFY: u8 = 15;
const FINISHED: u8 = 20;
const KEY_UPDATE: u8 = 24;

const SECP256R1: u16 = 0x0017;
const KEY_SHARE: u16 = 0x0033;
const ECDSA_SECP256R1_SHA256: [u8; 2] = [0x04, 0x03];

/// Longer than the board's room for a record, and no longer than the standard lets one be.
const LONG: usize = 12_000;

/// Serves one connection to its end; answers how many bytes came behind the `ClientHello`.
pub(super) async fn serve(mut socket: TcpStream, case: Case, identity: &Identity) -> Result<u64> {
    let served = async {
        let hello = read_record(&mut socket).await?;
        let (session, share) = parse_hello(&hello).context("the ClientHello is not understood")?;
        let bytes = answer(case, identity, &hello, session, share)?;
        // The board may have closed before it has read everything.
        let _ = socket.write_all(&bytes).await;
        let mut behind = 0;
        let mut buffer = vec![0; 4096];
        loop {
            match socket.read(&mut buffer).await {
                Ok(0) | Err(_) => return Ok(behind),
                Ok(len) => behind += len as u64,
            }
        }
    };
    tokio::time::timeout(DEADLINE, served).await.context("the board does not close")?
}

/// The handshake message of the first record.
async fn read_record(socket: &mut TcpStream) -> Result<Vec<u8>> {
    let mut header = [0; 5];
    socket.read_exact(&mut header).await.context("no ClientHello")?;
    ensure!(header[0] == HANDSHAKE, "the first record is of type {}", header[0]);
    let mut body = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
    socket.read_exact(&mut body).await?;
    Ok(body)
}

/// The session id and the P-256 share.
fn parse_hello(hello: &[u8]) -> Option<(&[u8], &[u8])> {
    let take = |bytes: &mut &[u8], len: usize| -> Option<Vec<u8>> {
        let (head, rest) = bytes.split_at_checked(len)?;
        *bytes = rest;
        Some(head.to_vec())
    };
    let short = |bytes: &mut &[u8]| Some(u16::from_be_bytes(take(bytes, 2)?.try_into().ok()?));
    // Type, length, version, random.
    let mut rest = hello.get(4 + 2 + 32..)?;
    let session_len = usize::from(*rest.first()?);
    let session = rest.get(1..1 + session_len)?;
    rest = rest.get(1 + session_len..)?;
    let suites = usize::from(short(&mut rest)?);
    take(&mut rest, suites)?;
    let compressions = usize::from(*rest.first()?);
    rest = rest.get(1 + compressions..)?;
    short(&mut rest)?;
    while !rest.is_empty() {
        let (kind, len) = (short(&mut rest)?, usize::from(short(&mut rest)?));
        let (mut body, behind) = rest.split_at_checked(len)?;
        rest = behind;
        if kind == KEY_SHARE {
            short(&mut body)?;
            let (group, len) = (short(&mut body)?, usize::from(short(&mut body)?));
            return (group == SECP256R1).then(|| body.get(..len))?.map(|share| (session, share));
        }
    }
    None
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend_from_slice(&(body.len() as u32).to_be_bytes()[1..]);
    bytes.extend_from_slice(body);
    bytes
}

fn plain(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind, 3, 3];
    bytes.extend_from_slice(&(body.len() as u16).to_be_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// Everything that the server says, in one piece.
fn answer(case: Case, identity: &Identity, hello: &[u8], session: &[u8], share: &[u8]) -> Result<Vec<u8>> {
    let random = SystemRandom::new();
    let private = EphemeralPrivateKey::generate(&ECDH_P256, &random).map_err(|_| anyhow!("no key"))?;
    let public = private.compute_public_key().map_err(|_| anyhow!("no public key"))?;
    let server_hello = message(SERVER_HELLO, &server_hello(session, public.as_ref()));
    let peer = UnparsedPublicKey::new(&ECDH_P256, share);
    let secret =
        agree_ephemeral(private, &peer, schedule::handshake_secret).map_err(|_| anyhow!("no shared secret"))?;
    let mut transcript = hello.to_vec();
    transcript.extend_from_slice(&server_hello);
    let traffic = schedule::server_handshake_traffic(&secret, &transcript);
    let mut sealer = Sealer::new(&traffic)?;
    let mut bytes = plain(HANDSHAKE, &server_hello);
    match case {
        Case::EmptyRecord => {
            bytes.extend(sealer.seal(&[], None)?);
            return Ok(bytes);
        }
        Case::EndlessRecord => {
            bytes.extend_from_slice(&[APPLICATION_DATA, 3, 3, 0xFF, 0xFF]);
            bytes.resize(bytes.len() + 4096, 0xAA);
            return Ok(bytes);
        }
        Case::LongRecord => {
            bytes.extend(sealer.seal(&vec![0; LONG], Some(HANDSHAKE))?);
            return Ok(bytes);
        }
        Case::SecondHello => {
            bytes.extend(plain(HANDSHAKE, &server_hello));
            return Ok(bytes);
        }
        _ => {}
    }
    let mut say = |message: Vec<u8>, transcript: &mut Vec<u8>| -> Result<()> {
        transcript.extend_from_slice(&message);
        bytes.extend(sealer.seal(&message, Some(HANDSHAKE))?);
        Ok(())
    };
    say(message(ENCRYPTED_EXTENSIONS, &[0, 0]), &mut transcript)?;
    let certificate = message(CERTIFICATE, &certificate_list(&identity.chain));
    let parts: &[u8] = match case {
        Case::NoCertificate => &[],
        Case::NoProof => &[CERTIFICATE],
        Case::ProofFirst => &[CERTIFICATE_VERIFY, CERTIFICATE],
        Case::ProofTwice => &[CERTIFICATE, CERTIFICATE_VERIFY, CERTIFICATE_VERIFY],
        _ => &[CERTIFICATE, CERTIFICATE_VERIFY],
    };
    for part in parts {
        match *part {
            CERTIFICATE => say(certificate.clone(), &mut transcript)?,
            CERTIFICATE_VERIFY => say(message(CERTIFICATE_VERIFY, &proof(identity, &transcript)?), &mut transcript)?,
            other => bail!("part {other} is none of a handshake"),
        }
    }
    let finished = schedule::expand(&traffic, "finished", b"", 32);
    let finished = schedule::mac(&finished, &schedule::hash(&transcript));
    say(message(FINISHED, &finished), &mut transcript)?;
    if case == Case::KeyUpdate {
        let mut sealer = Sealer::new(&schedule::server_application_traffic(&secret, &transcript))?;
        bytes.extend(sealer.seal(&message(KEY_UPDATE, &[0]), Some(HANDSHAKE))?);
    }
    Ok(bytes)
}

fn server_hello(session: &[u8], share: &[u8]) -> Vec<u8> {
    let mut body = vec![3, 3];
    // A random that nobody has to believe.
    body.extend_from_slice(&[0x5A; 32]);
    body.push(session.len() as u8);
    body.extend_from_slice(session);
    // TLS_AES_128_GCM_SHA256, no compression.
    body.extend_from_slice(&[0x13, 0x01, 0]);
    let mut extensions = vec![0, 0x2B, 0, 2, 3, 4];
    extensions.extend_from_slice(&KEY_SHARE.to_be_bytes());
    extensions.extend_from_slice(&(share.len() as u16 + 4).to_be_bytes());
    extensions.extend_from_slice(&SECP256R1.to_be_bytes());
    extensions.extend_from_slice(&(share.len() as u16).to_be_bytes());
    extensions.extend_from_slice(share);
    body.extend_from_slice(&(extensions.len() as u16).to_be_bytes());
    body.extend_from_slice(&extensions);
    body
}

fn certificate_list(chain: &[Vec<u8>]) -> Vec<u8> {
    let mut entries = Vec::new();
    for certificate in chain {
        entries.extend_from_slice(&(certificate.len() as u32).to_be_bytes()[1..]);
        entries.extend_from_slice(certificate);
        entries.extend_from_slice(&[0, 0]);
    }
    let mut body = vec![0];
    body.extend_from_slice(&(entries.len() as u32).to_be_bytes()[1..]);
    body.extend_from_slice(&entries);
    body
}

fn proof(identity: &Identity, transcript: &[u8]) -> Result<Vec<u8>> {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &identity.key, &random)
        .map_err(|_| anyhow!("the key does not read"))?;
    let mut text = vec![0x20; 64];
    text.extend_from_slice(b"TLS 1.3, server CertificateVerify\0");
    text.extend_from_slice(&schedule::hash(transcript));
    let signature = key.sign(&random, &text).map_err(|_| anyhow!("no signature"))?;
    let mut body = ECDSA_SECP256R1_SHA256.to_vec();
    body.extend_from_slice(&(signature.as_ref().len() as u16).to_be_bytes());
    body.extend_from_slice(signature.as_ref());
    Ok(body)
}
