//! The operations of the document, and what they are called.
//!
//! Invariant: an operation's id follows from its method and path, so that no two have the same (OpenAPI 3.1, Operation Object), and
//! a client that is generated keeps its names when handlers are moved.

use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::path::{Operation, PathItem};

/// Every operation of a path, with its method.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem { get, put, post, delete, .. } = item;
    [("GET", get), ("PUT", put), ("POST", post), ("DELETE", delete)]
        .into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Gives every operation its id.
pub(super) fn name(document: &mut Document) {
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            operation.operation_id = Some(id(method, path));
        }
    }
}

/// Such as `post_vehicles_vehicle_sell`.
fn id(method: &str, path: &str) -> String {
    let place = path.trim_start_matches("/api/v1/").replace(['{', '}'], "").replace(['/', '-'], "_");
    format!("{}_{place}", method.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_operations_have_the_same_id() {
        let mut document = crate::api::full_document();
        let mut ids = BTreeSet::new();
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                let id = operation.operation_id.clone().unwrap();
                assert!(ids.insert(id.clone()), "{method} {path}: {id}");
            }
        }
        assert!(ids.contains("post_vehicles_vehicle_sell"), "{ids:?}");
    }
}
