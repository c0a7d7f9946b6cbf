//! A safety recall reaches the car's display, and an answer there clears it in the account.

use anyhow::{Context, Result, ensure};
use milepost_protocol::NoticeId;
use milepost_protocol::notice::{Answer, NoticeKind};
use milepost_protocol::plan::SafetyClass;
use serde_json::json;

use crate::support::account::Account;
use crate::support::car::Car;
use crate::support::engineer::Engineer;
use crate::support::stage::Stage;

/// One row of the agency's file, with 29 fields, for a campaign of which it says not to drive.
fn campaign() -> String {
    let mut fields = [""; 29];
    for (column, text) in [
        (1, "1"),
        (2, "26V100000"),
        (3, "VOLKSWAGEN"),
        (4, "GOLF"),
        (5, "2021"),
        (7, "SERVICE BRAKES, HYDRAULIC"),
        (11, "V"),
        (16, "20261001"),
        (20, "A seam may open."),
        (21, "The brakes may fail."),
        (22, "The seam is welded."),
        (29, "Yes"),
    ] {
        fields[column - 1] = text;
    }
    fields.join("\t")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recall_shows_in_the_car_as_a_safety_notice_and_an_answer_there_settles_it() -> Result<()> {
    let stage = Stage::overdue(1, 27).await?;
    let cloud = stage.serve().await?;
    let account = Account::sign_in(cloud.at.http).await?;
    let mut car = Car::start(&stage).await?;
    car.go_online(cloud.at.front_door)?;
    car.until("a reminder on the display", |car| car.display().is_some()).await?;
    let device = car.id.clone();
    account.put(&format!("vehicles/{device}/profile"), &json!({ "model": "VW Golf", "model_year": 2021 })).await?;
    let engineer = Engineer::sign_in(cloud.at.http).await?;
    engineer.upload("recalls", campaign().into_bytes()).await?;

    let is_recall = |id: NoticeId| id.as_reminder().is_none() && id.as_offer().is_none();
    // Reminders that are overdue and concern safety stand before it.
    let mut shown = car.display().context("the display went dark")?;
    while !is_recall(shown) {
        car.answer(shown, Answer::Book).await?;
        car.until("another notice on the display", |car| car.display().is_some_and(|next| next != shown)).await?;
        shown = car.display().context("the display went dark")?;
    }
    let now = car.now();
    let shown = car.host.device.display(now).context("the display went dark")?;
    ensure!((shown.kind, shown.safety) == (NoticeKind::Information, SafetyClass::Safety), "{shown:?}");
    ensure!(shown.text.contains("26V100000"), "{shown:?}");
    let recall = shown.id;
    car.answer(recall, Answer::Done).await?;
    ensure!(car.display() != Some(recall), "it is still on the display");
    car.during(account.hears(&device, recall, "done")).await?;
    cloud.stop().await
}
