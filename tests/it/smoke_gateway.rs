//! A whole gateway on this machine, for the tests of smoke calls: the real LiteLLM with the configuration of a spec, the
//! middleware, Redis, a played Bedrock and STS, and what stands around them in [`crate::smoke_front`]. The deployment itself is
//! in simulated accounts; `--via` leads to the gateway here.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use gwinfra::aws::{Clients, Credentials, Options as ClientOptions};
use gwinfra::simulator::clock::Pace;
use gwinfra::simulator::persist::Store;
use gwinfra::simulator::server::{Options as ServerOptions, Server};

use crate::deployment::{HUB, target};
use crate::litellm::python;
use crate::moto_server::{environment, skip};
use crate::rehearsal::{Rehearsal, Run};
use crate::smoke_front::{Routes, Switches, amazon, cable, load_balancer};
use crate::support::repository;

/// Variable that holds a key.
pub const VARIABLE: &str = "GATEWAY_KEY";

/// Two accounts, one with two regions; the first model answers no chat calls, the one that is called falls back to another.
pub const SPEC: &str = r#"version: 1
name: acme-llm
hub: {account: "111122223333", region: us-east-1}
ingress:
  tls: {plaintext: {acknowledge: true}}
database: {none: {}}
bedrock:
  accounts:
    - {id: "222222222222", name: bedrock-1, regions: [us-east-1, us-west-2], deploy_role: "arn:aws:iam::222222222222:role/gwinfra-deploy"}
    - {id: "333333333333", name: bedrock-2, regions: [us-east-1], deploy_role: "arn:aws:iam::333333333333:role/gwinfra-deploy"}
gateway:
  litellm:
    settings:
      # One test breaks what the next one uses.
      router_settings: {disable_cooldowns: true}
      general_settings: {proxy_batch_write_at: 2}
models:
  - name: titan-embed
    bedrock: {model: amazon.titan-embed-text-v2:0, accounts: [bedrock-2]}
  - name: claude-haiku
    bedrock: {model: anthropic.claude-3-haiku-20240307-v1:0}
    fallbacks: [claude-sonnet]
  - name: claude-sonnet
    bedrock: {model: us.anthropic.claude-sonnet-4-5-20250929-v1:0, accounts: [bedrock-1]}
observability: {request_logs: false}
"#;

/// A gateway, and the simulated deployment that it stands for.
pub struct Gateway {
    /// The directory with the spec, applied in simulated accounts.
    pub rehearsal: Rehearsal,
    /// URL of the load balancer.
    pub url: String,
    /// The master key, as LiteLLM takes it.
    pub key: String,
    /// What can be broken.
    pub switches: Arc<Switches>,
    /// Whether the middleware runs.
    pub has_middleware: bool,
    around: Around,
    task: Task,
    _programs: Vec<Program>,
    _runtime: tokio::runtime::Runtime,
}

