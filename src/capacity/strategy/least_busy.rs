//! `least-busy`: the fewest requests under way.

use super::{Strategy, View};

/// The deployment with the fewest requests under way; of equals, the first. Requests that wait for a slot are not under
/// way. With a cache the counts are those of all tasks.
pub(super) struct LeastBusy;

impl Strategy for LeastBusy {
    fn pick(&mut self, view: &View<'_>, _rng: &mut fastrand::Rng) -> Option<usize> {
        view.in_rotation().min_by_key(|(_, deployment)| deployment.in_flight).map(|(index, _)| index)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::deployments;
    use super::*;

    #[test]
    fn the_fewest_under_way_win_and_the_first_of_equals() {
        let mut deployments = deployments(3, None, None);
        let pick = |deployments: &[_]| {
            let view = View { now: 0, input_tokens: 0, deployments };
            LeastBusy.pick(&view, &mut fastrand::Rng::with_seed(1))
        };
        assert_eq!(pick(&deployments), Some(0));
        deployments[0].in_flight = 1;
        assert_eq!(pick(&deployments), Some(1));
        deployments[1].cooled_until = 1;
        assert_eq!(pick(&deployments), Some(2));
    }
}
