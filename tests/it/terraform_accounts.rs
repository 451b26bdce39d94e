//! The same spec in two empty accounts: with CloudFormation in the simulator, and with Terraform on moto. Afterwards the AWS
//! APIs must describe the same infrastructure. What is left out, and why, stands in `tests/moto/describe.py`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::moto_server::interpreter;
use crate::rehearsal::Rehearsal;
use crate::terraform_estate::Estate;

/// The simulated accounts of a rehearsal, served for other clients until it is dropped.
struct Served {
    url: String,
    process: Child,
}

impl Served {
    fn start(rehearsal: &Rehearsal) -> Self {
        let mut process = rehearsal
            .command(&["simulate", "--port", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = lines.map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("AWS_ENDPOINT_URL=")?;
            Some(rest.split_whitespace().next()?.to_owned())
        });
        Self { url: url.unwrap(), process }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

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
