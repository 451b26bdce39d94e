//! What runs otherwise than it should, and what has an end, is found in simulated accounts.

use serde_json::{Value, json};

use crate::drift::{deployed, deployed_as, findings, inject};
use crate::rehearsal::{Rehearsal, SPEC};

/// A finding in short: address, kind, property.
fn short(finding: &Value) -> String {
    let path: Vec<&str> = finding["path"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let text = |name: &str| finding[name].as_str().unwrap_or_default();
    format!("{} {} {}", text("address"), text("kind"), path.join("."))
}

fn all(findings: &[Value]) -> Vec<String> {
    findings.iter().map(short).collect()
}

/// Drift with a scenario.
fn with(rehearsal: &Rehearsal, scenario: &str, code: i32) -> Vec<Value> {
    let document = rehearsal.run_with(scenario, &["drift", "-o", "json"]).expect(code).json();
    document["findings"].as_array().unwrap().clone()
}

fn certificate(name: &str, days: i64) -> String {
    let end = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days + 1);
    format!("certificates: [{{arn: 'arn:aws:acm:us-east-1:111122223333:certificate/{name}', not_after: '{end}'}}]\n")
}

#[test]
fn a_certificate_is_a_warning_in_its_last_thirty_days_and_an_error_after_them() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    assert_eq!(with(&rehearsal, &certificate("0a1b2c3d", 31), 0), Vec::<Value>::new());
    let soon = with(&rehearsal, &certificate("0a1b2c3d", 12), 2);
    assert_eq!(all(&soon), ["acme-llm-gateway/HttpsListener runtime Certificates.0.CertificateArn"]);
    assert_eq!((&soon[0]["severity"], &soon[0]["reader"]), (&json!("medium"), &json!("acm")));
    assert!(soon[0]["actual"].as_str().unwrap().ends_with("in 12 days"), "{}", soon[0]);
    let expired = with(&rehearsal, &certificate("0a1b2c3d", -3), 2);
    assert_eq!(expired[0]["severity"], "high");
    let sarif = rehearsal.run(&["drift", "-o", "sarif"]).expect(2).json();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&json!("GW1204"), &json!("error")));
}

#[test]
fn the_certificates_of_the_vpn_are_looked_at_as_well() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let found = with(&rehearsal, &certificate("server", 5), 2);
    assert_eq!(all(&found), ["acme-llm-access/ClientVpn runtime ServerCertificateArn"]);
    let both = with(&rehearsal, &certificate("clients", -5), 2);
    let path = "AuthenticationOptions.MutualAuthentication.ClientRootCertificateChainArn";
    assert_eq!(all(&both)[0], format!("acme-llm-access/ClientVpn runtime {path}"));
    assert_eq!((both.len(), &both[0]["severity"]), (2, &json!("high")));
}

#[test]
fn a_secret_that_is_scheduled_for_deletion_is_told_of_once_until_it_is_restored() {
    let Some(rehearsal) = deployed() else { return };
    let id = json!({"SecretId": "{acme-llm-foundation.MasterKeySecret}"});
    let delete = json!({"SecretId": id["SecretId"], "RecoveryWindowInDays": 7});
    inject(&rehearsal, &json!([{"call": "secretsmanager.delete_secret", "with": delete}]));
    let found = findings(&rehearsal, 2);
    assert_eq!(all(&found), ["acme-llm-foundation/MasterKeySecret runtime DeletedDate"]);
    assert!(found[0]["actual"].as_str().unwrap().starts_with("scheduled for deletion on "), "{}", found[0]);
    inject(&rehearsal, &json!([{"call": "secretsmanager.restore_secret", "with": id}]));
    assert_eq!(findings(&rehearsal, 0), Vec::<Value>::new());
}

#[test]
fn a_secret_that_the_spec_names_is_told_of_at_the_container_that_takes_it() {
    let spec =
        format!("{SPEC}gateway:\n  litellm:\n    secrets: {{OPENAI_API_KEY: {{secret: acme/openai, key: api_key}}}}\n");
    let Some(rehearsal) = deployed_as(&spec) else { return };
    let delete = json!({"SecretId": "acme/openai", "RecoveryWindowInDays": 30});
    inject(&rehearsal, &json!([{"call": "secretsmanager.delete_secret", "with": delete}]));
    let found = findings(&rehearsal, 2);
    assert_eq!(
        all(&found),
        ["acme-llm-gateway/TaskDefinition runtime ContainerDefinitions.litellm.Secrets.OPENAI_API_KEY"]
    );
}

