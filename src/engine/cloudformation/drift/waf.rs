//! The firewall, as AWS WAF itself tells of it: what is nested in the rules of a web ACL, and which web ACL a load balancer
//! really has.
//!
//! The Cloud Control API reads these types too, but an association only under both of its names, so that another web ACL looks
//! like none; and nobody says whether it gives all that a statement has in it.

use futures::StreamExt;
use serde_json::{Map, Value, json};

use super::given::{Answers, Told};
use super::stack::{Read, ReadStack};
use crate::aws::Session;
use crate::drift::{Difference, Reader, is_nothing};

pub(super) const WEB_ACL: &str = "AWS::WAFv2::WebACL";
pub(super) const IP_SET: &str = "AWS::WAFv2::IPSet";
pub(super) const LOGGING: &str = "AWS::WAFv2::LoggingConfiguration";
pub(super) const ASSOCIATION: &str = "AWS::WAFv2::WebACLAssociation";

/// What is read of a web ACL. The Cloud Control API gives its tags.
pub(super) const WEB_ACL_COVERED: [&str; 12] = [
    "ApplicationConfig",
    "AssociationConfig",
    "CaptchaConfig",
    "ChallengeConfig",
    "CustomResponseBodies",
    "DataProtectionConfig",
    "DefaultAction",
    "Description",
    "OnSourceDDoSProtectionConfig",
    "Rules",
    "TokenDomains",
    "VisibilityConfig",
];
/// What is read of an IP set. The Cloud Control API gives its tags.
pub(super) const IP_SET_COVERED: [&str; 3] = ["Addresses", "Description", "IPAddressVersion"];
/// What is read of how a web ACL logs.
pub(super) const LOGGING_COVERED: [&str; 3] = ["LogDestinationConfigs", "LoggingFilter", "RedactedFields"];
/// What is read of an association.
pub(super) const ASSOCIATION_COVERED: [&str; 2] = ["ResourceArn", "WebACLArn"];

/// The most resources of a stack that are asked about at the same time: AWS WAF answers few calls in a second.
const AT_ONCE: usize = 2;

/// What AWS WAF may fill in by itself where nobody has set it, with the values that it documents.
/// <https://docs.aws.amazon.com/waf/latest/APIReference/API_RateBasedStatement.html> and its neighbours
const DEFAULTS: [(&str, &str); 6] = [
    ("EvaluationWindowSec", "300"),
    ("OversizeHandling", "\"CONTINUE\""),
    ("SensitivityLevel", "\"LOW\""),
    ("EnableMachineLearning", "true"),
    ("Sensitivity", "\"HIGH\""),
    ("SensitivityToBlock", "\"LOW\""),
];
/// What is looked for has two names in templates, and AWS WAF has it once.
const SEARCH: [&str; 2] = ["SearchString", "SearchStringBase64"];

/// Reads the web ACLs, IP sets and settings of logs of a stack.
pub(super) async fn read(session: &Session, stack: &ReadStack) -> Answers {
    let of_kind = |kind| stack.of_type(kind).map(move |(logical_id, name)| (kind, logical_id, name));
    let own: Vec<(&str, &str, &str)> = [WEB_ACL, IP_SET, LOGGING].into_iter().flat_map(of_kind).collect();
    let asked = futures::stream::iter(own).map(|(kind, logical_id, name)| async move {
        let waf = session.wafv2();
        let (names, answer): (&[&str], _) = match kind {
            WEB_ACL => (&WEB_ACL_COVERED, waf.web_acl(name).await),
            IP_SET => (&IP_SET_COVERED, waf.ip_set(name).await),
            _ => (&LOGGING_COVERED, waf.logging(name).await),
        };
        let told = |found| Told::Instead(Reader::Wafv2, names, found);
        (logical_id.to_owned(), answer.map(|found| found.map(told)))
    });
    asked.buffered(AT_ONCE).collect().await
}

/// Reads which web ACL a resource has, by the name of the association: its parts are both ARNs.
pub(super) async fn association(session: &Session, name: &str) -> Read {
    let Some(resource) = name.split('|').find(|part| part.starts_with("arn:") && !part.contains(":wafv2:")) else {
        return Read::Unread(format!("{ASSOCIATION} is called by two ARNs, and not {name}"));
    };
    match session.wafv2().web_acl_of(resource).await {
        Ok(Some(web_acl)) => Read::There(json!({"ResourceArn": resource, "WebACLArn": web_acl}), Reader::Wafv2),
        Ok(None) => Read::Gone(Reader::Wafv2),
        Err(error) => Read::Unread(error.to_string()),
    }
}

/// What rules and the default action of a web ACL have that the template does not say. What is not said of a statement
/// narrows or weakens it: a scope, an action in the place of that of a managed rule, an answer of somebody's own.
pub(super) fn more(declared: &Value, actual: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    let rules = |side: &'_ Value| side.get("Rules").and_then(Value::as_array).cloned().unwrap_or_default();
    let there = rules(actual);
    for rule in rules(declared) {
        let Some(name) = rule.get("Name").and_then(Value::as_str) else { continue };
        if let Some(other) = there.iter().find(|other| other.get("Name") == rule.get("Name")) {
            walk(&rule, other, &mut vec!["Rules".to_owned(), name.to_owned()], &mut found);
        }
    }
    if let (Some(declared), Some(actual)) = (declared.get("DefaultAction"), actual.get("DefaultAction")) {
        walk(declared, actual, &mut vec!["DefaultAction".to_owned()], &mut found);
    }
    found
}

