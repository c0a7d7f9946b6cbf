//! Histories of made-up cars: seeded, so that a failure is the same tomorrow.
//!
//! Use wanders around a level of its own (a mean-reverting walk in the logarithm), single days scatter, and now and then
//! there is a journey; each kind of car then bends that in its own way.

use crate::rolling::Track;

/// Kinds of cars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// To work and back on five days, less at weekends.
    Commuter,
    /// Saturdays and Sundays alone.
    Weekend,
    /// The same all year.
    Steady,
    /// Home, school, holidays.
    Family,
    /// More every year.
    Growing,
    /// Less every year.
    Falling,
    /// Not driven from January to April.
    LaidUp,
    /// Twice as much in summer as in winter.
    Seasonal,
    /// A new job every year and a half, with another way to it.
    NewJobs,
}

/// All of them.
pub(crate) const KINDS: [Kind; 9] = [
    Kind::Commuter,
    Kind::Weekend,
    Kind::Steady,
    Kind::Family,
    Kind::Growing,
    Kind::Falling,
    Kind::LaidUp,
    Kind::Seasonal,
    Kind::NewJobs,
];

/// How often the odometer is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Density {
    /// Every day.
    Daily,
    /// At fill-ups, some 600 km apart.
    FillUps,
    /// Once a month.
    Monthly,
}

/// `SplitMix64` (Steele, Lea, Flood 2014).
#[derive(Debug, Clone)]
pub(crate) struct Draws(u64);

impl Draws {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From 0 up to and without 1.
    pub(crate) fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        // Box and Muller.
        let radius = (-2.0 * (1.0 - self.share()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.share()).cos()
    }

    fn exponential(&mut self) -> f64 {
        -(1.0 - self.share()).ln()
    }
}

/// The first day of all histories: 1 January 2018.
pub(crate) const FIRST_DAY: f64 = 17_532.0;

/// A history of `days` days.
pub(crate) fn track(kind: Kind, density: Density, days: u32, seed: u64) -> Track {
    let mut draws = Draws::new(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ kind as u64);
    let level = (0.35 * draws.normal()).exp();
    let (mut odometer, mut wandered) = (0.0, 0.0);
    let mut daily = vec![(FIRST_DAY, 0.0)];
    let (spread, lasts) = if kind == Kind::Steady { (0.0, 1.0) } else { (0.3, 300.0) };
    for day in 0..days {
        wandered += -wandered / lasts + spread * (2.0f64 / lasts).sqrt() * draws.normal();
        let at = f64::from(day);
        // 1 January 2018 was a Monday.
        let weekend = day % 7 >= 5;
        let usual_km = match kind {
            Kind::Commuter => {
                if weekend {
                    18.0
                } else {
                    40.0
                }
            }
            Kind::Weekend => {
                if weekend {
                    80.0
                } else {
                    0.0
                }
            }
            Kind::Steady | Kind::Family => 34.0,
            Kind::Growing => 22.0 * (1.0 + at / 1_000.0),
            Kind::Falling => 55.0 * (-at / 1_500.0).exp(),
            Kind::LaidUp => {
                if day % 365 < 110 {
                    0.0
                } else {
                    45.0
                }
            }
            Kind::Seasonal => 34.0 * (1.0 - 0.33 * (std::f64::consts::TAU * (at + 10.0) / 365.25).cos()),
            Kind::NewJobs => {
                if (day / 540) % 2 == 0 {
                    45.0
                } else {
                    22.0
                }
            }
        };
        // The sum of two exponentials scatters like everyday driving.
        let scatter = f64::midpoint(draws.exponential(), draws.exponential());
        odometer += level * usual_km * wandered.exp() * scatter;
        let journey = matches!(kind, Kind::Family | Kind::Commuter | Kind::Growing | Kind::Falling);
        if journey && draws.share() < 0.012 {
            odometer += 150.0 + 700.0 * draws.share();
        }
        daily.push((FIRST_DAY + at + 1.0, odometer * 1_000.0));
    }
    thin_out(&daily, density, &mut draws)
}

fn thin_out(daily: &Track, density: Density, draws: &mut Draws) -> Track {
    let mut thinned = vec![daily[0]];
    let mut tank_m = 600_000.0;
    for &(day, metres) in &daily[1..] {
        let last = thinned[thinned.len() - 1];
        let read = match density {
            Density::Daily => true,
            Density::FillUps => metres - last.1 >= tank_m,
            Density::Monthly => day - last.0 >= 30.0,
        };
        if read {
            thinned.push((day, metres));
            tank_m = 360_000.0 + 360_000.0 * draws.share();
        }
    }
    thinned
}
