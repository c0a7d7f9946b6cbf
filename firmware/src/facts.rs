//! Records that wait to be stored, as the bytes that they will be: a queue of encoded bodies.
//!
//! A record in memory is as large as the largest kind; encoded it is a tenth of that, and there are often many at once.
//! Invariant: every fact in the queue was pushed whole, so that walking it never meets a part of one.

use heapless::{Vec, VecView};
use milepost_protocol::record::Body;
use milepost_protocol::{Record, codec};

/// The longest body of a record that the core makes, in bytes: a piece of the log.
const MAX_BODY_LEN: usize = 128;

/// The longest head in front of a body: an uptime, a kind and a length.
const MAX_HEAD_LEN: usize = 10 + 3 + 3;

/// The records that follow from one change of state other than the usage; six trouble codes are the most.
pub(crate) type Few = Facts<224>;

/// Facts in the order in which they came, in `N` bytes.
#[derive(Debug, Clone, Default)]
pub struct Facts<const N: usize> {
    bytes: Vec<u8, N>,
}

/// A record that waits to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact<'a> {
    /// The uptime of what it tells, in milliseconds.
    pub uptime_ms: u64,
    /// The record's kind.
    pub kind: u16,
    /// Its encoded body.
    pub body: &'a [u8],
}

/// Facts from the front on.
#[derive(Debug, Clone, Default)]
pub struct Iter<'a> {
    rest: &'a [u8],
}

impl<const N: usize> Facts<N> {
    /// No facts.
    pub const fn new() -> Self {
        Self { bytes: Vec::new() }
    }

    /// Appends a record; `false` if there is no room for it.
    #[expect(clippy::needless_pass_by_value, reason = "a record is made to be pushed; a call reads better without `&`")]
    pub(crate) fn push<B: Body>(&mut self, uptime_ms: u64, record: B) -> bool {
        append(&mut self.bytes, uptime_ms, B::KIND, &|buffer| codec::write(&record, buffer)).is_some()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What waits.
    pub fn iter(&self) -> Iter<'_> {
        Iter { rest: &self.bytes }
    }

    /// Removes the first `count` facts.
    pub(crate) fn drop_first(&mut self, count: usize) {
        let mut iter = self.iter();
        for _ in 0..count {
            iter.next();
        }
        let left = iter.rest.len();
        let gone = self.bytes.len() - left;
        self.bytes.copy_within(gone.., 0);
        self.bytes.truncate(left);
    }
}

/// Appends a record to a queue of any length; `None` if there is no room for it.
#[inline(never)]
fn append(
    facts: &mut VecView<u8>,
    uptime_ms: u64,
    kind: u16,
    write: &dyn Fn(&mut [u8]) -> Option<usize>,
) -> Option<()> {
    let mut bytes = [0; MAX_HEAD_LEN + MAX_BODY_LEN];
    let (head, body) = bytes.split_at_mut_checked(MAX_HEAD_LEN)?;
    let body_len = write(body)?;
    let head_len = codec::write(&(uptime_ms, kind, body_len as u16), head)?;
    if head_len + body_len > facts.capacity() - facts.len() {
        return None;
    }
    facts.extend_from_slice(head.get(..head_len)?).ok()?;
    facts.extend_from_slice(body.get(..body_len)?).ok()
}

impl<'a, const N: usize> IntoIterator for &'a Facts<N> {
    type Item = Fact<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = Fact<'a>;

    fn next(&mut self) -> Option<Fact<'a>> {
        let ((uptime_ms, kind, len), rest) = codec::take::<(u64, u16, u16)>(self.rest)?;
        let (body, rest) = rest.split_at_checked(usize::from(len))?;
        self.rest = rest;
        Some(Fact { uptime_ms, kind, body })
    }
}

impl Fact<'_> {
    /// The record itself.
    #[inline(never)]
    pub fn record(&self) -> Option<Record> {
        Record::decode_body(self.kind, self.body)
    }
}

#[cfg(test)]
mod tests {
    use milepost_protocol::SignalId;
    use milepost_protocol::record::SignalChange;

    use super::*;

    fn change(value: f32) -> SignalChange {
        SignalChange { signal: SignalId::MIL, value }
    }

    #[test]
    fn facts_come_out_in_order_and_leave_from_the_front() {
        let mut facts = Facts::<64>::new();
        for value in [1.0, 2.0, 3.0] {
            assert!(facts.push(70_000, change(value)));
        }
        facts.drop_first(2);
        let left: std::vec::Vec<_> = facts.iter().map(|fact| (fact.uptime_ms, fact.record())).collect();
        assert_eq!(left, [(70_000, Some(change(3.0).into()))]);
        facts.drop_first(5);
        assert!(facts.is_empty());
    }

    #[test]
    fn a_record_without_room_leaves_the_others_whole() {
        let mut facts = Facts::<20>::new();
        let fitted = (0..10).take_while(|_| facts.push(1, change(1.0))).count();
        assert_eq!((fitted, facts.iter().count()), (2, 2));
    }
}
