//! The files that pages link to, compiled into the binary.
//!
//! Invariant: a linked name holds the file's hash, so that it can be cached for ever; a name with another hash is not found.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::api::Problem;

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

macro_rules! assets {
    ($($name:literal: $kind:literal,)*) => {
        const ASSETS: &[Asset] = &[
            $(Asset { name: $name, kind: $kind, bytes: include_bytes!(concat!("../../assets/", $name)) },)*
        ];
    };
}

assets! {
    "app.css": "text/css; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "push.js": "text/javascript; charset=utf-8",
    "marks.js": "text/javascript; charset=utf-8",
    "charts.js": "text/javascript; charset=utf-8",
    "icons.svg": "image/svg+xml",
    "mark.svg": "image/svg+xml",
    "manifest.webmanifest": "application/manifest+json",
    "vendor/htmx-4.0.1.min.js": "text/javascript; charset=utf-8",
    "vendor/hx-sse-4.0.1.min.js": "text/javascript; charset=utf-8",
    "vendor/uplot-1.6.32.iife.min.js": "text/javascript; charset=utf-8",
    "vendor/uplot-1.6.32.min.css": "text/css; charset=utf-8",
}

/// For each file, its hash and the path that pages link.
static LINKS: LazyLock<HashMap<&'static str, (String, String)>> = LazyLock::new(|| {
    let link = |asset: &Asset| {
        let hash = hex(&Sha256::digest(asset.bytes)[..6]);
        let path = format!("/assets/{hash}/{}", asset.name);
        (asset.name, (hash, path))
    };
    ASSETS.iter().map(link).collect()
});

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

/// The path of a file by its name in the `assets` folder.
pub(crate) fn path(name: &str) -> &'static str {
    LINKS.get(name).map_or("", |(_, path)| path)
}

/// Serves `/assets/{hash}/{name}` for ever and `/assets/{name}` after asking again.
pub(crate) async fn serve(Path(wanted): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let with_hash = wanted.split_once('/').and_then(|(hash, name)| Some((find(name)?, hash)));
    let (asset, hash) = match with_hash {
        Some((asset, hash)) => (asset, Some(hash)),
        None => (find(&wanted).ok_or_else(Problem::not_found)?, None),
    };
    let (own, _) = LINKS.get(asset.name).ok_or_else(Problem::not_found)?;
    if hash.is_some_and(|hash| hash != own) {
        return Err(Problem::not_found());
    }
    let tag = format!("\"{own}\"");
    let cache = if hash.is_some() { "public, max-age=31536000, immutable" } else { "no-cache" };
    let is_known = headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let head = [(CACHE_CONTROL, cache), (CONTENT_TYPE, asset.kind), (ETAG, &tag)];
    Ok(if is_known { (StatusCode::NOT_MODIFIED, head).into_response() } else { (head, asset.bytes).into_response() })
}

fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendored_files_are_the_ones_that_were_reviewed() {
        let list = include_str!("../../assets/vendor/SHA256SUMS");
        let vendored = ASSETS.iter().filter_map(|asset| Some((asset.name.strip_prefix("vendor/")?, asset.bytes)));
        let mut count = 0;
        for (name, bytes) in vendored {
            let hash = hex(&Sha256::digest(bytes));
            assert!(list.lines().any(|line| line == format!("{hash}  {name}")), "{name} is {hash}");
            count += 1;
        }
        // A licence text is kept beside what it covers and is not served.
        assert_eq!(count, list.lines().filter(|line| !line.ends_with("LICENSE")).count());
    }

    #[test]
    fn scripts_hold_nothing_that_the_content_policy_forbids() {
        for asset in
            ASSETS.iter().filter(|asset| asset.kind.starts_with("text/javascript") && !asset.name.contains('/'))
        {
            let script = std::str::from_utf8(asset.bytes).unwrap();
            assert!(!script.contains("eval(") && !script.contains("innerHTML"), "{}", asset.name);
        }
        let sheet = include_str!("../../assets/app.css");
        assert!(!sheet.contains("url(") && !sheet.contains("@import"), "app.css");
    }
}
