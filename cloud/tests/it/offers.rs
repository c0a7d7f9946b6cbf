//! Offers from the catalogue to the book: a winter that reaches one car, and what holds whatever is drawn.

use axum::http::Method;
use milepost::domain::{AccountId, Actor, Profile, Vehicle};
use milepost::offers::{UNITS, forget, read_book};
use milepost::store::{Commit, DocKey, Store as _, VehicleWrite};
use milepost_engine::experiments::{Group, draw};
use milepost_engine::offers::{Arm, Channel, EXAMPLES, Timing};
use milepost_engine::policy::pick;
use milepost_engine::usage::Times;
use milepost_protocol::downlink::{Consent, Purposes};
use milepost_protocol::envelope::ClockQuality;
use milepost_protocol::notice::{Answer, NoticeState, Surface};
use milepost_protocol::plan::DAY_MS;
use milepost_protocol::record::{NoticeAnswered, NoticeShown, Record, TyreSample, Wheel};
use milepost_protocol::{DeviceId, EnvelopeWriter, Header, NoticeId};

use crate::app::{NOW_MS, PASSWORD, TestApp, WINTER_TYRES};

/// The advice that comes before the winter tyres.
const WINTER_DRIVING: u16 = 2;

const HOUR_MS: u64 = 3_600_000;

pub(crate) fn with_offers() -> Purposes {
    Purposes::FUNCTION.and(Purposes::OFFERS)
}

pub(crate) fn tyre(outside_decicelsius: i16) -> Record {
    let wheel = Wheel::FrontLeft;
    let outside_decicelsius = Some(outside_decicelsius);
    TyreSample { wheel, pressure_pa: 235_000, air_decicelsius: None, outside_decicelsius, sensor: Some(7) }.into()
}

/// The first of many names that falls into a group.
fn name_in(app: &TestApp, group: Group) -> AccountId {
    let rules = app.state.service.offers();
    let falls = |name: &String| rules.holdout.place(&rules.key, name).group(rules.uniform) == group;
    (0..1_000).map(|at| format!("owner-{at}")).find(falls).unwrap().parse().unwrap()
}

/// A car on summer wheels after a week of cold, whose owner was advised two days ago; it is due.
pub(crate) fn in_the_cold(id: &str, owner: &AccountId, purposes: Purposes) -> VehicleWrite {
    let mut vehicle = Vehicle::new(id.parse().unwrap(), NOW_MS - 90 * DAY_MS);
    vehicle.owner = Some(owner.clone());
    vehicle.consent = Consent { version: 1, purposes };
    for (days_ago, decicelsius) in [(40, 210), (39, 205)].into_iter().chain((0..8).rev().map(|day| (day, 20))) {
        let at_ms = NOW_MS - days_ago * DAY_MS;
        vehicle.state.apply(1, Times { measured_at_ms: at_ms, received_at_ms: at_ms }, &tyre(decicelsius));
    }
    vehicle.offers.tip(WINTER_DRIVING, NOW_MS - 2 * DAY_MS);
    vehicle.timer_ms = Some(NOW_MS);
    vehicle.revision = 1;
    VehicleWrite { expected: None, vehicle }
}

pub(crate) async fn put_cars(app: &TestApp, vehicles: Vec<VehicleWrite>) {
    app.store.commit(Commit { vehicles, ..Commit::default() }).await.unwrap();
}

/// A winter of so many owners with a car each, in which half of those who got an offer booked it and half refused.
pub(crate) async fn answer_a_winter(app: &TestApp, accounts: usize) {
    let owners: Vec<AccountId> = (0..accounts).map(|at| format!("owner-{at}").parse().unwrap()).collect();
    let cars = owners.iter().enumerate().map(|(at, owner)| in_the_cold(&format!("cold-{at}"), owner, with_offers()));
    put_cars(app, cars.collect()).await;
    app.committer().tick().await;
    app.state.service.clock().set(NOW_MS + 7 * DAY_MS);
    app.committer().tick().await;
    for (at, owner) in owners.iter().enumerate() {
        let vehicle = app.vehicle(&format!("cold-{at}")).await;
        for id in vehicle.notices.keys().filter(|id| id.as_offer().is_some()) {
            let answer = if at % 2 == 0 { Answer::Book } else { Answer::Refuse };
            app.state.service.answer(&vehicle.device, *id, answer, Actor::Owner(owner.clone())).await.unwrap();
        }
    }
}

