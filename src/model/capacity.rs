//! What a model's accounts can carry together, and how many accounts an expected load needs.

use schemars::JsonSchema;
use serde::Serialize;

use super::bedrock::Bedrock;
use crate::spec::{ExpectedLoad, Model, Spec};

/// What the accounts and regions of a model can carry together.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Capacity {
    /// Name of the model.
    pub model: String,
    /// Accounts that serve it.
    pub accounts: usize,
    /// Accounts times regions.
    pub deployments: usize,
    /// Tokens per minute of all deployments together. `None` if the spec does not give the quota.
    pub tokens_per_minute: Option<u64>,
    /// Tokens per minute that may be planned for: `bedrock.headroom` of all.
    pub plannable: Option<u64>,
    /// The load that is expected. `None` if the spec does not give it.
    pub expected: Option<Expected>,
}

/// An expected load, in tokens.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Expected {
    /// Tokens per minute that are taken from the quota at the peak.
    pub tokens_per_minute: u64,
    /// Whether the plannable quota carries it. `None` if the quota is not known.
    pub fits: Option<bool>,
    /// Accounts that would be enough, with the regions that each has now on average. `None` if the quota is not known.
    pub accounts_enough: Option<u64>,
}

/// The capacity of every Bedrock model, in the spec's order.
pub fn capacities(spec: &Spec, bedrock: &Bedrock) -> Vec<Capacity> {
    spec.models.iter().filter_map(|model| capacity(spec, bedrock, model)).collect()
}

fn capacity(spec: &Spec, bedrock: &Bedrock, model: &Model) -> Option<Capacity> {
    let source = model.bedrock.as_ref()?;
    let accounts = bedrock.serving(source).count();
    let deployments: usize = bedrock.serving(source).map(|target| target.regions.len()).sum();
    let tokens_per_minute = source.tpm.map(|tpm| tpm.saturating_mul(deployments as u64));
    let plannable = tokens_per_minute.map(|tokens| share(tokens, spec.bedrock.headroom));
    let expected = model.expected.map(|load| {
        let tokens = reserved(&load);
        Expected {
            tokens_per_minute: tokens,
            fits: plannable.map(|plannable| tokens <= plannable),
            accounts_enough: source.tpm.and_then(|tpm| {
                let deployments_enough = tokens.div_ceil(share(tpm, spec.bedrock.headroom).max(1));
                (deployments > 0)
                    .then(|| deployments_enough.saturating_mul(accounts as u64).div_ceil(deployments as u64))
            }),
        }
    });
    Some(Capacity { model: model.name.0.clone(), accounts, deployments, tokens_per_minute, plannable, expected })
}

/// Tokens per minute that Bedrock takes from the quota: while a request runs, its prompt and the whole of `max_tokens`
/// are reserved, whatever the answer's length.
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html>
pub fn reserved(load: &ExpectedLoad) -> u64 {
    let answer = load.max_tokens.unwrap_or(load.output_tokens).max(load.output_tokens);
    load.requests_per_minute.saturating_mul(load.input_tokens.saturating_add(answer))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "quotas are far below 2^52 and a share is not negative"
)]
fn share(tokens: u64, headroom: f64) -> u64 {
    (tokens as f64 * headroom).floor() as u64
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::Basis;
    use crate::model::testing::spec;

    fn of(model: Value) -> Capacity {
        let spec = spec(json!({
            "bedrock": {"headroom": 0.5, "include_hub": false, "accounts": [
                {"id": "222222222222", "name": "one", "regions": ["us-east-1", "us-west-2"]},
                {"id": "333333333333", "name": "two", "regions": ["us-east-1", "us-west-2"]}
            ]},
            "models": [model]
        }));
        let bedrock = Bedrock::new(&Basis::new(&spec, None));
        capacities(&spec, &bedrock).remove(0)
    }

    fn model(tpm: Option<u64>, requests_per_minute: u64) -> Value {
        json!({
            "name": "claude",
            "bedrock": {"model": "anthropic.claude-3-haiku-20240307-v1:0", "tpm": tpm},
            "expected": {
                "requests_per_minute": requests_per_minute, "input_tokens": 600, "output_tokens": 100, "max_tokens": 400
            }
        })
    }

    #[test]
    fn quotas_add_up_over_accounts_and_regions() {
        let capacity = of(model(Some(100_000), 1));
        assert_eq!((capacity.accounts, capacity.deployments), (2, 4));
        assert_eq!((capacity.tokens_per_minute, capacity.plannable), (Some(400_000), Some(200_000)));
    }

    #[test]
    fn a_request_costs_its_prompt_and_all_of_max_tokens() {
        assert_eq!(of(model(None, 10)).expected.unwrap().tokens_per_minute, 10_000);
    }

    #[test]
    fn a_load_that_fits_exactly_fits() {
        assert_eq!(of(model(Some(100_000), 200)).expected.unwrap().fits, Some(true));
        assert_eq!(of(model(Some(100_000), 201)).expected.unwrap().fits, Some(false));
    }

    #[test]
    fn too_much_load_says_how_many_accounts_would_be_enough() {
        // 501,000 tokens, 50,000 plannable in each of two regions of an account.
        assert_eq!(of(model(Some(100_000), 501)).expected.unwrap().accounts_enough, Some(6));
    }

    #[test]
    fn without_a_quota_nothing_is_claimed() {
        let expected = of(model(None, 10)).expected.unwrap();
        assert_eq!((expected.fits, expected.accounts_enough), (None, None));
    }
}
