//! The roles as extractors: a handler that names none of them gets no data.
//!
//! Invariant: a signed-in caller of the wrong role, and an owner who asks for another's vehicle, get "not found".

use std::convert::Infallible;
use std::marker::PhantomData;

use axum::extract::{FromRequestParts, MatchedPath, RawPathParams};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use milepost_protocol::DeviceId;
use milepost_protocol::downlink::Purposes;

use super::{Account, Role, SessionId};
use crate::api::{Problem, scope_of};
use crate::domain::{Actor, Right, Vehicle};
use crate::web::AppState;

/// Whoever calls, logged in or not.
#[derive(Debug, Clone)]
pub struct Caller(pub Option<SignedIn>);

/// Somebody who is logged in, of any role.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Their account.
    pub account: Account,
    /// The session of this request.
    pub session: SessionId,
}

/// An owner, or somebody whom an owner lets see a vehicle: what they may do with it is asked for with a [`Right`].
#[derive(Debug, Clone)]
pub struct Owner(pub SignedIn);

/// A right as a type, which a handler names in its arguments.
pub trait Needed: Send + Sync + 'static {
    /// The right.
    const RIGHT: Right;
}

macro_rules! needed {
    ($($name:ident)*) => {$(
        #[doc = concat!("[`Right::", stringify!($name), "`] as a type.")]
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl Needed for $name {
            const RIGHT: Right = Right::$name;
        }
    )*};
}

needed! { See Trips Act Own }

/// The vehicle that the route names as `{vehicle}`, and whoever has the right to what the handler does with it: its owner, or
/// somebody by its owner's word.
#[derive(Debug, Clone)]
pub struct Granted<R> {
    /// Who asks.
    pub owner: Owner,
    /// The vehicle as it stands.
    pub vehicle: Vehicle,
    right: PhantomData<R>,
}

/// A service advisor.
#[derive(Debug, Clone)]
pub struct Advisor(pub SignedIn);

/// A firmware engineer.
#[derive(Debug, Clone)]
pub struct Engineer(pub SignedIn);

/// Who answers for offers and journeys.
#[derive(Debug, Clone)]
pub struct Lead(pub SignedIn);

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        if let Some(token) = bearer(parts) {
            return by_token(parts, state, token).await;
        }
        let token = state.cookies.token(&parts.headers).ok_or_else(Problem::sign_in)?;
        let found = state.accounts.authenticate(&token).await?;
        let (account, session) = found.ok_or_else(Problem::sign_in)?;
        Ok(Self { account, session })
    }
}

/// The token that a program sends (RFC 6750 §2.1); other kinds of authorisation are a proxy's own.
fn bearer(parts: &Parts) -> Option<&str> {
    let (kind, token) = parts.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    kind.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A program with a token of an owner's: it gets what the token's scopes open, and nothing that is not listed for tokens.
async fn by_token(parts: &Parts, state: &AppState, token: &str) -> Result<SignedIn, Problem> {
    let found = state.accounts.authenticate_token(token).await?;
    let (account, session, scopes) = found.ok_or_else(Problem::sign_in)?;
    let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    match scope_of(&parts.method, path) {
        Some(scope) if scopes.contains(&scope) => Ok(SignedIn { account, session }),
        _ => Err(Problem::scope()),
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        Ok(Self(SignedIn::from_request_parts(parts, state).await.ok()))
    }
}

async fn with_role(parts: &mut Parts, state: &AppState, role: Role) -> Result<SignedIn, Problem> {
    let caller = SignedIn::from_request_parts(parts, state).await?;
    if caller.account.role == role { Ok(caller) } else { Err(Problem::not_found()) }
}

impl FromRequestParts<AppState> for Owner {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        with_role(parts, state, Role::Owner).await.map(Self)
    }
}

impl<R: Needed> FromRequestParts<AppState> for Granted<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let owner = Owner::from_request_parts(parts, state).await?;
        let named = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Problem::not_found())?;
        let id = named.iter().find(|(name, _)| *name == "vehicle").ok_or_else(Problem::not_found)?.1;
        let vehicle = owner.vehicle_for(state, id, R::RIGHT).await?;
        Ok(Self { owner, vehicle, right: PhantomData })
    }
}

