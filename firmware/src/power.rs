//! When a board may sleep: a policy over what the bus, the battery and the uplink show, without any clock or pin of its own.
//!
//! A device that keeps a car's units awake, or drains its battery while it stands, is the most frequent complaint about such devices.
//! So it falls asleep soon after the car, wakes only for a reason, and holds its own draw against a budget a day.
//! Invariant: asleep nothing is polled and nothing is sent; a reason to wake has to show itself beyond a band, never on its edge.

use milepost_protocol::record::ParkedDay;

/// After the last sign that the car is on, nothing asks its units anything any more, in milliseconds.
pub const QUIET_AFTER_MS: u64 = crate::obd::poll::STOP_AFTER_MS;

/// A parked device with nothing left to send falls asleep after this, in milliseconds.
pub const SLEEP_AFTER_MS: u64 = 60_000;

/// A parked device with something to send tries for this long, in milliseconds.
pub const LINGER_MS: u64 = 180_000;

/// A sleeping device opens a window for its uplink this often, in milliseconds.
pub const WINDOW_EVERY_MS: u64 = 6 * 3_600_000;

/// And this often once the day's budget is spent or the battery is low.
pub const SPARE_WINDOW_EVERY_MS: u64 = 24 * 3_600_000;

/// How long a window stays open without anything arriving, in milliseconds.
pub const WINDOW_MS: u64 = 30_000;

/// How often a sleeping device measures the battery, in milliseconds.
pub const MEASURE_EVERY_MS: u64 = 60_000;

/// A step of the voltage that tells of a starter, a charger or an opened door, in millivolts.
pub const STEP_MV: u16 = 300;

/// Above this an alternator or a converter is at work, in millivolts.
pub const CHARGED_MV: u16 = 13_200;

/// A device that woke by the voltage falls back asleep below this only, in millivolts: the other end of the band.
pub const RESTING_MV: u16 = 12_900;

/// Below this the battery needs its charge for the starter, in millivolts.
pub const LOW_MV: u16 = 12_200;

/// And above this it has recovered, in millivolts.
pub const RECOVERED_MV: u16 = 12_500;

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;

/// What the host's hardware draws, and what it may draw while the car is parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    /// Awake with the radio or network on, in microamperes.
    pub awake_ua: u32,
    /// Asleep, in microamperes.
    pub asleep_ua: u32,
    /// The budget of a parked day, in microampere-hours.
    pub budget_uah_per_day: u32,
}

impl Draw {
    /// A gateway of 80 mA awake and 1 mA asleep that may take 50 mAh of a parked day.
    pub const TYPICAL: Self = Self { awake_ua: 80_000, asleep_ua: 1_000, budget_uah_per_day: 50_000 };
}

/// What the host sees at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Senses {
    /// When ignition, engine or motion last said that the car is on, as uptime in milliseconds.
    pub on_ms: Option<u64>,
    /// When the newest frame was seen, as uptime in milliseconds.
    pub bus_ms: Option<u64>,
    /// The 12 V battery, in millivolts, where it was measured.
    pub battery_mv: Option<u16>,
    /// How many records wait for a receipt.
    pub waiting: u32,
    /// Whether something must not wait for a window, such as the trial of an image: it keeps a device awake, and wakes none.
    pub held: bool,
}

/// Why a sleeping device woke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wake {
    /// The device started.
    Start,
    /// A frame was seen.
    Bus,
    /// The voltage stepped or an alternator works.
    Voltage,
    /// A window for the uplink opened.
    Window,
}

/// What the device is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The car is on, or was a moment ago.
    Driving,
    /// The car is off; what waits is sent.
    Parked {
        /// Since when, or until when it was held awake, as uptime in milliseconds.
        since_ms: u64,
        /// Why it is awake.
        wake: Wake,
    },
    /// Only the wake-up sources are alive.
    Asleep {
        /// Since when, as uptime in milliseconds.
        since_ms: u64,
    },
}