pub(crate) async fn send(app: &TestApp, device: &DeviceId, number: &mut u32, record: &Record) {
    let now_ms = app.state.service.clock().now_ms();
    let quality = ClockQuality::Network;
    let header = Header { boot: 1, first: *number, base_ms: now_ms, quality, age_ms: None, consent: 1 };
    let mut buffer = [0; milepost_protocol::MAX_ENVELOPE_LEN];
    let mut writer = EnvelopeWriter::new(&mut buffer, &header).unwrap();
    writer.push(*number, now_ms, record).unwrap();
    *number += 1;
    let bytes = bytes::Bytes::copy_from_slice(writer.finish());
    app.committer().envelope(device.clone(), bytes).await.unwrap().await.unwrap();
}

#[tokio::test]
async fn a_winter_reaches_one_car_tips_first_and_the_answer_in_the_car_earns_its_arm() {
    let app = TestApp::new().await;
    let lead = app.client("lena").await;
    let (_, text) = EXAMPLES[0];
    let in_car = text
        .replace("version = 1", "version = 2")
        .replace("[\"car\", \"account\"]", "[\"car\"]")
        .replace("[\"now\", \"saturday\"]", "[\"now\"]");
    let put = lead.json(Method::PUT, "/api/v1/offers", &in_car).await;
    assert_eq!(put.json()["offer"]["live"], true, "{}", put.body);
    let again = lead.json(Method::PUT, "/api/v1/offers", &in_car).await;
    assert_eq!(again.status.as_u16(), 422, "a version that is not above the present one");

    let owner = name_in(&app, Group::Rest);
    app.state.accounts.create(owner.clone(), "Olga", milepost::accounts::Role::Owner, PASSWORD).await.unwrap();
    let device: DeviceId = "winter-1".parse().unwrap();
    let (service, mut number) = (&app.state.service, 0);
    service.register(&device, Profile::default(), Some(owner.clone()), Actor::System).await.unwrap();
    service.set_consent(&device, with_offers(), Actor::Owner(owner.clone())).await.unwrap();
    let offer = NoticeId::offer(WINTER_TYRES, 0);
    let midnight_ms = NOW_MS / DAY_MS * DAY_MS;
    for day in 0..90 {
        // One in the morning and ten by the owner's clock.
        for hour in [0, 9] {
            service.clock().set(midnight_ms + day * DAY_MS + hour * HOUR_MS);
            if service.clock().now_ms() >= NOW_MS {
                send(&app, &device, &mut number, &tyre(if day < 10 { 220 } else { 20 })).await;
            }
        }
        if app.vehicle("winter-1").await.notices.contains_key(&offer) {
            break;
        }
    }
    let vehicle = app.vehicle("winter-1").await;
    let made = &vehicle.notices[&offer];
    let advice = vehicle.notices.values().find(|notice| notice.made.as_ref().is_some_and(|made| made.entry == 2));
    let advice = advice.unwrap();
    assert!(advice.raised_ms() + DAY_MS <= made.raised_ms(), "advice stands a day before what is sold");
    for notice in [advice, made] {
        let hour = (notice.raised_ms() / HOUR_MS + 1) % 24;
        assert!((8..21).contains(&hour), "shown at {hour}");
    }
    assert!(made.in_car && advice.in_car);

    send(&app, &device, &mut number, &NoticeShown { notice: offer }.into()).await;
    let booked = NoticeAnswered { notice: offer, answer: Answer::Book, odometer_m: 0 };
    send(&app, &device, &mut number, &booked.into()).await;
    let vehicle = app.vehicle("winter-1").await;
    let made = &vehicle.notices[&offer];
    assert_eq!(made.state(), NoticeState::Booked);
    assert!(made.was_seen(Surface::Car));
    let arm = Arm::Offer { offer: WINTER_TYRES, channel: Channel::Car, timing: Timing::Now };
    let tally = read_book(&app.store).await.unwrap().tally(arm);
    assert_eq!((tally.shown, tally.booked, tally.margin), (1, 1, 1900), "the margin is the arm's, durably");

    let olga = app.client(owner.as_str()).await;
    for path in ["/vehicles/winter-1", "/vehicles/winter-1/car"] {
        let page = olga.get(path).await.body;
        assert!(page.contains("Safety tip") && page.contains("Cold roads ahead"), "{path}: {page}");
    }
    let page = olga.get("/vehicles/winter-1/offers").await.body;
    for told in ["Offer made: Winter tyres", "Winter tyres: advice comes first", "outside temperature of a week"] {
        assert!(page.contains(told), "{told}: {page}");
    }
    let decisions = olga.get("/api/v1/vehicles/winter-1/decisions").await.json();
    let decisions = decisions["decisions"].as_array().unwrap().clone();
    let chosen = decisions.iter().find(|decision| decision["offer"] == WINTER_TYRES).unwrap();
    assert_eq!(chosen["arm"], "1/car/now");
    let total: f64 = chosen["arms"].as_array().unwrap().iter().map(|arm| arm["propensity"].as_f64().unwrap()).sum();
    assert!((total - 1.0).abs() < 1e-9);
}

