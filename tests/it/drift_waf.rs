//! What is changed of the firewall is found, changed by the AWS CLI through AWS WAF's own API, as the console changes it.

use serde_json::{Value, json};

use crate::drift::{deployed, findings, spec};
use crate::drift_cli::{Cli, with_cli};
use crate::rehearsal::Rehearsal;

const WEB_ACL: &str = "AWS::WAFv2::WebACL";
const ADDRESS: &str = "acme-llm-gateway/WebAcl";
const ASSOCIATION: &str = "acme-llm-gateway/WebAclAssociation";

/// The arguments that name a resource of the gateway's stack.
fn named(cli: &Cli<'_>, logical_id: &str) -> [String; 6] {
    let physical = cli.physical("acme-llm-gateway", logical_id);
    let [name, id, scope] = <[&str; 3]>::try_from(physical.split('|').collect::<Vec<_>>()).unwrap();
    ["--name", name, "--id", id, "--scope", scope].map(ToOwned::to_owned)
}

/// Runs a command with these arguments after its own.
fn run(cli: &Cli<'_>, command: &[&str], arguments: &[String]) -> Value {
    let arguments = arguments.iter().map(String::as_str);
    cli.run(&["wafv2"].into_iter().chain(command.iter().copied()).chain(arguments).collect::<Vec<_>>())
}

/// Changes the web ACL: reads it, and writes it back as a whole.
fn change_web_acl(cli: &Cli<'_>, change: impl FnOnce(&mut Value)) {
    let named = named(cli, "WebAcl");
    let found = run(cli, &["get-web-acl"], &named);
    let mut web_acl = found["WebACL"].clone();
    change(&mut web_acl);
    let mut input = json!({"Name": named[1], "Id": named[3], "Scope": named[5], "LockToken": found["LockToken"]});
    for name in ["DefaultAction", "Rules", "VisibilityConfig"] {
        input[name] = web_acl[name].clone();
    }
    run(cli, &["update-web-acl", "--cli-input-json", &input.to_string()], &[]);
}

fn rule<'r>(web_acl: &'r mut Value, name: &str) -> &'r mut Value {
    web_acl["Rules"].as_array_mut().unwrap().iter_mut().find(|rule| rule["Name"] == name).unwrap()
}

fn overrides<'r>(web_acl: &'r mut Value, name: &str) -> &'r mut Value {
    &mut rule(web_acl, name)["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"]
}

fn arn(cli: &Cli<'_>) -> String {
    run(cli, &["get-web-acl"], &named(cli, "WebAcl"))["WebACL"]["ARN"].as_str().unwrap().to_owned()
}

fn balancer(cli: &Cli<'_>) -> String {
    cli.physical("acme-llm-gateway", "LoadBalancer")
}

fn disassociate(cli: &Cli<'_>) {
    run(cli, &["disassociate-web-acl", "--resource-arn", &balancer(cli)], &[]);
}

