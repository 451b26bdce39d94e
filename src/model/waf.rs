//! The web ACL in front of the load balancer.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::Basis;
use crate::spec::{Exposure, ManagedRules, Spec, Waf};

/// Managed rules, by group, that block ordinary prompts: long ones, and those with paths, URLs, markup or somebody's Java
/// logs in them. What they look for in addresses and headers still blocks.
/// <https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html>
const COUNTED_FOR_PROMPTS: [(&str, &[&str]); 2] = [
    ("known-bad-inputs", &["JavaDeserializationRCE_BODY", "Log4JRCE_BODY"]),
    (
        "common",
        &[
            "SizeRestrictions_BODY",
            "EC2MetaDataSSRF_BODY",
            "GenericLFI_BODY",
            "GenericRFI_BODY",
            "CrossSiteScripting_BODY",
        ],
    ),
];

/// The web ACL.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct WebAcl {
    /// Networks that are always blocked.
    pub block: Vec<String>,
    /// The rules, in order, as CloudFormation writes them.
    pub rules: Vec<Value>,
    /// Name of its log group.
    pub log_group: String,
}

impl WebAcl {
    /// The web ACL of a spec, if there is one.
    pub fn new(basis: &Basis<'_>) -> Option<Self> {
        let waf = settings(basis.spec)?;
        let block: Vec<String> = waf.block.iter().map(|network| network.0.clone()).collect();
        Some(Self { rules: rules(&waf), block, log_group: basis.names.waf_log_group() })
    }
}

/// As the spec says; on with its defaults if the gateway is public.
fn settings(spec: &Spec) -> Option<Waf> {
    match (&spec.ingress.waf, spec.ingress.exposure) {
        (Some(waf), _) => Some(waf.clone()),
        (None, Exposure::Public) => Some(Waf::default()),
        (None, Exposure::Internal) => None,
    }
}

/// Cheap rules that block come first; the managed ones inspect bodies.
fn rules(waf: &Waf) -> Vec<Value> {
    let mut rules = Vec::new();
    let mut add = |name: &str, action: (&str, Value), statement: Value| {
        let (key, action) = action;
        rules.push(json!({
            "Name": name,
            "Priority": rules.len(),
            "Statement": statement,
            key: action,
            "VisibilityConfig": {"SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": true, "MetricName": name},
        }));
    };
    let block = || ("Action", json!({"Block": {}}));
    if !waf.block.is_empty() {
        add(
            "blocked-networks",
            block(),
            json!({"IPSetReferenceStatement": {"Arn": {"Fn::GetAtt": ["BlockedNetworks", "Arn"]}}}),
        );
    }
    add(
        "rate-limit",
        block(),
        json!({"RateBasedStatement": {
            "AggregateKeyType": "IP",
            "Limit": waf.rate_limit_per_5_minutes,
            "EvaluationWindowSec": 300,
        }}),
    );
    let counted: &[(&str, &[&str])] = match waf.managed_rules {
        ManagedRules::None => return rules,
        ManagedRules::Strict => &[],
        ManagedRules::Llm => &COUNTED_FOR_PROMPTS,
    };
    // Bodies are read by the managed rules that follow; an address of ill repute needs no look at its body.
    for (name, group) in [
        ("ip-reputation", "AWSManagedRulesAmazonIpReputationList"),
        ("known-bad-inputs", "AWSManagedRulesKnownBadInputsRuleSet"),
        ("common", "AWSManagedRulesCommonRuleSet"),
    ] {
        let mut statement = json!({"VendorName": "AWS", "Name": group});
        if let Some((_, counted)) = counted.iter().find(|(of, _)| *of == name) {
            statement["RuleActionOverrides"] =
                counted.iter().map(|rule| json!({"Name": rule, "ActionToUse": {"Count": {}}})).collect();
        }
        add(name, ("OverrideAction", json!({"None": {}})), json!({"ManagedRuleGroupStatement": statement}));
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::spec;

    fn acl(ingress: Value) -> Option<WebAcl> {
        let spec = spec(json!({"ingress": ingress}));
        WebAcl::new(&Basis::new(&spec, None))
    }

    fn names(acl: &WebAcl) -> Vec<&str> {
        acl.rules.iter().filter_map(|rule| rule["Name"].as_str()).collect()
    }

    #[test]
    fn an_internal_gateway_has_none_unless_asked() {
        assert_eq!(acl(json!({})), None);
        assert!(acl(json!({"waf": {}})).is_some());
    }

    #[test]
    fn a_public_gateway_has_the_prompt_profile() {
        let acl = acl(json!({"exposure": "public"})).unwrap();
        assert_eq!(names(&acl), ["rate-limit", "ip-reputation", "known-bad-inputs", "common"]);
        for (rule, (_, wanted)) in acl.rules[2..].iter().zip(COUNTED_FOR_PROMPTS) {
            let counted = &rule["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"];
            let counted: Vec<_> = counted.as_array().unwrap().iter().filter_map(|rule| rule["Name"].as_str()).collect();
            assert_eq!(counted, wanted);
        }
    }

    #[test]
    fn strict_rules_all_block() {
        let acl = acl(json!({"waf": {"managed_rules": "strict"}})).unwrap();
        for rule in &acl.rules {
            assert_eq!(rule["Statement"]["ManagedRuleGroupStatement"].get("RuleActionOverrides"), None);
        }
    }

    #[test]
    fn without_managed_rules_only_the_rate_is_limited() {
        assert_eq!(names(&acl(json!({"waf": {"managed_rules": "none"}})).unwrap()), ["rate-limit"]);
    }

    #[test]
    fn blocked_networks_come_first() {
        let acl = acl(json!({"waf": {"block": ["203.0.113.0/24"]}})).unwrap();
        assert_eq!(names(&acl)[0], "blocked-networks");
        assert_eq!(acl.rules[0]["Priority"], 0);
    }

    #[test]
    fn priorities_are_the_rules_order() {
        let acl = acl(json!({"waf": {"block": ["203.0.113.0/24"]}})).unwrap();
        let priorities: Vec<_> = acl.rules.iter().filter_map(|rule| rule["Priority"].as_u64()).collect();
        assert_eq!(priorities, [0, 1, 2, 3, 4]);
    }
}