#[tokio::test]
async fn no_promotion_reaches_a_held_out_owner_or_one_who_did_not_agree_and_every_arm_replays_by_its_key() {
    let app = TestApp::new().await;
    let owners: Vec<AccountId> = (0..120).map(|at| format!("owner-{at}").parse().unwrap()).collect();
    let agrees = |at: usize| !at.is_multiple_of(3);
    let purposes = |at| if agrees(at) { with_offers() } else { Purposes::FUNCTION };
    let cars = owners.iter().enumerate().map(|(at, owner)| in_the_cold(&format!("cold-{at}"), owner, purposes(at)));
    put_cars(&app, cars.collect()).await;
    app.committer().tick().await;
    let rules = app.state.service.offers();
    let (mut contacted, mut held_out) = (0, 0);
    for (at, owner) in owners.iter().enumerate() {
        let vehicle = app.vehicle(&format!("cold-{at}")).await;
        let rows = app.store.decisions(&vehicle.device, 10).await.unwrap();
        let row = &rows[0];
        let shares: Vec<f64> = row.decision.arms.iter().map(|arm| arm.propensity).collect();
        let drawn = draw(&rules.key, &format!("{} {}", row.device, row.number));
        assert_eq!(row.decision.draw.to_bits(), drawn.to_bits());
        assert_eq!(row.decision.arms[pick(&shares, drawn)].arm, row.decision.chosen);
        let is_held_out = rules.holdout.place(&rules.key, owner.as_str()).is_held_out();
        held_out += usize::from(is_held_out && agrees(at));
        let reached = !vehicle.offers.presentations.is_empty() || vehicle.planned.is_some();
        contacted += usize::from(reached);
        if is_held_out || !agrees(at) {
            assert!(!reached && row.decision.arms.len() == 1, "{owner}: {:?}", row.decision);
        } else {
            assert!(row.decision.arms.len() > 1, "{owner}: {:?}", row.decision);
        }
        assert_eq!(row.decision.facts.is_empty(), !agrees(at), "no fact is stored without consent");
    }
    assert!(contacted > 30 && held_out > 0, "{contacted} contacted, {held_out} held out");
}

#[tokio::test]
async fn caps_hold_when_all_cars_of_an_owner_are_decided_on_at_once() {
    let app = TestApp::new().await;
    let owner = name_in(&app, Group::Rest);
    let cars: Vec<VehicleWrite> = (0..12).map(|at| in_the_cold(&format!("cold-{at}"), &owner, with_offers())).collect();
    put_cars(&app, cars).await;
    let limit = app.state.service.offers().caps.limit as usize;
    let mut shown = 0;
    // What was drawn for Saturday comes then, and is held to the same caps.
    for hours in [0, 24, 72, 74, 96] {
        app.state.service.clock().set(NOW_MS + hours * HOUR_MS);
        tokio::join!(app.committer().tick(), app.committer().tick());
        shown = 0;
        for at in 0..12 {
            shown += app.vehicle(&format!("cold-{at}")).await.offers.presentations.len();
        }
        assert!(shown <= limit, "{shown} of at most {limit}");
    }
    assert!(shown > 0);
}

#[tokio::test]
async fn whoever_is_erased_is_gone_and_the_sums_stay() {
    let app = TestApp::new().await;
    let owner = name_in(&app, Group::Measured);
    put_cars(&app, vec![in_the_cold("cold-1", &owner, with_offers())]).await;
    app.committer().tick().await;
    let unit = DocKey::new(UNITS, owner.as_str());
    let known = |found: Vec<Option<milepost::store::Doc>>| found[0].is_some();
    assert!(known(app.store.docs(std::slice::from_ref(&unit)).await.unwrap()));
    let before = read_book(&app.store).await.unwrap();
    assert_eq!(before.increment().measured.units, 1);

    app.store.erase(&"cold-1".parse().unwrap()).await.unwrap();
    forget(&app.store, &owner).await.unwrap();
    assert!(!known(app.store.docs(std::slice::from_ref(&unit)).await.unwrap()));
    let after = read_book(&app.store).await.unwrap();
    assert_eq!(after, before);
    let text = serde_json::to_string(&after).unwrap();
    assert!(!text.contains(owner.as_str()) && !text.contains("cold-1"), "the book names nobody");
}

