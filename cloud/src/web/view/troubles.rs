//! Trouble codes in plain words: what it is about, and whether one can drive on.

use milepost_protocol::trouble::{TroubleCode, TroubleStatus};

use crate::domain::Vehicle;
use crate::i18n::{Format, Localizer};

/// One code that stands.
#[derive(Debug, Clone)]
pub(crate) struct TroubleView {
    pub(crate) code: String,
    /// What the standard says of it, in English in every language.
    pub(crate) meaning: String,
    pub(crate) status: String,
    pub(crate) tone: &'static str,
    pub(crate) advice: String,
    pub(crate) age: String,
    pub(crate) since: String,
    pub(crate) ecu: String,
    pub(crate) odometer: Option<String>,
}

/// The codes that have not been cleared, the newest first.
pub(crate) fn troubles(vehicle: &Vehicle, format: &Format) -> Vec<TroubleView> {
    let mut standing: Vec<_> =
        vehicle.state.troubles.iter().filter(|trouble| trouble.status != TroubleStatus::Cleared).collect();
    standing.sort_by_key(|trouble| std::cmp::Reverse(trouble.changed_ms));
    let view = |trouble: &milepost_engine::usage::TroubleEntry| TroubleView {
        code: trouble.code.to_string(),
        meaning: milepost_engine::trouble::text(trouble.code),
        status: trouble_status(format.localizer, trouble.status),
        tone: if trouble.status == TroubleStatus::Pending { "soon" } else { "due" },
        advice: format.localizer.text(advice(trouble.code)),
        age: format.age(trouble.changed_ms),
        since: format.date(trouble.first_ms),
        ecu: format!("{:X}", trouble.ecu),
        odometer: trouble.odometer_m.map(|metres| format.odometer(metres.into())),
    };
    standing.into_iter().map(view).collect()
}

/// A status in a word.
pub(crate) fn trouble_status(localizer: Localizer, status: TroubleStatus) -> String {
    localizer.text(match status {
        TroubleStatus::Pending => "trouble-pending",
        TroubleStatus::Confirmed => "trouble-confirmed",
        TroubleStatus::Permanent => "trouble-permanent",
        TroubleStatus::Cleared => "trouble-cleared",
    })
}

/// SAE J2012: the two highest bits name the system.
fn advice(code: TroubleCode) -> &'static str {
    match code.code >> 14 {
        0 => "advice-engine",
        1 => "advice-chassis",
        2 => "advice-body",
        _ => "advice-network",
    }
}
