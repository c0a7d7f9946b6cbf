//! How the caller is reached: choices, addresses, browsers, and what is on its way.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use milepost_engine::channels::{Channel, Choice, Use};
use milepost_protocol::DeviceId;
use milepost_protocol::plan::Level;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Problem, ProblemBody};
use crate::accounts::{Granted, Own, Owner};
use crate::channels::{Contact, Delivery, Purpose, State as Stage, Subscription, Wish, clock_text};
use crate::domain::{Right, Vehicle};
use crate::i18n::{Language, timestamp};
use crate::web::{AppState, agent, vehicle_name};

/// How the caller is reached.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChannelsBody {
    channels: ChannelsDetail,
}

/// Choices, addresses and browsers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChannelsDetail {
    /// The channels that this installation offers.
    available: Vec<&'static str>,
    /// For each channel.
    choices: BTreeMap<String, ChoiceBody>,
    /// `HH:MM`.
    quiet_from: String,
    /// `HH:MM`.
    quiet_to: String,
    /// `HH:MM`; absent to hear soon.
    digest_at: Option<String>,
    /// An IANA name; the vehicle's if absent.
    time_zone: Option<String>,
    /// The address in use; its owner has confirmed it.
    email: Option<String>,
    /// The address that is to be used as soon as its owner has confirmed it by the mail's link.
    email_unconfirmed: Option<String>,
    phone: Option<String>,
    postal: Option<String>,
    webhook: Option<String>,
    /// What requests to the webhook are signed with: `Milepost-Signature` holds `v1=` and the HMAC-SHA-256 over
    /// `Milepost-Timestamp`, a full stop and the body.
    webhook_secret: Option<String>,
    /// The key that browsers subscribe with; absent where notifications are not offered.
    push_key: Option<String>,
    push_subscriptions: Vec<SubscriptionEntry>,
    /// Cars of others that the caller may drive.
    cars: Vec<CarEntry>,
}

/// A car of somebody else.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CarEntry {
    vehicle: String,
    name: String,
    /// Whether the caller hears of its reminders, by the channels above.
    told: bool,
}

/// A browser.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SubscriptionEntry {
    id: String,
    agent: String,
    created_at: Timestamp,
}

/// What was chosen for a channel.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub(super) struct ChoiceBody {
    /// `never`, `at_once` or `if_ignored`.
    when: ChannelUse,
    /// For `if_ignored`: after so many days, 1 to 90.
    days: Option<u16>,
    /// The least level of a reminder that travels by it; what concerns safety always does.
    from: LeastLevel,
}

/// When a channel is used.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ChannelUse {
    Never,
    AtOnce,
    IfIgnored,
}

/// The least level of a reminder that a channel carries.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum LeastLevel {
    Upcoming,
    Due,
    Overdue,
}

/// How the caller wants to be reached; what is absent is taken away, but channels that are not named stay as they are.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct ChannelsRequest {
    choices: BTreeMap<String, ChoiceBody>,
    quiet_from: String,
    quiet_to: String,
    digest_at: String,
    time_zone: String,
    email: String,
    phone: String,
    postal: String,
    webhook: String,
    /// The cars of others of whose reminders the caller wants to hear; as before if absent.
    cars: Option<Vec<String>>,
}

/// A browser's subscription, as `PushSubscription.toJSON()` gives it.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SubscriptionRequest {
    endpoint: String,
    keys: SubscriptionKeys,
}

/// The browser's keys, base64url.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct SubscriptionKeys {
    p256dh: String,
    auth: String,
}

/// What is on its way about a vehicle, and what was sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveriesBody {
    deliveries: Vec<DeliveryBody>,
}

/// One notice by one channel.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeliveryBody {
    notice: String,
    channel: &'static str,
    /// `show`, or `clear` when it takes a notice away that was answered elsewhere.
    purpose: &'static str,
    /// `queued`, `held`, `failed`, `sent`, `dead` or `withdrawn`.
    state: &'static str,
    /// For `held`: `snoozed`, `ignored`, `digest`, `gather` or `quiet_hours`.
    held_by: Option<&'static str>,
    /// When the state was reached, or until when it lasts.
    at: Timestamp,
    attempts: u32,
}

impl ChoiceBody {
    fn new(choice: Choice) -> Self {
        let (when, days) = match choice.when {
            Use::Never => (ChannelUse::Never, None),
            Use::AtOnce => (ChannelUse::AtOnce, None),
            Use::IfIgnored { days } => (ChannelUse::IfIgnored, Some(days)),
        };
        let from = match choice.from {
            Level::Scheduled | Level::Upcoming => LeastLevel::Upcoming,
            Level::Due => LeastLevel::Due,
            Level::Overdue => LeastLevel::Overdue,
        };
        Self { when, days, from }
    }

