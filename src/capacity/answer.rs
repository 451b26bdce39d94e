//! How long answers are.

use super::minute::SECOND;
use super::scenario::{Request, Spread};

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    /// Its tokens.
    pub tokens: u64,
    /// Time from the start of the request to the end of the answer, in nanoseconds.
    pub took: u64,
}

impl Answer {
    /// Draws an answer.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "tokens and seconds are far below 2^52 and not negative"
    )]
    pub fn draw(request: &Request, rng: &mut fastrand::Rng) -> Self {
        let mean = request.output_tokens as f64;
        let longest = if request.output_tokens == 0 { f64::INFINITY } else { request.max_tokens as f64 / mean };
        let length = match request.answers {
            Spread::Constant => 1.0,
            Spread::Exponential => exponential(rng).min(longest),
        };
        Self {
            tokens: (mean * length).round() as u64,
            took: (request.answer_seconds * length * SECOND as f64).round() as u64,
        }
    }
}

/// A number from the exponential distribution of mean 1.
pub(super) fn exponential(rng: &mut fastrand::Rng) -> f64 {
    -(1.0 - rng.f64()).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(answers: Spread, max_tokens: u64) -> Request {
        Request { input_tokens: 1, output_tokens: 400, max_tokens, burndown: 1, answer_seconds: 8.0, answers }
    }

    #[test]
    fn constant_answers_are_the_mean() {
        let answer = Answer::draw(&request(Spread::Constant, 400), &mut fastrand::Rng::with_seed(1));
        assert_eq!(answer, Answer { tokens: 400, took: 8 * SECOND });
    }

    #[test]
    fn no_answer_is_longer_than_max_tokens() {
        let mut rng = fastrand::Rng::with_seed(1);
        let request = request(Spread::Exponential, 500);
        let answers: Vec<_> = (0..1000).map(|_| Answer::draw(&request, &mut rng)).collect();
        assert_eq!(answers.iter().map(|answer| answer.tokens).max(), Some(500));
        assert_eq!(answers.iter().map(|answer| answer.took).max(), Some(10 * SECOND));
    }

    #[test]
    fn the_exponential_distribution_has_its_mean() {
        let mut rng = fastrand::Rng::with_seed(1);
        let sum: f64 = (0..100_000).map(|_| exponential(&mut rng)).sum();
        assert!((sum / 100_000.0 - 1.0).abs() < 0.01, "{sum}");
    }
}
