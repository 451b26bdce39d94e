//! What a spec says about the gateway that is called. Of one that no spec describes, nothing is expected.

use std::collections::BTreeMap;
use std::time::Duration;

use super::name::Name;
use crate::model::Basis;
use crate::model::bedrock::Bedrock;
use crate::model::listener::{MIDDLEWARE_HEALTH, Target, keeps_history, route};
use crate::model::litellm::{deployment_id, document};
use crate::spec::{Cache, Database, Exposure, ManagedRules, Spec, Tls};

/// How often LiteLLM writes what was spent, unless it is told (`proxy_batch_write_at`).
/// <https://docs.litellm.ai/docs/proxy/config_settings>
const SPEND_WRITTEN: Duration = Duration::from_secs(10);

/// A deployment of LiteLLM that should be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedDeployment {
    /// LiteLLM's id.
    pub id: String,
    /// Name of the account in the spec.
    pub account: String,
    /// Region in which it calls the model.
    pub region: String,
}

/// What the firewall in front blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirewallRules {
    /// There is none.
    Off,
    /// Too many requests, and nothing else.
    Rate,
    /// Bad requests; prompts pass.
    Prompts,
    /// Bad requests, and bodies over 8 KiB.
    Strict,
}

/// Where to look when something is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// Log group of LiteLLM.
    pub litellm_logs: Option<String>,
    /// Log group of the middleware.
    pub middleware_logs: Option<String>,
    /// Name of the load balancer.
    pub load_balancer: Option<String>,
    /// Instance through which a tunnel can be made.
    pub bastion: Option<String>,
}

/// What is expected. `None`: not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// Prefix of the deployment.
    pub deployment: Option<String>,
    /// Names of the models.
    pub models: Option<Vec<String>>,
    /// LiteLLM's deployments of Bedrock.
    pub deployments: Option<Vec<ExpectedDeployment>>,
    /// Models with the models that are tried when they fail.
    pub fallbacks: Option<BTreeMap<String, Vec<String>>>,
    /// How LiteLLM spreads calls: its name of the strategy.
    pub strategy: Option<String>,
    /// How often LiteLLM writes what was spent.
    pub spend_written: Option<Duration>,
    /// Whether there is a database.
    pub database: Option<bool>,
    /// Whether there is a cache.
    pub cache: Option<bool>,
    /// Whether the middleware stands beside LiteLLM.
    pub middleware: Option<bool>,
    /// Whether it serves Bedrock's Converse API.
    pub converse: Option<bool>,
    /// Whether it answers chat calls, and not LiteLLM.
    pub chat_through_middleware: Option<bool>,
    /// Whether it keeps chat sessions.
    pub history: Option<bool>,
    /// What the firewall blocks.
    pub firewall: Option<FirewallRules>,
    /// Whether the load balancer stands in private subnets.
    pub internal: bool,
    /// Where its name comes from.
    pub name: Name,
    /// Whether a new service runs no task.
    pub no_tasks: bool,
    /// Where to look when something is wrong.
    pub links: Links,
}

impl Expected {
    /// What a spec says.
    pub fn of(spec: &Spec, environment: Option<&str>) -> Self {
        let basis = Basis::new(spec, environment);
        let bedrock = Bedrock::new(&basis);
        let through = |path: &str| route(&basis, "POST", path).0 == Target::Middleware;
        let settings = document(&basis, &bedrock);
        let enabled = spec.gateway.middleware.enabled;
        Self {
            deployment: Some(basis.names.prefix().to_owned()),
            models: Some(spec.models.iter().map(|model| model.name.0.clone()).collect()),
            deployments: Some(deployments(spec, &bedrock)),
            fallbacks: Some(fallbacks(spec)),
            strategy: settings
                .pointer("/router_settings/routing_strategy")
                .and_then(|name| Some(name.as_str()?.to_owned())),
            spend_written: Some(
                settings
                    .pointer("/general_settings/proxy_batch_write_at")
                    .and_then(|seconds| Duration::try_from_secs_f64(seconds.as_f64()?).ok())
                    .unwrap_or(SPEND_WRITTEN),
            ),
            database: Some(!matches!(spec.database, Database::None(_))),
            cache: Some(!matches!(spec.cache, Cache::None(_))),
            middleware: Some(enabled && through(MIDDLEWARE_HEALTH)),
            converse: Some(enabled && spec.gateway.middleware.bedrock_api),
            chat_through_middleware: Some(through("/v1/chat/completions")),
            history: Some(keeps_history(spec)),
            firewall: Some(firewall(spec)),
            internal: spec.ingress.exposure == Exposure::Internal,
            name: Name::of(&spec.ingress.tls),
            no_tasks: match &spec.compute {
                crate::spec::Compute::Fargate(fargate) => fargate.tasks.desired == 0,
                _ => false,
            },
            links: Links::default(),
        }
    }

