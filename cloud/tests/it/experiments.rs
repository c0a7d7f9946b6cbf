//! Experiments on offers from their file to what they show: who is drawn, who stays out, and what a stop does.

use axum::http::Method;
use milepost::domain::{AccountId, Actor};
use milepost::offers::{ENROLMENTS, forget, read_book};
use milepost::store::{DocKey, Store as _};
use milepost_engine::experiments::Group;
use milepost_engine::offers::{Arm, Channel, Lane, Stage, Timing};
use milepost_engine::policy::pick;
use milepost_protocol::NoticeId;
use milepost_protocol::notice::Answer;
use milepost_protocol::plan::DAY_MS;

use crate::app::{NOW_MS, TestApp, WINTER_TYRES};
use crate::offers::{in_the_cold, put_cars, with_offers};

const TRIAL: &str = r#"
id = "tyres-in-the-car"
version = 1
layer = "tyres"
units = 200

[[arm]]
name = "control"
share = 0.5

[[arm]]
name = "in-the-car"
share = 0.5
offer = 1
channel = "car"
"#;

const MADE: Arm = Arm::Offer { offer: WINTER_TYRES, channel: Channel::Car, timing: Timing::Now };

/// Puts the experiment and lets it run.
async fn run(app: &TestApp) {
    run_as(app, TRIAL).await;
}

