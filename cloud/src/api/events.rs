//! Server-sent events: what changed, for programs.
//!
//! `vehicle` carries `{vehicle, revision}` and `notice` carries `{vehicle, notice, state, at_us}`; the first messages are the present state.
//! A stream has no memory: whoever comes back, with a `Last-Event-ID` or without, gets the present state again and misses nothing.
//! Invariant: a caller hears of what the role may see and of nothing else, also after a consent was withdrawn or a vehicle changed hands.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use milepost_protocol::notice::NoticeState;
use milepost_protocol::{DeviceId, NoticeId};
use serde::Serialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::{Advisor, Engineer, Owner, Role, SignedIn, Token};
use crate::domain::{Change, ChangeKind, NoticeDoc, Vehicle};
use crate::web::lab::{Filter, find};
use crate::web::{AppState, visible};

/// How often a silent stream shows that it lives.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// How many devices an engineer hears of at first.
const DEVICES: usize = 200;

/// How long a stream goes on before it looks again whether the session still lives, in milliseconds.
const LOOK_AGAIN_MS: u64 = 5_000;

/// A notice was raised or changed its state.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoticeEvent {
    vehicle: String,
    notice: String,
    /// As in the notice itself.
    state: &'static str,
    /// When it was published, in microseconds of Unix time by the machine's clock.
    at_us: u64,
}

/// A vehicle's committed state moved on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VehicleEvent {
    vehicle: String,
    revision: u64,
}

/// What changed, as it happens: events `vehicle` and `notice`, each with its JSON.
#[utoipa::path(get, path = "/api/v1/events", tag = "live", responses(
    (status = 200, description = "Events `vehicle` (VehicleEvent) and `notice` (NoticeEvent)", content_type = "text/event-stream", body = NoticeEvent),
    (status = 401, body = ProblemBody)))]
