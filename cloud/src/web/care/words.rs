//! Names and words for what people of the workshop did.

use std::collections::{BTreeSet, HashMap};

use milepost_engine::channels::{Channel, Rule};
use milepost_protocol::notice::Surface;

use crate::api::Problem;
use crate::care::{Call, CareOutcome, FollowUp, Refusal, Told, ToldWay, Upshot, Way};
use crate::channels::{Refused, State};
use crate::domain::{AccountId, NoticeDoc, Vehicle};
use crate::i18n::{Format, Localizer, title};
use crate::web::AppState;
use crate::web::view;

/// What people are called, by account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names(HashMap<AccountId, String>);

impl Names {
    /// What somebody is called; the account's id if it is gone.
    pub(crate) fn of(&self, id: &AccountId) -> String {
        self.0.get(id).cloned().unwrap_or_else(|| id.to_string())
    }
}

/// Looks up what people are called.
pub(crate) async fn names(state: &AppState, ids: impl IntoIterator<Item = AccountId>) -> Result<Names, Problem> {
    let ids: BTreeSet<AccountId> = ids.into_iter().collect();
    let mut names = HashMap::with_capacity(ids.len());
    for id in ids {
        if let Some(account) = state.accounts.account(&id).await? {
            names.insert(id, account.display_name);
        }
    }
    Ok(Names(names))
}

/// Everybody who is named in a follow-up.
pub(super) fn named(one: &FollowUp) -> impl Iterator<Item = AccountId> {
    let made = one.steps.first().map(|step| step.by.clone());
    let done = one.done.as_ref().map(|done| done.by.clone());
    [one.assignee.clone()].into_iter().chain(made).chain(done)
}

/// An outcome in words.
pub(super) fn outcome(localizer: Localizer, outcome: CareOutcome) -> String {
    localizer.text(match outcome {
        CareOutcome::Reached => "care-reached",
        CareOutcome::Booked => "care-booked",
        CareOutcome::Declined => "care-declined",
        CareOutcome::Later => "care-later",
        CareOutcome::NotReached => "care-not-reached",
        CareOutcome::Settled => "care-settled",
    })
}

/// A person's way in words.
pub(super) fn way(localizer: Localizer, way: Way) -> String {
    localizer.text(match way {
        Way::Call => "care-call",
        Way::InPerson => "care-in-person",
        Way::Message => "care-message",
        Way::Letter => "care-letter",
    })
}

/// A channel in words.
pub(super) fn channel(localizer: Localizer, channel: Channel) -> String {
    localizer.text(match channel {
        Channel::Push => "channel-push",
        Channel::Email => "channel-email",
        Channel::Text => "channel-text",
        Channel::Webhook => "channel-webhook",
        Channel::Call => "channel-call",
        Channel::Letter => "channel-letter",
    })
}

/// How somebody was told, in words.
pub(super) fn told_way(localizer: Localizer, told: ToldWay) -> String {
    match told {
        ToldWay::Shown(Surface::Car) => localizer.text("care-way-car"),
        ToldWay::Shown(_) => localizer.text("care-way-account"),
        ToldWay::Sent(by) => channel(localizer, by),
        ToldWay::Person(by) => way(localizer, by),
    }
}

/// What came of it, in words; a notice that was answered says how.
pub(super) fn upshot(format: &Format, told: &Told, vehicle: &Vehicle) -> String {
    let localizer = format.localizer;
    match told.upshot {
        Upshot::Noted(noted) => outcome(localizer, noted),
        Upshot::TaskDone => localizer.text("care-task-done"),
        Upshot::TaskOpen => localizer.text("care-task-open"),
        Upshot::Seen => answered(format, told, vehicle).unwrap_or_else(|| localizer.text("state-shown")),
        Upshot::Delivery(state) => match state {
            State::Sent { .. } => answered(format, told, vehicle).unwrap_or_else(|| localizer.text("care-sent")),
            State::Queued { .. } => localizer.text("told-queued"),
            State::Held { rule, until_ms } => localizer.with(
                "told-held",
                [("until", format.moment(until_ms).into()), ("rule", rule_words(localizer, rule).into())],
            ),
            State::Failed { next_ms } => localizer.with("told-failed", [("next", format.moment(next_ms).into())]),
            State::Dead { .. } => localizer.text("told-dead"),
            State::Withdrawn { .. } => localizer.text("told-withdrawn"),
        },
    }
}

fn answered(format: &Format, told: &Told, vehicle: &Vehicle) -> Option<String> {
    let notice = vehicle.notices.get(&told.notice?)?;
    notice.was_answered().then(|| view::state(format, notice.state()))
}

/// A rule in words.
pub(super) fn rule_words(localizer: Localizer, rule: Rule) -> String {
    localizer.text(match rule {
        Rule::Snoozed => "care-rule-snoozed",
        Rule::Ignored => "care-rule-ignored",
        Rule::Digest => "care-rule-digest",
        Rule::Gather => "rule-gather",
        Rule::QuietHours => "care-rule-quiet",
    })
}

/// Why nothing was done, in words.
pub(super) fn refusal(format: &Format, refusal: Refusal) -> String {
    let localizer = format.localizer;
    let age = |at_ms| [("age", format.age(at_ms).into())];
    match refusal {
        Refusal::Unknown => localizer.text("deed-unknown"),
        Refusal::Duplicate => localizer.text("deed-duplicate"),
        Refusal::Date => localizer.text("deed-date"),
        Refusal::JustNoted(at_ms) => localizer.with("deed-just-noted", age(at_ms)),
        Refusal::Channel(Refused::ToldAt(at_ms)) => localizer.with("deed-told-at", age(at_ms)),
        Refusal::Channel(Refused::NotOffered) => localizer.text("deed-not-offered"),
        Refusal::Channel(Refused::NoOwner) => localizer.text("deed-no-owner"),
        Refusal::Channel(Refused::NothingOpen) => localizer.text("deed-nothing-open"),
        Refusal::Channel(Refused::Unwanted(_)) => localizer.text("deed-unwanted"),
        Refusal::Channel(Refused::NoAddress) => localizer.text("deed-no-address"),
        Refusal::Channel(Refused::OnItsWay) => localizer.text("deed-on-its-way"),
    }
}

/// A notice's title with where it stands.
pub(super) fn notice_line(format: &Format, notice: &NoticeDoc) -> String {
    let words =
        [("title", title(format.localizer, notice).into()), ("state", view::state(format, notice.state()).into())];
    format.localizer.with("care-notice", words)
}

/// The last contact that somebody noted, in one line.
pub(crate) fn last_contact(call: &Call, names: &Names, format: &Format) -> String {
    let localizer = format.localizer;
    localizer.with(
        "care-last",
        [
            ("way", way(localizer, call.way).into()),
            ("who", names.of(&call.by).into()),
            ("result", outcome(localizer, call.outcome).into()),
            ("when", format.age(call.at_ms).into()),
        ],
    )
}
