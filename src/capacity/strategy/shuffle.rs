//! `simple-shuffle`: at random.

use super::{Strategy, View};

/// A deployment at random, weighted by `rpm`, else by `tpm`, if the first in rotation has it.
pub(super) struct Shuffle;

impl Strategy for Shuffle {
    fn pick(&mut self, view: &View<'_>, rng: &mut fastrand::Rng) -> Option<usize> {
        let (_, first) = view.in_rotation().next()?;
        let (by_rpm, by_tpm) = (first.rpm.is_some(), first.tpm.is_some());
        let weighted = view.in_rotation().map(|(index, deployment)| {
            let weight = match (by_rpm, by_tpm) {
                (true, _) => deployment.rpm.unwrap_or_default(),
                (_, true) => deployment.tpm.unwrap_or_default(),
                _ => 1,
            };
            (index, u128::from(weight))
        });
        let total: u128 = weighted.clone().map(|(_, weight)| weight).sum();
        let mut drawn = rng.u128(0..total.max(1));
        for (index, weight) in weighted {
            if drawn < weight {
                return Some(index);
            }
            drawn -= weight;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::deployments;
    use super::*;

    fn shares(deployments: &[super::super::State]) -> Vec<f64> {
        let mut rng = fastrand::Rng::with_seed(1);
        let mut picked = vec![0.0; deployments.len()];
        for _ in 0..10_000 {
            let view = View { now: 0, input_tokens: 0, deployments };
            picked[Shuffle.pick(&view, &mut rng).unwrap()] += 1.0 / 10_000.0;
        }
        picked
    }

    #[test]
    fn without_quotas_all_have_the_same_chance() {
        assert!(shares(&deployments(4, None, None)).iter().all(|share| (share - 0.25).abs() < 0.02));
    }

    #[test]
    fn with_quotas_the_chance_follows_them() {
        let mut deployments = deployments(2, Some(100), None);
        deployments[1].tpm = Some(300);
        assert!((shares(&deployments)[1] - 0.75).abs() < 0.02);
        deployments.iter_mut().for_each(|deployment| deployment.rpm = Some(10));
        assert!((shares(&deployments)[1] - 0.5).abs() < 0.02);
    }
}
