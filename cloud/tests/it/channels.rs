//! Notices outside of the car and the account: planned once, sent once, cleared everywhere.

use axum::http::{Method, StatusCode};
use milepost::accounts::Role;
use milepost::channels::Worker;
use milepost::config::{self, Email, EmailTls, Push, TextMessages};
use milepost::domain::{AccountId, Actor, FamilyChange, FamilyRole, Grant, Intent, Profile};
use milepost_engine::channels::Channel;
use milepost_engine::plan::{Powertrain, standard};
use milepost_protocol::notice::Answer;
use milepost_protocol::plan::{Anchor, DAY_MS, SafetyClass};
use serde_json::{Value, json};

use crate::app::{Client, NOW_MS, PASSWORD, TestApp, brake_reminder};
use crate::receivers::{BROWSER, BROWSER_AUTH, MailServer, Mood, Receiver, Taken};

pub(crate) const HOUR_MS: u64 = 3_600_000;

/// Everything around one installation, and what steps it.
pub(crate) struct Scene {
    pub(crate) app: TestApp,
    pub(crate) anna: Client,
    pub(crate) mail: MailServer,
    pub(crate) push: Receiver,
    pub(crate) hook: Receiver,
    pub(crate) text: Receiver,
    pub(crate) worker: Worker,
    settings: config::Channels,
}

impl Scene {
    pub(crate) async fn set() -> Self {
        let (mail, push) = (MailServer::start(Mood::Takes).await, Receiver::start().await);
        let (hook, text) = (Receiver::start().await, Receiver::start().await);
        let app = TestApp::new().await;
        let settings = config::Channels {
            public_url: "https://cars.example".to_owned(),
            gather_ms: 600_000,
            reach_private: true,
            email: Email {
                server: Some(mail.address.to_string()),
                tls: EmailTls::Never,
                from: "Workshop <cars@cars.example>".to_owned(),
                ..Email::default()
            },
            push: Push { contact: Some("mailto:ops@cars.example".to_owned()) },
            text: TextMessages { url: Some(text.url("/sms")), secret: Some(config::Secret::new("provider".into())) },
            ..config::Channels::default()
        };
        let worker = Worker::new(app.state.service.clone(), settings.clone(), &crate::app::workshop());
        let anna = app.client("anna").await;
        let scene = Self { app, anna, mail, push, hook, text, worker, settings };
        scene.confirm("anna@example.org").await;
        scene
    }

    /// What its workers are made with.
    pub(crate) fn settings(&self) -> config::Channels {
        self.settings.clone()
    }

