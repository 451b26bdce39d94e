//! What cannot be read is told as that, and what is gone as gone.

use serde_json::{Value, json};

use crate::drift::{deployed, findings, inject};
use crate::rehearsal::Rehearsal;

fn delete(resource: &str) -> Value {
    json!({"stack": "acme-llm-gateway", "resource": resource, "delete": true})
}

#[test]
fn a_resource_that_only_a_list_could_name_is_gone_when_the_list_has_it_not() {
    let Some(rehearsal) = deployed() else { return };
    inject(&rehearsal, &json!([delete("ThrottledCalls")]));
    let found = findings(&rehearsal, 2);
    assert_eq!((found.len(), &found[0]["kind"]), (1, &json!("deleted")));
    assert_eq!(found[0]["address"], "acme-llm-gateway/ThrottledCalls");
}

#[test]
fn a_list_that_is_refused_is_told_in_the_words_of_aws() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let refusing = "faults:\n\
                    \x20 - {match: {action: ListResources}, times: 99, \
                    refuse: {code: AccessDeniedException, message: lists are not yours, status: 400}}\n\
                    \x20 - {match: {action: DetectStackResourceDrift}, times: 99, \
                    refuse: {code: AccessDenied, message: no, status: 403}}\n";
    let run = rehearsal.run_with(refusing, &["drift"]).expect(0);
    assert!(run.stdout.contains("lists are not yours"), "{}", run.stdout);
    assert!(!run.stdout.contains("cannot be addressed"), "{}", run.stdout);
}

#[test]
fn what_could_not_be_compared_is_in_the_verdict() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let refusing = "faults:\n\
                    \x20 - {match: {action: GetResource}, times: 999, \
                    refuse: {code: AccessDeniedException, message: no, status: 400}}\n\
                    \x20 - {match: {action: DetectStackResourceDrift}, times: 999, \
                    refuse: {code: AccessDenied, message: no, status: 403}}\n";
    let run = rehearsal.run_with(refusing, &["drift"]).expect(0);
    assert!(run.stdout.contains("No drift in what could be compared ("), "{}", run.stdout);
    let markdown = rehearsal.run_with(refusing, &["drift", "-o", "markdown"]).expect(0).stdout;
    assert!(markdown.contains("no drift in what could be compared"), "{markdown}");
}

#[test]
fn the_policy_of_a_topic_is_compared_and_put_back_although_its_type_has_no_handlers() {
    let Some(rehearsal) = deployed() else { return };
    let everybody = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*"}]});
    let topic = json!({
        "type": "AWS::SNS::TopicInlinePolicy", "identifier": "{acme-llm-gateway.AlarmTopic}",
        "patch": [{"op": "replace", "path": "/PolicyDocument", "value": everybody}],
    });
    inject(&rehearsal, &json!([topic]));
    let found = findings(&rehearsal, 2);
    assert!(found.iter().all(|one| one["address"] == "acme-llm-gateway/AlarmTopicPolicy" && one["severity"] == "high"));
    let told: Vec<String> = found.iter().map(|one| one["path"].to_string()).collect();
    let of = |part: &str| format!(r#"["PolicyDocument","Statement",{part}]"#);
    let publish = |element: &str| of(&format!(r#""AlarmsOfThisAccountPublish","{element}""#));
    assert_eq!(told, [publish("Principal"), publish("Resource"), publish("Condition"), of(r#""TlsOnly""#)]);
    let _ = rehearsal.run(&["drift", "--revert", "acme-llm-gateway/AlarmTopicPolicy", "--yes"]).expect(0);
}

#[test]
fn a_topic_with_the_policy_of_a_new_one_has_lost_its_own_and_gets_it_back() {
    let Some(rehearsal) = deployed() else { return };
    let topic = json!({
        "type": "AWS::SNS::TopicInlinePolicy", "identifier": "{acme-llm-gateway.AlarmTopic}", "delete": true,
    });
    inject(&rehearsal, &json!([topic]));
    let found = findings(&rehearsal, 2);
    assert_eq!((found.len(), &found[0]["kind"]), (1, &json!("deleted")));
    assert_eq!(found[0]["address"], "acme-llm-gateway/AlarmTopicPolicy");
    let _ = rehearsal.run(&["drift", "--revert", "acme-llm-gateway/AlarmTopicPolicy", "--yes"]).expect(0);
}
