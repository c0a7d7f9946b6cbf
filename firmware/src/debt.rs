//! What a stored value owes to the outbox.
//!
//! A value is stored together with the records that it gives rise to and that are not yet in the outbox ("owed"), so that a power cut
//! between the two loses neither: the next start pushes what is still owed, under the identity that was chosen then.
//! Invariant: numbers of a debt follow on each other without holes.

use heapless::Vec;
use milepost_protocol::codec;
use serde::ser::{SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};

use crate::clock::{Clock, Moment};
use crate::facts;
use crate::stamp::{MAX_STAMP_LEN, Stamp};

/// The most records that one value can owe.
pub(crate) const MAX_OWED: usize = 8;

/// How many bytes what a value owes may take, so that value and debt fit together.
const MAX_OWING_LEN: usize = 448;

/// The longest body of a record that a value can owe, in bytes.
pub(crate) const MAX_OWED_BODY: usize = 72;

/// A record with its identity, as a value owes it to the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Owed {
    pub(crate) stamp: Stamp,
    pub(crate) body: Vec<u8, MAX_OWED_BODY>,
}

impl Owed {
    /// One of the records in a debt, which begins with their count.
    #[inline(never)]
    pub(crate) fn nth(debt: &[u8], index: usize) -> Option<Self> {
        let (count, mut rest) = codec::take::<usize>(debt)?;
        let mut owed = None;
        for _ in 0..=index.min(count) {
            let (next, after) = codec::take::<Self>(rest)?;
            (owed, rest) = (Some(next), after);
        }
        owed.filter(|_| index < count)
    }
}

/// How the facts that a value owes get their identities.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Identities {
    pub(crate) boot: u32,
    /// The number of the first of them; the others follow without holes.
    pub(crate) first: u32,
    pub(crate) consent: u32,
    pub(crate) clock: Clock,
    /// The moment of all of them, where the clock does not know it.
    pub(crate) moment: Option<Moment>,
}

/// What a value owes: facts and their identities, encoded only where they are written.
#[derive(Debug, Clone)]
pub(crate) struct Owing<'a> {
    facts: facts::Iter<'a>,
    len: usize,
    identities: Identities,
}

impl<'a> Owing<'a> {
    /// The front of `facts`, as many as one value can owe; a body longer than `longest` bytes ends it.
    pub(crate) fn new(facts: facts::Iter<'a>, longest: usize, identities: Identities) -> Self {
        let (mut len, mut room) = (0, MAX_OWING_LEN);
        for fact in facts.clone().take(MAX_OWED) {
            if fact.body.len() > longest {
                break;
            }
            let Some(left) = room.checked_sub(fact.body.len() + MAX_STAMP_LEN) else { break };
            room = left;
            len += 1;
        }
        Self { facts, len, identities }
    }

    /// How many records they are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The records with their identities.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Stamp, &'a [u8])> + use<'a> {
        let Identities { boot, first, consent, clock, moment } = self.identities;
        self.facts.clone().take(self.len).zip(first..).map(move |(fact, number)| {
            let facts::Fact { uptime_ms, kind, body } = fact;
            let Moment { at_ms, quality } = moment.unwrap_or_else(|| clock.moment(uptime_ms));
            (Stamp { boot, number, uptime_ms, at_ms, quality, consent, kind }, body)
        })
    }
}

impl Serialize for Owing<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Element<'a> {
            stamp: Stamp,
            body: &'a [u8],
        }
        let mut sequence = serializer.serialize_seq(Some(self.len))?;
        for (stamp, body) in self.iter() {
            sequence.serialize_element(&Element { stamp, body })?;
        }
        sequence.end()
    }
}
