//! Live parts of pages: one stream a page, which sends what changed as finished HTML.
//!
//! The first message is the present state; a reader that comes back with the revision it had gets nothing until that is old.
//! Invariant: a stream ends when its session does, sends at most two messages a second, and a reader that lags gets the newest state, not every one.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use milepost_protocol::DeviceId;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::{AppState, Reader, advisor, care, home, lab};
use crate::accounts::{Advisor, Engineer, Granted, See, Token};
use crate::api::Problem;
use crate::domain::{Change, Right};

/// The least time between two messages of a stream.
const PAUSE: Duration = Duration::from_millis(500);

/// How often a silent stream shows that it lives.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// `GET /vehicles/{vehicle}/live`.
pub(crate) async fn vehicle(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<See>,
    reader: Reader,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let token = state.cookies.token(&headers).ok_or_else(Problem::sign_in)?;
    let watch = Watch::new(&state, token, Some(vehicle.device.clone()), &headers)?;
    Ok(stream(watch, move |state| {
        let (owner, mut reader, id) = (owner.clone(), reader.clone(), vehicle.device.clone());
        async move {
            reader.now_ms = state.now_ms();
            let vehicle = owner.vehicle_for(&state, id.as_str(), Right::See).await?;
            let html = home::state_fragment(&owner.0.account, &reader, &vehicle)?;
            Ok(Rendered { revision: vehicle.revision, parts: vec![("#state", html)] })
        }
    }))
}

/// `GET /advisor/live?…`: the list, as it is filtered.
pub(crate) async fn queue(
    State(state): State<AppState>,
    advisor: Advisor,
    reader: Reader,
    headers: HeaderMap,
    axum::extract::Query(filter): axum::extract::Query<advisor::Filter>,
) -> Result<Response, Problem> {
    let token = state.cookies.token(&headers).ok_or_else(Problem::sign_in)?;
    let watch = Watch::new(&state, token, None, &headers)?;
    Ok(stream(watch, move |state| {
        let (advisor, mut reader, filter) = (advisor.clone(), reader.clone(), filter.clone());
        async move {
            reader.now_ms = state.now_ms();
            let html = advisor::list_fragment(&state, &advisor, &reader, &filter).await?;
            Ok(Rendered { revision: 0, parts: vec![("#queue", html)] })
        }
    }))
}

/// `GET /advisor/follow-ups/live?…`: the list, as it is chosen.
pub(crate) async fn follow_ups(
    State(state): State<AppState>,
    advisor: Advisor,
    reader: Reader,
    headers: HeaderMap,
    axum::extract::Query(shown): axum::extract::Query<care::Shown>,
) -> Result<Response, Problem> {
    let token = state.cookies.token(&headers).ok_or_else(Problem::sign_in)?;
    let watch = Watch::new(&state, token, None, &headers)?;
    Ok(stream(watch, move |state| {
        let (advisor, mut reader, shown) = (advisor.clone(), reader.clone(), shown.clone());
        async move {
            reader.now_ms = state.now_ms();
            let html = care::fragment(&state, &advisor, &reader, &shown).await?;
            Ok(Rendered { revision: 0, parts: vec![("#follow-ups", html)] })
        }
    }))
}

/// `GET /advisor/vehicles/{vehicle}/live`: what the workshop's people do about one car.
pub(crate) async fn care_of_vehicle(
    State(state): State<AppState>,
    advisor: Advisor,
    reader: Reader,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let vehicle = advisor.vehicle(&state, &id).await?;
    let token = state.cookies.token(&headers).ok_or_else(Problem::sign_in)?;
    let watch = Watch::new(&state, token, Some(vehicle.device), &headers)?;
    Ok(stream(watch, move |state| {
        let (advisor, mut reader, id) = (advisor.clone(), reader.clone(), id.clone());
        async move {
            reader.now_ms = state.now_ms();
            let vehicle = advisor.vehicle(&state, &id).await?;
            let (care, told) = care::parts(&state, &advisor, &reader, &vehicle).await?;
            Ok(Rendered { revision: 0, parts: vec![("#care", care.into_text()), ("#told", told.into_text())] })
        }
    }))
}

