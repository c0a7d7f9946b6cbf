//! The certificates of one device or batch, and how each stands.

use milepost_protocol::DeviceId;

use crate::api::Problem;
use crate::i18n::{Format, Localizer};
use crate::pki::{Issued, Role};
use crate::web::AppState;
use crate::web::view::Badge;

/// For so long before its end a certificate is marked, in milliseconds.
const SOON_MS: u64 = 30 * 86_400_000;

/// One certificate, the newest first.
pub(super) struct Certificate {
    pub(super) name: String,
    pub(super) serial: String,
    pub(super) badge: Badge,
    pub(super) validity: String,
}

/// The certificates that `wanted` picks, the newest first. They live in the machine's time.
pub(super) async fn certificates(
    state: &AppState,
    format: &Format,
    wanted: impl Fn(&Issued) -> bool,
) -> Result<Vec<Certificate>, Problem> {
    let pki = state.service.pki().clone();
    let register = tokio::task::spawn_blocking(move || pki.register()).await;
    let register = register.map_err(|error| Problem::internal(&error))?.map_err(|error| Problem::internal(&error))?;
    let now_ms = state.wall.now_ms();
    let picked = register.issued.iter().rev().filter(|issued| wanted(issued));
    Ok(picked.map(|issued| certificate(issued, format, now_ms)).collect())
}

/// The certificates of a device, also its tap's.
pub(super) async fn of_device(
    state: &AppState,
    format: &Format,
    device: &DeviceId,
) -> Result<Vec<Certificate>, Problem> {
    certificates(state, format, |issued| issued.device == *device && issued.role != Role::Claim).await
}

fn certificate(issued: &Issued, format: &Format, now_ms: u64) -> Certificate {
    let dates = [("from", format.date(issued.issued_ms).into()), ("to", format.date(issued.expires_ms).into())];
    Certificate {
        name: issued.device.to_string(),
        serial: issued.serial.clone(),
        badge: standing(issued, format.localizer, now_ms),
        validity: format.localizer.with("lab-certificate-validity", dates),
    }
}

fn standing(issued: &Issued, localizer: Localizer, now_ms: u64) -> Badge {
    let new = |tone, icon, key| Badge::new(localizer, tone, icon, key);
    if issued.revoked_ms.is_some() {
        new("over", "stop", "lab-certificate-revoked")
    } else if now_ms >= issued.expires_ms {
        new("over", "clock", "lab-certificate-expired")
    } else if !issued.is_valid(now_ms) {
        new("", "undo", "lab-certificate-retired")
    } else if issued.replaces && issued.used_ms.is_none() {
        new("accent", "clock", "lab-certificate-unused")
    } else if issued.expires_ms.saturating_sub(now_ms) < SOON_MS {
        new("soon", "clock", "lab-certificate-soon")
    } else {
        new("ok", "check", "lab-certificate-valid")
    }
}
