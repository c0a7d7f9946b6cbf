//! What the car tells about notices and about its firmware.

use milepost_protocol::Record;
use milepost_protocol::notice::Surface;
use milepost_protocol::update::UpdateState;

use super::answers::{Given, answer};
use super::{Effects, reminders};
use crate::domain::{Actor, ChangeKind, Moment, Vehicle};
use crate::events::UpdateReported;

/// Takes in a record about a notice, measured at `at_ms` by the car's clock; other records are none of its business.
pub fn notice_record(vehicle: &mut Vehicle, record: &Record, at_ms: u64, now_ms: u64, effects: &mut Effects) {
    let at = Moment::told(at_ms, now_ms);
    match record {
        Record::NoticeRaised(raised) => {
            reminders::raised_by_car(vehicle, raised, at, now_ms, effects);
        }
        Record::NoticeShown(shown) => match vehicle.notices.get_mut(&shown.notice) {
            Some(notice) => {
                if notice.mark_seen(Surface::Car, at, &Actor::Car) {
                    effects.note(ChangeKind::NoticeChanged(shown.notice));
                }
            }
            None => vehicle.counts.stray_answers += 1,
        },
        Record::NoticeAnswered(answered) => {
            let given = Given {
                notice: answered.notice,
                answer: answered.answer,
                by: Actor::Car,
                at,
                odometer_m: Some(answered.odometer_m).filter(|m| milepost_engine::maintenance::is_plausible(*m)),
            };
            if answer(vehicle, &given, now_ms, effects).is_err() {
                vehicle.counts.stray_answers += 1;
                // The car believes in a state that the notice does not have; it is told the true one.
                effects.update_car(vehicle, answered.notice);
            }
        }
        _ => {}
    }
}

/// Takes in a record about the device's firmware; other records are none of its business.
pub fn update_record(vehicle: &mut Vehicle, record: &Record, now_ms: u64, effects: &mut Effects) {
    if !vehicle.update.apply(record, now_ms) {
        return;
    }
    let mut kind = ChangeKind::Update;
    if let Record::UpdateReport(report) = record {
        UpdateReported { device: &vehicle.device, report }.emit();
        if matches!(report.state, UpdateState::Receiving(_)) {
            kind = ChangeKind::UpdateAsked;
        }
    }
    effects.note(kind);
}