    /// Names an address, and says by the mail's link that it is Anna's; no notice travels by mail before.
    pub(crate) async fn confirm(&self, address: &str) {
        let never = json!({ "email": { "when": "never", "from": "due" } });
        let named = self.choose(&json!({ "choices": never, "email": address })).await;
        assert_eq!(named["email_unconfirmed"], address);
        assert_eq!(self.worker.send(Channel::Email).await.unwrap(), 1);
        let link = format!("/confirm/{}", self.mail.mails()[0].token("confirm"));
        let answer = self.app.anonymous().form(&link, "").await;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, &*format!("{link}?did=done")));
        self.mail.forget();
    }

    pub(crate) fn wish(&self) -> Value {
        let at_once = json!({ "when": "at_once", "from": "upcoming" });
        json!({
            "choices": { "push": at_once, "email": at_once, "text": at_once, "webhook": at_once, "call": at_once, "letter": at_once },
            "email": "anna@example.org", "phone": "+49 30 123456", "postal": "Anna Lindholm\nWeg 1\n12345 Ort",
            "webhook": self.hook.url("/home"),
        })
    }

    pub(crate) async fn choose(&self, wish: &Value) -> Value {
        let answer = self.anna.json(Method::PUT, "/api/v1/channels", &wish.to_string()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()["channels"].clone()
    }

    pub(crate) async fn subscribe(&self, path: &str) {
        let body = json!({ "endpoint": self.push.url(path), "keys": { "p256dh": BROWSER, "auth": BROWSER_AUTH } });
        let answer = self.anna.json(Method::POST, "/api/v1/push-subscriptions", &body.to_string()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    }

    /// Plans and sends until nothing is left for now.
    pub(crate) async fn settle(&self) {
        while self.worker.plan().await.unwrap() > 0 {}
        for channel in Channel::ALL {
            while self.worker.send(channel).await.unwrap() > 0 {}
        }
        while self.worker.plan().await.unwrap() > 0 {}
        for channel in Channel::ALL {
            while self.worker.send(channel).await.unwrap() > 0 {}
        }
    }

    pub(crate) async fn later(&self, ms: u64) {
        self.app.state.service.clock().set(self.app.state.now_ms() + ms);
        self.settle().await;
    }

    pub(crate) async fn deliveries(&self) -> Vec<Value> {
        let body = self.anna.get("/api/v1/vehicles/golf-1/deliveries").await.json();
        body["deliveries"].as_array().unwrap().clone()
    }

    pub(crate) async fn delivery(&self, channel: &str) -> Value {
        let all = self.deliveries().await;
        all.into_iter().find(|one| one["channel"] == channel && one["purpose"] == "show").unwrap_or_default()
    }

    pub(crate) async fn answer_in_car(&self) {
        let golf = "golf-1".parse().unwrap();
        self.app.state.service.answer(&golf, brake_reminder(), Answer::Book, Actor::Car).await.unwrap();
    }

    /// Makes every service item of Anna's second car overdue, none of which concerns safety.
    pub(crate) async fn raise_more(&self) {
        let start = Anchor { cycle: 1, at_ms: NOW_MS - 400 * DAY_MS, odometer_m: 21_000_000, ..Anchor::default() };
        let mut items = standard(Powertrain::Electric, start).items;
        for item in &mut items {
            item.rule.safety = SafetyClass::Wear;
            item.rule.repeat.days = Some(30);
        }
        let volt = "volt-2".parse().unwrap();
        self.app.state.service.set_plan(&volt, items.to_vec(), Actor::System).await.unwrap();
    }
}

#[tokio::test]
async fn one_reminder_travels_by_every_channel_and_one_answer_in_the_car_clears_it_everywhere() {
    let scene = Scene::set().await;
    let chosen = scene.choose(&scene.wish()).await;
    scene.subscribe("/browser").await;
    scene.settle().await;

    let mails = scene.mail.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].to, ["anna@example.org"]);
    assert_eq!(mails[0].header("subject"), "Brake fluid soon: VW Golf Variant, 2021");
    assert!(mails[0].header("list-unsubscribe").starts_with("<https://cars.example/unsubscribe/"));
    assert_eq!(mails[0].header("list-unsubscribe-post"), "List-Unsubscribe=One-Click");
    assert!(
        mails[0].text().contains("Content-Type: text/html") && mails[0].text().contains("Content-Type: text/plain")
    );
    let shown = scene.push.taken()[0].decrypted();
    assert_eq!(shown["show"], format!("golf-1/{}", brake_reminder()));
    let told = scene.hook.taken();
    assert!(told[0].is_signed(chosen["webhook_secret"].as_str().unwrap()) && !told[0].is_signed("another"));
    assert_eq!(told[0].json()["event"], "notice.raised");
    let texts = scene.text.taken();
    assert!(texts[0].is_signed("provider"));
    assert_eq!(texts[0].json()["to"], "+4930123456");
    let vera = scene.app.client("vera").await;
    let tasks = |answer: Value| answer["tasks"].as_array().unwrap().len();
    assert_eq!(tasks(vera.get("/api/v1/tasks").await.json()), 2, "a call and a letter");
    let page = vera.get("/advisor/tasks").await;
    assert!(page.body.contains("Brake fluid") && page.body.contains("Letter as PDF"), "{}", page.body);

    scene.answer_in_car().await;
    scene.settle().await;
    assert_eq!(scene.push.taken()[1].decrypted(), json!({ "close": format!("golf-1/{}", brake_reminder()) }));
    assert_eq!(scene.hook.taken()[1].json()["event"], "notice.closed");
    assert_eq!(tasks(vera.get("/api/v1/tasks").await.json()), 0, "nobody has to call any more");
    scene.later(30 * DAY_MS).await;
    let counts =
        (scene.mail.mails().len(), scene.push.taken().len(), scene.hook.taken().len(), scene.text.taken().len());
    assert_eq!(counts, (1, 2, 2, 1), "nothing is told twice");
}

