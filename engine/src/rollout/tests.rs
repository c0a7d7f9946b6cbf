use alloc::vec::Vec;

use milepost_protocol::Record;
use milepost_protocol::record::ResetReason;
use milepost_protocol::update::{Health, Refusal, UpdateReport, UpdateState, Version};
use proptest::prelude::*;

use super::*;

const OLD: Version = Version([1, 4, 0]);
const NEW: Version = Version([1, 5, 0]);
const SOAK_MS: u64 = 10_000;
const STUCK_MS: u64 = 100_000;

fn health(version: Version) -> Health {
    let board = "bench".try_into().unwrap();
    Health { board, version, uptime_s: 60, reconnect_ms: 2_000, resets: 0, backlog: 10, current_ma: Some(80) }
}

fn device() -> DeviceUpdate {
    let mut update = DeviceUpdate::default();
    update.apply(&health(OLD).into(), 0);
    update
}

fn report(update: &mut DeviceUpdate, state: UpdateState, now_ms: u64) {
    let number = update.offered.unwrap().update;
    let record: Record = UpdateReport { update: number, version: NEW, state }.into();
    assert!(update.apply(&record, now_ms));
}

fn rollout() -> Rollout {
    let settings = Settings {
        canaries: 2,
        soak_ms: SOAK_MS,
        stuck_after_ms: STUCK_MS,
        max_active: 1_000,
        window: None,
        gates: Gates::default(),
    };
    Rollout { id: 9, board: "bench".into(), version: NEW, settings, approvals: Vec::new(), state: State::Draft }
}

fn running(wave: Wave) -> Rollout {
    Rollout { state: State::Running { wave, since_ms: 0, accepts_stuck: false }, ..rollout() }
}

/// A fleet in the order of its positions, all connected.
fn observe(fleet: &[DeviceUpdate], now_ms: u64) -> Vec<Observed<'_>> {
    let place = |index: usize| index as f64 / fleet.len() as f64;
    let one = |(index, update)| Observed { position: place(index), connected: true, seen_ms: now_ms, update };
    fleet.iter().enumerate().map(one).collect()
}

fn look(rollout: &Rollout, fleet: &[DeviceUpdate], now_ms: u64) -> Step {
    step(rollout, &observe(fleet, now_ms), now_ms)
}

fn confirm(update: &mut DeviceUpdate, now_ms: u64) {
    update.offer(9, NEW, now_ms);
    report(update, UpdateState::Confirmed, now_ms);
    update.apply(&health(NEW).into(), now_ms);
}

#[test]
fn two_different_people_start_a_rollout_and_one_person_twice_does_not() {
    let mut rollout = rollout();
    assert_eq!(look(&rollout, &[device()], 0).offers, Vec::<usize>::new());
    rollout.approve("eva", 1).unwrap();
    assert_eq!(rollout.approve("eva", 2), Err(ApproveError::SamePerson));
    assert_eq!(rollout.state, State::Draft);
    rollout.approve("max", 3).unwrap();
    assert_eq!(rollout.state, State::Running { wave: Wave::Canary, since_ms: 3, accepts_stuck: false });
    assert_eq!(rollout.approve("zoe", 4), Err(ApproveError::State));
}

#[test]
fn waves_reach_a_handful_a_tenth_a_half_and_all() {
    for (fleet, canaries, sizes) in [
        (200, 5, [5, 20, 100, 200]),
        (10, 5, [5, 5, 5, 10]),
        (1, 5, [1, 1, 1, 1]),
        (0, 5, [0; 4]),
        (11, 0, [1, 2, 6, 11]),
    ] {
        let waves = [Wave::Canary, Wave::Tenth, Wave::Half, Wave::All];
        assert_eq!(waves.map(|wave| wave.size(fleet, canaries)), sizes, "{fleet}");
    }
}

#[test]
fn a_wave_offers_to_its_own_and_goes_on_when_they_are_well_and_soaked() {
    let mut fleet: Vec<_> = (0..20).map(|_| device()).collect();
    let mut rollout = running(Wave::Canary);
    assert_eq!(look(&rollout, &fleet, 0).offers, [0, 1]);
    for update in &mut fleet[..2] {
        confirm(update, 1_000);
    }
    let soaking = look(&rollout, &fleet, 1_000 + SOAK_MS - 1);
    assert_eq!((soaking.state, soaking.tally.soaking, soaking.offers), (rollout.state, 2, Vec::new()));
    rollout.state = look(&rollout, &fleet, 1_000 + SOAK_MS).state;
    assert_eq!(rollout.state.wave(), Some(Wave::Tenth));
    // A tenth of twenty is no more than the canaries, so the next wave has nothing to do.
    rollout.state = look(&rollout, &fleet, 1_000 + SOAK_MS).state;
    assert_eq!(rollout.state.wave(), Some(Wave::Half));
    assert_eq!(look(&rollout, &fleet, 20_000).offers, (2..10).collect::<Vec<_>>());
    for update in &mut fleet[2..] {
        confirm(update, 20_000);
    }
    for _ in 0..2 {
        rollout.state = look(&rollout, &fleet, 40_000).state;
    }
    assert_eq!(rollout.state, State::Done { at_ms: 40_000 });
    assert_eq!(look(&rollout, &fleet, 50_000).offers, Vec::<usize>::new());
}

