use axum::body::Body;
use axum::http::{Method, StatusCode};
use milepost::domain::Vehicle;
use milepost::store::Store as _;
use milepost_protocol::downlink::{Downlink, Task};
use milepost_protocol::envelope::{ClockQuality, EnvelopeWriter, Header};
use milepost_protocol::record::{CommandOutcome, CommandResult, LogChunk, LogLevel, Record};
use milepost_protocol::settings::DeviceSettings;
use milepost_protocol::{DeviceId, MAX_ENVELOPE_LEN};

use crate::app::{Client, NOW_MS, TestApp, frame};
use crate::lab_seed::{self, CRASH};

async fn lab() -> (TestApp, Client) {
    let app = TestApp::new().await;
    lab_seed::seed(&app).await;
    let emil = app.client("emil").await;
    (app, emil)
}

/// Hands in what a device would send, under record numbers from `first` on.
async fn sends(app: &TestApp, id: &str, first: u32, records: &[Record]) -> Vehicle {
    let header = Header { boot: 9, first, base_ms: NOW_MS, quality: ClockQuality::Network, age_ms: None, consent: 2 };
    let mut buffer = [0; MAX_ENVELOPE_LEN];
    let mut writer = EnvelopeWriter::new(&mut buffer, &header).unwrap();
    for (record, number) in records.iter().zip(first..) {
        writer.push(number, NOW_MS, record).unwrap();
    }
    let bytes = bytes::Bytes::copy_from_slice(writer.finish());
    app.committer().envelope(id.parse().unwrap(), bytes).await.unwrap().await.unwrap();
    app.vehicle(id).await
}

/// The settings that wait for a device, each with the number of its command.
async fn commands(app: &TestApp, id: &str) -> Vec<(u32, DeviceSettings)> {
    let device: DeviceId = id.parse().unwrap();
    let messages = app.store.messages(&device, 0, 99).await.unwrap();
    let downlinks = messages.iter().flat_map(|message| Downlink::parse(&message.bytes).unwrap().collect::<Vec<_>>());
    let settings = downlinks.filter_map(|downlink| match downlink {
        Downlink::Command(command) => match command.task {
            Task::Configure { settings } => Some((command.id, settings)),
            _ => None,
        },
        _ => None,
    });
    settings.collect()
}

#[tokio::test]
async fn nobody_but_an_engineer_finds_any_page_of_the_lab() {
    let (app, emil) = lab().await;
    let receipt = app.state.service.receipts(None, 1).await.unwrap()[0].receipt.id.clone();
    let pages = [
        "/lab".to_owned(),
        "/lab/devices/golf-1".to_owned(),
        "/lab/rollouts".to_owned(),
        "/lab/rollouts/1".to_owned(),
        "/lab/receipts".to_owned(),
        format!("/lab/receipts/{receipt}"),
        format!("/lab/receipts/{receipt}/download"),
        "/lab/receipts/key".to_owned(),
        "/lab/serials".to_owned(),
        "/lab/rejects".to_owned(),
        format!("/lab/rejects/{}/golf-1/0", NOW_MS - 2_900 * 60_000),
    ];
    for path in &pages {
        assert_eq!(emil.get(path).await.status, StatusCode::OK, "{path}");
        assert_eq!(app.anonymous().get(path).await.status, StatusCode::SEE_OTHER, "{path}");
        for other in ["anna", "vera"] {
            assert_eq!(app.client(other).await.get(path).await.status, StatusCode::NOT_FOUND, "{other} {path}");
        }
    }
    for other in ["anna", "vera"] {
        let client = app.client(other).await;
        let fields = "log_level=info&counters_every_min=5";
        assert_eq!(client.form("/lab/devices/golf-1/settings", fields).await.status, StatusCode::NOT_FOUND, "{other}");
        assert_eq!(client.form("/lab/rollouts/2/approve", "").await.status, StatusCode::NOT_FOUND, "{other}");
        let live = client.request(Method::GET, "/lab/devices/golf-1/live").body(Body::empty()).unwrap();
        assert_eq!(client.stream(live).await.0, StatusCode::NOT_FOUND, "{other}");
    }
    assert_eq!(app.vehicle("golf-1").await.configuration.wanted().version, 2, "nothing was changed");
}

