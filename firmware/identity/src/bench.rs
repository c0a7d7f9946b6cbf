//! Enrolment at a bench: what a host asks of a board over a serial line, and the board's side of it.
//!
//! The board makes its key and keeps it; only a request and a certificate cross the line. Nothing is stored before the host says that
//! it is finished, and then everything at once, so that a board that loses power half-way is what it was before.
//! Invariant: no answer carries a private key.

use heapless::{String, Vec};
use milepost_protocol::DeviceId;
use milepost_protocol::certificate::{MAX_CERTIFICATE_LEN, MAX_REQUEST_LEN};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Certificate, CertificateError, Key, request};

/// The longest name of a board, a host or a server.
pub const MAX_NAME_LEN: usize = 64;

/// The longest certificate of the server's authority, in bytes of DER.
pub const MAX_AUTHORITY_LEN: usize = 1024;

/// Where the board's cloud is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The front door: an address or a DNS name.
    pub host: String<MAX_NAME_LEN>,
    /// Its port.
    pub port: u16,
    /// The name that the server's certificate has to carry.
    pub server_name: String<MAX_NAME_LEN>,
    /// The one authority that signs the server's certificate, DER.
    pub authority: Vec<u8, MAX_AUTHORITY_LEN>,
    /// The bench's clock, in milliseconds of Unix time.
    pub now_ms: u64,
    /// The bit rate of the car's bus, in bits a second.
    pub bit_rate: u32,
    /// Whether to ask the car for OBD-II values; a board that does not ask only listens.
    pub ask: bool,
}

/// A message as it crosses the line: with the number of its request, so that an answer that comes late is not taken for another's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered<T> {
    /// The request's number, from 1; an answer repeats it.
    pub number: u16,
    /// The request or the answer.
    pub body: T,
}

impl Numbered<Answer> {
    /// What a board answers to a line that it could not read.
    pub fn unread() -> Self {
        Self { number: 0, body: Answer::Refused(Refused::Line) }
    }
}

/// What the host asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "without an allocator there is no box, and one lives at a time")]
pub enum Request {
    /// Who are you?
    Identify,
    /// Make a key, and ask for a certificate under this id. A key made before is forgotten.
    MakeKey {
        /// The id that the board is going to have.
        device: DeviceId,
    },
    /// Here is the certificate, DER.
    StoreCertificate {
        /// The certificate.
        der: Vec<u8, MAX_CERTIFICATE_LEN>,
    },
    /// Here is where your cloud is.
    StoreConfiguration(Settings),
    /// Keep it all.
    Done,
}

/// What the board answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Who it is.
    Identity(Identity),
    /// The request for the certificate, DER.
    Request {
        /// The request.
        der: Vec<u8, MAX_REQUEST_LEN>,
    },
    /// Taken.
    Taken,
    /// Everything is in flash.
    Stored {
        /// [`Enrolled::sha256`] of what was stored, as the board computed it.
        configuration_sha256: [u8; 32],
    },
    /// Not taken.
    Refused(Refused),
}

/// Who a board is before it is anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The hardware's serial number.
    pub serial: DeviceId,
    /// The kind of board.
    pub board: String<MAX_NAME_LEN>,
}

/// Why a board did not take something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refused {
    /// Something has to come before it.
    Order,
    /// The random source yields no key.
    Random,
    /// The certificate does not parse.
    CertificateMalformed,
    /// The certificate is for another key.
    CertificateKey,
    /// The certificate names another device.
    CertificateName,
    /// The certificate is not valid now.
    CertificateExpired,
    /// The flash did not take it.
    Storage,
    /// The line was broken; ask again.
    Line,
}

impl From<CertificateError> for Refused {
    fn from(error: CertificateError) -> Self {
        match error {
            CertificateError::Malformed => Self::CertificateMalformed,
            CertificateError::Key => Self::CertificateKey,
            CertificateError::Name => Self::CertificateName,
            CertificateError::Expired => Self::CertificateExpired,
        }
    }
}

