//! Links that answer without a log-in: each speaks for one owner and one notice, is signed, and ends.
//!
//! Invariant: a link opens nothing but the one notice that it names, and opening it changes nothing; only the form behind it does.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use milepost_engine::experiments::Key;
use milepost_protocol::{DeviceId, NoticeId};
use sha2::Sha256;

use crate::config::Secret;
use crate::domain::AccountId;
use crate::family::{Invitation, InvitationId};

/// The days for which a notice is put off without a log-in; every notice may be put off that long.
pub const SNOOZE_DAYS: u16 = 7;

/// What a link speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// One notice of one vehicle.
    Notice {
        /// The vehicle.
        device: DeviceId,
        /// The notice.
        notice: NoticeId,
        /// Who answers.
        owner: AccountId,
        /// When the link ends, in milliseconds of Unix time.
        until_ms: u64,
    },
    /// One answer to one notice: whoever answers it in any way uses the link up.
    Once {
        /// The vehicle.
        device: DeviceId,
        /// The notice.
        notice: NoticeId,
        /// Who answers.
        owner: AccountId,
        /// How often the notice had been answered when the link was made.
        answers: usize,
        /// When the link ends, in milliseconds of Unix time.
        until_ms: u64,
    },
    /// The word of an address's owner that it is theirs.
    Confirm {
        /// Who named the address.
        owner: AccountId,
        /// Which address: a hash.
        address: String,
        /// When the link ends, in milliseconds of Unix time.
        until_ms: u64,
    },
    /// An invitation to a vehicle: whoever has the link may take it, once.
    Invite {
        /// The vehicle.
        device: DeviceId,
        /// The invitation.
        invitation: InvitationId,
        /// When the link ends, in milliseconds of Unix time.
        until_ms: u64,
    },
    /// The end of e-mails to one owner; it never ends, as mails lie around for years.
    Unsubscribe {
        /// Who wants no more.
        owner: AccountId,
    },
}

impl Target {
    /// The link of an invitation.
    pub fn invite(invitation: &Invitation) -> Self {
        let Invitation { id, vehicle, until_ms, .. } = invitation;
        Self::Invite { device: vehicle.clone(), invitation: id.clone(), until_ms: *until_ms }
    }
}

/// Signs links and reads them back.
#[derive(Clone)]
pub struct Links {
    key: [u8; 32],
    base: String,
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Links").field("base", &self.base).finish_non_exhaustive()
    }
}

/// A key of 32 bytes for one use, from the installation's secret (HKDF-SHA-256, RFC 5869).
pub(super) fn derive(secret: &Secret, info: &str) -> [u8; 32] {
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(Some(b"milepost channels"), secret.expose().as_bytes())
        .expand(info.as_bytes(), &mut key)
        .expect("32 bytes are far less than HKDF can give");
    key
}

/// The key that waits are drawn with.
pub(super) fn draw_key(secret: &Secret) -> Key {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&derive(secret, "draws")[..16]);
    Key::new(bytes)
}

impl Links {
    /// Links below the public address of the pages.
    pub fn new(secret: &Secret, public_url: &str) -> Self {
        Self { key: derive(secret, "links"), base: public_url.trim_end_matches('/').to_owned() }
    }

    /// The public address of the pages, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The link to a target.
    pub fn url(&self, target: &Target) -> String {
        let page = match target {
            Target::Notice { .. } => "n",
            // Programs answer by it; people get the page of the notice.
            Target::Once { .. } => "api/v1/notice-links",
            Target::Confirm { .. } => "confirm",
            Target::Invite { .. } => "invite",
            Target::Unsubscribe { .. } => "unsubscribe",
        };
        format!("{}/{page}/{}", self.base, self.token(target))
    }

    /// The token of a target.
    pub fn token(&self, target: &Target) -> String {
        let text = match target {
            Target::Notice { device, notice, owner, until_ms } => format!("n {device} {notice} {owner} {until_ms}"),
            Target::Once { device, notice, owner, answers, until_ms } => {
                format!("o {device} {notice} {owner} {answers} {until_ms}")
            }
            Target::Confirm { owner, address, until_ms } => format!("c {owner} {address} {until_ms}"),
            Target::Invite { device, invitation, until_ms } => format!("i {device} {invitation} {until_ms}"),
            Target::Unsubscribe { owner } => format!("u {owner}"),
        };
        let signature = self.mac(text.as_bytes()).finalize().into_bytes();
        format!("{}.{}", URL_SAFE_NO_PAD.encode(text), URL_SAFE_NO_PAD.encode(signature))
    }

