//! Who else may see a vehicle.
//!
//! Invariant: an invitation counts only while the vehicle is its inviter's, without a break, and nobody's access outlives the
//! owner's.

use super::Effects;
use crate::domain::{ChangeKind, FamilyChange, IntentError, MAX_FAMILY, Member, Vehicle};

/// Carries a change out; answers whether anything changed.
pub(super) fn change(
    vehicle: &mut Vehicle,
    change: &FamilyChange,
    now_ms: u64,
    effects: &mut Effects,
) -> Result<bool, IntentError> {
    match change {
        FamilyChange::Admit { account, grant, invited_by, invited_ms } => {
            let counts = vehicle.owner.as_ref() == Some(invited_by) && *invited_ms >= vehicle.book.owned_since_ms;
            if !counts || invited_by == account {
                return Err(IntentError::UnknownMember);
            }
            if !vehicle.family.contains_key(account) && vehicle.family.len() >= MAX_FAMILY {
                return Err(IntentError::FamilyFull);
            }
            let since_ms = vehicle.family.get(account).map_or(now_ms, |known| known.since_ms);
            vehicle.family.insert(account.clone(), Member { grant: *grant, since_ms });
        }
        FamilyChange::Regrant { account, grant } => {
            let member = vehicle.family.get_mut(account).ok_or(IntentError::UnknownMember)?;
            if member.grant == *grant {
                return Ok(false);
            }
            member.grant = *grant;
        }
        FamilyChange::Dismiss { account } => {
            vehicle.family.remove(account).ok_or(IntentError::UnknownMember)?;
        }
    }
    effects.note(ChangeKind::Access);
    Ok(true)
}
