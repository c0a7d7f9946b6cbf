//! A winter that reaches one car: through real processes, from the first cold week to the margin in the book.

use std::fs;

use anyhow::{Context, Result, anyhow, ensure};
use milepost::domain::{AccountId, Actor, NoticeDoc, Profile};
use milepost::offers::read_book;
use milepost::store::{AnyStore, Store as _};
use milepost_engine::offers::{Arm, Channel, EXAMPLE_SEGMENTS, EXAMPLES, Timing, read_trial};
use milepost_protocol::envelope::{ClockQuality, EnvelopeWriter, Header};
use milepost_protocol::notice::Answer;
use milepost_protocol::plan::DAY_MS;
use milepost_protocol::record::{Record, TyreSample, Wheel};
use milepost_protocol::{MAX_ENVELOPE_LEN, NoticeId};

use crate::support::account::Account;
use crate::support::car::Car;
use crate::support::stage::{OWNER, Stage};

/// A day of the car and of the service in six seconds.
const SPEED: f64 = 14_400.0;

const HOUR_MS: u64 = 3_600_000;

/// The winter tyres of our own examples.
const TYRES: u16 = 1;

const MADE: Arm = Arm::Offer { offer: TYRES, channel: Channel::Car, timing: Timing::Now };

/// An experiment that hardly ever draws its control.
fn experiment(version: u32) -> String {
    format!(
        "id = \"winter\"\nversion = {version}\nlayer = \"winter\"\n\
         [[arm]]\nname = \"control\"\nshare = 0.02\n\
         [[arm]]\nname = \"in-the-car\"\nshare = 0.98\noffer = {TYRES}\nchannel = \"car\"\n"
    )
}

/// Wheels that were warm in summer and have been cold for a week.
fn cold_week(now_ms: u64) -> Result<Vec<u8>> {
    let days = [(40, 215), (39, 210)].into_iter().chain((0..8).rev().map(|day| (day, 20)));
    let base_ms = now_ms - 41 * DAY_MS;
    let header = Header { boot: 900, first: 0, base_ms, quality: ClockQuality::Network, age_ms: None, consent: 1 };
    let mut buffer = [0; MAX_ENVELOPE_LEN];
    let mut writer = EnvelopeWriter::new(&mut buffer, &header).context("the header fits")?;
    for (number, (days_ago, decicelsius)) in (0..).zip(days) {
        let (wheel, outside_decicelsius) = (Wheel::FrontLeft, Some(decicelsius));
        let sample =
            TyreSample { wheel, pressure_pa: 235_000, air_decicelsius: None, outside_decicelsius, sensor: Some(7) };
        let record: Record = sample.into();
        let at_ms = now_ms - days_ago * DAY_MS;
        writer.push(number, at_ms, &record).map_err(|error| anyhow!("record {number} is refused: {error:?}"))?;
    }
    Ok(writer.finish().to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_winter_reaches_one_car_with_tips_first_and_what_is_booked_in_the_car_is_its_arms_margin() -> Result<()> {
    let stage = Stage::fresh(1, 61, SPEED).await?;
    let device = stage.devices.first().context("the stage has a car")?.clone();
    let server = stage.rehearse().await?;
    let owner: AccountId = OWNER.parse()?;
    let now_ms = server.service.clock().now_ms();
    let key = server.service.offers().key;
    let drawn = |version: &u32| {
        let trial = read_trial("experiment", &experiment(*version)).ok();
        trial.and_then(|trial| trial.peek(&key, OWNER, true, None, now_ms).map(|part| part.arm)) == Some(1)
    };
    let version = (1..100).find(drawn).context("no version draws the owner into the offer's arm")?;
    let known = server.service.vehicle(&device).await?.context("the car is registered")?;
    let profile = Profile { time_zone: "UTC".to_owned(), ..known.profile };
    server.service.register(&device, profile, Some(owner), Actor::System).await?;
    server.stop().await.context("closing the store failed")?;

    let folder = stage.folder().join("offers");
    fs::create_dir(&folder)?;
    for (name, text) in EXAMPLES.into_iter().take(2).chain([EXAMPLE_SEGMENTS]) {
        fs::write(folder.join(name), text)?;
    }
    fs::write(folder.join("experiment-winter.toml"), experiment(version))?;
    stage.configure(|config| {
        config.offers.folder = Some(folder);
        (config.offers.holdout_share, config.offers.uniform_share) = (0.0, 0.0);
    })?;
    let cloud = stage.serve().await?;
    let account = Account::sign_in(cloud.at.http).await?;
    let mut car = Car::start(&stage).await?;
    car.go_online(cloud.at.front_door)?;
    car.publish(&cold_week(now_ms)?).await?;

    let offer = NoticeId::offer(TYRES, 0);
    let is_tip = |id: &NoticeId| id.as_offer().is_none() && id.as_reminder().is_none();
    car.until("the advice on the display", |car| car.shown.iter().any(is_tip)).await?;
    ensure!(!car.shown.contains(&offer), "the offer came before the advice");
    let tip = *car.shown.iter().find(|id| is_tip(id)).context("the advice was shown")?;
    car.answer(tip, Answer::Done).await?;
    car.until("the offer on the display", |car| car.shown.contains(&offer)).await?;
    car.answer(offer, Answer::Book).await?;
    car.during(account.hears(&device, offer, "booked")).await?;
    let page = account.page(&format!("vehicles/{device}/offers")).await?;
    for told in ["Offer made: Winter tyres", "Drawn by lot in an experiment", "outside temperature of a week"] {
        ensure!(page.contains(told), "the decision page does not tell {told:?}: {page}");
    }
    let decisions = account.get(&format!("vehicles/{device}/decisions")).await?;
    let decisions = decisions["decisions"].as_array().context("there are decisions")?;
    let chosen = decisions.iter().find(|decision| decision["offer"] == TYRES).context("the offer was decided on")?;
    ensure!(chosen["arm"] == "1/car/now" && chosen["propensity"] == 0.98, "{chosen}");
    cloud.stop().await?;

    let store = AnyStore::Sled(stage.store()?);
    let book = read_book(&store).await?;
    let vehicle = store.load(std::slice::from_ref(&device)).await?.into_iter().flatten().next();
    store.close().await?;
    let notices = vehicle.context("the store knows the car")?.notices;
    let raised = |id: NoticeId| notices.get(&id).map(NoticeDoc::raised_ms).context("the notice was kept");
    let (tip_ms, offer_ms) = (raised(tip)?, raised(offer)?);
    ensure!(offer_ms >= tip_ms + DAY_MS, "the advice stood for {} ms alone", offer_ms - tip_ms);
    for at_ms in [tip_ms, offer_ms] {
        let hour = at_ms % DAY_MS / HOUR_MS;
        ensure!((8..21).contains(&hour), "something was shown at {hour} o'clock");
    }
    let tally = book.tally(MADE);
    ensure!((tally.shown, tally.booked, tally.margin) == (1, 1, 1900), "{tally:?}");
    let arm = book.trial("winter", version).context("the experiment took the account in")?.arm(1);
    ensure!((arm.n, arm.mean) == (1.0, 19.0), "{arm:?}");
    Ok(())
}