/// `GET /lab/devices/{device}/live?…`: log, status and settings of one device.
pub(crate) async fn device(
    State(state): State<AppState>,
    engineer: Engineer,
    reader: Reader,
    headers: HeaderMap,
    Path(id): Path<String>,
    axum::extract::Query(filter): axum::extract::Query<lab::LogFilter>,
) -> Result<Response, Problem> {
    let vehicle = engineer.device(&state, &id).await?;
    let token = state.cookies.token(&headers).ok_or_else(Problem::sign_in)?;
    let watch = Watch::new(&state, token, Some(vehicle.device), &headers)?;
    Ok(stream(watch, move |state| {
        let (engineer, mut reader, id, filter) = (engineer.clone(), reader.clone(), id.clone(), filter.clone());
        async move {
            reader.now_ms = state.now_ms();
            let vehicle = engineer.device(&state, &id).await?;
            let parts = lab::live_parts(&state, &engineer.0.account, &reader, &vehicle, &filter)?;
            Ok(Rendered { revision: vehicle.revision, parts })
        }
    }))
}

struct Rendered {
    revision: u64,
    /// What is shown now, each part with the element that it replaces.
    parts: Vec<(&'static str, String)>,
}

struct Watch {
    state: AppState,
    token: Token,
    changes: Receiver<Change>,
    only: Option<DeviceId>,
    /// The revision that the reader has.
    has: Option<u64>,
    first: bool,
    _seat: tokio::sync::OwnedSemaphorePermit,
}

impl Watch {
    fn new(state: &AppState, token: Token, only: Option<DeviceId>, headers: &HeaderMap) -> Result<Self, Problem> {
        let seat = state.stream_seat()?;
        let changes = state.service.subscribe();
        let has = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
        Ok(Self { state: state.clone(), token, changes, only, has, first: true, _seat: seat })
    }

    /// Waits until there may be something new; `false` when the service stops.
    async fn wait(&mut self) -> bool {
        if std::mem::take(&mut self.first) {
            return true;
        }
        loop {
            match self.changes.recv().await {
                Ok(change) if self.only.as_ref().is_none_or(|only| *only == change.vehicle) => break,
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => {
                    metrics::counter!("milepost_sse_lagged_total").increment(missed);
                    break;
                }
                Err(RecvError::Closed) => return false,
            }
        }
        // What came in the meantime is in the state that is about to be read.
        tokio::time::sleep(PAUSE).await;
        self.changes = self.changes.resubscribe();
        true
    }
}

fn stream<F, R>(watch: Watch, render: F) -> Response
where
    F: Fn(AppState) -> R + Send + 'static,
    R: Future<Output = Result<Rendered, Problem>> + Send,
{
    let events = stream::unfold((watch, render), |(mut watch, render)| async move {
        loop {
            if !watch.wait().await {
                return None;
            }
            let alive = watch.state.accounts.authenticate(&watch.token).await;
            if !matches!(alive, Ok(Some(_))) {
                return None;
            }
            let rendered = render(watch.state.clone()).await.ok()?;
            if rendered.revision != 0 && watch.has == Some(rendered.revision) {
                continue;
            }
            watch.has = Some(rendered.revision);
            return Some((Ok::<_, Infallible>(event(&rendered)), (watch, render)));
        }
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response()
}

fn event(rendered: &Rendered) -> Event {
    let Rendered { revision, parts } = rendered;
    let partial = |(target, html): &(&str, String)| {
        let html = html.replace('\r', "");
        format!("<hx-partial hx-target=\"{target}\" hx-swap=\"outerMorph\">{html}</hx-partial>")
    };
    let data: String = parts.iter().map(partial).collect();
    let event = Event::default().data(data);
    if *revision == 0 { event } else { event.id(revision.to_string()) }
}
