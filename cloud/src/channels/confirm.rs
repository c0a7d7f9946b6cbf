//! The mail that asks whether an address is its owner's.
//!
//! Invariant: until its link was used, an address gets this mail and nothing else; and an account can ask so rarely that it floods nobody.

use milepost_engine::channels::Backoff;
use milepost_engine::experiments::{Key, draw};
use serde::{Deserialize, Serialize};

use super::delivery::short_hash;
use super::{Address, Contact, SendError};
use crate::domain::AccountId;

/// How many such mails an account can ask for within [`DAY_MS`].
const MOST_A_DAY: usize = 5;

const DAY_MS: u64 = 86_400_000;

/// How far the mail has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// It goes out as soon as the mail server takes it.
    Waits,
    /// The mail server has taken it.
    Sent,
    /// It was given up.
    Failed,
}

/// An address that nobody has confirmed yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unconfirmed {
    /// The address.
    pub address: Address,
    /// When its owner was asked last, in milliseconds of Unix time.
    pub asked_ms: u64,
    /// How far the mail has come.
    pub asked: Asked,
}

impl Unconfirmed {
    /// What the link of the mail knows the address by.
    pub(super) fn hash(&self, owner: &AccountId) -> String {
        hash(owner, &self.address)
    }

    /// What the mail is known by, in every attempt.
    fn message(&self, owner: &AccountId) -> String {
        short_hash(&format!("{}\n{}", self.hash(owner), self.asked_ms))
    }
}

fn hash(owner: &AccountId, address: &Address) -> String {
    short_hash(&format!("confirm\n{owner}\n{}", address.as_str()))
}

impl Contact {
    /// Takes an address in, and asks its owner unless that has happened; `false` if the account has asked too often today.
    #[must_use]
    pub fn set_email(&mut self, address: Option<Address>, now_ms: u64) -> bool {
        if address == self.email {
            self.unconfirmed = None;
            return true;
        }
        match address {
            None => {
                (self.email, self.unconfirmed) = (None, None);
                true
            }
            Some(address) if self.unconfirmed.as_ref().is_some_and(|known| known.address == address) => true,
            Some(address) => self.ask(address, now_ms),
        }
    }

    /// Asks once more; `false` if there is nothing to ask, or the account has asked too often today.
    #[must_use]
    pub fn ask_again(&mut self, now_ms: u64) -> bool {
        let Some(known) = &self.unconfirmed else { return false };
        let address = known.address.clone();
        self.ask(address, now_ms)
    }

    fn ask(&mut self, address: Address, now_ms: u64) -> bool {
        self.asked_ms.retain(|asked_ms| asked_ms.saturating_add(DAY_MS) > now_ms);
        if self.asked_ms.len() >= MOST_A_DAY {
            return false;
        }
        self.asked_ms.push(now_ms);
        self.unconfirmed = Some(Unconfirmed { address, asked_ms: now_ms, asked: Asked::Waits });
        true
    }

    /// Confirms the address that a link names; `false` if it is not the one that was asked about. Again does no harm.
    #[must_use]
    pub(super) fn confirm(&mut self, owner: &AccountId, named: &str) -> bool {
        match self.unconfirmed.take_if(|known| known.hash(owner) == named) {
            Some(known) => {
                self.email = Some(known.address);
                true
            }
            None => self.email.as_ref().is_some_and(|address| hash(owner, address) == named),
        }
    }
}

/// A mail that is to go out; it stands in the store beside the contact until it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asking {
    /// Which asking it is.
    pub(super) asked_ms: u64,
    /// What the mail is known by.
    pub(super) message: String,
    /// When the next attempt is due, in milliseconds of Unix time.
    pub(super) due_ms: u64,
    /// How many attempts have begun.
    pub(super) attempts: u32,
    /// When the first of them began, in milliseconds of Unix time.
    pub(super) first_attempt_ms: Option<u64>,
}

/// What follows from an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// The contact learns how it ended.
    Ended(Asked),
    /// Another attempt.
    Again(Asking),
}

impl Asking {
    /// The mail to an address that waits for it.
    pub(super) fn of(contact: &Contact, owner: &AccountId) -> Option<Self> {
        let known = contact.unconfirmed.as_ref().filter(|known| known.asked == Asked::Waits)?;
        Some(Self::due_now(known.message(owner), known.asked_ms))
    }

    /// A mail that is due at once.
    pub(super) fn due_now(message: String, now_ms: u64) -> Self {
        Self { asked_ms: now_ms, message, due_ms: now_ms, attempts: 0, first_attempt_ms: None }
    }

    /// An attempt begins.
    pub(super) fn begun(&self, now_ms: u64) -> Self {
        let first_attempt_ms = self.first_attempt_ms.or(Some(now_ms));
        Self { attempts: self.attempts.saturating_add(1), first_attempt_ms, ..self.clone() }
    }

    /// An attempt has ended.
    pub(super) fn ended(self, outcome: &Result<(), SendError>, backoff: Backoff, draws: &Key, now_ms: u64) -> Next {
        match outcome {
            Ok(()) => Next::Ended(Asked::Sent),
            Err(SendError::Gone | SendError::Refused(_)) => Next::Ended(Asked::Failed),
            Err(SendError::NotTaken(_) | SendError::Unknown(_)) => {
                let age_ms = now_ms.saturating_sub(self.first_attempt_ms.unwrap_or(now_ms));
                let drawn = draw(draws, &format!("{} {}", self.message, self.attempts));
                match backoff.wait_ms(self.attempts, age_ms, drawn) {
                    Some(wait_ms) => Next::Again(Self { due_ms: now_ms.saturating_add(wait_ms), ..self }),
                    None => Next::Ended(Asked::Failed),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<Address> {
        Address::email(text)
    }

    #[test]
    fn an_address_in_use_stays_until_the_new_one_is_confirmed() {
        let anna: AccountId = "anna".parse().unwrap();
        let mut contact = Contact { email: address("old@example.org"), ..Contact::default() };
        assert!(contact.set_email(address("new@example.org"), 1));
        assert_eq!(contact.email, address("old@example.org"));
        let named = contact.unconfirmed.as_ref().unwrap().hash(&anna);
        assert!(!contact.confirm(&"bert".parse().unwrap(), &named), "a link speaks for one account");
        assert!(contact.confirm(&anna, &named) && contact.confirm(&anna, &named));
        assert_eq!((contact.email, contact.unconfirmed), (address("new@example.org"), None));
    }

    #[test]
    fn an_account_asks_a_few_times_a_day_and_no_more() {
        let mut contact = Contact::default();
        for minute in 0..MOST_A_DAY as u64 {
            assert!(contact.set_email(address(&format!("somebody{minute}@example.org")), minute));
        }
        assert!(!contact.set_email(address("another@example.org"), 9) && !contact.ask_again(9));
        assert_eq!(contact.unconfirmed.as_ref().unwrap().address.as_str(), "somebody4@example.org");
        assert!(contact.ask_again(DAY_MS + 9));
    }

    #[test]
    fn saving_the_same_address_again_asks_nobody_again() {
        let mut contact = Contact::default();
        assert!(contact.set_email(address("anna@example.org"), 1));
        let before = contact.clone();
        assert!(contact.set_email(address("anna@example.org"), 2));
        assert_eq!(contact, before);
    }
}