    /// What a token speaks for; `None` if it was not signed here or has ended.
    pub fn read(&self, token: &str, now_ms: u64) -> Option<Target> {
        let (text, signature) = token.split_once('.')?;
        let text = URL_SAFE_NO_PAD.decode(text).ok()?;
        self.mac(&text).verify_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        let text = String::from_utf8(text).ok()?;
        let mut parts = text.split(' ');
        match parts.next()? {
            "n" => {
                let device = parts.next()?.parse().ok()?;
                let notice = parts.next()?.parse().ok()?;
                let owner = parts.next()?.parse().ok()?;
                let until_ms = parts.next()?.parse().ok()?;
                (now_ms < until_ms).then_some(Target::Notice { device, notice, owner, until_ms })
            }
            "o" => {
                let device = parts.next()?.parse().ok()?;
                let notice = parts.next()?.parse().ok()?;
                let owner = parts.next()?.parse().ok()?;
                let answers = parts.next()?.parse().ok()?;
                let until_ms = parts.next()?.parse().ok()?;
                (now_ms < until_ms).then_some(Target::Once { device, notice, owner, answers, until_ms })
            }
            "c" => {
                let owner = parts.next()?.parse().ok()?;
                let address = parts.next()?.to_owned();
                let until_ms = parts.next()?.parse().ok()?;
                (now_ms < until_ms).then_some(Target::Confirm { owner, address, until_ms })
            }
            "i" => {
                let device = parts.next()?.parse().ok()?;
                let invitation = parts.next()?.parse().ok()?;
                let until_ms = parts.next()?.parse().ok()?;
                (now_ms < until_ms).then_some(Target::Invite { device, invitation, until_ms })
            }
            "u" => Some(Target::Unsubscribe { owner: parts.next()?.parse().ok()? }),
            _ => None,
        }
    }

    fn mac(&self, text: &[u8]) -> Hmac<Sha256> {
        Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length").chain_update(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(secret: &str) -> Links {
        Links::new(&Secret::new(secret.to_owned()), "https://cars.example/")
    }

    fn notice() -> Target {
        Target::Notice {
            device: "car-1".parse().unwrap(),
            notice: NoticeId::information(1),
            owner: "anna".parse().unwrap(),
            until_ms: 1_000,
        }
    }

    #[test]
    fn a_link_reads_back_until_it_ends() {
        let links = links("one");
        let confirm = || Target::Confirm { owner: "anna".parse().unwrap(), address: "ab".repeat(16), until_ms: 1_000 };
        let once = Target::Once {
            device: "car-1".parse().unwrap(),
            notice: NoticeId::information(1),
            owner: "anna".parse().unwrap(),
            answers: 2,
            until_ms: 1_000,
        };
        assert_eq!(links.read(&links.token(&once), 1_000), None);
        let invitation = "0123456789abcdef".parse().unwrap();
        let invite = Target::Invite { device: "car-1".parse().unwrap(), invitation, until_ms: 1_000 };
        assert_eq!(links.read(&links.token(&invite), 1_000), None);
        for target in [notice(), once, invite, confirm(), Target::Unsubscribe { owner: "anna".parse().unwrap() }] {
            assert_eq!(links.read(&links.token(&target), 999), Some(target));
        }
        assert_eq!(links.read(&links.token(&notice()), 1_000), None);
        assert_eq!(links.read(&links.token(&confirm()), 1_000), None);
        assert!(links.url(&notice()).starts_with("https://cars.example/n/"));
    }

    #[test]
    fn a_changed_link_and_one_of_another_installation_open_nothing() {
        let (links, other) = (links("one"), links("two"));
        let token = links.token(&notice());
        assert_eq!(other.read(&token, 0), None);
        let (text, signature) = token.split_once('.').unwrap();
        let forged = URL_SAFE_NO_PAD.encode("n car-2 0000000000000001 anna 99999");
        for wrong in [format!("{forged}.{signature}"), format!("{text}."), text.to_owned(), String::new()] {
            assert_eq!(links.read(&wrong, 0), None, "{wrong}");
        }
    }
}