/// What the host may do until it asks again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leave {
    /// Whether diagnostic requests may leave for the bus.
    pub poll: bool,
    /// Whether the uplink is wanted.
    pub uplink: bool,
    /// Whether everything but the wake-up sources may be switched off.
    pub sleep: bool,
    /// When to ask again at the latest, as uptime in milliseconds; a frame on the bus comes first.
    pub until_ms: u64,
}

/// The policy with its state.
#[derive(Debug, Clone)]
pub struct Policy {
    draw: Draw,
    state: State,
    advanced_ms: u64,
    /// When the parked day began that is being counted.
    day_ms: u64,
    /// Microampere-milliseconds of that day.
    today: u64,
    last_day: Option<ParkedDay>,
    wakes: u32,
    window_ms: u64,
    resting_mv: Option<u16>,
    low: bool,
}

impl Policy {
    /// The policy of a device that starts now.
    pub fn new(draw: Draw, now_ms: u64) -> Self {
        Self {
            draw,
            state: State::Parked { since_ms: now_ms, wake: Wake::Start },
            advanced_ms: now_ms,
            day_ms: now_ms,
            today: 0,
            last_day: None,
            wakes: 0,
            window_ms: now_ms,
            resting_mv: None,
            low: false,
        }
    }

    /// What the device is doing.
    pub fn state(&self) -> State {
        self.state
    }

    /// What the device itself has taken in the present parked day, in microampere-hours.
    pub fn spent_uah(&self) -> u32 {
        microampere_hours(self.today)
    }

    /// The last whole parked day, once; it belongs into [`crate::Device::parked_day`].
    pub fn last_day(&mut self) -> Option<ParkedDay> {
        self.last_day.take()
    }

    /// Lets time pass up to `now_ms` with what is seen then; answers what the host may do until it asks again.
    pub fn step(&mut self, now_ms: u64, senses: Senses) -> Leave {
        let now_ms = now_ms.max(self.advanced_ms);
        self.count(now_ms);
        self.judge_battery(senses.battery_mv);
        let on = senses.on_ms.is_some_and(|on_ms| now_ms.saturating_sub(on_ms) < QUIET_AFTER_MS);
        self.state = match self.state {
            _ if on => State::Driving,
            State::Driving => self.park(now_ms),
            State::Parked { since_ms, wake } => self.parked(now_ms, since_ms, wake, senses),
            State::Asleep { since_ms } => self.asleep(now_ms, since_ms, senses),
        };
        if on {
            (self.day_ms, self.today, self.wakes) = (now_ms, 0, 0);
        }
        self.leave(now_ms, on)
    }

    fn park(&mut self, now_ms: u64) -> State {
        (self.day_ms, self.today, self.wakes) = (now_ms, 0, 0);
        self.window_ms = now_ms;
        State::Parked { since_ms: now_ms, wake: Wake::Bus }
    }

    fn parked(&mut self, now_ms: u64, since_ms: u64, wake: Wake, senses: Senses) -> State {
        if senses.held {
            // What comes of it is sent before the device sleeps.
            return State::Parked { since_ms: now_ms, wake };
        }
        let awake_ms = now_ms.saturating_sub(since_ms);
        let limit_ms = match wake {
            _ if senses.waiting > 0 && !self.spares() => LINGER_MS,
            Wake::Window => WINDOW_MS,
            _ => SLEEP_AFTER_MS,
        };
        // While an alternator or charger works the car is not at rest, whatever its bus says.
        let charged = senses.battery_mv.is_some_and(|millivolts| millivolts >= RESTING_MV) && wake == Wake::Voltage;
        if awake_ms < limit_ms || (charged && awake_ms < LINGER_MS) {
            return State::Parked { since_ms, wake };
        }
        self.window_ms = now_ms;
        self.resting_mv = senses.battery_mv.or(self.resting_mv);
        State::Asleep { since_ms: now_ms }
    }

