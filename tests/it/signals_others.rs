//! SIGTERM ends commands in time that ask AWS or a registry and have no deployment to work on.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::rehearsal::Rehearsal;
use crate::signals::{ends_in_time, send, slow};

/// A command that waits for a server which takes its connection and says nothing ends within the seven seconds that CI systems
/// give after SIGTERM.
fn ends_before_a_silent_server(rehearsal: &Rehearsal, arguments: impl FnOnce(&str) -> Vec<String>) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let arguments = arguments(&server.local_addr().unwrap().to_string());
    let mut command = rehearsal.command(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    command.env("AWS_ACCESS_KEY_ID", "testing").env("AWS_SECRET_ACCESS_KEY", "none");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    // It waits for an answer once it has asked.
    let (mut connection, _) = server.accept().unwrap();
    assert!(connection.read(&mut [0; 1]).unwrap() > 0);
    let sent = Instant::now();
    send(&child, "-TERM");
    let code = child.wait().unwrap().code();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(code, Some(143), "{arguments:?}:\n{said}");
    assert!(sent.elapsed() < Duration::from_secs(7), "{arguments:?} took {:?}:\n{said}", sent.elapsed());
    assert!(said.to_lowercase().contains("stop"), "{arguments:?}: {said}");
    let _ = connection.flush();
}

/// The same for a command that simulated accounts keep waiting.
fn ends_before_slow_accounts(action: &str, arguments: &[&str]) {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let said = ends_in_time(&rehearsal, (action, &slow(action)), arguments);
    assert!(said.contains("Stopping"), "{arguments:?}: {said}");
}

#[test]
fn a_doctor_ends_in_time() {
    ends_before_slow_accounts("GetCallerIdentity", &["doctor"]);
}

#[test]
fn a_verification_of_the_accounts_ends_in_time() {
    ends_before_slow_accounts("GetRole", &["accounts", "verify"]);
}

#[test]
fn a_capacity_with_the_quotas_of_the_accounts_ends_in_time() {
    ends_before_slow_accounts("ListAWSDefaultServiceQuotas", &["capacity", "--live"]);
}

#[test]
fn the_bucket_of_a_state_that_s3_keeps_waiting_ends_in_time() {
    let rehearsal = Rehearsal::new();
    rehearsal.change("version: 1\n", "version: 1\nengine: terraform\nstate: {s3: {bucket: acme-state}}\n");
    ends_before_a_silent_server(&rehearsal, |address| {
        ["state", "bootstrap", "--yes", "--endpoint-url", &format!("http://{address}")].map(ToOwned::to_owned).to_vec()
    });
}

#[test]
fn a_push_that_its_registry_keeps_waiting_ends_in_time() {
    let rehearsal = crate::image_registry::built();
    ends_before_a_silent_server(&rehearsal, |address| {
        ["image", "push", "image", &format!("{address}/acme:1")].map(ToOwned::to_owned).to_vec()
    });
}