/// What a board keeps of an enrolment, all at once.
#[derive(Debug, Clone, Copy)]
pub struct Enrolled<'a> {
    /// Its id.
    pub device: &'a DeviceId,
    /// Its private key.
    pub key: &'a Key,
    /// Its certificate, DER.
    pub certificate: &'a [u8],
    /// Where its cloud is.
    pub settings: &'a Settings,
}

impl Enrolled<'_> {
    /// The SHA-256 that a flash receipt names; see [`configuration_sha256`].
    pub fn sha256(&self) -> [u8; 32] {
        configuration_sha256(self.device, self.certificate, self.settings)
    }
}

/// The SHA-256 of a configuration without its key and its time: device id, certificate, host, port, server name, authority, bit rate and
/// whether to ask, each as its length in four bytes, big-endian, and its bytes; the numbers are 2, 4 and 1 bytes, big-endian.
pub fn configuration_sha256(device: &DeviceId, certificate: &[u8], settings: &Settings) -> [u8; 32] {
    let port = settings.port.to_be_bytes();
    let bit_rate = settings.bit_rate.to_be_bytes();
    let ask = [u8::from(settings.ask)];
    let parts: [&[u8]; 8] = [
        device.as_str().as_bytes(),
        certificate,
        settings.host.as_bytes(),
        &port,
        settings.server_name.as_bytes(),
        &settings.authority,
        &bit_rate,
        &ask,
    ];
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u32).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// What the board does about a request.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "without an allocator there is no box, and one lives at a time")]
pub enum Step<'a> {
    /// Send this.
    Answer(Answer),
    /// Store this, and send [`Answer::Stored`] with its hash or [`Refused::Storage`].
    Store(Enrolled<'a>),
}

/// The board's side.
#[derive(Debug)]
pub struct Bench {
    identity: Identity,
    key: Option<(Key, DeviceId)>,
    certificate: Option<Vec<u8, MAX_CERTIFICATE_LEN>>,
    settings: Option<Settings>,
}

impl Bench {
    /// A board on its bench.
    pub fn new(identity: Identity) -> Self {
        Self { identity, key: None, certificate: None, settings: None }
    }