#[tokio::test]
async fn a_driver_hears_of_the_reminders_of_a_car_that_they_ticked_by_their_own_ways_and_while_they_may_drive_it() {
    let scene = Scene::set().await;
    let (app, golf) = (&scene.app, "golf-1".parse().unwrap());
    let by = || Actor::Owner("anna".parse().unwrap());
    for (id, role) in [("dora", FamilyRole::Driver), ("vito", FamilyRole::Viewer)] {
        let account: AccountId = id.parse().unwrap();
        app.state.accounts.create(account.clone(), id, Role::Owner, PASSWORD).await.unwrap();
        let grant = Grant { role, trips: false };
        let invited_by = "anna".parse().unwrap();
        let change = FamilyChange::Admit { account, grant, invited_by, invited_ms: NOW_MS };
        app.state.service.submit(&golf, Intent::Family { change }, by()).await.unwrap();
    }
    let (dora, vito, hers) = (app.client("dora").await, app.client("vito").await, Receiver::start().await);
    let wish = |cars: &Value| {
        let at_once = json!({ "when": "at_once", "from": "upcoming" });
        let choices = json!({ "webhook": at_once, "call": at_once, "letter": at_once });
        json!({ "choices": choices, "webhook": hers.url("/dora"), "cars": cars }).to_string()
    };
    let refused = vito.json(Method::PUT, "/api/v1/channels", &wish(&json!(["golf-1"]))).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "a viewer answers nothing, and is told nothing");
    dora.json(Method::PUT, "/api/v1/channels", &wish(&Value::Null)).await;
    scene.settle().await;
    assert_eq!(hers.taken().len(), 0, "she has not asked for it");
    let page = dora.get("/account/channels").await.body;
    assert!(page.contains("name=\"car-golf-1\"") && page.contains("VW Golf Variant"), "{page}");
    let chosen = dora.json(Method::PUT, "/api/v1/channels", &wish(&json!(["golf-1"]))).await;
    assert_eq!(chosen.json()["channels"]["cars"][0]["told"], true, "{}", chosen.body);
    scene.settle().await;
    let told = hers.taken();
    assert_eq!((told.len(), &told[0].json()["notice"]), (1, &json!(brake_reminder().to_string())), "{told:?}");
    let vera = app.client("vera").await;
    assert_eq!(vera.get("/api/v1/tasks").await.json()["tasks"], json!([]), "the workshop calls owners");
    assert!(scene.deliveries().await.iter().all(|one| one["channel"] != "webhook"), "what she is told is hers");

    let link = told[0].json()["link"].as_str().unwrap().replace("https://cars.example", "");
    assert_eq!(app.anonymous().get(&link).await.status, StatusCode::OK);
    assert_eq!(app.anonymous().form(&link, "answer=snooze&days=1").await.status, StatusCode::SEE_OTHER);
    let answered = app.vehicle("golf-1").await.notices[&brake_reminder()].history().last().cloned().unwrap();
    assert_eq!(answered.by, Actor::Family("dora".parse().unwrap()));
    let account = "dora".parse().unwrap();
    let change = FamilyChange::Dismiss { account };
    app.state.service.submit(&golf, Intent::Family { change }, by()).await.unwrap();
    assert_eq!(app.anonymous().get(&link).await.status, StatusCode::NOT_FOUND, "she does not drive it any more");
    let before = hers.taken().len();
    scene.later(2 * DAY_MS).await;
    assert_eq!(hers.taken().len(), before, "nor does she hear of it");
}

#[tokio::test]
async fn a_mail_server_that_is_down_for_a_day_loses_nothing_and_gets_nothing_twice() {
    let scene = Scene::set().await;
    scene.mail.turn(Mood::Refuses);
    scene.choose(&scene.wish()).await;
    for _ in 0..24 {
        scene.later(HOUR_MS).await;
    }
    assert_eq!(scene.delivery("email").await["state"], "failed");
    assert!(scene.mail.mails().is_empty());
    scene.mail.turn(Mood::Takes);
    scene.later(HOUR_MS).await;
    assert_eq!(scene.delivery("email").await["state"], "sent");
    scene.later(DAY_MS).await;
    assert_eq!(scene.mail.mails().len(), 1);
}

