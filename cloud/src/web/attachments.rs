//! What the forms beside the entries of a service book do with receipts.

use axum::extract::multipart::{Multipart, MultipartRejection};
use axum::extract::{Path, State};
use axum::response::Response;

use super::{AppState, render};
use crate::accounts::{Granted, Own};
use crate::api::Problem;
use crate::api::attachments::{attached, removed};

/// `POST /vehicles/{vehicle}/services/{service}/receipts`.
pub(crate) async fn attach(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
    Path((_, service)): Path<(String, String)>,
    file: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    attached(&state, &owner, &vehicle, &service, file).await?;
    Ok(render::see_other(&format!("/vehicles/{}/services?did=attached#service-{service}", vehicle.device)))
}

/// `POST /vehicles/{vehicle}/services/{service}/receipts/{receipt}/remove`.
pub(crate) async fn remove(
    State(state): State<AppState>,
    Granted { vehicle, .. }: Granted<Own>,
    Path((_, service, receipt)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    removed(&state, &vehicle, &service, &receipt).await?;
    Ok(render::see_other(&format!("/vehicles/{}/services?did=detached#service-{service}", vehicle.device)))
}