#[test]
fn each_gate_stops_the_rollout_and_withdraws_what_is_not_installed() {
    type Change = fn(&mut DeviceUpdate);
    let after = |change: fn(&mut Health)| {
        let mut health = health(NEW);
        change(&mut health);
        health
    };
    let slow = after(|health| health.reconnect_ms = 32_001);
    let resets = after(|health| health.resets = 1);
    let backlog = after(|health| health.backlog = 511);
    let current = after(|health| health.current_ma = Some(101));
    for (failure, health) in [
        (Failure::Reconnect, slow),
        (Failure::Resets, resets),
        (Failure::Backlog, backlog),
        (Failure::Current, current),
    ] {
        let mut fleet: Vec<_> = (0..20).map(|_| device()).collect();
        for update in &mut fleet[..2] {
            update.offer(9, NEW, 0);
        }
        report(&mut fleet[0], UpdateState::Confirmed, 1);
        fleet[0].apply(&health.into(), 1);
        let step = look(&running(Wave::Canary), &fleet, 2);
        let reason = StopReason::Gate { failure, failed: 1, of: 2 };
        assert_eq!(step.state, State::Stopped { wave: Some(Wave::Canary), at_ms: 2, reason });
        assert_eq!(step.withdrawals, [1]);
    }
    let refused: Change = |update| report(update, UpdateState::Refused(Refusal::Hash), 1);
    let reverted: Change = |update| report(update, UpdateState::Reverted(ResetReason::Watchdog), 1);
    for (failure, change) in [(Failure::Refused, refused), (Failure::Reverted, reverted)] {
        let mut fleet: Vec<_> = (0..20).map(|_| device()).collect();
        fleet[0].offer(9, NEW, 0);
        change(&mut fleet[0]);
        let state = look(&running(Wave::Canary), &fleet, 2).state;
        assert!(matches!(state, State::Stopped { reason: StopReason::Gate { failure: f, .. }, .. } if f == failure));
    }
}

#[test]
fn figures_at_their_limits_pass() {
    let mut fleet = [device()];
    fleet[0].offer(9, NEW, 0);
    report(&mut fleet[0], UpdateState::Confirmed, 1);
    let at_limits = Health { reconnect_ms: 32_000, backlog: 510, current_ma: Some(100), ..health(NEW) };
    fleet[0].apply(&at_limits.into(), 1);
    assert_eq!(standing(&running(Wave::Canary), &fleet[0], Baseline::default(), 2), Standing::Soaking);
}

#[test]
fn a_device_that_was_slow_before_is_judged_by_its_own_past_and_a_new_one_by_the_others() {
    let slow = |version| Health { reconnect_ms: 60_000, ..health(version) };
    let mut known = DeviceUpdate::default();
    known.apply(&slow(OLD).into(), 0);
    let mut unknown = DeviceUpdate { board: Some("bench".into()), ..DeviceUpdate::default() };
    for update in [&mut known, &mut unknown] {
        update.offer(9, NEW, 0);
        report(update, UpdateState::Confirmed, 1);
        update.apply(&slow(NEW).into(), 1);
    }
    let control = Baseline { reconnect_ms: Some(2_000.0), ..Baseline::default() };
    let rollout = running(Wave::Canary);
    assert_eq!(standing(&rollout, &known, control, 2), Standing::Soaking);
    assert_eq!(standing(&rollout, &unknown, control, 2), Standing::Failed(Failure::Reconnect));
}

