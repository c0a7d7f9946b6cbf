//! From one certificate to the next without ever standing there with none.
//!
//! A new key is made and asked for while the old certificate still has a third of its life; what comes back is tried with a real
//! connection, and only that makes it the current one. The host persists the whole value after every call that answers "changed",
//! before it acts on it.
//! Invariant: the current credentials are replaced only by ones that a connection has been accepted with.

use core::fmt;

use heapless::Vec;
use milepost_protocol::DeviceId;
use milepost_protocol::certificate::{CertificateAnswer, CertificateRequest, MAX_CERTIFICATE_LEN, Refusal, Verdict};
use serde::{Deserialize, Serialize};

use crate::{Certificate, CertificateError, Key, fingerprint, request};

/// How often the next certificate may be refused by the cloud before it is given up.
const TRIALS: u8 = 3;

/// How long to wait after a refusal before asking again, in milliseconds.
const PAUSE_MS: u64 = 86_400_000;

/// A key with its certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// The private key.
    pub key: Key,
    /// The certificate, DER.
    pub certificate: Vec<u8, MAX_CERTIFICATE_LEN>,
}

/// Why an answer brought no credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// It answers another request.
    Stray,
    /// The cloud refused.
    Refused(Refusal),
    /// The certificate is of no use.
    Certificate(CertificateError),
}

impl Unusable {
    /// What `Display` writes, in two pieces, for an image without formatting.
    pub fn words(self) -> [&'static str; 2] {
        match self {
            Self::Stray => ["answer belongs to another request", ""],
            Self::Refused(refusal) => ["request was refused: ", refusal.reason()],
            Self::Certificate(error) => [error.text(), ""],
        }
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.words().into_iter().try_for_each(|piece| f.write_str(piece))
    }
}

impl core::error::Error for Unusable {}

/// What an answer to the request of `key` for `name` brings: whom the certificate names, and the credentials.
///
/// `expected` is the id that it has to name; without one, on the way of a claim, the answer tells it.
pub fn accept(
    answer: &CertificateAnswer,
    key: &Key,
    name: &DeviceId,
    expected: Option<&DeviceId>,
    unix_ms: Option<u64>,
) -> Result<(DeviceId, Credentials), Unusable> {
    if answer.request != fingerprint(&request(key, name).der) {
        return Err(Unusable::Stray);
    }
    match &answer.verdict {
        Verdict::Refused(refusal) => Err(Unusable::Refused(*refusal)),
        Verdict::Issued { device, certificate } => {
            let wanted = expected.unwrap_or(device);
            Certificate::check(certificate, key, wanted, unix_ms).map_err(Unusable::Certificate)?;
            Ok((wanted.clone(), Credentials { key: key.clone(), certificate: certificate.clone() }))
        }
    }
}

/// Which credentials a connection uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The ones that have been in use.
    Current,
    /// The ones on trial.
    Next,
}

/// What stands beside the current credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "without an allocator there is no box, and one lives at a time")]
enum Next {
    None,
    Asked { key: Key },
    Trial { credentials: Credentials, refused: u8 },
}

/// A device's credentials, now and next. It is stored whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    device: DeviceId,
    current: Credentials,
    next: Next,
    /// No new request before this moment, in milliseconds of Unix time.
    pause_until_ms: u64,
}

impl Rotation {
    /// The beginning: credentials that are in use.
    pub fn new(device: DeviceId, current: Credentials) -> Self {
        Self { device, current, next: Next::None, pause_until_ms: 0 }
    }

    /// Whom the credentials name.
    pub fn device(&self) -> &DeviceId {
        &self.device
    }

    /// Whether to make a key and [`Rotation::begin`]. Without a time that can be trusted, never.
    pub fn is_due(&self, unix_ms: Option<u64>) -> bool {
        let Some(now_ms) = unix_ms.filter(|now_ms| *now_ms >= self.pause_until_ms) else { return false };
        let renew_at_ms = Certificate::read(&self.current.certificate).map(|read| read.renew_at_ms());
        // A certificate that does not read cannot be waited for.
        matches!(self.next, Next::None) && renew_at_ms.is_ok_and(|at_ms| now_ms >= at_ms)
    }

    /// Begins with a new key, whether due or not; one under way is given up. Persist, then send [`Rotation::outstanding`].
    pub fn begin(&mut self, key: Key) {
        self.next = Next::Asked { key };
    }

    /// The request that waits for its answer. After a restart it is simply sent again: it is the same, and so is its answer.
    pub fn outstanding(&self) -> Option<CertificateRequest> {
        match &self.next {
            Next::Asked { key } => Some(request(key, &self.device)),
            Next::None | Next::Trial { .. } => None,
        }
    }

