//! The trial of a new image: confirmed or reverted, and what is told of it.

use super::*;

#[test]
fn an_image_is_received_verified_installed_tried_and_confirmed() {
    let board = Board::new();
    let bytes = image(10_000);
    let mut updater = board.verified(&bytes);
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
        board.installed(&bytes);
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
fn a_trial_that_the_power_ends_is_tried_again_and_not_for_ever() {
    let board = Board::new();
    let bytes = image(600);
    board.installed(&bytes);
    for _ in 0..2 {
        let mut trial = board.start_as(NEW, Running::Trial, ResetReason::Software);
        assert_eq!(told(&mut trial, at(1)), [UpdateState::OnTrial]);
        let mut updater = board.start_as(OLD, Running::Reverted, ResetReason::PowerOn);
        assert_eq!(told(&mut updater, at(1)), [], "the image has not failed");
        assert_eq!(install(&mut updater), Some(Install { version: NEW, len: 600 }));
        assert_eq!(told(&mut updater, at(2)), [UpdateState::Installed]);
    }
    let mut updater = board.start_as(OLD, Running::Reverted, ResetReason::PowerOn);
    assert_eq!(told(&mut updater, at(1)), [UpdateState::Reverted(ResetReason::PowerOn)]);
    assert_eq!(install(&mut updater), None);
}

#[test]
fn an_image_that_the_power_interrupted_and_that_then_fails_is_told_as_failed() {
    let board = Board::new();
    let bytes = image(600);
    board.installed(&bytes);
    board.start_as(NEW, Running::Trial, ResetReason::Software);
    let mut updater = board.start_as(OLD, Running::Reverted, ResetReason::PowerOn);
    install(&mut updater).unwrap();
    told(&mut updater, at(1));
    board.start_as(NEW, Running::Trial, ResetReason::Software);
    let mut updater = board.start_as(OLD, Running::Reverted, ResetReason::Fault);
    assert_eq!(told(&mut updater, at(1)), [UpdateState::OnTrial, UpdateState::Reverted(ResetReason::Fault)]);
}

#[test]
fn a_slot_that_lost_the_image_after_a_power_cut_is_not_tried_again() {
    let board = Board::new();
    let bytes = image(600);
    board.installed(&bytes);
    board.start_as(NEW, Running::Trial, ResetReason::Software);
    block_on(board.slot.clone().write(64, &[0; 4])).unwrap();
    let mut updater = board.start_as(OLD, Running::Reverted, ResetReason::PowerOn);
    told(&mut updater, at(1));
    assert_eq!(install(&mut updater), None);
    assert_eq!(told(&mut updater, at(2)), [UpdateState::Refused(Refusal::Hash)]);
}

#[test]
fn a_trial_without_a_connection_is_given_up_after_its_time() {
    let board = Board::new();
    let bytes = image(600);
    board.installed(&bytes);
    let updater = board.start_as(NEW, Running::Trial, ResetReason::Software);
    assert!(!updater.trial_is_over(at(3_599_999)));
    assert!(updater.trial_is_over(at(3_600_000)));
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