#[tokio::test]
async fn a_mail_that_was_answered_while_its_server_was_down_is_never_sent() {
    let scene = Scene::set().await;
    scene.mail.turn(Mood::Refuses);
    scene.choose(&scene.wish()).await;
    scene.later(HOUR_MS).await;
    scene.answer_in_car().await;
    scene.mail.turn(Mood::Takes);
    scene.later(DAY_MS).await;
    assert!(scene.mail.mails().is_empty());
    assert_eq!(scene.delivery("email").await["state"], "withdrawn");
}

#[tokio::test]
async fn a_mail_whose_fate_is_unknown_is_repeated_under_the_same_id() {
    let scene = Scene::set().await;
    scene.mail.turn(Mood::Vanishes);
    scene.choose(&scene.wish()).await;
    scene.settle().await;
    // Another notice comes up meanwhile; it must not travel under the id of the first.
    scene.raise_more().await;
    scene.later(HOUR_MS).await;
    scene.mail.turn(Mood::Takes);
    scene.later(2 * HOUR_MS).await;
    let mails = scene.mail.mails();
    let first = mails[0].header("message-id").to_owned();
    let same: Vec<_> = mails.iter().filter(|mail| mail.header("message-id") == first).collect();
    assert!(same.len() >= 2, "{mails:?}");
    for mail in same {
        assert_eq!(mail.header("subject"), mails[0].header("subject"));
    }
}

#[tokio::test]
async fn a_start_after_a_stop_in_the_middle_of_sending_repeats_under_the_same_key() {
    let scene = Scene::set().await;
    scene.choose(&scene.wish()).await;
    scene.worker.plan().await.unwrap();
    let sending = scene.worker.clone();
    // The process ends when the request is out and before its outcome is known.
    tokio::select! {
        biased;
        _ = scene.hook.until(1) => {}
        sent = sending.send(Channel::Webhook) => { sent.unwrap(); }
    }
    scene.settle().await;
    let keys: Vec<_> =
        scene.hook.taken().iter().map(|taken: &Taken| taken.header("idempotency-key").to_owned()).collect();
    assert!(keys.iter().all(|key| *key == keys[0] && !key.is_empty()), "{keys:?}");
    assert_eq!(scene.delivery("webhook").await["state"], "sent");
}

