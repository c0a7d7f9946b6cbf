//! Answers: from wherever one comes, it clears the notice everywhere.

use milepost_engine::offers::Outcome;
use milepost_engine::service_book::Reason;
use milepost_protocol::NoticeId;
use milepost_protocol::notice::{Actions, Answer, NoticeState};

use super::services::Told;
use super::{Effects, outcomes, services, snoozes};
use crate::domain::{Actor, ChangeKind, IntentError, Moment, NoticeDoc, Subject, Vehicle};

/// An answer with where and when it was given.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) notice: NoticeId,
    pub(super) answer: Answer,
    pub(super) by: Actor,
    /// When the owner answered.
    pub(super) at: Moment,
    /// The odometer then, in metres, if the car told it.
    pub(super) odometer_m: Option<u32>,
}

/// Applies an answer; answers whether anything changed.
pub(super) fn answer(
    vehicle: &mut Vehicle,
    given: &Given,
    now_ms: u64,
    effects: &mut Effects,
) -> Result<bool, IntentError> {
    let Given { notice: id, answer, by, at, odometer_m } = given;
    let notice = vehicle.notices.get_mut(id).ok_or(IntentError::UnknownNotice)?;
    if is_same(notice.state(), *answer) {
        return Ok(false);
    }
    if notice.state().is_final() {
        return Err(IntentError::Closed);
    }
    if !notice.actions.contains(invitation(*answer)) {
        return Err(IntentError::NotInvited);
    }
    let (subject, raised_ms) = (notice.subject, notice.raised_ms());
    if let (Subject::Reminder { item, cycle, .. }, Answer::Done) = (subject, answer)
        && let Some(anchor) = vehicle.book.item(item).map(|known| known.anchor)
        && anchor.cycle == cycle
    {
        // Whoever answers the reminder of a cycle does so within it, whatever the car's clock says.
        let done_ms = at.not_before(raised_ms).not_before(anchor.at_ms).ms();
        let odometer_m = odometer_m.filter(|told_m| services::is_possible(vehicle, *told_m, done_ms, now_ms));
        let told = Told { at_ms: Some(done_ms), odometer_m, ..Told::default() };
        services::complete(vehicle, item, told, services::source(by), by, now_ms, effects)?;
        return Ok(true);
    }
    if let (Subject::Reminder { .. }, Answer::Snooze { days }) = (subject, *answer) {
        let changed = snoozes::snooze(vehicle, *id, days, Reason::NoTime, *at, by, effects)?;
        let state = vehicle.notices.get(id).map(NoticeDoc::state);
        if changed && (*by != Actor::Car || state.is_some_and(|state| is_shortened(*answer, at.ms(), state))) {
            effects.update_car(vehicle, *id);
        }
        return Ok(changed);
    }
    let Some(notice) = vehicle.notices.get_mut(id) else { return Err(IntentError::UnknownNotice) };
    let changed = notice.answer(*answer, *at, by);
    let state = notice.state();
    let answered_ms = notice.history().last().map_or(at.ms(), |step| step.at_ms);
    if !changed {
        return Ok(false);
    }
    effects.note(ChangeKind::NoticeChanged(*id));
    if *by != Actor::Car || is_shortened(*answer, at.ms(), state) {
        effects.update_car(vehicle, *id);
    }
    let outcome = match answer {
        Answer::Book => Some(Outcome::Booked),
        Answer::Done => Some(Outcome::Done),
        Answer::Refuse => Some(Outcome::Refused),
        Answer::Snooze { .. } => None,
    };
    if let Some(outcome) = outcome {
        outcomes::settle(vehicle, *id, outcome, answered_ms, effects);
    }
    Ok(true)
}

fn invitation(answer: Answer) -> Actions {
    match answer {
        Answer::Snooze { .. } => Actions::SNOOZE,
        Answer::Book => Actions::BOOK,
        Answer::Done => Actions::DONE,
        Answer::Refuse => Actions::REFUSE,
    }
}

/// Whether the state is what the answer leads to.
fn is_same(state: NoticeState, answer: Answer) -> bool {
    matches!(
        (state, answer),
        (NoticeState::Booked, Answer::Book)
            | (NoticeState::Done, Answer::Done)
            | (NoticeState::Refused, Answer::Refuse)
    )
}

/// Whether the car believes in a longer snooze than was granted.
fn is_shortened(answer: Answer, at_ms: u64, state: NoticeState) -> bool {
    let Answer::Snooze { days } = answer else { return false };
    let asked = at_ms.saturating_add(u64::from(days) * milepost_protocol::plan::DAY_MS);
    state != NoticeState::Snoozed { until_ms: asked }
}
