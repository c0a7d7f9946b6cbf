//! Follow-ups and contacts on one vehicle's page, each a part that can be drawn anew by itself.

use askama::Template;
use jiff::civil::Date;
use milepost_protocol::NoticeId;

use super::words::{self, Names};
use crate::accounts::{Account, Advisor};
use crate::api::Problem;
use crate::care::{CareOutcome, FollowUp, Told, Way};
use crate::domain::Vehicle;
use crate::i18n::{Format, title};
use crate::web::page::{Page, Section};
use crate::web::render::{self, Drawn};
use crate::web::{AppState, Reader, vehicle_name};

/// How many follow-ups that were done are shown.
const DONE: usize = 10;

/// How many lines of the timeline are shown.
const TOLD: usize = 60;

/// A choice of a select.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) text: String,
    pub(crate) current: bool,
}

/// A follow-up ready to show.
#[derive(Debug, Clone)]
pub(crate) struct FollowUpView {
    pub(crate) id: String,
    pub(crate) what: String,
    pub(crate) note: String,
    /// The vehicle's name and page, where several vehicles are shown.
    pub(crate) vehicle: Option<(String, String)>,
    pub(crate) action: String,
    pub(crate) assignee: String,
    pub(crate) is_mine: bool,
    pub(crate) next_on: String,
    pub(crate) next: String,
    pub(crate) is_overdue: bool,
    pub(crate) made: String,
    pub(crate) notice: Option<String>,
    /// How it ended, when and by whom.
    pub(crate) done: Option<String>,
    pub(crate) done_note: String,
    /// Who it can be given to.
    pub(crate) people: Vec<Choice>,
}

/// What follow-ups are drawn with.
pub(super) struct Desk<'a> {
    pub(super) people: &'a [Account],
    pub(super) names: &'a Names,
    pub(super) me: &'a Account,
}

impl Desk<'_> {
    /// The people as choices, with one of them chosen.
    pub(super) fn choices(&self, chosen: &crate::domain::AccountId) -> Vec<Choice> {
        let choice = |account: &Account| Choice {
            value: account.id.to_string(),
            text: account.display_name.clone(),
            current: account.id == *chosen,
        };
        let mut choices: Vec<Choice> = self.people.iter().map(choice).collect();
        if !choices.iter().any(|choice| choice.current) {
            choices.push(Choice { value: chosen.to_string(), text: self.names.of(chosen), current: true });
        }
        choices
    }

    /// A follow-up ready to show.
    pub(super) fn view(
        &self,
        one: &FollowUp,
        vehicle: &Vehicle,
        today: Date,
        with_vehicle: bool,
        format: &Format,
    ) -> FollowUpView {
        let localizer = format.localizer;
        let date =
            |day: Date| format.parse_date(&day.to_string()).map_or_else(|| day.to_string(), |at_ms| format.date(at_ms));
        let days = one.next_on.since(today).map_or(0, |span| span.get_days());
        let next = match days {
            0 => localizer.text("care-today"),
            1 => localizer.text("care-tomorrow"),
            _ if one.is_overdue(today) => {
                localizer.with("care-overdue", [("n", days.unsigned_abs().into()), ("date", date(one.next_on).into())])
            }
            _ => date(one.next_on),
        };
        let made = one.steps.first().map(|step| {
            let words = [("who", self.names.of(&step.by).into()), ("date", format.date(step.at_ms).into())];
            localizer.with("care-made", words)
        });
        let done = one.done.as_ref().map(|done| {
            let words = [
                ("result", words::outcome(localizer, done.outcome).into()),
                ("who", self.names.of(&done.by).into()),
                ("date", format.date_time(done.at_ms).into()),
            ];
            localizer.with("care-done-line", words)
        });
        FollowUpView {
            id: one.id.to_string(),
            what: one.what.clone(),
            note: one.note.clone(),
            vehicle: with_vehicle
                .then(|| (vehicle_name(localizer, vehicle), format!("/advisor/vehicles/{}", vehicle.device))),
            action: format!("/advisor/vehicles/{}/follow-ups/{}", vehicle.device, one.id),
            assignee: self.names.of(&one.assignee),
            is_mine: one.assignee == self.me.id,
            next_on: one.next_on.to_string(),
            next,
            is_overdue: one.is_overdue(today),
            made: made.unwrap_or_default(),
            notice: one.notice.and_then(|id| vehicle.notices.get(&id)).map(|notice| words::notice_line(format, notice)),
            done,
            done_note: one.done.as_ref().map(|done| done.note.clone()).unwrap_or_default(),
            people: self.choices(&one.assignee),
        }
    }
}

