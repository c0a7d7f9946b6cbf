//! The journey board: where owners stand, how the programmes do, and what they return.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use milepost_engine::journey::{Returns, dealer_returns};

use super::words;
use crate::accounts::Lead;
use crate::api::Problem;
use crate::i18n::Format;
use crate::web::page::{Page, Section};
use crate::web::{AppState, Reader, render};

#[derive(Template)]
#[template(path = "experience/board.html")]
struct BoardPage {
    page: Page,
    owners: String,
    stages: Vec<StageRow>,
    programmes: Vec<ProgrammeRow>,
    returns: Vec<ReturnTable>,
}

struct ReturnTable {
    id: &'static str,
    title: &'static str,
    rows: Vec<ReturnRow>,
}

struct StageRow {
    name: String,
    likeliest: String,
    share: String,
    percent: u32,
}

struct ProgrammeRow {
    name: String,
    version: u32,
    responsible: String,
    active: String,
    ended: String,
    left: String,
    told: String,
    passed_over: String,
}

struct ReturnRow {
    name: String,
    contacts: String,
    cost: String,
    followed: String,
    margin: String,
    ratio: String,
}

/// `GET /experience/journeys`.
pub(crate) async fn board(State(state): State<AppState>, lead: Lead, reader: Reader) -> Result<Response, Problem> {
    let account = &lead.0.account;
    let page = Page::of(&reader, account, "journeys-title", Section::Journeys);
    let format = reader.format(account, None);
    let board = state.journeys.board(state.now_ms()).await?;
    let touched = state.journeys.touched().await?;
    let integer = |count: u64| format.integer(count.cast_signed());
    let stages = board.stages.iter().map(|(stage, (sum, likeliest))| {
        let share = if board.owners == 0 { 0.0 } else { sum / board.owners as f64 };
        StageRow {
            name: words::stage(&format, *stage),
            likeliest: integer(*likeliest),
            share: format.percent(share),
            percent: (share * 100.0).round() as u32,
        }
    });
    let programmes = state.journeys.programmes().all().iter().map(|programme| {
        let count = board.programmes.get(&programme.name).cloned().unwrap_or_default();
        ProgrammeRow {
            name: words::programme(&format, &programme.name),
            version: programme.version,
            responsible: programme.responsible.clone(),
            active: integer(count.active),
            ended: integer(count.ended),
            left: integer(count.left),
            told: integer(count.told),
            passed_over: integer(count.passed_over),
        }
    });
    let responsible = state.journeys.returns_by_responsible(&touched.people);
    let dealers = dealer_returns(&touched.people, state.journeys.margin_cents());
    render::html(&BoardPage {
        owners: integer(board.owners),
        stages: stages.collect(),
        programmes: programmes.collect(),
        returns: vec![
            ReturnTable {
                id: "responsible",
                title: "journeys-returns-responsible",
                rows: responsible.iter().map(|(name, sum)| returned(&format, name, *sum)).collect(),
            },
            ReturnTable {
                id: "dealers",
                title: "journeys-returns-dealers",
                rows: dealers.iter().map(|(name, sum)| returned(&format, name, *sum)).collect(),
            },
        ],
        page,
    })
}

fn returned(format: &Format, name: &str, sum: Returns) -> ReturnRow {
    ReturnRow {
        name: name.to_owned(),
        contacts: format.integer(sum.contacts.cast_signed()),
        cost: format.money(sum.cost_cents.cast_signed()),
        followed: format.integer(sum.followed.cast_signed()),
        margin: format.money(sum.margin_cents.cast_signed()),
        ratio: sum.ratio().map_or_else(|| "–".to_owned(), |ratio| format.percent(ratio)),
    }
}
