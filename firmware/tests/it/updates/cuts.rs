//! Power that goes anywhere between an offer and the end of its trial.

use super::*;

#[test]
fn a_power_cut_before_the_boot_loader_is_told_is_tried_again_and_not_for_ever() {
    let board = Board::new();
    let bytes = image(600);
    let mut updater = board.verified(&bytes);
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
    board.installed(&bytes);
    board.start_as(NEW, Running::Trial, ResetReason::Software);
    let mut updater = board.start_as(NEW, Running::Settled, ResetReason::PowerOn);
    assert_eq!(told(&mut updater, at(1)), [UpdateState::OnTrial, UpdateState::Confirmed]);
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
        let mut updater = board.verified(&bytes);
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
