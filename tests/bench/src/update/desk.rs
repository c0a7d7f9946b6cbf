//! One board on a desk: its chip, the service that it knows, the engineers, and what the board is expected to report.
//!
//! Invariant: what is expected at the end is the whole list of outcomes, in order, so that none is missing and none was made up.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use milepost::firmware::Bundle;
use milepost_firmware::update::Header;
use milepost_gateway::chip;
use milepost_protocol::update::{UpdateState, Version};
use tempfile::TempDir;

use super::BOARD;
use super::lab::{ENGINEERS, Key, Lab, Label};
use crate::board::{Board, Setting};
use crate::cloud::{Cloud, Stage};
use crate::drive;
use crate::image;
use crate::log::Strings;

/// The variants of an image, as the board's own code numbers them.
pub(super) const ORDINARY: u16 = 0;
pub(super) const PANICS: u16 = 1;
pub(super) const MUTE: u16 = 2;

/// The desk.
pub(super) struct Desk {
    folder: TempDir,
    elf: PathBuf,
    flat: Vec<u8>,
    strings: Arc<Strings>,
    stage: Stage,
    cloud: Option<Cloud>,
    lab: Lab,
    /// The one that everybody trusts, one that only the service trusts, and one that nobody does.
    keys: [Key; 3],
    expected: Vec<(Version, UpdateState)>,
    loud: bool,
}

/// A version from its text.
pub(super) fn version(text: &str) -> Result<Version> {
    text.parse().ok().with_context(|| format!("{text} is no version"))
}

