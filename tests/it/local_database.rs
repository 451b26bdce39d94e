//! The database of the gateway on this machine: LiteLLM uses it through a client that is generated once, or does without.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::litellm::python;
use crate::local::{Local, has_servers};
use crate::moto_server::{environment, skip};
use crate::rehearsal::Run;
use crate::support::repository;

/// A Python that makes nothing: its virtual environments have a LiteLLM that only says that it is alive, and a Prisma that
/// does what is said here.
fn play_python(local: &Local, generation: &str) {
    let real = Command::new("sh").args(["-c", "command -v python3"]).output().unwrap();
    let real = String::from_utf8(real.stdout).unwrap();
    let python = format!(
        r#"case "$*" in
*' pip '*) echo "$*" >"$0.pip" ;;
'-m prisma generate'*) echo "$*" >>"$0.prisma"; {generation} ;;
*) [ -e "$0.client" ] || {{ echo /packages/litellm/proxy/schema.prisma; echo "No module named 'prisma.client'" >&2; exit 1; }} ;;
esac"#
    );
    let real = real.trim();
    // It serves files: one of them is the path that is asked.
    let litellm = format!(
        "mkdir -p files/health && echo alive >files/health/liveliness\nexec {real} -m http.server --bind \"$4\" --directory files \"$6\""
    );
    local.script("venv-python", &python);
    local.script("venv-litellm", &litellm);
    let place = local.rehearsal.path(".").display().to_string();
    local.script(
        "python3",
        &format!(
            "case \"$*\" in\n--version) echo Python 3.11.2 ;;\n*) mkdir -p \"$3/bin\"; cp {place}/venv-python \"$3/bin/python\"; \
             cp {place}/venv-litellm \"$3/bin/litellm\" ;;\nesac"
        ),
    );
}

/// Starts a gateway that installs LiteLLM with that Python.
fn up(local: &Local) -> Run {
    let mut command = local.command(&["up", "--detach", "--port", "0", "--no-cache"]);
    let path = format!("{}:{}", local.rehearsal.path(".").display(), environment("PATH").unwrap());
    Run::from(command.env("PATH", path).output().unwrap())
}

/// How PostgreSQL is, in words.
fn database(local: &Local) -> String {
    let state: Value = serde_json::from_slice(&fs_err::read(local.path("state.json")).unwrap()).unwrap();
    let services = state["services"].as_array().unwrap();
    let known = services.iter().find(|known| known["name"] == "PostgreSQL").unwrap();
    format!("{}: {}", known["condition"].as_str().unwrap(), known["detail"].as_str().unwrap())
}

/// The arguments of each call of a module of the Python that is played.
fn calls(local: &Local, module: &str) -> Vec<String> {
    let calls = fs_err::read_to_string(local.path("litellm/bin").join(format!("python.{module}"))).unwrap();
    calls.lines().map(ToOwned::to_owned).collect()
}

#[test]
fn all_packages_are_installed_in_the_versions_that_are_tested() {
    let local = Local::new();
    play_python(&local, "exit 1");
    up(&local).expect(0);
    let file = local.path("litellm/constraints.txt");
    let arguments = &calls(&local, "pip")[0];
    assert!(arguments.ends_with(&format!(" --constraint {}", file.display())), "{arguments}");
    let versions = fs_err::read_to_string(file).unwrap();
    assert_eq!(versions, fs_err::read_to_string(repository("src/local/constraints.txt")).unwrap());
}

#[test]
fn a_litellm_that_is_installed_gets_its_client() {
    if !has_servers() {
        return;
    }
    let local = Local::new();
    play_python(&local, r#"touch "$0.client""#);
    up(&local).expect(0);
    assert_eq!(calls(&local, "prisma"), ["-m prisma generate --schema /packages/litellm/proxy/schema.prisma"]);
    assert!(database(&local).starts_with("running: 127.0.0.1:"), "{}", database(&local));
}

#[test]
fn a_client_that_cannot_be_made_is_a_note_with_the_next_command() {
    if !has_servers() {
        return;
    }
    let local = Local::new();
    play_python(&local, "echo 'Error: getaddrinfo ENOTFOUND binaries.prisma.sh'; exit 1");
    let run = up(&local).expect(0);
    let bin = local.path("litellm/bin").display().to_string();
    let next = format!(
        "`PATH={bin}:\"$PATH\" {bin}/python -m prisma generate --schema /packages/litellm/proxy/schema.prisma`"
    );
    assert!(run.stderr.contains(&next), "{}", run.stderr);
    assert!(run.stderr.contains("could not be made (Error: getaddrinfo ENOTFOUND"), "{}", run.stderr);
}

#[test]
fn a_client_that_could_not_be_made_is_not_tried_at_every_start() {
    if !has_servers() {
        return;
    }
    let local = Local::new();
    play_python(&local, "exit 1");
    up(&local).expect(0);
    local.run(&["down"]).expect(0);
    up(&local).says(0, "this makes its client: `");
    assert_eq!(calls(&local, "prisma").len(), 1);
}

#[test]
#[ignore = "takes a minute: make test"]
fn keys_and_chat_sessions_work_where_litellm_has_its_client() {
    let Some(python) = python().filter(|_| has_servers()) else { return };
    let prisma = environment("GWINFRA_TEST_PRISMA").map_or_else(|| repository("target/prisma"), PathBuf::from);
    if !prisma.join("node_modules").is_dir() {
        return skip("Prisma's engine is not installed: `make tools` installs it into target/prisma");
    }
    let local = Local::new();
    let place = local.rehearsal.path("with-database");
    let made = Command::new(repository("tests/litellm/with-database"))
        .arg(&place)
        .args([python.parent().unwrap(), &prisma])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let litellm = place.join("litellm").display().to_string();
    let state = local.run(&["up", "--detach", "--port", "0", "--litellm-bin", &litellm, "-o", "json"]).expect(0).json();
    let arguments = ["smoke", "--url", state["url"].as_str().unwrap(), "--key-env", "GATEWAY_KEY", "-o", "json"];
    let mut command = local.rehearsal.command(&[&arguments[..], &["--only", "readiness,keys,history"]].concat());
    command.env("GATEWAY_KEY", fs_err::read_to_string(local.path("key")).unwrap());
    let report = Run::from(command.output().unwrap()).expect(0).json();
    assert_eq!(report["summary"], serde_json::json!({"pass": 3, "fail": 0, "skip": 0}), "{report:#}");
    local.run(&["down"]).expect(0);
    local.assert_nothing_is_left();
}
