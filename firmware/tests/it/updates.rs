//! Images that are offered: taken, refused, cut anywhere, tried, confirmed or reverted.

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

#[test]
fn an_image_is_received_verified_installed_tried_and_confirmed() {
    let board = Board::new();
    let bytes = image(10_000);
    let mut updater = board.start();
    take(&mut updater, &offer(1, signed(&manifest(&bytes))));
    assert_eq!(serve(&mut updater, &bytes), [UpdateState::Verified]);
    assert_eq!(in_slot(&board, bytes.len()), bytes);
    assert_eq!(install(&mut updater), Some(Install { version: NEW, len: 10_000 }));
    assert_eq!(told(&mut updater, at(2_000)), [UpdateState::Installed]);

    let mut updater = board.start_as(NEW, Running::Trial, ResetReason::Software);
    assert_eq!(told(&mut updater, at(0)), [UpdateState::OnTrial]);
    assert_eq!(updater.health(at(5_000), 3, None), None, "health is told once there is a connection");
    assert!(updater.connected(at(7_000)), "only a connection confirms");
    block_on(updater.confirmed()).unwrap();
    assert_eq!(told(&mut updater, at(7_000)), [UpdateState::Confirmed]);
    assert_eq!(updater.floor(), OLD);
    let health = updater.health(at(7_500), 3, Some(80)).unwrap();
    assert_eq!((health.version, health.reconnect_ms, health.backlog, health.uptime_s), (NEW, 7_000, 3, 7));
    assert_eq!(updater.health(at(8_000), 3, Some(80)), None);

    let mut updater = board.start_as(NEW, Running::Settled, ResetReason::PowerOn);
    assert_eq!(told(&mut updater, at(0)), []);
    assert!(!updater.connected(at(1)));
}

#[test]
fn what_may_not_run_here_is_refused_before_anything_is_stored() {
    let bytes = image(3_000);
    let good = manifest(&bytes);
    let at_floor = |version| Manifest { version: Version(version), ..good.clone() };
    let mut altered = signed(&good);
    *altered.manifest.last_mut().unwrap() ^= 1;
    let cases = [
        ("a stranger's key", signed_by(&[8; 32], SIGNATURE_DOMAIN, &good), Refusal::Signature),
        ("a signature of something else", signed_by(&SEED, b"", &good), Refusal::Signature),
        ("a manifest that was altered", altered, Refusal::Signature),
        (
            "signed bytes that are no manifest",
            {
                let bytes = heapless::Vec::from_slice(&[0xFF; 9]).unwrap();
                let message = [SIGNATURE_DOMAIN, &bytes].concat();
                let signature = SignedManifest::split(salty::Keypair::from(&SEED).sign(&message).to_bytes());
                SignedManifest { manifest: bytes, signature }
            },
            Refusal::Manifest,
        ),
        (
            "another board's image",
            signed(&Manifest { board: "other".try_into().unwrap(), ..good.clone() }),
            Refusal::Board,
        ),
        ("what runs already", signed(&at_floor([1, 4, 0])), Refusal::NotNewer),
        ("an older version", signed(&at_floor([1, 3, 9])), Refusal::NotNewer),
        (
            "an image longer than the slot",
            signed(&Manifest { len: 4 * PAGE as u32 + 1, ..good.clone() }),
            Refusal::Length,
        ),
        ("an image of nothing", signed(&Manifest { len: 0, ..good.clone() }), Refusal::Length),
    ];
    for (what, image, refusal) in cases {
        let board = Board::new();
        let mut updater = board.start();
        take(&mut updater, &offer(1, image));
        assert_eq!(told(&mut updater, at(1_000)), [UpdateState::Refused(refusal)], "{what}");
        for chunk in chunks(&bytes, 0, 8) {
            take(&mut updater, &encode(Downlink::UpdateChunk(chunk)));
        }
        assert_eq!(in_slot(&board, 4 * PAGE), vec![0xFF; 4 * PAGE], "{what}");
        assert_eq!(install(&mut updater), None, "{what}");
        let foreign = updater.dropped().foreign_chunks;
        assert_eq!(foreign, 6, "{what}: each chunk is counted");
    }
}

