//! `cost-based-routing`: the cheapest.

use super::used::Used;
use super::{Strategy, View};
use crate::capacity::answer::Answer;

/// The cheapest deployment. Those of one Bedrock model cost the same, so the first wins whose answered requests and
/// tokens of this minute are within `rpm` and `tpm`.
pub(super) struct Cost {
    used: Vec<Used>,
}

impl Cost {
    /// Nothing is used.
    pub fn new(deployments: usize) -> Self {
        Self { used: vec![Used::default(); deployments] }
    }
}

impl Strategy for Cost {
    fn pick(&mut self, view: &View<'_>, _rng: &mut fastrand::Rng) -> Option<usize> {
        let mut with_room =
            view.in_rotation().filter(|(index, one)| self.used[*index].has_room(view.now, view.input_tokens, one));
        with_room.next().map(|(index, _)| index)
    }

    fn answered(&mut self, deployment: usize, now: u64, input_tokens: u64, answer: Answer) {
        let used = &mut self.used[deployment];
        used.request(now);
        used.tokens(now, input_tokens.saturating_add(answer.tokens));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::deployments;
    use super::*;

    #[test]
    fn the_first_is_used_until_it_has_answered_its_quota() {
        let deployments = deployments(2, None, Some(2));
        let view = View { now: 0, input_tokens: 1, deployments: &deployments };
        let mut rng = fastrand::Rng::with_seed(1);
        let mut cost = Cost::new(2);
        let mut picked = Vec::new();
        for _ in 0..5 {
            let pick = cost.pick(&view, &mut rng);
            picked.push(pick);
            if let Some(index) = pick {
                cost.answered(index, 0, 1, Answer { tokens: 1, took: 1 });
            }
        }
        assert_eq!(picked, [Some(0), Some(0), Some(1), Some(1), None]);
    }
}
