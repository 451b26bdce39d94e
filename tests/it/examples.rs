//! Every example, as it is and in each of its environments: valid, reproducible, and clean in the eyes of the linters.

use std::collections::BTreeMap;
use std::process::Command;

use crate::support::repository;
use crate::tools;
use crate::variants::{assert_code, terraform_variants, texts_below, variants};

/// Largest template that CloudFormation takes with a call, in bytes.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>
const TEMPLATE_LIMIT: usize = 51_200;

fn is_template(path: &str) -> bool {
    path.starts_with("cloudformation/") && path.ends_with(".yaml")
}

/// The templates of all variants, each text once, in a directory of their own.
fn all_templates() -> tempfile::TempDir {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for variant in variants() {
        for (path, text) in variant.bundle().into_iter().filter(|(path, _)| is_template(path)) {
            let file = path.trim_start_matches("cloudformation/");
            texts.entry(text).or_insert_with(|| format!("{}-{file}", variant.name()));
        }
    }
    let directory = tempfile::tempdir().unwrap();
    for (text, name) in &texts {
        fs_err::write(directory.path().join(name), text).unwrap();
    }
    directory
}

#[test]
fn every_example_is_valid_in_all_its_environments() {
    for variant in variants().iter().filter(|variant| variant.environment.is_none()) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gwinfra"));
        let output = command.env_clear().args(["validate", "--file"]).arg(&variant.file).output().unwrap();
        assert_code(&output, 0, variant);
    }
}

#[test]
fn every_example_renders_the_same_bytes_twice_within_the_size_limit() {
    for variant in variants() {
        let bundle = variant.bundle();
        assert!(bundle == variant.bundle(), "{} renders differently the second time", variant.name());
        for (path, text) in bundle.iter().filter(|(path, _)| is_template(path)) {
            assert!(text.len() <= TEMPLATE_LIMIT, "{path} of {} has {} bytes", variant.name(), text.len());
        }
    }
}

#[test]
fn a_bundle_is_up_to_date_until_somebody_changes_it() {
    let variant = variants().remove(0);
    let directory = tempfile::tempdir().unwrap();
    let bundle = directory.path().join("bundle");
    assert_code(&variant.render(&bundle, &[]), 0, &variant);
    assert_code(&variant.render(&bundle, &["--check"]), 0, &variant);
    let template = bundle.join("cloudformation/data.yaml");
    let text = fs_err::read_to_string(&template).unwrap();
    fs_err::write(&template, text.replace("StorageEncrypted: true", "StorageEncrypted: false")).unwrap();
    assert_code(&variant.render(&bundle, &["--check"]), 2, &variant);
}

#[test]
fn cfn_lint_finds_nothing_in_any_example() {
    let Some(cfn_lint) = tools::find("cfn-lint") else { return };
    tools::lint(&cfn_lint, all_templates().path());
}

#[test]
fn checkov_finds_nothing_in_any_example() {
    let Some(checkov) = tools::find("checkov") else { return };
    let templates = all_templates();
    let mut command = Command::new(checkov);
    command.args(["--framework", "cloudformation", "--skip-download", "--quiet", "--compact", "-o", "json", "-d"]);
    let output = command.arg(templates.path()).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let failed: Vec<_> = report["results"]["failed_checks"].as_array().unwrap().iter().map(describe).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(report["summary"]["parsing_errors"], 0, "{report:#}");
    let passed = report["summary"]["passed"].as_u64().unwrap();
    assert!(passed > 500, "checkov read too little: {passed} checks passed");
}

fn describe(check: &serde_json::Value) -> String {
    format!("{} {} in {}", check["check_id"], check["resource"], check["file_path"])
}

#[test]
fn every_skipped_check_says_why() {
    let mut skips = 0;
    for variant in variants() {
        for (path, text) in variant.bundle().iter().filter(|(path, _)| is_template(path)) {
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            for (index, line) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("- id: CKV")) {
                let comment = lines.get(index + 1).and_then(|line| line.strip_prefix("comment: ")).unwrap_or_default();
                assert!(comment.len() > 20, "{line} in {path} of {} gives no reason", variant.name());
                skips += 1;
            }
        }
    }
    assert!(skips > 0, "no skip was found: is the form of skips another one now?");
}

/// A change of a template or of the model is seen here, in review, as a change of what AWS is told. The manifest holds
/// digests of everything, and would change with every one of them.
#[test]
fn the_committed_bundles_are_what_the_examples_render() {
    let committed = repository("tests/bundles");
    let update = std::env::var_os("GWINFRA_UPDATE").is_some_and(|value| value == "1");
    let mut expected = BTreeMap::new();
    let both = variants().into_iter().chain(terraform_variants());
    for variant in both.filter(|variant| variant.environment.is_none()) {
        let bundle = variant.bundle().into_iter().filter(|(path, _)| path != "manifest.json");
        expected.extend(bundle.map(|(path, text)| (format!("{}/{path}", variant.name()), text)));
    }
    if update {
        if committed.exists() {
            fs_err::remove_dir_all(&committed).unwrap();
        }
        for (path, text) in &expected {
            let file = committed.join(path);
            fs_err::create_dir_all(file.parent().unwrap()).unwrap();
            fs_err::write(file, text).unwrap();
        }
    }
    let found = if committed.exists() { texts_below(&committed) } else { BTreeMap::new() };
    for path in expected.keys().chain(found.keys()) {
        let (old, new) = (found.get(path), expected.get(path));
        let text = |side: Option<&String>| side.cloned().unwrap_or_default();
        assert!(
            old == new,
            "tests/bundles/{path} is not what is rendered: run the tests with GWINFRA_UPDATE=1\n{}",
            similar::TextDiff::from_lines(text(old).as_str(), text(new).as_str()).unified_diff()
        );
    }
}

#[test]
fn no_example_for_terraform_is_warned_of_what_the_blueprint_itself_writes() {
    for variant in terraform_variants() {
        let text = fs_err::read_to_string(&variant.file).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("gwinfra.yaml");
        let text = text.replacen("version: 1\n", "version: 1\nengine: terraform\n", 1);
        fs_err::write(&file, text.replace("\nengine: cloudformation\n", "\n")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_gwinfra"));
        let output = command.env_clear().args(["validate", "-o", "json", "--file"]).arg(&file).output().unwrap();
        assert_code(&output, 0, &variant);
        let found = String::from_utf8(output.stdout).unwrap();
        assert!(!found.contains("GW1128"), "{}: {found}", variant.name());
    }
}
