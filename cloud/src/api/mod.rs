//! The JSON API under `/api/v1`: everything that a page does.
//!
//! Policy: plural nouns, one top-level key, snake case, RFC 3339 times in UTC, SI units in field names; changes within v1 only add.
//! Invariant: routes are registered with `routes!` alone, so the document and the router cannot drift, and a test compares the document with the checked-in file.

pub(crate) mod account;
mod appointments;
pub(crate) mod attachments;
mod body;
pub(crate) mod bookings;
mod care;
mod certificate;
mod channels;
mod collection;
mod devices;
mod enrolment;
mod events;
mod experiments;
mod export;
pub(crate) mod family;
mod firmware;
mod follow_ups;
mod homes;
mod idempotency;
mod items;
mod journey;
mod links;
mod notices;
mod offers;
mod operations;
pub(crate) mod policy;
mod privacy;
mod problem;
mod profile;
mod programmes;
mod questions;
mod queue;
mod reads;
mod recalls;
mod results;
mod rollouts;
mod scopes;
pub(crate) mod services;
mod session;
mod tasks;
mod tokens;
mod traces;
mod undelivered;
mod vehicles;

pub(crate) use channels::{cars_of_others, driven};
pub(crate) use idempotency::KEYS as IDEMPOTENCY_KEYS;
pub(crate) use journey::{ContactRequest, noted};
pub(crate) use notices::told_of;
pub(crate) use offers::StateBody;
pub use problem::{Problem, ProblemBody};
pub(crate) use profile::described;
pub(crate) use scopes::scope_of;

use axum::Router;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::AppState;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Milepost",
        description = "Vehicles, notices and consent. Log in with POST /api/v1/session; the cookie that it sets carries every further call. Programs of an owner's own send a token instead.",
        version = "1"
    ),
    components(schemas(ProblemBody)),
    tags(
        (name = "session", description = "Logging in and out, and preferences"),
        (name = "owner", description = "An owner's own vehicles"),
        (name = "advisor", description = "Vehicles whose owners share with the workshop"),
        (name = "engineer", description = "Devices without owners"),
        (name = "lead", description = "Offers and journeys: the catalogue, segments, programmes, touchpoints, and what they lead to"),
        (name = "live", description = "Server-sent events")
    )
)]
struct ApiDocument;

