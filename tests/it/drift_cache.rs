//! What was changed at the cache is found, although the Cloud Control API does not give it back: changed by boto3 through
//! ElastiCache.

use serde_json::{Value, json};

use crate::drift::{deployed, findings, inject};
use crate::rehearsal::Rehearsal;

const CACHE: &str = "acme-llm-data/Cache";

fn change(rehearsal: &Rehearsal, property: &str, value: &Value) {
    let with = json!({"ReplicationGroupId": "{acme-llm-data.Cache}", "ApplyImmediately": true, property: value});
    inject(rehearsal, &json!([{"call": "elasticache.modify_replication_group", "with": with}]));
}

#[test]
fn an_untouched_cache_is_compared_with_its_groups_version_and_key() {
    let Some(rehearsal) = deployed() else { return };
    let document = rehearsal.run(&["drift", "--strict", "-o", "json"]).expect(0).json();
    assert_eq!((&document["findings"], &document["folded"]), (&json!([]), &json!([])));
    assert_eq!(document["coverage"]["unread_properties"].get(CACHE), None, "{:#}", document["coverage"]);
}

#[test]
fn another_security_group_at_the_cache_is_one_difference_that_matters_most() {
    let Some(rehearsal) = deployed() else { return };
    change(&rehearsal, "SecurityGroupIds", &json!(["sg-0123456789abcdef0"]));
    let found = findings(&rehearsal, 2);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((&found[0]["address"], &found[0]["kind"]), (&json!(CACHE), &json!("changed")));
    assert_eq!((&found[0]["path"], &found[0]["severity"]), (&json!(["SecurityGroupIds", "0"]), &json!("high")));
    assert_eq!((&found[0]["actual"], &found[0]["reader"]), (&json!("sg-0123456789abcdef0"), &json!("elasticache")));
    assert!(found[0]["expected"].as_str().unwrap().starts_with("sg-"), "{found:#?}");
}

#[test]
fn a_security_group_that_was_added_at_the_cache_is_found() {
    let Some(rehearsal) = deployed() else { return };
    let both = json!(["{acme-llm-network.CacheSecurityGroup}", "{acme-llm-network.DatabaseSecurityGroup}"]);
    change(&rehearsal, "SecurityGroupIds", &both);
    let found = findings(&rehearsal, 2);
    assert_eq!((found.len(), &found[0]["kind"]), (1, &json!("added")), "{found:#?}");
    assert_eq!((&found[0]["path"], &found[0]["severity"]), (&json!(["SecurityGroupIds"]), &json!("high")));
}

#[test]
fn another_group_of_parameters_at_the_cache_is_found() {
    let Some(rehearsal) = deployed() else { return };
    change(&rehearsal, "CacheParameterGroupName", &json!("default.valkey8"));
    let found = findings(&rehearsal, 2);
    assert_eq!((found.len(), &found[0]["path"]), (1, &json!(["CacheParameterGroupName"])));
    assert_eq!(found[0]["actual"], "default.valkey8");
}

#[test]
fn a_minor_version_that_the_cache_has_taken_is_no_drift_and_a_major_one_is() {
    let Some(rehearsal) = deployed() else { return };
    change(&rehearsal, "EngineVersion", &json!("8.1"));
    let document = rehearsal.run(&["drift", "-o", "json"]).expect(0).json();
    assert_eq!((&document["findings"], document["folded"].as_array().unwrap().len()), (&json!([]), 1));
    assert_eq!(document["folded"][0]["path"], json!(["EngineVersion"]));
    change(&rehearsal, "EngineVersion", &json!("9.0"));
    let found = findings(&rehearsal, 2);
    assert_eq!((found.len(), &found[0]["expected"], &found[0]["actual"]), (1, &json!("8.0"), &json!("9.0.0")));
}

#[test]
fn what_elasticache_refuses_to_tell_is_not_compared_and_strict_says_so() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let refusing = "faults: [{match: {action: DescribeReplicationGroups}, times: 99, \
                    refuse: {code: AccessDenied, message: no, status: 403}}]";
    let document = rehearsal.run_with(refusing, &["drift", "-o", "json"]).expect(0).json();
    let coverage = &document["coverage"];
    assert_eq!((&document["findings"], coverage["skipped"].as_array().unwrap().len()), (&json!([]), 1), "{coverage:#}");
    assert_eq!(coverage["skipped"][0]["address"], "acme-llm-data/Cache properties");
    let unread = coverage["unread_properties"][CACHE].as_array().unwrap();
    assert!(unread.contains(&json!("SecurityGroupIds")), "{unread:?}");
    assert_eq!(rehearsal.run_with(refusing, &["drift", "--strict"]).code, 11);
}

#[test]
fn failover_that_was_turned_off_is_found() {
    let Some(rehearsal) = deployed() else { return };
    change(&rehearsal, "AutomaticFailoverEnabled", &json!(false));
    let found = findings(&rehearsal, 2);
    assert_eq!((found.len(), &found[0]["path"]), (1, &json!(["AutomaticFailoverEnabled"])));
    assert_eq!((&found[0]["expected"], &found[0]["actual"]), (&json!(true), &json!(false)));
}

#[test]
fn what_only_elasticache_gives_is_not_put_back() {
    let Some(rehearsal) = deployed() else { return };
    change(&rehearsal, "SecurityGroupIds", &json!(["sg-0123456789abcdef0"]));
    let run = rehearsal.run(&["drift"]).expect(2);
    assert!(!run.stdout.contains("--revert"), "{}", run.stdout);
    rehearsal.run(&["drift", "--revert", CACHE, "--yes"]).says(1, "can be put back");
}