    /// Whether the spec's gateway has TLS.
    pub fn has_tls(spec: &Spec) -> bool {
        !matches!(spec.ingress.tls, Tls::Plaintext(_))
    }

    /// Name of the account of a deployment.
    pub(super) fn account(&self, id: &str) -> Option<String> {
        let known = self.deployments.iter().flatten().find(|deployment| deployment.id == id)?;
        Some(known.account.clone())
    }
}

fn deployments(spec: &Spec, bedrock: &Bedrock) -> Vec<ExpectedDeployment> {
    let mut all = Vec::new();
    for model in &spec.models {
        let Some(source) = &model.bedrock else { continue };
        for target in bedrock.serving(source) {
            all.extend(target.regions.iter().map(|region| ExpectedDeployment {
                id: deployment_id(&model.name.0, &target.name, region),
                account: target.name.clone(),
                region: region.clone(),
            }));
        }
    }
    all
}

fn fallbacks(spec: &Spec) -> BTreeMap<String, Vec<String>> {
    let names = |list: &[crate::spec::types::EntryName]| list.iter().map(|name| name.0.clone()).collect::<Vec<_>>();
    spec.models
        .iter()
        .filter_map(|model| {
            let own = names(&model.fallbacks);
            Some((model.name.0.clone(), own)).filter(|(_, own)| !own.is_empty())
        })
        .collect()
}

fn firewall(spec: &Spec) -> FirewallRules {
    let rules = match (&spec.ingress.waf, spec.ingress.exposure) {
        (Some(waf), _) => waf.managed_rules,
        (None, Exposure::Public) => ManagedRules::Llm,
        (None, Exposure::Internal) => return FirewallRules::Off,
    };
    match rules {
        ManagedRules::None => FirewallRules::Rate,
        ManagedRules::Llm => FirewallRules::Prompts,
        ManagedRules::Strict => FirewallRules::Strict,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::testing::spec;

    fn expected(changes: Value) -> Expected {
        Expected::of(&spec(changes), None)
    }

    #[test]
    fn the_deployments_are_those_of_the_generated_configuration() {
        let changes = json!({"bedrock": {"accounts": [
            {"id": "222222222222", "name": "one", "regions": ["us-east-1", "us-west-2"]}
        ]}});
        let spec = spec(changes);
        let basis = Basis::new(&spec, None);
        let document = crate::model::litellm::document(&basis, &Bedrock::new(&basis));
        let generated: Vec<_> =
            document["model_list"].as_array().unwrap().iter().map(|one| &one["model_info"]["id"]).collect();
        let expected = Expected::of(&spec, None).deployments.unwrap();
        assert_eq!(expected.iter().map(|one| json!(one.id)).collect::<Vec<_>>().iter().collect::<Vec<_>>(), generated);
        assert_eq!(expected[1].account, "one");
        assert_eq!(expected[1].region, "us-west-2");
    }

    #[test]
    fn without_a_database_there_is_no_history() {
        let expected = expected(json!({"database": {"none": {}}}));
        assert_eq!((expected.database, expected.history), (Some(false), Some(false)));
    }

    #[test]
    fn what_is_spent_is_written_when_the_configuration_says() {
        assert_eq!(expected(json!({})).spend_written, Some(SPEND_WRITTEN));
        let settings = json!({"general_settings": {"proxy_batch_write_at": 60}});
        let changed = expected(json!({"gateway": {"litellm": {"settings": settings}}}));
        assert_eq!(changed.spend_written, Some(Duration::from_secs(60)));
    }

    #[test]
    fn the_strategy_is_the_specs() {
        assert_eq!(expected(json!({})).strategy.as_deref(), Some("least-busy"));
        let changed = expected(json!({"routing": {"strategy": "cost-based-routing"}}));
        assert_eq!(changed.strategy.as_deref(), Some("cost-based-routing"));
    }

    #[test]
    fn the_firewall_is_the_specs() {
        let of = |ingress: Value| expected(json!({"ingress": ingress})).firewall.unwrap();
        assert_eq!(of(json!({})), FirewallRules::Off);
        assert_eq!(of(json!({"exposure": "public"})), FirewallRules::Prompts);
        assert_eq!(of(json!({"waf": {"managed_rules": "strict"}})), FirewallRules::Strict);
        assert_eq!(of(json!({"waf": {"managed_rules": "none"}})), FirewallRules::Rate);
    }
}