    fn asleep(&mut self, now_ms: u64, since_ms: u64, senses: Senses) -> State {
        let wake = if senses.bus_ms.is_some_and(|bus_ms| bus_ms > since_ms) {
            Some(Wake::Bus)
        } else if senses.battery_mv.is_some_and(|millivolts| self.stepped(millivolts)) {
            Some(Wake::Voltage)
        } else if now_ms >= self.window_ms.saturating_add(self.window_every_ms()) {
            Some(Wake::Window)
        } else {
            None
        };
        // A slow sag is no step: the voltage at rest follows it.
        self.resting_mv = senses.battery_mv.or(self.resting_mv);
        match wake {
            Some(wake) => {
                self.wakes = self.wakes.saturating_add(1);
                State::Parked { since_ms: now_ms, wake }
            }
            None => State::Asleep { since_ms },
        }
    }

    /// Whether a voltage is a step from the one at rest, or rose into the band of a charger.
    fn stepped(&self, millivolts: u16) -> bool {
        let Some(resting_mv) = self.resting_mv else { return millivolts >= CHARGED_MV };
        resting_mv.abs_diff(millivolts) >= STEP_MV || (resting_mv < RESTING_MV && millivolts >= CHARGED_MV)
    }

    fn judge_battery(&mut self, battery_mv: Option<u16>) {
        if let Some(millivolts) = battery_mv {
            self.low = if self.low { millivolts < RECOVERED_MV } else { millivolts < LOW_MV };
        }
    }

    /// Whether the battery or the day's budget asks for less.
    fn spares(&self) -> bool {
        self.low || microampere_hours(self.today) >= self.draw.budget_uah_per_day
    }

    fn window_every_ms(&self) -> u64 {
        if self.spares() { SPARE_WINDOW_EVERY_MS } else { WINDOW_EVERY_MS }
    }

    fn count(&mut self, now_ms: u64) {
        let microamperes = match self.state {
            State::Driving => 0,
            State::Parked { .. } => self.draw.awake_ua,
            State::Asleep { .. } => self.draw.asleep_ua,
        };
        while now_ms.saturating_sub(self.day_ms) >= DAY_MS {
            let end_ms = self.day_ms.saturating_add(DAY_MS);
            let left_ms = end_ms.saturating_sub(self.advanced_ms);
            let day = self.today.saturating_add(left_ms.saturating_mul(u64::from(microamperes)));
            if self.state != State::Driving {
                let (spent_uah, budget_uah) = (microampere_hours(day), self.draw.budget_uah_per_day);
                self.last_day = Some(ParkedDay { spent_uah, budget_uah, wakes: core::mem::take(&mut self.wakes) });
            }
            (self.day_ms, self.advanced_ms, self.today) = (end_ms, end_ms.max(self.advanced_ms), 0);
        }
        let span_ms = now_ms.saturating_sub(self.advanced_ms);
        self.today = self.today.saturating_add(span_ms.saturating_mul(u64::from(microamperes)));
        self.advanced_ms = now_ms;
    }

    fn leave(&self, now_ms: u64, on: bool) -> Leave {
        match self.state {
            State::Driving => Leave { poll: on, uplink: true, sleep: false, until_ms: now_ms.saturating_add(1_000) },
            State::Parked { .. } => {
                Leave { poll: false, uplink: true, sleep: false, until_ms: now_ms.saturating_add(1_000) }
            }
            State::Asleep { .. } => {
                let window_ms = self.window_ms.saturating_add(self.window_every_ms());
                let until_ms = window_ms.min(now_ms.saturating_add(MEASURE_EVERY_MS));
                Leave { poll: false, uplink: false, sleep: true, until_ms: until_ms.max(now_ms.saturating_add(1)) }
            }
        }
    }
}

/// Microampere-milliseconds in microampere-hours, rounded down.
fn microampere_hours(total: u64) -> u32 {
    u32::try_from(total / 3_600_000).unwrap_or(u32::MAX)
}
