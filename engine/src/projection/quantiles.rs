//! Distribution functions, and finding where one reaches a probability.

/// Standard normal distribution function.
fn normal_below(z: f64) -> f64 {
    libm::erfc(-z * core::f64::consts::FRAC_1_SQRT_2) / 2.0
}

/// Student's distribution function, by Wallace's transformation (Annals of Mathematical Statistics 30, 1959): within 0.005 from three degrees of freedom on.
pub(super) fn student_below(t: f64, degrees: f64) -> f64 {
    let bend = (8.0 * degrees + 1.0) / (8.0 * degrees + 3.0);
    normal_below(libm::copysign(bend * libm::sqrt(degrees * libm::log1p(t * t / degrees)), t))
}

/// The argument at which the rising function `below` reaches `share`, up to `most`.
pub(super) fn reaching(share: f64, most: f64, below: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while high < most && below(high) < share {
        low = high;
        high *= 1.5;
    }
    high = high.min(most);
    // A hundredth of a day is finer than anything that is shown.
    while high - low > 0.01 {
        let middle = f64::midpoint(low, high);
        if below(middle) < share {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}