    fn read(self) -> Option<Choice> {
        let when = match (self.when, self.days) {
            (ChannelUse::Never, _) => Use::Never,
            (ChannelUse::AtOnce, _) => Use::AtOnce,
            (ChannelUse::IfIgnored, Some(days @ 1..=90)) => Use::IfIgnored { days },
            (ChannelUse::IfIgnored, _) => return None,
        };
        let from = match self.from {
            LeastLevel::Upcoming => Level::Upcoming,
            LeastLevel::Due => Level::Due,
            LeastLevel::Overdue => Level::Overdue,
        };
        Some(Choice { when, from })
    }
}

/// How the caller is reached.
#[utoipa::path(get, path = "/api/v1/channels", tag = "owner", responses(
    (status = 200, body = ChannelsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn show(State(state): State<AppState>, owner: Owner) -> Result<Json<ChannelsBody>, Problem> {
    let account = &owner.0.account.id;
    let (_, contact) = state.channels.contact(account).await?;
    Ok(Json(ChannelsBody { channels: detail(&state, &owner, &contact).await? }))
}

/// Choose how to be reached; what is on its way follows.
#[utoipa::path(put, path = "/api/v1/channels", tag = "owner", request_body = ChannelsRequest, responses(
    (status = 200, body = ChannelsBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn save(
    State(state): State<AppState>,
    owner: Owner,
    Json(body): Json<ChannelsRequest>,
) -> Result<Json<ChannelsBody>, Problem> {
    let account = &owner.0.account.id;
    let choice = |(name, choice): (&String, &ChoiceBody)| Some((Channel::from_name(name)?, choice.read()?));
    let choices: Option<Vec<_>> = body.choices.iter().map(choice).collect();
    let wish = Wish {
        choices: choices.ok_or_else(Problem::invalid)?,
        quiet_from: body.quiet_from,
        quiet_to: body.quiet_to,
        digest_at: body.digest_at,
        time_zone: body.time_zone,
        email: body.email,
        phone: body.phone,
        postal: body.postal,
        webhook: body.webhook,
        cars: match body.cars {
            Some(cars) => Some(driven(&state, &owner, &cars).await?),
            None => None,
        },
    };
    let (version, before) = state.channels.contact(account).await?;
    let contact = wish.apply(&before, state.now_ms())?.ok_or_else(Problem::invalid)?;
    state.channels.save(account, version, &contact).await?;
    Ok(Json(ChannelsBody { channels: detail(&state, &owner, &contact).await? }))
}

/// Take every address, browser and delivery of the caller away.
#[utoipa::path(delete, path = "/api/v1/channels", tag = "owner", responses(
    (status = 204),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn forget(State(state): State<AppState>, owner: Owner) -> Result<StatusCode, Problem> {
    state.channels.forget(&owner.0.account.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let a browser take notifications.
#[utoipa::path(post, path = "/api/v1/push-subscriptions", tag = "owner", request_body = SubscriptionRequest, responses(
    (status = 201),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody),
    (status = 422, body = ProblemBody)))]
pub(crate) async fn subscribe(
    State(state): State<AppState>,
    owner: Owner,
    headers: HeaderMap,
    Json(body): Json<SubscriptionRequest>,
) -> Result<StatusCode, Problem> {
    let subscription = Subscription {
        endpoint: body.endpoint,
        p256dh: body.keys.p256dh,
        auth: body.keys.auth,
        agent: agent(&headers).chars().filter(|c| !c.is_control()).take(160).collect(),
        created_ms: state.now_ms(),
    };
    if !subscription.is_valid() || !state.channels.subscribe(&owner.0.account.id, &subscription).await? {
        return Err(Problem::invalid());
    }
    Ok(StatusCode::CREATED)
}

