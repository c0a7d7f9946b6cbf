//! The page of follow-ups: mine, all, and those whose day has passed.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::parts::{Choice, Desk, FollowUpView, drawn, outcomes};
use super::words;
use crate::accounts::Advisor;
use crate::api::Problem;
use crate::care::FollowUp;
use crate::domain::Vehicle;
use crate::web::page::{Page, Section};
use crate::web::{AppState, Reader, render};

/// How many follow-ups the page shows.
const SHOWN: usize = 100;

/// Which follow-ups.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Shown {
    #[serde(default)]
    show: String,
}

impl Shown {
    fn name(&self) -> &'static str {
        match self.show.as_str() {
            "all" => "all",
            "overdue" => "overdue",
            _ => "mine",
        }
    }
}

#[derive(Template)]
#[template(path = "advisor/follow_ups.html")]
struct FollowUpsPage {
    page: Page,
    show: &'static str,
    list: List,
    outcomes: Vec<Choice>,
    back: &'static str,
}

#[derive(Template)]
#[template(path = "advisor/follow_up_list.html")]
struct ListFragment {
    page: Page,
    list: List,
    outcomes: Vec<Choice>,
    back: &'static str,
}

/// What is shown, and how many there are of each kind.
struct List {
    views: Vec<Tab>,
    items: Vec<FollowUpView>,
    more: usize,
}

struct Tab {
    href: String,
    text: String,
    current: bool,
}

/// `GET /advisor/follow-ups`.
pub(crate) async fn show(
    State(state): State<AppState>,
    advisor: Advisor,
    reader: Reader,
    Query(shown): Query<Shown>,
) -> Result<Response, Problem> {
    let (page, list, outcomes) = all(&state, &advisor, &reader, &shown).await?;
    let show = shown.name();
    render::html(&FollowUpsPage { page, show, list, outcomes, back: show })
}

/// The list alone, for the live stream.
pub(crate) async fn fragment(
    state: &AppState,
    advisor: &Advisor,
    reader: &Reader,
    shown: &Shown,
) -> Result<String, Problem> {
    let (page, list, outcomes) = all(state, advisor, reader, shown).await?;
    drawn(&ListFragment { page, list, outcomes, back: shown.name() })
}

async fn all(
    state: &AppState,
    advisor: &Advisor,
    reader: &Reader,
    shown: &Shown,
) -> Result<(Page, List, Vec<Choice>), Problem> {
    let me = &advisor.0.account;
    let page = Page::of(reader, me, "care-title", Section::FollowUps);
    let care = state.care();
    let mut open = care.open().await?;
    open.retain(|(_, vehicle)| advisor.may_see(vehicle));
    let people = care.people().await?;
    let names = words::names(state, open.iter().flat_map(|(one, _)| words::named(one))).await?;
    let desk = Desk { people: &people, names: &names, me };
    let is_mine = |(one, _): &&(FollowUp, Vehicle)| one.assignee == me.id;
    let is_overdue = |(one, vehicle): &&(FollowUp, Vehicle)| one.is_overdue(care.today(vehicle));
    let counts = [open.iter().filter(is_mine).count(), open.len(), open.iter().filter(is_overdue).count()];
    let tab = |(name, key, count): (&str, &str, usize)| Tab {
        href: render::query("/advisor/follow-ups", &[("show", name)]),
        text: page.localizer.with(key, [("n", count.into())]),
        current: name == shown.name(),
    };
    let tabs = [("mine", "care-mine", counts[0]), ("all", "care-all", counts[1]), ("overdue", "care-past", counts[2])];
    let wanted: Vec<&(FollowUp, Vehicle)> = match shown.name() {
        "all" => open.iter().collect(),
        "overdue" => open.iter().filter(is_overdue).collect(),
        _ => open.iter().filter(is_mine).collect(),
    };
    advisor.lists(state, wanted.iter().take(SHOWN).map(|(_, vehicle)| vehicle)).await?;
    let items = wanted.iter().take(SHOWN).map(|(one, vehicle)| {
        let format = reader.format(me, Some(vehicle));
        desk.view(one, vehicle, care.today(vehicle), true, &format)
    });
    let list = List {
        views: tabs.into_iter().map(tab).collect(),
        items: items.collect(),
        more: wanted.len().saturating_sub(SHOWN),
    };
    Ok((page, list, outcomes(&reader.format(me, None))))
}
