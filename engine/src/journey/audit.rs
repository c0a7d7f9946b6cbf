//! The touchpoint audit: whom each touchpoint reaches, what it costs, what follows, who is never reached, whom it annoyed.
//!
//! "Followed by" is described, not proved: whether a contact caused what came behind it is for experiments to say.
//! Invariant: every figure is the number of contacts or people that it names, so that each can be listed.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use milepost_protocol::plan::DAY_MS;

use super::{Cause, Contact, Direction, Outcome, Touchpoint};

/// How many days behind a contact an answer counts as following it.
pub const FOLLOWS_DAYS: u64 = 14;

/// Everything about one person that an audit looks at.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// Contacts, in any order.
    pub contacts: Vec<Contact>,
}

/// One touchpoint's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Line {
    /// Contacts that went out.
    pub outbound: u64,
    /// Contacts that came in.
    pub inbound: u64,
    /// People whom it touched, in either direction.
    pub people: u64,
    /// What it cost, in hundredths of the installation's currency.
    pub cost_cents: u64,
    /// Outbound contacts behind which the owner did what was hoped for, about the same thing within [`FOLLOWS_DAYS`].
    pub followed: u64,
    /// Outbound contacts behind which the owner waved it away, left or complained.
    pub annoyed: u64,
    /// Outbound contacts that did not arrive.
    pub failed: u64,
}

/// One figure of a touchpoint's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// Contacts that went out.
    Outbound,
    /// Contacts that came in.
    Inbound,
    /// Outbound contacts behind which the owner did what was hoped for.
    Followed,
    /// Outbound contacts behind which the owner waved it away, left or complained.
    Annoyed,
    /// Outbound contacts that did not arrive.
    Failed,
}

impl Figure {
    /// The figure with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "outbound" => Some(Self::Outbound),
            "inbound" => Some(Self::Inbound),
            "followed" => Some(Self::Followed),
            "annoyed" => Some(Self::Annoyed),
            "failed" => Some(Self::Failed),
            _ => None,
        }
    }

    /// Whether a contact of a person counts for it.
    fn counts(self, contact: &Contact, person: &Person) -> bool {
        let is_outbound = contact.direction == Direction::Outbound;
        let answer = |is: fn(Outcome) -> bool| is_outbound && answers(contact, &person.contacts).into_iter().any(is);
        match self {
            Self::Outbound => is_outbound,
            Self::Inbound => !is_outbound,
            Self::Followed => answer(Outcome::is_wanted),
            Self::Annoyed => answer(Outcome::is_annoyed),
            Self::Failed => is_outbound && contact.outcome == Outcome::Failed,
        }
    }
}

/// The contacts behind a figure, with the place of the person, the newest first.
pub fn behind(
    people: &[Person],
    touchpoint: Touchpoint,
    figure: Figure,
    from_ms: u64,
    until_ms: u64,
) -> Vec<(usize, &Contact)> {
    let mut found = Vec::new();
    for (place, person) in people.iter().enumerate() {
        let counts = |contact: &&Contact| {
            contact.touchpoint == touchpoint
                && (from_ms..until_ms).contains(&contact.at_ms)
                && figure.counts(contact, person)
        };
        found.extend(person.contacts.iter().filter(counts).map(|contact| (place, contact)));
    }
    found.sort_by_key(|(place, contact)| (core::cmp::Reverse(contact.at_ms), *place));
    found
}

/// What an audit comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audit {
    /// Each touchpoint that there is, used or not.
    pub lines: BTreeMap<Touchpoint, Line>,
    /// How many people there are.
    pub people: u64,
    /// The places in the given order of those whom nothing of ours has reached.
    pub never_reached: Vec<usize>,
    /// The places of those whom we annoyed.
    pub annoyed: Vec<usize>,
}

/// Audits the contacts of people between two moments, `from_ms` included.
pub fn audit(people: &[Person], from_ms: u64, until_ms: u64) -> Audit {
    let mut lines: BTreeMap<Touchpoint, Line> =
        Touchpoint::ALL.into_iter().map(|touchpoint| (touchpoint, Line::default())).collect();
    let (mut never_reached, mut annoyed) = (Vec::new(), Vec::new());
    for (place, person) in people.iter().enumerate() {
        let mut touched: BTreeSet<Touchpoint> = BTreeSet::new();
        let mut is_reached = false;
        let within = |contact: &&Contact| (from_ms..until_ms).contains(&contact.at_ms);
        for contact in person.contacts.iter().filter(within) {
            let line = lines.entry(contact.touchpoint).or_default();
            touched.insert(contact.touchpoint);
            line.cost_cents += u64::from(contact.cost_cents);
            let count = |figure: Figure| u64::from(figure.counts(contact, person));
            line.outbound += count(Figure::Outbound);
            line.inbound += count(Figure::Inbound);
            line.followed += count(Figure::Followed);
            line.annoyed += count(Figure::Annoyed);
            line.failed += count(Figure::Failed);
            is_reached |= contact.direction == Direction::Outbound && contact.outcome != Outcome::Failed;
        }
        for touchpoint in touched {
            lines.entry(touchpoint).or_default().people += 1;
        }
        if !is_reached {
            never_reached.push(place);
        }
        if person.contacts.iter().filter(within).any(|contact| contact.outcome.is_annoyed()) {
            annoyed.push(place);
        }
    }
    Audit { lines, people: people.len() as u64, never_reached, annoyed }
}

