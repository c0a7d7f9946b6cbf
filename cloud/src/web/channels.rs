//! The page on which owners choose how they are reached, and see what is on its way.

use std::collections::HashMap;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use milepost_engine::channels::{Channel, Choice, Use};
use milepost_protocol::plan::Level;

use super::owner::Did;
use super::page::{Page, Section};
use super::view::Flash;
use super::{AppState, Reader, render};
use crate::accounts::Owner;
use crate::api::{Problem, cars_of_others, driven};
use crate::channels::{Address, Asked, Delivery, Purpose, State as Stage, Wish, clock_text};
use crate::domain::Vehicle;
use crate::i18n::{Format, title};
use crate::web::vehicle_name;

/// After how long another address may be tried in any case, in milliseconds.
const DAY_MS: u64 = 86_400_000;

/// How many deliveries are shown.
const SHOWN: usize = 30;

#[derive(Template)]
#[template(path = "channels.html")]
struct ChannelsPage {
    page: Page,
    rows: Vec<ChannelRow>,
    fields: Fields,
    push_key: Option<String>,
    browsers: Vec<(String, String)>,
    cars: Vec<CarRow>,
    told: Vec<ToldRow>,
    flash: Option<Flash>,
}

struct ChannelRow {
    name: &'static str,
    text: String,
    available: bool,
    when: Vec<Pick>,
    days: u16,
    from: Vec<Pick>,
}

struct Pick {
    value: &'static str,
    text: String,
    selected: bool,
}

struct Fields {
    quiet_from: String,
    quiet_to: String,
    digest_at: String,
    time_zone: String,
    email: String,
    unconfirmed: Option<String>,
    email_in_use: Option<String>,
    phone: String,
    postal: String,
    webhook: String,
    webhook_secret: Option<String>,
}

/// A car of somebody else that the reader may drive.
struct CarRow {
    id: String,
    name: String,
    told: bool,
}

struct ToldRow {
    title: String,
    channel: String,
    state: String,
}

/// `GET /account/channels`.
pub(crate) async fn show(
    State(state): State<AppState>,
    owner: Owner,
    reader: Reader,
    Query(did): Query<Did>,
) -> Result<Response, Problem> {
    let account = &owner.0.account;
    let vehicles = state.service.vehicles_for(&account.id).await?;
    let page = Page::of(&reader, account, "channels-title", Section::Account);
    let mut page = page.with_vehicles(&vehicles, None, Section::Account);
    page.vehicles.clear();
    let (_, contact) = state.channels.contact(&account.id).await?;
    let localizer = page.localizer;
    let pick = |value, key: &str, selected| Pick { value, text: localizer.text(key), selected };
    let row = |channel: Channel| {
        let Choice { when, from } = contact.preferences.choice(channel);
        let days = if let Use::IfIgnored { days } = when { days } else { 14 };
        ChannelRow {
            name: channel.name(),
            text: localizer.text(channel_key(channel)),
            available: state.channels.available().contains(&channel),
            when: vec![
                pick("never", "use-never", when == Use::Never),
                pick("at_once", "use-at-once", when == Use::AtOnce),
                pick("if_ignored", "use-if-ignored", matches!(when, Use::IfIgnored { .. })),
            ],
            days,
            from: vec![
                pick("upcoming", "from-upcoming", from <= Level::Upcoming),
                pick("due", "from-due", from == Level::Due),
                pick("overdue", "from-overdue", from == Level::Overdue),
            ],
        }
    };
    let preferences = &contact.preferences;
    let text = |address: &Address| address.as_str().to_owned();
    let fields = Fields {
        quiet_from: clock_text(preferences.quiet.from_minute),
        quiet_to: clock_text(preferences.quiet.to_minute),
        digest_at: preferences.digest_minute.map(clock_text).unwrap_or_default(),
        time_zone: contact.time_zone.clone().unwrap_or_default(),
        email: contact
            .unconfirmed
            .as_ref()
            .map(|known| &known.address)
            .or(contact.email.as_ref())
            .map(text)
            .unwrap_or_default(),
        unconfirmed: contact.unconfirmed.as_ref().map(|known| {
            let key = match known.asked {
                Asked::Waits => "confirm-waits",
                Asked::Sent => "confirm-sent",
                Asked::Failed => "confirm-failed",
            };
            localizer.with(key, [("address", known.address.as_str().into())])
        }),
        email_in_use: contact.email.as_ref().filter(|_| contact.unconfirmed.is_some()).map(text),
        phone: contact.phone.as_ref().map(text).unwrap_or_default(),
        postal: contact.postal.as_ref().map(|postal| postal.lines().join("\n")).unwrap_or_default(),
        webhook: contact.webhook.as_ref().map(|hook| hook.url.clone()).unwrap_or_default(),
        webhook_secret: contact.webhook.as_ref().map(|hook| hook.secret.clone()),
    };
    let mut told = Vec::new();
    for vehicle in &vehicles {
        let format = reader.format(account, Some(vehicle));
        let mut deliveries = state.channels.deliveries(&vehicle.device).await?;
        deliveries.retain(|delivery| delivery.owner == account.id && delivery.key.purpose == Purpose::Show);
        deliveries.sort_by_key(|delivery| std::cmp::Reverse(delivery.planned_ms));
        told.extend(deliveries.iter().take(SHOWN).filter_map(|delivery| told_row(vehicle, delivery, &format)));
    }
    told.truncate(SHOWN);
    let browsers = state.channels.subscriptions(&account.id).await?;
    let browsers =
        browsers.into_iter().map(|known| (known.id(&account.id), super::account::describe(localizer, &known.agent)));
    let cars = cars_of_others(&state, &owner).await?;
    let car = |car: &Vehicle| CarRow {
        id: car.device.to_string(),
        name: vehicle_name(localizer, car),
        told: contact.cars.contains(&car.device),
    };
    render::html(&ChannelsPage {
        rows: Channel::ALL.into_iter().map(row).collect(),
        fields,
        push_key: state.channels.push_key().map(str::to_owned),
        browsers: browsers.collect(),
        cars: cars.iter().map(car).collect(),
        told,
        flash: did.flash(&reader.format(account, None)),
        page,
    })
}