/// Take a browser away.
#[utoipa::path(delete, path = "/api/v1/push-subscriptions/{subscription}", tag = "owner",
    params(("subscription" = String, Path, description = "The subscription's id")), responses(
    (status = 204),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn unsubscribe(
    State(state): State<AppState>,
    owner: Owner,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let is_known = state.channels.unsubscribe(&owner.0.account.id, &id).await?;
    if is_known { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}

/// What is on its way about one of the caller's vehicles, what holds it and until when, and what was sent.
#[utoipa::path(get, path = "/api/v1/vehicles/{vehicle}/deliveries", tag = "owner",
    params(("vehicle" = String, Path, description = "The device's id")), responses(
    (status = 200, body = DeliveriesBody),
    (status = 401, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub(crate) async fn deliveries(
    State(state): State<AppState>,
    Granted { owner, vehicle, .. }: Granted<Own>,
) -> Result<Json<DeliveriesBody>, Problem> {
    let mut deliveries = state.channels.deliveries(&vehicle.device).await?;
    deliveries.retain(|delivery| delivery.owner == owner.0.account.id);
    Ok(Json(DeliveriesBody { deliveries: deliveries.iter().map(delivery_body).collect() }))
}

pub(super) fn delivery_body(delivery: &Delivery) -> DeliveryBody {
    let (held_by, at_ms) = match delivery.state {
        Stage::Held { rule, until_ms } => (Some(rule.name()), until_ms),
        Stage::Queued { due_ms: at_ms }
        | Stage::Failed { next_ms: at_ms }
        | Stage::Sent { at_ms }
        | Stage::Dead { at_ms }
        | Stage::Withdrawn { at_ms, .. } => (None, at_ms),
    };
    DeliveryBody {
        notice: delivery.key.notice.to_string(),
        channel: delivery.key.channel.name(),
        purpose: match delivery.key.purpose {
            Purpose::Show => "show",
            Purpose::Clear => "clear",
        },
        state: delivery.state.name(),
        held_by,
        at: timestamp(at_ms),
        attempts: delivery.attempts,
    }
}

/// The cars of others that somebody may drive, with what they are called.
pub(crate) async fn cars_of_others(state: &AppState, owner: &Owner) -> Result<Vec<Vehicle>, Problem> {
    let mut cars = state.service.vehicles_for(&owner.0.account.id).await?;
    cars.retain(|car| owner.has(car, Right::Act) && !owner.has(car, Right::Own));
    Ok(cars)
}

/// Cars by their ids; invalid unless somebody else lets the caller drive each of them.
pub(crate) async fn driven(state: &AppState, owner: &Owner, ids: &[String]) -> Result<BTreeSet<DeviceId>, Problem> {
    let cars = cars_of_others(state, owner).await?;
    let find = |id: &String| cars.iter().find(|car| car.device.as_str() == id).map(|car| car.device.clone());
    ids.iter().map(find).collect::<Option<_>>().ok_or_else(Problem::invalid)
}

async fn detail(state: &AppState, owner: &Owner, contact: &Contact) -> Result<ChannelsDetail, Problem> {
    let account = &owner.0.account.id;
    let preferences = &contact.preferences;
    let choice = |channel: Channel| (channel.name().to_owned(), ChoiceBody::new(preferences.choice(channel)));
    let subscriptions = state.channels.subscriptions(account).await?;
    let entry = |subscription: &Subscription| SubscriptionEntry {
        id: subscription.id(account),
        agent: subscription.agent.clone(),
        created_at: timestamp(subscription.created_ms),
    };
    let language = owner.0.account.language.as_deref().and_then(Language::from_code).unwrap_or(Language::DEFAULT);
    let localizer = language.localizer();
    let car = |car: &Vehicle| CarEntry {
        vehicle: car.device.to_string(),
        name: vehicle_name(localizer, car),
        told: contact.cars.contains(&car.device),
    };
    Ok(ChannelsDetail {
        available: state.channels.available().iter().map(|channel| channel.name()).collect(),
        choices: Channel::ALL.into_iter().map(choice).collect(),
        quiet_from: clock_text(preferences.quiet.from_minute),
        quiet_to: clock_text(preferences.quiet.to_minute),
        digest_at: preferences.digest_minute.map(clock_text),
        time_zone: contact.time_zone.clone(),
        email: contact.email.as_ref().map(|address| address.as_str().to_owned()),
        email_unconfirmed: contact.unconfirmed.as_ref().map(|known| known.address.as_str().to_owned()),
        phone: contact.phone.as_ref().map(|address| address.as_str().to_owned()),
        postal: contact.postal.as_ref().map(|postal| postal.lines().join("\n")),
        webhook: contact.webhook.as_ref().map(|hook| hook.url.clone()),
        webhook_secret: contact.webhook.as_ref().map(|hook| hook.secret.clone()),
        push_key: state.channels.push_key().map(str::to_owned),
        push_subscriptions: subscriptions.iter().map(entry).collect(),
        cars: cars_of_others(state, owner).await?.iter().map(car).collect(),
    })
}