impl FromRequestParts<AppState> for Advisor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        with_role(parts, state, Role::Advisor).await.map(Self)
    }
}

impl FromRequestParts<AppState> for Engineer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        with_role(parts, state, Role::Engineer).await.map(Self)
    }
}

impl FromRequestParts<AppState> for Lead {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        with_role(parts, state, Role::Lead).await.map(Self)
    }
}

impl Owner {
    /// The vehicle with this id, if it is theirs.
    pub async fn vehicle(&self, state: &AppState, id: &str) -> Result<Vehicle, Problem> {
        self.vehicle_for(state, id, Right::Own).await
    }

    /// The vehicle with this id, if they have a right to it, as its owner or by its owner's word.
    pub async fn vehicle_for(&self, state: &AppState, id: &str, right: Right) -> Result<Vehicle, Problem> {
        let vehicle = load(state, id).await?;
        vehicle.filter(|vehicle| self.has(vehicle, right)).ok_or_else(Problem::not_found)
    }

    /// Whether they have a right to a vehicle.
    pub fn has(&self, vehicle: &Vehicle, right: Right) -> bool {
        vehicle.allows(&self.0.account.id, right)
    }

    /// Whether a vehicle is theirs, or they may see it by its owner's word.
    pub fn may_see(&self, vehicle: &Vehicle) -> bool {
        self.has(vehicle, Right::See)
    }

    /// The owner as the cause of a change of the own vehicle.
    pub fn actor(&self) -> Actor {
        Actor::Owner(self.0.account.id.clone())
    }

    /// The caller as the cause of a change of a vehicle, as what they are to it.
    pub fn actor_on(&self, vehicle: &Vehicle) -> Actor {
        if self.has(vehicle, Right::Own) { self.actor() } else { Actor::Family(self.0.account.id.clone()) }
    }
}

impl Advisor {
    /// The vehicle with this id, if its owner shares it with the workshop; that somebody looked at it is noted for the owner.
    pub async fn vehicle(&self, state: &AppState, id: &str) -> Result<Vehicle, Problem> {
        let vehicle = load(state, id).await?;
        let vehicle = vehicle.filter(|vehicle| self.may_see(vehicle)).ok_or_else(Problem::not_found)?;
        state.accounts.note_read(&vehicle, &self.0.account.id).await?;
        Ok(vehicle)
    }

    /// Notes for their owners that vehicles stand in a list that the advisor is shown; comes before the list is.
    pub async fn lists<'v>(
        &self,
        state: &AppState,
        vehicles: impl IntoIterator<Item = &'v Vehicle>,
    ) -> Result<(), Problem> {
        let mut vehicles: Vec<&Vehicle> = vehicles.into_iter().collect();
        vehicles.sort_by(|one, other| one.device.cmp(&other.device));
        vehicles.dedup_by(|one, other| one.device == other.device);
        Ok(state.accounts.note_listed(&vehicles, &self.0.account.id).await?)
    }

    /// Whether a vehicle is shared with the workshop.
    pub fn may_see(&self, vehicle: &Vehicle) -> bool {
        vehicle.consent.purposes.contains(Purposes::WORKSHOP)
    }
}

impl Engineer {
    /// Whether the devices are theirs to see: all are, since they name no owner.
    pub fn may_see(&self) -> bool {
        true
    }

    /// The device with this id.
    pub async fn device(&self, state: &AppState, id: &str) -> Result<Vehicle, Problem> {
        load(state, id).await?.filter(|_| self.may_see()).ok_or_else(Problem::not_found)
    }

    /// The engineer as the cause of a change.
    pub fn actor(&self) -> Actor {
        Actor::Engineer(self.0.account.id.clone())
    }
}

async fn load(state: &AppState, id: &str) -> Result<Option<Vehicle>, Problem> {
    let Ok(device) = id.parse::<DeviceId>() else { return Ok(None) };
    Ok(state.service.vehicle(&device).await?)
}
