//! What others change as a matter of course is no drift.

use serde_json::{Value, json};

use crate::drift::{deployed, deployed_as, findings, inject, set, spec};

/// The spec with a range of tasks that a schedule narrows at night.
fn scheduled() -> String {
    spec().replace(
        "    scale_on:",
        "    schedules: [{name: night, cron: '0 20 ? * MON-FRI *', min: 1, max: 3}]\n    scale_on:",
    )
}

#[test]
fn the_range_that_a_schedule_has_moved_is_no_drift() {
    let Some(rehearsal) = deployed_as(&scheduled()) else { return };
    let night = |name: &str, value: i64| set("gateway", "ScalableTarget", name, &json!(value));
    inject(&rehearsal, &json!([night("/MinCapacity", 1), night("/MaxCapacity", 3)]));
    let document = rehearsal.run(&["drift", "-o", "json"]).expect(0).json();
    assert_eq!(document["findings"], json!([]));
    let folded = document["folded"].as_array().unwrap();
    assert!(folded.iter().any(|one| one["reason"] == "a schedule has moved the range"), "{folded:?}");
    inject(&rehearsal, &json!([night("/MaxCapacity", 40)]));
    assert_eq!(findings(&rehearsal, 2)[0]["path"], json!(["MaxCapacity"]));
}

#[test]
fn a_tag_that_others_give_to_the_vpn_endpoint_is_theirs() {
    const ENDPOINT: &str = "AWS::EC2::ClientVpnEndpoint";
    let Some(rehearsal) = deployed() else { return };
    let tags = |change: &dyn Fn(&mut Vec<Value>)| {
        rehearsal.tamper(|world| {
            let id = world.resources_of("111122223333", "us-east-1", ENDPOINT).next().unwrap().identifier.clone();
            let endpoint = world.resource_mut("111122223333", "us-east-1", ENDPOINT, &id).unwrap();
            change(endpoint.properties["TagSpecifications"][0]["Tags"].as_array_mut().unwrap());
        });
    };
    tags(&|tags| tags.push(json!({"Key": "cost", "Value": "1"})));
    assert_eq!(findings(&rehearsal, 0), Vec::<Value>::new());
    tags(&|tags| tags.iter_mut().find(|tag| tag["Key"] == "Name").unwrap()["Value"] = json!("other"));
    let found = findings(&rehearsal, 2);
    assert_eq!((found.len(), &found[0]["severity"]), (1, &json!("low")));
}

#[test]
fn what_a_service_registers_and_what_rules_add_is_not_recorded() {
    let Some(rehearsal) = deployed() else { return };
    let _ = rehearsal.run(&["drift", "--record"]).expect(0);
    let baseline = fs_err::read_to_string(rehearsal.path("drift.baseline.yaml")).unwrap();
    for name in ["Targets", "SecurityGroupIngress", "ManagedPolicyArns"] {
        assert!(!baseline.contains(name), "{baseline}");
    }
}

#[test]
fn two_resources_of_one_key_of_the_spec_are_two_results_in_code_scanning() {
    let Some(rehearsal) = deployed() else { return };
    let days = |resource: &str| set("gateway", resource, "/RetentionInDays", &json!(7));
    inject(&rehearsal, &json!([days("LitellmLogGroup"), days("MiddlewareLogGroup")]));
    let sarif = rehearsal.run(&["drift", "-o", "sarif"]).expect(2).json();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    let fingerprint = |index: usize| &results[index]["partialFingerprints"]["gwinfra/v1"];
    assert_ne!(fingerprint(0), fingerprint(1));
    let logical = &results[0]["locations"][0]["logicalLocations"];
    assert_eq!(logical[0], json!({"fullyQualifiedName": "acme-llm-gateway/LitellmLogGroup", "kind": "resource"}));
    assert_eq!(logical[1]["fullyQualifiedName"], "observability.log_retention_days");
}
