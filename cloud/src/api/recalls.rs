//! Recalls: the agency's file in, and what became of it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::Engineer;
use crate::recalls::Recalls;
use crate::web::AppState;

/// What became of a file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecallsBody {
    recalls: ImportedBody,
}

/// How many of a file's recalls were new.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImportedBody {
    new: usize,
    changed: usize,
    same: usize,
    /// Rows about tyres, child seats and equipment.
    other: usize,
    /// Rows without a model year.
    without_year: usize,
    /// Notices that were raised.
    raised: usize,
}

/// Take a file of recalls, tab separated as the NHTSA publishes it, and tell the cars that it may concern; taking it again changes nothing.
#[utoipa::path(post, path = "/api/v1/recalls", tag = "engineer",
    request_body(content = String, content_type = "text/tab-separated-values"), responses(
    (status = 200, body = RecallsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn import(
    State(state): State<AppState>,
    _engineer: Engineer,
    body: Bytes,
) -> Result<Json<RecallsBody>, Problem> {
    let recalls = Recalls::new(state.service.clone());
    let imported = recalls.import(&body).await?;
    let raised = recalls.tell().await?;
    Ok(Json(RecallsBody {
        recalls: ImportedBody {
            new: imported.new,
            changed: imported.changed,
            same: imported.same,
            other: imported.other,
            without_year: imported.without_year,
            raised,
        },
    }))
}
