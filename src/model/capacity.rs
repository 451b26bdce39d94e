//! What a model's accounts can carry together, and how many accounts an expected load needs.

use schemars::JsonSchema;
use serde::Serialize;

use super::bedrock::Bedrock;
use super::burndown;
use crate::spec::{BedrockModel, ExpectedLoad, Model, Spec};

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
    /// Requests per minute of all deployments together. `None` if the spec gives no such limit.
    pub requests_per_minute: Option<u64>,
    /// Requests per minute that may be planned for.
    pub plannable_requests: Option<u64>,
    /// Tokens of the quota that one token of an answer takes.
    pub burndown: u64,
    /// The load that is expected. `None` if the spec does not give it.
    pub expected: Option<Expected>,
}

/// An expected load, in tokens and requests.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Expected {
    /// Requests per minute at the peak.
    pub requests_per_minute: u64,
    /// What one request takes from the quota.
    pub request: Cost,
    /// Tokens per minute that are taken from the quota at the peak.
    pub tokens_per_minute: u64,
    /// Share of all quotas that the load takes, of the one that it takes most of. `None` if no quota is known.
    pub utilization: Option<f64>,
    /// The quota that the load takes most of. `None` if no quota is known.
    pub limited_by: Option<Quota>,
    /// Whether the plannable quota carries it. `None` if no quota is known.
    pub fits: Option<bool>,
    /// Accounts that would be enough, with the regions that each has now on average. `None` if no quota is known.
    pub accounts_enough: Option<u64>,
    /// Accounts that would be enough when any one of them is lost. `None` if no quota is known.
    pub accounts_enough_with_one_lost: Option<u64>,
}

/// What a quota counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Quota {
    /// Tokens.
    Tokens,
    /// Requests.
    Requests,
}

/// What one request takes from the token quota.
///
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Cost {
    /// Tokens that are held from its start: the prompt and the whole of `max_tokens`.
    pub reserved: u64,
    /// Tokens that it has taken when it is answered: the prompt, and the answer times the burndown rate.
    pub settled: u64,
}

impl Cost {
    /// The cost of a request of an expected load. `max_tokens` that would cut the answer short counts as the answer.
    pub fn of(load: &ExpectedLoad, burndown: u64) -> Self {
        let answer = load.max_tokens.unwrap_or(load.output_tokens).max(load.output_tokens);
        Self {
            reserved: load.input_tokens.saturating_add(answer),
            settled: load.input_tokens.saturating_add(load.output_tokens.saturating_mul(burndown)),
        }
    }

    /// Tokens to plan with. Quotas throttle on what is reserved plus what is settled, and how many requests are in which
    /// state depends on how long answers take: the larger of the two is enough in every case.
    pub fn planned(self) -> u64 {
        self.reserved.max(self.settled)
    }
}

/// The capacity of every Bedrock model, in the spec's order.
pub fn capacities(spec: &Spec, bedrock: &Bedrock) -> Vec<Capacity> {
    spec.models.iter().filter_map(|model| capacity(spec, bedrock, model)).collect()
}

fn capacity(spec: &Spec, bedrock: &Bedrock, model: &Model) -> Option<Capacity> {
    let source = model.bedrock.as_ref()?;
    let accounts = bedrock.serving(source).count();
    let deployments: usize = bedrock.serving(source).map(|target| target.regions.len()).sum();
    let headroom = spec.bedrock.headroom;
    let whole = |quota: Option<u64>| quota.map(|quota| quota.saturating_mul(deployments as u64));
    let (tokens_per_minute, requests_per_minute) = (whole(source.tpm), whole(source.rpm));
    let burndown = burndown::rate(&source.model);
    let fleet = Fleet { accounts, deployments, headroom };
    Some(Capacity {
        model: model.name.0.clone(),
        accounts,
        deployments,
        tokens_per_minute,
        plannable: tokens_per_minute.map(|tokens| share(tokens, headroom)),
        requests_per_minute,
        plannable_requests: requests_per_minute.map(|requests| share(requests, headroom)),
        burndown,
        expected: model.expected.map(|load| fleet.expected(source, &load, burndown)),
    })
}

/// The accounts and regions of a model.
struct Fleet {
    accounts: usize,
    deployments: usize,
    headroom: f64,
}

impl Fleet {
    fn expected(&self, source: &BedrockModel, load: &ExpectedLoad, burndown: u64) -> Expected {
        let request = Cost::of(load, burndown);
        let tokens_per_minute = load.requests_per_minute.saturating_mul(request.planned());
        let demands = [
            (Quota::Tokens, source.tpm.map(|quota| Demand { expected: tokens_per_minute, quota })),
            (Quota::Requests, source.rpm.map(|quota| Demand { expected: load.requests_per_minute, quota })),
        ];
        let tightest = demands
            .into_iter()
            .filter_map(|(quota, demand)| Some((quota, demand?)))
            .max_by(|(_, one), (_, other)| one.deployments().total_cmp(&other.deployments()))
            .filter(|_| self.deployments > 0);
        let enough = tightest.map(|(_, demand)| self.accounts_enough(demand));
        Expected {
            requests_per_minute: load.requests_per_minute,
            request,
            tokens_per_minute,
            utilization: tightest.map(|(_, demand)| demand.deployments() / as_f64(self.deployments as u64)),
            limited_by: tightest.map(|(quota, _)| quota),
            fits: tightest.map(|(_, demand)| {
                demand.expected <= share(demand.quota.saturating_mul(self.deployments as u64), self.headroom)
            }),
            accounts_enough: enough,
            accounts_enough_with_one_lost: enough.map(|accounts| accounts.saturating_add(1)),
        }
    }