fn walk(declared: &Value, actual: &Value, path: &mut Vec<String>, found: &mut Vec<Difference>) {
    match (declared, actual) {
        (Value::Object(declared), Value::Object(actual)) if !is_another(declared, actual) => {
            for (name, value) in actual {
                path.push(name.clone());
                match declared.get(name) {
                    Some(inner) => walk(inner, value, path, found),
                    None if is_by_itself(name, value) => {}
                    None => {
                        found.push(Difference { path: path.clone(), expected: None, actual: Some(value.clone()) });
                    }
                }
                path.pop();
            }
        }
        // Lists of other lengths, and items of other kinds, differ as such.
        (Value::Array(declared), Value::Array(actual)) if declared.len() == actual.len() => {
            for (index, (declared, actual)) in declared.iter().zip(actual).enumerate() {
                let name = declared.get("Name").and_then(Value::as_str);
                let actual = name.map_or(Some(actual), |_| by_name(declared, actual));
                let Some(actual) = actual else { continue };
                path.push(name.map_or_else(|| index.to_string(), ToOwned::to_owned));
                walk(declared, actual, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

/// The item, if it has the same name.
fn by_name<'v>(declared: &Value, actual: &'v Value) -> Option<&'v Value> {
    (declared.get("Name") == actual.get("Name")).then_some(actual)
}

/// Whether something else was chosen, which differs as a whole.
fn is_another(declared: &Map<String, Value>, actual: &Map<String, Value>) -> bool {
    !declared.is_empty() && declared.keys().all(|name| !actual.contains_key(name))
}

fn is_by_itself(name: &str, value: &Value) -> bool {
    SEARCH.contains(&name) || is_nothing(value) || DEFAULTS.contains(&(name, value.to_string().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn managed(members: Value) -> Value {
        let mut statement = json!({"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"});
        statement.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        rule(json!({"Statement": {"ManagedRuleGroupStatement": statement}, "OverrideAction": {"None": {}}}))
    }

    fn rule(members: Value) -> Value {
        let mut rule = json!({"Name": "own", "Priority": 1});
        rule.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        json!({"DefaultAction": {"Allow": {}}, "Rules": [rule]})
    }

    fn paths(declared: &Value, actual: &Value) -> Vec<String> {
        more(declared, actual).into_iter().map(|one| one.path.join(".")).collect()
    }

    const STATEMENT: &str = "Rules.own.Statement.ManagedRuleGroupStatement";

    #[test]
    fn what_weakens_a_managed_group_is_found_where_the_template_says_nothing_of_it() {
        let counted = json!([{"Name": "Log4JRCE_BODY", "ActionToUse": {"Count": {}}}]);
        let scope = json!({"GeoMatchStatement": {"CountryCodes": ["NZ"]}});
        for (name, value) in [
            ("RuleActionOverrides", counted),
            ("ExcludedRules", json!([{"Name": "Log4JRCE_BODY"}])),
            ("ScopeDownStatement", scope),
            ("Version", json!("Version_1.0")),
        ] {
            let found = more(&managed(json!({})), &managed(json!({name: value})));
            assert_eq!(found.len(), 1, "{name}");
            assert_eq!(found[0].path.join("."), format!("{STATEMENT}.{name}"));
            assert_eq!((&found[0].expected, &found[0].actual), (&None, &Some(value)));
        }
    }

    #[test]
    fn what_is_declared_is_compared_elsewhere() {
        let with = |action: &str| {
            managed(json!({"RuleActionOverrides": [{"Name": "Log4JRCE_BODY", "ActionToUse": {action: {}}}]}))
        };
        assert_eq!(paths(&with("Count"), &with("Allow")), [""; 0]);
        assert_eq!(paths(&managed(json!({})), &json!({"Rules": []})), [""; 0]);
    }

    #[test]
    fn what_aws_waf_fills_in_is_no_difference_and_another_value_is() {
        let limit = |members: Value| {
            let mut statement = json!({"Limit": 2000, "AggregateKeyType": "IP"});
            statement.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            rule(json!({"Statement": {"RateBasedStatement": statement}, "Action": {"Block": {}}}))
        };
        assert_eq!(paths(&limit(json!({})), &limit(json!({"EvaluationWindowSec": 300}))), [""; 0]);
        let found = paths(&limit(json!({})), &limit(json!({"EvaluationWindowSec": 60})));
        assert_eq!(found, ["Rules.own.Statement.RateBasedStatement.EvaluationWindowSec"]);
    }

    #[test]
    fn an_answer_of_somebodys_own_is_found() {
        let answer = json!({"CustomResponse": {"ResponseCode": 200}});
        let block = |inner: &Value| json!({"DefaultAction": {"Block": inner}, "Rules": []});
        assert_eq!(paths(&block(&json!({})), &block(&answer)), ["DefaultAction.Block.CustomResponse"]);
    }

    #[test]
    fn what_is_looked_for_has_one_of_two_names() {
        let looks = |members: Value| rule(json!({"Statement": {"ByteMatchStatement": members}}));
        let both = looks(json!({"SearchString": "/admin", "SearchStringBase64": "L2FkbWlu"}));
        assert_eq!(paths(&looks(json!({"SearchString": "/admin"})), &both), [""; 0]);
    }

    #[test]
    fn a_rule_inside_another_is_looked_into() {
        let both = |header: Value| {
            let mut own = json!({"LabelMatchStatement": {"Scope": "LABEL", "Key": "a"}});
            own["LabelMatchStatement"].as_object_mut().unwrap().extend(header.as_object().unwrap().clone());
            rule(json!({"Statement": {"AndStatement": {"Statements": [own]}}}))
        };
        let found = paths(&both(json!({})), &both(json!({"ForwardedIPConfig": {"HeaderName": "X-Forwarded-For"}})));
        let within = "Rules.own.Statement.AndStatement.Statements.0.LabelMatchStatement.ForwardedIPConfig";
        assert_eq!(found, [within]);
    }
}
