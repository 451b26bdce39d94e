//! `gwinfra doctor` where nobody answers: it ends in time, and says who did not.

use std::time::{Duration, Instant};

use crate::doctor::{HUB, SPEC, fails, with_status};
use crate::rehearsal::{Rehearsal, Run};

#[test]
fn a_call_that_hangs_is_cut_off_and_keeps_no_other_check_from_its_end() {
    let scenario = "faults: [{match: {action: DescribeSecret}, delay: {milliseconds: 60000}}]";
    let begun = Instant::now();
    let run = Rehearsal::of(SPEC).run_with(scenario, &["doctor", "--timeout", "4", "-o", "json"]);
    fails(run, "GWD802", "no answer within 4 s");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[test]
fn an_account_that_hangs_is_told_and_the_others_are_asked() {
    let scenario = r#"faults: [{match: {account: "222222222222"}, delay: {milliseconds: 60000}}]"#;
    let run = Rehearsal::of(SPEC).run_with(scenario, &["doctor", "--timeout", "4", "-o", "json"]);
    let finding = fails(run, "GWD203", "no answer within 4 s");
    assert_eq!(finding["account"], "bedrock-1");
}

#[test]
fn an_account_that_hangs_later_is_told_beside_the_others() {
    let scenario = r#"faults:
  - match: {account: "222222222222", action: GetFoundationModelAvailability}
    delay: {milliseconds: 60000}
"#;
    let run = Rehearsal::of(SPEC).run_with(scenario, &["doctor", "--timeout", "4", "-o", "json"]);
    let document = run.expect(5).json();
    assert_eq!(with_status(&document, "fail"), ["GWD401"], "{document:#}");
    let check = document["checks"].as_array().unwrap().iter().find(|check| check["id"] == "GWD401").unwrap();
    let told: Vec<_> = check["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (finding["account"].as_str().unwrap(), finding["message"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("bedrock-1", "no answer within 4 s"), ("bedrock-2", "access to 1 model")]);
}

#[test]
fn an_endpoint_that_never_answers_is_told_once_and_ends_the_command() {
    // Connections are taken, and nothing is ever said.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let rehearsal = Rehearsal::of(SPEC);
    let begun = Instant::now();
    let mut command = rehearsal.command(&["doctor", "--timeout", "2", "-o", "json", "--endpoint-url", &url]);
    let output = command.env("AWS_ACCESS_KEY_ID", HUB).env("AWS_SECRET_ACCESS_KEY", "s").output().unwrap();
    let document = Run::from(output).expect(5).json();
    assert_eq!(with_status(&document, "fail"), ["GWD104", "GWD201"], "{document:#}");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}
