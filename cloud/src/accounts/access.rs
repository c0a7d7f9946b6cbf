//! The roles as extractors: a handler that names none of them gets no data.
//!
//! Invariant: a signed-in caller of the wrong role, and an owner who asks for another's vehicle, get "not found".

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use milepost_protocol::DeviceId;
use milepost_protocol::downlink::Purposes;

use super::{Account, Role, SessionId};
use crate::api::Problem;
use crate::domain::{Actor, Vehicle};
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

/// An owner.
#[derive(Debug, Clone)]
pub struct Owner(pub SignedIn);

/// A service advisor.
#[derive(Debug, Clone)]
pub struct Advisor(pub SignedIn);

/// A firmware engineer.
#[derive(Debug, Clone)]
pub struct Engineer(pub SignedIn);

/// A customer-experience lead.
#[derive(Debug, Clone)]
pub struct Experience(pub SignedIn);

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let token = state.cookies.token(&parts.headers).ok_or_else(Problem::sign_in)?;
        let found = state.accounts.authenticate(&token).await?;
        let (account, session) = found.ok_or_else(Problem::sign_in)?;
        Ok(Self { account, session })
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

impl FromRequestParts<AppState> for Experience {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        with_role(parts, state, Role::Experience).await.map(Self)
    }
}

impl Experience {
    /// Whether the person behind a vehicle may be named: its owner shares it with the workshop.
    pub fn may_see(&self, vehicle: &Vehicle) -> bool {
        vehicle.consent.purposes.contains(Purposes::WORKSHOP)
    }
}

impl Owner {
    /// The vehicle with this id, if it is theirs.
    pub async fn vehicle(&self, state: &AppState, id: &str) -> Result<Vehicle, Problem> {
        let vehicle = load(state, id).await?;
        vehicle.filter(|vehicle| self.may_see(vehicle)).ok_or_else(Problem::not_found)
    }

    /// Whether a vehicle is theirs.
    pub fn may_see(&self, vehicle: &Vehicle) -> bool {
        vehicle.owner.as_ref() == Some(&self.0.account.id)
    }

    /// The owner as the cause of a change.
    pub fn actor(&self) -> Actor {
        Actor::Owner(self.0.account.id.clone())
    }
}

impl Advisor {
    /// The vehicle with this id, if its owner shares it with the workshop.
    pub async fn vehicle(&self, state: &AppState, id: &str) -> Result<Vehicle, Problem> {
        let vehicle = load(state, id).await?;
        vehicle.filter(|vehicle| self.may_see(vehicle)).ok_or_else(Problem::not_found)
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