pub(crate) async fn events(
    State(state): State<AppState>,
    caller: SignedIn,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let seat = state.stream_seat()?;
    let token = state.cookies.token(&headers).ok_or_else(Problem::sign_in)?;
    let changes = state.service.subscribe();
    let mut feed = Feed {
        looked_ms: state.wall.now_ms(),
        state,
        caller,
        token,
        changes,
        sight: HashMap::new(),
        ready: VecDeque::new(),
        _seat: seat,
    };
    feed.snapshot().await?;
    let events = stream::unfold(feed, |mut feed| async move {
        let event = feed.next().await?;
        Some((Ok::<_, Infallible>(event), feed))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response())
}

struct Feed {
    state: AppState,
    caller: SignedIn,
    token: Token,
    changes: Receiver<Change>,
    /// For vehicles met so far, whether the caller may see them.
    sight: HashMap<DeviceId, bool>,
    ready: VecDeque<Event>,
    looked_ms: u64,
    _seat: tokio::sync::OwnedSemaphorePermit,
}

impl Feed {
    /// The next event; `None` ends the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            match self.changes.recv().await {
                Ok(change) => {
                    let at_us = self.state.wall.now_us();
                    if !self.is_alive().await {
                        return None;
                    }
                    if let Err(problem) = self.change(&change, at_us).await {
                        tracing::warn!(problem = problem.code, "an event stream ended early");
                        return None;
                    }
                }
                Err(RecvError::Lagged(missed)) => {
                    metrics::counter!("milepost_sse_lagged_total").increment(missed);
                    self.snapshot().await.ok()?;
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }

    async fn is_alive(&mut self) -> bool {
        let now_ms = self.state.wall.now_ms();
        if now_ms.saturating_sub(self.looked_ms) < LOOK_AGAIN_MS {
            return true;
        }
        self.looked_ms = now_ms;
        matches!(self.state.accounts.authenticate(&self.token).await, Ok(Some(_)))
    }

    async fn snapshot(&mut self) -> Result<(), Problem> {
        let caller = self.caller.clone();
        let vehicles = match caller.account.role {
            Role::Owner => self.state.service.vehicles_for(&caller.account.id).await?,
            Role::Advisor => {
                let advisor = Advisor(caller);
                let vehicles = visible(&self.state, &advisor).await?;
                advisor.lists(&self.state, &vehicles).await?;
                vehicles
            }
            Role::Engineer => find(&self.state, &Filter::default(), DEVICES).await?.vehicles,
            // Whoever answers for offers sees sums, not cars.
            Role::Lead => Vec::new(),
        };
        let at_us = self.state.wall.now_us();
        let now_ms = self.state.now_ms();
        for vehicle in &vehicles {
            self.sight.insert(vehicle.device.clone(), true);
            self.vehicle(&vehicle.device, vehicle.revision);
            if self.caller.account.role != Role::Engineer {
                let open: Vec<_> = vehicle.open_notices(now_ms).filter(|notice| self.tells(vehicle, notice)).collect();
                for notice in open {
                    self.notice(&vehicle.device, notice.id(), notice.state(), at_us);
                }
            }
        }
        Ok(())
    }

    async fn change(&mut self, change: &Change, at_us: u64) -> Result<(), Problem> {
        let moved = |kind: &ChangeKind| matches!(kind, ChangeKind::Consent | ChangeKind::Profile | ChangeKind::Access);
        if change.kinds.iter().any(moved) {
            self.sight.remove(&change.vehicle);
        }
        let known = self.sight.get(&change.vehicle).copied();
        if known == Some(false) {
            return Ok(());
        }
        let notices: Vec<NoticeId> = change
            .kinds
            .iter()
            .filter_map(|kind| match kind {
                ChangeKind::NoticeRaised(id) | ChangeKind::NoticeChanged(id) => Some(*id),
                _ => None,
            })
            .collect();
        let with_notices = !notices.is_empty() && self.caller.account.role != Role::Engineer;
        let vehicle =
            if known.is_none() || with_notices { self.state.service.vehicle(&change.vehicle).await? } else { None };
        if known.is_none() {
            let may_see = vehicle.as_ref().is_some_and(|vehicle| self.may_see(vehicle));
            self.sight.insert(change.vehicle.clone(), may_see);
            if !may_see {
                return Ok(());
            }
        }
        self.vehicle(&change.vehicle, change.revision);
        if let Some(vehicle) = vehicle.filter(|_| with_notices) {
            for id in notices {
                if let Some(notice) = vehicle.notices.get(&id).filter(|notice| self.tells(&vehicle, notice)) {
                    self.notice(&change.vehicle, id, notice.state(), at_us);
                }
            }
        }
        Ok(())
    }

    fn may_see(&self, vehicle: &Vehicle) -> bool {
        let caller = self.caller.clone();
        match caller.account.role {
            Role::Owner => Owner(caller).may_see(vehicle),
            Role::Advisor => Advisor(caller).may_see(vehicle),
            Role::Engineer => Engineer(caller).may_see(),
            Role::Lead => false,
        }
    }

    /// Whether the caller hears of a notice: one that somebody lets see the car hears nothing of offers.
    fn tells(&self, vehicle: &Vehicle, notice: &NoticeDoc) -> bool {
        self.caller.account.role != Role::Owner || vehicle.tells(&self.caller.account.id, notice.subject.kind())
    }

    fn vehicle(&mut self, vehicle: &DeviceId, revision: u64) {
        self.push("vehicle", &VehicleEvent { vehicle: vehicle.to_string(), revision });
    }

    fn notice(&mut self, vehicle: &DeviceId, notice: NoticeId, state: NoticeState, at_us: u64) {
        let event =
            NoticeEvent { vehicle: vehicle.to_string(), notice: notice.to_string(), state: state.name(), at_us };
        self.push("notice", &event);
    }

    fn push(&mut self, name: &'static str, data: &impl Serialize) {
        let id = self.state.wall.now_us().to_string();
        match Event::default().event(name).id(id).json_data(data) {
            Ok(event) => self.ready.push_back(event),
            Err(error) => tracing::error!(%error, "an event does not serialise"),
        }
    }
}