#[test]
fn stuck_devices_pause_the_wave_once_and_a_person_may_accept_them() {
    let mut fleet: Vec<_> = (0..4).map(|_| device()).collect();
    fleet[0].offer(9, NEW, 0);
    report(&mut fleet[0], UpdateState::Receiving(512), 5);
    confirm(&mut fleet[1], 5);
    let mut rollout = running(Wave::Canary);
    assert_eq!(look(&rollout, &fleet, STUCK_MS + 4).state, rollout.state);
    rollout.state = look(&rollout, &fleet, STUCK_MS + 5).state;
    let reason = PauseReason::Stuck { stuck: 1, of: 2 };
    assert_eq!(rollout.state, State::Paused { wave: Wave::Canary, since_ms: STUCK_MS + 5, reason });
    assert_eq!(look(&rollout, &fleet, STUCK_MS + 6).offers, Vec::<usize>::new());
    rollout.resume(STUCK_MS + 7).unwrap();
    assert_eq!(look(&rollout, &fleet, STUCK_MS + 8).state.wave(), Some(Wave::Tenth));
}

#[test]
fn a_device_that_asks_for_the_same_bytes_again_does_not_move() {
    let mut update = device();
    update.offer(9, NEW, 0);
    report(&mut update, UpdateState::Receiving(512), 5);
    report(&mut update, UpdateState::Receiving(512), 50);
    assert_eq!(update.offered.unwrap().moved_ms, 5);
    report(&mut update, UpdateState::Receiving(1_024), 60);
    assert_eq!(update.offered.unwrap().moved_ms, 60);
}

#[test]
fn reports_of_older_offers_and_after_the_end_change_nothing() {
    let mut update = device();
    update.offer(9, NEW, 0);
    let old: Record = UpdateReport { update: 0, version: NEW, state: UpdateState::Confirmed }.into();
    update.apply(&old, 1);
    assert_eq!(update.offered.unwrap().phase, Phase::Offered);
    report(&mut update, UpdateState::Confirmed, 2);
    report(&mut update, UpdateState::Receiving(0), 3);
    assert_eq!(update.offered.unwrap().phase, Phase::Confirmed);
}

#[test]
fn nobody_is_offered_an_image_that_already_runs_or_while_not_connected() {
    let mut newer = DeviceUpdate::default();
    newer.apply(&health(Version([1, 5, 1])).into(), 0);
    let (connected, away) = (device(), device());
    let fleet = [
        Observed { position: 0.1, connected: true, seen_ms: 0, update: &newer },
        Observed { position: 0.2, connected: false, seen_ms: 0, update: &away },
        Observed { position: 0.3, connected: true, seen_ms: 0, update: &connected },
    ];
    let rollout = running(Wave::All);
    let now = step(&rollout, &fleet, 1);
    assert_eq!((now.offers, now.tally.members), (Vec::from([2]), 2));
    let later = step(&rollout, &fleet, STUCK_MS);
    assert_eq!((later.tally.stuck, later.tally.waiting), (1, 1), "whoever is away too long counts as stuck");
}

#[test]
fn a_device_that_tries_another_image_is_asked_when_it_has_settled() {
    let mut fleet = [device()];
    fleet[0].offer(8, Version([1, 4, 5]), 0);
    report(&mut fleet[0], UpdateState::OnTrial, 1);
    let rollout = running(Wave::Canary);
    assert_eq!(look(&rollout, &fleet, 2).offers, Vec::<usize>::new());
    report(&mut fleet[0], UpdateState::Confirmed, 3);
    assert_eq!(look(&rollout, &fleet, 4).offers, [0]);
    // It may have begun a trial that nobody knew of yet.
    fleet[0].offer(9, NEW, 5);
    report(&mut fleet[0], UpdateState::Refused(Refusal::OnTrial), 6);
    assert_eq!(look(&rollout, &fleet, 7).state, rollout.state);
    assert_eq!(look(&rollout, &fleet, 60_005).offers, Vec::<usize>::new());
    assert_eq!(look(&rollout, &fleet, 60_006).offers, [0]);
}

#[test]
fn no_more_devices_are_under_way_than_allowed() {
    let mut fleet: Vec<_> = (0..20).map(|_| device()).collect();
    let mut rollout = running(Wave::All);
    rollout.settings.max_active = 3;
    fleet[0].offer(9, NEW, 0);
    assert_eq!(look(&rollout, &fleet, 1).offers, [1, 2]);
}

#[test]
fn a_person_may_stop_at_any_time_and_nothing_moves_after_that() {
    let mut fleet: Vec<_> = (0..20).map(|_| device()).collect();
    let mut rollout = running(Wave::Half);
    fleet[3].offer(9, NEW, 0);
    rollout.stop(7).unwrap();
    assert_eq!(look(&rollout, &fleet, 8).withdrawals, [3]);
    assert_eq!(fleet[3].withdraw(9), Some(1));
    assert_eq!(fleet[3].withdraw(9), None);
    assert_eq!(look(&rollout, &fleet, 9).withdrawals, Vec::<usize>::new());
    for asked in [rollout.clone().resume(9), rollout.clone().pause(9), rollout.stop(9)] {
        assert_eq!(asked, Err(ApproveError::State));
    }
}

