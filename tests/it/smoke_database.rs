//! Smoke calls of a LiteLLM with its database: virtual keys, spend, rate limits, chat sessions. The database is PostgreSQL;
//! the engine of LiteLLM's client is Prisma's own, as WebAssembly.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::{Value, json};

use crate::litellm::python;
use crate::moto_server::{environment, skip};
use crate::rehearsal::Run;
use crate::smoke_gateway::{
    Gateway, Program, SPEC, VARIABLE, With, free_port, named, on_path, read_until, result, stderr_of,
};
use crate::support::repository;

/// PostgreSQL, empty but for two databases.
struct Postgres {
    program: Program,
    port: u16,
}

/// The directory of PostgreSQL's programs: Debian's are not on the path.
fn postgres_programs() -> Option<PathBuf> {
    // What is on the path may be a link to it.
    let beside = on_path("initdb").and_then(|path| Some(path.canonicalize().ok()?.parent()?.to_owned()));
    let mut found: Vec<PathBuf> = fs_err::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect())
        .unwrap_or_default();
    found.sort();
    beside.or_else(|| found.pop()).filter(|bin| bin.join("initdb").is_file() && bin.join("psql").is_file())
}

/// PostgreSQL refuses to run as root.
fn owner() -> Option<(u32, u32)> {
    rustix::process::geteuid().is_root().then_some(())?;
    let passwd = fs_err::read_to_string("/etc/passwd").unwrap();
    let line = passwd.lines().find(|line| line.starts_with("postgres:")).expect("root needs a user `postgres`");
    let mut ids = line.split(':').skip(2).map(|id| id.parse().unwrap());
    Some((ids.next().unwrap(), ids.next().unwrap()))
}

