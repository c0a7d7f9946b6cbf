//! The workshop's day and week, and what it marks.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use jiff::civil::Date;
use milepost_engine::booking::{Standing, Turn};
use serde::Deserialize;

use super::super::page::{Page, Section};
use super::super::{AppState, Reader, render};
use super::words::{VisitView, at_workshop};
use crate::accounts::Advisor;
use crate::api::Problem;
use crate::booking::{Booking, Visit, VisitId, Work, WorkshopId};
use crate::domain::Actor;
use crate::i18n::Format;
use crate::web::view::vehicle_name;

#[derive(Template)]
#[template(path = "advisor/appointments.html")]
struct BoardPage {
    page: Page,
    workshop: String,
    workshops: Vec<Choice>,
    views: Vec<Choice>,
    turns: Vec<Choice>,
    day: String,
    view: &'static str,
    unit: &'static str,
    days: Vec<Day>,
}

/// A link of the board.
struct Choice {
    href: String,
    text: String,
    current: bool,
}

struct Day {
    title: String,
    rows: Vec<Row>,
}

struct Row {
    visit: VisitView,
    car: String,
    href: Option<String>,
    can_arrive: bool,
    can_miss: bool,
    can_finish: bool,
    odometer: Option<u64>,
}

/// Which part of which board.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    workshop: String,
    #[serde(default)]
    day: String,
    #[serde(default)]
    view: String,
}

/// What the workshop marks, and the board that it was marked on.
#[derive(Debug, Deserialize)]
pub(crate) struct Marked {
    mark: String,
    #[serde(default)]
    odometer: String,
    #[serde(default)]
    workshop: String,
    #[serde(default)]
    day: String,
    #[serde(default)]
    view: String,
}

/// `GET /advisor/appointments`.
pub(crate) async fn show(
    State(state): State<AppState>,
    advisor: Advisor,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let booking = Booking::new(state.service.clone());
    let page = Page::of(&reader, &advisor.0.account, "board-title", Section::Appointments);
    let all = booking.all_workshops().await?;
    let wanted: Option<WorkshopId> = asked.workshop.parse().ok();
    let workshop = wanted.and_then(|id| all.iter().find(|workshop| workshop.id == id)).or(all.first());
    let format = at_workshop(&reader.format(&advisor.0.account, None), workshop);
    let today = format.date_field(format.now_ms);
    let view = if asked.view == "week" { "week" } else { "day" };
    let Some(workshop) = workshop else {
        let (workshop, day, unit) = (String::new(), today, format.unit.code());
        let (workshops, views, turns, days) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        return render::html(&BoardPage { page, workshop, workshops, views, turns, day, view, unit, days });
    };
    let day: Date = if asked.day.is_empty() { &today } else { &asked.day }.parse().map_err(|_| Problem::invalid())?;
    let (from, count) = if view == "week" { (monday(day), 7) } else { (day, 1) };
    let board = booking.board(&workshop.id, from, count).await?;
    let mut days = Vec::with_capacity(board.days.len());
    for (date, visits) in &board.days {
        let mut rows = Vec::with_capacity(visits.len());
        for visit in visits {
            rows.push(row(&state, &advisor, visit, &board.workshop, &format).await?);
        }
        days.push(Day { title: title(*date, &format), rows });
    }
    let localizer = format.localizer;
    let to = |workshop: &str, day: &str, view: &str| {
        render::query("/advisor/appointments", &[("workshop", workshop), ("day", day), ("view", view)])
    };
    let id = workshop.id.to_string();
    let step = |days: i32| from.saturating_add(jiff::Span::new().days(days)).to_string();
    let turn = |key: &str, day: String| Choice { href: to(&id, &day, view), text: localizer.text(key), current: false };
    let way = |key: &str, name: &'static str| Choice {
        href: to(&id, &day.to_string(), name),
        text: localizer.text(key),
        current: name == view,
    };
    let place = |other: &crate::booking::WorkshopDoc| Choice {
        href: to(other.id.as_str(), &day.to_string(), view),
        text: other.name.clone(),
        current: other.id == workshop.id,
    };
    let length = i32::from(count);
    render::html(&BoardPage {
        workshops: all.iter().map(place).collect(),
        views: vec![way("board-day", "day"), way("board-week", "week")],
        turns: vec![
            turn("board-before", step(-length)),
            turn("board-today", today.clone()),
            turn("board-after", step(length)),
        ],
        workshop: id.clone(),
        day: day.to_string(),
        view,
        unit: format.unit.code(),
        days,
        page,
    })
}

