//! Records of DNS that were changed behind CloudFormation's back are found, changed by boto3.

use serde_json::{Value, json};

use crate::drift::{deployed_as, findings, inject};
use crate::rehearsal::{Rehearsal, SPEC};

const ZONE: &str = "Z0123456789ABCDEFGHIJ";

fn deployed() -> Option<Rehearsal> {
    let arn = r#"certificate: {arn: "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d", name: llm.example.com}"#;
    deployed_as(&SPEC.replace(arn, &format!("domain: {{name: llm.example.com, hosted_zone: {ZONE}}}")))
}

/// A record of the gateway's name that leads to a target.
fn record(target: &str) -> Value {
    let alias = json!({"HostedZoneId": "Z35SXDOTRQ7X7K", "DNSName": target, "EvaluateTargetHealth": false});
    json!({"Name": "llm.example.com.", "Type": "A", "AliasTarget": alias})
}

fn change(rehearsal: &Rehearsal, record: &Value) {
    let batch = json!({"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]});
    let call =
        json!({"call": "route53.change_resource_record_sets", "with": {"HostedZoneId": ZONE, "ChangeBatch": batch}});
    inject(rehearsal, &json!([call]));
}

fn remove(rehearsal: &Rehearsal) {
    rehearsal.tamper(|world| {
        let record = world.resources_of("111122223333", "global", "AWS::Route53::RecordSet").next().unwrap();
        let identifier = record.identifier.clone();
        world.remove("111122223333", "global", "AWS::Route53::RecordSet", &identifier).unwrap();
    });
}

#[test]
fn records_that_nobody_has_touched_are_compared_and_silent() {
    let Some(rehearsal) = deployed() else { return };
    let document = rehearsal.run(&["drift", "--strict", "-o", "json"]).expect(0).json();
    let coverage = &document["coverage"];
    assert_eq!((&document["findings"], &coverage["skipped"]), (&json!([]), &json!([])));
    assert_eq!((&coverage["by_reader"]["route53"], &coverage["watched"]["validation records"]), (&json!(1), &json!(1)));
}

#[test]
fn a_record_that_leads_elsewhere_is_found_with_where_it_should_lead() {
    let Some(rehearsal) = deployed() else { return };
    change(&rehearsal, &record("elsewhere.example.net."));
    let found = findings(&rehearsal, 2);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((&found[0]["address"], &found[0]["kind"]), (&json!("acme-llm-gateway/DnsRecord"), &json!("changed")));
    assert_eq!(found[0]["path"], json!(["AliasTarget", "DNSName"]));
    assert!(found[0]["expected"].as_str().unwrap().contains(".elb.amazonaws.com"), "{found:#?}");
    assert_eq!((&found[0]["actual"], &found[0]["reader"]), (&json!("elsewhere.example.net"), &json!("route53")));
    let text = fs_err::read_to_string(rehearsal.path("gwinfra.yaml")).unwrap();
    let line = found[0]["source"][0]["line"].as_u64().unwrap() as usize;
    assert!(text.lines().nth(line - 1).unwrap().contains("domain:"), "{found:#?}");
    let run = rehearsal.run(&["drift"]).expect(2);
    assert!(run.stdout.contains("gwinfra drift --revert acme-llm-gateway/DnsRecord"), "{}", run.stdout);
}

#[test]
fn a_record_that_leads_elsewhere_is_put_back() {
    let Some(rehearsal) = deployed() else { return };
    change(&rehearsal, &record("elsewhere.example.net."));
    let revert = ["drift", "--revert", "acme-llm-gateway/DnsRecord", "--yes", "-o", "json"];
    let run = rehearsal.run(&revert).says(0, "Put back 1 property of acme-llm-gateway/DnsRecord");
    assert_eq!(run.json()["findings"], json!([]));
    rehearsal.run(&revert).says(1, "nothing of acme-llm-gateway/DnsRecord differs");
}

#[test]
fn a_record_that_is_gone_is_made_again() {
    let Some(rehearsal) = deployed() else { return };
    remove(&rehearsal);
    let run = rehearsal.run(&["drift"]).expect(2);
    assert!(run.stdout.contains("gwinfra drift --revert acme-llm-gateway/DnsRecord"), "{}", run.stdout);
    let revert = ["drift", "--revert", "acme-llm-gateway/DnsRecord", "--yes", "-o", "json"];
    assert_eq!(rehearsal.run(&revert).expect(0).json()["findings"], json!([]));
}

#[test]
fn who_may_deploy_in_the_hub_may_put_a_record_back() {
    let arn = r#"certificate: {arn: "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d", name: llm.example.com}"#;
    let domain = "domain: {name: llm.example.com, hosted_zone: Z0123456789ABCDEFGHIJ}";
    for engine in ["cloudformation", "terraform"] {
        let spec =
            SPEC.replace(arn, domain).replace("name: acme-llm\n", &format!("name: acme-llm\nengine: {engine}\n"));
        let run = Rehearsal::of(&spec).bare(&["accounts", "policy", "-q", "--account", "hub"]).expect(0);
        assert!(run.stdout.contains("\"route53:ChangeResourceRecordSets\""), "{engine}: {}", run.stdout);
    }
}

#[test]
fn the_other_name_of_the_same_load_balancer_is_no_difference() {
    let Some(rehearsal) = deployed() else { return };
    change(&rehearsal, &record("elsewhere.example.net."));
    let expected = findings(&rehearsal, 2)[0]["expected"].as_str().unwrap().to_owned();
    change(&rehearsal, &record(&format!("dualstack.{}.", expected.to_uppercase())));
    assert_eq!(findings(&rehearsal, 0), Vec::<Value>::new());
}

#[test]
fn a_record_that_is_gone_is_found() {
    let Some(rehearsal) = deployed() else { return };
    remove(&rehearsal);
    let found = findings(&rehearsal, 2);
    let gone: Vec<_> = found.iter().map(|one| (&one["address"], &one["kind"])).collect();
    assert_eq!(gone, [(&json!("acme-llm-gateway/DnsRecord"), &json!("deleted"))]);
}

#[test]
fn a_record_by_which_acm_renews_the_certificate_is_missed_when_it_is_gone() {
    let Some(rehearsal) = deployed() else { return };
    // CloudFormation writes it into the zone that the certificate names: no template has it.
    rehearsal.tamper(|world| {
        let kind = "AWS::CertificateManager::Certificate";
        let own = world.resources_of("111122223333", "us-east-1", kind).find(|one| !one.assumed).cloned();
        let mut own = own.unwrap();
        own.properties["DomainValidationOptions"][0]["HostedZoneId"] = json!("Z9999999999999999999");
        world.put("111122223333", "us-east-1", own);
    });
    let found = findings(&rehearsal, 2);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((&found[0]["address"], &found[0]["kind"]), (&json!("acme-llm-gateway/Certificate"), &json!("runtime")));
    let path: Vec<&str> = found[0]["path"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(&path[..3], ["DomainValidationOptions", "llm.example.com", "CNAME"]);
    assert!(found[0]["expected"].as_str().unwrap().ends_with(".acm-validations.aws."), "{found:#?}");
    assert_eq!(found[0]["actual"], Value::Null);
}
