//! What programmes tell, until it is answered.

use milepost_engine::journey::Message;

use crate::domain::{NoticeDoc, Subject, Vehicle};
use crate::i18n::{Format, text, title};

/// One message.
#[derive(Debug, Clone)]
pub(crate) struct MessageView {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) text: String,
    /// Whether it speaks of the car's certificate, so that it leads there.
    pub(crate) certificate: bool,
    /// What the owner chose from the pack, in words.
    pub(crate) pack: Vec<String>,
}

/// The messages that are open, the newest first.
pub(crate) fn messages(vehicle: &Vehicle, format: &Format) -> Vec<MessageView> {
    let open = vehicle.newest_notices().into_iter().filter(|notice| notice.state().is_open(format.now_ms));
    open.filter_map(|notice| message(notice, format)).collect()
}

fn message(notice: &NoticeDoc, format: &Format) -> Option<MessageView> {
    let step = notice.programme.as_ref()?;
    Some(MessageView {
        id: notice.id().to_string(),
        title: title(format.localizer, notice),
        text: text(format, notice),
        certificate: matches!(notice.subject, Subject::Programme { message: Message::Certificate, .. }),
        pack: step.chosen.iter().map(|name| pack_name(format, name)).collect(),
    })
}

/// A piece of a pack in words; one of an installation's own goes by its name.
pub(crate) fn pack_name(format: &Format, name: &str) -> String {
    let key = format!("pack-{name}");
    if format.localizer.has(&key) { format.localizer.text(&key) } else { name.to_owned() }
}
