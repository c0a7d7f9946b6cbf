//! What every page about a vehicle begins with: whose it is, the vehicle itself, and how it is written for whoever reads.
//!
//! Invariant: whoever lacks the right that a handler names gets "not found" before the request's body is read.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::{AppState, Reader};
use crate::accounts::{Granted, Needed, Owner};
use crate::api::Problem;
use crate::domain::Vehicle;
use crate::i18n::Format;

/// A vehicle that is granted, with the reader and how figures are written for them.
#[derive(Debug, Clone)]
pub(crate) struct Opened<R> {
    /// Who asks.
    pub(crate) owner: Owner,
    /// The vehicle as it stands.
    pub(crate) vehicle: Vehicle,
    /// How texts are written for this request.
    pub(crate) reader: Reader,
    /// How figures about the vehicle are written for this account.
    pub(crate) format: Format,
    right: PhantomData<R>,
}

impl<R: Needed> FromRequestParts<AppState> for Opened<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let Granted { owner, vehicle, .. } = Granted::<R>::from_request_parts(parts, state).await?;
        let reader = Reader::of(&parts.headers, state);
        let format = reader.format(&owner.0.account, Some(&vehicle));
        Ok(Self { owner, vehicle, reader, format, right: PhantomData })
    }
}
