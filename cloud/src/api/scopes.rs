//! What a token of an owner's program may call: each route of the API with the scope that opens it.
//!
//! Invariant: a route that is not listed here takes no token, and the document says of every route what it takes; a test
//! compares the list with the document.

use axum::http::Method;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Components, OpenApi as Document};

use super::operations::operations;
use crate::accounts::Scope;

/// The routes that a token opens.
const ROUTES: &[(&str, &str, Scope)] = &[
    ("GET", "/api/v1/session", Scope::VehiclesRead),
    ("GET", "/api/v1/vehicles", Scope::VehiclesRead),
    ("GET", "/api/v1/vehicles/{vehicle}", Scope::VehiclesRead),
    ("GET", "/api/v1/vehicles/{vehicle}/trips", Scope::VehiclesRead),
    ("GET", "/api/v1/vehicles/{vehicle}/series", Scope::VehiclesRead),
    ("GET", "/api/v1/vehicles/{vehicle}/traces", Scope::VehiclesRead),
    ("GET", "/api/v1/vehicles/{vehicle}/notices", Scope::VehiclesRead),
    ("GET", "/api/v1/vehicles/{vehicle}/items", Scope::VehiclesRead),
    ("GET", "/api/v1/vehicles/{vehicle}/services", Scope::VehiclesRead),
    ("GET", "/api/v1/vehicles/{vehicle}/services/export", Scope::VehiclesRead),
    ("GET", "/api/v1/vehicles/{vehicle}/certificate", Scope::VehiclesRead),
    ("GET", "/api/v1/vehicles/{vehicle}/question", Scope::VehiclesRead),
    ("GET", "/api/v1/vehicles/{vehicle}/programmes", Scope::VehiclesRead),
    ("GET", "/api/v1/vehicles/{vehicle}/bookings", Scope::VehiclesRead),
    ("GET", "/api/v1/vehicles/{vehicle}/bookings/{booking}/invitation", Scope::VehiclesRead),
    ("GET", "/api/v1/events", Scope::VehiclesRead),
    ("PUT", "/api/v1/vehicles/{vehicle}/programmes/{programme}", Scope::NoticesWrite),
    ("POST", "/api/v1/vehicles/{vehicle}/notices/{notice}/answer", Scope::NoticesWrite),
    ("POST", "/api/v1/vehicles/{vehicle}/notices/{notice}/snooze", Scope::NoticesWrite),
    ("POST", "/api/v1/vehicles/{vehicle}/items/{item}/complete", Scope::ServicesWrite),
    ("POST", "/api/v1/vehicles/{vehicle}/items/{item}/undo", Scope::ServicesWrite),
    ("PUT", "/api/v1/vehicles/{vehicle}/items/{item}/applies", Scope::ServicesWrite),
    ("PUT", "/api/v1/vehicles/{vehicle}/profile", Scope::ServicesWrite),
    ("POST", "/api/v1/vehicles/{vehicle}/services", Scope::ServicesWrite),
    ("PUT", "/api/v1/vehicles/{vehicle}/services/{service}", Scope::ServicesWrite),
    ("DELETE", "/api/v1/vehicles/{vehicle}/services/{service}", Scope::ServicesWrite),
    ("POST", "/api/v1/vehicles/{vehicle}/services/{service}/restore", Scope::ServicesWrite),
    ("POST", "/api/v1/vehicles/{vehicle}/services/import", Scope::ServicesWrite),
    ("GET", "/api/v1/workshops", Scope::BookingsWrite),
    ("GET", "/api/v1/vehicles/{vehicle}/slots", Scope::BookingsWrite),
    ("POST", "/api/v1/vehicles/{vehicle}/bookings", Scope::BookingsWrite),
    ("POST", "/api/v1/vehicles/{vehicle}/bookings/{booking}/reschedule", Scope::BookingsWrite),
    ("POST", "/api/v1/vehicles/{vehicle}/bookings/{booking}/cancel", Scope::BookingsWrite),
];

/// The routes that nobody has to be logged in for.
const OPEN: &[(&str, &str)] = &[
    ("POST", "/api/v1/session"),
    ("DELETE", "/api/v1/session"),
    ("POST", "/api/v1/notice-links/{token}"),
    ("POST", "/api/v1/email-confirmations/{token}"),
    ("GET", "/api/v1/invitations/{token}"),
    ("POST", "/api/v1/invitations/{token}"),
];

/// The scope that opens a route to a token; `None` if none does.
pub(crate) fn scope_of(method: &Method, path: &str) -> Option<Scope> {
    let is_it = |(of, route, _): &&(&str, &str, Scope)| *of == method.as_str() && *route == path;
    ROUTES.iter().find(is_it).map(|(.., scope)| *scope)
}

/// Says of every operation what it takes.
pub(super) fn secure(document: &mut Document) {
    let components = document.components.get_or_insert_with(Components::new);
    let cookie = ApiKeyValue::with_description("session", "Set by POST /api/v1/session.");
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token that an owner has made; it opens the operations whose scope it has."));
    components.add_security_scheme("token", SecurityScheme::Http(bearer.build()));
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            operation.security = Some(required(method, path));
        }
    }
}

fn required(method: &str, path: &str) -> Vec<SecurityRequirement> {
    if OPEN.contains(&(method, path)) {
        return vec![SecurityRequirement::default()];
    }
    let session = SecurityRequirement::new("session", Vec::<String>::new());
    let scope = ROUTES.iter().find(|(of, route, _)| (*of, *route) == (method, path)).map(|(.., scope)| scope.name());
    [session].into_iter().chain(scope.map(|scope| SecurityRequirement::new("token", [scope]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_route_exists_and_concerns_owners_alone() {
        let mut document = crate::api::full_document();
        let mut listed = 0;
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                let is_listed = ROUTES.iter().any(|(of, route, _)| (*of, *route) == (method, path.as_str()));
                let is_open = OPEN.contains(&(method, path.as_str()));
                listed += usize::from(is_listed) + usize::from(is_open);
                let tags = operation.tags.clone().unwrap_or_default();
                let is_staff = tags.iter().any(|tag| matches!(tag.as_str(), "advisor" | "engineer" | "lead"));
                assert!(!(is_listed && is_staff), "{method} {path}");
            }
        }
        assert_eq!(listed, ROUTES.len() + OPEN.len(), "a listed route does not exist");
    }

    #[test]
    fn giving_a_car_or_an_account_away_takes_a_person() {
        for (method, path) in [
            ("POST", "/api/v1/vehicles/{vehicle}/transfer"),
            ("POST", "/api/v1/vehicles/{vehicle}/sell"),
            ("PUT", "/api/v1/vehicles/{vehicle}/consent"),
            ("PUT", "/api/v1/vehicles/{vehicle}/questions/{question}"),
            ("POST", "/api/v1/vehicles/{vehicle}/certificate/link"),
            ("DELETE", "/api/v1/contacts"),
            ("GET", "/api/v1/vehicles/{vehicle}/export"),
            ("GET", "/api/v1/vehicles/{vehicle}/family"),
            ("POST", "/api/v1/vehicles/{vehicle}/family/invitations"),
            ("PUT", "/api/v1/vehicles/{vehicle}/family/members/{member}"),
            ("DELETE", "/api/v1/vehicles/{vehicle}/family/members/{member}"),
            ("PUT", "/api/v1/channels"),
            ("POST", "/api/v1/tokens"),
        ] {
            assert_eq!(scope_of(&method.parse().unwrap(), path), None, "{method} {path}");
        }
    }
}
