//! What a change of a vehicle leads to outside of it.

use bytes::Bytes;
use milepost_engine::experiments::Group;
use milepost_engine::offers::event::Event;
use milepost_engine::offers::trial_book::Enrolled;
use milepost_engine::service_book::EventId;
use milepost_protocol::downlink::{Downlink, NoticeUpdate};
use milepost_protocol::notice::{MAX_REASONS, Reason};
use milepost_protocol::plan::ItemId;
use milepost_protocol::{MAX_DOWNLINK_LEN, NoticeId, SignalId};

use crate::domain::{ChangeKind, NoticeDoc, NoticeText, Texts, Vehicle};
use crate::journey::Row;
use crate::store::{DecisionRow, Message};

/// What has to leave with the commit of a vehicle.
#[derive(Debug, Default)]
pub struct Effects {
    /// Messages to the car, in order.
    pub messages: Vec<Message>,
    /// What subscribers hear.
    pub kinds: Vec<ChangeKind>,
    /// Certificate requests of the car, DER, which have no answer yet.
    pub requests: Vec<Vec<u8>>,
    /// A decision on offers.
    pub decision: Option<DecisionRow>,
    /// Contacts with the owner, in order.
    pub contacts: Vec<Row>,
    /// What happened to offers, for the book.
    pub offers: Vec<Event>,
    /// The group of the holdout's comparison that the owner belongs to, once a decision was taken with consent.
    pub enrols: Option<Group>,
    /// The experiment that a decision was taken by, with what its account counts there from now on.
    pub exposed: Option<Enrolled>,
    /// Service items whose work was told as done, with the records that say so.
    pub completed: Vec<(ItemId, EventId)>,
    /// Records that stand again, or no longer.
    pub stood: Vec<(EventId, bool)>,
}

/// How far effects had come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    messages: usize,
    kinds: usize,
    contacts: usize,
    offers: usize,
    completed: usize,
    stood: usize,
}

impl Effects {
    /// How far they have come.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            messages: self.messages.len(),
            kinds: self.kinds.len(),
            contacts: self.contacts.len(),
            offers: self.offers.len(),
            completed: self.completed.len(),
            stood: self.stood.len(),
        }
    }

    /// Forgets what has come to them since; a wish of a person leads to messages, changes, contacts and what happens to offers
    /// alone.
    pub(super) fn back_to(&mut self, mark: Mark) {
        self.messages.truncate(mark.messages);
        self.kinds.truncate(mark.kinds);
        self.contacts.truncate(mark.contacts);
        self.offers.truncate(mark.offers);
        self.completed.truncate(mark.completed);
        self.stood.truncate(mark.stood);
    }

    /// Notes a change, once.
    pub fn note(&mut self, kind: ChangeKind) {
        if !self.kinds.contains(&kind) {
            self.kinds.push(kind);
        }
    }

    /// How many notices were raised.
    pub fn raised(&self) -> usize {
        self.kinds.iter().filter(|kind| matches!(kind, ChangeKind::NoticeRaised(_))).count()
    }

    /// Sends a message to the car; `false` if it is too long for it.
    pub(crate) fn send(&mut self, vehicle: &mut Vehicle, downlink: Downlink) -> bool {
        let mut buffer = [0; MAX_DOWNLINK_LEN];
        let Some(bytes) = Downlink::encode(&[downlink], &mut buffer) else { return false };
        let message = Message {
            device: vehicle.device.clone(),
            number: vehicle.next_message,
            bytes: Bytes::copy_from_slice(bytes),
        };
        vehicle.next_message += 1;
        self.messages.push(message);
        true
    }

    /// Tells the car which state a notice has now, if the car knows the notice.
    pub(super) fn update_car(&mut self, vehicle: &mut Vehicle, id: NoticeId) {
        let Some(notice) = vehicle.notices.get(&id).filter(|notice| notice.in_car) else { return };
        let update = NoticeUpdate { id, state: notice.state() };
        self.send(vehicle, Downlink::NoticeUpdate(update));
    }

    /// Sends the whole maintenance plan, as a new version.
    pub(super) fn send_plan(&mut self, vehicle: &mut Vehicle) -> bool {
        vehicle.plan.version += 1;
        self.note(ChangeKind::Plan);
        let plan = vehicle.plan.clone();
        self.send(vehicle, Downlink::Plan(plan))
    }

    /// Sends a notice to the car, in words.
    pub(super) fn send_notice(&mut self, vehicle: &mut Vehicle, notice: &NoticeDoc, texts: &dyn Texts) {
        let NoticeText { title, text } = texts.notice(&vehicle.profile, notice);
        let wire = milepost_protocol::notice::Notice {
            id: notice.id(),
            kind: notice.subject.kind(),
            safety: notice.safety,
            item: notice.subject.item(),
            level: notice.level_in_car(),
            raised_ms: notice.raised_ms(),
            expires_ms: notice.expires_ms,
            title: clip(&title),
            text: clip(&text),
            reasons: notice.reasons.iter().copied().filter(car_has_words).take(MAX_REASONS).collect(),
            actions: notice.actions,
        };
        self.send(vehicle, Downlink::Notice(wire));
    }
}

/// Whether the car's display has words for a reason; of other signals it would show the number.
fn car_has_words(reason: &Reason) -> bool {
    match reason {
        Reason::Signal { signal, .. } => matches!(*signal, SignalId::BATTERY_12V | SignalId::OUTSIDE_TEMPERATURE),
        _ => true,
    }
}

/// The front of a text, cut between characters.
fn clip<const N: usize>(text: &str) -> heapless::String<N> {
    let mut clipped = heapless::String::new();
    for character in text.chars() {
        if clipped.push(character).is_err() {
            break;
        }
    }
    clipped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(clip::<4>("öööö").as_str(), "öö");
        assert_eq!(clip::<8>("short").as_str(), "short");
    }
}