    /// Takes the cloud's answer. On `Ok` the next credentials are there to be tried; persist in both cases, except for a stray answer.
    pub fn answered(&mut self, answer: &CertificateAnswer, unix_ms: Option<u64>) -> Result<(), Unusable> {
        let Next::Asked { key } = &self.next else { return Err(Unusable::Stray) };
        match accept(answer, key, &self.device, Some(&self.device), unix_ms) {
            Ok((_, credentials)) => {
                self.next = Next::Trial { credentials, refused: 0 };
                Ok(())
            }
            Err(Unusable::Stray) => Err(Unusable::Stray),
            Err(why) => {
                self.give_up(unix_ms);
                Err(why)
            }
        }
    }

    /// What the next connection shows.
    pub fn credentials(&self) -> (Which, &Credentials) {
        match &self.next {
            Next::Trial { credentials, .. } => (Which::Next, credentials),
            Next::None | Next::Asked { .. } => (Which::Current, &self.current),
        }
    }

    /// Whether nothing is under way: no request and no trial.
    pub fn is_settled(&self) -> bool {
        matches!(self.next, Next::None)
    }

    /// The credentials that connections have been accepted with, whatever is on trial.
    pub fn in_use(&self) -> &Credentials {
        &self.current
    }

    /// The cloud accepted a connection with these; answers whether anything changed.
    pub fn connected(&mut self, with: Which) -> bool {
        match (with, core::mem::replace(&mut self.next, Next::None)) {
            (Which::Next, Next::Trial { credentials, .. }) => {
                self.current = credentials;
                true
            }
            (_, next) => {
                self.next = next;
                false
            }
        }
    }

    /// The cloud refused these: not a lost link, but the identity itself. Answers whether anything changed.
    pub fn refused(&mut self, with: Which, unix_ms: Option<u64>) -> bool {
        let Next::Trial { refused, .. } = &mut self.next else { return false };
        if with != Which::Next {
            return false;
        }
        *refused = refused.saturating_add(1);
        if *refused >= TRIALS {
            self.give_up(unix_ms);
        }
        true
    }

    fn give_up(&mut self, unix_ms: Option<u64>) {
        self.next = Next::None;
        self.pause_until_ms = unix_ms.map_or(self.pause_until_ms, |now_ms| now_ms.saturating_add(PAUSE_MS));
    }
}

#[cfg(test)]
mod tests {
    use milepost_protocol::codec;
    use proptest::prelude::*;

    use super::*;
    use crate::tests::{certificate_for, key_from};

    const FROM_S: i64 = 1_700_000_000;
    const UNTIL_S: i64 = 1_800_000_000;
    const DUE_MS: u64 = 1_770_000_000_000;

    fn credentials(seed: u64) -> Credentials {
        let key = key_from(seed);
        let certificate = Vec::from_slice(&certificate_for(&key, "dev-0001", FROM_S, UNTIL_S)).unwrap();
        Credentials { key, certificate }
    }

    fn start() -> Rotation {
        Rotation::new("dev-0001".parse().unwrap(), credentials(1))
    }

    fn answer(rotation: &Rotation, verdict: Verdict) -> CertificateAnswer {
        CertificateAnswer { request: fingerprint(&rotation.outstanding().unwrap().der), verdict }
    }

    fn issued(seed: u64) -> Verdict {
        Verdict::Issued { device: "dev-0001".parse().unwrap(), certificate: credentials(seed).certificate }
    }

    fn on_trial() -> Rotation {
        let mut rotation = start();
        rotation.begin(key_from(2));
        let answer = answer(&rotation, issued(2));
        rotation.answered(&answer, Some(DUE_MS)).unwrap();
        rotation
    }

    #[test]
    fn it_is_due_in_the_last_third_and_never_without_a_time() {
        let rotation = start();
        assert!(!rotation.is_due(None));
        assert!(!rotation.is_due(Some(1_766_666_000_000)));
        assert!(rotation.is_due(Some(1_766_667_000_000)));
        assert!(rotation.is_due(Some(1_900_000_000_000)), "late is better than never");
    }

    #[test]
    fn the_next_certificate_counts_once_a_connection_was_accepted_with_it() {
        let mut rotation = on_trial();
        assert_eq!(rotation.credentials(), (Which::Next, &credentials_of(&rotation, 2)));
        assert!(rotation.connected(Which::Next));
        assert_eq!(rotation.credentials().0, Which::Current);
        assert_eq!(rotation.credentials().1.key, key_from(2));
        assert!(!rotation.connected(Which::Current), "an ordinary connection changes nothing");
    }

