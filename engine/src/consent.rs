//! Which purposes a record or a signal serves.
//!
//! Invariant: what no active purpose needs is neither sampled in the car nor stored in the cloud; both ask here.

use milepost_protocol::downlink::Purposes;
use milepost_protocol::record::Record;
use milepost_protocol::signal::SignalId;

/// What a record or signal is good for; the sets hold any purpose of which one suffices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Running the connection itself and honouring the owner's own answers; it tells nothing of driving.
    Operation,
    /// At least one of these purposes.
    AnyOf(Purposes),
}

impl Need {
    /// Whether `given` covers the need.
    pub fn is_met_by(self, given: Purposes) -> bool {
        match self {
            Self::Operation => true,
            Self::AnyOf(purposes) => purposes.0 & given.0 != 0,
        }
    }
}

const CARE: Purposes = Purposes::FUNCTION.and(Purposes::WORKSHOP).and(Purposes::RESEARCH);
const CARE_AND_OFFERS: Purposes = CARE.and(Purposes::OFFERS);

/// What a signal is needed for.
///
/// The outside temperature and the tyres also carry the tyre offer; everything else serves care for the car.
pub fn signal(id: SignalId) -> Need {
    match id {
        SignalId::OUTSIDE_TEMPERATURE
        | SignalId::TYRE_PRESSURE_FRONT_LEFT
        | SignalId::TYRE_PRESSURE_FRONT_RIGHT
        | SignalId::TYRE_PRESSURE_REAR_LEFT
        | SignalId::TYRE_PRESSURE_REAR_RIGHT
        | SignalId::TYRE_SENSOR_FRONT_LEFT
        | SignalId::TYRE_SENSOR_FRONT_RIGHT
        | SignalId::TYRE_SENSOR_REAR_LEFT
        | SignalId::TYRE_SENSOR_REAR_RIGHT => Need::AnyOf(CARE_AND_OFFERS),
        _ => Need::AnyOf(CARE),
    }
}

/// What a record is needed for.
///
/// A kind that this build does not know may be anything and is kept only under the purpose of the service itself.
pub fn record(record: &Record) -> Need {
    match record {
        Record::Boot(_)
        | Record::NoticeRaised(_)
        | Record::NoticeShown(_)
        | Record::NoticeAnswered(_)
        | Record::Gap(_)
        | Record::LogChunk(_)
        | Record::CommandResult(_)
        | Record::ParkedDay(_)
        | Record::CertificateRequest(_)
        | Record::DeviceSettings(_)
        | Record::CollectionReport(_)
        | Record::UpdateReport(_)
        | Record::Health(_) => Need::Operation,
        Record::SeriesBlock(series) => Need::AnyOf(series.purposes),
        Record::SignalChange(change) => signal(change.signal),
        Record::SignalSummary(summary) => signal(summary.signal),
        Record::TyreSample(_) => Need::AnyOf(CARE_AND_OFFERS),
        Record::TripStarted(_)
        | Record::TripEnded(_)
        | Record::Counters(_)
        | Record::Trouble(_)
        | Record::BatteryRest(_)
        | Record::Cranking(_)
        | Record::Refuelled(_) => Need::AnyOf(CARE),
        Record::Unknown(_) => Need::AnyOf(Purposes::FUNCTION),
    }
}

#[cfg(test)]
mod tests {
    use milepost_protocol::record::{Counters, Gap, GapReason, SignalChange, Unknown};

    use super::*;

    #[test]
    fn without_any_purpose_only_operation_remains() {
        let gap = Gap { boot: 1, first: 0, count: 1, reason: GapReason::FlashFull };
        let unknown = Unknown { kind: 999, body: heapless::Vec::new() };
        for (fact, kept) in [
            (Record::from(gap), true),
            (Record::from(Counters::default()), false),
            (Record::from(SignalChange { signal: SignalId::SPEED, value: 1.0 }), false),
            (Record::Unknown(unknown), false),
        ] {
            assert_eq!(record(&fact).is_met_by(Purposes::default()), kept, "{fact:?}");
        }
    }

    #[test]
    fn consent_to_offers_alone_lets_through_what_the_offer_needs_and_no_more() {
        assert!(signal(SignalId::OUTSIDE_TEMPERATURE).is_met_by(Purposes::OFFERS));
        assert!(!signal(SignalId::SPEED).is_met_by(Purposes::OFFERS));
        assert!(!record(&Counters::default().into()).is_met_by(Purposes::OFFERS));
    }

    #[test]
    fn consent_to_the_function_lets_every_signal_through() {
        for entry in milepost_protocol::signal::CATALOGUE {
            assert!(signal(entry.id).is_met_by(Purposes::FUNCTION), "{}", entry.path);
        }
    }
}