#[test]
fn the_rollback_floor_rises_with_a_confirmed_image_and_stays_when_an_older_one_is_flashed() {
    let board = Board::new();
    let bytes = image(600);
    let raised = Manifest { floor: NEW, ..manifest(&bytes) };
    let mut updater = board.start();
    take(&mut updater, &offer(1, signed(&raised)));
    serve(&mut updater, &bytes);
    install(&mut updater).unwrap();
    assert_eq!(updater.floor(), OLD, "an image that was not confirmed raises nothing");
    let mut updater = board.start_as(NEW, Running::Trial, ResetReason::Software);
    updater.connected(at(1));
    block_on(updater.confirmed()).unwrap();

    // Somebody flashes the old firmware at the bench; over the air nothing below the floor comes in.
    let mut updater = board.start();
    assert_eq!(updater.floor(), NEW);
    let between = Manifest { version: Version([1, 4, 9]), floor: OLD, ..manifest(&bytes) };
    told(&mut updater, at(1));
    take(&mut updater, &offer(2, signed(&between)));
    assert_eq!(told(&mut updater, at(1)), [UpdateState::Refused(Refusal::BelowFloor)]);
}

#[test]
fn a_trial_that_ends_with_a_reset_is_reverted_and_told_with_its_reason() {
    for first_boot_ran in [false, true] {
        let board = Board::new();
        let bytes = image(600);
        let mut updater = board.start();
        take(&mut updater, &offer(1, signed(&manifest(&bytes))));
        serve(&mut updater, &bytes);
        install(&mut updater).unwrap();
        told(&mut updater, at(1));
        if first_boot_ran {
            let mut trial = board.start_as(NEW, Running::Trial, ResetReason::Software);
            assert_eq!(told(&mut trial, at(1)), [UpdateState::OnTrial]);
        }
        let mut updater = board.start_as(OLD, Running::Reverted, ResetReason::Watchdog);
        assert_eq!(told(&mut updater, at(1)), [UpdateState::Reverted(ResetReason::Watchdog)]);
        assert!(!updater.connected(at(2)));
        assert_eq!(install(&mut updater), None);
        take(&mut updater, &offer(1, signed(&manifest(&bytes))));
        let again = told(&mut updater, at(3));
        assert_eq!(again, [UpdateState::Reverted(ResetReason::Watchdog)], "the same offer gets the same answer");
    }
}

#[test]
fn a_trial_without_a_connection_is_given_up_after_its_time() {
    let board = Board::new();
    let bytes = image(600);
    let mut updater = board.start();
    take(&mut updater, &offer(1, signed(&manifest(&bytes))));
    serve(&mut updater, &bytes);
    install(&mut updater).unwrap();
    let updater = board.start_as(NEW, Running::Trial, ResetReason::Software);
    assert!(!updater.trial_is_over(at(3_599_999)));
    assert!(updater.trial_is_over(at(3_600_000)));
}

#[test]
fn an_image_is_installed_only_while_the_car_stands_and_the_window_is_open() {
    let board = Board::new();
    let bytes = image(600);
    let mut updater = board.start();
    let minute = (EPOCH_MS / 60_000 % 1440) as u16;
    let window = Some(Window { from_minute: (minute + 60) % 1440, minutes: 30 });
    let offer = UpdateOffer { update: 1, image: Some(signed(&manifest(&bytes))), window };
    take(&mut updater, &encode(Downlink::UpdateOffer(offer)));
    assert_eq!(serve(&mut updater, &bytes), [UpdateState::Verified]);
    let hour = 3_600_000;
    let mut asked = |now, stands| block_on(updater.install(now, stands)).unwrap().is_some();
    assert!(!asked(at(0), true), "the window is closed");
    assert!(!asked(Now { unix_ms: None, ..at(hour) }, true), "without a clock no window is known to be open");
    assert!(!asked(at(hour), false), "the car drives");
    assert!(asked(at(hour), true));
}

#[test]
fn lost_repeated_early_and_misplaced_chunks_do_no_harm_and_are_counted() {
    let board = Board::new();
    let bytes = image(5_000);
    let mut updater = board.start();
    take(&mut updater, &offer(1, signed(&manifest(&bytes))));
    told(&mut updater, at(1_000));
    let all = chunks(&bytes, 0, 10);
    let mut misplaced = all[1].clone();
    misplaced.bytes.truncate(100);
    let beyond = UpdateChunk { offset: 5_120, ..all[0].clone() };
    for chunk in [&all[0], &all[0], &all[2], &misplaced, &beyond, &all[9]] {
        take(&mut updater, &encode(Downlink::UpdateChunk(chunk.clone())));
    }
    let dropped = updater.dropped();
    assert_eq!((dropped.repeated_chunks, dropped.early_chunks, dropped.misplaced_chunks), (1, 2, 2));
    assert_eq!(told(&mut updater, at(1_000)), [UpdateState::Receiving(512)], "the end of a run is answered");
    updater.tick(at(30_999));
    assert_eq!(updater.report(), None);
    updater.tick(at(31_000));
    assert_eq!(told(&mut updater, at(31_000)), [UpdateState::Receiving(512)], "silence is answered by asking again");
    assert!(!updater.connected(at(40_000)));
    assert_eq!(serve(&mut updater, &bytes), [UpdateState::Verified]);
}

