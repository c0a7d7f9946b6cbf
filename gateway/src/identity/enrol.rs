//! From a claim to an identity of one's own, over the cloud's front door.
//!
//! The key is on disk before the request leaves, so that a board that is cut off in between asks again with the same key, and has
//! the same answer. Invariant: nothing that was there before is replaced until a certificate that fits has come.

use std::path::{Path, PathBuf};
use std::time::Duration;

use milepost_identity::rotation::{Unusable, accept};
use milepost_identity::{Credentials, Key, request};
use milepost_protocol::envelope::{ClockQuality, EnvelopeWriter, Header};
use milepost_protocol::{DeviceId, Downlink, MAX_ENVELOPE_LEN};

use super::files::{self, IdentityError};
use crate::clock::Clock;
use crate::link::{Event, Identity, Link, Loss, Options, Policy, TlsError, client_config};

/// What a board needs to enrol.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// A folder with `ca.pem`, `cert.pem` and `key.pem` of the batch's claim.
    pub claim: PathBuf,
    /// The hardware's serial number.
    pub serial: DeviceId,
    /// The front door's host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The name in the server's certificate.
    pub server_name: String,
    /// Where to write: `ca.pem`, `<device>/cert.pem` and `<device>/key.pem`.
    pub out: PathBuf,
    /// How long to try.
    pub timeout: Duration,
}

/// Why a board has no identity.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The claim cannot be used.
    #[error("claim is not usable")]
    Claim(#[source] TlsError),
    /// A file failed.
    #[error("keeping the identity failed")]
    Files(#[from] IdentityError),
    /// The cloud's answer brings no certificate.
    #[error("serial number {serial} got no certificate")]
    Answer {
        /// The serial number.
        serial: DeviceId,
        /// Why.
        #[source]
        source: Unusable,
    },
    /// The cloud does not take the claim, or is not the one that the claim names.
    #[error("the claim was not taken")]
    Refused(#[source] Loss),
    /// Nothing came in time.
    #[error("the cloud did not answer in time")]
    Timeout,
}

/// Enrols a board; answers whom it is from now on. What was written is durable on return.
pub async fn enrol(enrolment: &Enrolment, clock: &Clock) -> Result<DeviceId, EnrolError> {
    let Enrolment { claim, serial, host, port, server_name, out, timeout } = enrolment;
    let identity =
        Identity { ca: claim.join("ca.pem"), certificate: claim.join("cert.pem"), key: claim.join("key.pem") };
    let tls = client_config(&identity, server_name).map_err(EnrolError::Claim)?;
    files::create_folder(out)?;
    let pending = out.join(format!("{serial}.enrolling.key"));
    let key = if let Some(key) = files::read_key(&pending)? {
        key
    } else {
        let key = files::draw()?;
        files::write_key(&pending, &key)?;
        key
    };
    let options = Options {
        device: serial.clone(),
        host: host.clone(),
        port: *port,
        tls: Some(tls),
        keep_alive: Duration::from_mins(1),
    };
    let seed = u64::from_be_bytes(milepost_identity::fingerprint(&key.public()));
    let link = Link::new(options, Policy::default(), clock.clone(), seed);
    let asked = tokio::time::timeout(*timeout, ask(link, &key, serial, clock)).await;
    let (device, credentials) = asked.map_err(|_| EnrolError::Timeout)??;
    keep(out, &files::read_certificate(&identity.ca)?, &device, &credentials)?;
    files::remove(&pending)?;
    Ok(device)
}

async fn ask(
    mut link: Link,
    key: &Key,
    serial: &DeviceId,
    clock: &Clock,
) -> Result<(DeviceId, Credentials), EnrolError> {
    let envelope = envelope(key, serial);
    loop {
        match link.next().await {
            Event::Up => {
                // A publish that finds no room is lost with its connection, and the next one asks again.
                let _ = link.publish(&envelope);
                link.awaiting_receipt(true);
            }
            Event::Down(loss @ (Loss::Refused(_) | Loss::Untrusted(_))) => return Err(EnrolError::Refused(loss)),
            Event::Down(loss) => tracing::warn!(%loss, "no connection"),
            Event::Acknowledged(_) => {}
            Event::Message(message) => {
                let answers = Downlink::parse(message.payload()).into_iter().flatten();
                let answer =
                    answers.filter_map(|one| if let Downlink::Certificate(answer) = one { Some(answer) } else { None });
                for answer in answer {
                    match accept(&answer, key, serial, None, Some(clock.unix_ms())) {
                        Err(Unusable::Stray) => {}
                        Err(source) => return Err(EnrolError::Answer { serial: serial.clone(), source }),
                        Ok(accepted) => {
                            link.close().await;
                            return Ok(accepted);
                        }
                    }
                }
                link.acknowledge(&message);
            }
        }
    }
}

/// An envelope that holds nothing but the request, as the first record of the first boot.
fn envelope(key: &Key, serial: &DeviceId) -> Vec<u8> {
    let header =
        Header { boot: 1, first: 0, base_ms: 0, quality: ClockQuality::SinceBoot, age_ms: Some(0), consent: 0 };
    let mut buffer = [0; MAX_ENVELOPE_LEN];
    let mut writer = EnvelopeWriter::new(&mut buffer, &header).expect("an envelope has room for its header");
    writer.push(0, 0, &request(key, serial).into()).expect("an envelope has room for one request");
    writer.finish().to_vec()
}

/// Writes an identity in the layout that [`Identity::in_folder`] reads; `authority` is DER. Durable on `Ok`.
pub fn keep(out: &Path, authority: &[u8], device: &DeviceId, credentials: &Credentials) -> Result<(), IdentityError> {
    let own = out.join(device.as_str());
    files::create_folder(&own)?;
    files::write_certificate(&out.join("ca.pem"), authority)?;
    files::write_key(&own.join("key.pem"), &credentials.key)?;
    files::write_certificate(&own.join("cert.pem"), &credentials.certificate)
}