/// What a task needs of what stands around it.
struct Around {
    python: PathBuf,
    spec: gwinfra::spec::Spec,
    aws: String,
    redis_port: u16,
    key: String,
    litellm: Vec<(&'static str, String)>,
    middleware_database: Option<String>,
}

/// LiteLLM, and the middleware beside it.
pub struct Task {
    /// URL of LiteLLM.
    pub litellm: String,
    /// URL of the middleware, where it was built and the spec has it.
    pub middleware: Option<String>,
    _programs: Vec<Program>,
}

impl Around {
    /// Starts a task. Its logs have that name; `own` is a directory that is removed at the end.
    fn task(&self, rehearsal: &Rehearsal, name: &str, own: Option<&Path>) -> Task {
        let log = |program: &str| rehearsal.path(&format!("{program}{name}.log"));
        let port = free_port();
        let mut command = Command::new(self.python.with_file_name("litellm"));
        command.arg("--config").arg(rehearsal.path("litellm.yaml"));
        command.args(["--host", "127.0.0.1", "--port", &port.to_string(), "--telemetry", "False"]);
        command.current_dir(rehearsal.path("."));
        command.env("REDIS_PORT", self.redis_port.to_string()).env("LITELLM_MASTER_KEY", &self.key);
        for (name, value) in of_aws(&self.aws).into_iter().chain(of_litellm()) {
            command.env(name, value);
        }
        command.env("PATH", environment("PATH").unwrap_or_default()).env("HOME", rehearsal.path("."));
        for (name, value) in &self.litellm {
            command.env(name, value);
        }
        let litellm = format!("http://127.0.0.1:{port}");
        let mut program = Program::start_in(&self.python, "TERM", own, &mut command, log("litellm"));
        program.wait(|| answers(&format!("{litellm}/health/liveliness")));
        let mut programs = vec![program];

        let mut middleware_url = None;
        if let Some(program) = middleware().filter(|_| self.spec.gateway.middleware.enabled) {
            let port = free_port();
            let mut command = Command::new(program);
            command.current_dir(rehearsal.path("."));
            let basis = gwinfra::model::Basis::new(&self.spec, None);
            for (name, value) in gwinfra::model::container::middleware_environment(&basis) {
                if let Some(text) = value.as_str() {
                    command.env(name, text);
                }
            }
            for (name, value) in of_aws(&self.aws) {
                command.env(name, value);
            }
            command.env("PORT", port.to_string()).env("UPSTREAM_URL", &litellm).env("METRICS_ADDRESS", "off");
            if let Some(url) = &self.middleware_database {
                command.env("DATABASE_MIDDLEWARE_URL", url).env("MASTER_KEY", &self.key);
            }
            let url = format!("http://127.0.0.1:{port}");
            let mut program = Program::start(&self.python, "TERM", &mut command, log("middleware"));
            program.wait(|| answers(&format!("{url}{}", gwinfra::model::listener::MIDDLEWARE_HEALTH)));
            programs.push(program);
            middleware_url = Some(url);
        }
        Task { litellm, middleware: middleware_url, _programs: programs }
    }
}

/// A program that ends with this process.
pub struct Program {
    process: Child,
    log: PathBuf,
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

impl Program {
    /// Starts a program; its output goes to a log.
    pub fn start(python: &Path, signal: &str, command: &mut Command, log: PathBuf) -> Self {
        Self::start_in(python, signal, None, command, log)
    }

    /// The same, with a directory that is removed at the end: one in a static is never dropped.
    pub fn start_in(python: &Path, signal: &str, own: Option<&Path>, command: &mut Command, log: PathBuf) -> Self {
        let mut held = Command::new(python);
        held.arg(repository("tests/smoke/hold.py")).arg(signal).arg(own.unwrap_or(Path::new("-")));
        held.arg(command.get_program()).args(command.get_args());
        held.env_clear();
        held.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(directory) = command.get_current_dir() {
            held.current_dir(directory);
        }
        let output = fs_err::File::create(&log).unwrap().into_parts().0;
        held.stdin(Stdio::piped()).stdout(output.try_clone().unwrap()).stderr(output);
        Self { process: held.spawn().unwrap(), log }
    }