#[tokio::test]
async fn several_notices_of_one_owner_travel_in_one_mail() {
    let scene = Scene::set().await;
    let mut wish = scene.wish();
    wish["digest_at"] = json!("18:00");
    scene.choose(&wish).await;
    scene.settle().await;
    assert_eq!(scene.mail.mails().len(), 1, "what concerns safety waits for no digest");
    scene.raise_more().await;
    scene.later(0).await;
    let urgent = scene.mail.mails().len();
    let held = scene.anna.get("/api/v1/vehicles/volt-2/deliveries").await.json();
    let held: Vec<Value> = held["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["channel"] == "email" && one["state"] == "held")
        .cloned()
        .collect();
    assert!(held.len() >= 2, "{held:?}");
    for one in &held {
        assert_eq!((one["held_by"].as_str(), one["at"].as_str()), (Some("digest"), Some("2026-11-12T17:00:00Z")));
    }
    scene.later(8 * HOUR_MS).await;
    let mails = scene.mail.mails();
    assert_eq!(mails.len(), urgent + 1, "one mail for all of them");
    assert_eq!(mails[urgent].header("subject"), format!("{} reminders for your car", held.len()));
}

#[tokio::test]
async fn quiet_hours_hold_a_notification_and_say_until_when() {
    let scene = Scene::set().await;
    scene.app.state.service.clock().set(NOW_MS + 12 * HOUR_MS);
    scene.choose(&scene.wish()).await;
    scene.subscribe("/browser").await;
    scene.settle().await;
    let before = scene.push.taken().len();
    assert_eq!(before, 1, "what concerns safety comes at night too");
    scene.raise_more().await;
    scene.settle().await;
    let body = scene.anna.get("/api/v1/vehicles/volt-2/deliveries").await.json();
    let held: Vec<Value> = body["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["channel"] == "push" && one["state"] == "held")
        .cloned()
        .collect();
    assert!(!held.is_empty(), "{body}");
    for one in &held {
        assert_eq!((one["held_by"].as_str(), one["at"].as_str()), (Some("quiet_hours"), Some("2026-11-13T07:00:00Z")));
    }
    let page = scene.anna.get("/account/channels").await;
    assert!(page.body.contains("your quiet hours"), "{}", page.body);
    let at_night = scene.push.taken().len();
    scene.later(11 * HOUR_MS).await;
    assert_eq!(scene.push.taken().len(), at_night + held.len());
}

#[tokio::test]
async fn a_browser_that_is_gone_is_forgotten_and_the_others_go_on() {
    let scene = Scene::set().await;
    scene.choose(&scene.wish()).await;
    scene.subscribe("/gone").await;
    scene.push.answer(410);
    scene.settle().await;
    let channels = scene.anna.get("/api/v1/channels").await.json();
    assert_eq!(channels["channels"]["push_subscriptions"], json!([]));
    assert_eq!(scene.delivery("push").await["state"], "withdrawn");
    scene.push.answer(201);
    scene.subscribe("/new").await;
    scene.settle().await;
    assert_eq!(scene.push.taken().last().unwrap().path, "/new");
}

#[tokio::test]
async fn a_refused_mail_is_listed_for_engineers_without_its_address_and_can_be_tried_again() {
    let scene = Scene::set().await;
    scene.mail.turn(Mood::RefusesForGood);
    scene.choose(&scene.wish()).await;
    scene.settle().await;
    let emil = scene.app.client("emil").await;
    let list = emil.get("/api/v1/undelivered").await;
    assert!(!list.body.contains("example.org") && !list.body.contains("anna"), "{}", list.body);
    let entry = list.json()["undelivered"][0].clone();
    assert_eq!((entry["channel"].as_str(), entry["device"].as_str()), (Some("email"), Some("golf-1")));
    let page = emil.get("/lab/undelivered").await;
    assert!(page.body.contains("Try again"), "{}", page.body);
    scene.later(5 * DAY_MS).await;
    assert!(scene.mail.mails().is_empty(), "nobody tries again by itself");
    scene.mail.turn(Mood::Takes);
    let retry = emil.json(Method::POST, "/api/v1/undelivered/retry", &json!({ "id": entry["id"] }).to_string()).await;
    assert_eq!(retry.status, StatusCode::NO_CONTENT);
    scene.settle().await;
    assert_eq!(scene.mail.mails().len(), 1);
    assert_eq!(emil.get("/api/v1/undelivered").await.json()["undelivered"], json!([]));
}

#[tokio::test]
async fn a_link_in_a_mail_answers_its_one_notice_without_a_log_in_until_it_ends() {
    let scene = Scene::set().await;
    scene.choose(&scene.wish()).await;
    scene.subscribe("/browser").await;
    scene.settle().await;
    let link = format!("/n/{}", scene.mail.mails()[0].token("n"));
    let nobody = scene.app.anonymous();
    let page = nobody.get(&link).await;
    assert!(page.status.is_success() && page.body.contains("Brake fluid"), "{}", page.body);
    assert!(!scene.app.vehicle("golf-1").await.notices[&brake_reminder()].was_answered(), "looking answers nothing");
    assert_eq!(nobody.get("/n/made.up").await.status, StatusCode::NOT_FOUND);
    let answered = nobody.form(&link, "answer=book&days=7").await;
    assert_eq!((answered.status, answered.location()), (StatusCode::SEE_OTHER, &*format!("{link}?did=answered")));
    scene.settle().await;
    assert!(scene.push.taken().iter().any(|taken| taken.decrypted().get("close").is_some()), "cleared in the browser");
    let again = format!("/api/v1/notice-links/{}", link.trim_start_matches("/n/"));
    let program = nobody.json(Method::POST, &again, r#"{"answer":"book"}"#).await;
    assert_eq!(program.status, StatusCode::NO_CONTENT, "the same answer again is harmless");
    scene.app.state.service.clock().set(NOW_MS + 31 * DAY_MS);
    assert_eq!(nobody.get(&link).await.status, StatusCode::NOT_FOUND, "it has ended");
}

#[tokio::test]
async fn one_click_ends_the_mails_and_nothing_else() {
    let scene = Scene::set().await;
    scene.choose(&scene.wish()).await;
    scene.settle().await;
    let header = scene.mail.mails()[0].header("list-unsubscribe").to_owned();
    let path = header.trim_matches(['<', '>']).trim_start_matches("https://cars.example").to_owned();
    let nobody = scene.app.anonymous();
    assert_eq!(nobody.form(&path, "List-Unsubscribe=One-Click").await.status, StatusCode::SEE_OTHER);
    let channels = scene.anna.get("/api/v1/channels").await.json()["channels"].clone();
    assert_eq!(channels["choices"]["email"]["when"], "never");
    assert_eq!(channels["choices"]["push"]["when"], "at_once");
    scene.raise_more().await;
    scene.later(DAY_MS).await;
    assert_eq!(scene.mail.mails().len(), 1);
}

#[tokio::test]
async fn the_seller_of_a_car_hears_nothing_of_it_any_more() {
    let scene = Scene::set().await;
    scene.mail.turn(Mood::Refuses);
    scene.choose(&scene.wish()).await;
    scene.settle().await;
    let golf = scene.app.vehicle("golf-1").await;
    let profile = Profile { ..golf.profile.clone() };
    let bert = Some("bert".parse().unwrap());
    scene.app.state.service.register(&golf.device, profile, bert, Actor::System).await.unwrap();
    scene.mail.turn(Mood::Takes);
    scene.later(DAY_MS).await;
    assert!(scene.mail.mails().is_empty());
}

#[tokio::test]
async fn an_export_holds_what_was_told_and_forgetting_takes_all_of_it_away() {
    let scene = Scene::set().await;
    scene.choose(&scene.wish()).await;
    scene.subscribe("/browser").await;
    scene.settle().await;
    let export = scene.anna.get("/api/v1/vehicles/golf-1/export").await.json()["export"].clone();
    assert!(export["deliveries"].as_array().unwrap().len() >= 6, "{}", export["deliveries"]);
    assert_eq!(export["contact"]["email"], "anna@example.org");
    assert_eq!(export["push_subscriptions"][0]["endpoint"], scene.push.url("/browser"));
    let gone = scene.anna.json(Method::DELETE, "/api/v1/channels", "").await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert!(scene.deliveries().await.is_empty());
    let channels = scene.anna.get("/api/v1/channels").await.json()["channels"].clone();
    assert_eq!((&channels["email"], &channels["push_subscriptions"]), (&Value::Null, &json!([])));
}

#[tokio::test]
async fn a_letter_is_printed_from_its_task_and_done_once() {
    let scene = Scene::set().await;
    scene.choose(&scene.wish()).await;
    scene.settle().await;
    let vera = scene.app.client("vera").await;
    let path = format!("/api/v1/tasks/golf-1/{}/letter", brake_reminder());
    let print = async || {
        let request = vera.request(Method::GET, &path).body(axum::body::Body::empty()).unwrap();
        let (status, headers, body) = vera.stream(request).await;
        assert_eq!((status, headers["content-type"].to_str().unwrap()), (StatusCode::OK, "application/pdf"));
        axum::body::to_bytes(body, 1 << 20).await.unwrap()
    };
    assert!(print().await.starts_with(b"%PDF-"));
    let chinese = scene.anna.json(Method::PUT, "/api/v1/preferences", r#"{"language":"zh-Hans","unit":"km"}"#).await;
    assert_eq!(chinese.status, StatusCode::OK, "{}", chinese.body);
    assert!(print().await.starts_with(b"%PDF-"), "the font has no Chinese, so that letter comes in English");
    let done = format!("/api/v1/tasks/golf-1/{}/letter/done", brake_reminder());
    assert_eq!(vera.json(Method::POST, &done, "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(vera.json(Method::POST, &done, "").await.status, StatusCode::NOT_FOUND);
}
