//! All routes of the public listener, and the layers around them.
//!
//! Invariant: the API's routes come from [`crate::api`] alone, so that its document and its routes are the same thing.

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use axum::{Router, middleware};
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::limit::RequestBodyLimitLayer;

use super::{
    AppState, account, advisor, assets, attachments, booking, car, care, certificate, channels, charts, errors,
    experience, experiments, family, home, homes, invite, journey, lab, links, live, login, offers, policy, privacy,
    questions, security, services, tasks, tokens, trips,
};
use crate::api::{self, Problem};
use crate::firmware::MAX_IMAGE_LEN;

/// The largest body that a form or an API call sends, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// The largest signed image, in bytes.
const MAX_UPLOAD: usize = MAX_IMAGE_LEN + 1024;

/// What a form has around a receipt, in bytes; a little more, so that one that is too long is told so by name.
const FORM_AROUND: usize = 64 * 1024;

/// Pages, API and assets.
pub fn router(state: AppState) -> Router {
    let (api, _) = api::router();
    let (uploads, _) = api::uploads();
    let uploads = uploads.layer(DefaultBodyLimit::max(MAX_UPLOAD)).layer(RequestBodyLimitLayer::new(MAX_UPLOAD));
    let most_bytes = state.attachments.most_bytes().saturating_add(FORM_AROUND);
    let (receipts, _) = api::receipts();
    let receipts = receipts
        .route("/vehicles/{vehicle}/services/{service}/receipts", post(attachments::attach))
        .route("/vehicles/{vehicle}/services/{service}/receipts/{receipt}/remove", post(attachments::remove))
        // One limit: under two, a body without a length ends in an error that is not told as "too long".
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(most_bytes));
    let document = api::full_document().to_pretty_json().unwrap_or_default();
    Router::new()
        .route("/", get(login::home))
        .route("/login", get(login::show).post(login::log_in))
        .route("/logout", post(login::log_out))
        .route("/go", get(home::go))
        .route("/account", get(account::show))
        .route("/account/preferences", post(account::save))
        .route("/account/erase", post(account::erase))
        .route("/account/channels", get(channels::show).post(channels::save))
        .route("/account/push/{subscription}/remove", post(channels::remove))
        .route("/sw.js", get(channels::service_worker))
        .route("/n/{token}", get(links::show).post(links::answer))
        .route("/confirm/{token}", get(links::confirm_page).post(links::confirm))
        .route("/account/home-assistant", get(homes::show).post(homes::save))
        .route("/account/email/ask", post(channels::ask))
        .route("/account/tokens", get(tokens::show).post(tokens::make))
        .route("/account/tokens/{token}/revoke", post(tokens::revoke))
        .route("/unsubscribe/{token}", get(links::unsubscribe_page).post(links::unsubscribe))
        .route("/account/sessions/{session}/revoke", post(account::revoke))
        .route("/vehicles/{vehicle}", get(home::show))
        .route("/vehicles/{vehicle}/live", get(live::vehicle))
        .route("/vehicles/{vehicle}/notices/{notice}/answer", post(home::answer))
        .route("/vehicles/{vehicle}/items/{item}/complete", post(home::complete))
        .route("/vehicles/{vehicle}/items/{item}/undo", post(home::undo))
        .route("/vehicles/{vehicle}/items/{item}", get(services::item))
        .route("/vehicles/{vehicle}/items/{item}/applies", post(services::applies))
        .route("/vehicles/{vehicle}/notices/{notice}/snooze", post(services::snooze))
        .route("/vehicles/{vehicle}/services", get(services::list).post(services::enter))
        .route("/vehicles/{vehicle}/services/import", post(services::import))
        .route("/vehicles/{vehicle}/services/{service}", post(services::edit))
        .route("/vehicles/{vehicle}/services/{service}/erase", post(services::erase))
        .route("/vehicles/{vehicle}/services/{service}/restore", post(services::restore))
        .route("/vehicles/{vehicle}/car", get(car::show).post(car::save))
        .route("/vehicles/{vehicle}/family", get(family::show).post(family::invite))
        .route("/vehicles/{vehicle}/family/members/{member}", post(family::regrant))
        .route("/vehicles/{vehicle}/family/members/{member}/remove", post(family::dismiss))
        .route("/vehicles/{vehicle}/family/invitations/{invitation}/withdraw", post(family::withdraw))
        .route("/invite/{token}", get(invite::show).post(invite::take))
        .route("/vehicles/{vehicle}/transfer", post(car::transfer))
        .route("/vehicles/{vehicle}/sell", post(car::sell))
        .route("/vehicles/{vehicle}/booking", get(booking::choose))
        .route("/vehicles/{vehicle}/bookings", get(booking::visits).post(booking::book))
        .route("/vehicles/{vehicle}/bookings/{booking}/move", post(booking::relocate))
        .route("/vehicles/{vehicle}/bookings/{booking}/cancel", post(booking::cancel))
        .route("/vehicles/{vehicle}/calendar", post(booking::make_feed))
        .route("/vehicles/{vehicle}/calendar/end", post(booking::end_feed))
        .route("/calendar/{file}", get(booking::read_feed))
        .route("/vehicles/{vehicle}/trips", get(trips::show))
        .route("/vehicles/{vehicle}/values", get(charts::show))
        .route("/vehicles/{vehicle}/offers", get(offers::show))
        .route("/vehicles/{vehicle}/notices/{notice}/fewer", post(offers::fewer))
        .route("/vehicles/{vehicle}/privacy", get(privacy::show).post(privacy::save))
        .route("/advisor", get(advisor::queue))
        .route("/advisor/live", get(live::queue))
        .route("/advisor/tasks", get(tasks::show))
        .route("/advisor/tasks/{vehicle}/{notice}/{kind}", post(tasks::finish))
        .route("/advisor/deeds", post(care::deeds))
        .route("/advisor/follow-ups", get(care::show))
        .route("/advisor/follow-ups/live", get(live::follow_ups))
        .route("/advisor/vehicles/{vehicle}/live", get(live::care_of_vehicle))
        .route("/advisor/vehicles/{vehicle}/follow-ups", post(care::make))
        .route("/advisor/vehicles/{vehicle}/follow-ups/{follow_up}", post(care::change))
        .route("/advisor/vehicles/{vehicle}/contacts", post(care::note))
        .route("/advisor/appointments", get(booking::board))
        .route("/advisor/appointments/{booking}", post(booking::mark))
        .route("/advisor/vehicles/{vehicle}", get(advisor::vehicle))
        .route("/vehicles/{vehicle}/questions/{question}", post(questions::reply))
        .route("/vehicles/{vehicle}/certificate", get(certificate::show))
        .route("/vehicles/{vehicle}/certificate.pdf", get(certificate::download))
        .route("/vehicles/{vehicle}/certificate/link", post(certificate::share))
        .route("/vehicles/{vehicle}/certificate/end", post(certificate::end))
        .route("/certificates/{vehicle}/{secret}", get(certificate::open))
        .route("/certificates/{vehicle}/{secret}/certificate.pdf", get(certificate::take))
        .route("/vehicles/{vehicle}/programmes", get(journey::programmes))
        .route("/vehicles/{vehicle}/programmes/{programme}", post(journey::take_part))
        .route("/devices", get(async || Redirect::permanent("/lab")))
        .route("/lab", get(lab::devices))
        .route("/lab/devices/{device}", get(lab::device))
        .route("/lab/devices/{device}/live", get(live::device))
        .route("/lab/devices/{device}/settings", post(lab::configure))
        .route("/lab/devices/{device}/collection", post(lab::collect))
        .route("/lab/rollouts", get(lab::rollouts).post(lab::draft))
        .route("/lab/rollouts/{rollout}", get(lab::rollout))
        .route("/lab/rollouts/{rollout}/{ask}", post(lab::act))
        .route("/lab/receipts", get(lab::receipts))
        .route("/lab/receipts/key", get(lab::key))
        .route("/lab/receipts/{receipt}", get(lab::receipt))
        .route("/lab/receipts/{receipt}/download", get(lab::download))
        .route("/lab/serials", get(lab::serials))
        .route("/lab/undelivered", get(lab::undelivered).post(lab::retry))
        .route("/lab/rejects", get(lab::rejects))
        .route("/lab/rejects/{received}/{device}/{serial}", get(lab::reject))
        .route("/experience", get(experience::catalogue))
        .route("/experience/offers/{offer}", get(experience::offer))
        .route("/experience/offers/{offer}/state", post(experience::set_state))
        .route("/experience/offers/{offer}/arms", post(experience::set_arms))
        .route("/experience/segments", get(experience::segments))
        .route("/experience/results", get(experience::results))
        .route("/experience/policy", get(policy::show).post(policy::choose))
        .route("/experience/policy/segments", post(policy::set_segments))
        .route("/experience/experiments", get(experiments::list).post(experiments::put))
        .route("/experience/experiments/{experiment}", get(experiments::show))
        .route("/experience/experiments/{experiment}/state", post(experiments::set_state))
        .route("/experience/journeys", get(journey::board))
        .route("/experience/programmes", get(journey::all_programmes))
        .route("/experience/touchpoints", get(journey::touchpoints))
        .route("/experience/owners", get(journey::find))
        .route("/experience/owners/{account}", get(journey::owner).post(journey::note))
        .route("/healthz", get(healthz))
        .route("/assets/{*name}", get(assets::serve))
        .route("/api/openapi.json", get(|| async move { ([("content-type", "application/json")], document) }))
        .merge(api)
        .layer(RequestBodyLimitLayer::new(MAX_BODY))
        .merge(uploads)
        .merge(receipts)
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method())
        .layer(CsrfLayer::new().with_rejection_response(|_| Problem::cross_site().into_response()))
        .layer(middleware::from_fn(errors::plain_rejections))
        .layer(middleware::from_fn_with_state(state.clone(), errors::as_pages))
        .layer(middleware::from_fn_with_state(state.clone(), security::headers))
        // Everything but streams and pictures. No page holds a secret that a guess in its address could be measured against:
        // requests from other sites are told by their headers, not by a token.
        .layer(CompressionLayer::new())
        .with_state(state)
}

/// Says that the service lives; it looks at nothing else.
async fn healthz(State(_): State<AppState>) -> impl IntoResponse {
    (StatusCode::OK, "ok\n")
}