#[test]
fn a_corrupted_chunk_makes_the_image_be_refused_and_it_can_be_offered_again() {
    let board = Board::new();
    let bytes = image(5_000);
    let mut updater = board.start();
    take(&mut updater, &offer(1, signed(&manifest(&bytes))));
    let mut corrupted = chunks(&bytes, 0, 10);
    corrupted[3].bytes[17] ^= 4;
    for chunk in corrupted {
        take(&mut updater, &encode(Downlink::UpdateChunk(chunk)));
    }
    assert_eq!(told(&mut updater, at(1)), [UpdateState::Refused(Refusal::Hash)]);
    assert_eq!(install(&mut updater), None);
    take(&mut updater, &offer(2, signed(&manifest(&bytes))));
    assert_eq!(serve(&mut updater, &bytes), [UpdateState::Verified]);
}

#[test]
fn flash_that_loses_a_bit_between_verifying_and_installing_is_noticed() {
    let board = Board::new();
    let bytes = image(5_000);
    let mut updater = board.start();
    take(&mut updater, &offer(1, signed(&manifest(&bytes))));
    serve(&mut updater, &bytes);
    block_on(board.slot.clone().write(64, &[0; 4])).unwrap();
    assert_eq!(install(&mut updater), None);
    assert_eq!(told(&mut updater, at(1)), [UpdateState::Refused(Refusal::Hash)]);
}

#[test]
fn a_withdrawn_update_is_dropped_unless_it_is_installed_and_old_offers_mean_nothing() {
    let board = Board::new();
    let bytes = image(5_000);
    let withdrawn = encode(Downlink::UpdateOffer(UpdateOffer { update: 3, image: None, window: None }));
    let mut updater = board.start();
    take(&mut updater, &offer(3, signed(&manifest(&bytes))));
    take(&mut updater, &withdrawn);
    assert_eq!(told(&mut updater, at(1)), [UpdateState::Withdrawn]);
    take(&mut updater, &offer(2, signed(&manifest(&bytes))));
    assert_eq!((updater.report(), updater.dropped().old_offers), (None, 1));

    take(&mut updater, &offer(4, signed(&manifest(&bytes))));
    serve(&mut updater, &bytes);
    install(&mut updater).unwrap();
    let late = encode(Downlink::UpdateOffer(UpdateOffer { update: 4, image: None, window: None }));
    told(&mut updater, at(1));
    take(&mut updater, &late);
    assert_eq!(updater.report(), None, "the boot loader has it; its start will tell");
}

#[test]
fn an_offer_during_a_trial_is_refused() {
    let board = Board::new();
    let bytes = image(600);
    let mut updater = board.start();
    take(&mut updater, &offer(1, signed(&manifest(&bytes))));
    serve(&mut updater, &bytes);
    install(&mut updater).unwrap();
    let mut updater = board.start_as(NEW, Running::Trial, ResetReason::Software);
    told(&mut updater, at(1));
    take(&mut updater, &offer(2, signed(&Manifest { version: Version([1, 6, 0]), ..manifest(&bytes) })));
    assert_eq!(told(&mut updater, at(1)), [UpdateState::Refused(Refusal::OnTrial)]);
}

#[test]
fn a_power_cut_before_the_boot_loader_is_told_is_tried_again_and_not_for_ever() {
    let board = Board::new();
    let bytes = image(600);
    let mut updater = board.start();
    take(&mut updater, &offer(1, signed(&manifest(&bytes))));
    serve(&mut updater, &bytes);
    for _ in 0..3 {
        assert!(install(&mut updater).is_some());
        told(&mut updater, at(1));
        updater = board.start();
    }
    assert_eq!(told(&mut updater, at(1)), [UpdateState::Refused(Refusal::BootLoader)]);
    assert_eq!(install(&mut updater), None);
}