#[test]
fn a_number_of_tasks_within_the_range_of_autoscaling_is_no_drift_and_one_outside_is() {
    let Some(rehearsal) = deployed() else { return };
    let tasks = |number: u32| {
        let with = json!({
            "cluster": "{acme-llm-gateway!ClusterName}", "service": "{acme-llm-gateway!ServiceName}", "desiredCount": number});
        json!([{"call": "ecs.update_service", "with": with}])
    };
    inject(&rehearsal, &tasks(3));
    let document = rehearsal.run(&["drift", "-o", "json"]).expect(0).json();
    assert_eq!((&document["findings"], &document["potential"]), (&json!([]), &json!([])));
    inject(&rehearsal, &tasks(9));
    let found = findings(&rehearsal, 2);
    assert_eq!(all(&found), ["acme-llm-gateway/Service runtime DesiredCount"]);
    assert_eq!((&found[0]["expected"], &found[0]["actual"]), (&json!("2 to 4"), &json!(9)));
}

#[test]
fn tasks_that_run_another_image_are_told_of_with_both() {
    let Some(rehearsal) = deployed() else { return };
    let digest = format!("sha256:{}", "ab".repeat(32));
    let task = json!({
        "Family": "another", "Cpu": "1024", "Memory": "4096", "NetworkMode": "awsvpc",
        "RequiresCompatibilities": ["FARGATE"],
        "ContainerDefinitions": [
            {"Name": "litellm", "Image": "ghcr.io/berriai/litellm:another"},
            {"Name": "middleware", "Image": format!("example.com/middleware@{digest}")},
        ],
    });
    let service = json!({
        "cluster": "{acme-llm-gateway!ClusterName}", "service": "{acme-llm-gateway!ServiceName}", "taskDefinition": "another"});
    inject(
        &rehearsal,
        &json!([{"type": "AWS::ECS::TaskDefinition", "create": task}, {"call": "ecs.update_service", "with": service}]),
    );
    let found = findings(&rehearsal, 2);
    assert!(all(&found).contains(&"acme-llm-gateway/Service changed TaskDefinition".to_owned()), "{:?}", all(&found));
    let image = |container: &str| {
        let wanted = format!("acme-llm-gateway/TaskDefinition runtime ContainerDefinitions.{container}.Image");
        found.iter().find(|one| short(one) == wanted).unwrap()
    };
    assert_eq!(image("middleware")["actual"], json!(digest));
    assert!(image("middleware")["expected"].as_str().unwrap().starts_with("sha256:"));
    // By tag: which digest it means is not known here.
    assert_eq!(image("litellm")["actual"], "ghcr.io/berriai/litellm:another");
}

#[test]
fn a_configuration_object_that_is_gone_is_told_of() {
    let Some(rehearsal) = deployed() else { return };
    let object = json!({"Bucket": "{acme-llm-foundation!ConfigBucketName}", "Key": "{acme-llm-gateway!ConfigKey}"});
    inject(&rehearsal, &json!([{"call": "s3.delete_object", "with": object}]));
    assert_eq!(all(&findings(&rehearsal, 2)), ["acme-llm-gateway/TaskDefinition runtime configuration.sha256"]);
}

#[test]
fn a_configuration_object_with_another_text_under_the_same_key_is_told_of() {
    let Some(rehearsal) = deployed() else { return };
    let text = "model_list: []\n";
    let object = json!({
        "Bucket": "{acme-llm-foundation!ConfigBucketName}", "Key": "{acme-llm-gateway!ConfigKey}", "Body": text,
    });
    inject(&rehearsal, &json!([{"call": "s3.put_object", "with": object}]));
    let found = findings(&rehearsal, 2);
    assert_eq!(all(&found), ["acme-llm-gateway/TaskDefinition runtime configuration.sha256"]);
    let there = gwinfra::image::Digest::of(text.as_bytes());
    assert_eq!((&found[0]["actual"], &found[0]["reader"]), (&json!(there.hex()), &json!("s3")));
    assert_eq!(found[0]["expected"].as_str().unwrap().len(), 64, "{found:#?}");
}

#[test]
fn access_to_a_model_that_an_account_has_lost_is_told_of() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let lost = "model_access: [{account: \"222222222222\", region: us-east-1, \
                model: anthropic.claude-3-haiku-20240307-v1:0, agreement: NOT_AVAILABLE}]";
    let found = with(&rehearsal, lost, 2);
    assert_eq!(all(&found), ["222222222222:us-east-1/claude-haiku runtime access"]);
    rehearsal.run(&["drift", "--only", "hub"]).expect(0);
    rehearsal.run(&["drift", "--only", "bedrock-2"]).expect(0);
    rehearsal.run(&["drift", "--only", "bedrock-1"]).expect(2);
}

#[test]
fn an_account_that_may_not_be_asked_about_models_is_not_said_to_have_lost_them() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let refusing = "faults: [{match: {action: GetFoundationModelAvailability}, times: 99, \
                    refuse: {code: AccessDeniedException, message: no, status: 403}}]";
    let document = rehearsal.run_with(refusing, &["drift", "-o", "json"]).expect(0).json();
    let skipped = document["coverage"]["skipped"].as_array().unwrap();
    assert!(skipped.iter().any(|one| one["address"] == "333333333333:us-east-1/claude-haiku"), "{skipped:?}");
}
