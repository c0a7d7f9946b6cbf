//! One deed for the cars that were marked in the list.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::Response;
use milepost_engine::channels::Channel;

use super::parts::{Choice, outcomes};
use super::words;
use crate::accounts::{Account, Advisor};
use crate::api::Problem;
use crate::care::{CallNote, CareOutcome, Deed, Did, Line, Wanted, Way};
use crate::i18n::Format;
use crate::web::advisor::{Filter, shown};
use crate::web::page::{Page, Section};
use crate::web::{AppState, Reader, render, vehicle_name};

/// What can be done with the marked cars.
#[derive(Debug)]
pub(crate) struct DeedBar {
    pub(crate) people: Vec<Choice>,
    pub(crate) outcomes: Vec<Choice>,
    pub(crate) channels: Vec<Choice>,
    pub(crate) today: String,
}

impl DeedBar {
    /// The bar for one advisor.
    pub(crate) async fn of(state: &AppState, me: &Account, format: &Format) -> Result<Self, Problem> {
        let localizer = format.localizer;
        let person = |account: Account| Choice {
            current: account.id == me.id,
            value: account.id.to_string(),
            text: account.display_name,
        };
        let channel = |channel: Channel| Choice {
            value: channel.name().to_owned(),
            text: words::channel(localizer, channel),
            current: channel == Channel::Email,
        };
        let sending = Channel::ALL.into_iter().filter(|channel| state.channels.sends(*channel));
        Ok(Self {
            people: state.care().people().await?.into_iter().map(person).collect(),
            outcomes: outcomes(format),
            channels: sending.map(channel).collect(),
            today: format.date_field(format.now_ms),
        })
    }
}

#[derive(Template)]
#[template(path = "advisor/deeds.html")]
struct DeedsPage {
    page: Page,
    lines: Vec<LineView>,
    done: usize,
    refused: usize,
    back: String,
}

struct LineView {
    car: String,
    href: Option<String>,
    is_done: bool,
    text: String,
}

/// The fields of the form, whose boxes all have one name.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
    }
}

/// `POST /advisor/deeds`.
pub(crate) async fn deeds(
    State(state): State<AppState>,
    advisor: Advisor,
    reader: Reader,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let fields = Fields(fields);
    let filter = Filter::of(fields.get("q"), fields.get("show"));
    let deed = deed(&fields)?;
    let marked = match fields.get("all") {
        // Without a script, the one box for all of them stands for what the page shows.
        "shown" => shown(&state, &advisor, &filter).await?,
        _ => fields.all("vehicle"),
    };
    if marked.is_empty() {
        return Err(Problem::nothing_marked());
    }
    let me = &advisor.0.account;
    let lines = state.care().for_all(&marked, &deed, |vehicle| advisor.may_see(vehicle), &me.id).await?;
    let page = Page::of(&reader, me, "deed-title", Section::Queue);
    let done = lines.iter().filter(|line| line.result.is_ok()).count();
    render::html(&DeedsPage {
        done,
        refused: lines.len() - done,
        lines: lines.iter().map(|one| line(one, &reader.format(me, one.vehicle.as_ref()))).collect(),
        back: render::query("/advisor", &[("q", fields.get("q")), ("show", fields.get("show"))]),
        page,
    })
}

fn deed(fields: &Fields) -> Result<Deed, Problem> {
    let note = fields.get("note").to_owned();
    match fields.get("deed") {
        "follow_up" => Ok(Deed::FollowUp(Wanted {
            what: fields.get("what").to_owned(),
            assignee: fields.get("assignee").parse().map_err(|_| Problem::invalid())?,
            next_on: fields.get("next_on").parse().map_err(|_| Problem::invalid())?,
            note,
            notice: None,
        })),
        "called" => {
            let outcome = CareOutcome::from_name(fields.get("outcome")).ok_or_else(Problem::invalid)?;
            Ok(Deed::Called(CallNote { way: Way::Call, outcome, notice: None, note }))
        }
        "send_again" => Ok(Deed::SendAgain(Channel::from_name(fields.get("channel")).ok_or_else(Problem::invalid)?)),
        _ => Err(Problem::invalid()),
    }
}

fn line(line: &Line, format: &Format) -> LineView {
    let localizer = format.localizer;
    let text = match line.result {
        Ok(Did::FollowUp) => localizer.text("deed-follow-up-done"),
        Ok(Did::Noted) => localizer.text("deed-called-done"),
        Ok(Did::Sending(None)) => localizer.text("deed-sending"),
        Ok(Did::Sending(Some((rule, until_ms)))) => localizer.with(
            "deed-held",
            [("until", format.moment(until_ms).into()), ("rule", words::rule_words(localizer, rule).into())],
        ),
        Err(refusal) => words::refusal(format, refusal),
    };
    let vehicle = line.vehicle.as_ref();
    LineView {
        car: vehicle.map_or_else(|| line.asked.clone(), |vehicle| vehicle_name(localizer, vehicle)),
        href: vehicle.map(|vehicle| format!("/advisor/vehicles/{}", vehicle.device)),
        is_done: line.result.is_ok(),
        text,
    }
}