    fn accounts_enough(&self, demand: Demand) -> u64 {
        let per_account = as_f64(self.deployments as u64) / as_f64(self.accounts as u64);
        as_u64((demand.deployments() / self.headroom / per_account - ROUNDING).ceil().max(1.0))
    }
}

/// A load and the quota of one deployment, in the same unit.
#[derive(Clone, Copy)]
struct Demand {
    expected: u64,
    quota: u64,
}

impl Demand {
    /// Deployments that the load would fill.
    fn deployments(self) -> f64 {
        as_f64(self.expected) / as_f64(self.quota.max(1))
    }
}

/// A share such as 0.29 of 100 is 29, though 0.29 as a float is a little less.
const ROUNDING: f64 = 1e-9;

fn share(quota: u64, headroom: f64) -> u64 {
    as_u64((as_f64(quota) * headroom * (1.0 + ROUNDING)).floor())
}

#[expect(clippy::cast_precision_loss, reason = "quotas and counts are far below 2^52")]
fn as_f64(number: u64) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the callers' numbers are whole and not negative"
)]
fn as_u64(number: f64) -> u64 {
    number as u64
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

    /// A request takes 1000 tokens: 600 and 400 are reserved, 600 and 100 are settled.
    fn model(tpm: Option<u64>, requests_per_minute: u64) -> Value {
        json!({
            "name": "nova",
            "bedrock": {"model": "amazon.nova-pro-v1:0", "tpm": tpm},
            "expected": {
                "requests_per_minute": requests_per_minute, "input_tokens": 600, "output_tokens": 100, "max_tokens": 400
            }
        })
    }

    fn with(mut model: Value, source: Value) -> Value {
        model["bedrock"].as_object_mut().unwrap().extend(source.as_object().unwrap().clone());
        model
    }

    #[test]
    fn quotas_add_up_over_accounts_and_regions() {
        let capacity = of(with(model(Some(100_000), 1), json!({"rpm": 30})));
        assert_eq!((capacity.accounts, capacity.deployments), (2, 4));
        assert_eq!((capacity.tokens_per_minute, capacity.plannable), (Some(400_000), Some(200_000)));
        assert_eq!((capacity.requests_per_minute, capacity.plannable_requests), (Some(120), Some(60)));
    }

    #[test]
    fn a_request_reserves_its_prompt_and_all_of_max_tokens() {
        let expected = of(model(None, 10)).expected.unwrap();
        assert_eq!(expected.request, Cost { reserved: 1000, settled: 700 });
        assert_eq!(expected.tokens_per_minute, 10_000);
    }

    #[test]
    fn the_answer_of_a_claude_takes_its_burndown_rate() {
        let claude = json!({"model": "us.anthropic.claude-3-7-sonnet-20250219-v1:0"});
        let expected = of(with(model(None, 10), claude)).expected.unwrap();
        assert_eq!(expected.request, Cost { reserved: 1000, settled: 600 + 5 * 100 });
        assert_eq!(expected.tokens_per_minute, 11_000);
    }

    #[test]
    fn a_load_that_fits_exactly_fits() {
        assert_eq!(of(model(Some(100_000), 200)).expected.unwrap().fits, Some(true));
        assert_eq!(of(model(Some(100_000), 201)).expected.unwrap().fits, Some(false));
    }

    #[test]
    fn too_much_load_says_how_many_accounts_would_be_enough() {
        // 501,000 tokens, 50,000 plannable in each of two regions of an account.
        let expected = of(model(Some(100_000), 501)).expected.unwrap();
        assert_eq!((expected.accounts_enough, expected.accounts_enough_with_one_lost), (Some(6), Some(7)));
    }

    #[test]
    fn the_tighter_of_two_quotas_counts() {
        let expected = of(with(model(Some(100_000), 90), json!({"rpm": 30}))).expected.unwrap();
        assert_eq!((expected.limited_by, expected.fits), (Some(Quota::Requests), Some(false)));
        assert_eq!((expected.utilization, expected.accounts_enough), (Some(0.75), Some(3)));
        let expected = of(with(model(Some(100_000), 90), json!({"rpm": 3000}))).expected.unwrap();
        assert_eq!((expected.limited_by, expected.fits), (Some(Quota::Tokens), Some(true)));
    }

    #[test]
    fn what_is_enough_is_what_fits() {
        // Half of a quota of 5 is no whole number: two of them carry 5 requests together.
        let expected = of(with(model(None, 10), json!({"rpm": 5}))).expected.unwrap();
        assert_eq!((expected.fits, expected.accounts_enough), (Some(true), Some(2)));
    }

    #[test]
    fn without_a_quota_nothing_is_claimed() {
        let expected = of(model(None, 10)).expected.unwrap();
        assert_eq!((expected.fits, expected.accounts_enough, expected.utilization), (None, None, None));
    }
}