    /// Takes a request; `fill` draws from the board's random source.
    pub fn take(&mut self, request: Request, fill: impl FnMut(&mut [u8; 32])) -> Step<'_> {
        match request {
            Request::Identify => Step::Answer(Answer::Identity(self.identity.clone())),
            Request::MakeKey { device } => Step::Answer(self.make_key(device, fill)),
            Request::StoreCertificate { der } => {
                let taken = self.store_certificate(der);
                Step::Answer(taken.map_or_else(Answer::Refused, |()| Answer::Taken))
            }
            Request::StoreConfiguration(settings) => {
                self.settings = Some(settings);
                Step::Answer(Answer::Taken)
            }
            Request::Done => match (&self.key, &self.certificate, &self.settings) {
                (Some((key, device)), Some(certificate), Some(settings)) => {
                    Step::Store(Enrolled { device, key, certificate, settings })
                }
                _ => Step::Answer(Answer::Refused(Refused::Order)),
            },
        }
    }

    /// What [`Bench::take`] does about [`Request::MakeKey`], for a board whose stack has no room for a request below it.
    #[inline(never)]
    pub fn make_key(&mut self, device: DeviceId, fill: impl FnMut(&mut [u8; 32])) -> Answer {
        self.certificate = None;
        self.key = None;
        let Some(key) = Key::random(fill) else { return Answer::Refused(Refused::Random) };
        let der = request(&key, &device).der;
        self.key = Some((key, device));
        Answer::Request { der }
    }

    fn store_certificate(&mut self, der: Vec<u8, MAX_CERTIFICATE_LEN>) -> Result<(), Refused> {
        let (key, device) = self.key.as_ref().ok_or(Refused::Order)?;
        let now_ms = self.settings.as_ref().map(|settings| settings.now_ms);
        Certificate::check(&der, key, device, now_ms)?;
        self.certificate = Some(der);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line;
    use crate::tests::certificate_for;

    fn board() -> Bench {
        let board = String::try_from("test-board").unwrap();
        Bench::new(Identity { serial: "SN-1".parse().unwrap(), board })
    }

    fn settings() -> Settings {
        Settings {
            host: String::try_from("cloud.example").unwrap(),
            port: 8883,
            server_name: String::try_from("localhost").unwrap(),
            authority: Vec::from_slice(&[4; MAX_AUTHORITY_LEN]).unwrap(),
            now_ms: 1_750_000_000_000,
            bit_rate: 500_000,
            ask: true,
        }
    }

    fn answer(board: &mut Bench, request: Request) -> Answer {
        match board.take(request, |bytes| bytes.fill(7)) {
            Step::Answer(answer) => answer,
            Step::Store(enrolled) => Answer::Stored { configuration_sha256: enrolled.sha256() },
        }
    }

    #[test]
    fn a_board_keeps_all_of_it_or_nothing() {
        let mut board = board();
        let device: DeviceId = "dev-0001".parse().unwrap();
        let refused = |why| Answer::Refused(why);
        assert_eq!(answer(&mut board, Request::Done), refused(Refused::Order));
        assert!(matches!(answer(&mut board, Request::Identify), Answer::Identity(_)));
        let Answer::Request { der } = answer(&mut board, Request::MakeKey { device: device.clone() }) else {
            panic!("a key is made");
        };
        let key = Key::from_bytes(&[7; 32]).unwrap();
        assert_eq!(der, request(&key, &device).der);
        assert_eq!(answer(&mut board, Request::StoreConfiguration(settings())), Answer::Taken);
        assert_eq!(answer(&mut board, Request::Done), refused(Refused::Order));
        for (name, until_s, why) in [
            ("dev-0002", 1_800_000_000, Refused::CertificateName),
            ("dev-0001", 1_740_000_000, Refused::CertificateExpired),
        ] {
            let der = Vec::from_slice(&certificate_for(&key, name, 1_700_000_000, until_s)).unwrap();
            assert_eq!(answer(&mut board, Request::StoreCertificate { der }), refused(why));
        }
        let der = certificate_for(&key, "dev-0001", 1_700_000_000, 1_800_000_000);
        let stored = Request::StoreCertificate { der: Vec::from_slice(&der).unwrap() };
        assert_eq!(answer(&mut board, stored), Answer::Taken);
        let configuration_sha256 = configuration_sha256(&device, &der, &settings());
        assert_eq!(answer(&mut board, Request::Done), Answer::Stored { configuration_sha256 });
    }

    #[test]
    fn a_new_key_makes_the_old_certificate_worthless() {
        let mut board = board();
        let device: DeviceId = "dev-0001".parse().unwrap();
        answer(&mut board, Request::MakeKey { device: device.clone() });
        let key = Key::from_bytes(&[7; 32]).unwrap();
        let der = Vec::from_slice(&certificate_for(&key, "dev-0001", 1_700_000_000, 1_800_000_000)).unwrap();
        answer(&mut board, Request::StoreCertificate { der });
        answer(&mut board, Request::StoreConfiguration(settings()));
        answer(&mut board, Request::MakeKey { device });
        assert_eq!(answer(&mut board, Request::Done), Answer::Refused(Refused::Order));
    }

    #[test]
    fn a_dead_random_source_makes_no_key() {
        let mut board = board();
        let asked = Request::MakeKey { device: "dev-0001".parse().unwrap() };
        let step = board.take(asked, |bytes| bytes.fill(0));
        assert!(matches!(step, Step::Answer(Answer::Refused(Refused::Random))));
    }

    #[test]
    fn the_longest_messages_fit_the_line() {
        let long = || String::try_from("x".repeat(MAX_NAME_LEN).as_str()).unwrap();
        let settings = Settings {
            host: long(),
            server_name: long(),
            now_ms: u64::MAX,
            port: u16::MAX,
            bit_rate: u32::MAX,
            ..settings()
        };
        let der = Vec::from_slice(&[5; MAX_CERTIFICATE_LEN]).unwrap();
        for body in [Request::StoreConfiguration(settings), Request::StoreCertificate { der }] {
            assert!(line::encode(&Numbered { number: u16::MAX, body }).is_some());
        }
    }
}