#[tokio::test]
async fn a_preview_says_whom_an_entry_would_fit_and_stopping_it_holds_from_then_on() {
    let app = TestApp::new().await;
    let lead = app.client("lena").await;
    let owner = name_in(&app, Group::Rest);
    put_cars(&app, vec![in_the_cold("cold-1", &owner, with_offers())]).await;
    let preview = lead.get("/api/v1/offers/1/preview").await.json()["preview"].clone();
    assert_eq!(preview["fits"], 1, "{preview}");
    assert!(preview["looked_at"].as_u64().unwrap() >= 5 && preview["not_allowed"].as_u64().unwrap() >= 1, "{preview}");
    assert!(app.vehicle("cold-1").await.offers.presentations.is_empty(), "a preview makes nothing");
    let stopped = lead.json(Method::POST, "/api/v1/offers/1/stop", "").await.json();
    assert!(stopped["offer"]["arms"].as_array().unwrap().iter().all(|arm| arm["halted"] == true), "{stopped}");
    app.committer().tick().await;
    assert!(app.vehicle("cold-1").await.offers.presentations.is_empty());
    for path in ["", "/offers/1", "/segments", "/results", "/policy"] {
        let page = lead.get(&format!("/experience{path}")).await;
        assert_eq!(page.status.as_u16(), 200, "{path}: {}", page.body);
        assert!(!page.body.contains(owner.as_str()), "{path} names nobody");
    }
}

#[tokio::test]
async fn a_policy_takes_over_where_the_log_supports_it_or_somebody_says_why_and_stays_over_a_restart() {
    let app = TestApp::new().await;
    let lead = app.client("lena").await;
    let path = "/api/v1/offer-policy";
    let refused = lead.json(Method::PUT, path, r#"{"policy":"fixed"}"#).await;
    assert_eq!((refused.status.as_u16(), refused.json()["code"].as_str()), (409, Some("policy")), "{}", refused.body);
    assert_eq!(refused.json()["at"], "the log holds no events");
    let before = lead.get(path).await.json()["policy"].clone();
    assert_eq!((before["in_force"].as_str(), before["chosen"].is_null()), (Some("fixed"), true), "{before}");
    let silly = lead.json(Method::PUT, path, r#"{"policy":"fixed","nothing":1.5,"despite":"why not"}"#).await;
    assert_eq!(silly.status.as_u16(), 422);

    answer_a_winter(&app, 400).await;
    app.state.service.clock().set(NOW_MS + 45 * DAY_MS);
    let judged = lead.get(path).await.json()["policy"]["candidates"].clone();
    let fixed = judged.as_array().unwrap().iter().find(|one| one["policy"] == "fixed").unwrap().clone();
    assert!(fixed["decisions"].as_u64().unwrap() > 300 && fixed["effective_size"].as_f64().unwrap() > 100.0, "{fixed}");
    assert!(fixed["low"].as_f64().unwrap() < fixed["high"].as_f64().unwrap(), "{fixed}");
    let never = lead.json(Method::PUT, path, r#"{"policy":"fixed","nothing":1.0}"#).await;
    assert_eq!(never.status.as_u16(), 409, "doing nothing earns less than what was logged: {}", never.body);
    let changed = lead.json(Method::PUT, path, r#"{"policy":"fixed"}"#).await;
    assert_eq!(changed.json()["policy"]["in_force"], "fixed", "{}", changed.body);
    let anyway = r#"{"policy":"fixed","nothing":1.0,"despite":"stock is short"}"#;
    let kept = lead.json(Method::PUT, path, anyway).await.json()["policy"]["chosen"].clone();
    assert_eq!(
        (kept["version"].as_u64(), kept["by"].as_str(), kept["despite"].as_str()),
        (Some(3), Some("lena"), Some("stock is short"))
    );
    let chosen = milepost::offers::chosen(&app.store).await.unwrap().unwrap();
    assert_eq!((chosen.version, chosen.nothing), (3, Some(1.0)));
    let desk = milepost::offers::Desk::default();
    milepost::offers::refresh(&app.store, &desk, milepost::offers::Catalogue::examples().unwrap()).await.unwrap();
    assert_eq!(desk.method(), app.state.service.desk().method());
}
