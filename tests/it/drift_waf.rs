//! What is changed inside a rule of the firewall is found.

use serde_json::{Value, json};

use crate::drift::{deployed, findings};
use crate::rehearsal::Rehearsal;

const WEB_ACL: &str = "AWS::WAFv2::WebACL";

/// Changes the firewall's rule that limits how often an address may call.
fn tamper(rehearsal: &Rehearsal, change: impl FnOnce(&mut Value)) {
    rehearsal.tamper(|world| {
        let id = world.resources_of("111122223333", "us-east-1", WEB_ACL).next().unwrap().identifier.clone();
        let web_acl = world.resource_mut("111122223333", "us-east-1", WEB_ACL, &id).unwrap();
        let rules = web_acl.properties["Rules"].as_array_mut().unwrap();
        let limits = |rule: &&mut Value| rule.pointer("/Statement/RateBasedStatement").is_some();
        change(rules.iter_mut().find(limits).unwrap());
    });
}

#[test]
fn a_limit_that_was_raised_and_an_action_that_only_counts_are_found() {
    let Some(rehearsal) = deployed() else { return };
    tamper(&rehearsal, |rule| {
        rule["Statement"]["RateBasedStatement"]["Limit"] = json!(2_000_000);
        rule["Action"] = json!({"Count": {}});
    });
    let found = findings(&rehearsal, 2);
    let mut paths: Vec<String> = Vec::new();
    for finding in &found {
        assert_eq!((&finding["address"], &finding["severity"]), (&json!("acme-llm-gateway/WebAcl"), &json!("high")));
        paths.push(
            finding["path"].as_array().unwrap().iter().skip(2).filter_map(Value::as_str).collect::<Vec<_>>().join("."),
        );
    }
    paths.sort_unstable();
    assert_eq!(paths, ["Action", "Statement.RateBasedStatement.Limit"]);
    let _ = rehearsal.run(&["drift", "--revert", "acme-llm-gateway/WebAcl", "--yes"]).expect(0);
}
