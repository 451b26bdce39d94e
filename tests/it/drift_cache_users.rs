//! What was changed of the users of the cache is found, changed by boto3 through ElastiCache.

use serde_json::{Value, json};

use crate::drift::{deployed, findings, inject};
use crate::rehearsal::Rehearsal;

const USER: &str = "acme-llm-data/CacheUser";
const USERS: &str = "acme-llm-data/CacheUsers";
const OWN: &str = "on ~* &* +@all -@dangerous +info";

fn change(rehearsal: &Rehearsal, with: &Value) {
    let mut with = with.clone();
    with["UserId"] = json!("{acme-llm-data.CacheUser}");
    inject(rehearsal, &json!([{"call": "elasticache.modify_user", "with": with}]));
}

/// Lets somebody else into the cache.
fn let_in(rehearsal: &Rehearsal) {
    let user = json!({
        "UserId": "intruder", "UserName": "intruder", "Engine": "valkey", "AccessString": "on ~* &* +@all",
        "AuthenticationMode": {"Type": "iam"},
    });
    let with = json!({"UserGroupId": "{acme-llm-data.CacheUsers}", "UserIdsToAdd": ["intruder"]});
    let made = json!({"type": "AWS::ElastiCache::User", "create": user});
    inject(rehearsal, &json!([made, {"call": "elasticache.modify_user_group", "with": with}]));
}

#[test]
fn untouched_users_are_compared_with_what_they_may_do_and_only_passwords_are_not() {
    let Some(rehearsal) = deployed() else { return };
    let document = rehearsal.run(&["drift", "--strict", "-o", "json"]).expect(0).json();
    assert_eq!((&document["findings"], &document["folded"]), (&json!([]), &json!([])));
    let unread = &document["coverage"]["unread_properties"];
    assert_eq!(unread[USER], json!(["AuthenticationMode.Passwords"]), "{unread:#}");
    assert_eq!(unread.get(USERS), None, "{unread:#}");
}

#[test]
fn a_user_that_may_do_more_is_found_and_put_back_and_keeps_its_password() {
    let Some(rehearsal) = deployed() else { return };
    change(&rehearsal, &json!({"AccessString": "on ~* &* +@all"}));
    let found = findings(&rehearsal, 2);
    assert_eq!((found.len(), &found[0]["address"], &found[0]["kind"]), (1, &json!(USER), &json!("changed")));
    assert_eq!((&found[0]["path"], &found[0]["severity"]), (&json!(["AccessString"]), &json!("high")));
    assert_eq!((&found[0]["expected"], &found[0]["actual"]), (&json!(OWN), &json!("on ~* &* +@all")));
    assert_eq!(found[0]["reader"], "elasticache");
    let run = rehearsal.run(&["drift"]).expect(2);
    assert!(run.stdout.contains(&format!("gwinfra drift --revert {USER}")), "{}", run.stdout);
    rehearsal.run(&["drift", "--revert", USER, "--yes"]).says(0, "Put back 1 property");
    assert_eq!(findings(&rehearsal, 0), Vec::<Value>::new());
}

#[test]
fn the_same_in_other_words_is_no_difference() {
    let Some(rehearsal) = deployed() else { return };
    change(&rehearsal, &json!({"AccessString": "allchannels allcommands -@dangerous +info on allkeys"}));
    assert_eq!(findings(&rehearsal, 0), Vec::<Value>::new());
}

#[test]
fn a_second_password_is_found_and_nobody_tells_what_it_is() {
    let Some(rehearsal) = deployed() else { return };
    let passwords = ["canary-0123456789", "canary-9876543210"];
    change(&rehearsal, &json!({"AuthenticationMode": {"Type": "password", "Passwords": passwords}}));
    let found = findings(&rehearsal, 2);
    assert_eq!((found.len(), &found[0]["path"]), (1, &json!(["AuthenticationMode", "PasswordCount"])), "{found:#?}");
    assert_eq!((&found[0]["expected"], &found[0]["actual"]), (&json!(1), &json!(2)));
    let run = rehearsal.run(&["drift"]).expect(2);
    assert!(!run.stdout.contains("canary") && !run.stdout.contains("--revert"), "{}", run.stdout);
    rehearsal.run(&["drift", "--revert", USER, "--yes"]).says(1, "can be put back");
}

#[test]
fn a_user_that_is_let_in_without_a_password_is_found() {
    let Some(rehearsal) = deployed() else { return };
    change(&rehearsal, &json!({"NoPasswordRequired": true}));
    let found = findings(&rehearsal, 2);
    assert_eq!((found.len(), &found[0]["path"]), (1, &json!(["AuthenticationMode", "Type"])), "{found:#?}");
    assert_eq!((&found[0]["expected"], &found[0]["actual"]), (&json!("password"), &json!("no-password-required")));
}

#[test]
fn a_user_that_was_let_in_is_found_and_taken_out() {
    let Some(rehearsal) = deployed() else { return };
    let_in(&rehearsal);
    let found = findings(&rehearsal, 2);
    assert_eq!((found.len(), &found[0]["address"], &found[0]["kind"]), (1, &json!(USERS), &json!("added")));
    assert_eq!((&found[0]["path"], &found[0]["actual"]), (&json!(["UserIds"]), &json!("intruder")));
    assert_eq!((&found[0]["severity"], &found[0]["reader"]), (&json!("high"), &json!("elasticache")));
    rehearsal.run(&["drift", "--revert", USERS, "--yes"]).says(0, "Took 1 part out of acme-llm-data/CacheUsers");
    assert_eq!(findings(&rehearsal, 0), Vec::<Value>::new());
}

#[test]
fn what_elasticache_refuses_to_tell_of_users_is_not_compared_and_strict_says_so() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let refusing = "faults: [{match: {action: DescribeUsers}, times: 99, \
                    refuse: {code: AccessDenied, message: no, status: 403}}]";
    let document = rehearsal.run_with(refusing, &["drift", "-o", "json"]).expect(0).json();
    let skipped = document["coverage"]["skipped"].as_array().unwrap();
    let skipped: Vec<&Value> = skipped.iter().map(|one| &one["address"]).collect();
    assert_eq!(skipped, ["acme-llm-data/CacheUser properties"], "{:#}", document["coverage"]);
    assert_eq!(rehearsal.run_with(refusing, &["drift", "--strict"]).code, 11);
}
