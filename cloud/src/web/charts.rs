//! Charts of a car's values: drawn here as small lines with their tables, and in the browser, where it has a script, as charts to look into.
//!
//! Invariant: what the script draws is what the page already says; without it nothing is missing but the looking into.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use milepost_protocol::downlink::Purposes;
use milepost_protocol::plan::DAY_MS;
use milepost_protocol::record::Wheel;

use super::owner::owner_page;
use super::page::{Page, Section};
use super::spark::{Spark, spark};
use super::{AppState, Opened, render};
use crate::accounts::Own;
use crate::api::Problem;
use crate::i18n::Format;
use crate::traces::{Quantity, Trace, traces};

/// A span without readings from which on most lines break.
const GAP_MS: u64 = 3 * DAY_MS;

/// The odometer is kept by the week at last.
const ODOMETER_GAP_MS: u64 = 15 * DAY_MS;

/// Lines that share one chart.
#[derive(Debug)]
pub(crate) struct Chart {
    pub(crate) title: String,
    pub(crate) unit: String,
    /// What the API's values are multiplied with.
    pub(crate) scale: f64,
    pub(crate) decimals: u8,
    pub(crate) gap_s: u64,
    pub(crate) lines: Vec<ChartLine>,
}

/// One line of a chart.
#[derive(Debug)]
pub(crate) struct ChartLine {
    pub(crate) quantity: &'static str,
    pub(crate) spark: Spark,
}

/// How a chart's values are written.
struct Scale {
    title: &'static str,
    unit: String,
    factor: f64,
    decimals: u8,
    gap_ms: u64,
}

fn scale(quantity: Quantity, format: &Format) -> Scale {
    let (title, unit, factor, decimals) = match quantity {
        Quantity::Odometer => ("tile-odometer", format.unit.code().to_owned(), 1.0 / format.unit.metres(), 0),
        Quantity::RestVoltage => ("chart-battery", "V".to_owned(), 1.0, 2),
        Quantity::Pressure(_) => ("chart-tyres", "bar".to_owned(), 1e-5, 2),
        Quantity::Fuel => ("tile-fuel", "%".to_owned(), 100.0, 0),
        Quantity::Charge => ("tile-charge", "%".to_owned(), 100.0, 0),
    };
    let gap_ms = if quantity == Quantity::Odometer { ODOMETER_GAP_MS } else { GAP_MS };
    Scale { title, unit, factor, decimals, gap_ms }
}

fn say(quantity: Quantity, value: f64, format: &Format) -> String {
    match quantity {
        Quantity::Odometer => format.odometer(value as u64),
        Quantity::RestVoltage => format.volts(value * 1000.0),
        Quantity::Pressure(_) => format.pressure(value),
        Quantity::Fuel | Quantity::Charge => format.percent(value),
    }
}

fn name(quantity: Quantity, format: &Format) -> String {
    format.localizer.text(match quantity {
        Quantity::Pressure(Wheel::FrontLeft) => "wheel-front-left",
        Quantity::Pressure(Wheel::FrontRight) => "wheel-front-right",
        Quantity::Pressure(Wheel::RearLeft) => "wheel-rear-left",
        Quantity::Pressure(Wheel::RearRight) => "wheel-rear-right",
        other => scale(other, format).title,
    })
}

/// The charts of what was read; the tyres share one.
pub(crate) fn charts(traces: &[Trace], format: &Format) -> Vec<Chart> {
    let mut charts: Vec<Chart> = Vec::new();
    for trace in traces {
        let Scale { title, unit, factor, decimals, gap_ms } = scale(trace.quantity, format);
        let title = format.localizer.text(title);
        let words = |value| say(trace.quantity, value, format);
        let line = ChartLine {
            quantity: trace.quantity.name(),
            spark: spark(name(trace.quantity, format), &trace.points, gap_ms, format, words),
        };
        match charts.last_mut().filter(|last| last.title == title) {
            Some(last) => last.lines.push(line),
            None => {
                charts.push(Chart { title, unit, scale: factor, decimals, gap_s: gap_ms / 1000, lines: vec![line] });
            }
        }
    }
    charts
}

#[derive(Template)]
#[template(path = "owner/values.html")]
struct ValuesPage {
    page: Page,
    base: String,
    traces: String,
    charts: Vec<Chart>,
}

/// `GET /vehicles/{vehicle}/values`: how the owner's values went.
pub(crate) async fn show(
    State(state): State<AppState>,
    Opened { owner, vehicle, reader, format, .. }: Opened<Own>,
) -> Result<Response, Problem> {
    let found = traces(&state.service, &vehicle, Purposes(u8::MAX)).await?;
    render::html(&ValuesPage {
        page: owner_page(&state, &owner, &reader, &vehicle, "values-title", Section::Home)
            .await?
            .titled("values-title"),
        base: format!("/vehicles/{}", vehicle.device),
        traces: format!("/api/v1/vehicles/{}/traces", vehicle.device),
        charts: charts(&found, &format),
    })
}