/// Address, kind and path of a finding.
fn what(finding: &Value) -> String {
    let path: Vec<&str> = finding["path"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let text = |name: &str| finding[name].as_str().unwrap();
    format!("{} {} {}", text("address"), text("kind"), path.join(".")).trim_end().to_owned()
}

#[test]
fn an_untouched_firewall_is_compared_whole() {
    let Some(rehearsal) = deployed() else { return };
    let document = rehearsal.run(&["drift", "--strict", "-o", "json"]).expect(0).json();
    assert_eq!((&document["findings"], &document["folded"]), (&json!([]), &json!([])));
    let coverage = &document["coverage"];
    assert_eq!((&coverage["by_reader"]["wafv2"], &coverage["skipped"]), (&json!(4), &json!([])), "{coverage:#}");
    for name in ["WebAcl", "BlockedNetworks", "WebAclLogging", "WebAclAssociation"] {
        assert_eq!(coverage["unread_properties"].get(format!("acme-llm-gateway/{name}")), None, "{coverage:#}");
    }
}

#[test]
fn each_change_of_the_firewall_is_found_as_what_it_is() {
    let counted = |name: &str| json!({"Name": name, "ActionToUse": {"Count": {}}});
    let mut visible = json!({"SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": true});
    visible["MetricName"] = json!("let-in");
    let let_in = json!({
        "Name": "let-in", "Priority": 90, "Action": {"Allow": {}}, "VisibilityConfig": visible,
        "Statement": {"ByteMatchStatement": {
            "FieldToMatch": {"SingleHeader": {"Name": "x-let-me"}}, "PositionalConstraint": "EXACTLY",
            "SearchString": "in", "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
        }},
    });
    let Some(rehearsal) = with_cli(|cli| {
        change_web_acl(cli, |web_acl| {
            web_acl["DefaultAction"] = json!({"Block": {"CustomResponse": {"ResponseCode": 404}}});
            rule(web_acl, "rate-limit")["Action"] = json!({"Count": {}});
            rule(web_acl, "rate-limit")["Statement"]["RateBasedStatement"]["Limit"] = json!(2_000_000);
            overrides(web_acl, "known-bad-inputs").as_array_mut().unwrap().push(counted("PROPFIND_METHOD"));
            *overrides(web_acl, "ip-reputation") = json!([counted("AWSManagedIPReputationList")]);
            web_acl["Rules"].as_array_mut().unwrap().retain(|rule| rule["Name"] != "common");
            web_acl["Rules"].as_array_mut().unwrap().push(let_in.clone());
        });
        let named = named(cli, "BlockedNetworks");
        let token = run(cli, &["get-ip-set"], &named)["LockToken"].as_str().unwrap().to_owned();
        let addresses = ["--lock-token", &token, "--addresses", "203.0.113.0/24", "198.51.100.7/32"];
        run(cli, &[&["update-ip-set"][..], &addresses].concat(), &named);
        let logs = json!({
            "ResourceArn": arn(cli), "RedactedFields": [{"SingleHeader": {"Name": "cookie"}}],
            "LogDestinationConfigs": ["arn:aws:logs:us-east-1:111122223333:log-group:aws-waf-logs-acme-llm"],
        });
        run(cli, &["put-logging-configuration", "--logging-configuration", &logs.to_string()], &[]);
        disassociate(cli);
    }) else {
        return;
    };
    let in_group = "Statement.ManagedRuleGroupStatement.RuleActionOverrides";
    let mut told = let_in;
    told["Statement"]["ByteMatchStatement"]["SearchStringBase64"] = json!("aW4=");
    let (block, count) = (json!({"Block": {}}), json!({"Count": {}}));
    let default = json!({"Block": {"CustomResponse": {"ResponseCode": 404}}});
    let header = |name: &str| json!({"SingleHeader": {"Name": name}});
    let any = Value::Bool(true);
    let rows = [
        (format!("{ADDRESS} changed DefaultAction"), json!({"Allow": {}}), default, ""),
        (format!("{ADDRESS} changed Rules.rate-limit.Action"), block, count, "ingress.waf"),
        (
            format!("{ADDRESS} changed Rules.rate-limit.Statement.RateBasedStatement.Limit"),
            json!(2000),
            json!(2_000_000),
            "ingress.waf",
        ),
        (
            format!("{ADDRESS} added Rules.known-bad-inputs.{in_group}.PROPFIND_METHOD"),
            Value::Null,
            counted("PROPFIND_METHOD"),
            "ingress.waf",
        ),
        (
            format!("{ADDRESS} added Rules.ip-reputation.{in_group}"),
            Value::Null,
            json!([counted("AWSManagedIPReputationList")]),
            "ingress.waf",
        ),
        (format!("{ADDRESS} changed Rules.common"), any.clone(), Value::Null, "ingress.waf"),
        (format!("{ADDRESS} added Rules.let-in"), Value::Null, told, "ingress.waf"),
        (
            "acme-llm-gateway/BlockedNetworks added Addresses".to_owned(),
            Value::Null,
            json!("198.51.100.7/32"),
            "ingress.waf.block",
        ),
        (
            "acme-llm-gateway/WebAclLogging changed RedactedFields.0".to_owned(),
            header("authorization"),
            Value::Null,
            "",
        ),
        ("acme-llm-gateway/WebAclLogging changed RedactedFields.1".to_owned(), header("x-api-key"), Value::Null, ""),
        (format!("{ASSOCIATION} deleted"), Value::Null, Value::Null, "ingress.waf"),
    ];
    let found = findings(&rehearsal, 2);
    let text = fs_err::read_to_string(rehearsal.path("gwinfra.yaml")).unwrap();
    let line = 1 + text.lines().position(|line| line.contains("waf:")).unwrap();
    for (wanted, expected, actual, key) in &rows {
        let one = found.iter().find(|one| what(one) == *wanted);
        let one = one.unwrap_or_else(|| panic!("no {wanted} in {found:#?}"));
        assert!(*expected == any || one["expected"] == *expected, "{wanted}: {one:#}");
        assert_eq!(one["actual"], *actual, "{wanted}");
        assert_eq!((&one["reader"], &one["severity"]), (&json!("wafv2"), &json!("high")), "{wanted}");
        if !key.is_empty() {
            assert_eq!((&one["source"][0]["path"], &one["source"][0]["line"]), (&json!(key), &json!(line)), "{wanted}");
        }
    }
    assert_eq!(found.len(), rows.len(), "{found:#?}");
}

#[test]
fn a_rule_that_only_counts_and_what_was_added_to_others_are_put_back() {
    let Some(rehearsal) = with_cli(|cli| {
        change_web_acl(cli, |web_acl| {
            rule(web_acl, "rate-limit")["Action"] = json!({"Count": {}});
            let scope = json!({"GeoMatchStatement": {"CountryCodes": ["NZ"]}});
            rule(web_acl, "rate-limit")["Statement"]["RateBasedStatement"]["ScopeDownStatement"] = scope;
            web_acl["Rules"].as_array_mut().unwrap().retain(|rule| rule["Name"] != "common");
        });
    }) else {
        return;
    };
    let run = rehearsal.run(&["drift"]).expect(2);
    assert!(run.stdout.contains(&format!("gwinfra drift --revert {ADDRESS}")), "{}", run.stdout);
    let run = rehearsal.run(&["drift", "--revert", ADDRESS, "--yes"]).says(0, "Put back 3 properties");
    assert!(run.stderr.contains("Rules.rate-limit.Statement.RateBasedStatement.ScopeDownStatement"), "{}", run.stderr);
    assert_eq!(findings(&rehearsal, 0), Vec::<Value>::new());
}

#[test]
fn a_load_balancer_that_lost_its_web_acl_gets_it_back() {
    let Some(rehearsal) = with_cli(disassociate) else { return };
    let run = rehearsal.run(&["drift"]).expect(2);
    assert!(run.stdout.contains(&format!("gwinfra drift --revert {ASSOCIATION}")), "{}", run.stdout);
    let run = rehearsal.run(&["drift", "--revert", ASSOCIATION, "--yes", "-o", "json"]).expect(0);
    assert_eq!(run.json()["findings"], json!([]));
    // It is the stack's all the same.
    let _ = rehearsal.run(&["destroy", "--yes", "--confirm", "acme-llm", "--empty-buckets"]).expect(0);
}

#[test]
fn another_web_acl_at_the_load_balancer_is_told_by_its_arn() {
    let Some(rehearsal) = with_cli(|cli| {
        let visible = json!({"SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": true, "MetricName": "mine"});
        let state = json!({
            "Name": "mine", "Scope": "REGIONAL", "DefaultAction": {"Allow": {}}, "Rules": [], "VisibilityConfig": visible,
        });
        let create = ["cloudcontrol", "create-resource", "--type-name", WEB_ACL, "--desired-state"];
        let state = state.to_string();
        cli.run(&[&create[..], &[state.as_str()]].concat());
        let listed = cli.run(&["wafv2", "list-web-acls", "--scope", "REGIONAL"]);
        let mine = listed["WebACLs"].as_array().unwrap().iter().find(|one| one["Name"] == "mine").unwrap();
        let mine = mine["ARN"].as_str().unwrap();
        cli.run(&["wafv2", "associate-web-acl", "--web-acl-arn", mine, "--resource-arn", &balancer(cli)]);
    }) else {
        return;
    };
    let found = findings(&rehearsal, 2);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(what(&found[0]), format!("{ASSOCIATION} changed WebACLArn"));
    assert!(found[0]["actual"].as_str().unwrap().contains("/webacl/mine/"), "{found:#?}");
    assert!(found[0]["expected"].as_str().unwrap().contains("/webacl/acme-llm-gateway-"), "{found:#?}");
    let run = rehearsal.run(&["drift", "--revert", ASSOCIATION, "--yes", "-o", "json"]).expect(0);
    assert_eq!(run.json()["findings"], json!([]));
}

#[test]
fn what_aws_waf_refuses_to_tell_is_read_otherwise_and_strict_says_so() {
    let rehearsal = Rehearsal::of(&spec());
    rehearsal.apply();
    rehearsal.tamper(|world| {
        let id = world.resources_of("111122223333", "us-east-1", WEB_ACL).next().unwrap().identifier.clone();
        let web_acl = world.resource_mut("111122223333", "us-east-1", WEB_ACL, &id).unwrap();
        web_acl.properties["DefaultAction"] = json!({"Block": {}});
    });
    let refusing = "faults: [{match: {action: GetWebACL}, times: 99, \
                    refuse: {code: AccessDeniedException, message: no, status: 400}}]";
    let document = rehearsal.run_with(refusing, &["drift", "-o", "json"]).expect(2).json();
    assert_eq!(document["findings"].as_array().unwrap().len(), 1, "{:#}", document["findings"]);
    assert_eq!(document["findings"][0]["reader"], "cloud_control");
    let skipped = &document["coverage"]["skipped"];
    assert_eq!(skipped.as_array().unwrap().len(), 1, "{skipped:#}");
    assert_eq!(skipped[0]["address"], "acme-llm-gateway/WebAcl properties");
    assert!(skipped[0]["reason"].as_str().unwrap().contains("wafv2:GetWebACL"), "{skipped:#}");
}

#[test]
fn calls_of_aws_waf_that_are_throttled_are_made_again() {
    let rehearsal = Rehearsal::of(&spec());
    rehearsal.apply();
    let throttled = "faults:\n\
                     \x20 - {match: {action: GetWebACL}, times: 2, throttle: {}}\n\
                     \x20 - {match: {action: GetIPSet}, times: 2, throttle: {}}\n\
                     \x20 - {match: {action: GetLoggingConfiguration}, times: 2, throttle: {}}\n\
                     \x20 - {match: {action: GetWebACLForResource}, times: 2, throttle: {}}\n";
    let document = rehearsal.run_with(throttled, &["drift", "--strict", "-o", "json"]).expect(0).json();
    assert_eq!((&document["findings"], &document["coverage"]["skipped"]), (&json!([]), &json!([])));
}
