//! Safety recalls on the car's display: as notices that concern safety, in the words of the owner's language.
//!
//! Invariant: a recall is sent to the car once, and never more than [`MOST_IN_CAR`] are open there, so that reminders keep their room.

use super::Effects;
use crate::domain::{NoticeDoc, Subject, Texts, Vehicle};

/// The most recalls that are open in the car; what the agency warns of most comes first.
const MOST_IN_CAR: usize = 3;

/// Sends the car the open recalls that it does not have yet, while there is room for them.
pub(super) fn tell_car(vehicle: &mut Vehicle, texts: &dyn Texts, effects: &mut Effects) {
    let is_open = |notice: &&NoticeDoc| matches!(notice.subject, Subject::Recall { .. }) && !notice.state().is_final();
    let open = || vehicle.notices.values().filter(is_open);
    let room = MOST_IN_CAR.saturating_sub(open().filter(|notice| notice.in_car).count());
    let mut waiting: Vec<_> = open().filter(|notice| !notice.in_car).collect();
    if room == 0 || waiting.is_empty() || vehicle.book.sold {
        return;
    }
    waiting.sort_by_key(|notice| {
        let recall = notice.recall.as_ref();
        let (stop, outside) = recall.map_or((false, false), |recall| (recall.do_not_drive, recall.park_outside));
        (!stop, !outside, std::cmp::Reverse(notice.raised_ms()), notice.id())
    });
    let ids: Vec<_> = waiting.into_iter().take(room).map(NoticeDoc::id).collect();
    for id in ids {
        let Some(notice) = vehicle.notices.get_mut(&id) else { continue };
        notice.in_car = true;
        let notice = notice.clone();
        effects.send_notice(vehicle, &notice, texts);
    }
}