    /// Waits until it answers.
    pub fn wait(&mut self, answers: impl Fn() -> bool) {
        let begun = Instant::now();
        while !answers() {
            let words = || fs_err::read_to_string(&self.log).unwrap_or_default();
            assert!(self.process.try_wait().unwrap().is_none(), "it ended: {}", words());
            assert!(begun.elapsed() < Duration::from_secs(240), "it does not answer: {}", words());
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// A loopback port that nobody has.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Whether a path answers with 200.
pub fn answers(url: &str) -> bool {
    let call = async {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().unwrap();
        client.get(url).send().await.is_ok_and(|answer| answer.status().is_success())
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(call)
}

/// Finds a program on the path.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// The middleware, where it was built.
pub fn middleware() -> Option<PathBuf> {
    let program = Path::new(env!("CARGO_BIN_EXE_gwinfra")).with_file_name("gwinfra-middleware");
    program.is_file().then_some(program)
}

/// What a gateway is to have beside LiteLLM.
#[derive(Default)]
pub struct With {
    /// Variables of LiteLLM, such as those of its database.
    pub litellm: Vec<(&'static str, String)>,
    /// URL of the middleware's database.
    pub middleware_database: Option<String>,
    /// Programs that run already.
    pub programs: Vec<Program>,
}

impl Gateway {
    /// Starts a gateway of a spec; `None`, said aloud, where a program is not installed.
    pub fn start(spec: &str, with: With) -> Option<Self> {
        let python = python()?;
        let Some(redis) = on_path("redis-server") else {
            skip("redis-server is not installed: apt-get install redis-server");
            return None;
        };
        let rehearsal = Rehearsal::of(spec);
        rehearsal.apply();
        let config = rehearsal.bare(&["config", "render"]).expect(0).stdout;
        rehearsal.write("litellm.yaml", &config);
        let key = master_key(&rehearsal);
        let switches = Switches::new();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let mut programs = with.programs;
        let log = |name: &str| rehearsal.path(&format!("{name}.log"));

        let port = free_port();
        let mut command = Command::new(redis);
        command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"]);
        command.args(["--requirepass", "none"]).current_dir(rehearsal.path("."));
        let mut program = Program::start(&python, "TERM", &mut command, log("redis"));
        program.wait(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        programs.push(program);
        let redis_port = runtime.block_on(cable(switches.clone(), port));

        let port = free_port();
        let mut command =
            rehearsal.command(&["mock-llm", "--listen", &format!("127.0.0.1:{port}"), "--latency", "80ms"]);
        let mut program = Program::start(&python, "TERM", &mut command, log("mock-llm"));
        let mock = format!("http://127.0.0.1:{port}");
        program.wait(|| answers(&format!("{mock}/mock/stats")));
        programs.push(program);
        let aws = runtime.block_on(amazon(switches.clone(), mock, client.clone()));

        let loaded = gwinfra::spec::load("gwinfra.yaml", spec.as_bytes(), None).unwrap();
        let rules = gwinfra::model::listener::rules(&loaded.spec);
        let around = Around {
            python,
            spec: loaded.spec,
            aws,
            redis_port,
            key: key.clone(),
            litellm: with.litellm,
            middleware_database: with.middleware_database,
        };
        let task = around.task(&rehearsal, "", Some(&rehearsal.path(".")));
        let has_middleware = task.middleware.is_some();
        let (litellm, middleware) = (task.litellm.clone(), task.middleware.clone());
        let routes = Routes { switches: switches.clone(), rules, litellm, middleware, client };
        let url = runtime.block_on(load_balancer(routes));
        Some(Self {
            rehearsal,
            url,
            key,
            switches,
            has_middleware,
            around,
            task,
            _programs: programs,
            _runtime: runtime,
        })
    }

    /// URL of LiteLLM, past the load balancer.
    pub fn litellm(&self) -> &str {
        &self.task.litellm
    }

    /// Another task of the same deployment, which gets what is sent to itself only.
    pub fn another_task(&self) -> Task {
        self.around.task(&self.rehearsal, "-2", None)
    }

    /// TLS in front of the load balancer: its URL, the file of the authority that its certificate is from, and the program that
    /// takes it off.
    pub fn with_tls(&self) -> (String, PathBuf, Program) {
        let (port, to) = (free_port(), self.url.rsplit(':').next().unwrap());
        let place = self.rehearsal.path("tls");
        let mut command = Command::new(&self.around.python);
        command.arg(repository("tests/smoke/tls.py")).args([&port.to_string(), to]).arg(&place);
        let mut program = Program::start(&self.around.python, "TERM", &mut command, self.rehearsal.path("tls.log"));
        let authority = place.join("ca.pem");
        program.wait(|| authority.is_file());
        (format!("https://localhost:{port}"), authority, program)
    }

    /// A smoke run of the deployment, through the load balancer here.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.rehearsal.command(&["smoke"]);
        command.args(["--via", &self.url]).args(arguments).env("GWINFRA_SIMULATE", "true");
        command
    }

    /// What such a run gives. The key is never in it.
    #[track_caller]
    pub fn smoke(&self, arguments: &[&str]) -> Run {
        self.silent(Run::from(self.command(arguments).output().unwrap()))
    }

    /// A run that does not show the key.
    #[track_caller]
    pub fn silent(&self, run: Run) -> Run {
        let bare = self.key.trim_start_matches("sk-");
        for text in [&run.stdout, &run.stderr] {
            assert!(!text.contains(bare) && !text.contains("canary"), "a key is shown: {text}");
        }
        run
    }

    /// A smoke run of the URL, of which no spec is known.
    #[track_caller]
    pub fn smoke_of_url(&self, arguments: &[&str]) -> Run {
        let mut command = self.rehearsal.command(&["smoke", "--url", &self.url, "--key-env", VARIABLE]);
        self.silent(Run::from(command.args(arguments).env(VARIABLE, &self.key).output().unwrap()))
    }
}

/// The gateway's master key: the value of its secret in the simulated account, as the container's start makes it.
fn master_key(rehearsal: &Rehearsal) -> String {
    let arn = rehearsal.run(&["outputs", "MasterKeySecretArn", "--raw"]).expect(0).stdout;
    let read = async {
        let world = Store::new(rehearsal.accounts()).load(Pace::Fast).unwrap();
        let server = Server::start(world, ServerOptions::default()).await.unwrap();
        let clients = Clients::connect(ClientOptions {
            endpoint_url: Some(server.url()),
            credentials: Credentials::Fixed { access_key_id: HUB.into(), secret_access_key: "none".into() },
            ..ClientOptions::default()
        })
        .await;
        clients.session(&target(HUB)).secrets_manager().text(arn.trim()).await.unwrap()
    };
    let text = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(read);
    format!("sk-{text}")
}

/// The result of a check in a report; of several, the first that failed, or else the first.
#[track_caller]
pub fn result<'a>(report: &'a serde_json::Value, name: &str) -> &'a serde_json::Value {
    let of_name = || report["checks"].as_array().unwrap().iter().filter(|check| check["name"] == name);
    let failed = of_name().find(|check| check["status"] == "fail");
    failed.or_else(|| of_name().next()).unwrap_or_else(|| panic!("no {name} in {report:#}"))
}

/// Names of the checks with a status, each once.
pub fn named(report: &serde_json::Value, status: &str) -> Vec<String> {
    let checks = report["checks"].as_array().unwrap().iter().filter(|check| check["status"] == status);
    let mut names: Vec<String> = checks.map(|check| check["name"].as_str().unwrap().to_owned()).collect();
    names.dedup();
    names
}

/// The gateway that most tests share, one at a time; repaired when it is given back.
pub struct Shared(MutexGuard<'static, Gateway>);

impl std::ops::Deref for Shared {
    type Target = Gateway;

    fn deref(&self) -> &Gateway {
        &self.0
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.0.switches.repair();
    }
}

/// The shared gateway.
pub fn shared() -> Option<Shared> {
    static GATEWAY: OnceLock<Option<Mutex<Gateway>>> = OnceLock::new();
    let gateway = GATEWAY.get_or_init(|| Gateway::start(SPEC, With::default()).map(Mutex::new)).as_ref()?;
    // A test that failed leaves it as it is: the next one begins with a whole one all the same.
    Some(Shared(gateway.lock().unwrap_or_else(PoisonError::into_inner)))
}

fn of_aws(aws: &str) -> Vec<(&'static str, String)> {
    vec![
        // The task role's, as it were.
        ("AWS_ACCESS_KEY_ID", "AKIA111122223333TASK".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "none".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ENDPOINT_URL", aws.to_owned()),
        ("AWS_STS_ENDPOINT", aws.to_owned()),
        ("AWS_BEDROCK_RUNTIME_ENDPOINT", aws.to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("NO_PROXY", "127.0.0.1".to_owned()),
    ]
}

fn of_litellm() -> Vec<(&'static str, String)> {
    [
        ("REDIS_HOST", "127.0.0.1"),
        ("REDIS_PASSWORD", "none"),
        // Nothing may leave the machine: neither lists of prices nor telemetry.
        ("LITELLM_LOCAL_MODEL_COST_MAP", "True"),
        ("LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS", "True"),
        ("LITELLM_LOCAL_BLOG_POSTS", "True"),
        ("HF_HUB_OFFLINE", "1"),
    ]
    .into_iter()
    .map(|(name, value)| (name, value.to_owned()))
    .collect()
}

/// Reads lines until one has the words.
pub fn read_until(lines: &mut impl BufRead, words: &str) {
    let mut line = String::new();
    while lines.read_line(&mut line).unwrap() > 0 {
        if line.contains(words) {
            return;
        }
        line.clear();
    }
    panic!("it ended without {words:?}");
}

/// The standard error of a process, line by line.
pub fn stderr_of(child: &mut Child) -> BufReader<std::process::ChildStderr> {
    BufReader::new(child.stderr.take().unwrap())
}
