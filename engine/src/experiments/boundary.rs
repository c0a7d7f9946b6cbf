//! Curves that a sum without drift crosses at any time with no more than a given probability.
//!
//! Source: Howard, Ramdas, McAuliffe and Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences",
//! Annals of Statistics 49(2), 2021, arXiv:1810.08240; propositions 5 (normal), 7 (beta-binomial), 9 (gamma-exponential),
//! 10 (gamma-Poisson), theorem 1 (stitching).
//! Invariant: `s` is a sum of centred outcomes, `v` its intrinsic time; each mixture, as a function of them, is the logarithm
//! of a non-negative supermartingale that starts at or below one, so exceeding ln(1/α) ever has probability α at most.

#![expect(clippy::many_single_char_names, reason = "the letters are those of the sources")]

use libm::{lgamma, log, pow, sqrt};

use crate::special::{bisect, gamma_p, gamma_q, incomplete_beta, ln_beta, normal_cdf, zeta};

/// A mixture of exponential supermartingales.
pub trait Mixture {
    /// The logarithm of the mixture where the sum is `s` at intrinsic time `v`.
    fn log(&self, s: f64, v: f64) -> f64;

    /// The largest sum that can occur at intrinsic time `v`.
    fn largest(&self, v: f64) -> f64 {
        let _ = v;
        f64::INFINITY
    }

    /// The sum that is exceeded at any time `v` with no more than probability `alpha`.
    fn bound(&self, v: f64, alpha: f64) -> f64 {
        let threshold = log(1.0 / alpha);
        let excess = |s: f64| self.log(s, v) - threshold;
        let mut high = self.largest(v);
        if high.is_infinite() {
            high = v.max(1e-9);
            while excess(high) < 0.0 && high < 1e300 {
                high *= 2.0;
            }
        }
        if excess(high) < 0.0 { high } else { bisect(0.0, high, excess) }
    }
}

/// Whether a sum is watched on one side or on both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sides {
    /// Only large sums count.
    One,
    /// Sums far from zero count.
    Both,
}

/// The mixture's precision at which the bound is tightest at intrinsic time `v` (section 3.5).
pub fn best_rho(v: f64, alpha: f64, sides: Sides) -> f64 {
    let alpha = match sides {
        Sides::One => 2.0 * alpha,
        Sides::Both => alpha,
    };
    let twice = 2.0 * log(1.0 / alpha);
    v / (twice + log(1.0 + twice))
}

/// The normal mixture, for sub-Gaussian sums.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Normal {
    rho: f64,
    sides: Sides,
}

impl Normal {
    /// The mixture that is tightest at intrinsic time `v_opt`.
    pub fn new(v_opt: f64, alpha_opt: f64, sides: Sides) -> Self {
        Self { rho: best_rho(v_opt, alpha_opt, sides), sides }
    }
}

impl Mixture for Normal {
    fn log(&self, s: f64, v: f64) -> f64 {
        let total = v + self.rho;
        let both = 0.5 * log(self.rho / total) + s * s / (2.0 * total);
        match self.sides {
            Sides::Both => both,
            Sides::One => both + log(2.0 * normal_cdf(s / sqrt(total))),
        }
    }
}

/// The gamma-exponential mixture, for sub-exponential sums of scale `c`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaExponential {
    rho: f64,
    c: f64,
    constant: f64,
}

impl GammaExponential {
    /// The mixture that is tightest near intrinsic time `v_opt`.
    pub fn new(v_opt: f64, alpha_opt: f64, c: f64) -> Self {
        let rho = best_rho(v_opt, alpha_opt, Sides::One);
        let shape = rho / (c * c);
        let constant = shape * log(shape) - lgamma(shape) - log(gamma_p(shape, shape));
        Self { rho, c, constant }
    }
}

impl Mixture for GammaExponential {
    fn log(&self, s: f64, v: f64) -> f64 {
        let squared = self.c * self.c;
        let shape = (v + self.rho) / squared;
        let sum = (self.c * s + v) / squared;
        let at = sum + self.rho / squared;
        if at <= 0.0 {
            // The sum lies below all that the sub-exponential law allows for: no evidence of a rise.
            return f64::NEG_INFINITY;
        }
        self.constant + lgamma(shape) + log(gamma_p(shape, at)) - shape * log(at) + sum
    }
}

/// The gamma-Poisson mixture, for sub-Poisson sums of scale `c`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaPoisson {
    rho: f64,
    c: f64,
    constant: f64,
}

impl GammaPoisson {
    /// The mixture that is tightest near intrinsic time `v_opt`.
    pub fn new(v_opt: f64, alpha_opt: f64, c: f64) -> Self {
        let rho = best_rho(v_opt, alpha_opt, Sides::One);
        let shape = rho / (c * c);
        let constant = shape * log(shape) - lgamma(shape) - log(gamma_q(shape, shape));
        Self { rho, c, constant }
    }
}

