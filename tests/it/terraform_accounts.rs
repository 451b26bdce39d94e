//! The same spec in two empty accounts: with CloudFormation in the simulator, and with Terraform on moto. Afterwards the AWS
//! APIs must describe the same infrastructure. What is left out, and why, stands in `tests/moto/describe.py`.

use std::process::Command;

use serde_json::Value;

use crate::moto_server::interpreter;
use crate::rehearsal::Rehearsal;
use crate::served::Served;
use crate::terraform_estate::Estate;

/// What an account has.
fn describe(endpoint: &str, account: &str, what: &str) -> Value {
    let mut command = Command::new(interpreter());
    command.args(["-c", include_str!("../moto/describe.py"), endpoint, account, what]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Paths where two descriptions differ, with both values.
fn differences(path: &str, one: &Value, other: &Value, found: &mut Vec<String>) {
    match (one, other) {
        _ if one == other => {}
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let (a, b) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
                differences(&format!("{path}/{key}"), a, b, found);
            }
        }
        _ => found.push(format!("{path}\n  CloudFormation: {one}\n  Terraform:      {other}")),
    }
}

#[test]
fn both_engines_make_the_same_of_two_empty_accounts() {
    let Some(estate) = Estate::shared() else { return };
    let rehearsal = Rehearsal::of(&estate.spec().replace("engine: terraform", "engine: cloudformation"));
    rehearsal.apply();
    let simulator = Served::start(&rehearsal);
    let mut found = Vec::new();
    let bedrock = estate.spokes.iter().map(|account| (account, "bedrock"));
    for (account, what) in std::iter::once((&estate.hub, "hub")).chain(bedrock) {
        let cloudformation = describe(&simulator.url, account, what);
        let terraform = describe(estate.endpoint(), account, what);
        let kinds = terraform.as_object().unwrap();
        assert!(kinds.len() >= if what == "hub" { 14 } else { 1 }, "{kinds:?}");
        assert!(kinds.values().all(|things| things.as_object().is_some_and(|things| !things.is_empty())), "{kinds:?}");
        differences(account, &cloudformation, &terraform, &mut found);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