    fn credentials_of(rotation: &Rotation, seed: u64) -> Credentials {
        Credentials { key: key_from(seed), certificate: rotation.credentials().1.certificate.clone() }
    }

    #[test]
    fn a_next_certificate_that_is_refused_gives_way_to_the_old_one() {
        let mut rotation = on_trial();
        assert!(!rotation.refused(Which::Current, Some(DUE_MS)), "the old one is not on trial");
        for _ in 0..TRIALS {
            assert_eq!(rotation.credentials().0, Which::Next);
            assert!(rotation.refused(Which::Next, Some(DUE_MS)));
        }
        assert_eq!(rotation.credentials(), (Which::Current, &start().current_with(&rotation)));
        assert!(!rotation.is_due(Some(DUE_MS + PAUSE_MS - 1)));
        assert!(rotation.is_due(Some(DUE_MS + PAUSE_MS)));
    }

    impl Rotation {
        fn current_with(&self, other: &Self) -> Credentials {
            Credentials { key: self.current.key.clone(), certificate: other.current.certificate.clone() }
        }
    }

    #[test]
    fn what_does_not_answer_the_request_changes_nothing() {
        let mut rotation = start();
        rotation.begin(key_from(2));
        let before = rotation.clone();
        let stray = CertificateAnswer { request: [9; 8], verdict: issued(2) };
        assert_eq!(rotation.answered(&stray, None), Err(Unusable::Stray));
        assert_eq!(rotation, before);
        assert_eq!(start().answered(&stray, None), Err(Unusable::Stray), "nothing was asked");
    }

    #[test]
    fn a_certificate_for_another_key_is_not_stored() {
        let mut rotation = start();
        rotation.begin(key_from(2));
        let answer = answer(&rotation, issued(3));
        let why = Unusable::Certificate(CertificateError::Key);
        assert_eq!(rotation.answered(&answer, Some(DUE_MS)), Err(why));
        assert_eq!(rotation.credentials().0, Which::Current);
        assert_eq!(rotation.outstanding(), None);
        assert!(
            !rotation.is_due(Some(DUE_MS)) && rotation.is_due(Some(DUE_MS + PAUSE_MS)),
            "it asks again, but not at once"
        );
    }

    #[derive(Debug, Clone)]
    enum Step {
        Begin,
        Answer(bool),
        Refuse,
        Connect(bool),
        Fail,
        Restart,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            Just(Step::Begin),
            any::<bool>().prop_map(Step::Answer),
            Just(Step::Refuse),
            any::<bool>().prop_map(Step::Connect),
            Just(Step::Fail),
            Just(Step::Restart),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn whatever_happens_the_current_credentials_were_accepted_once(steps in proptest::collection::vec(step(), 1..24)) {
            let mut rotation = start();
            let mut accepted = key_from(1);
            let mut seed = 1;
            for step in steps {
                let (which, shown) = rotation.credentials();
                let shown = shown.key.clone();
                match step {
                    Step::Begin => {
                        seed += 1;
                        rotation.begin(key_from(seed));
                    }
                    Step::Answer(right) if rotation.outstanding().is_some() => {
                        let verdict = issued(if right { seed } else { seed + 1000 });
                        let answer = answer(&rotation, verdict);
                        let _ = rotation.answered(&answer, Some(DUE_MS));
                    }
                    Step::Refuse if rotation.outstanding().is_some() => {
                        let answer = answer(&rotation, Verdict::Refused(Refusal::TooMany));
                        prop_assert!(rotation.answered(&answer, Some(DUE_MS)).is_err());
                    }
                    Step::Answer(_) | Step::Refuse => {}
                    Step::Connect(true) => {
                        rotation.connected(which);
                        accepted = shown;
                    }
                    Step::Connect(false) | Step::Fail => {
                        rotation.refused(which, Some(DUE_MS));
                    }
                    Step::Restart => {
                        let mut bytes = [0; 2048];
                        let len = codec::write(&rotation, &mut bytes).unwrap();
                        let again: Rotation = codec::read(&bytes[..len]).unwrap();
                        prop_assert_eq!(&again, &rotation);
                        rotation = again;
                    }
                }
                prop_assert_eq!(&rotation.current.key, &accepted);
                let current = &rotation.current;
                prop_assert!(Certificate::check(&current.certificate, &current.key, &rotation.device, None).is_ok());
            }
        }
    }
}
