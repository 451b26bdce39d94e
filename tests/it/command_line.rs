//! The command line itself: flags, their environment variables, manual pages and schemas.

use crate::rehearsal::{Rehearsal, Run};
use crate::support::repository;

/// A command with an environment variable.
fn with(rehearsal: &Rehearsal, variable: (&str, &str), arguments: &[&str]) -> Run {
    Run::from(rehearsal.command(arguments).env(variable.0, variable.1).output().unwrap())
}

#[test]
fn a_flag_without_value_takes_every_word_for_yes_and_no_from_its_variable() {
    let rehearsal = Rehearsal::new();
    for yes in ["1", "yes", "true", "on"] {
        let run = with(&rehearsal, ("GWINFRA_QUIET", yes), &["validate", "--verbose"]);
        run.says(64, "cannot be used with");
    }
    for no in ["0", "no", "false", "off"] {
        let _ = with(&rehearsal, ("GWINFRA_QUIET", no), &["validate"]).expect(0);
    }
    with(&rehearsal, ("GWINFRA_QUIET", "perhaps"), &["validate"]).says(64, "perhaps");
}

#[test]
fn a_command_of_a_group_has_a_manual_page() {
    let rehearsal = Rehearsal::new();
    for arguments in [&["man", "ci", "init"][..], &["man", "ci init"]] {
        let page = rehearsal.bare(arguments).expect(0).stdout;
        let heading = page.lines().find(|line| line.starts_with(".TH")).unwrap().to_owned();
        assert!(heading.contains("gwinfra\\-ci\\-init") || heading.contains("gwinfra-ci-init"), "{heading}");
        assert!(heading.contains("\"gwinfra ") && !heading.contains("\"init "), "{heading}");
        assert!(page.contains("emit"), "{page}");
    }
    rehearsal.bare(&["man", "ci", "nothing"]).says(64, "there is no command `gwinfra ci nothing`");
}

#[test]
fn every_schema_that_is_offered_is_the_committed_one() {
    let schemas = [
        ("spec", "gwinfra"),
        ("plan", "gwinfra.plan"),
        ("drift", "gwinfra.drift"),
        ("diagnose", "gwinfra.diagnose"),
        ("accounts", "gwinfra.accounts"),
        ("image", "gwinfra.image"),
        ("report", "gwinfra.report"),
        ("parity", "gwinfra.parity"),
    ];
    for (what, name) in schemas {
        let printed = Rehearsal::new().bare(&["schema", "--what", what]).expect(0).stdout;
        let committed = repository(&format!("schemas/{name}.v1.schema.json"));
        assert_eq!(printed, fs_err::read_to_string(committed).unwrap(), "{what}");
    }
}

#[test]
fn findings_as_a_comment_begin_with_what_finds_them_again() {
    let text = Rehearsal::new().bare(&["validate", "-o", "markdown"]).expect(0).stdout;
    assert!(text.starts_with("<!-- gwinfra:validate:gwinfra.yaml -->\n"), "{text}");
}

#[test]
fn a_key_that_does_not_belong_there_hides_no_other_finding() {
    let rehearsal = Rehearsal::new();
    rehearsal.change("tags: {team: platform}", "tagz: {team: platform}\nenvironments: {dev: {}}");
    rehearsal.change("memory: 4096", "memory: 4097");
    for arguments in [&["validate", "-o", "json"][..], &["validate", "-o", "json", "-e", "dev"]] {
        let found = rehearsal.bare(arguments).expect(3).json();
        let findings = found["diagnostics"].as_array().unwrap();
        let codes: Vec<&str> = findings.iter().map(|one| one["code"].as_str().unwrap()).collect();
        assert_eq!(codes, ["GW0140", "GW0011"], "{arguments:?}");
    }
}

#[test]
fn a_region_that_is_not_the_deployments_is_told() {
    let rehearsal = Rehearsal::new();
    rehearsal.run(&["plan", "--region", "eu-west-1"]).says(0, "the deployment is in us-east-1, as hub.region says");
    let run = rehearsal.run(&["plan", "--region", "us-east-1"]).expect(0);
    assert!(!run.stderr.contains("--region"), "{}", run.stderr);
}