/// `POST /advisor/appointments/{booking}`.
pub(crate) async fn mark(
    State(state): State<AppState>,
    advisor: Advisor,
    reader: Reader,
    Path(visit): Path<String>,
    Form(marked): Form<Marked>,
) -> Result<Response, Problem> {
    let id: VisitId = visit.parse().map_err(|_| Problem::not_found())?;
    let by = Actor::Advisor(advisor.0.account.id.clone());
    let booking = Booking::new(state.service.clone());
    match marked.mark.as_str() {
        "arrived" => booking.arrived(&id, by).await?,
        "no_show" => booking.no_show(&id, by).await?,
        "done" => {
            let format = reader.format(&advisor.0.account, None);
            booking.done(&id, Work { odometer_m: odometer(&marked.odometer, &format)? }, by).await?
        }
        _ => return Err(Problem::invalid()),
    };
    let back = [("workshop", marked.workshop.as_str()), ("day", &marked.day), ("view", &marked.view)];
    Ok(render::see_other(&render::query("/advisor/appointments", &back)))
}

/// An odometer as it was typed in the advisor's unit; nothing typed means the last known one.
fn odometer(typed: &str, format: &Format) -> Result<Option<u32>, Problem> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let value: u32 = typed.parse().map_err(|_| Problem::invalid())?;
    let metres = (f64::from(value) * format.unit.metres()).round();
    if metres < f64::from(u32::MAX) { Ok(Some(metres as u32)) } else { Err(Problem::invalid()) }
}

async fn row(
    state: &AppState,
    advisor: &Advisor,
    visit: &Visit,
    workshop: &crate::booking::WorkshopDoc,
    format: &Format,
) -> Result<Row, Problem> {
    let vehicle = state.service.vehicle(&visit.vehicle).await?;
    let car =
        vehicle.as_ref().map_or_else(|| visit.vehicle.to_string(), |vehicle| vehicle_name(format.localizer, vehicle));
    // What else is known of a car is its owner's to share; the appointment itself was made with the workshop.
    let shared = vehicle.as_ref().filter(|vehicle| advisor.may_see(vehicle));
    let now_ms = format.now_ms;
    let can = |turn| {
        let after = visit.standing.after(turn, visit.span.start_ms, now_ms);
        after.is_ok_and(|after| after != visit.standing)
    };
    Ok(Row {
        href: shared.map(|vehicle| format!("/advisor/vehicles/{}", vehicle.device)),
        odometer: shared
            .and_then(|vehicle| vehicle.state.usage().odometer_m)
            .map(|metres| format.odometer_field(metres.into())),
        can_arrive: can(Turn::Arrive),
        can_miss: can(Turn::Miss) && visit.standing == Standing::Planned,
        can_finish: can(Turn::Finish),
        visit: VisitView::new(visit, Some(workshop), format),
        car,
    })
}

/// The Monday of a day's week.
fn monday(day: Date) -> Date {
    day.saturating_sub(jiff::Span::new().days(i32::from(day.weekday().to_monday_zero_offset())))
}

/// A date as a heading; noon is within the day whatever the clocks do.
fn title(date: Date, format: &Format) -> String {
    format.parse_date(&date.to_string()).map_or_else(|| date.to_string(), |noon_ms| format.date(noon_ms))
}
