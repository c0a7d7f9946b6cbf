//! Advice that is open, safety first; it promotes nothing and is marked as what it is.

use milepost_protocol::notice::NoticeKind;

use super::ground_words;
use crate::domain::{NoticeDoc, Vehicle};
use crate::i18n::{Format, text, title};

/// One piece of advice.
#[derive(Debug, Clone)]
pub(crate) struct TipView {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) text: String,
    /// Whether it is about safety.
    pub(crate) safety: bool,
    pub(crate) why: Vec<String>,
}

/// The open tips: those about safety first, then the newest.
pub(crate) fn tips(vehicle: &Vehicle, format: &Format) -> Vec<TipView> {
    let of_catalogue = |notice: &&NoticeDoc| notice.subject.kind() == NoticeKind::Information && notice.made.is_some();
    let mut open: Vec<&NoticeDoc> = vehicle.open_notices(format.now_ms).filter(of_catalogue).collect();
    let is_safety = |notice: &NoticeDoc| notice.made.as_ref().is_some_and(|made| made.safety);
    open.sort_by_key(|notice| (!is_safety(notice), std::cmp::Reverse(notice.raised_ms())));
    let view = |notice: &NoticeDoc| TipView {
        id: notice.id().to_string(),
        title: title(format.localizer, notice),
        text: text(format, notice),
        safety: is_safety(notice),
        why: notice.made.iter().flat_map(|made| &made.grounds).map(|ground| ground_words(ground, format)).collect(),
    };
    open.into_iter().map(view).collect()
}