#[test]
fn a_printed_spec_is_read_again() {
    let examples = fs_err::read_dir(repository("examples")).unwrap().map(|entry| entry.unwrap().path());
    let mut count = 0;
    for file in examples.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")) {
        let rehearsal = Rehearsal::new();
        let name = file.to_str().unwrap();
        let printed = rehearsal.bare(&["render", "-f", name, "--what", "spec"]).expect(0).stdout;
        rehearsal.write("gwinfra.yaml", &printed);
        let again = rehearsal.bare(&["render", "--what", "spec"]).expect(0).stdout;
        assert_eq!(again, printed, "{name}");
        count += 1;
    }
    assert!(count >= 8, "{count}");
}

#[test]
fn a_format_that_a_command_lacks_is_refused() {
    let rehearsal = Rehearsal::new();
    for arguments in [&["explain", "GW0101", "-o", "json"][..], &["render", "--explain", "Vpc", "-o", "json"]] {
        rehearsal.bare(arguments).says(64, "this command has no output format `json`");
    }
}

#[test]
fn one_exit_code_is_explained_by_its_number_or_its_name() {
    let rehearsal = Rehearsal::new();
    for topic in ["9", "rolled-back"] {
        let text = rehearsal.bare(&["explain", topic]).expect(0).stdout;
        assert_eq!(text, "9  rolled-back  apply failed and was rolled back\n");
    }
    rehearsal.bare(&["explain", "99"]).says(64, "there is no code, exit code or status `99`");
}

#[test]
fn a_spec_that_cannot_be_read_is_a_finding_in_every_format() {
    let rehearsal = Rehearsal::new();
    rehearsal.write("large.yaml", &"#".repeat((1 << 20) + 1));
    for (file, code) in [("nothing.yaml", "GW0001"), ("large.yaml", "GW0002")] {
        for format in ["json", "sarif", "junit", "github", "markdown"] {
            let run = rehearsal.bare(&["validate", "-f", file, "-o", format]).says(3, file);
            assert!(run.stdout.contains(code), "{file} as {format}: {}", run.stdout);
        }
    }
}

#[test]
fn what_is_wrong_in_the_environments_hides_nothing_of_the_rest() {
    let rehearsal = Rehearsal::new();
    rehearsal.change("172.16.0.0/22", "172.16.0.1/22");
    let spec = fs_err::read_to_string(rehearsal.path("gwinfra.yaml")).unwrap();
    for (environments, code) in [("{Dev Env: {}}", "GW0015"), ("nothing", "GW0013")] {
        rehearsal.write("gwinfra.yaml", &format!("{spec}environments: {environments}\n"));
        let report = rehearsal.bare(&["validate", "-o", "json"]).expect(3).stdout;
        for code in [code, "GW0101"] {
            assert!(report.contains(code), "{environments}: no {code} in {report}");
        }
    }
}

#[test]
fn a_variable_that_is_empty_is_one_that_is_not_set() {
    let rehearsal = Rehearsal::new();
    for variable in [
        "GWINFRA_ENV",
        "GWINFRA_FILE",
        "GWINFRA_OUTPUT",
        "GWINFRA_COLOR",
        "GWINFRA_STRICT",
        "GWINFRA_QUIET",
        "GWINFRA_REGION",
    ] {
        let run = with(&rehearsal, (variable, ""), &["validate"]).expect(0);
        assert!(run.stdout.starts_with("gwinfra.yaml is valid"), "{variable}: {run:?}");
    }
    for variable in ["GWINFRA_SIMULATE", "GWINFRA_YES", "GWINFRA_CONCURRENCY", "GWINFRA_PROGRESS"] {
        let _ = with(&rehearsal, (variable, ""), &["apply", "--simulate", "--yes"]).expect(0);
    }
}
