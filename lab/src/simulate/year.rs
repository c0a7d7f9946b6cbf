//! One simulated year: owners are asked each fortnight, outcomes come late, and everything that decides, assigns, halts or
//! concludes is the engine's own.
//!
//! Invariant: what is decided on a day rests only on outcomes whose window had closed before it; every account keeps its
//! lane all year.

use milepost_engine::evaluation::adaptive::ArmMean;
use milepost_engine::evaluation::estimators::{Event, Target, evaluate};
use milepost_engine::experiments::analysis::{Effect, Reading, Table, analyse_phases};
use milepost_engine::experiments::sequential::{Interval, Sequential};
use milepost_engine::experiments::srm::{self, Phase};
use milepost_engine::experiments::summary::{Summary, difference};
use milepost_engine::experiments::{Holdout, Key, draw, position};
use milepost_engine::policy::guardrail::{ComplaintLimit, Standing};
use milepost_engine::policy::linear_thompson::{LinearThompson, Prior, features};
use milepost_engine::policy::pick;
use milepost_engine::random::Random;

use super::market::{ARMS, Market, Owner, SEGMENTS};

/// A year of whole weeks, in days.
pub(super) const DAYS: usize = 364;
/// An owner is asked once in so many days, which keeps the default cap of two contacts in thirty.
const EVERY: usize = 15;
/// What came of a decision counts when so many days have passed.
const WINDOW: usize = 14;
/// Complaints come so soon, in days.
const COMPLAINTS_AFTER: usize = 3;
/// What was learnt fades by this factor a day.
const KEEP: f64 = 0.995;
/// Differences within this share of the control's mean do not matter.
pub(super) const INDIFFERENCE: f64 = 0.3;
/// The share of exposures of one arm that a broken log would lose; the sizes must tell.
const LOST: f64 = 0.1;

/// How a year is run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) owners: usize,
    /// The share of accounts outside of the holdout whose arms are always drawn evenly.
    pub(super) even_share: f64,
    pub(super) seed: u64,
}

/// An estimate with its interval beside the truth.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beside {
    pub(super) estimate: f64,
    pub(super) interval: Interval,
    pub(super) truth: f64,
}

impl Beside {
    pub(super) fn holds(self) -> bool {
        self.interval.contains(self.truth)
    }
}

/// What happened.
#[derive(Debug)]
pub(super) struct Year {
    pub(super) market: Market,
    /// Mean regret of a decision in each week, in euros, of the learner and of even draws.
    pub(super) regret: Vec<[f64; 2]>,
    /// The effects by segment as they stood at each week's look.
    pub(super) looks: Vec<Vec<Effect>>,
    /// The day on which each arm was halted, with the complaints and contacts that it had by then.
    pub(super) halted: [Option<(usize, f64, f64)>; ARMS.len()],
    /// What the programme added for each account over the year, by the holdout.
    pub(super) increment: Beside,
    /// The value of the last policy, foretold from the evenly drawn lane.
    pub(super) foretold: Option<Beside>,
    /// Means by segment and arm from the learner's own log, adaptively weighted, with the plain mean.
    pub(super) adaptive: Vec<(Beside, f64)>,
    /// Whether the sizes of the arms passed, and whether they would have with a broken log.
    pub(super) sizes_ok: bool,
    pub(super) broken_log_seen: bool,
    pub(super) decisions: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    HeldOut,
    Even,
    Learner,
}

/// A decision whose outcome is not known yet.
struct Pending {
    account: u32,
    arm: usize,
    propensity: f64,
    net: f64,
    complained: bool,
    /// The version of the experiment, for decisions of the even lane.
    version: Option<u32>,
}

struct Account {
    owner: Owner,
    lane: Lane,
    name: String,
    net: f64,
    /// What was expected of the year's decisions beyond doing nothing.
    gain: f64,
}

