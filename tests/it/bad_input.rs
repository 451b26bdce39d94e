//! Bad input: one clear error, the right exit code, no panic, nothing lost.

use std::os::unix::fs::PermissionsExt;

use crate::rehearsal::{Rehearsal, Run, SPEC, files_below};

fn clean(run: &Run) {
    for word in ["panicked", "RUST_BACKTRACE", "unwrap"] {
        assert!(!run.stderr.contains(word), "{}", run.stderr);
    }
    assert!(run.stderr.len() < 20_000, "{} bytes of error", run.stderr.len());
}

#[track_caller]
fn refused(spec: &[u8], code: i32, words: &str) {
    let rehearsal = Rehearsal::new();
    fs_err::write(rehearsal.path("gwinfra.yaml"), spec).unwrap();
    let run = rehearsal.bare(&["validate"]).says(code, words);
    clean(&run);
}

#[test]
fn what_is_no_yaml_is_refused_with_its_place() {
    refused(b"name: [unclosed\nversion: 1\n", 3, "gwinfra.yaml:");
}

#[test]
fn a_key_given_twice_is_refused() {
    refused(format!("{SPEC}name: other\n").as_bytes(), 3, "name");
}

#[test]
fn an_alias_bomb_is_refused_at_once() {
    let mut text = String::from("version: 1\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        text += &format!("a{level}: &a{level} [{}]\n", vec![before; 10].join(", "));
    }
    refused(text.as_bytes(), 3, "gwinfra.yaml");
}

#[test]
fn fifty_megabytes_are_refused_before_they_are_read() {
    refused(&vec![b' '; 50 << 20], 3, "bytes");
}

#[test]
fn a_binary_file_is_refused() {
    refused(&[0x7f, b'E', b'L', b'F', 0, 1, 2, 0xff, 0xfe], 3, "gwinfra.yaml");
}

#[test]
fn an_unknown_version_is_refused() {
    refused(SPEC.replace("version: 1", "version: 2").as_bytes(), 3, "version");
}

#[test]
fn a_directory_is_no_spec() {
    let rehearsal = Rehearsal::new();
    let run = rehearsal.bare(&["validate", "-f", "."]).says(3, "directory");
    clean(&run);
}

#[test]
fn a_missing_file_names_init() {
    let run = Rehearsal::new().bare(&["validate", "-f", "nowhere.yaml"]).says(3, "gwinfra init");
    clean(&run);
}

#[test]
fn an_unreadable_file_says_so() {
    let rehearsal = Rehearsal::new();
    fs_err::set_permissions(rehearsal.path("gwinfra.yaml"), std::fs::Permissions::from_mode(0o000)).unwrap();
    let run = rehearsal.bare(&["validate"]);
    // Root reads everything.
    if run.code != 0 {
        clean(&run.says(3, "gwinfra.yaml"));
    }
}

#[test]
fn no_credentials_are_a_preflight_error() {
    clean(&Rehearsal::new().bare(&["plan", "--endpoint-url", "http://127.0.0.1:9"]).says(5, "credentials"));
}

#[test]
fn a_plan_that_was_cut_in_half_is_refused() {
    let rehearsal = Rehearsal::new();
    rehearsal.run(&["plan", "--out", "saved.plan"]).expect(0);
    let whole = fs_err::read(rehearsal.path("saved.plan")).unwrap();
    fs_err::write(rehearsal.path("saved.plan"), &whole[..whole.len() / 2]).unwrap();
    clean(&rehearsal.run(&["apply", "saved.plan"]).says(3, "saved.plan"));
    clean(&rehearsal.run(&["show", "saved.plan"]).says(3, "saved.plan"));
}

#[test]
fn a_plan_for_another_account_is_stale() {
    let rehearsal = Rehearsal::new();
    rehearsal.run(&["plan", "--out", "saved.plan"]).expect(0);
    rehearsal.change("account: \"111122223333\"", "account: \"444455556666\"");
    rehearsal.change("acm:us-east-1:111122223333", "acm:us-east-1:444455556666");
    clean(&rehearsal.run(&["apply", "saved.plan"]).says(7, "account"));
}

#[test]
fn a_damaged_journal_names_the_file_and_the_way_out() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let journal = files_below(&rehearsal.path(".gwinfra/acme-llm/runs")).pop().unwrap();
    fs_err::write(&journal, "not json\nnot json either\n").unwrap();
    clean(&rehearsal.run(&["apply", "--yes"]).says(1, "move"));
}

#[test]
fn damaged_simulated_accounts_name_the_file_and_the_way_out() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    for file in files_below(&rehearsal.accounts()) {
        fs_err::write(file, "{").unwrap();
    }
    clean(&rehearsal.run(&["plan"]).says(1, "remove"));
}

#[test]
fn a_wrong_flag_is_a_usage_error_and_not_a_difference() {
    clean(&Rehearsal::new().bare(&["plan", "--no-such-flag"]).expect(64));
}

#[test]
fn an_unknown_environment_lists_those_that_exist() {
    clean(
        &Rehearsal::of(&format!("{SPEC}environments:\n  prod: {{}}\n"))
            .bare(&["-e", "prd", "validate"])
            .says(3, "prod"),
    );
}

#[test]
fn answers_that_make_no_valid_spec_are_refused_and_nothing_is_written() {
    let rehearsal = Rehearsal::new();
    for (account, domain) in [("12", "llm.example.com"), ("111122223333", "*.example.com")] {
        let answers = [
            "init",
            "--yes",
            "-f",
            "new.yaml",
            "--account",
            account,
            "--domain",
            domain,
            "--hosted-zone",
            "example.com",
        ];
        rehearsal.bare(&answers).says(3, "error[GW0015]");
        assert!(!rehearsal.path("new.yaml").exists());
    }
}
