//! What commands print with `-o json` is as the committed schemas say.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::drift::{change_log_group, deployed};
use crate::moto_server::{interpreter, skip};
use crate::support::repository;

/// Prints what is wrong with the document on standard input by the schema in a file.
const CHECK: &str = "import json, sys, jsonschema\n\
    validator = jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))\n\
    for error in validator.iter_errors(json.load(sys.stdin)): print(error.json_path, error.message[:200])";

/// What is wrong with a document, by the committed schema of that name.
fn problems(schema: &str, document: &str) -> String {
    let mut command = Command::new(interpreter());
    command.args(["-c", CHECK]).arg(repository(&format!("schemas/{schema}.schema.json")));
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    process.stdin.take().unwrap().write_all(document.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "{schema}: {document}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_commands_print_as_json_is_valid_by_the_schema_that_it_names() {
    let import = Command::new(interpreter()).args(["-c", "import jsonschema"]).output();
    if !import.is_ok_and(|output| output.status.success()) {
        return skip(&format!("{} has no jsonschema: make tools", interpreter()));
    }
    let Some(rehearsal) = deployed() else { return };
    change_log_group(&rehearsal);
    // Nothing of the gateway answers, and nothing has failed: those documents tell of that.
    let commands: [(&str, &[&str]); 8] = [
        ("report", &["validate"]),
        ("plan", &["plan"]),
        ("drift", &["drift"]),
        ("drift", &["drift", "--show", "potential"]),
        ("accounts", &["accounts", "verify"]),
        ("doctor", &["doctor"]),
        ("diagnose", &["diagnose"]),
        ("smoke", &["smoke", "--url", "http://127.0.0.1:9", "--key-env", "HOME"]),
    ];
    for (name, command) in commands {
        let run = rehearsal.run(&[command, &["-o", "json"]].concat());
        assert!(!run.stdout.is_empty(), "{command:?}: {}", run.stderr);
        assert_eq!(run.json()["schema"], format!("gwinfra.{name}/v1"), "{command:?}");
        assert_eq!(problems(&format!("gwinfra.{name}.v1"), &run.stdout), "", "{command:?}");
    }
}

#[test]
fn a_document_that_lacks_what_its_schema_asks_for_is_found() {
    let import = Command::new(interpreter()).args(["-c", "import jsonschema"]).output();
    if !import.is_ok_and(|output| output.status.success()) {
        return skip(&format!("{} has no jsonschema: make tools", interpreter()));
    }
    assert!(problems("gwinfra.drift.v1", r#"{"schema": "gwinfra.drift/v1"}"#).contains("coverage"));
}