/// The outcomes as choices.
pub(super) fn outcomes(format: &Format) -> Vec<Choice> {
    let choice = |outcome: CareOutcome| Choice {
        value: outcome.name().to_owned(),
        text: words::outcome(format.localizer, outcome),
        current: outcome == CareOutcome::Reached,
    };
    CareOutcome::ALL.into_iter().map(choice).collect()
}

/// The follow-ups of one vehicle.
#[derive(Debug, Template)]
#[template(path = "advisor/care.html")]
pub(crate) struct CarePart {
    page: Page,
    device: String,
    open: Vec<FollowUpView>,
    done: Vec<FollowUpView>,
    people: Vec<Choice>,
    outcomes: Vec<Choice>,
    today: String,
    back: &'static str,
}

/// Who was told what.
#[derive(Debug, Template)]
#[template(path = "advisor/told.html")]
pub(crate) struct ToldPart {
    page: Page,
    device: String,
    lines: Vec<ToldLine>,
    more: usize,
    ways: Vec<Choice>,
    outcomes: Vec<Choice>,
    notices: Vec<Choice>,
}

/// One line of the timeline.
#[derive(Debug, Clone)]
struct ToldLine {
    when: String,
    machine: String,
    icon: &'static str,
    way: String,
    title: String,
    result: String,
    who: String,
    note: String,
    is_past: bool,
}

/// Both parts of a vehicle's page.
pub(crate) async fn parts(
    state: &AppState,
    advisor: &Advisor,
    reader: &Reader,
    vehicle: &Vehicle,
) -> Result<(Drawn, Drawn), Problem> {
    let me = &advisor.0.account;
    let format = reader.format(me, Some(vehicle));
    let care = state.care();
    let all = care.of_vehicle(vehicle).await?;
    let told = care.told(vehicle).await?;
    let people = care.people().await?;
    let named = all.iter().flat_map(words::named).chain(told.iter().filter_map(|one| one.by.clone()));
    let names = words::names(state, named).await?;
    let desk = Desk { people: &people, names: &names, me };
    let today = care.today(vehicle);
    let (open, done): (Vec<&FollowUp>, Vec<&FollowUp>) = all.iter().partition(|one| one.done.is_none());
    let view = |one: &FollowUp| desk.view(one, vehicle, today, false, &format);
    let page = Page::of(reader, me, "queue-title", Section::Queue);
    let part = CarePart {
        device: vehicle.device.to_string(),
        open: open.into_iter().map(view).collect(),
        done: done.into_iter().take(DONE).map(view).collect(),
        people: desk.choices(&me.id),
        outcomes: outcomes(&format),
        today: today.to_string(),
        back: "vehicle",
        page: page.clone(),
    };
    Ok((Drawn::of(&part)?, Drawn::of(&told_part(page, vehicle, &told, &names, &format))?))
}

fn told_part(page: Page, vehicle: &Vehicle, told: &[Told], names: &Names, format: &Format) -> ToldPart {
    let localizer = format.localizer;
    let way =
        |way: Way| Choice { value: way.name().to_owned(), text: words::way(localizer, way), current: way == Way::Call };
    let open = vehicle.newest_notices().into_iter().filter(|notice| !notice.state().is_final());
    let notice = |notice: &crate::domain::NoticeDoc| Choice {
        value: notice.id().to_string(),
        text: title(localizer, notice),
        current: false,
    };
    ToldPart {
        device: vehicle.device.to_string(),
        lines: told.iter().take(TOLD).map(|one| line(one, vehicle, names, format)).collect(),
        more: told.len().saturating_sub(TOLD),
        ways: Way::ALL.into_iter().map(way).collect(),
        outcomes: outcomes(format),
        notices: open.map(notice).collect(),
        page,
    }
}

fn line(told: &Told, vehicle: &Vehicle, names: &Names, format: &Format) -> ToldLine {
    use crate::care::ToldWay;
    let localizer = format.localizer;
    let of = |id: NoticeId| vehicle.notices.get(&id).map(|notice| title(localizer, notice));
    ToldLine {
        when: format.date_time(told.at_ms),
        machine: format.machine(told.at_ms),
        icon: match told.way {
            ToldWay::Shown(_) => "inspect",
            ToldWay::Sent(_) => "bell",
            ToldWay::Person(_) => "person",
        },
        way: words::told_way(localizer, told.way),
        title: told.notice.and_then(of).unwrap_or_else(|| localizer.text("care-no-notice")),
        result: words::upshot(format, told, vehicle),
        who: told.by.as_ref().map_or_else(|| localizer.text("actor-system"), |by| names.of(by)),
        note: told.note.clone(),
        is_past: told.is_past(),
    }
}

/// Draws one template; the list draws the same items.
pub(super) fn drawn(template: &impl Template) -> Result<String, Problem> {
    render::text(template)
}