fn channel_key(channel: Channel) -> &'static str {
    match channel {
        Channel::Push => "channel-push",
        Channel::Email => "channel-email",
        Channel::Text => "channel-text",
        Channel::Webhook => "channel-webhook",
        Channel::Call => "channel-call",
        Channel::Letter => "channel-letter",
    }
}

fn told_row(vehicle: &Vehicle, delivery: &Delivery, format: &Format) -> Option<ToldRow> {
    let localizer = format.localizer;
    let notice = vehicle.notices.get(&delivery.key.notice)?;
    let state = match delivery.state {
        Stage::Queued { .. } => localizer.text("told-queued"),
        Stage::Held { rule, until_ms } => {
            let rule = localizer.text(match rule {
                milepost_engine::channels::Rule::Snoozed => "rule-snoozed",
                milepost_engine::channels::Rule::Ignored => "rule-ignored",
                milepost_engine::channels::Rule::Digest => "rule-digest",
                milepost_engine::channels::Rule::Gather => "rule-gather",
                milepost_engine::channels::Rule::QuietHours => "rule-quiet-hours",
            });
            localizer.with("told-held", [("until", format.date_time(until_ms).into()), ("rule", rule.into())])
        }
        Stage::Failed { next_ms } => localizer.with("told-failed", [("next", format.date_time(next_ms).into())]),
        Stage::Sent { at_ms } => localizer.with("told-sent", [("at", format.date_time(at_ms).into())]),
        Stage::Dead { .. } => localizer.text("told-dead"),
        Stage::Withdrawn { .. } => localizer.text("told-withdrawn"),
    };
    let channel = localizer.text(channel_key(delivery.key.channel));
    Some(ToldRow { title: title(localizer, notice), channel, state })
}

/// `POST /account/channels`.
pub(crate) async fn save(
    State(state): State<AppState>,
    owner: Owner,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Response, Problem> {
    let account = &owner.0.account.id;
    let (version, before) = state.channels.contact(account).await?;
    let field = |name: &str| form.get(name).cloned().unwrap_or_default();
    let mut choices = Vec::new();
    for channel in Channel::ALL {
        let name = channel.name();
        // A channel that is not offered has no fields.
        if form.contains_key(&format!("{name}-when")) {
            choices.push((channel, read(&form, name).ok_or_else(Problem::invalid)?));
        }
    }
    // Boxes that are not ticked are not sent, so that the form says whether it had any.
    let cars: Vec<String> = form.keys().filter_map(|name| name.strip_prefix("car-")).map(str::to_owned).collect();
    let wish = Wish {
        choices,
        quiet_from: field("quiet_from"),
        quiet_to: field("quiet_to"),
        digest_at: field("digest_at"),
        time_zone: field("time_zone"),
        email: field("email"),
        phone: field("phone"),
        postal: field("postal"),
        webhook: field("webhook"),
        cars: if form.contains_key("cars") { Some(driven(&state, &owner, &cars).await?) } else { None },
    };
    let contact = wish.apply(&before, state.now_ms())?.ok_or_else(Problem::invalid)?;
    state.channels.save(account, version, &contact).await?;
    Ok(render::see_other("/account/channels?did=channels"))
}

fn read(form: &HashMap<String, String>, name: &str) -> Option<Choice> {
    let field = |part: &str| form.get(&format!("{name}-{part}")).map(String::as_str);
    let when = match field("when")? {
        "never" => Use::Never,
        "at_once" => Use::AtOnce,
        "if_ignored" => Use::IfIgnored { days: field("days")?.parse().ok().filter(|days| (1..=90).contains(days))? },
        _ => return None,
    };
    let from = match field("from")? {
        "upcoming" => Level::Upcoming,
        "due" => Level::Due,
        "overdue" => Level::Overdue,
        _ => return None,
    };
    Some(Choice { when, from })
}

/// `POST /account/email/ask`: the mail to the unconfirmed address once more.
pub(crate) async fn ask(State(state): State<AppState>, owner: Owner) -> Result<Response, Problem> {
    if !state.channels.ask_again(&owner.0.account.id).await? {
        return Err(Problem::too_many(DAY_MS));
    }
    Ok(render::see_other("/account/channels?did=asked"))
}

/// `POST /account/push/{subscription}/remove`.
pub(crate) async fn remove(
    State(state): State<AppState>,
    owner: Owner,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    if !state.channels.unsubscribe(&owner.0.account.id, &id).await? {
        return Err(Problem::not_found());
    }
    Ok(render::see_other("/account/channels?did=push"))
}

/// `GET /sw.js`: the script that shows notifications; it stands at the root, so that it speaks for all pages.
pub(crate) async fn service_worker() -> impl IntoResponse {
    let head = [(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    (head, include_str!("../../assets/sw.js"))
}