async fn run_as(app: &TestApp, text: &str) {
    let lead = app.client("lena").await;
    let put = lead.json(Method::PUT, "/api/v1/experiments", text).await;
    assert_eq!((put.status.as_u16(), put.json()["experiment"]["state"].as_str()), (200, Some("draft")), "{}", put.body);
    let path = "/api/v1/experiments/tyres-in-the-car/state";
    let running = lead.json(Method::PUT, path, r#"{"state":"running"}"#).await;
    assert_eq!(running.json()["experiment"]["state"], "running", "{}", running.body);
}

#[tokio::test]
async fn an_experiment_draws_each_account_once_and_reaches_nobody_who_is_held_out_or_did_not_agree() {
    let app = TestApp::new().await;
    run(&app).await;
    let owners: Vec<AccountId> = (0..160).map(|at| format!("owner-{at}").parse().unwrap()).collect();
    // Two cars of each account, of which every fifth did not agree.
    let purposes = |at: usize| {
        if at.is_multiple_of(5) { milepost_protocol::downlink::Purposes::FUNCTION } else { with_offers() }
    };
    let cars = (0..320).map(|at| in_the_cold(&format!("cold-{at}"), &owners[at % 160], purposes(at % 160)));
    put_cars(&app, cars.collect()).await;
    app.committer().tick().await;
    let rules = app.state.service.offers();
    let catalogue = app.state.service.desk().now();
    let trial = &catalogue.trial("tyres-in-the-car").unwrap().trial;
    let mut counts = [0_u64; 2];
    for (at, owner) in owners.iter().enumerate() {
        let group = rules.holdout.place(&rules.key, owner.as_str()).group(rules.uniform);
        let takes_part = matches!(group, Group::Measured | Group::Rest) && !at.is_multiple_of(5);
        let drawn = trial.peek(&rules.key, owner.as_str(), true, None, NOW_MS).unwrap();
        for number in [at, at + 160] {
            let vehicle = app.vehicle(&format!("cold-{number}")).await;
            let decision = app.store.decisions(&vehicle.device, 1).await.unwrap().remove(0).decision;
            let held_back = group == Group::HeldOut || at.is_multiple_of(5);
            assert!(!held_back || vehicle.offers.presentations.is_empty(), "{owner} {group:?}");
            assert_eq!(decision.exposure.is_some(), takes_part, "{owner} {group:?} {decision:?}");
            if !takes_part {
                continue;
            }
            let shares: Vec<f64> = decision.arms.iter().map(|arm| arm.propensity).collect();
            assert_eq!(decision.lane, Lane::Experiment);
            assert_eq!(decision.exposure.as_ref().unwrap().arm, drawn.arm, "both cars have the account's arm");
            assert_eq!(decision.arms[pick(&shares, decision.draw)].arm, decision.chosen, "and it replays");
            assert_eq!(decision.chosen, [Arm::Nothing, MADE][drawn.arm]);
            assert_eq!(vehicle.offers.of(WINTER_TYRES).count(), drawn.arm);
        }
        counts[drawn.arm] += u64::from(takes_part);
    }
    let lead = app.client("lena").await;
    let shown = lead.get("/api/v1/experiments/tyres-in-the-car").await.json()["experiment"].clone();
    let accounts: Vec<u64> = (0..2).map(|arm| shown["arms"][arm]["accounts"].as_u64().unwrap()).collect();
    assert_eq!(accounts, counts, "an account counts once, however many cars it has");
    assert_eq!(shown["phases"][0]["accounts"], serde_json::json!(counts));
    assert_eq!((shown["effects"][0]["verdict"].as_str(), shown["adjusted"].as_bool()), (Some("learning"), Some(false)));
    let page = lead.get("/experience/experiments/tyres-in-the-car").await.body;
    for told in
        ["in-the-car: too few accounts", "The arms are as large as they should be.", "no gain", "Stop it for good"]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
}

#[tokio::test]
async fn what_is_stopped_leaves_its_accounts_to_the_policy_and_does_not_run_again() {
    let app = TestApp::new().await;
    run(&app).await;
    let rules = app.state.service.offers().clone();
    let catalogue = app.state.service.desk().now();
    let trial = &catalogue.trial("tyres-in-the-car").unwrap().trial;
    let in_control = |name: &AccountId| {
        let group = rules.holdout.place(&rules.key, name.as_str()).group(rules.uniform);
        group == Group::Rest && trial.peek(&rules.key, name.as_str(), true, None, NOW_MS).unwrap().arm == 0
    };
    let owner = (0..10_000).map(|at| format!("owner-{at}").parse().unwrap()).find(in_control).unwrap();
    put_cars(&app, vec![in_the_cold("cold-1", &owner, with_offers())]).await;
    app.committer().tick().await;
    let device = "cold-1".parse().unwrap();
    let first = app.store.decisions(&device, 1).await.unwrap().remove(0).decision;
    assert_eq!((first.chosen, first.exposure.map(|exposure| exposure.arm)), (Arm::Nothing, Some(0)));
    let lead = app.client("lena").await;
    let path = "/api/v1/experiments/tyres-in-the-car/state";
    let stopped = lead.json(Method::PUT, path, r#"{"state":"stopped"}"#).await;
    assert_eq!(stopped.json()["experiment"]["state"], "stopped", "{}", stopped.body);
    let again = lead.json(Method::PUT, path, r#"{"state":"running"}"#).await;
    assert_eq!(again.status.as_u16(), 422, "{}", again.body);
    put_cars(&app, vec![in_the_cold("cold-2", &owner, with_offers())]).await;
    app.committer().tick().await;
    let second = app.store.decisions(&"cold-2".parse().unwrap(), 1).await.unwrap().remove(0).decision;
    assert_eq!(second.exposure, None);
    assert!(second.arms.iter().any(|arm| arm.arm == MADE), "{second:?}");
}

#[tokio::test]
async fn what_an_experiment_keeps_is_told_as_such_and_whoever_is_erased_leaves_its_sums() {
    let app = TestApp::new().await;
    run(&app).await;
    let rules = app.state.service.offers().clone();
    let takes_part =
        |name: &AccountId| rules.holdout.place(&rules.key, name.as_str()).group(rules.uniform) == Group::Rest;
    let owner: AccountId = (0..10_000).map(|at| format!("owner-{at}").parse().unwrap()).find(takes_part).unwrap();
    put_cars(&app, vec![in_the_cold("cold-1", &owner, with_offers())]).await;
    // Stopped arms cannot be made, so the experiment draws nobody and leaves the offer to nobody else.
    let lead = app.client("lena").await;
    lead.json(Method::POST, "/api/v1/offers/1/stop", "").await;
    app.committer().tick().await;
    let device = "cold-1".parse().unwrap();
    let held = app.store.decisions(&device, 1).await.unwrap().remove(0).decision;
    assert_eq!(
        (held.exposure, held.candidates[0].rejection.as_ref().map(milepost_engine::offers::Rejection::stage)),
        (None, Some(Stage::Guardrail))
    );
    lead.json(Method::POST, "/api/v1/offers/1/resume", "").await;
    app.state.service.clock().set(NOW_MS + 2 * DAY_MS);
    app.committer().tick().await;
    let key = DocKey::new(ENROLMENTS, owner.as_str());
    assert!(app.store.docs(std::slice::from_ref(&key)).await.unwrap()[0].is_some());
    forget(&app.store, &owner).await.unwrap();
    assert!(app.store.docs(&[key]).await.unwrap()[0].is_none());
    let book = read_book(&app.store).await.unwrap();
    let tally = book.trial("tyres-in-the-car", 1).unwrap();
    assert!((tally.arm(0).n + tally.arm(1).n - 1.0).abs() < 1e-9);
}

/// Names of the group that the policy decides for, which the experiment draws into an arm.
fn names_in(app: &TestApp, arm: usize) -> impl Iterator<Item = AccountId> {
    let rules = app.state.service.offers().clone();
    let catalogue = app.state.service.desk().now();
    (0..10_000).map(|at| format!("owner-{at}").parse().unwrap()).filter(move |name: &AccountId| {
        let trial = &catalogue.trial("tyres-in-the-car").unwrap().trial;
        let group = rules.holdout.place(&rules.key, name.as_str()).group(rules.uniform);
        group == Group::Rest && trial.peek(&rules.key, name.as_str(), true, None, NOW_MS).unwrap().arm == arm
    })
}

#[tokio::test]
async fn an_experiment_that_has_ended_takes_nobody_in_and_counts_everybody_until_their_windows_are_over() {
    let app = TestApp::new().await;
    let day = jiff::Timestamp::from_millisecond((NOW_MS + 2 * DAY_MS).cast_signed()).unwrap();
    let until = day.to_zoned(jiff::tz::TimeZone::UTC).date();
    run_as(&app, &TRIAL.replace("units = 200", &format!("units = 200\nuntil = {until}\nwindow_days = 10"))).await;
    let service = app.state.service.clone();
    let made: Vec<AccountId> = names_in(&app, 1).take(3).collect();
    let control = names_in(&app, 0).next().unwrap();
    let cars = [("cold-1", &made[0]), ("cold-2", &made[1]), ("cold-3", &control)];
    put_cars(&app, cars.map(|(id, owner)| in_the_cold(id, owner, with_offers())).to_vec()).await;
    app.committer().tick().await;

    // After the end: a new account is left to the policy, and a second car of the control keeps its arm.
    service.clock().set(NOW_MS + 3 * DAY_MS);
    let cars = [("cold-4", &made[2]), ("cold-5", &control)];
    put_cars(&app, cars.map(|(id, owner)| in_the_cold(id, owner, with_offers())).to_vec()).await;
    app.committer().tick().await;
    let newest = async |id: &str| app.store.decisions(&id.parse().unwrap(), 1).await.unwrap().remove(0).decision;
    let (new, kept) = (newest("cold-4").await, newest("cold-5").await);
    assert!(new.exposure.is_none() && new.arms.iter().any(|arm| arm.arm == MADE), "{new:?}");
    assert_eq!((kept.exposure.map(|exposure| exposure.arm), kept.chosen), (Some(0), Arm::Nothing));

    let lead = app.client("lena").await;
    let shown = async || lead.get("/api/v1/experiments/tyres-in-the-car").await.json()["experiment"].clone();
    let counting = shown().await;
    let over = jiff::Timestamp::from_millisecond((NOW_MS + 10 * DAY_MS).cast_signed()).unwrap();
    assert_eq!(counting["counting_until"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap(), over, "{counting}");
    assert_eq!((counting["intake"].as_str(), counting["window_days"].as_u64()), (Some("outcomes"), Some(10)));
    let accounts = |shown: &serde_json::Value| [0, 1].map(|arm| shown["arms"][arm]["accounts"].as_u64().unwrap());
    assert_eq!(accounts(&counting), [1, 2]);
    let page = lead.get("/experience/experiments/tyres-in-the-car").await.body;
    assert!(page.contains("takes nobody in any more and is counting until"), "{page}");

    let offer = NoticeId::offer(WINTER_TYRES, 0);
    let answer = async |at: usize, given: Answer| {
        let device = format!("cold-{}", at + 1).parse().unwrap();
        service.answer(&device, offer, given, Actor::Owner(made[at].clone())).await.unwrap();
        shown().await["arms"][1]["margin"].as_f64().unwrap()
    };
    service.clock().set(NOW_MS + 5 * DAY_MS);
    assert!((answer(0, Answer::Book).await - 9.5).abs() < 1e-9, "one of two has booked, days after the end");
    service.clock().set(NOW_MS + 6 * DAY_MS);
    assert!(answer(0, Answer::Refuse).await.abs() < 1e-9, "and does not want it after all");
    assert!((answer(1, Answer::Book).await - 9.5).abs() < 1e-9);
    service.clock().set(NOW_MS + 10 * DAY_MS);
    assert!((answer(1, Answer::Refuse).await - 9.5).abs() < 1e-9, "the window is over");
    let closed = shown().await;
    assert_eq!((closed["intake"].as_str(), closed["counting_until"].is_null()), (Some("closed"), true), "{closed}");
    assert_eq!(accounts(&closed), [1, 2]);
    let page = lead.get("/experience/experiments").await.body;
    assert!(page.contains("Closed: no window is open any more"), "{page}");
}
