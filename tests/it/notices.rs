//! One notice has one state, whoever answers it, and wherever.

use anyhow::{Context, Result, ensure};
use milepost_protocol::NoticeId;
use milepost_protocol::notice::{Answer, NoticeState};
use reqwest::StatusCode;

use crate::support::account::Account;
use crate::support::car::Car;
use crate::support::stage::Stage;

/// Waits until the display shows a notice that it has not shown before `earlier` others.
async fn next_shown(car: &mut Car, earlier: usize) -> Result<NoticeId> {
    car.until("a notice on the display", |car| car.shown.len() > earlier).await?;
    car.display().context("the display went dark")
}

/// Waits until the car has heard that a notice was booked elsewhere, and looks whether it went from the display.
async fn clears_in_car(car: &mut Car, notice: NoticeId) -> Result<()> {
    car.until("the answer in the car", |car| car.updates.contains(&(notice, NoticeState::Booked))).await?;
    ensure!(car.display() != Some(notice), "{notice} is still on the display");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_answered_in_the_account_clears_in_the_car_and_one_answered_in_the_car_clears_in_the_account()
-> Result<()> {
    let stage = Stage::overdue(1, 25).await?;
    let cloud = stage.serve().await?;
    let account = Account::sign_in(cloud.at.http).await?;
    let mut car = Car::start(&stage).await?;
    car.go_online(cloud.at.front_door)?;

    let first = next_shown(&mut car, 0).await?;
    let device = car.id.clone();
    car.during(account.hears(&device, first, "shown")).await?;
    ensure!(account.book(&device, first).await? == StatusCode::OK, "the account refuses the answer");
    clears_in_car(&mut car, first).await?;
    ensure!(account.book(&device, first).await? == StatusCode::OK, "the same answer again is not harmless");

    let second = next_shown(&mut car, 1).await?;
    ensure!(second != first, "{first} came back");
    car.answer(second, Answer::Book).await?;
    ensure!(car.display() != Some(second), "{second} is still on the display");
    car.during(account.hears(&device, second, "booked")).await?;
    ensure!(account.state(&device, second).await? == "booked", "{second} is still open in the account");
    ensure!(account.state(&device, first).await? == "booked", "{first} is open again");
    cloud.stop().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_given_while_the_car_is_offline_meet_when_it_comes_back() -> Result<()> {
    let stage = Stage::overdue(1, 26).await?;
    let cloud = stage.serve().await?;
    let account = Account::sign_in(cloud.at.http).await?;
    let mut car = Car::start(&stage).await?;
    car.go_online(cloud.at.front_door)?;
    next_shown(&mut car, 0).await?;
    let device = car.id.clone();
    car.until("receipts for everything", |car| car.host.device.status().stored == 0).await?;

    car.go_offline().await;
    // What matters most is on top, whenever it came.
    let first = car.display().context("nothing is on the display")?;
    ensure!(account.book(&device, first).await? == StatusCode::OK, "the account refuses the answer");
    ensure!(car.display() == Some(first), "the car cannot know of the answer yet");
    car.go_online(cloud.at.front_door)?;
    clears_in_car(&mut car, first).await?;

    let second = next_shown(&mut car, 1).await?;
    car.until("receipts for everything", |car| car.host.device.status().stored == 0).await?;
    car.go_offline().await;
    car.answer(second, Answer::Book).await?;
    ensure!(car.display() != Some(second), "{second} is still on the display");
    ensure!(account.state(&device, second).await? == "shown", "the account cannot know of the answer yet");
    car.go_online(cloud.at.front_door)?;
    car.during(account.hears(&device, second, "booked")).await?;
    cloud.stop().await
}