impl Desk {
    /// A service with two engineers, and a board from the factory with version 1.0.0.
    pub(super) async fn open(elf: &Path, loud: bool) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let strings = Arc::new(Strings::of(elf)?);
        let mut stage = Stage::set(folder.path(), drive::ODOMETER_M).await?;
        let lab = Lab::open(folder.path())?;
        let keys = [lab.key("ours").await?, lab.key("theirs").await?, lab.key("nobodys").await?];
        stage.hire(keys[..2].iter().map(|key| key.public.clone()).collect(), &ENGINEERS).await?;
        let flat = image::flat(elf)?;
        let (elf, expected) = (elf.to_owned(), Vec::new());
        let mut desk = Self { folder, elf, flat, strings, stage, cloud: None, lab, keys, expected, loud };
        chip::create(&desk.chip())?;
        image::flash(&desk.chip(), &desk.image(version("1.0.0")?, ORDINARY)?)?;
        desk.serve().await?;
        Ok(desk)
    }

    /// How long every image is, in bytes.
    pub(super) fn len(&self) -> usize {
        self.flat.len()
    }

    /// An image of this version that trusts the first key.
    pub(super) fn image(&self, version: Version, variant: u16) -> Result<Vec<u8>> {
        let mut image = self.flat.clone();
        ensure!(
            Header::rewrite(&mut image, version, variant, &[self.keys[0].bytes()?]),
            "the image does not have one header"
        );
        Ok(image)
    }

    /// The chip's file.
    pub(super) fn chip(&self) -> PathBuf {
        self.folder.path().join("chip.bin")
    }

    /// Starts the board.
    pub(super) fn start(&self, arguments: &[String]) -> Result<Board> {
        self.start_with(&self.chip(), arguments)
    }

    /// Starts a board with another chip.
    pub(super) fn start_with(&self, chip: &Path, arguments: &[String]) -> Result<Board> {
        let arguments = [&["link=brisk".to_owned()], arguments].concat();
        let (image, folder) = (self.elf.clone(), self.folder.path().to_owned());
        let setting = Setting { image, chip: chip.to_owned(), folder, arguments, loud: self.loud };
        Board::start(&setting, &self.strings)
    }

    /// Pulls the plug, and waits for what the board says at its next start.
    pub(super) async fn restart(&self, board: &mut Board, arguments: &[String], says: &str) -> Result<()> {
        board.kill().await?;
        *board = self.start(arguments)?;
        board.says(says).await.map(drop)
    }

    /// Signs an image of this label with the first key.
    pub(super) async fn sign(&self, label: &Label<'_>, variant: u16) -> Result<PathBuf> {
        self.lab.sign(&self.keys[0], label, &self.image(label.version, variant)?).await
    }

    /// Signs an ordinary image with one of the keys.
    pub(super) async fn sign_by(&self, key: usize, number: &str, floor: &str) -> Result<PathBuf> {
        let label = Label { board: BOARD, version: version(number)?, floor: version(floor)? };
        self.lab.sign(&self.keys[key], &label, &self.image(label.version, ORDINARY)?).await
    }

    /// Publishes a signed image.
    pub(super) async fn publish(&self, signed: &Path) -> Result<()> {
        self.lab.publish(self.cloud()?, signed).await
    }

    /// Publishes a signed image and has both engineers approve its rollout; answers its number.
    pub(super) async fn publish_and_roll_out(&self, signed: &Path, version: Version) -> Result<String> {
        self.publish(signed).await?;
        self.lab.roll_out(self.cloud()?, BOARD, version).await
    }

    /// Signs, publishes and rolls out; answers the rollout's number.
    pub(super) async fn roll_out(&self, number: &str, floor: &str, variant: u16) -> Result<String> {
        let label = Label { board: BOARD, version: version(number)?, floor: version(floor)? };
        let signed = self.sign(&label, variant).await?;
        self.publish_and_roll_out(&signed, label.version).await
    }

    /// Waits for a rollout's end, and looks at it.
    pub(super) async fn ends(&self, id: &str, state: &str, reason: &str, phase: &str) -> Result<()> {
        let (is, why, device) = self.lab.end_of(self.cloud()?, id).await?;
        let as_it_should = (is.as_str(), why.as_str(), device.as_str()) == (state, reason, phase);
        ensure!(
            as_it_should,
            "rollout {id} is {is} ({why}), the device {device}; it should be {state} ({reason}), {phase}"
        );
        Ok(())
    }

    /// Notes an outcome that the board has to report.
    pub(super) fn expect(&mut self, version: Version, state: UpdateState) {
        self.expected.push((version, state));
    }

    /// Puts an offer into the board's outbox that the service would not make; the board must not run.
    pub(super) async fn offer(&mut self, rollout: u32, signed: &Path) -> Result<()> {
        let bundle = Bundle::decode(&std::fs::read(signed).context("no signed image")?)?;
        self.cloud.take().context("the service does not run")?.stop().await?;
        self.stage.offer(rollout, &bundle.signed).await?;
        self.serve().await
    }

    /// Writes to `chip` where the board finds the cloud.
    pub(super) async fn configure(&self, chip: &Path, port: u16) -> Result<()> {
        self.stage.configure(chip, port).await
    }

    /// Stops everything, and compares what the service has kept with what the board had to report.
    pub(super) async fn close(mut self) -> Result<()> {
        self.cloud.take().context("the service does not run")?.stop().await?;
        let (told, committed) = self.stage.updates().await?;
        let is_outcome = |state: UpdateState| {
            matches!(state, UpdateState::Refused(_) | UpdateState::Reverted(_) | UpdateState::Confirmed)
        };
        let told: Vec<_> = told.iter().map(|report| (report.version, report.state)).collect();
        let mut told: Vec<_> = told.into_iter().filter(|(_, state)| is_outcome(*state)).collect();
        // An offer whose acknowledgement was lost is offered again, and answered again.
        told.dedup();
        ensure!(told == self.expected, "the board told {told:?}, not {:?}", self.expected);
        println!(
            "the service keeps {} outcomes, in their order, and the records of {} starts without a hole",
            told.len(),
            committed.len()
        );
        Ok(())
    }

    async fn serve(&mut self) -> Result<()> {
        let cloud = self.stage.serve().await?;
        self.configure(&self.chip(), cloud.front_door.port()).await?;
        self.cloud = Some(cloud);
        Ok(())
    }

    fn cloud(&self) -> Result<&Cloud> {
        self.cloud.as_ref().context("the service does not run")
    }
}