#[tokio::test]
async fn an_engineer_sees_devices_and_no_owners() {
    let (_app, emil) = lab().await;
    assert_eq!(emil.get("/").await.location(), "/lab");
    assert_eq!(emil.get("/devices").await.location(), "/lab");
    let page = emil.get("/lab").await.body;
    for text in ["golf-1", "1.5.0", "nucleo-f767zi", "On trial", "Watchdog", "Clock estimated", "340", "mA"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let device = emil.get("/lab/devices/golf-1").await.body;
    assert!(!page.contains("Anna") && !device.contains("Anna"));
}

#[tokio::test]
async fn devices_are_searched_and_narrowed() {
    let (_app, emil) = lab().await;
    for (query, here, not_here) in [
        ("q=GOLF", "golf-1", "volt-2"),
        ("q=1.2.9", "quiet-4", "golf-1"),
        ("show=trial", "volt-2", "golf-1"),
        ("show=reset", "quiet-4", "golf-1"),
        ("show=behind", "volt-2", "golf-1"),
        ("show=losses", "golf-1", "quiet-4"),
        ("after=golf-1", "quiet-4", "golf-1"),
    ] {
        let page = emil.get(&format!("/lab?{query}")).await.body;
        let link = |id: &str| format!("/lab/devices/{id}\"");
        assert!(page.contains(&link(here)) && !page.contains(&link(not_here)), "{query}: {page}");
    }
    let page = emil.get("/lab?q=%22%3E%3Cscript%3E").await.body;
    assert!(page.contains("No device matches") && !page.contains("<script>"));
}

#[tokio::test]
async fn one_device_shows_log_crash_settings_updates_certificates_and_losses() {
    let (_app, emil) = lab().await;
    let page = emil.get("/lab/devices/golf-1").await.body;
    for text in [
        "panicked at src/uplink.rs:214",
        "flash: page 12 took 410 ms to erase",
        "class=\"crash\"",
        "In force",
        "Set by emil",
        "log from Info, counters every 30 min",
        "/lab/rollouts/7",
        "Revoked",
        "Valid",
        "4 records of start 4 are missing: more happened at once than the device holds",
        "body of frame 3, kind 5, does not decode",
        "48,204",
        "class=\"spark\"",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let unsupported = emil.get("/lab/devices/quiet-4").await.body;
    assert!(unsupported.contains("Not supported by this firmware") && unsupported.contains("Not reported"));
    let unheard = emil.get("/lab/devices/fresh-3").await;
    assert!(unheard.status == StatusCode::OK && unheard.body.contains("As built"), "{}", unheard.body);
    assert_eq!(emil.get("/lab/devices/no-such").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_log_shows_the_newest_lines_down_to_a_level_and_its_crash_is_one_line() {
    let (_app, emil) = lab().await;
    let all = emil.get("/lab/devices/golf-1").await.body;
    assert!(all.contains("hx-sse:connect=\"/lab/devices/golf-1/live?level=info\""));
    assert!(all.find("settings 2 are in force") < all.find("bus 0: 3 error frames"), "the newest comes first");
    let errors = emil.get("/lab/devices/golf-1?level=error&tail=paused").await.body;
    assert!(!errors.contains("hx-sse:connect"), "a paused page holds still");
    assert!(!errors.contains("bus 0: 3 error frames") && errors.contains("lines below this level are hidden"));
    assert!(errors.contains(CRASH));
}

#[tokio::test]
async fn a_line_that_a_device_logs_reaches_the_open_page() {
    let (app, emil) = lab().await;
    let request = emil.request(Method::GET, "/lab/devices/golf-1/live?level=warn").body(Body::empty()).unwrap();
    let (status, _, mut body) = emil.stream(request).await;
    assert_eq!(status, StatusCode::OK);
    let first = frame(&mut body).await;
    for target in ["#status", "#log", "#settings-state"] {
        assert!(first.contains(&format!("hx-target=\"{target}\"")), "{target}: {first}");
    }
    assert!(!first.contains("the antenna is loose"));
    let line = |level, text: &str| LogChunk { level, text: text.try_into().unwrap() }.into();
    sends(&app, "golf-1", 0, &[line(LogLevel::Warn, "the antenna is loose"), line(LogLevel::Info, "a quiet line")])
        .await;
    let next = frame(&mut body).await;
    assert!(next.contains("the antenna is loose") && !next.contains("a quiet line"), "{next}");
}

#[tokio::test]
async fn settings_go_to_the_device_once_and_its_answer_and_report_are_shown() {
    let (app, emil) = lab().await;
    let fields = "log_level=error&counters_every_min=5";
    let saved = emil.form("/lab/devices/golf-1/settings", fields).await;
    assert_eq!((saved.status, saved.location()), (StatusCode::SEE_OTHER, "/lab/devices/golf-1?saved=yes#settings"));
    emil.form("/lab/devices/golf-1/settings", fields).await;
    let sent = commands(&app, "golf-1").await;
    let settings =
        DeviceSettings { version: 3, log_level: LogLevel::Error, counters_every_s: 300, local_reminders: false };
    assert_eq!(sent, [(sent[0].0, settings)], "the same again changes nothing");
    let waiting = emil.get("/lab/devices/golf-1?saved=yes").await.body;
    assert!(waiting.contains("Waiting for the device") && waiting.contains("class=\"differs\""), "{waiting}");

    let result = CommandResult { command: sent[0].0, outcome: CommandOutcome::Done };
    sends(&app, "golf-1", 0, &[settings.into(), result.into()]).await;
    let there = emil.get("/lab/devices/golf-1").await.body;
    assert!(there.contains("In force") && !there.contains("class=\"differs\""), "{there}");

    let boot = milepost_protocol::record::Boot {
        reason: milepost_protocol::record::ResetReason::PowerOn,
        firmware: [1, 5, 0],
        newest: None,
        table: 0,
    };
    sends(&app, "golf-1", 5, &[boot.clone().into()]).await;
    assert_eq!(commands(&app, "golf-1").await.len(), 2, "after a start the device is told again");
    sends(&app, "golf-1", 6, &[boot.into()]).await;
    assert_eq!(commands(&app, "golf-1").await.len(), 2, "but not as long as it has not answered");
}

#[tokio::test]
async fn settings_out_of_range_are_refused_and_change_nothing() {
    let (app, emil) = lab().await;
    for fields in [
        "log_level=loud&counters_every_min=5",
        "log_level=info&counters_every_min=0",
        "log_level=info&counters_every_min=1441",
        "log_level=info",
    ] {
        let answer = emil.form("/lab/devices/golf-1/settings", fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields}");
    }
    assert_eq!(app.vehicle("golf-1").await.configuration.wanted().version, 2);
    assert!(commands(&app, "golf-1").await.is_empty());
}

#[tokio::test]
async fn the_api_tells_and_takes_the_same_settings() {
    let (app, emil) = lab().await;
    let body = r#"{"log_level":"info","counters_every_s":120,"local_reminders":true}"#;
    let answer = emil.json(Method::PUT, "/api/v1/devices/volt-2/configuration", body).await.json();
    assert_eq!(answer["agreement"], "waiting");
    assert_eq!((&answer["desired"]["by"], &answer["desired"]["settings"]["version"]), (&"emil".into(), &3.into()));
    let device = emil.get("/api/v1/devices/golf-1").await.json();
    assert_eq!(device["starts"][1]["crash"], CRASH);
    assert_eq!(device["configuration"]["agreement"], "in_force");
    assert_eq!(device["parked_days"].as_array().unwrap().len(), 20);
    let rejects = emil.get("/api/v1/rejects?device=volt-2").await.json();
    assert_eq!(rejects["rejects"][0]["bytes"], "0107ffff");
    let page = emil.get("/api/v1/devices?limit=1").await.json();
    let rest = emil.get(&format!("/api/v1/devices?after={}", page["next"].as_str().unwrap())).await.json();
    assert_eq!(rest["devices"].as_array().unwrap().len(), 3);
    assert_eq!(commands(&app, "volt-2").await.len(), 1);
}

#[tokio::test]
async fn a_rollout_needs_two_people_on_the_page_as_well() {
    let (app, emil) = lab().await;
    let list = emil.get("/lab/rollouts").await.body;
    for text in ["nucleo-f767zi 1.5.0", "Paused", "Draft", "4f1c907a22d35e08", "256 KiB", "1.4.0"] {
        assert!(list.contains(text), "{text}: {list}");
    }
    let drafted = emil.form("/lab/rollouts", "image=nucleo-f767zi+1.6.0&canaries=2&soak_h=12&any_time=yes").await;
    assert_eq!(drafted.location(), "/lab/rollouts/3");
    let approved = emil.form("/lab/rollouts/3/approve", "").await;
    assert_eq!(approved.location(), "/lab/rollouts/3?done=approve");
    let page = emil.get("/lab/rollouts/3").await.body;
    assert!(page.contains("A second person has to approve as well") && !page.contains("/3/approve"), "{page}");
    assert_eq!(emil.form("/lab/rollouts/3/approve", "").await.status, StatusCode::CONFLICT);
    let ella = app.client("ella").await;
    assert!(ella.get("/lab/rollouts/3").await.body.contains("/lab/rollouts/3/approve"));
    ella.form("/lab/rollouts/3/approve", "").await;
    let running = ella.get("/lab/rollouts/3").await.body;
    assert!(running.contains("Running") && running.contains("emil, ella") && running.contains("/3/pause"), "{running}");
    ella.form("/lab/rollouts/3/pause", "").await;
    ella.form("/lab/rollouts/3/resume", "").await;
    emil.form("/lab/rollouts/3/stop", "").await;
    let stopped = ella.get("/lab/rollouts/3").await.body;
    assert!(stopped.contains("Somebody stopped it") && !stopped.contains("/3/resume"), "{stopped}");
    assert_eq!(emil.form("/lab/rollouts/3/resume", "").await.status, StatusCode::CONFLICT);
    assert_eq!(emil.form("/lab/rollouts/3/erase", "").await.status, StatusCode::NOT_FOUND);
    for bad in [
        "image=nucleo-f767zi+9.9.9&canaries=2&soak_h=1",
        "image=x&canaries=2&soak_h=1",
        "image=nucleo-f767zi+1.6.0&canaries=0&soak_h=1",
    ] {
        assert!(emil.form("/lab/rollouts", bad).await.status.is_client_error(), "{bad}");
    }
}

#[tokio::test]
async fn the_devices_of_a_rollout_stand_on_its_page() {
    let (_app, emil) = lab().await;
    let page = emil.get("/lab/rollouts/1").await.body;
    for text in ["/lab/devices/golf-1", "/lab/devices/volt-2", "Confirmed", "On trial", "ella paused it", "Gates"] {
        assert!(page.contains(text), "{text}: {page}");
    }
}

#[tokio::test]
async fn a_receipt_is_checked_downloaded_and_found_again() {
    let (app, emil) = lab().await;
    let list = emil.get("/lab/receipts").await.body;
    assert!(list.contains("golf-1") && list.contains("spare-9"));
    let failed = emil.get("/lab/receipts?result=failed").await.body;
    assert!(failed.contains("spare-9") && !failed.contains("volt-2"));
    assert!(emil.get("/lab/receipts?q=nobody").await.body.contains("No receipt matches"));
    let stored = app.state.service.receipts(None, 9).await.unwrap();
    let id = &stored[0].receipt.id;
    let page = emil.get(&format!("/lab/receipts/{id}")).await.body;
    assert!(page.contains("Signature holds") && page.contains("milepost-flash-receipt-1"), "{page}");
    let file = emil.get(&format!("/lab/receipts/{id}/download")).await;
    assert!(file.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
    let signed: milepost::flash_receipts::SignedReceipt = serde_json::from_str(&file.body).unwrap();
    let key = emil.get("/lab/receipts/key").await.body;
    assert_eq!(signed.verify(&key), Ok(()), "both files are all that it takes");
    assert_eq!(emil.get("/lab/receipts/nothing").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_receipt_that_somebody_changed_is_shown_as_such() {
    let (app, emil) = lab().await;
    let mut forged = app.state.service.receipts(None, 1).await.unwrap().remove(0);
    forged.receipt.id.push('0');
    app.state.service.keep_receipt(&forged).await.unwrap();
    let page = emil.get(&format!("/lab/receipts/{}", forged.receipt.id)).await.body;
    assert!(page.contains("Signature does not hold") && page.contains("role=\"alert\""), "{page}");
}

#[tokio::test]
async fn serial_numbers_claims_and_strangers_are_listed() {
    let (_app, emil) = lab().await;
    let page = emil.get("/lab/serials").await.body;
    for text in ["2 announced serial numbers", "MP-0001", "Expected", "MP-9999", "batch-2026-10"] {
        assert!(page.contains(text), "{text}: {page}");
    }
}

#[tokio::test]
async fn a_reject_is_shown_byte_by_byte_within_bounds() {
    let (_app, emil) = lab().await;
    let list = emil.get("/lab/rejects").await.body;
    assert!(list.contains("3 envelopes") && list.contains("version 9 is unknown"), "{list}");
    let one = emil.get("/lab/rejects?device=volt-2").await.body;
    assert!(one.contains("1 envelope<") && !one.contains("version 9 is unknown"), "{one}");
    let short = emil.get(&format!("/lab/rejects/{}/golf-1/0", NOW_MS - 2_900 * 60_000)).await.body;
    assert!(short.contains("09 4d 69 6c 65 70 6f 73 74 3f 00 01"), "{short}");
    let long = emil.get(&format!("/lab/rejects/{}/golf-1/1", NOW_MS - 2_899 * 60_000)).await.body;
    assert!(long.contains("388 more bytes are not shown") && long.contains("01f0  ") && !long.contains("0200  "));
    assert_eq!(emil.get("/lab/rejects/1/golf-1/0").await.status, StatusCode::NOT_FOUND);
}