pub(super) fn run(settings: Settings) -> Year {
    let mut random = Random::new(settings.seed);
    let market = Market::new(&mut random);
    let mut key = [0; 16];
    for (half, bits) in key.chunks_exact_mut(8).zip([random.bits(), random.bits()]) {
        half.copy_from_slice(&bits.to_le_bytes());
    }
    let key = Key::new(key);
    let mut accounts = accounts(settings, &key, &mut random);
    let mut programme = Programme::new();
    let mut year = Year {
        market,
        regret: Vec::new(),
        looks: Vec::new(),
        halted: [None; ARMS.len()],
        increment: Beside { estimate: 0.0, interval: Interval { low: 0.0, high: 0.0 }, truth: 0.0 },
        foretold: None,
        adaptive: Vec::new(),
        sizes_ok: true,
        broken_log_seen: false,
        decisions: 0,
    };
    let mut pending: Vec<Vec<Pending>> = Vec::with_capacity(DAYS);
    let (mut regret, mut asked) = ([0.0; 2], [0.0; 2]);
    for day in 0..DAYS {
        programme.take_in(&accounts, &pending, day, &mut year);
        let shares = programme.shares();
        let mut today = Vec::new();
        for at in (day % EVERY..accounts.len()).step_by(EVERY) {
            let account = &mut accounts[at];
            let owner = account.owner;
            let (arm, propensity, lane) = match account.lane {
                Lane::HeldOut => (0, 1.0, None),
                lane => {
                    let shares = if lane == Lane::Even { &programme.even } else { &shares[owner.segment] };
                    let drawn = pick(shares, draw(&key, &format!("{} day {day}", account.name)));
                    (programme.arms[drawn], shares[drawn], Some(lane))
                }
            };
            let outcome = year.market.outcome(&owner, arm, &mut random);
            account.net += outcome.net;
            account.gain += year.market.expected(&owner, arm) - year.market.expected(&owner, 0);
            year.decisions += 1;
            let Some(lane) = lane else { continue };
            let which = usize::from(lane == Lane::Even);
            regret[which] += year.market.best(owner.segment).1 - year.market.effect(owner.segment, arm);
            asked[which] += 1.0;
            if lane == Lane::Even {
                programme.count(arm);
            } else {
                for (arm_at, &other) in programme.arms.iter().enumerate() {
                    let reward = (other == arm).then_some(outcome.net);
                    programme.own[owner.segment * ARMS.len() + other].observe(shares[owner.segment][arm_at], reward);
                }
            }
            today.push(Pending {
                account: at as u32,
                arm,
                propensity,
                net: outcome.net,
                complained: outcome.complained,
                version: (lane == Lane::Even).then_some(programme.version),
            });
        }
        pending.push(today);
        if day % 7 == 6 {
            year.regret.push([regret[0] / asked[0], regret[1] / asked[1]]);
            (regret, asked) = ([0.0; 2], [0.0; 2]);
            year.looks.push(programme.look());
        }
    }
    programme.conclude(&accounts, &mut year);
    year
}

fn accounts(settings: Settings, key: &Key, random: &mut Random) -> Vec<Account> {
    let holdout = Holdout::default();
    (0..settings.owners)
        .map(|at| {
            let name = format!("account-{at}");
            let lane = if holdout.place(key, &name).is_held_out() {
                Lane::HeldOut
            } else if position(key, "even lane", &name) < settings.even_share {
                Lane::Even
            } else {
                Lane::Learner
            };
            Account { owner: Market::owner(random), lane, name, net: 0.0, gain: 0.0 }
        })
        .collect()
}

/// The state of the programme: learner, experiment, guardrails.
struct Programme {
    learner: LinearThompson,
    /// The arms that may be drawn, and the even shares among them.
    arms: Vec<usize>,
    even: Vec<f64>,
    contacts: [f64; ARMS.len()],
    complaints: [f64; ARMS.len()],
    /// The experiment of the even lane; a new version begins when an arm is halted.
    version: u32,
    table: Table,
    events: Vec<Event>,
    phases: Vec<Phase>,
    /// The learner's own log, by segment and arm.
    own: Vec<ArmMean>,
}

impl Programme {
    fn new() -> Self {
        let mut programme = Self {
            learner: LinearThompson::new(ARMS.len(), SEGMENTS.len(), 0, &Prior::default()),
            arms: Vec::new(),
            even: Vec::new(),
            contacts: [0.0; ARMS.len()],
            complaints: [0.0; ARMS.len()],
            version: 0,
            table: Table::new(ARMS.len(), 1),
            events: Vec::new(),
            phases: Vec::new(),
            own: vec![ArmMean::default(); SEGMENTS.len() * ARMS.len()],
        };
        programme.allow((0..ARMS.len()).collect());
        programme
    }

    /// Begins a version of the experiment over these arms.
    fn allow(&mut self, arms: Vec<usize>) {
        self.even = vec![1.0 / arms.len() as f64; arms.len()];
        let share = |arm: usize| if arms.contains(&arm) { 1.0 / arms.len() as f64 } else { 0.0 };
        self.phases.push(Phase { shares: (0..ARMS.len()).map(share).collect(), counts: vec![0; ARMS.len()] });
        self.arms = arms;
        self.version += 1;
        self.table = Table::new(ARMS.len(), 1);
        self.events = Vec::new();
    }

    fn count(&mut self, arm: usize) {
        if let Some(phase) = self.phases.last_mut() {
            phase.counts[arm] += 1;
        }
    }

