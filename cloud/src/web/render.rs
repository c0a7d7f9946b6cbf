//! From a template to a response.

use std::fmt::{self, Write as _};

use askama::Template;
use askama::filters::HtmlSafe;
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

/// A part of a page that a template of ours has drawn; what it was given is escaped already.
#[derive(Debug, Clone)]
pub(crate) struct Drawn(String);

impl Drawn {
    /// Draws a part.
    pub(crate) fn of(template: &impl Template) -> Result<Self, Problem> {
        text(template).map(Self)
    }

    /// The part's text.
    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

impl fmt::Display for Drawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Drawn {}

/// After a form: the browser goes on with GET.
pub(crate) fn see_other(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// A path with a query; empty values are left out.
pub(crate) fn query(path: &str, pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
    pairs.enumerate().fold(path.to_owned(), |mut text, (index, (name, value))| {
        let sign = if index == 0 { '?' } else { '&' };
        write!(text, "{sign}{name}={}", escape(value)).expect("writing to a string cannot fail");
        text
    })
}

/// A text as a query value.
pub(crate) fn escape(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() {
            escaped.push(byte.into());
        } else {
            write!(escaped, "%{byte:02X}").expect("writing to a string cannot fail");
        }
        escaped
    })
}
