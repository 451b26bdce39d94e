//! Terraform's root modules in the eyes of Terraform and of checkov: every example in all its environments, and specs that
//! have every pair of the options' values.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::matrix::deploys;
use crate::matrix_specs::{pairwise, spec};
use crate::rehearsal::{Rehearsal, files_below};
use crate::variants::{assert_code, terraform_variants, texts_below};
use crate::{terraform, tools};

/// How many specs of the matrix at least: from 39 on, every pair is in one of them.
const SPECS: usize = 40;
/// Where those bundles are that Terraform validates: all of them, unless `GWINFRA_MATRIX_DEPLOYS` asks for fewer.
const VALIDATED: &str = "validated";

/// The root modules below a bundle: the hub's, and one for each Bedrock account.
pub fn modules(bundle: &Path) -> Vec<PathBuf> {
    let files = files_below(&bundle.join("terraform"));
    let folders: BTreeSet<PathBuf> = files
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "tf"))
        .map(|file| file.parent().unwrap().to_owned())
        .collect();
    assert!(folders.contains(&bundle.join("terraform/hub")), "{folders:?}");
    folders.into_iter().collect()
}

/// The bundles of all examples, each in all its environments.
fn examples() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for variant in terraform_variants() {
        assert_code(&variant.render(&directory.path().join(variant.name()), &[]), 0, &variant);
    }
    directory
}

/// The modules of several bundles, without those that say the same of another account.
fn different(directory: &Path) -> Vec<PathBuf> {
    let mut seen = BTreeMap::new();
    for entry in fs_err::read_dir(directory).unwrap() {
        for module in modules(&entry.unwrap().path()) {
            let texts: BTreeMap<_, _> =
                texts_below(&module).into_iter().map(|(name, text)| (name, without_accounts(&text))).collect();
            seen.entry(texts).or_insert(module);
        }
    }
    seen.into_values().collect()
}

/// A text with each number of an account as zeros.
fn without_accounts(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(|c: char| !c.is_ascii_digit()) {
        let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
        if digits.len() == 12 {
            out.push_str("000000000000");
            out.push_str(&word[12..]);
        } else {
            out.push_str(word);
        }
    }
    out
}

#[test]
fn terraform_finds_nothing_in_any_example() {
    let Some(terraform) = terraform::find() else { return };
    let directory = examples();
    assert_eq!(terraform.unformatted(directory.path()), "");
    let findings = terraform.findings(&different(directory.path()));
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
#[ignore = "takes minutes: make test"]
fn terraform_finds_nothing_in_specs_that_have_every_pair_of_options() {
    let Some(terraform) = terraform::find() else { return };
    let directory = tempfile::tempdir().unwrap();
    let rows = pairwise(SPECS);
    assert!(rows.len() >= SPECS);
    let each = rows.len().div_ceil(deploys().clamp(1, rows.len()));
    for (number, row) in rows.iter().enumerate() {
        let mut spec = spec(row);
        spec["engine"] = json!("terraform");
        let place = if number % each == 0 { VALIDATED } else { "rendered" };
        let bundle = directory.path().join(place).join(format!("{number:03}"));
        let arguments = ["render", "--engine", "terraform", "--out", bundle.to_str().unwrap()];
        Rehearsal::of(&spec.to_string()).bare(&arguments).expect(0);
    }
    assert_eq!(terraform.unformatted(directory.path()), "");
    let findings = terraform.findings(&different(&directory.path().join(VALIDATED)));
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
#[ignore = "takes minutes: make test"]
fn checkov_finds_nothing_in_any_example_for_terraform() {
    let Some(checkov) = tools::find("checkov") else { return };
    let (directory, modules) = (examples(), tempfile::tempdir().unwrap());
    for (number, module) in different(directory.path()).iter().enumerate() {
        fs_err::rename(module, modules.path().join(number.to_string())).unwrap();
    }
    let mut command = Command::new(checkov);
    command.args(["--framework", "terraform", "--skip-download", "--quiet", "--compact", "-o", "json", "-d"]);
    let output = command.arg(modules.path()).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let failed: BTreeSet<String> =
        report["results"]["failed_checks"].as_array().unwrap().iter().map(describe).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(report["summary"]["parsing_errors"], 0, "{report:#}");
    let passed = report["summary"]["passed"].as_u64().unwrap();
    assert!(passed > 2000, "checkov read too little: {passed} checks passed");
}

fn describe(check: &Value) -> String {
    format!("{} {} in {}", check["check_id"], check["resource"], check["file_path"])
}

#[test]
fn every_check_that_is_skipped_in_hcl_says_why() {
    let directory = examples();
    let mut skips = 0;
    for file in files_below(directory.path()) {
        let text = fs_err::read_to_string(&file).unwrap();
        for line in text.lines().filter(|line| line.contains("checkov:skip")) {
            let reason = line.split("CKV").nth(1).and_then(|skip| skip.split_once(':')).map(|(_, reason)| reason);
            assert!(reason.is_some_and(|reason| reason.len() > 20), "{line} in {} gives no reason", file.display());
            skips += 1;
        }
    }
    assert!(skips > 0, "no skip was found: is the form of skips another one now?");
}

/// Arguments that a secret would be in. Those that end in `_wo` are kept neither in a plan nor in state.
const SECRET_ARGUMENTS: [&str; 8] = [
    "auth_token",
    "master_password",
    "passwords",
    "secret_string",
    "secret_binary",
    "private_key",
    "access_key",
    "secret_key",
];

#[test]
fn no_module_gives_a_secret_as_an_argument_that_is_kept() {
    let directory = examples();
    let mut write_only = 0;
    for file in files_below(directory.path()) {
        if file.extension().is_none_or(|extension| extension != "tf") {
            continue;
        }
        for line in fs_err::read_to_string(&file).unwrap().lines() {
            let name = line.split('=').next().unwrap_or_default().trim();
            assert!(!SECRET_ARGUMENTS.contains(&name), "{line} in {}", file.display());
            write_only += usize::from(name == "secret_string_wo");
        }
    }
    assert!(write_only > 0, "no secret is written at all");
}

#[test]
fn no_secret_of_the_environment_is_in_a_module() {
    const CANARY: &str = "canary-52d1c8";
    let spec = include_str!("../../examples/everything.yaml").replace("engine: cloudformation", "engine: terraform");
    let rehearsal = Rehearsal::of(&spec);
    let mut command = rehearsal.command(&["render", "--out", "bundle"]);
    for name in ["OPENAI_API_KEY", "LITELLM_MASTER_KEY", "DATABASE_URL", "AWS_SESSION_TOKEN", "TF_VAR_litellm_image"] {
        command.env(name, CANARY);
    }
    assert!(command.output().unwrap().status.success());
    let texts = texts_below(&rehearsal.path("bundle"));
    assert!(texts.contains_key("terraform/hub/cache.tf"));
    for (path, text) in texts {
        assert!(!text.contains(CANARY), "a secret is in {path}");
    }
}
