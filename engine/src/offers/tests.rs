//! The order of a decision, and what it leaves behind.

use std::vec::Vec;

use milepost_protocol::SignalId;
use milepost_protocol::downlink::{Consent, Purposes};
use milepost_protocol::plan::{Anchor, DAY_MS, ItemId};
use milepost_protocol::record::{Record, SignalChange, TyreSample, Wheel};
use proptest::prelude::*;

use super::catalogue::{Entry, Owner, Unfit};
use super::eligibility::{Facts, Value};
use super::facts::{About, facts};
use super::*;
use crate::experiments::Placement;
use crate::maintenance::{Usage, assess};
use crate::plan::{Powertrain, standard};
use crate::policy::Policy;
use crate::usage::{Times, VehicleState};

/// A day in November.
const NOW_MS: u64 = 20_400 * DAY_MS;
const NOON: u16 = 12 * 60;

fn tell(state: &mut VehicleState, at_ms: u64, record: impl Into<Record>) {
    state.apply(1, Times { measured_at_ms: at_ms, received_at_ms: at_ms }, &record.into());
}

fn temperature(state: &mut VehicleState, days_ago: u64, celsius: f32) {
    tell(state, NOW_MS - days_ago * DAY_MS, SignalChange { signal: SignalId::OUTSIDE_TEMPERATURE, value: celsius });
}

fn tyre(state: &mut VehicleState, days_ago: u64, sensor: Option<u32>) {
    let sample = TyreSample {
        wheel: Wheel::FrontLeft,
        pressure_pa: 240_000,
        air_decicelsius: None,
        outside_decicelsius: None,
        sensor,
    };
    tell(state, NOW_MS - days_ago * DAY_MS, sample);
}

/// Driven in the warm, still on the same wheels, and cold for a week.
fn ready() -> VehicleState {
    let mut state = VehicleState::default();
    tyre(&mut state, 70, Some(7));
    temperature(&mut state, 60, 19.0);
    for days_ago in (0..7).rev() {
        temperature(&mut state, days_ago, 4.0);
    }
    tyre(&mut state, 1, Some(7));
    state
}

/// The example catalogue's winter tyres, shown in the account at once.
fn tyres() -> Entry {
    let (file, text) = EXAMPLES[0];
    let entry = read(file, text).expect("our own example holds");
    Entry { channels: std::vec![Channel::Account], timings: std::vec![Timing::Now], after: None, ..entry }
}

const TYRES: u16 = 1;
const ARM: Arm = Arm::Offer { offer: TYRES, channel: Channel::Account, timing: Timing::Now };

struct Setting {
    state: VehicleState,
    entry: Entry,
    ledger: Ledger,
    contacts_ms: Vec<u64>,
    open_safety: Vec<ItemId>,
    purposes: Purposes,
    local_minute: u16,
    budget: Budget,
    pace: Option<Pace>,
    halted: Vec<Arm>,
    position: f64,
}

impl Setting {
    fn ready() -> Self {
        Self {
            state: ready(),
            entry: tyres(),
            ledger: Ledger::default(),
            contacts_ms: Vec::new(),
            open_safety: Vec::new(),
            purposes: Purposes::FUNCTION.and(Purposes::OFFERS),
            local_minute: NOON,
            budget: Budget { spent: 0, limit: 10 },
            pace: None,
            halted: Vec::new(),
            position: 0.5,
        }
    }

    fn facts(&self) -> Facts {
        facts(&About {
            state: &self.state,
            assessments: &[],
            ledger: &self.ledger,
            powertrain: Powertrain::Combustion,
            registered_ms: 0,
            zone: "Europe/Berlin",
            month: 11,
            household_cars: 1,
            now_ms: NOW_MS,
        })
    }

    fn decide(&self, draw: f64) -> Decision {
        self.decide_within(&[], draw)
    }

