//! What programmes tell, until it is answered.

use milepost_engine::journey::Message;

use crate::domain::{NoticeDoc, Subject, Vehicle};
use crate::i18n::{Format, Piece, pack, text, title};

/// One message.
#[derive(Debug, Clone)]
pub(crate) struct MessageView {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) text: String,
    /// Whether it speaks of the car's certificate, so that it leads there.
    pub(crate) certificate: bool,
    /// What the owner chose from the pack.
    pub(crate) pack: Vec<Piece>,
}

/// The messages that are open, the newest first.
pub(crate) fn messages(vehicle: &Vehicle, format: &Format) -> Vec<MessageView> {
    let open = vehicle.newest_notices().into_iter().filter(|notice| notice.state().is_open(format.now_ms));
    open.filter_map(|notice| message(vehicle, notice, format)).collect()
}

fn message(vehicle: &Vehicle, notice: &NoticeDoc, format: &Format) -> Option<MessageView> {
    notice.programme.as_ref()?;
    Some(MessageView {
        id: notice.id().to_string(),
        title: title(format.localizer, notice),
        text: text(format, notice),
        certificate: matches!(notice.subject, Subject::Programme { message: Message::Certificate, .. }),
        pack: pack(format.localizer, notice, vehicle.profile.powertrain),
    })
}
