//! The same problems as the API's, as pages.

use std::fmt::Write as _;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::page::Page;
use super::{AppState, Reader, render};
use crate::api::Problem;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    page: Page,
    detail: String,
}

#[derive(Template)]
#[template(path = "error_fragment.html")]
struct ErrorFragment {
    page: Page,
    detail: String,
}

/// Turns problems of page routes into pages; a page that needs a log-in leads to it and back.
pub(crate) async fn as_pages(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    if path.starts_with("/api/") {
        return next.run(request).await;
    }
    let reader = Reader::of(request.headers(), &state);
    let is_get = request.method() == axum::http::Method::GET;
    let response = next.run(request).await;
    let Some(problem) = response.extensions().get::<Problem>().cloned() else { return response };
    if problem == Problem::sign_in() {
        let target = if is_get && path != "/" { format!("/login?next={}", escape(&path)) } else { "/login".to_owned() };
        return to_login(&reader, &target);
    }
    let localizer = reader.localizer(None);
    if reader.wants_fragment {
        return fragment(&reader, &problem);
    }
    let mut page = Page::anonymous(&reader, "error-home");
    page.title = problem.title(localizer);
    let template = ErrorPage { page, detail: problem.detail(localizer) };
    match render::html(&template) {
        Ok(page) => (problem.status, page).into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// For htmx: the sentence above the part that stays as it is.
fn fragment(reader: &Reader, problem: &Problem) -> Response {
    let page = Page::anonymous(reader, "error-home");
    let detail = problem.detail(page.localizer);
    let html = match render::html(&ErrorFragment { page, detail }) {
        Ok(html) => html,
        Err(problem) => return problem.into_response(),
    };
    let head = [("hx-retarget", "#live"), ("hx-reswap", "afterbegin")];
    (problem.status, head, html).into_response()
}

/// htmx follows a redirect inside the fragment; it is told to load the log-in as a page instead.
fn to_login(reader: &Reader, target: &str) -> Response {
    if !reader.wants_fragment {
        return render::see_other(target);
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Ok(target) = HeaderValue::try_from(target) {
        response.headers_mut().insert(HeaderName::from_static("hx-redirect"), target);
    }
    response
}

/// A path as a query value.
fn escape(path: &str) -> String {
    path.bytes().fold(String::new(), |mut text, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => text.push(byte.into()),
            _ => write!(text, "%{byte:02X}").expect("writing to a string cannot fail"),
        }
        text
    })
}

/// Gives what axum itself refuses (a path, a query or a form that does not read) the form of a problem.
pub(crate) async fn plain_rejections(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    // A page that comes back with what was entered says itself what is wrong; what axum refuses is plain text.
    let is_page = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page || response.extensions().get::<Problem>().is_some() {
        return response;
    }
    match response.status() {
        StatusCode::BAD_REQUEST
        | StatusCode::UNPROCESSABLE_ENTITY
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::PAYLOAD_TOO_LARGE => Problem::invalid().into_response(),
        _ => response,
    }
}