#[test]
fn a_power_cut_after_the_boot_loader_confirmed_still_confirms() {
    let board = Board::new();
    let bytes = image(600);
    let mut updater = board.start();
    take(&mut updater, &offer(1, signed(&manifest(&bytes))));
    serve(&mut updater, &bytes);
    install(&mut updater).unwrap();
    told(&mut updater, at(1));
    board.start_as(NEW, Running::Trial, ResetReason::Software);
    let mut updater = board.start_as(NEW, Running::Settled, ResetReason::PowerOn);
    assert_eq!(told(&mut updater, at(1)), [UpdateState::OnTrial, UpdateState::Confirmed]);
}

#[test]
fn resets_are_counted_for_the_version_that_runs() {
    let board = Board::new();
    let resets = |version, reset| {
        let mut updater = board.start_as(version, Running::Settled, reset);
        updater.connected(at(1));
        updater.health(at(1), 0, None).unwrap().resets
    };
    assert_eq!(resets(OLD, ResetReason::Watchdog), 0, "the first start of a version is not its fault");
    assert_eq!(resets(OLD, ResetReason::Watchdog), 1);
    assert_eq!(resets(OLD, ResetReason::PowerOn), 1);
    assert_eq!(resets(OLD, ResetReason::Fault), 2);
    assert_eq!(resets(NEW, ResetReason::Software), 0);
}

#[test]
fn a_cut_at_any_word_of_a_transfer_is_resumed_and_ends_verified() {
    let bytes = image(2 * PAGE + 700);
    // As many words as a whole transfer writes, measured once.
    let whole = {
        let board = Board::new();
        let mut updater = board.start();
        board.chip.power(1 << 40);
        take(&mut updater, &offer(1, signed(&manifest(&bytes))));
        serve(&mut updater, &bytes);
        (1 << 40) - board.chip.fuel()
    };
    let mut resumed = 0;
    for words in (0..whole).step_by(11) {
        let board = Board::new();
        let mut updater = board.start();
        board.chip.power(words);
        let mut sent = block_on(updater.downlink(at(1_000), &offer(1, signed(&manifest(&bytes))))).is_ok();
        for chunk in chunks(&bytes, 0, 99) {
            sent = sent && block_on(updater.downlink(at(1_000), &encode(Downlink::UpdateChunk(chunk)))).is_ok();
        }
        board.chip.power(u64::MAX);
        let mut updater = board.start();
        if let Some(report) = updater.report()
            && matches!(report.state, UpdateState::Receiving(1..))
        {
            resumed += 1;
        }
        // The cloud offers again whenever it has not heard of the end.
        take(&mut updater, &offer(1, signed(&manifest(&bytes))));
        let states = serve(&mut updater, &bytes);
        assert!(
            states.iter().all(|state| *state == UpdateState::Verified) && !states.is_empty(),
            "{words}: {states:?}"
        );
        assert_eq!(in_slot(&board, bytes.len()), bytes, "{words}");
        assert!(install(&mut updater).is_some(), "{words}");
    }
    assert!(resumed > 5, "{resumed} cuts went on in the middle");
}

#[test]
fn a_cut_at_any_word_of_the_end_leaves_a_state_from_which_the_update_ends_well() {
    let bytes = image(600);
    for words in 0..400 {
        let board = Board::new();
        let mut updater = board.start();
        take(&mut updater, &offer(1, signed(&manifest(&bytes))));
        serve(&mut updater, &bytes);
        board.chip.power(words);
        let installed = block_on(updater.install(at(2_000), true));
        let mut version = OLD;
        if matches!(installed, Ok(Some(_))) {
            version = NEW;
            let settings = board.settings(NEW, ResetReason::Software);
            let started =
                block_on(Updater::start(board.slot.clone(), board.state.clone(), settings, Running::Trial, at(0)));
            if let Ok(mut trial) = started {
                trial.connected(at(1));
                // A cut in here comes after the boot loader was told.
                let _ = block_on(trial.confirmed());
            }
        }
        board.chip.power(u64::MAX);
        let mut updater = board.start_as(version, Running::Settled, ResetReason::PowerOn);
        if version == OLD {
            assert!(install(&mut updater).is_some(), "{words}");
        } else {
            let states = told(&mut updater, at(1));
            assert!(states.contains(&UpdateState::Confirmed), "{words}: {states:?}");
        }
    }
}
