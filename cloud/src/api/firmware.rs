//! Firmware images: publishing a signed one, and what there is.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::Engineer;
use crate::firmware::{Bundle, FirmwareError, ImageDoc, hex};
use crate::i18n::timestamp;
use crate::web::AppState;

/// Images by board and version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImagesBody {
    images: Vec<ImageBody>,
}

/// One image.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OneImageBody {
    image: ImageBody,
}

/// What an image is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImageBody {
    board: String,
    version: String,
    /// Once it is confirmed, no version below this one is taken.
    floor: String,
    /// The first eight bytes of the build id, in hexadecimal digits.
    build: String,
    len: u32,
    /// In hexadecimal digits.
    sha256: String,
    published_by: String,
    published_at: Timestamp,
}

impl ImageBody {
    fn new(image: &ImageDoc) -> Result<Self, FirmwareError> {
        let manifest = image.manifest()?;
        Ok(Self {
            board: manifest.board.as_str().to_owned(),
            version: manifest.version.to_string(),
            floor: manifest.floor.to_string(),
            build: hex(&manifest.build),
            len: manifest.len,
            sha256: hex(&manifest.sha256),
            published_by: image.published_by.to_string(),
            published_at: timestamp(image.published_ms),
        })
    }
}

/// Published images.
#[utoipa::path(get, path = "/api/v1/firmware", tag = "engineer", responses(
    (status = 200, body = ImagesBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn list(State(state): State<AppState>, _engineer: Engineer) -> Result<Json<ImagesBody>, Problem> {
    let images = state.firmware.images().await?;
    Ok(Json(ImagesBody { images: images.iter().map(ImageBody::new).collect::<Result<_, _>>()? }))
}

/// Publish a signed image, as `milepost firmware sign` writes it; the same image again is harmless.
#[utoipa::path(post, path = "/api/v1/firmware", tag = "engineer",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
    (status = 200, body = OneImageBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn publish(
    State(state): State<AppState>,
    engineer: Engineer,
    body: Bytes,
) -> Result<Json<OneImageBody>, Problem> {
    let bundle = Bundle::decode(&body)?;
    let image = state.firmware.publish(bundle, engineer.0.account.id).await?;
    Ok(Json(OneImageBody { image: ImageBody::new(&image)? }))
}
