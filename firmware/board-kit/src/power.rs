//! The board asleep and awake: the core's policy, asked by the core's task, and the clock that goes on meanwhile.
//!
//! Invariant: asleep no request leaves for the bus and no link is wanted; a frame wakes the task at once, time after [`NAP_MS`] at the latest.

use embassy_time::{Duration, Instant};
use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use milepost_firmware::power::{Draw, Leave, Policy, Senses, State, Wake};
use milepost_firmware::{Device, Error, Now};

/// A sleeping task shows that it lives this often, in milliseconds.
pub const NAP_MS: u64 = 10_000;

/// How fast the core's clock runs; faster than the world in emulation only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Awake.
    pub awake: u32,
    /// Asleep.
    pub asleep: u32,
}

impl Pace {
    /// As the world's.
    pub const REAL: Self = Self { awake: 1, asleep: 1 };

    /// Whether what the clock says is the world's time.
    pub fn is_real(self) -> bool {
        self == Self::REAL
    }
}

/// The core's clock.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    pace: Pace,
    factor: u32,
    since: Instant,
    at_ms: u64,
}

impl Clock {
    /// The clock of a board that is awake since its start.
    pub const fn new(pace: Pace) -> Self {
        Self { pace, factor: pace.awake, since: Instant::from_ticks(0), at_ms: 0 }
    }

    /// The core's clock at this moment.
    pub fn now(&self) -> Now {
        Now { uptime_ms: self.at(Instant::now()), unix_ms: None }
    }

    /// Whether it goes with the world.
    pub fn is_real(&self) -> bool {
        self.pace.is_real()
    }

    fn at(&self, moment: Instant) -> u64 {
        let since_ms = moment.saturating_duration_since(self.since).as_millis();
        self.at_ms.saturating_add(since_ms.saturating_mul(u64::from(self.factor)))
    }

    fn turn(&mut self, asleep: bool) {
        let now = Instant::now();
        (self.at_ms, self.since) = (self.at(now), now);
        self.factor = if asleep { self.pace.asleep } else { self.pace.awake };
    }

    /// How long it is until `uptime_ms`, by the board's clock.
    fn until(&self, uptime_ms: u64) -> Duration {
        let left_ms = uptime_ms.saturating_sub(self.now().uptime_ms);
        Duration::from_millis(left_ms.div_ceil(u64::from(self.factor.max(1))).clamp(1, NAP_MS))
    }
}

/// What the board does from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It sleeps.
    Asleep,
    /// It is awake again.
    Awake(Wake),
}

impl Turn {
    /// What a log says of it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Asleep => "asleep",
            Self::Awake(Wake::Start) => "awake",
            Self::Awake(Wake::Bus) => "awake, a frame was seen",
            Self::Awake(Wake::Voltage) => "awake, the voltage changed",
            Self::Awake(Wake::Window) => "awake, it is time to report",
        }
    }
}

/// What keeps a board from its sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Nothing.
    Nothing,
    /// An image is on its way in: it counts as one more record that waits.
    Download,
    /// An image is on trial: it has to reach the cloud first.
    Trial,
    /// The core is to end, and has to deliver what there is.
    Finish,
}

/// The policy of a board, or none for one that never sleeps.
#[derive(Debug)]
pub(crate) struct Power {
    policy: Option<Policy>,
    leave: Leave,
}

impl Power {
    /// The policy of a board that draws `draw`; without it the board never sleeps.
    pub(crate) fn new(draw: Option<Draw>, now: Now) -> Self {
        let leave = Leave { poll: true, uplink: true, sleep: false, until_ms: 0 };
        Self { policy: draw.map(|draw| Policy::new(draw, now.uptime_ms)), leave }
    }

    /// What the board may do until the next step.
    pub(crate) fn leave(&self) -> Leave {
        self.leave
    }

    /// When to look again at the latest.
    pub(crate) fn wait(&self, clock: &Clock) -> Duration {
        clock.until(self.leave.until_ms)
    }

    /// Lets time pass; answers whether the board falls asleep or wakes with that. A parked day is in the outbox on return.
    pub(crate) async fn step<S: MultiwriteNorFlash>(
        &mut self,
        device: &mut Device<S>,
        clock: &mut Clock,
        hold: Hold,
    ) -> Result<Option<Turn>, Error<S::Error>> {
        let Some(policy) = &mut self.policy else { return Ok(None) };
        let was_asleep = self.leave.sleep;
        let now = clock.now();
        self.leave = policy.step(now.uptime_ms, felt(device.senses(None), hold));
        if let Some(day) = policy.last_day() {
            device.parked_day(now, day).await?;
        }
        let state = policy.state();
        if hold == Hold::Finish {
            self.leave = Leave { uplink: true, sleep: false, ..self.leave };
        }
        if self.leave.sleep == was_asleep {
            return Ok(None);
        }
        clock.turn(self.leave.sleep);
        Ok(Some(match state {
            State::Parked { wake, .. } => Turn::Awake(wake),
            State::Driving => Turn::Awake(Wake::Bus),
            State::Asleep { .. } if self.leave.sleep => Turn::Asleep,
            State::Asleep { .. } => Turn::Awake(Wake::Start),
        }))
    }
}

/// What the policy goes by.
fn felt(senses: Senses, hold: Hold) -> Senses {
    let waiting = senses.waiting.saturating_add(u32::from(hold == Hold::Download));
    Senses { waiting, held: hold == Hold::Trial, ..senses }
}

#[cfg(test)]
mod tests {
    use milepost_firmware::power::{LINGER_MS, SLEEP_AFTER_MS};

    use super::*;

    /// How long a board without anything to send stays awake, in milliseconds.
    fn awake_ms(hold: Hold) -> Option<u64> {
        let mut policy = Policy::new(Draw::TYPICAL, 0);
        (0..600_000).step_by(1_000).find(|&now_ms| policy.step(now_ms, felt(Senses::default(), hold)).sleep)
    }

    #[test]
    fn a_download_keeps_a_board_awake_as_long_as_records_do_and_a_trial_until_it_is_over() {
        assert_eq!(awake_ms(Hold::Nothing), Some(SLEEP_AFTER_MS));
        assert_eq!(awake_ms(Hold::Download), Some(LINGER_MS));
        assert_eq!(awake_ms(Hold::Trial), None);
    }

    #[test]
    fn the_clock_never_goes_back_when_its_pace_changes() {
        let mut clock = Clock::new(Pace { awake: 20, asleep: 2_000 });
        let mut before_ms = 0;
        for asleep in [true, false, true, true, false] {
            let now_ms = clock.now().uptime_ms;
            assert!(now_ms >= before_ms, "{now_ms} after {before_ms}");
            before_ms = now_ms;
            clock.turn(asleep);
        }
    }

    #[test]
    fn a_sleeping_board_waits_for_its_next_moment_but_never_so_long_that_it_counts_as_dead() {
        let mut clock = Clock::new(Pace { awake: 1, asleep: 1_000 });
        clock.turn(true);
        let now_ms = clock.now().uptime_ms;
        assert_eq!(clock.until(now_ms), Duration::from_millis(1));
        assert!(clock.until(now_ms + 5_000_000) <= Duration::from_secs(5));
        assert_eq!(clock.until(now_ms + 86_400_000), Duration::from_millis(NAP_MS));
    }
}
