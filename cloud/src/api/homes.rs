//! An owner's own Home Assistant.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::Owner;
use crate::homes::{HomeLink, LinkWish};
use crate::i18n::timestamp;
use crate::web::AppState;

/// What is set up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HomeBody {
    home_assistant: HomeDetail,
}

/// The broker in use, and how it is reached.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HomeDetail {
    /// Whether it is switched on.
    on: bool,
    host: Option<String>,
    port: Option<u16>,
    tls: Option<bool>,
    user: Option<String>,
    prefix: Option<String>,
    /// When the connection began, or failed last.
    status_at: Option<Timestamp>,
    /// Why it failed; absent while it stands.
    error: Option<String>,
    /// Whether something has still to be taken away from a broker that was left.
    clearing: bool,
}

/// A broker of the owner's own.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct HomeRequest {
    host: String,
    /// 8883 with TLS and 1883 without, if absent.
    port: Option<u16>,
    /// True if absent; without TLS only where the installation allows it.
    tls: Option<bool>,
    #[serde(default)]
    user: String,
    /// It is never told again; empty keeps the present one.
    #[serde(default)]
    password: String,
    /// Where Home Assistant looks for discovery; `homeassistant` if absent.
    #[serde(default)]
    prefix: String,
}

fn body(link: &HomeLink) -> Json<HomeBody> {
    let broker = link.present.as_ref().map(|present| &present.broker);
    Json(HomeBody {
        home_assistant: HomeDetail {
            on: broker.is_some(),
            host: broker.map(|broker| broker.host.clone()),
            port: broker.map(|broker| broker.port),
            tls: broker.map(|broker| broker.tls),
            user: broker.map(|broker| broker.user.clone()),
            prefix: broker.map(|broker| broker.prefix.clone()),
            status_at: link.status.as_ref().map(|status| timestamp(status.at_ms)),
            error: link.status.as_ref().and_then(|status| status.error.clone()),
            clearing: !link.left.is_empty(),
        },
    })
}

/// Whether the caller's cars are told to a Home Assistant, and where.
#[utoipa::path(get, path = "/api/v1/home-assistant", tag = "owner", responses(
    (status = 200, body = HomeBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn show(State(state): State<AppState>, owner: Owner) -> Result<Json<HomeBody>, Problem> {
    Ok(body(&state.homes().link(&owner.0.account.id).await?))
}

/// Tell the caller's cars to a Home Assistant by MQTT discovery.
#[utoipa::path(put, path = "/api/v1/home-assistant", tag = "owner", request_body = HomeRequest, responses(
    (status = 200, body = HomeBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn switch_on(
    State(state): State<AppState>,
    owner: Owner,
    Json(request): Json<HomeRequest>,
) -> Result<Json<HomeBody>, Problem> {
    let HomeRequest { host, port, tls, user, password, prefix } = request;
    let port = port.map(|port| port.to_string()).unwrap_or_default();
    let wish = LinkWish { host, port, tls: tls.unwrap_or(true), user, password, prefix };
    Ok(body(&state.homes().switch_on(&owner.0.account.id, &wish).await?))
}

/// Switch it off; everything is taken away from the broker.
#[utoipa::path(delete, path = "/api/v1/home-assistant", tag = "owner", responses(
    (status = 200, body = HomeBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn switch_off(State(state): State<AppState>, owner: Owner) -> Result<Json<HomeBody>, Problem> {
    Ok(body(&state.homes().switch_off(&owner.0.account.id).await?))
}