    fn decide_within(&self, parts: &[super::trial::Part<'_>], draw: f64) -> Decision {
        let facts = self.facts();
        let context = Context {
            now_ms: NOW_MS,
            local_minute: self.local_minute,
            consent: Consent { version: 3, purposes: self.purposes },
            open_safety: &self.open_safety,
            owner: Owner { dealer: None, languages: &["de"], facts: &facts },
            ledger: &self.ledger,
            contacts_ms: &self.contacts_ms,
            caps: Caps::default(),
            quiet: QuietHours::default(),
            budget: self.budget,
            pace: self.pace,
            holdout: Placement { position: self.position, share: 0.05 },
            halted: &self.halted,
            parts,
        };
        decide(&context, [&self.entry], |arms| Draw {
            lane: Lane::Policy,
            policy: 1,
            features: std::vec![1.0],
            shares: Policy::default().shares(arms.len() - 1),
            at: draw,
        })
    }

    fn rejection(&self) -> Option<Rejection> {
        let decision = self.decide(0.9);
        let rejection = decision.candidates[0].rejection.clone();
        let nothing = [ArmShare { arm: Arm::Nothing, propensity: 1.0 }];
        if rejection.is_some() {
            assert_eq!((decision.chosen, decision.propensity, &decision.arms[..]), (Arm::Nothing, 1.0, &nothing[..]));
            assert!(decision.again_at_ms > NOW_MS);
        }
        rejection
    }
}

#[test]
fn a_car_on_summer_wheels_in_the_cold_is_offered_winter_tyres_with_the_reasons() {
    let decision = Setting::ready().decide(0.9);
    assert_eq!(decision.chosen, ARM);
    assert!((decision.propensity - 0.785).abs() < 1e-12);
    let made = decision.made().expect("an offer was made");
    let found: Vec<_> = made.grounds.iter().map(|ground| (ground.name.as_str(), ground.found.clone())).collect();
    let number = |value: f64| Some(Value::Number(value));
    assert_eq!(found, [("outside_week_c", number(4.0)), ("wheels_warmest_day_c", number(19.0))]);
    assert_eq!(made.saves, Some(1500));
    assert_eq!((decision.consent, decision.policy, decision.draw), (3, 1, 0.9));
}

#[test]
fn nothing_is_drawn_too_and_stands_for_a_while() {
    let decision = Setting::ready().decide(0.1);
    assert_eq!(decision.chosen, Arm::Nothing);
    assert!((decision.propensity - 0.215).abs() < 1e-12);
    assert_eq!(decision.again_at_ms, NOW_MS + 7 * DAY_MS);
    assert_eq!(decision.made(), None);
    assert!(!decision.candidates[0].grounds.is_empty(), "what spoke for the offer is kept");
}

#[test]
fn stages_come_in_order_and_the_first_that_fails_is_the_one_recorded() {
    let mut setting = Setting::ready();
    setting.purposes = Purposes::FUNCTION;
    setting.open_safety = std::vec![ItemId::BRAKE_FLUID];
    setting.state = VehicleState::default();
    setting.contacts_ms = std::vec![NOW_MS - DAY_MS, NOW_MS - 2 * DAY_MS];
    setting.local_minute = 0;
    setting.budget = Budget::default();
    setting.position = 0.01;
    setting.halted = std::vec![ARM];

    let stage = |setting: &Setting| setting.rejection().map(|rejection| rejection.stage());
    assert_eq!(stage(&setting), Some(Stage::Consent));
    setting.purposes = Purposes::FUNCTION.and(Purposes::OFFERS);
    assert_eq!(stage(&setting), Some(Stage::Safety));
    setting.open_safety.clear();
    assert_eq!(stage(&setting), Some(Stage::Eligibility));
    setting.state = ready();
    assert_eq!(stage(&setting), Some(Stage::Cap));
    setting.contacts_ms.pop();
    assert_eq!(stage(&setting), Some(Stage::QuietHours));
    setting.local_minute = NOON;
    assert_eq!(stage(&setting), Some(Stage::Budget));
    setting.budget.limit = 1;
    assert_eq!(stage(&setting), Some(Stage::Holdout));
    setting.position = 0.05;
    assert_eq!(stage(&setting), Some(Stage::Guardrail));
    setting.halted.clear();
    assert_eq!(stage(&setting), None);
}

#[test]
fn an_open_safety_item_holds_an_offer_back_unless_the_offer_is_its_remedy() {
    let mut setting = Setting::ready();
    setting.open_safety = std::vec![ItemId::TYRES];
    assert_eq!(setting.rejection(), None);
    setting.open_safety.push(ItemId::BRAKE_FLUID);
    assert_eq!(setting.rejection(), Some(Rejection::SafetyOpen { items: std::vec![ItemId::BRAKE_FLUID] }));
}

#[test]
fn safety_is_open_from_due_on_and_wear_never_is() {
    let anchor = Anchor { at_ms: NOW_MS - 400 * DAY_MS, ..Anchor::default() };
    let plan = standard(Powertrain::Combustion, anchor);
    let assessments: Vec<_> = plan.items.iter().map(|item| assess(item, &Usage::default(), NOW_MS)).collect();
    assert_eq!(
        open_safety(&plan.items, &assessments),
        [ItemId::TYRES],
        "the oil is overdue too, but is no matter of safety"
    );
}

#[test]
fn without_consent_the_state_of_the_car_is_not_looked_at() {
    let mut setting = Setting::ready();
    setting.purposes = Purposes::FUNCTION;
    let candidate = setting.decide(0.9).candidates.remove(0);
    assert_eq!(candidate.grounds, []);
    assert!(setting.decide(0.9).facts.is_empty(), "and nothing of it is stored");
    let rejection = Rejection::NoConsent { needs: Purposes::OFFERS, given: Purposes::FUNCTION };
    assert_eq!(candidate.rejection, Some(rejection));
}

#[test]
fn what_is_not_known_is_no_ground_for_an_offer() {
    let unfit = |change: &dyn Fn(&mut Setting)| {
        let mut setting = Setting::ready();
        change(&mut setting);
        match setting.rejection() {
            Some(Rejection::Unfit(why)) => why,
            other => panic!("not rejected for the car's state but {other:?}"),
        }
    };
    let missing = |unfit: Unfit| match unfit {
        Unfit::NotKnown(grounds) => grounds.into_iter().map(|ground| ground.name).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let no_sensor = unfit(&|setting| {
        setting.state = VehicleState::default();
        tyre(&mut setting.state, 1, None);
    });
    assert_eq!(missing(no_sensor), ["outside_week_c", "wheels_warmest_day_c"]);
    let few_days = unfit(&|setting| {
        setting.state = VehicleState::default();
        tyre(&mut setting.state, 1, Some(7));
        temperature(&mut setting.state, 0, 1.0);
    });
    assert!(missing(few_days).contains(&"outside_week_c".into()));
    let winter_wheels = unfit(&|setting| tyre(&mut setting.state, 0, Some(99)));
    assert_eq!(missing(winter_wheels), ["wheels_warmest_day_c"]);
    let mild = unfit(&|setting| {
        for days_ago in 0..7 {
            for _ in 0..9 {
                temperature(&mut setting.state, days_ago, 12.0);
            }
        }
    });
    let Unfit::Condition(grounds) = mild else { panic!("{mild:?}") };
    assert!(matches!(grounds[0].found, Some(Value::Number(mean_c)) if (mean_c - 11.2).abs() < 1e-3), "{grounds:?}");
}

#[test]
fn advice_comes_a_day_before_the_offer_that_names_it() {
    let mut setting = Setting::ready();
    setting.entry.after = Some(2);
    let first = Some(Rejection::Unfit(Unfit::TipFirst { tip: 2 }));
    assert_eq!(setting.rejection(), first);
    setting.ledger.tip(2, NOW_MS - DAY_MS / 2);
    assert_eq!(setting.rejection(), first);
    setting.ledger.tip(2, NOW_MS - DAY_MS);
    assert_eq!(setting.rejection(), None);
}

#[test]
fn who_wants_fewer_or_none_is_left_alone_and_a_spent_pace_holds_everybody_back() {
    let mut setting = Setting::ready();
    setting.ledger.want_fewer(TYRES, NOW_MS - DAY_MS);
    assert!(matches!(setting.rejection(), Some(Rejection::Fewer { .. })));
    let mut setting = Setting::ready();
    for offer in [7, 8, 9] {
        let notice = setting.ledger.present(offer, NOW_MS - 2 * DAY_MS, None);
        setting.ledger.settle(notice, Outcome::Refused, NOW_MS - DAY_MS);
    }
    assert!(matches!(setting.rejection(), Some(Rejection::Fatigued { .. })));
    let mut setting = Setting::ready();
    let pace = Pace { spent: 20, limit: 300, elapsed_ms: DAY_MS, period_ms: 30 * DAY_MS };
    setting.pace = Some(pace);
    assert_eq!(setting.rejection(), Some(Rejection::Paced(pace)));
    setting.pace = Some(Pace { spent: 19, ..pace });
    assert_eq!(setting.rejection(), None);
}

#[test]
fn whoever_is_looked_at_in_quiet_hours_is_looked_at_again_when_they_end() {
    let mut setting = Setting { state: VehicleState::default(), ..Setting::ready() };
    assert_eq!(setting.decide(0.9).again_at_ms, NOW_MS + DAY_MS);
    setting.local_minute = 22 * 60;
    assert_eq!(setting.decide(0.9).again_at_ms, NOW_MS + 10 * 60 * 60_000);
}

#[test]
fn shares_that_are_no_distribution_leave_only_nothing() {
    let setting = Setting::ready();
    let facts = setting.facts();
    let context = Context {
        now_ms: NOW_MS,
        local_minute: NOON,
        consent: Consent { version: 1, purposes: setting.purposes },
        open_safety: &[],
        owner: Owner { dealer: None, languages: &["en"], facts: &facts },
        ledger: &setting.ledger,
        contacts_ms: &[],
        caps: Caps::default(),
        quiet: QuietHours::default(),
        budget: setting.budget,
        pace: None,
        holdout: Placement { position: 0.9, share: 0.0 },
        halted: &[],
        parts: &[],
    };
    for shares in [std::vec![1.0], std::vec![0.5, 0.4], std::vec![1.5, -0.5], std::vec![f64::NAN, 0.5]] {
        let draw = |_: &[Arm]| Draw { lane: Lane::Policy, policy: 1, features: Vec::new(), shares, at: 0.99 };
        let decision = decide(&context, [&setting.entry], draw);
        assert_eq!((decision.chosen, decision.propensity, decision.arms.len()), (Arm::Nothing, 1.0, 1));
    }
}

/// Winter tyres or not, at this share.
fn tyres_trial(share: f64) -> super::trial::Trial {
    use super::trial::{Allocation, Trial, TrialArm};
    Trial {
        id: "tyres".into(),
        version: 1,
        layer: "tyres".into(),
        span: (0.0, 1.0),
        segments: Vec::new(),
        arms: std::vec![
            TrialArm { name: "control".into(), arm: Arm::Nothing },
            TrialArm { name: "made".into(), arm: ARM },
        ],
        phases: std::vec![Allocation { from_ms: 0, shares: std::vec![1.0 - share, share] }],
        until_ms: u64::MAX,
        window_days: 30,
        units: 200,
        indifference: 0.0,
    }
}

/// What an account counts that was exposed then.
fn enrolled(exposure: super::trial::Exposure, since_ms: u64) -> super::trial_book::Enrolled {
    super::trial_book::Enrolled {
        exposure,
        since_ms,
        segment: alloc::string::String::new(),
        before: 0.0,
        margin: 0,
        excluded: false,
    }
}

#[test]
fn an_experiment_keeps_its_offers_to_itself_where_not_every_arm_can_be_made() {
    let trial = tyres_trial(0.5);
    let part = trial.peek(&crate::experiments::Key::new([1; 16]), "anna", true, None, NOW_MS).expect("all take part");
    let unfit = super::trial::Part { fits: false, ..part.clone() };
    let decision = Setting::ready().decide_within(&[unfit], 0.99);
    assert_eq!((decision.chosen, decision.exposure, decision.arms.len()), (Arm::Nothing, None, 1));
    let expected = Rejection::InExperiment { experiment: "tyres".into() };
    assert_eq!(decision.candidates[0].rejection, Some(expected));
    // Who lies outside of the layer's part, or does not fulfil the conditions, is left to the policy.
    let outside = super::trial::Trial { span: (0.0, 1e-12), ..trial.clone() };
    assert_eq!(outside.peek(&crate::experiments::Key::new([1; 16]), "anna", true, None, NOW_MS), None);
    assert_eq!(trial.peek(&crate::experiments::Key::new([1; 16]), "anna", false, None, NOW_MS), None);
    let over = super::trial::Trial { until_ms: NOW_MS, ..trial.clone() };
    let key = crate::experiments::Key::new([1; 16]);
    assert_eq!(over.peek(&key, "anna", true, None, NOW_MS), None, "who was not exposed before the end never is");
    let exposed = enrolled(part.exposure(), NOW_MS - DAY_MS);
    let over_ms = exposed.since_ms + 30 * DAY_MS;
    let arm_at = |now_ms| over.peek(&key, "anna", true, Some(&exposed), now_ms).map(|part| part.arm);
    assert_eq!(
        (arm_at(over_ms - 1), arm_at(over_ms)),
        (Some(exposed.exposure.arm), None),
        "for its window it keeps its arm"
    );
    let holds = over.peek(&key, "anna", true, Some(&exposed), NOW_MS).expect("its window is not over");
    assert_eq!(Setting::ready().decide_within(&[holds], 0.5).chosen, [Arm::Nothing, ARM][exposed.exposure.arm]);
}

#[test]
fn an_answer_holds_for_the_season_and_not_for_the_next() {
    for (outcome, days_ago, rejected) in [
        (Outcome::Refused, 30, true),
        (Outcome::Done, 30, true),
        (Outcome::Booked, 30, true),
        (Outcome::Expired, 30, false),
        (Outcome::Refused, 330, false),
    ] {
        let mut setting = Setting::ready();
        let at_ms = NOW_MS - days_ago * DAY_MS;
        let notice = setting.ledger.present(TYRES, at_ms, None);
        let open = Rejection::Unfit(Unfit::AlreadyOpen { since_ms: at_ms });
        assert_eq!(setting.rejection(), Some(open));
        setting.ledger.settle(notice, outcome, at_ms);
        let answered = Rejection::Unfit(Unfit::Answered { at_ms });
        assert_eq!(setting.rejection(), rejected.then_some(answered), "{outcome:?} {days_ago} days ago");
    }
}

#[test]
fn a_capped_owner_is_free_when_the_oldest_contact_leaves_the_window() {
    let mut setting = Setting::ready();
    setting.contacts_ms = std::vec![NOW_MS - 3 * DAY_MS, NOW_MS - 40 * DAY_MS, NOW_MS - 20 * DAY_MS];
    let free_at_ms = NOW_MS + 10 * DAY_MS;
    assert_eq!(setting.rejection(), Some(Rejection::Capped { shown: 2, limit: 2, window_days: 30, free_at_ms }));
    assert_eq!(setting.decide(0.9).again_at_ms, free_at_ms);
    // Beyond the cap two contacts have to leave before there is room, not one.
    setting.contacts_ms.push(NOW_MS - 25 * DAY_MS);
    assert_eq!(setting.rejection(), Some(Rejection::Capped { shown: 3, limit: 2, window_days: 30, free_at_ms }));
}

#[test]
fn a_decision_survives_storage_whatever_it_was() {
    let mut capped = Setting::ready();
    capped.contacts_ms = std::vec![NOW_MS; 2];
    let mut held_out = Setting::ready();
    held_out.position = 0.0;
    let mut earlier = Setting::ready().decide(0.5);
    let text = r#"{"offer":1,"rejection":{"NotEligible":{"TooWarm":{"mean_c":9.0,"limit_c":7.0}}},"reasons":[]}"#;
    earlier.candidates = std::vec![serde_json::from_str(text).expect("as an earlier build wrote it")];
    assert_eq!(earlier.candidates[0].rejection, Some(Rejection::NotEligible(Earlier)));
    for setting in [Setting::ready(), capped, held_out] {
        let decision = setting.decide(0.5);
        let text = serde_json::to_string(&decision).expect("plain data");
        assert_eq!(serde_json::from_str::<Decision>(&text).expect("what was written"), decision);
    }
    assert!(
        serde_json::to_string(&Setting::ready().decide(f64::NAN)).is_ok_and(|text| !text.contains("null,\"chosen"))
    );
}

proptest! {
    #[test]
    fn every_decision_sums_to_one_and_stores_the_share_of_what_it_chose(
        draw in 0.0f64..1.0, purposes: u8, minute in 0u16..1440, spent in 0u32..3, position in 0.0f64..1.0,
        unsafe_items in 0usize..2, contacts in prop::collection::vec(NOW_MS - 40 * DAY_MS..NOW_MS, 0..4),
    ) {
        let setting = Setting {
            contacts_ms: contacts,
            open_safety: std::vec![ItemId::BRAKE_FLUID; unsafe_items],
            purposes: Purposes(purposes),
            local_minute: minute,
            budget: Budget { spent, limit: 2 },
            position,
            ..Setting::ready()
        };
        let decision = setting.decide(draw);
        prop_assert!((decision.arms.iter().map(|arm| arm.propensity).sum::<f64>() - 1.0).abs() < 1e-9);
        prop_assert_eq!(decision.arms[0].arm, Arm::Nothing);
        let chosen = ArmShare { arm: decision.chosen, propensity: decision.propensity };
        prop_assert!(decision.arms.contains(&chosen));
        prop_assert_eq!(decision.candidates.len(), 1);
        prop_assert_eq!(decision.arms.len() == 1, decision.candidates[0].rejection.is_some());
        prop_assert_eq!(&decision, &setting.decide(draw));
        if unsafe_items > 0 || !setting.purposes.contains(Purposes::OFFERS) {
            prop_assert_eq!(decision.chosen, Arm::Nothing);
        }
    }

    #[test]
    fn no_offer_reaches_a_held_out_account_an_hour_of_quiet_or_an_owner_who_did_not_agree(
        draw in 0.0f64..1.0, purposes: u8, minute in 0u16..1440, position in 0.0f64..0.2,
    ) {
        let setting =
            Setting { purposes: Purposes(purposes), local_minute: minute, position, ..Setting::ready() };
        let decision = setting.decide(draw);
        let quiet = QuietHours::default().until_ms(NOW_MS, minute).is_some();
        let free = setting.purposes.contains(Purposes::OFFERS) && !quiet && position >= 0.05;
        prop_assert_eq!(decision.arms.len() > 1, free, "{:?}", decision);
        prop_assert!(free || decision.chosen == Arm::Nothing);
        let least = crate::policy::floor(decision.arms.len());
        prop_assert!(decision.arms.iter().all(|arm| arm.propensity >= least - 1e-12));
    }

    #[test]
    fn an_experiment_draws_each_account_its_own_arm_again_and_again_and_its_shares_replay(
        key: [u8; 16], account in "[a-z0-9-]{1,20}", share in 0.05f64..0.95, draws in prop::array::uniform3(0.0f64..1.0),
    ) {
        let (trial, key) = (tyres_trial(share), crate::experiments::Key::new(key));
        let part = trial.peek(&key, &account, true, None, NOW_MS).expect("everybody takes part");
        let setting = Setting::ready();
        let decisions = draws.map(|draw| setting.decide_within(core::slice::from_ref(&part), draw));
        for decision in &decisions {
            prop_assert_eq!(decision.exposure.as_ref(), Some(&part.exposure()));
            prop_assert_eq!(decision.lane, Lane::Experiment);
            let shares: Vec<f64> = decision.arms.iter().map(|arm| arm.propensity).collect();
            prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            prop_assert_eq!(decision.arms[crate::policy::pick(&shares, decision.draw)].arm, decision.chosen);
            prop_assert_eq!(decision.chosen, [Arm::Nothing, ARM][part.arm]);
            prop_assert!((decision.propensity - [1.0 - share, share][part.arm]).abs() < 1e-9);
        }
        // Enrolled, it stays where it is, whatever the shares become.
        let moved = tyres_trial(1.0 - share);
        let moved = super::trial::Trial { phases: [trial.phases.clone(), moved.phases].concat(), ..trial.clone() };
        let later = moved.peek(&key, &account, true, Some(&enrolled(part.exposure(), NOW_MS)), NOW_MS).expect("it is enrolled");
        prop_assert_eq!((later.arm, later.phase), (part.arm, 0));
    }

    #[test]
    fn an_experiment_makes_no_offer_to_a_held_out_account_in_quiet_hours_or_without_consent(
        key: [u8; 16], position in 0.0f64..0.2, minute in 0u16..1440, consents: bool, draw in 0.0f64..1.0,
    ) {
        let (trial, key) = (tyres_trial(0.5), crate::experiments::Key::new(key));
        let part = trial.peek(&key, "anna", true, None, NOW_MS).expect("everybody takes part");
        let purposes = if consents { Purposes::FUNCTION.and(Purposes::OFFERS) } else { Purposes::FUNCTION };
        let setting = Setting { position, purposes, local_minute: minute, ..Setting::ready() };
        let decision = setting.decide_within(core::slice::from_ref(&part), draw);
        let free = consents && position >= 0.05 && QuietHours::default().until_ms(NOW_MS, minute).is_none();
        prop_assert_eq!(decision.exposure.is_some(), free);
        prop_assert!(free || decision.chosen == Arm::Nothing);
    }

    #[test]
    fn the_same_key_and_decision_replay_the_same_arm(key: [u8; 16], id in "[a-z0-9-]{1,20}") {
        use crate::experiments::{Key, draw};
        let arm = || Setting::ready().decide(draw(&Key::new(key), &id)).chosen;
        prop_assert_eq!(arm(), arm());
    }

    /// Clocks jump by an hour at some minute; whoever waits as long as a rejection says and asks again is never contacted in
    /// the quiet of the local clock.
    #[test]
    fn quiet_hours_hold_when_clocks_jump(start in 0u64..2880, jump_at in 0u64..2880, forward: bool) {
        let local = |minute: u64| {
            let moved = if minute < jump_at { 0 } else if forward { 60 } else { 1440 - 60 };
            ((minute + moved) % 1440) as u16
        };
        let quiet = QuietHours::default();
        let mut minute = start;
        let mut asked = 0;
        while let Some(until_ms) = quiet.until_ms(minute * 60_000, local(minute)) {
            prop_assert!(until_ms > minute * 60_000, "waiting goes forward");
            minute = until_ms / 60_000;
            asked += 1;
            prop_assert!(asked <= 3);
        }
        let hour = local(minute) / 60;
        prop_assert!((8..21).contains(&hour), "contacted at {}", hour);
    }
}
