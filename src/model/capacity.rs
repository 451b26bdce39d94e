//! What a model's accounts can carry together, and how many accounts an expected load needs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::bedrock::Bedrock;
use super::burndown;
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
    /// Tokens per minute of all deployments together. `None` if the quota of one is not known.
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

/// Token quotas that accounts were found to have. Where there is none, the spec's counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied(BTreeMap<(String, String, String), u64>);

impl Applied {
    /// Notes the tokens per minute of a model in an account and region.
    pub fn insert(&mut self, model: &str, account: &str, region: &str, tokens_per_minute: u64) {
        self.0.insert((model.to_owned(), account.to_owned(), region.to_owned()), tokens_per_minute);
    }

    /// The tokens per minute of a model in an account and region.
    pub fn tokens(&self, model: &str, account: &str, region: &str) -> Option<u64> {
        self.0.get(&(model.to_owned(), account.to_owned(), region.to_owned())).copied()
    }
}

/// The capacity of every Bedrock model by the quotas of the spec, in the spec's order.
pub fn capacities(spec: &Spec, bedrock: &Bedrock) -> Vec<Capacity> {
    capacities_with(spec, bedrock, &Applied::default())
}

/// The capacity of every Bedrock model by the quotas that were found, in the spec's order.
pub fn capacities_with(spec: &Spec, bedrock: &Bedrock, applied: &Applied) -> Vec<Capacity> {
    spec.models.iter().filter_map(|model| capacity(spec, bedrock, applied, model)).collect()
}

fn capacity(spec: &Spec, bedrock: &Bedrock, applied: &Applied, model: &Model) -> Option<Capacity> {
    let source = model.bedrock.as_ref()?;
    let accounts = bedrock.serving(source).count();
    let deployments: usize = bedrock.serving(source).map(|target| target.regions.len()).sum();
    let headroom = spec.bedrock.headroom;
    let places = bedrock.serving(source).flat_map(|target| target.regions.iter().map(move |region| (target, region)));
    let quotas = places.map(|(target, region)| applied.tokens(&model.name.0, &target.name, region).or(source.tpm));
    let tokens_per_minute =
        quotas.reduce(|sum, quota| Some(sum?.saturating_add(quota?))).unwrap_or(source.tpm.map(|_| 0));
    let requests_per_minute = source.rpm.map(|quota| quota.saturating_mul(deployments as u64));
    let burndown = burndown::rate(&source.model);
    let fleet = Fleet { accounts, headroom, tokens: tokens_per_minute, requests: requests_per_minute };
    Some(Capacity {
        model: model.name.0.clone(),
        accounts,
        deployments,
        tokens_per_minute,
        plannable: tokens_per_minute.map(|tokens| share(tokens, headroom)),
        requests_per_minute,
        plannable_requests: requests_per_minute.map(|requests| share(requests, headroom)),
        burndown,
        expected: model.expected.map(|load| fleet.expected(&load, burndown)),
    })
}

/// The accounts of a model, and the quotas of all their regions together.
struct Fleet {
    accounts: usize,
    headroom: f64,
    tokens: Option<u64>,
    requests: Option<u64>,
}

impl Fleet {
    fn expected(&self, load: &ExpectedLoad, burndown: u64) -> Expected {
        let request = Cost::of(load, burndown);
        let tokens_per_minute = load.requests_per_minute.saturating_mul(request.planned());
        let demands = [
            (Quota::Tokens, tokens_per_minute, self.tokens),
            (Quota::Requests, load.requests_per_minute, self.requests),
        ];
        let tightest = demands
            .into_iter()
            .filter_map(|(of, expected, quota)| Some(Demand { of, expected, quota: quota? }))
            .max_by(|one, other| one.utilization().total_cmp(&other.utilization()))
            .filter(|_| self.accounts > 0);
        // Accounts in which AWS allows nothing are never enough, however many.
        let enough = tightest.filter(|demand| demand.quota > 0).map(|demand| self.accounts_enough(demand));
        Expected {
            requests_per_minute: load.requests_per_minute,
            request,
            tokens_per_minute,
            utilization: tightest.filter(|demand| demand.quota > 0).map(Demand::utilization),
            limited_by: tightest.map(|demand| demand.of),
            fits: tightest.map(|demand| demand.expected <= share(demand.quota, self.headroom)),
            accounts_enough: enough,
            accounts_enough_with_one_lost: enough.map(|accounts| accounts.saturating_add(1)),
        }
    }

    fn accounts_enough(&self, demand: Demand) -> u64 {
        let accounts = demand.utilization() * as_f64(self.accounts as u64) / self.headroom;
        as_u64((accounts - ROUNDING).ceil().max(1.0))
    }
}

/// A load and the quota of all deployments, in the same unit.
#[derive(Clone, Copy)]
struct Demand {
    of: Quota,
    expected: u64,
    quota: u64,
}

impl Demand {
    /// Share of the quota that the load takes.
    fn utilization(self) -> f64 {
        as_f64(self.expected) / as_f64(self.quota)
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
    fn quotas_that_were_found_count_before_the_specs() {
        let spec = spec(json!({
            "bedrock": {"headroom": 0.5, "include_hub": false, "accounts": [
                {"id": "222222222222", "name": "one", "regions": ["us-east-1"]},
                {"id": "333333333333", "name": "two", "regions": ["us-east-1"]}
            ]},
            "models": [model(Some(100_000), 100)]
        }));
        let bedrock = Bedrock::new(&Basis::new(&spec, None));
        let with = |found: &[(&str, u64)]| {
            let mut applied = Applied::default();
            found.iter().for_each(|(account, tokens)| applied.insert("nova", account, "us-east-1", *tokens));
            capacities_with(&spec, &bedrock, &applied).remove(0)
        };
        assert_eq!(with(&[("one", 300_000)]).tokens_per_minute, Some(400_000));
        let held = with(&[("one", 0)]);
        assert_eq!((held.tokens_per_minute, held.expected.unwrap().fits), (Some(100_000), Some(false)));
        let held = with(&[("one", 0), ("two", 0)]).expected.unwrap();
        assert_eq!((held.fits, held.accounts_enough, held.utilization), (Some(false), None, None));
    }

    #[test]
    fn without_a_quota_nothing_is_claimed() {
        let expected = of(model(None, 10)).expected.unwrap();
        assert_eq!((expected.fits, expected.accounts_enough, expected.utilization), (None, None, None));
    }
}
