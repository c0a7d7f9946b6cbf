//! A parked day: the board falls asleep with the car, reports now and then, and tells what the day took from the battery.
//!
//! Its clock runs faster than the world, asleep far faster. Invariant: what the day took is judged by the record that the service keeps.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use milepost_firmware::power::Draw;
use milepost_firmware::wire::Order;
use milepost_protocol::Record;

use crate::board::{Board, Setting};
use crate::cloud::Stage;
use crate::drive;
use crate::image;
use crate::log::Strings;

/// How often the board reports in a day.
const WINDOWS: u32 = 4;

/// A day of sleep, in microampere-hours: the least that it can take.
const ASLEEP_UAH: u32 = Draw::TYPICAL.asleep_ua * 24;

pub(crate) async fn run(image: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let strings = Arc::new(Strings::of(image)?);
    let stage = Stage::set(folder.path(), drive::ODOMETER_M).await?;
    let cloud = stage.serve().await?;
    let file = folder.path().join("chip.bin");
    image::fresh(&file, image)?;
    stage.configure(&file, cloud.front_door.port()).await?;
    let arguments = ["pace=20", "sleep=6000", "link=brisk"].map(str::to_owned).to_vec();
    let setting =
        Setting { image: image.to_owned(), chip: file, folder: folder.path().to_owned(), arguments, loud: true };

    let mut board = Board::start(&setting, &strings)?;
    board.says("link: up").await?;
    for _ in 0..WINDOWS {
        board.says("power: asleep").await?;
        board.says("link: closed").await.context("a sleeping board keeps its link")?;
        board.says("power: awake, it is time to report").await?;
        board.says("link: up").await?;
    }
    board.order(Order::Finish).await?;
    let code = board.ended().await?;
    ensure!(code == Some(0), "the image ended with {code:?}");
    cloud.stop().await?;

    let records = stage.records().await?;
    let days = records.iter().filter_map(|(_, record)| match record {
        Record::ParkedDay(day) => Some(day),
        _ => None,
    });
    let days: Vec<_> = days.collect();
    let [day] = days.as_slice() else { anyhow::bail!("of one parked day the service keeps {days:?}") };
    let (spent, budget) = (day.spent_uah, day.budget_uah);
    ensure!(budget == Draw::TYPICAL.budget_uah_per_day && (ASLEEP_UAH..=budget).contains(&spent), "{day:?}");
    ensure!(day.wakes < WINDOWS, "{day:?}");
    println!(
        "a parked day took {:.1} of {:.1} mAh with {} reports, as the service was told",
        f64::from(spent) / 1000.0,
        f64::from(budget) / 1000.0,
        day.wakes
    );
    Ok(())
}
