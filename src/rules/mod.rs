//! What types cannot say: one file per rule, each with a stable code.
//!
//! A rule is a pure function of a loaded spec. It reports every violation that it finds, at the key or value that is
//! wrong, with a way out. What the spec passes through to LiteLLM is checked by the lints of [`crate::litellm`].
//! Codes: `GW01xx` network and compute, `GW02xx` accounts and data, `GW03xx` gateway and models.

mod accounts;
mod compute;
mod data;
mod gateway;
mod ingress;
mod models;
mod network;
mod project;
mod repeated;

pub(crate) use models::geography::prefix_of as geography_of;

use crate::diagnostics::{Diagnostic, Span};
use crate::model::Basis;
use crate::model::bedrock::Bedrock;
use crate::spec::{Database, Loaded, Nat, SpanIndex, Spec, Vpc};

/// One thing that a spec must, or should, hold to.
pub struct Rule {
    /// Stable code, `GWnnnn`.
    pub code: &'static str,
    /// What it asks for, in a few words.
    pub title: &'static str,
    /// What it asks for and why, with a wrong and a right example, as `gwinfra explain` prints it.
    pub explanation: &'static str,
    /// Reports every violation.
    pub check: fn(&Subject<'_>, &mut Vec<Diagnostic>),
}

impl Rule {
    /// An error at the value of a path.
    fn error(&self, subject: &Subject<'_>, path: impl Into<String>, message: impl Into<String>) -> Diagnostic {
        let path = path.into();
        Diagnostic::error(self.code, message).with_span(subject.at(&path)).with_path(path)
    }

    /// A warning at the value of a path.
    fn warning(&self, subject: &Subject<'_>, path: impl Into<String>, message: impl Into<String>) -> Diagnostic {
        let path = path.into();
        Diagnostic::warning(self.code, message).with_span(subject.at(&path)).with_path(path)
    }

    /// A note at the value of a path.
    fn note(&self, subject: &Subject<'_>, path: impl Into<String>, message: impl Into<String>) -> Diagnostic {
        let path = path.into();
        Diagnostic::note(self.code, message).with_span(subject.at(&path)).with_path(path)
    }
}

/// What rules look at.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The spec, with its environment merged and its defaults filled in.
    pub spec: &'a Spec,
    /// Where each key and value is.
    pub spans: &'a SpanIndex,
    /// Prefix of the names of all resources.
    pub prefix: &'a str,
    /// The environment that is merged.
    pub environment: Option<&'a str>,
}

impl<'a> Subject<'a> {
    /// A short place for a finding about a path.
    fn at(&self, path: &str) -> Option<Span> {
        self.spans.nearest(path)
    }

    /// Where the key of a path is; where its value is if it has no key.
    fn key(&self, path: &str) -> Option<Span> {
        self.spans.key(path).or_else(|| self.spans.nearest(path))
    }

    /// What the model starts from.
    fn basis(&self) -> Basis<'a> {
        Basis::new(self.spec, self.environment)
    }

    /// The accounts whose Bedrock quotas the gateway uses.
    fn bedrock(&self) -> Bedrock {
        Bedrock::new(&self.basis())
    }

    /// Whether the VPC is made without a way out.
    fn is_isolated(&self) -> bool {
        matches!(&self.spec.network.vpc, Vpc::Create(vpc) if vpc.nat == Nat::None)
    }

    /// Whether there is a database.
    fn has_database(&self) -> bool {
        !matches!(self.spec.database, Database::None(_))
    }
}

/// Codes of findings whose marked text is a secret: no excerpt may show it.
pub const SECRET_CODES: [&str; 2] = ["GW0306", "GW0307"];

/// Checks a spec against every rule. Findings are in the order of the file.
pub fn check(loaded: &Loaded) -> Vec<Diagnostic> {
    let prefix = loaded.prefix();
    let subject = Subject {
        spec: &loaded.spec,
        spans: &loaded.spans,
        prefix: &prefix,
        environment: loaded.environment.as_deref(),
    };
    let mut report = loaded.report();
    for rule in RULES {
        (rule.check)(&subject, &mut report.diagnostics);
    }
    crate::litellm::check_passthrough(&loaded.spec, &loaded.spans, &mut report.diagnostics);
    report.sort();
    report.diagnostics
}

/// Whether a section of LiteLLM's configuration may be set under `gateway.litellm.settings`.
pub(crate) fn is_passed_section(section: &str) -> bool {
    gateway::settings_section::is_passed(section)
}

/// Code, title and explanation of every rule, in the order of the codes.
pub fn codes() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    RULES.iter().map(|rule| (rule.code, rule.title, rule.explanation))
}