impl Mixture for GammaPoisson {
    fn log(&self, s: f64, v: f64) -> f64 {
        let squared = self.c * self.c;
        let rate = (v + self.rho) / squared;
        let shape = s / self.c + rate;
        self.constant + lgamma(shape) + log(gamma_q(shape, rate)) - shape * log(rate) + v / squared
    }
}

/// The beta-binomial mixture, for sums of outcomes that lie `g` below or `h` above their mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BetaBinomial {
    r: f64,
    g: f64,
    h: f64,
    sides: Sides,
    normalizer: f64,
}

impl BetaBinomial {
    /// The mixture that is tightest near intrinsic time `v_opt`.
    pub fn new(v_opt: f64, alpha_opt: f64, g: f64, h: f64, sides: Sides) -> Self {
        let r = (best_rho(v_opt, alpha_opt, sides) - g * h).max(1e-3 * g * h);
        let mut mixture = Self { r, g, h, sides, normalizer: 0.0 };
        mixture.normalizer = mixture.ln_mass(0.0, 0.0);
        mixture
    }

    /// The logarithm of the incomplete beta function of the mixture's posterior.
    fn ln_mass(&self, s: f64, v: f64) -> f64 {
        let (g, h) = (self.g, self.h);
        let a = (self.r + v - g * s) / (g * (g + h));
        let b = (self.r + v + h * s) / (h * (g + h));
        let whole = ln_beta(a, b);
        match self.sides {
            Sides::Both => whole,
            Sides::One => whole + log(incomplete_beta(a, b, h / (g + h))),
        }
    }
}

impl Mixture for BetaBinomial {
    fn log(&self, s: f64, v: f64) -> f64 {
        let (g, h) = (self.g, self.h);
        v / (g * h) * log(g + h) - (v + h * s) / (h * (g + h)) * log(g) - (v - g * s) / (g * (g + h)) * log(h)
            + self.ln_mass(s, v)
            - self.normalizer
    }

    fn largest(&self, v: f64) -> f64 {
        v / self.g
    }
}

/// The polynomial stitched bound of a sub-gamma sum of scale `c` from intrinsic time `v_min` on, with exponent 1.4 and epochs
/// that double (theorem 1, equation 10).
pub fn stitched(v: f64, alpha: f64, v_min: f64, c: f64) -> f64 {
    let (s, eta) = (1.4, 2.0);
    let v = v.max(v_min);
    let spent = log(zeta(s) / pow(log(eta), s));
    let ell = s * log(log(eta * v / v_min)) + spent + log(1.0 / alpha);
    let k1 = (pow(eta, 0.25) + pow(eta, -0.25)) / core::f64::consts::SQRT_2;
    let linear = 0.5 * (sqrt(eta) + 1.0) * c * ell;
    sqrt(k1 * k1 * v * ell + linear * linear) + linear
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::engagement_json;

    #[test]
    fn the_authors_reference_values_are_met() {
        let Some(vectors) = engagement_json("vectors/confseq_unittest.json") else { return };
        let both = Normal::new(100.0, 0.05, Sides::Both);
        let one = Normal::new(100.0, 0.05, Sides::One);
        let exponential = GammaExponential::new(100.0, 0.05, 2.0);
        let poisson = GammaPoisson::new(100.0, 0.05, 2.0);
        let beta_both = BetaBinomial::new(100.0, 0.05, 0.2, 0.8, Sides::Both);
        let beta_one = BetaBinomial::new(100.0, 0.05, 0.2, 0.8, Sides::One);
        let mixtures: [(&str, &dyn Mixture); 6] = [
            ("two_sided_normal_mixture", &both),
            ("one_sided_normal_mixture", &one),
            ("gamma_exponential", &exponential),
            ("gamma_poisson", &poisson),
            ("beta_binomial_two_sided", &beta_both),
            ("beta_binomial_one_sided", &beta_one),
        ];
        for (name, mixture) in mixtures {
            let cases = vectors[name].as_object().expect("an object");
            for (case, expected) in cases {
                let found = match case.split('(').next() {
                    Some("log_mixture") => mixture.log(10.0, 100.0),
                    Some("bound") => mixture.bound(100.0, 0.05),
                    _ => best_rho(100.0, 0.05, Sides::Both),
                };
                let expected = expected.as_f64().expect("a number");
                assert!((found - expected).abs() <= 1e-5, "{name} {case}: {found}, not {expected}");
            }
        }
        let stitching = [("bound(100,0.05,v_min=10,c=3)", 3.0), ("bound(100,0.05,10,c=-1)", -1.0)];
        for (case, c) in stitching {
            let expected = vectors["poly_stitching"][case].as_f64().expect("a number");
            let found = stitched(100.0, 0.05, 10.0, c);
            assert!((found - expected).abs() <= 1e-5, "{case}: {found}, not {expected}");
        }
    }
}
