//! Images that are offered: taken, refused, cut anywhere, tried, confirmed or reverted; here is the board that it happens to.

mod cuts;
mod offers;
mod receiving;
mod trial;

use std::vec::Vec;

use embedded_storage_async::nor_flash::{NorFlash as _, ReadNorFlash as _};
use milepost_firmware::Now;
use milepost_firmware::update::{Install, Running, Settings, Updater, concerns};
use milepost_protocol::record::ResetReason;
use milepost_protocol::update::{
    MAX_IMAGE_CHUNK_LEN, Manifest, Refusal, SIGNATURE_DOMAIN, SignedManifest, UpdateChunk, UpdateOffer, UpdateState,
    Version, Window,
};
use milepost_protocol::{Downlink, MAX_DOWNLINK_LEN};
use sha2::{Digest as _, Sha256};

use crate::car::{EPOCH_MS, at};
use crate::flash::{Chip, Region, block_on};

const BOARD: &str = "bench";
const OLD: Version = Version([1, 4, 0]);
const NEW: Version = Version([1, 5, 0]);
const SEED: [u8; 32] = [7; 32];
const PAGE: usize = 4096;

/// A device's update regions; they outlive its updaters.
struct Board {
    chip: Chip,
    slot: Region,
    state: Region,
    keys: [[u8; 32]; 1],
}

impl Board {
    fn new() -> Self {
        let chip = Chip::new(2, 2);
        let keys = [*salty::Keypair::from(&SEED).public.as_bytes()];
        Self { slot: chip.region(4), state: chip.region(2), chip, keys }
    }

    fn settings(&self, version: Version, reset: ResetReason) -> Settings<'_> {
        Settings { board: BOARD, version, keys: &self.keys, reset, ..Settings::default() }
    }

    fn start_as(&self, version: Version, running: Running, reset: ResetReason) -> Updater<'_, Region> {
        let settings = self.settings(version, reset);
        block_on(Updater::start(self.slot.clone(), self.state.clone(), settings, running, at(0))).unwrap()
    }

    fn start(&self) -> Updater<'_, Region> {
        self.start_as(OLD, Running::Settled, ResetReason::PowerOn)
    }

    /// The old version, to which `image` is offered.
    fn offered(&self, image: &[u8]) -> Updater<'_, Region> {
        let mut updater = self.start();
        take(&mut updater, &offer(1, signed(&manifest(image))));
        updater
    }

    /// The old version, which has the whole of `image`.
    fn verified(&self, image: &[u8]) -> Updater<'_, Region> {
        let mut updater = self.offered(image);
        assert_eq!(serve(&mut updater, image), [UpdateState::Verified]);
        updater
    }

    /// The old version has handed `image` to the boot loader.
    fn installed(&self, image: &[u8]) -> Updater<'_, Region> {
        let mut updater = self.verified(image);
        assert!(install(&mut updater).is_some());
        assert_eq!(told(&mut updater, at(2_000)), [UpdateState::Installed]);
        updater
    }
}

fn image(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n * 31 % 251) as u8).collect()
}

fn manifest(bytes: &[u8]) -> Manifest {
    Manifest {
        board: BOARD.try_into().unwrap(),
        version: NEW,
        floor: OLD,
        build: [1; 8],
        len: bytes.len() as u32,
        sha256: Sha256::digest(bytes).into(),
    }
}

fn signed_by(seed: &[u8; 32], domain: &[u8], manifest: &Manifest) -> SignedManifest {
    let bytes = manifest.encode();
    let signature = salty::Keypair::from(seed).sign(&[domain, &bytes].concat()).to_bytes();
    SignedManifest { manifest: bytes, signature: SignedManifest::split(signature) }
}

fn signed(manifest: &Manifest) -> SignedManifest {
    signed_by(&SEED, SIGNATURE_DOMAIN, manifest)
}

fn encode(message: Downlink) -> Vec<u8> {
    let mut buffer = [0; MAX_DOWNLINK_LEN];
    let bytes = Downlink::encode(&[message], &mut buffer).unwrap().to_vec();
    assert!(concerns(&bytes));
    bytes
}

fn offer(update: u32, image: SignedManifest) -> Vec<u8> {
    encode(Downlink::UpdateOffer(UpdateOffer { update, image: Some(image), window: None }))
}

/// The `count` chunks from `have` on, as the cloud sends them.
fn chunks(bytes: &[u8], have: u32, count: usize) -> Vec<UpdateChunk> {
    let image = manifest(bytes).image();
    let parts = bytes.chunks(MAX_IMAGE_CHUNK_LEN).zip((0..).step_by(MAX_IMAGE_CHUNK_LEN));
    let mut run: Vec<UpdateChunk> = parts
        .filter(|(_, offset)| *offset >= have)
        .take(count)
        .map(|(part, offset)| UpdateChunk { image, offset, last: false, bytes: part.try_into().unwrap() })
        .collect();
    if let Some(last) = run.last_mut() {
        last.last = true;
    }
    run
}

fn take(updater: &mut Updater<'_, Region>, message: &[u8]) {
    block_on(updater.downlink(at(1_000), message)).unwrap();
}

/// Everything that the updater has to tell.
fn told(updater: &mut Updater<'_, Region>, now: Now) -> Vec<UpdateState> {
    let mut states = Vec::new();
    while let Some(report) = updater.report() {
        states.push(report.state);
        block_on(updater.reported(now)).unwrap();
    }
    states
}

/// Answers what the device asks for until it asks no more; answers the other states that it told.
fn serve(updater: &mut Updater<'_, Region>, bytes: &[u8]) -> Vec<UpdateState> {
    let mut states = Vec::new();
    loop {
        let mut asked = None;
        for state in told(updater, at(1_000)) {
            match state {
                UpdateState::Receiving(have) => asked = Some(have),
                other => states.push(other),
            }
        }
        let Some(have) = asked else { return states };
        for chunk in chunks(bytes, have, 4) {
            take(updater, &encode(Downlink::UpdateChunk(chunk)));
        }
    }
}

fn in_slot(board: &Board, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    block_on(board.slot.clone().read(0, &mut bytes)).unwrap();
    bytes
}

fn install(updater: &mut Updater<'_, Region>) -> Option<Install> {
    block_on(updater.install(at(2_000), true)).unwrap()
}
