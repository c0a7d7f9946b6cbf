//! From a template to a response.

use askama::Template;
use axum::response::{Html, IntoResponse, Redirect, Response};

use crate::api::Problem;

/// A whole page or a fragment.
pub(crate) fn html(template: &impl Template) -> Result<Response, Problem> {
    Ok(Html(text(template)?).into_response())
}

/// The template's text.
pub(crate) fn text(template: &impl Template) -> Result<String, Problem> {
    template.render().map_err(|error| Problem::internal(&error))
}

/// After a form: the browser goes on with GET.
pub(crate) fn see_other(path: &str) -> Response {
    Redirect::to(path).into_response()
}
