//! What is random in an answer: drawn from the seed and the number of the call, so that a run can be repeated.

/// The random numbers of one call.
#[derive(Debug)]
pub(super) struct Random(fastrand::Rng);

impl Random {
    /// Those of the call with that number.
    pub fn new(seed: u64, call: u64) -> Self {
        // Two calls in a row would begin with numbers that resemble each other: the state is stirred first.
        let mut state = seed ^ call.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self(fastrand::Rng::with_seed(state ^ (state >> 31)))
    }

    /// From 0 up to, but not including, 1.
    pub fn share(&mut self) -> f64 {
        self.0.f64()
    }

    /// Around 0 with a standard deviation of 1: Box and Muller's.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.share()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.share()).cos()
    }

    /// Exponential with a mean of 1.
    pub fn exponential(&mut self) -> f64 {
        -(1.0 - self.share()).ln()
    }

    /// 128 bits.
    pub fn bits(&mut self) -> u128 {
        self.0.u128(..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_call_draw_the_same() {
        let draw = |seed, call| Random::new(seed, call).bits();
        assert_eq!(draw(1, 7), draw(1, 7));
        assert_ne!(draw(1, 7), draw(1, 8));
        assert_ne!(draw(1, 7), draw(2, 7));
    }

    #[test]
    fn the_first_draws_of_many_calls_are_spread_evenly() {
        let below = (0..10_000).filter(|call| Random::new(3, *call).share() < 0.1).count();
        assert!((850..1150).contains(&below), "{below}");
    }

    #[test]
    fn distributions_have_their_mean() {
        let mean = |draw: fn(&mut Random) -> f64| {
            (0..20_000).map(|call| draw(&mut Random::new(5, call))).sum::<f64>() / 20_000.0
        };
        assert!(mean(Random::normal).abs() < 0.03);
        assert!((mean(Random::exponential) - 1.0).abs() < 0.03);
    }
}
