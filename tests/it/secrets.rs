//! No secret value ever leaves Secrets Manager.

use crate::rehearsal::{Rehearsal, SPEC, files_below};

const CANARY: &str = "canary-7f3a91";

#[test]
fn a_key_typed_into_the_spec_is_refused_without_being_shown() {
    let key = format!("sk-proj-{CANARY}-0123456789abcdef");
    let spec = format!("{SPEC}gateway:\n  litellm:\n    environment: {{MY_KEY: {key}}}\n");
    let rehearsal = Rehearsal::of(&spec);
    for format in ["text", "json", "sarif", "junit", "github", "markdown"] {
        let run = rehearsal.bare(&["validate", "-o", format]).expect(3);
        assert!((run.stdout.clone() + &run.stderr).contains("GW0306"), "{format}: {}{}", run.stdout, run.stderr);
        assert!(!(run.stdout + &run.stderr).contains(CANARY), "{format} shows the key");
    }
}

#[test]
fn no_canary_shows_up_in_output_plan_bundle_or_journal() {
    let spec = format!(
        "{SPEC}gateway:\n  litellm:\n    secrets:\n      OPENAI_API_KEY: {{secret: acme/openai, key: api_key}}\n  middleware: {{}}\n"
    );
    let rehearsal = Rehearsal::of(&spec);
    let mut texts = Vec::new();
    for arguments in [
        &["validate"][..],
        &["render", "--out", "bundle"],
        &["plan", "-v", "--out", "saved.plan"],
        &["plan", "-o", "json"],
        &["apply", "saved.plan", "--progress", "ndjson"],
        &["outputs", "-o", "env"],
        &["status", "-v"],
    ] {
        let mut command = rehearsal.command(arguments);
        command.env("GWINFRA_SIMULATE", "true");
        for name in ["OPENAI_API_KEY", "LITELLM_MASTER_KEY", "DATABASE_URL", "AWS_SESSION_TOKEN", "UI_PASSWORD"] {
            command.env(name, CANARY);
        }
        command.env("AWS_SECRET_ACCESS_KEY", CANARY);
        let output = command.output().unwrap();
        texts.push((arguments.join(" "), [output.stdout, output.stderr].concat()));
    }
    for file in files_below(&rehearsal.path(".")) {
        // The simulated accounts are AWS's side: secrets live there.
        if !file.starts_with(rehearsal.accounts()) {
            texts.push((file.display().to_string(), fs_err::read(&file).unwrap()));
        }
    }
    for (place, bytes) in texts {
        assert!(!String::from_utf8_lossy(&bytes).contains(CANARY), "a secret is in {place}");
    }
}