/// What the owner answered to a contact: about the same thing, not before it, and soon enough.
fn answers(contact: &Contact, all: &[Contact]) -> Vec<Outcome> {
    let until_ms = contact.at_ms.saturating_add(FOLLOWS_DAYS * DAY_MS);
    let is_answer = |other: &&Contact| {
        other.direction == Direction::Inbound
            && !other.thread.is_empty()
            && other.thread == contact.thread
            && (contact.at_ms..=until_ms).contains(&other.at_ms)
    };
    all.iter().filter(is_answer).map(|other| other.outcome).collect()
}

/// What a programme, or a place, has cost and what followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Returns {
    /// Contacts that went out.
    pub contacts: u64,
    /// Their cost, in hundredths of the installation's currency.
    pub cost_cents: u64,
    /// Contacts behind which the owner did what was hoped for.
    pub followed: u64,
    /// What those brought, in hundredths of the installation's currency.
    pub margin_cents: u64,
}

impl Returns {
    /// The return on what was spent, -1 to infinity; none if nothing was spent.
    pub fn ratio(self) -> Option<f64> {
        let (cost, margin) = (self.cost_cents as f64, self.margin_cents as f64);
        (self.cost_cents > 0).then(|| (margin - cost) / cost)
    }
}

/// The returns of contacts by what `key` says of them; `margin_cents` is what one appointment or visit brings.
pub fn returns<K: Ord>(
    people: &[Person],
    margin_cents: u64,
    key: impl Fn(&Contact) -> Option<K>,
) -> BTreeMap<K, Returns> {
    let mut sums: BTreeMap<K, Returns> = BTreeMap::new();
    for person in people {
        // One answer is worth its margin once, however many contacts it follows.
        let mut paid: BTreeSet<(&str, u64)> = BTreeSet::new();
        let mut contacts: Vec<&Contact> =
            person.contacts.iter().filter(|contact| contact.direction == Direction::Outbound).collect();
        contacts.sort_by_key(|contact| (contact.at_ms, contact.touchpoint));
        for contact in contacts {
            let Some(key) = key(contact) else { continue };
            let sum = sums.entry(key).or_default();
            sum.contacts += 1;
            sum.cost_cents += u64::from(contact.cost_cents);
            if answers(contact, &person.contacts).iter().any(|outcome| outcome.is_wanted()) {
                sum.followed += 1;
                let fresh = paid.insert((contact.thread.as_str(), 0));
                sum.margin_cents += if fresh { margin_cents } else { 0 };
            }
        }
    }
    sums
}

/// The returns by dealer: whose visits people make last, what contacts with them cost, and what their visits brought.
///
/// Contacts with people who have not visited anybody belong to nobody and are left out.
pub fn dealer_returns(people: &[Person], margin_cents: u64) -> BTreeMap<&str, Returns> {
    let mut sums: BTreeMap<&str, Returns> = BTreeMap::new();
    for person in people {
        let visits = person.contacts.iter().filter(|contact| contact.cause == Cause::Visit);
        let Some(last) = visits.clone().max_by_key(|contact| contact.at_ms) else { continue };
        let sum = sums.entry(last.scene.place.as_str()).or_default();
        for contact in person.contacts.iter().filter(|contact| contact.direction == Direction::Outbound) {
            sum.contacts += 1;
            sum.cost_cents += u64::from(contact.cost_cents);
        }
        for visit in visits.filter(|visit| visit.outcome == Outcome::Done) {
            let sum = sums.entry(visit.scene.place.as_str()).or_default();
            sum.followed += 1;
            sum.margin_cents += margin_cents;
        }
    }
    sums
}

impl Contact {
    /// The programme that it belongs to.
    pub fn programme(&self) -> Option<&str> {
        match &self.cause {
            Cause::Programme { programme, .. } => Some(programme),
            _ => None,
        }
    }
}