    fn context(segment: usize) -> Vec<f64> {
        features(SEGMENTS.len(), segment, &[])
    }

    /// The learner's shares for today, by segment, over the arms that may be drawn.
    fn shares(&self) -> Vec<Vec<f64>> {
        (0..SEGMENTS.len()).map(|segment| self.learner.shares_among(&Self::context(segment), &self.arms)).collect()
    }

    /// Takes in outcomes whose window closes today and complaints that arrive today, and halts arms.
    fn take_in(&mut self, accounts: &[Account], pending: &[Vec<Pending>], day: usize, year: &mut Year) {
        if let Some(closed) = day.checked_sub(WINDOW).and_then(|day| pending.get(day)) {
            for one in closed {
                let owner = &accounts[one.account as usize].owner;
                self.learner.update(one.arm, &Self::context(owner.segment), one.net);
                if one.version == Some(self.version) {
                    self.table.observe(owner.segment, one.arm, &[one.net], owner.before);
                    self.events.push(Event {
                        action: one.arm,
                        place: owner.segment,
                        reward: one.net,
                        propensity: one.propensity,
                    });
                }
            }
        }
        self.learner.discount(KEEP);
        if let Some(answered) = day.checked_sub(COMPLAINTS_AFTER).and_then(|day| pending.get(day)) {
            for one in answered.iter().filter(|one| one.arm != 0) {
                self.contacts[one.arm] += 1.0;
                self.complaints[one.arm] += f64::from(u8::from(one.complained));
            }
        }
        let limit = ComplaintLimit::default();
        let breaks = |&arm: &usize| limit.judge(self.complaints[arm], self.contacts[arm]) == Standing::Halted;
        let (over, rest): (Vec<usize>, Vec<usize>) = self.arms.iter().partition(|arm| breaks(arm));
        for &arm in &over {
            year.halted[arm] = Some((day, self.complaints[arm], self.contacts[arm]));
        }
        if !over.is_empty() {
            self.allow(rest);
        }
    }

    /// The effects by segment of the arms that may be drawn, as of now.
    fn look(&self) -> Vec<Effect> {
        let reading = Reading {
            control: 0,
            shares: Vec::new(),
            sequential: Sequential::default(),
            indifference: INDIFFERENCE,
            covariate: true,
        };
        let findings = analyse_phases(&self.table, &reading, &self.phases);
        let runs = |effect: &Effect| effect.segment.is_some() && self.arms.contains(&effect.arm);
        findings.effects.into_iter().filter(runs).collect()
    }

    fn conclude(self, accounts: &[Account], year: &mut Year) {
        let mut groups = [Summary::default(); 2];
        let mut gain = 0.0;
        for account in accounts {
            groups[usize::from(account.lane != Lane::HeldOut)].observe(account.net, account.owner.before);
            gain += account.gain;
        }
        let found = difference(&groups[0], &groups[1]);
        let interval = Sequential::default().interval(found.effect, found.standard_error, found.n);
        year.increment = Beside { estimate: found.effect, interval, truth: gain / groups[1].n };

        // Over all arms, those halted with a share of nothing, so that the policy is foretold as it is.
        let places: Vec<Vec<f64>> = self
            .shares()
            .iter()
            .map(|shares| {
                let mut all = vec![0.0; ARMS.len()];
                for (&arm, share) in self.arms.iter().zip(shares) {
                    all[arm] = *share;
                }
                all
            })
            .collect();
        year.foretold = evaluate(&self.events, &Target::new(&places)).estimates.ok().map(|estimates| {
            let half = 1.96 * estimates.dr.standard_error;
            // Weighted as the log saw the segments, like the estimate.
            let truth = self.events.iter().map(|event| {
                (0..ARMS.len()).map(|arm| places[event.place][arm] * year.market.mean(event.place, arm)).sum::<f64>()
            });
            Beside {
                estimate: estimates.dr.value,
                interval: Interval { low: estimates.dr.value - half, high: estimates.dr.value + half },
                truth: truth.sum::<f64>() / self.events.len() as f64,
            }
        });
        for segment in 0..SEGMENTS.len() {
            for &arm in &self.arms {
                let Some(mean) = self.own[segment * ARMS.len() + arm].estimate() else { continue };
                let truth = year.market.mean(segment, arm);
                year.adaptive
                    .push((Beside { estimate: mean.value, interval: mean.interval(0.05), truth }, mean.plain - truth));
            }
        }
        year.sizes_ok = srm::test(&self.phases).ok;
        let mut broken = self.phases;
        for phase in &mut broken {
            phase.counts[1] -= (phase.counts[1] as f64 * LOST) as u64;
        }
        year.broken_log_seen = !srm::test(&broken).ok;
    }
}
