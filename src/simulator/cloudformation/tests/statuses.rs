//! Every status.

use super::*;

#[test]
fn every_status_can_be_scripted() {
    for status in StackStatus::ALL {
        let name = status.as_str();
        let text =
            format!("stacks: [{{account: '{ACCOUNT}', region: {REGION}, name: s, status: {name}, seconds_ago: 60}}]");
        let mut account = Account::with(&text);
        account.wait();
        let listed = account.ok("ListStacks", json!({}));
        assert_eq!(listed["StackSummaries"][0]["StackStatus"], *name);
    }
}

#[test]
fn every_status_allows_what_its_table_says() {
    let calls = [
        (Call::Update, "UpdateStack", json!({"StackName": "s", "TemplateBody": GROUP})),
        (Call::Cancel, "CancelUpdateStack", json!({"StackName": "s"})),
        (Call::ContinueRollback, "ContinueUpdateRollback", json!({"StackName": "s"})),
        (Call::Rollback, "RollbackStack", json!({"StackName": "s"})),
        (Call::DetectDrift, "DetectStackDrift", json!({"StackName": "s"})),
        (Call::Delete, "DeleteStack", json!({"StackName": "s"})),
    ];
    for status in StackStatus::ALL {
        for (call, action, params) in &calls {
            let name = status.as_str();
            let text = format!("stacks: [{{account: '{ACCOUNT}', region: {REGION}, name: s, status: {name}}}]");
            let mut account = Account::with(&text);
            assert_eq!(account.call(action, params.clone()).is_ok(), status.allows(*call), "{name} {action}");
        }
    }
}