/// What one simulated device makes of the image.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Well,
    Refuses,
    Reverts,
    Resets,
    Silent,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        12 => Just(Fate::Well),
        1 => Just(Fate::Refuses),
        1 => Just(Fate::Reverts),
        1 => Just(Fate::Resets),
        2 => Just(Fate::Silent),
    ]
}

fn live(update: &mut DeviceUpdate, fate: Fate, now_ms: u64) {
    let Some(offered) = update.offered.filter(|offered| !offered.phase.is_final()) else { return };
    match (offered.phase, fate) {
        (_, Fate::Silent) => {}
        (Phase::Offered, Fate::Refuses) => report(update, UpdateState::Refused(Refusal::Hash), now_ms),
        (Phase::Offered, _) => report(update, UpdateState::Verified, now_ms),
        (Phase::Verified, _) => report(update, UpdateState::Installed, now_ms),
        (_, Fate::Reverts) => report(update, UpdateState::Reverted(ResetReason::Watchdog), now_ms),
        _ => {
            report(update, UpdateState::Confirmed, now_ms);
            let resets = u16::from(matches!(fate, Fate::Resets));
            update.apply(&Health { resets, ..health(NEW) }.into(), now_ms);
        }
    }
}

proptest! {
    #[test]
    fn no_wave_is_skipped_none_begins_behind_a_failing_gate_and_the_end_is_the_end(
        fates in proptest::collection::vec(fate(), 1..60),
        canaries in 1_usize..8,
        share in 0.0_f64..0.3,
        resumes in any::<bool>(),
    ) {
        let mut fleet: Vec<DeviceUpdate> = fates.iter().map(|_| device()).collect();
        let mut rollout = running(Wave::Canary);
        rollout.settings.canaries = canaries;
        rollout.settings.gates.max_failed_share = share;
        let mut ended = None;
        for round in 0..200_u64 {
            let now_ms = round * 5_000;
            let seen = look(&rollout, &fleet, now_ms);
            prop_assert_eq!(&seen, &look(&rollout, &fleet, now_ms), "a look changes nothing");
            let before = rollout.state;
            match (before.wave(), seen.state.wave()) {
                (Some(from), Some(to)) if from != to => {
                    prop_assert_eq!(from.next(), Some(to));
                    let allowed = f64::from(seen.tally.members) * share;
                    prop_assert!(f64::from(seen.tally.failed) <= allowed, "{:?}", seen.tally);
                    prop_assert_eq!(seen.tally.waiting + seen.tally.under_way + seen.tally.soaking, 0);
                }
                _ => {}
            }
            if let Some(state) = ended {
                prop_assert_eq!(seen.state, state);
                prop_assert!(seen.offers.is_empty());
            }
            let size = before.wave().map_or(0, |wave| wave.size(fleet.len(), canaries));
            prop_assert!(seen.offers.iter().all(|index| *index < size), "{:?} beyond {}", seen.offers, size);
            let runs = matches!(seen.state, State::Running { .. });
            prop_assert!(seen.offers.is_empty() || runs);
            rollout.state = seen.state;
            if seen.state.is_final() {
                ended = Some(seen.state);
            }
            for index in seen.offers {
                fleet[index].offer(9, NEW, now_ms);
            }
            for index in seen.withdrawals {
                prop_assert!(fleet[index].withdraw(9).is_some());
            }
            for (update, fate) in fleet.iter_mut().zip(&fates) {
                live(update, *fate, now_ms + 1);
            }
            if resumes && matches!(rollout.state, State::Paused { .. }) {
                rollout.resume(now_ms).unwrap();
            }
        }
        let well = fates.iter().all(|fate| matches!(fate, Fate::Well));
        prop_assert!(!well || matches!(rollout.state, State::Done { .. }), "{:?}", rollout.state);
        let all_new = fleet.iter().all(|update| update.version() == Some(NEW));
        prop_assert!(!well || all_new);
    }

    #[test]
    fn a_rollout_reads_back_as_it_was_stored(version in any::<[u16; 3]>(), at_ms in any::<u64>(), failed in any::<u32>()) {
        let reason = StopReason::Gate { failure: Failure::Backlog, failed, of: failed };
        let state = State::Stopped { wave: Some(Wave::Tenth), at_ms, reason };
        let stored = Rollout { version: Version(version), state, ..rollout() };
        let text = serde_json::to_string(&stored).unwrap();
        prop_assert_eq!(serde_json::from_str::<Rollout>(&text).unwrap(), stored);
    }
}