/// The routes with their document.
pub fn router() -> (Router<AppState>, Document) {
    OpenApiRouter::with_openapi(ApiDocument::openapi())
        .routes(routes!(session::show, session::log_in, session::log_out))
        .routes(routes!(account::sessions))
        .routes(routes!(account::revoke))
        .routes(routes!(account::preferences))
        .routes(routes!(account::erase))
        .routes(routes!(vehicles::list))
        .routes(routes!(vehicles::show))
        .routes(routes!(vehicles::trips))
        .routes(routes!(notices::list))
        .routes(routes!(notices::answer))
        .routes(routes!(notices::decisions))
        .routes(routes!(notices::fewer))
        .routes(routes!(items::list))
        .routes(routes!(items::complete))
        .routes(routes!(items::undo))
        .routes(routes!(items::applies))
        .routes(routes!(notices::snooze))
        .routes(routes!(profile::describe))
        .routes(routes!(services::list, services::enter))
        .routes(routes!(services::edit, services::erase))
        .routes(routes!(services::restore))
        .routes(routes!(services::import))
        .routes(routes!(services::export))
        .routes(routes!(services::transfer))
        .routes(routes!(services::sell))
        .routes(routes!(family::show))
        .routes(routes!(family::invite))
        .routes(routes!(family::withdraw))
        .routes(routes!(family::regrant, family::dismiss))
        .routes(routes!(family::look, family::take))
        .routes(routes!(privacy::show, privacy::save))
        .routes(routes!(export::export))
        .routes(routes!(channels::show, channels::save, channels::forget))
        .routes(routes!(channels::subscribe))
        .routes(routes!(channels::unsubscribe))
        .routes(routes!(channels::deliveries))
        .routes(routes!(links::answer))
        .routes(routes!(links::confirm))
        .routes(routes!(tokens::list, tokens::make))
        .routes(routes!(tokens::revoke))
        .routes(routes!(bookings::workshops))
        .routes(routes!(bookings::slots))
        .routes(routes!(bookings::list, bookings::book))
        .routes(routes!(bookings::reschedule))
        .routes(routes!(bookings::cancel))
        .routes(routes!(bookings::invitation_file))
        .routes(routes!(appointments::list))
        .routes(routes!(appointments::mark))
        .routes(routes!(queue::list))
        .routes(routes!(queue::show))
        .routes(routes!(queue::records))
        .routes(routes!(tasks::list))
        .routes(routes!(tasks::finish))
        .routes(routes!(tasks::letter))
        .routes(routes!(homes::show, homes::switch_on, homes::switch_off))
        .routes(routes!(reads::list))
        .routes(routes!(traces::of_queue))
        .routes(routes!(traces::of_vehicle))
        .routes(routes!(follow_ups::list))
        .routes(routes!(follow_ups::of_vehicle, follow_ups::make))
        .routes(routes!(follow_ups::give))
        .routes(routes!(follow_ups::finish))
        .routes(routes!(care::contacts, care::note))
        .routes(routes!(care::for_all))
        .routes(routes!(care::people))
        .routes(routes!(undelivered::list))
        .routes(routes!(undelivered::retry))
        .routes(routes!(services::of_queue, services::enter_of_queue))
        .routes(routes!(devices::list))
        .routes(routes!(devices::show))
        .routes(routes!(devices::configure))
        .routes(routes!(devices::rejects))
        .routes(routes!(collection::show, collection::decide))
        .routes(routes!(collection::of_device))
        .routes(routes!(collection::of_vehicle))
        .routes(routes!(enrolment::certify))
        .routes(routes!(enrolment::receipts, enrolment::hand_in))
        .routes(routes!(enrolment::receipt))
        .routes(routes!(enrolment::serials))
        .routes(routes!(firmware::list))
        .routes(routes!(rollouts::list, rollouts::create))
        .routes(routes!(rollouts::show))
        .routes(routes!(rollouts::devices))
        .routes(routes!(rollouts::approve))
        .routes(routes!(rollouts::pause))
        .routes(routes!(rollouts::resume))
        .routes(routes!(rollouts::stop))
        .routes(routes!(certificate::certificate))
        .routes(routes!(certificate::share, certificate::end))
        .routes(routes!(questions::question))
        .routes(routes!(questions::reply))
        .routes(routes!(programmes::programmes))
        .routes(routes!(programmes::take_part))
        .routes(routes!(journey::board))
        .routes(routes!(journey::touchpoints))
        .routes(routes!(journey::owner, journey::note))
        .routes(routes!(journey::erase))
        .routes(routes!(offers::list, offers::put))
        .routes(routes!(offers::set_state))
        .routes(routes!(offers::try_out))
        .routes(routes!(offers::stop))
        .routes(routes!(offers::resume))
        .routes(routes!(offers::segments))
        .routes(routes!(results::results))
        .routes(routes!(policy::policy, policy::set_policy))
        .routes(routes!(policy::set_segments))
        .routes(routes!(experiments::list, experiments::put))
        .routes(routes!(experiments::show))
        .routes(routes!(experiments::set_state))
        .routes(routes!(events::events))
        .split_for_parts()
}

/// The routes that take whole files, with their document; their bodies are longer than any other's.
pub fn uploads() -> (Router<AppState>, Document) {
    OpenApiRouter::new().routes(routes!(firmware::publish)).routes(routes!(recalls::import)).split_for_parts()
}

/// The routes of receipts, with their document; their bodies are as long as the configuration allows.
pub fn receipts() -> (Router<AppState>, Document) {
    OpenApiRouter::new()
        .routes(routes!(attachments::list, attachments::attach))
        .routes(routes!(attachments::read, attachments::remove))
        .split_for_parts()
}

/// The document of all routes.
pub fn full_document() -> Document {
    let (_, mut document) = router();
    document.merge(uploads().1);
    document.merge(receipts().1);
    scopes::secure(&mut document);
    operations::name(&mut document);
    document
}

/// The document as it is checked in: pretty JSON with a final line break.
pub fn document() -> String {
    let document = full_document();
    let mut text = document.to_pretty_json().expect("the document is plain data with text keys");
    text.push('\n');
    text
}
