//! Which purposes a signal serves.
//!
//! Invariant: a signal that no active purpose needs is neither sampled nor recorded; enforcement is here, in the car, not in the cloud.

use milepost_protocol::SignalId;
use milepost_protocol::downlink::{Consent, Purposes};

/// What holds until the owner has chosen: the service itself, and nothing beside it.
pub const INITIAL: Consent = Consent { version: 0, purposes: Purposes::FUNCTION };

/// Any of these purposes needs the signal.
fn needed_for(signal: SignalId) -> Purposes {
    match signal {
        // Detail of the engine's control: of use to a workshop's diagnosis and to research, not to the owner's reminders.
        SignalId::THROTTLE
        | SignalId::ENGINE_LOAD
        | SignalId::INTAKE_TEMPERATURE
        | SignalId::BAROMETRIC_PRESSURE
        | SignalId::MANIFOLD_PRESSURE
        | SignalId::TORQUE_ACTUAL
        | SignalId::TORQUE_DEMAND
        | SignalId::TORQUE_REFERENCE
        | SignalId::FUEL_TRIM_SHORT_1
        | SignalId::FUEL_TRIM_LONG_1
        | SignalId::FUEL_TRIM_SHORT_2
        | SignalId::FUEL_TRIM_LONG_2
        | SignalId::CATALYST_TEMPERATURE
        | SignalId::PARTICULATE_FILTER_TEMPERATURE
        | SignalId::FUEL_SYSTEM_STATUS => Purposes::WORKSHOP.and(Purposes::RESEARCH),
        // Outside temperature and tyres also carry the offer of winter tyres.
        _ => Purposes::FUNCTION.and(Purposes::WORKSHOP).and(Purposes::OFFERS),
    }
}

/// Whether the signal may be sampled.
pub fn allows(consent: Consent, signal: SignalId) -> bool {
    consent.purposes.0 & needed_for(signal).0 != 0
}

/// Whether trouble codes may be read and told.
pub fn allows_trouble_codes(consent: Consent) -> bool {
    consent.purposes.0 & Purposes::FUNCTION.and(Purposes::WORKSHOP).0 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consent(purposes: Purposes) -> Consent {
        Consent { version: 1, purposes }
    }

    #[test]
    fn without_any_purpose_nothing_is_sampled() {
        for entry in milepost_protocol::signal::CATALOGUE {
            assert!(!allows(consent(Purposes::default()), entry.id), "{}", entry.path);
        }
        assert!(!allows_trouble_codes(consent(Purposes::OFFERS)));
    }

    #[test]
    fn the_service_itself_needs_no_detail_of_the_engines_control() {
        assert!(allows(INITIAL, SignalId::ODOMETER));
        assert!(!allows(INITIAL, SignalId::FUEL_TRIM_LONG_1));
        assert!(allows(consent(Purposes::WORKSHOP), SignalId::FUEL_TRIM_LONG_1));
    }
}
