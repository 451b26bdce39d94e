//! No secret leaves Secrets Manager on its way through Terraform.

use crate::rehearsal::files_below;
use crate::terraform_estate::{CANARIES, Estate};

/// Values of all secrets of the hub, and of the environment.
fn secrets(estate: &Estate) -> Vec<(String, String)> {
    let found = estate.ask(&estate.hub, &["secrets"]);
    let mut secrets: Vec<(String, String)> = CANARIES.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    for (name, value) in found.as_object().unwrap() {
        let value = value.as_str().unwrap();
        // What RDS keeps is a user and a password.
        let parsed: Option<serde_json::Value> = serde_json::from_str(value).ok();
        let value = parsed.as_ref().and_then(|parsed| parsed["password"].as_str()).unwrap_or(value);
        assert!(value.len() > 8, "{name} has no value worth looking for");
        secrets.push((name.clone(), value.to_owned()));
    }
    for kind in ["acme-llm-master-key", "acme-llm-salt-key", "rds!cluster"] {
        assert!(secrets.iter().any(|(name, _)| name.starts_with(kind)), "there is no {kind}");
    }
    secrets
}

fn assert_silent(secrets: &[(String, String)], text: &[u8], place: &str) {
    for (name, value) in secrets {
        let found = text.windows(value.len()).any(|window| window == value.as_bytes());
        assert!(!found, "the value of {name} is in {place}");
    }
}

#[test]
fn no_secret_is_in_a_file_or_in_what_is_printed() {
    let Some(mut estate) = Estate::shared() else { return };
    // A plan of everything that can show a secret: its tasks, and a saved one.
    estate.change(&[("memory: 4096", "memory: 8192")]);
    let _ = estate.run(&["-v", "plan", "--out", "acme.gwplan"]).expect(0);
    let _ = estate.run(&["show", "-o", "json", "acme.gwplan"]).expect(0);
    let mut show = estate.command("terraform");
    show.current_dir(estate.module("hub")).args(["show", "-json", "tfplan"]);
    let shown = show.output().unwrap();
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    let secrets = secrets(&estate);
    assert_silent(&secrets, &shown.stdout, "terraform show");
    assert_silent(&secrets, estate.said.as_bytes(), "what was printed");
    let files = files_below(estate.directory());
    for name in ["terraform.tfstate", "tfplan", "terraform.jsonl", "terraform.err", "applied.json", "acme.gwplan"] {
        assert!(files.iter().any(|file| file.ends_with(name)), "there is no {name}");
    }
    for file in files.iter().filter(|file| !file.components().any(|part| part.as_os_str() == "providers")) {
        // The provider itself is a program.
        let Ok(bytes) = fs_err::read(file) else { continue };
        if bytes.len() < 50_000_000 {
            assert_silent(&secrets, &bytes, &file.display().to_string());
        }
    }
}
