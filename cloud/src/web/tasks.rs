//! The advisor's calls and letters: what owners have not answered.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use milepost_protocol::NoticeId;

use super::care::{Choice, DeedBar};
use super::page::{Page, Section};
use super::{AppState, Reader, render};
use crate::accounts::Advisor;
use crate::api::Problem;
use crate::channels::TaskKind;
use crate::i18n::title;
use crate::web::vehicle_name;

#[derive(Template)]
#[template(path = "advisor/tasks.html")]
struct TasksPage {
    page: Page,
    tasks: Vec<TaskRow>,
    people: Vec<Choice>,
    today: String,
}

struct TaskRow {
    what: String,
    title: String,
    vehicle: String,
    href: String,
    since: String,
    action: String,
    letter: Option<String>,
    /// For a call: where a follow-up is made of it.
    follow_up: Option<String>,
    notice: String,
}

/// `GET /advisor/tasks`.
pub(crate) async fn show(State(state): State<AppState>, advisor: Advisor, reader: Reader) -> Result<Response, Problem> {
    let account = &advisor.0.account;
    let page = Page::of(&reader, account, "tasks-title", Section::Tasks);
    let localizer = page.localizer;
    let open = state.channels.tasks().await?;
    let visible: Vec<_> = open.into_iter().filter(|(_, vehicle)| advisor.may_see(vehicle)).collect();
    advisor.lists(&state, visible.iter().map(|(_, vehicle)| vehicle)).await?;
    let rows = visible.into_iter().filter_map(|(task, vehicle)| {
        let format = reader.format(account, Some(&vehicle));
        let notice = vehicle.notices.get(&task.notice)?;
        let (device, id) = (&vehicle.device, task.notice);
        let is_letter = task.kind == TaskKind::Letter;
        Some(TaskRow {
            what: localizer.text(if is_letter { "tasks-letter" } else { "tasks-call" }),
            title: title(localizer, notice),
            vehicle: vehicle_name(localizer, &vehicle),
            href: format!("/advisor/vehicles/{device}"),
            since: localizer.with("tasks-since", [("age", format.age(task.since_ms).into())]),
            action: format!("/advisor/tasks/{device}/{id}/{}", task.kind.name()),
            follow_up: (!is_letter).then(|| format!("/advisor/vehicles/{device}/follow-ups")),
            notice: id.to_string(),
            letter: is_letter.then(|| format!("/api/v1/tasks/{device}/{id}/letter")),
        })
    });
    let DeedBar { people, today, .. } = DeedBar::of(&state, account, &reader.format(account, None)).await?;
    render::html(&TasksPage { tasks: rows.collect(), page, people, today })
}

/// `POST /advisor/tasks/{vehicle}/{notice}/{kind}`.
pub(crate) async fn finish(
    State(state): State<AppState>,
    advisor: Advisor,
    Path((vehicle, notice, kind)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let vehicle = advisor.vehicle(&state, &vehicle).await?;
    let notice: NoticeId = notice.parse().map_err(|_| Problem::not_found())?;
    let kind = TaskKind::from_name(&kind).ok_or_else(Problem::not_found)?;
    // Somebody else may have been faster; the page behind shows what is left.
    state.channels.finish(&vehicle.device, notice, kind, &advisor.0.account.id).await?;
    Ok(render::see_other("/advisor/tasks"))
}
