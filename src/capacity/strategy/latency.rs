//! `latency-based-routing`: the lowest latency.

use std::collections::VecDeque;

use super::used::Used;
use super::{Strategy, View, lowest};
use crate::capacity::answer::Answer;
use crate::capacity::minute::SECOND;

/// Answers that are remembered of a deployment.
const REMEMBERED: usize = 10;

/// The deployment with the lowest time per token over its last ten answers; of equals, any. One that has not answered yet
/// counts as the fastest. Those are left out whose answered requests and tokens of this minute reach `rpm` or `tpm`.
pub(super) struct Latency {
    answers: Vec<VecDeque<f64>>,
    means: Vec<f64>,
    used: Vec<Used>,
    best: Vec<usize>,
}

impl Latency {
    /// Nothing is known of any deployment.
    pub fn new(deployments: usize) -> Self {
        Self {
            answers: (0..deployments).map(|_| VecDeque::new()).collect(),
            means: vec![0.0; deployments],
            used: vec![Used::default(); deployments],
            best: Vec::new(),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "few answers, and times far below 2^52 nanoseconds")]
impl Strategy for Latency {
    fn pick(&mut self, view: &View<'_>, rng: &mut fastrand::Rng) -> Option<usize> {
        let with_room =
            view.in_rotation().filter(|(index, one)| self.used[*index].has_room(view.now, view.input_tokens, one));
        let candidates = with_room.map(|(index, _)| (index, self.means[index]));
        lowest(candidates, &mut self.best, rng)
    }

    fn answered(&mut self, deployment: usize, now: u64, input_tokens: u64, answer: Answer) {
        let answers = &mut self.answers[deployment];
        if answers.len() == REMEMBERED {
            answers.pop_front();
        }
        answers.push_back(answer.took as f64 / SECOND as f64 / answer.tokens.max(1) as f64);
        self.means[deployment] = answers.iter().sum::<f64>() / answers.len() as f64;
        let used = &mut self.used[deployment];
        used.request(now);
        used.tokens(now, input_tokens.saturating_add(answer.tokens));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::deployments;
    use super::*;

    fn answer(seconds: u64) -> Answer {
        Answer { tokens: 100, took: seconds * SECOND }
    }

    #[test]
    fn the_fastest_wins_and_the_unknown_before_it() {
        let deployments = deployments(3, None, None);
        let view = View { now: 0, input_tokens: 1, deployments: &deployments };
        let mut rng = fastrand::Rng::with_seed(1);
        let mut latency = Latency::new(3);
        latency.answered(0, 0, 1, answer(9));
        latency.answered(1, 0, 1, answer(5));
        assert_eq!(latency.pick(&view, &mut rng), Some(2));
        latency.answered(2, 0, 1, answer(7));
        assert_eq!(latency.pick(&view, &mut rng), Some(1));
    }

    #[test]
    fn only_the_last_ten_answers_count() {
        let deployments = deployments(2, None, None);
        let view = View { now: 0, input_tokens: 1, deployments: &deployments };
        let mut latency = Latency::new(2);
        latency.answered(0, 0, 1, answer(1000));
        latency.answered(1, 0, 1, answer(5));
        (0..10).for_each(|_| latency.answered(0, 0, 1, answer(4)));
        assert_eq!(latency.pick(&view, &mut fastrand::Rng::with_seed(1)), Some(0));
    }

    #[test]
    fn when_all_have_answered_their_quota_none_is_left() {
        let deployments = deployments(1, None, Some(1));
        let view = View { now: 0, input_tokens: 1, deployments: &deployments };
        let mut latency = Latency::new(1);
        latency.answered(0, 0, 1, answer(1));
        assert_eq!(latency.pick(&view, &mut fastrand::Rng::with_seed(1)), None);
    }
}