impl Postgres {
    fn start(python: &Path) -> Option<Self> {
        let Some(programs) = postgres_programs() else {
            skip("PostgreSQL is not installed: apt-get install postgresql");
            return None;
        };
        // It is removed by whoever holds the program.
        let directory = tempfile::tempdir().unwrap().keep();
        let (data, owner) = (directory.join("data"), owner());
        fs_err::create_dir_all(&data).unwrap();
        let mut initdb = Command::new(programs.join("initdb"));
        initdb.args(["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "-D"]).arg(&data);
        let mut signal = "INT".to_owned();
        if let Some((user, group)) = owner {
            std::os::unix::fs::chown(&directory, Some(user), Some(group)).unwrap();
            std::os::unix::fs::chown(&data, Some(user), Some(group)).unwrap();
            initdb.uid(user).gid(group);
            signal = format!("INT:{user}:{group}");
        }
        let made = initdb.current_dir("/").stdin(Stdio::null()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = free_port();
        let mut command = Command::new(programs.join("postgres"));
        command.arg("-D").arg(&data).args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        command.args(["-c", "unix_socket_directories=", "-c", "fsync=off"]).current_dir("/");
        let log = directory.join("log");
        let mut program = Program::start_in(python, &signal, Some(&directory), &mut command, log);
        program.wait(|| psql(&programs, port, "postgres", &[], "select 1"));
        for name in ["litellm", "middleware"] {
            assert!(psql(&programs, port, "postgres", &[], &format!("create database {name}")));
        }
        Some(Self { program, port })
    }

    fn url(&self, database: &str) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/{database}", self.port)
    }
}

fn psql(programs: &Path, port: u16, database: &str, files: &[PathBuf], statement: &str) -> bool {
    let mut command = Command::new(programs.join("psql"));
    command.args(["-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "postgres", "-d", database]);
    command.args(["-p", &port.to_string()]);
    for file in files {
        command.arg("-f").arg(file);
    }
    if !statement.is_empty() {
        command.args(["-c", statement]);
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// What LiteLLM needs to use a database: its tables, Prisma's engine, and a client that was generated for it.
fn variables(python: &Path, postgres: &Postgres, place: &Path) -> Option<Vec<(&'static str, String)>> {
    let prisma = environment("GWINFRA_TEST_PRISMA").map_or_else(|| repository("target/prisma"), PathBuf::from);
    if !prisma.join("node_modules").is_dir() {
        skip("Prisma's engine is not installed: `make tools` installs it into target/prisma");
        return None;
    }
    let script = "import sysconfig; print(sysconfig.get_paths()['purelib'])";
    let output = Command::new(python).args(["-c", script]).output().unwrap();
    let packages = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim());
    // The client is generated into the package itself: into a copy of it.
    let client = place.join("client");
    copy(&packages.join("prisma"), &client.join("prisma"));
    let all = vec![
        ("PYTHONPATH", client.display().to_string()),
        ("PRISMA_QUERY_ENGINE_BINARY", prisma.join("query-engine").display().to_string()),
        ("PRISMA_SCHEMA_ENGINE_BINARY", prisma.join("schema-engine").display().to_string()),
        ("PRISMA_BINARY_CACHE_DIR", prisma.display().to_string()),
        ("PRISMA_USE_GLOBAL_NODE", "1".to_owned()),
        ("PRISMA_HIDE_UPDATE_MESSAGE", "true".to_owned()),
        ("CHECKPOINT_DISABLE", "1".to_owned()),
        ("npm_config_ignore_scripts", "true".to_owned()),
        ("DISABLE_SCHEMA_UPDATE", "true".to_owned()),
        ("DATABASE_URL", postgres.url("litellm")),
        ("LITELLM_SALT_KEY", "sk-salt".to_owned()),
    ];
    let mut generate = Command::new(python);
    generate.args(["-m", "prisma", "generate", "--schema"]).arg(packages.join("litellm/proxy/schema.prisma"));
    generate.env_clear().env("PATH", path_with(python)).env("HOME", place).current_dir(place);
    let output = generate.envs(all.iter().map(|(name, value)| (*name, value))).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut migrations: Vec<PathBuf> = fs_err::read_dir(packages.join("litellm_proxy_extras/migrations"))
        .unwrap()
        .map(|entry| entry.unwrap().path().join("migration.sql"))
        .filter(|path| path.is_file())
        .collect();
    migrations.sort();
    assert!(psql(&postgres_programs().unwrap(), postgres.port, "litellm", &migrations, ""));
    Some(all)
}

/// The path with Python's own programs first: Prisma calls its generator by name.
fn path_with(python: &Path) -> String {
    format!("{}:{}", python.parent().unwrap().display(), environment("PATH").unwrap_or_default())
}

fn copy(from: &Path, to: &Path) {
    fs_err::create_dir_all(to).unwrap();
    for entry in fs_err::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs_err::copy(&path, &target).unwrap();
        }
    }
}

/// The gateway that these tests share, one at a time.
pub fn shared() -> Option<MutexGuard<'static, (Gateway, tempfile::TempDir)>> {
    static GATEWAY: OnceLock<Option<Mutex<(Gateway, tempfile::TempDir)>>> = OnceLock::new();
    let start = || {
        let python = python()?;
        let postgres = Postgres::start(&python)?;
        let place = tempfile::tempdir().unwrap();
        let mut litellm = variables(&python, &postgres, place.path())?;
        litellm.push(("PATH", path_with(&python)));
        let middleware_database = Some(format!("{}?sslmode=disable", postgres.url("middleware")));
        let secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:acme/database-a1b2c3";
        let spec =
            SPEC.replace("database: {none: {}}", &format!("database: {{external: {{url_secret: \"{secret}\"}}}}"));
        let with = With { litellm, middleware_database, programs: vec![postgres.program] };
        Gateway::start(&spec, with).map(|gateway| Mutex::new((gateway, place)))
    };
    Some(GATEWAY.get_or_init(start).as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Asks LiteLLM with its master key.
pub fn ask(gateway: &Gateway, path: &str) -> Value {
    let call = async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.get(format!("{}{path}", gateway.url)).bearer_auth(&gateway.key).send().await.unwrap();
        answer.json().await.unwrap()
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(call)
}

/// Tells LiteLLM something with its master key.
fn post(gateway: &Gateway, path: &str, body: &Value) -> Value {
    let call = async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let call = client.post(format!("{}{path}", gateway.url)).bearer_auth(&gateway.key).json(body);
        call.send().await.unwrap().json().await.unwrap()
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(call)
}

/// Status of a call with a key.
fn status(method: reqwest::Method, url: &str, key: &str) -> u16 {
    let call = async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.request(method, url).bearer_auth(key).send().await.unwrap().status().as_u16()
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(call)
}

/// Status and answer of a call with a key.
pub fn posted(url: &str, key: &str, body: &Value) -> (u16, Value) {
    let call = async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.post(url).bearer_auth(key).json(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(call)
}

/// A smoke run that fails, with what is broken already. It is repaired.
#[track_caller]
fn broken(gateway: &Gateway, check: &str) -> (String, String) {
    let run = gateway.smoke(&["--only", check, "-o", "json"]);
    gateway.switches.repair();
    let report = run.expect(13).json();
    assert_eq!(named(&report, "fail"), [check], "{report:#}");
    let words = |name: &str| result(&report, check)[name].as_str().unwrap_or_default().to_owned();
    (words("detail"), words("next"))
}

/// Names of the keys that smoke runs have left.
fn keys_left(gateway: &Gateway) -> Vec<String> {
    let listed = ask(gateway, "/key/list?return_full_object=true&size=100");
    let names = listed["keys"].as_array().unwrap().iter().filter_map(|key| key["key_alias"].as_str());
    names.filter(|name| name.starts_with("gwinfra-smoke-")).map(ToOwned::to_owned).collect()
}

#[test]
#[ignore = "takes a minute: make test"]
fn a_gateway_with_a_database_passes_and_no_key_is_left() {
    let Some(shared) = shared() else { return };
    let gateway = &shared.0;
    let report = gateway.smoke(&["-o", "json"]).expect(0).json();
    for name in ["readiness", "auth", "rate-limit", "keys"] {
        assert_eq!(result(&report, name)["status"], "pass", "{report:#}");
    }
    let detail = |name: &str| result(&report, name)["detail"].as_str().unwrap().to_owned();
    assert_eq!(detail("readiness"), "database connected, cache redis answers");
    assert!(detail("auth").starts_with("no key: 401, wrong key: 401"), "{}", detail("auth"));
    assert_eq!(detail("rate-limit"), "call 2 of a key with one a minute: 429, retry after 60 s");
    assert!(detail("keys").starts_with("made, used, kept from titan-embed, spend of $0."), "{}", detail("keys"));
    assert!(detail("keys").ends_with("counted, deleted, refused"), "{}", detail("keys"));
    if gateway.has_middleware {
        assert_eq!(detail("history"), "two turns are kept, read back, and deleted");
        assert_eq!(named(&report, "skip"), ["waf", "plaintext"]);
    }
    assert_eq!(keys_left(gateway), [""; 0]);
}

#[test]
#[ignore = "takes a minute: make test"]
fn an_interrupted_run_leaves_no_key() {
    let Some(shared) = shared() else { return };
    let gateway = &shared.0;
    let mut command = gateway.command(&["--only", "keys,rate-limit", "--progress", "lines"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = stderr_of(&mut child);
    // `rate-limit` is done with its key when `keys` still waits for its spend.
    read_until(&mut stderr, " rate-limit ");
    assert!(keys_left(gateway).iter().any(|name| name.starts_with("gwinfra-smoke-keys-")));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    read_until(&mut stderr, "the keys that the checks made are deleted");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(keys_left(gateway), [""; 0]);
}

#[test]
#[ignore = "takes a minute: make test"]
fn keys_are_deleted_after_a_failure_too() {
    let Some(shared) = shared() else { return };
    let gateway = &shared.0;
    for account in ["222222222222", "333333333333", "111122223333"] {
        *gateway.switches.refused_account.lock().unwrap() = Some(account.to_owned());
        // Whether it fails depends on who is called: what counts is that nothing is left.
        let _ = gateway.smoke(&["--only", "keys,rate-limit", "-o", "json"]);
        assert_eq!(keys_left(gateway), [""; 0]);
    }
    gateway.switches.repair();
}

#[test]
#[ignore = "takes a minute: make test"]
fn a_key_whose_making_was_not_answered_is_deleted_too() {
    let Some(shared) = shared() else { return };
    let gateway = &shared.0;
    gateway.switches.answers_lost.store(true, SeqCst);
    let report = gateway.smoke(&["--only", "rate-limit", "-o", "json"]).expect(13).json();
    gateway.switches.repair();
    let detail = result(&report, "rate-limit")["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("no key could be made: 504"), "{detail}");
    assert_eq!(keys_left(gateway), [""; 0]);
}

#[test]
#[ignore = "takes a minute: make test"]
fn what_a_key_may_not_see_is_not_missing() {
    let Some(shared) = shared() else { return };
    let gateway = &shared.0;
    let made = post(gateway, "/key/generate", &json!({"models": ["claude-haiku"], "key_alias": "restricted"}));
    let mut command = gateway.command(&["--only", "models", "-o", "json", "--key-env", VARIABLE]);
    command.env(VARIABLE, made["key"].as_str().unwrap());
    let run = Run::from(command.output().unwrap());
    post(gateway, "/key/delete", &json!({"key_aliases": ["restricted"]}));
    let report = gateway.silent(run).expect(0).json();
    let models = result(&report, "models");
    assert_eq!(models["status"], "skip", "{report:#}");
    let detail = models["detail"].as_str().unwrap();
    assert!(detail.starts_with("this key may call claude-haiku, and does not show whether "), "{detail}");
}

#[test]
#[ignore = "takes a minute: make test"]
fn what_needs_a_database_is_found_out_without_a_spec() {
    let Some(shared) = shared() else { return };
    let gateway = &shared.0;
    let report = gateway.smoke_of_url(&["--only", "readiness,keys,rate-limit", "-o", "json"]).expect(0).json();
    assert_eq!(report["summary"], json!({"pass": 3, "fail": 0, "skip": 0}));
}

#[test]
#[ignore = "takes a minute: make test"]
fn every_check_passes_where_everything_is_there() {
    let Some(shared) = shared() else { return };
    let gateway = &shared.0;
    if !gateway.has_middleware {
        return;
    }
    let (url, authority, _tls) = gateway.with_tls();
    gateway.switches.firewall.store(true, SeqCst);
    let mut command = gateway.rehearsal.command(&["smoke", "--url", &url, "--key-env", VARIABLE, "-o", "json"]);
    let run = Run::from(command.env(VARIABLE, &gateway.key).env("SSL_CERT_FILE", authority).output().unwrap());
    gateway.switches.repair();
    let report = gateway.silent(run).expect(0).json();
    let mut passed = named(&report, "pass");
    passed.sort();
    passed.dedup();
    assert_eq!((passed.len(), named(&report, "skip")), (16, Vec::new()), "{report:#}");
}

#[test]
#[ignore = "takes a minute: make test"]
fn a_limit_that_is_not_kept_is_told() {
    let Some(shared) = shared() else { return };
    shared.0.switches.limits_lost.store(true, SeqCst);
    let (detail, next) = broken(&shared.0, "rate-limit");
    assert_eq!(detail, "a key with one request a minute made 6");
    assert!(next.starts_with("tasks count together only through the cache: see readiness"), "{next}");
}

#[test]
#[ignore = "takes a minute: make test"]
fn a_refusal_that_does_not_say_until_when_is_told() {
    let Some(shared) = shared() else { return };
    shared.0.switches.retry_after_lost.store(true, SeqCst);
    let (detail, next) = broken(&shared.0, "rate-limit");
    assert_eq!(detail, "the 429 does not say when to try again (retry-after)");
    assert!(next.starts_with("aws logs tail "), "{next}");
}

#[test]
#[ignore = "takes a minute: make test"]
fn a_session_of_which_a_turn_is_missing_is_told() {
    let Some(shared) = shared() else { return };
    if !shared.0.has_middleware {
        return;
    }
    let messages = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]);
    shared.0.switches.say("POST", "/chat-history", 200, json!({"messages": messages}));
    let (detail, next) = broken(&shared.0, "history");
    assert_eq!(detail, "of two turns, 1 questions and 1 answers are kept");
    assert!(next.starts_with("aws logs tail "), "{next}");
}

#[test]
#[ignore = "takes a minute: make test"]
fn a_session_that_cannot_be_deleted_is_told() {
    let Some(shared) = shared() else { return };
    if !shared.0.has_middleware {
        return;
    }
    shared.0.switches.say("DELETE", "/chat-history", 503, json!({"error": {"message": "not now"}}));
    let (detail, _) = broken(&shared.0, "history");
    assert_eq!(detail, "the session could not be deleted: 503: not now");
}

#[test]
#[ignore = "takes a minute: make test"]
fn a_key_that_another_task_deleted_reads_nothing_while_this_one_remembers_it() {
    let Some(shared) = shared() else { return };
    let gateway = &shared.0;
    let task = gateway.another_task();
    let Some(middleware) = task.middleware.clone() else { return };
    let made = post(gateway, "/key/generate", &json!({"key_alias": "of-nobody"}));
    let key = made["key"].as_str().unwrap();
    let info = format!("{}/key/info", task.litellm);
    assert_eq!(status(reqwest::Method::GET, &info, key), 200);
    post(gateway, "/key/delete", &json!({"key_aliases": ["of-nobody"]}));
    // LiteLLM lets it in from memory, and has no row of it.
    assert_eq!(status(reqwest::Method::GET, &info, key), 404);
    assert_eq!(status(reqwest::Method::POST, &format!("{middleware}/session-ids"), key), 401);
    assert_eq!(status(reqwest::Method::POST, &format!("{middleware}/session-ids"), &gateway.key), 200);
}

#[test]
#[ignore = "takes a minute: make test"]
fn a_key_of_no_user_makes_none_where_litellm_makes_one_that_has_neither_user_nor_team() {
    let Some(shared) = shared() else { return };
    let gateway = &shared.0;
    let task = gateway.another_task();
    let Some(middleware) = task.middleware.clone() else { return };
    let team = post(gateway, "/team/new", &json!({"team_alias": "makers"}));
    post(gateway, "/user/new", &json!({"user_id": "ada", "user_role": "internal_user", "auto_create_key": false}));
    let made = |of: Value| post(gateway, "/key/generate", &of)["key"].as_str().unwrap().to_owned();
    let make = |url: &str, key: &str| posted(&format!("{url}/key/generate"), key, &json!({}));
    let of_team = made(json!({"team_id": team["team_id"]}));
    assert_eq!((make(&task.litellm, &of_team).0, make(&middleware, &of_team).0), (401, 403));
    // An administrator may let it all the same.
    let allowed = made(json!({"team_id": team["team_id"], "allowed_routes": ["/key/generate"]}));
    let (status, key) = make(&task.litellm, &allowed);
    assert_eq!(
        (status, &key["user_id"], &key["team_id"], &key["max_budget"]),
        (200, &json!(null), &json!(null), &json!(null))
    );
    assert_eq!(make(&middleware, &allowed).0, 403);
    let of_user = made(json!({"user_id": "ada"}));
    for url in [&task.litellm, &middleware] {
        let (status, key) = make(url, &of_user);
        assert_eq!((status, &key["user_id"]), (200, &json!("ada")));
    }
}

#[test]
#[ignore = "takes a minute: make test"]
fn official_clients_call_the_gateway_over_tls_and_its_sessions_are_kept() {
    let Some(shared) = shared() else { return };
    let gateway = &shared.0;
    if !gateway.has_middleware {
        return;
    }
    let (url, authority, _tls) = gateway.with_tls();
    let call = |script: &str| {
        let mut command = Command::new(python().unwrap());
        command.arg(repository(&format!("tests/mock_llm/{script}"))).args([&url, &gateway.key, "claude-haiku"]);
        command.env("NO_PROXY", "localhost,127.0.0.1").env("SSL_CERT_FILE", &authority);
        let output = command.env("AWS_CA_BUNDLE", &authority).output().unwrap();
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let seen = call("converse.py");
    assert_eq!((&seen["converse"]["stop"], &seen["cut off"]["stop"]), (&json!("end_turn"), &json!("max_tokens")));
    assert_eq!(seen["stream"]["text"], seen["converse"]["text"]);
    assert_eq!(seen["tool"], json!({"name": "weather", "input": {"city": "mock"}, "stop": "tool_use"}));
    assert_eq!(seen["streamed tool"], seen["tool"]);
    assert_eq!(seen["after the tool"], seen["converse"]["text"]);
    assert_eq!(seen["a stranger"], json!(["AccessDeniedException", 401]));
    let seen = call("openai_sdk.py");
    assert_eq!((&seen["chat"]["finish"], &seen["cut off"]["finish"]), (&json!("stop"), &json!("length")));
    assert_eq!(seen["stream"], seen["chat"]);
    assert_eq!(
        seen["streamed tool"],
        json!({"name": "weather", "arguments": {"city": "mock"}, "finish": "tool_calls"})
    );
    assert!(seen["models"].as_array().unwrap().contains(&json!("claude-haiku")), "{seen}");
    let seen = call("history.py");
    assert_eq!((&seen["same session"], &seen["unknown"]), (&json!(true), &json!(401)));
    let text = &seen["streamed"];
    let kept = json!([
        ["user", "Are you there?"],
        ["assistant", text],
        ["user", "And the weather?"],
        ["assistant", ["weather"]],
        ["tool", "sunny"],
        ["assistant", text],
    ]);
    assert_eq!(seen["kept"], kept);
}