/// All rules, in the order of their codes.
pub static RULES: &[&Rule] = &[
    &network::host_bits::RULE,
    &network::vpc_size::RULE,
    &network::private_range::RULE,
    &network::vpn_overlap::RULE,
    &network::vpn_size::RULE,
    &network::vpn_authorize::RULE,
    &network::zone_names::RULE,
    &network::zone_count::RULE,
    &network::existing_subnets::RULE,
    &network::existing_public::RULE,
    &network::endpoint_names::RULE,
    &network::isolated_endpoints::RULE,
    &network::isolated_models::RULE,
    &network::isolated_images::RULE,
    &network::isolated_regions::RULE,
    &network::isolated_okta::RULE,
    &network::repeated_networks::RULE,
    &network::rule_limit::RULE,
    &ingress::public_allow_from::RULE,
    &ingress::open_to_everybody::RULE,
    &ingress::public_from_private::RULE,
    &ingress::public_plaintext::RULE,
    &ingress::plaintext_acknowledged::RULE,
    &ingress::domain_in_zone::RULE,
    &ingress::timeouts::RULE,
    &ingress::waf_without_rules::RULE,
    &ingress::waf_block_all::RULE,
    &ingress::vpn_certificates::RULE,
    &ingress::certificate_name::RULE,
    &compute::fargate_size::RULE,
    &compute::task_range::RULE,
    &compute::schedule_range::RULE,
    &compute::schedule_names::RULE,
    &compute::schedule_cron::RULE,
    &compute::schedule_timezone::RULE,
    &compute::spot::RULE,
    &compute::start_again::RULE,
    &compute::worker_memory::RULE,
    &compute::kubernetes_version::RULE,
    &accounts::hub_repeated::RULE,
    &accounts::unique_accounts::RULE,
    &accounts::unique_regions::RULE,
    &accounts::known_region::RULE,
    &accounts::one_partition::RULE,
    &accounts::arn_service::RULE,
    &accounts::arn_account::RULE,
    &accounts::arn_region::RULE,
    &accounts::arn_partition::RULE,
    &accounts::deploy_roles::RULE,
    &accounts::serving::RULE,
    &accounts::hub_regions::RULE,
    &accounts::idle_account::RULE,
    &accounts::unique_units::RULE,
    &accounts::policy_count::RULE,
    &data::aurora_version::RULE,
    &data::aurora_capacity::RULE,
    &data::aurora_pause::RULE,
    &data::aurora_readers::RULE,
    &data::cache_version::RULE,
    &data::cache_replicas::RULE,
    &data::cache_node_type::RULE,
    &data::keys_without_database::RULE,
    &data::history_without_database::RULE,
    &data::okta_without_database::RULE,
    &data::routing_without_cache::RULE,
    &gateway::bad_image::RULE,
    &gateway::moving_tag::RULE,
    &gateway::image_reference::RULE,
    &gateway::reserved_variable::RULE,
    &gateway::variable_twice::RULE,
    &gateway::secret_in_environment::RULE,
    &gateway::settings_section::RULE,
    &gateway::owned_settings::RULE,
    &gateway::undeclared_variable::RULE,
    &gateway::idle_middleware::RULE,
    &gateway::okta_without_middleware::RULE,
    &gateway::secret_names::RULE,
    &gateway::mock_llm::RULE,
    &gateway::mock_latency::RULE,
    &gateway::unknown_variable::RULE,
    &gateway::okta_without_budget::RULE,
    &models::unique_names::RULE,
    &models::one_source::RULE,
    &models::known_fallback::RULE,
    &models::own_fallback::RULE,
    &models::fallback_cycle::RULE,
    &models::known_account::RULE,
    &models::declared_key::RULE,
    &models::capacity::RULE,
    &models::profile_region::RULE,
    &models::needs_profile::RULE,
    &models::generated_params::RULE,
    &models::bedrock_by_hand::RULE,
    &models::unique_guardrails::RULE,
    &models::draft_guardrail::RULE,
    &gateway::vulnerable_image::RULE,
    &gateway::middleware_value::RULE,
    &project::reserved_tags::RULE,
    &project::tag_limits::RULE,
    &project::tag_count::RULE,
    &project::blueprint_name::RULE,
    &project::blueprint_support::RULE,
    &project::name_length::RULE,
    &project::state_engine::RULE,
    &project::state_bucket::RULE,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_unique() {
        let codes: Vec<_> = RULES.iter().map(|rule| rule.code).collect();
        assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
    }

    #[test]
    fn codes_of_rules_are_none_of_those_of_the_spec() {
        assert!(RULES.iter().all(|rule| rule.code.len() == 6 && rule.code >= "GW0100" && rule.code < "GW0400"));
    }

    #[test]
    fn every_rule_is_explained_with_a_wrong_and_a_right_example() {
        for rule in RULES {
            assert!(rule.explanation.starts_with(&format!("# {}\n\n", rule.title)), "{}", rule.code);
            for part in ["\n\nWrong:\n\n```yaml\n", "```\n\nRight:\n\n```yaml\n"] {
                assert!(rule.explanation.contains(part), "{} lacks {part:?}", rule.code);
            }
        }
    }
}
