//! Whole root modules planned and made by Terraform with a provider that only pretends: every type of resource, without
//! AWS and without a network.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use crate::rehearsal::files_below;
use crate::support::repository;
use crate::terraform::{self, Terraform, text};
use crate::terraform_bundles::modules;
use crate::variants::{assert_code, terraform_variants};

/// The password that every module is given.
const PASSWORD: &str = "canary0f9b3c7e51";

/// Answers each request of Secrets Manager with [`PASSWORD`], on a free port, for as long as the process runs.
fn passwords() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream);
            let mut length = 0;
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                if let Some((name, value)) = line.split_once(':')
                    && name.eq_ignore_ascii_case("content-length")
                {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let answer = format!("{{\"RandomPassword\": \"{PASSWORD}\"}}");
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nConnection: close\r\n";
            let _ = write!(reader.get_mut(), "{head}Content-Length: {}\r\n\r\n{answer}", answer.len());
        }
    });
    format!("http://{address}")
}

/// Makes of a module one that Terraform can test. It has no mocks for ephemeral resources yet, so those ask a real provider,
/// which asks us; and it takes down what a test has made, protected or not.
fn prepare(module: &Path, endpoint: &str) {
    const BLOCK: &str = "ephemeral \"aws_secretsmanager_random_password\"";
    let mut found = false;
    for file in files_below(module) {
        let text = fs_err::read_to_string(&file).unwrap().replace("prevent_destroy = true", "prevent_destroy = false");
        let line = |line: &str| {
            let provider = if line.starts_with(BLOCK) { "\n  provider = aws.passwords" } else { "" };
            format!("{line}{provider}\n")
        };
        found |= text.contains(BLOCK);
        fs_err::write(&file, text.lines().map(line).collect::<String>()).unwrap();
    }
    // An account's module has no passwords.
    if found {
        let provider = fs_err::read_to_string(repository("tests/terraform/mock/passwords.tf")).unwrap();
        assert!(provider.contains("http://passwords"));
        fs_err::write(module.join("passwords.tf"), provider.replace("http://passwords", endpoint)).unwrap();
    }
}

/// Runs the tests of `tests/terraform/mock/` for a module, and gives everything that Terraform writes: with `-verbose`
/// that is the plan and the state as well.
fn passes(terraform: &Terraform, module: &Path, tests: &str) -> String {
    prepare(module, &passwords());
    terraform.provide(module);
    let mock = fs_err::read_to_string(repository("tests/terraform/mock/provider.hcl")).unwrap();
    let runs = fs_err::read_to_string(repository(&format!("tests/terraform/mock/{tests}.hcl"))).unwrap();
    fs_err::create_dir(module.join("tests")).unwrap();
    fs_err::write(module.join("tests/mock.tftest.hcl"), mock + &runs).unwrap();
    let output = terraform.run(module, &["test", "-verbose", "-no-color"]);
    let said = text(&output);
    assert!(output.status.success(), "{}", failures(&said));
    assert!(said.contains("2 passed, 0 failed"), "{said}");
    said
}

/// What went wrong, without the plan and the state that stand before it.
fn failures(said: &str) -> &str {
    said.find("\nError: ").map_or(said, |at| &said[at..])
}

/// The modules of the example that has everything.
fn everything() -> (tempfile::TempDir, Vec<PathBuf>) {
    let directory = tempfile::tempdir().unwrap();
    let variant = terraform_variants().into_iter().find(|variant| variant.name() == "everything-terraform").unwrap();
    assert_code(&variant.render(&directory.path().join("bundle"), &[]), 0, &variant);
    let modules = modules(&directory.path().join("bundle"));
    (directory, modules)
}

#[test]
#[ignore = "takes minutes: make test"]
fn the_whole_hub_is_planned_and_made_and_shows_no_password() {
    let Some(terraform) = terraform::find() else { return };
    let (_directory, modules) = everything();
    let hub = modules.iter().find(|module| module.ends_with("hub")).unwrap();
    let said = passes(terraform, hub, "hub");
    assert!(said.contains("aws_secretsmanager_secret_version.cache_password"), "the plan is not shown: {said}");
    assert!(!said.contains(PASSWORD), "the password is in the plan or in state");
}

#[test]
fn the_module_of_a_bedrock_account_is_planned_and_made() {
    let Some(terraform) = terraform::find() else { return };
    let (_directory, modules) = everything();
    let account = modules.iter().find(|module| module.ends_with("accounts/bedrock-1")).unwrap();
    passes(terraform, account, "account");
}
