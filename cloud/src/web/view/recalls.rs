//! Safety recalls that a car may be concerned by, in the agency's words.

use milepost_protocol::notice::NoticeState;

use crate::domain::{NoticeDoc, Vehicle};
use crate::i18n::{Format, text};

/// One recall.
#[derive(Debug, Clone)]
pub(crate) struct RecallView {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) details: Vec<String>,
    /// What must not be done until then.
    pub(crate) warning: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) booked: bool,
}

/// The recalls that are not settled, the newest first.
pub(crate) fn recalls(vehicle: &Vehicle, format: &Format) -> Vec<RecallView> {
    let open = vehicle.newest_notices().into_iter().filter(|notice| !notice.state().is_final());
    open.filter_map(|notice| recall(notice, format)).collect()
}

fn recall(notice: &NoticeDoc, format: &Format) -> Option<RecallView> {
    let recall = notice.recall.as_ref()?;
    let localizer = format.localizer;
    let warning = match (recall.do_not_drive, recall.park_outside) {
        (true, _) => Some("recall-do-not-drive"),
        (false, true) => Some("recall-park-outside"),
        (false, false) => None,
    };
    let status = match notice.state() {
        NoticeState::Snoozed { until_ms } if until_ms > format.now_ms => {
            Some(localizer.with("status-snoozed", [("date", format.date(until_ms).into())]))
        }
        NoticeState::Booked => Some(localizer.text("status-booked")),
        _ => None,
    };
    let details = [&recall.defect, &recall.consequence, &recall.remedy];
    Some(RecallView {
        id: notice.id().to_string(),
        text: text(format, notice),
        details: details.into_iter().filter(|text| !text.is_empty()).cloned().collect(),
        warning: warning.map(|key| localizer.text(key)),
        status,
        booked: notice.state() == NoticeState::Booked,
    })
}
