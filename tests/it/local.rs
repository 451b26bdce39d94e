//! The gateway of a spec on this machine: it serves, it stops, and it leaves nothing behind, whatever happens.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::litellm::python;
use crate::moto_server::skip;
use crate::rehearsal::{Rehearsal, Run, SPEC};

/// A LiteLLM that says why it cannot start.
const REFUSES: &str = "echo 'ValueError: no such model' >&2\nexit 3";
/// One that never answers, and has a child of its own.
const HANGS: &str = "sleep 1000 &\nsleep 1000";

/// A local gateway in a directory of its own, which is stopped when it is dropped.
pub struct Local {
    pub rehearsal: Rehearsal,
}

impl Local {
    pub fn new() -> Self {
        let rehearsal = Rehearsal::of(SPEC);
        // PostgreSQL runs as another user when this one is root, and must reach its directory.
        fs_err::set_permissions(rehearsal.path("."), std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { rehearsal }
    }

    /// A program in the place of LiteLLM. The Python beside it says that LiteLLM can use a database.
    fn program(&self, script: &str) -> String {
        self.script("python", "exit 0");
        self.script("litellm", script)
    }

    pub fn script(&self, name: &str, script: &str) -> String {
        let path = self.rehearsal.path(name);
        fs_err::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        self.rehearsal.command(&[&["local"], arguments].concat())
    }

    /// Starts a gateway and leaves it running, without the middleware: see [`Self::program`] for what LiteLLM may be.
    fn up(&self, litellm: &str, more: &[&str]) -> Run {
        let arguments = [&["up", "--detach", "--port", "0", "--litellm-bin", litellm], more].concat();
        let mut command = self.command(&arguments);
        // The middleware waits for a LiteLLM that answers.
        Run::from(command.output().unwrap())
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::from(self.command(arguments).output().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.rehearsal.path(".gwinfra/local").join(name)
    }

    fn state(&self) -> Value {
        serde_json::from_slice(&fs_err::read(self.path("state.json")).unwrap_or_default()).unwrap_or_default()
    }

    /// Waits until the state is as wanted.
    pub fn until(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            let state = self.state();
            if wanted(&state) {
                return state;
            }
            assert!(Instant::now() < deadline, "{state}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Processes whose output goes into the directory, as the kernel knows them.
    pub fn processes(&self) -> Vec<String> {
        let directory = fs_err::canonicalize(self.rehearsal.path(".")).unwrap();
        let inside = |process: &Path| {
            let output = std::fs::read_link(process.join("fd/1"));
            output.is_ok_and(|output| output.starts_with(&directory))
        };
        let all = fs_err::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
        all.filter(|process| inside(process))
            .map(|process| fs_err::read_to_string(process.join("cmdline")).unwrap_or_default())
            .collect()
    }

    #[track_caller]
    pub fn assert_nothing_is_left(&self) {
        // A process that was killed is there until its parent has heard of it.
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.processes().is_empty() {
            assert!(Instant::now() < deadline, "{:?}", self.processes());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        let _ = self.command(&["down"]).output();
    }
}

/// A gateway that is started in the foreground by a program that never answers, once that runs.
fn in_the_foreground(local: &Local) -> (Child, BufReader<std::process::ChildStderr>) {
    let program = local.program(HANGS);
    let mut child = local
        .command(&["up", "--port", "0", "--litellm-bin", &program])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    local.until(|state| process_group(state, "LiteLLM").is_some());
    (child, stderr)
}

fn process_group(state: &Value, service: &str) -> Option<i64> {
    let services = state["services"].as_array()?;
    services.iter().find(|known| known["name"] == service)?["process_group"].as_i64()
}

fn signal(signal: &str, process: &str) {
    assert!(Command::new("kill").args([signal, "--", process]).status().unwrap().success());
}

/// Calls a URL with the gateway's key, and gives its status and body.
fn call(url: &str, key: &str, path: &str, body: &Value) -> (u16, String) {
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    let (method, body) = if body.is_null() { ("GET", String::new()) } else { ("POST", body.to_string()) };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[test]
fn it_serves_all_accounts_at_one_url_until_it_is_stopped() {
    let Some(python) = python() else { return };
    let litellm = python.with_file_name("litellm");
    let local = Local::new();
    let run = local.up(litellm.to_str().unwrap(), &["-o", "json"]).expect(0);
    let state = run.json();
    let (url, key) = (state["url"].as_str().unwrap(), fs_err::read_to_string(local.path("key")).unwrap());
    assert!(!run.stdout.contains(&key) && !run.stderr.contains(&key));

    assert_eq!(call(url, "sk-wrong", "/v1/models", &Value::Null).0 / 100, 4);
    let (status, models) = call(url, &key, "/v1/models", &Value::Null);
    assert_eq!(status, 200, "{models}");
    assert!(models.contains("claude-haiku"), "{models}");

    let question = json!({"model": "claude-haiku", "messages": [{"role": "user", "content": "Are you there?"}]});
    let stats = state["stats_url"].as_str().unwrap().strip_suffix("/mock/stats").unwrap();
    let mut accounts: Vec<String> = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(120);
    // LiteLLM counts calls under way: only those that overlap reach more than one account, and on a busy machine not
    // each eight do.
    while accounts.len() < 2 {
        assert!(Instant::now() < deadline, "all calls reached {accounts:?}");
        std::thread::scope(|scope| {
            let ask = || call(url, &key, "/v1/chat/completions", &question);
            let calls: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            for answer in calls {
                let (status, body) = answer.join().unwrap();
                assert_eq!(status, 200, "{body}");
                assert!(body.contains("an answer of mock-llm"), "{body}");
            }
        });
        let counts: Value = serde_json::from_str(&call(stats, "", "/mock/stats", &Value::Null).1).unwrap();
        let rows = counts["rows"].as_array().unwrap().iter();
        accounts = rows.map(|row| row["account"].as_str().unwrap().to_owned()).collect();
    }
    assert_eq!(accounts, ["222222222222", "333333333333"]);

    local.run(&["status"]).expect(0);
    local.up(litellm.to_str().unwrap(), &[]).says(6, url);
    local.run(&["down"]).says(0, "The gateway is stopped.");
    local.assert_nothing_is_left();
    local.run(&["status"]).says(1, "no gateway runs here");
}

#[test]
fn a_litellm_that_refuses_is_quoted_and_nothing_is_left() {
    let local = Local::new();
    let run =
        local.up(&local.program(REFUSES), &[]).says(1, "LiteLLM has ended (exit status: 3): ValueError: no such model");
    assert!(run.stderr.contains("log/litellm.log"), "{}", run.stderr);
    local.assert_nothing_is_left();
}

#[test]
fn a_litellm_that_does_not_answer_in_time_is_killed_with_its_children() {
    let local = Local::new();
    local.up(&local.program(HANGS), &["--wait", "1s"]).says(1, "LiteLLM does not answer after 1 seconds");
    local.assert_nothing_is_left();
}

#[test]
fn ctrl_c_during_the_start_stops_everything() {
    let local = Local::new();
    let (mut child, mut stderr) = in_the_foreground(&local);
    signal("-INT", &child.id().to_string());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    assert!(said.contains("nothing is left running"), "{said}");
    local.assert_nothing_is_left();
}

#[test]
fn nothing_of_the_shell_leads_litellm_to_a_real_provider() {
    let local = Local::new();
    let program = local.program("env > litellm.env\nexit 1");
    let arguments = ["up", "--port", "0", "--litellm-bin", program.as_str(), "--no-cache", "--no-database"];
    let mut command = local.command(&arguments);
    command.env("OPENAI_API_KEY", "sk-real").env("AWS_PROFILE", "production").env("AWS_ENDPOINT_URL", "https://real");
    assert_eq!(command.output().unwrap().status.code(), Some(1));
    let variables = fs_err::read_to_string(local.path("litellm.env")).unwrap();
    let of = |name: &str| variables.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    assert_eq!((of("OPENAI_API_KEY"), of("AWS_PROFILE")), (None, None));
    assert!(of("AWS_ENDPOINT_URL").unwrap().starts_with("http://127.0.0.1:"), "{variables}");
    assert_eq!(of("AWS_ACCESS_KEY_ID"), Some("AKIA111122223333TASK"));
}

/// Whether the programs of PostgreSQL and Redis are installed; said aloud where they are not.
pub fn has_servers() -> bool {
    let found = |program: &str| Command::new(program).arg("--version").output().is_ok();
    let has = found("redis-server") && (found("pg_config") || Path::new("/usr/lib/postgresql").is_dir());
    if !has {
        skip("PostgreSQL or Redis is not installed: apt-get install postgresql redis-server");
    }
    has
}

#[test]
fn a_database_and_a_cache_of_its_own_are_started_for_it() {
    if !has_servers() {
        return;
    }
    let local = Local::new();
    // What LiteLLM is given, once it runs.
    let program = local.program("env > litellm.env\nexec sleep 1000");
    let mut child = local
        .command(&["up", "--port", "0", "--litellm-bin", &program])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let state = local.until(|state| process_group(state, "LiteLLM").is_some());
    for service in ["PostgreSQL", "Redis"] {
        let services = state["services"].as_array().unwrap();
        let known = services.iter().find(|known| known["name"] == service).unwrap();
        assert_eq!(known["condition"], "running", "{state}");
    }
    let deadline = Instant::now() + Duration::from_secs(30);
    let variables = loop {
        let variables = fs_err::read_to_string(local.path("litellm.env")).unwrap_or_default();
        if variables.contains("DATABASE_URL=postgresql://") && variables.contains("REDIS_PORT=") {
            break variables;
        }
        assert!(Instant::now() < deadline, "{variables}");
        std::thread::sleep(Duration::from_millis(20));
    };
    let url = variables.lines().find_map(|line| line.strip_prefix("DATABASE_URL=")).unwrap();
    let ask = |url: &str| Command::new("psql").args([url, "-Atc", "select current_database()"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ask(url).stdout).trim(), "litellm");
    let (user, place) = url.split_once('@').unwrap();
    let wrong = format!("{}:wrong@{place}", user.rsplit_once(':').unwrap().0);
    assert!(!ask(&wrong).status.success(), "any password is taken");
    signal("-TERM", &child.id().to_string());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    local.assert_nothing_is_left();
}

#[test]
fn a_database_of_another_version_of_postgresql_is_named_with_the_way_out() {
    if !has_servers() {
        return;
    }
    let local = Local::new();
    fs_err::create_dir_all(local.path("postgres")).unwrap();
    fs_err::write(local.path("postgres/PG_VERSION"), "9\n").unwrap();
    let program = local.program("exec sleep 60");
    let run = local.up(&program, &["--no-cache"]);
    assert!(run.stderr.contains("the database here is of PostgreSQL 9, and "), "{}", run.stderr);
    assert!(run.stderr.contains("`gwinfra local down --purge` deletes"), "{}", run.stderr);
    assert_eq!(fs_err::read_to_string(local.path("postgres/PG_VERSION")).unwrap(), "9\n");
    local.assert_nothing_is_left();
}

#[test]
fn a_second_ctrl_c_kills_what_does_not_stop() {
    let local = Local::new();
    let program = local.program("trap '' TERM INT\nwhile true; do sleep 1; done");
    let mut child = local
        .command(&["up", "--port", "0", "--litellm-bin", &program, "--no-cache", "--no-database"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    local.until(|state| process_group(state, "LiteLLM").is_some());
    let began = Instant::now();
    signal("-INT", &child.id().to_string());
    let mut line = String::new();
    while !line.contains("Stopping") {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0);
    }
    signal("-INT", &child.id().to_string());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    local.assert_nothing_is_left();
}

#[test]
fn what_a_killed_gwinfra_leaves_is_stopped_by_the_next_down() {
    let local = Local::new();
    let (mut child, _stderr) = in_the_foreground(&local);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!local.processes().is_empty());
    local.run(&["status"]).says(0, "gwinfra was killed and has left services running");
    local.run(&["down"]).says(0, "had left");
    local.assert_nothing_is_left();
}

#[test]
fn what_a_killed_gwinfra_leaves_is_stopped_by_the_next_up() {
    let local = Local::new();
    let (mut child, _stderr) = in_the_foreground(&local);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!local.processes().is_empty());
    local.up(&local.program(REFUSES), &[]).expect(1);
    local.assert_nothing_is_left();
}

#[test]
fn secrets_are_only_in_files_that_nobody_else_reads() {
    let local = Local::new();
    let run = local.up(&local.program(REFUSES), &[]).expect(1);
    let secrets: Value = serde_json::from_slice(&fs_err::read(local.path("secrets.json")).unwrap()).unwrap();
    for file in crate::rehearsal::files_below(&local.path("")) {
        let text = String::from_utf8_lossy(&fs_err::read(&file).unwrap()).into_owned();
        let holds = secrets.as_object().unwrap().values().any(|secret| text.contains(secret.as_str().unwrap()));
        if holds {
            let mode = fs_err::metadata(&file).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", file.display());
        }
    }
    for secret in secrets.as_object().unwrap().values() {
        assert!(!run.stdout.contains(secret.as_str().unwrap()) && !run.stderr.contains(secret.as_str().unwrap()));
    }
}

#[test]
fn a_litellm_that_is_not_there_is_said_before_anything_is_started() {
    let local = Local::new();
    local.up("/nowhere/litellm", &[]).says(5, "there is no LiteLLM at /nowhere/litellm");
    local.assert_nothing_is_left();
}

#[test]
fn a_spec_with_errors_is_not_started() {
    let local = Local::new();
    local.rehearsal.change("anthropic.claude-3-haiku-20240307-v1:0", "nonsense");
    local.up(&local.program(REFUSES), &[]).expect(3);
    assert!(!local.path("").exists());
}

#[test]
fn a_purge_leaves_no_file() {
    let local = Local::new();
    local.up(&local.program(REFUSES), &[]).expect(1);
    assert!(local.path("secrets.json").exists());
    local.run(&["down", "--purge"]).expect(0);
    assert!(!local.path("").exists());
}
