//! A spec that the binary deploys with the real Terraform to accounts on moto, as a user would: by its flags, its
//! environment and an override file beside the rendered ones.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, OnceLock};

use serde_json::Value;

use crate::moto_server::{endpoint, interpreter};
use crate::rehearsal::Run;
use crate::terraform;

/// Hub and two Bedrock accounts, with all that moto models. It has neither Client VPN nor what a cache is made of.
const SPEC: &str = r#"version: 1
name: acme-llm
engine: terraform
hub: {account: "HUB", region: us-east-1, deploy_role: "arn:aws:iam::HUB:role/gwinfra-deploy"}
network:
  vpc:
    create: {cidr: 10.40.0.0/16, availability_zones: 2}
compute:
  fargate:
    cpu: 1024
    memory: 4096
    tasks: {min: 2, desired: 2, max: 4}
    scale_on: {cpu_percent: 60}
ingress:
  tls:
    certificate: {arn: "CERTIFICATE", name: llm.example.com}
  allow_from: [10.0.0.0/8]
  idle_timeout_seconds: 700
  waf: {rate_limit_per_5_minutes: 2000}
database:
  aurora_postgres:
    capacity: {min_acu: 0.5, max_acu: 4}
    readers: 0
    backup_days: 7
    deletion_protection: false
cache:
  none: {}
gateway:
  litellm:
    secrets: {OPENAI_API_KEY: {secret: acme/openai, key: api_key}}
tags: {team: platform}
bedrock:
  accounts:
    - {id: "FIRST", name: bedrock-1, regions: [us-east-1], deploy_role: "arn:aws:iam::FIRST:role/gwinfra-deploy"}
    - {id: "SECOND", name: bedrock-2, regions: [us-east-1], deploy_role: "arn:aws:iam::SECOND:role/gwinfra-deploy"}
    # another
models:
  - name: claude-haiku
    bedrock: {model: anthropic.claude-3-haiku-20240307-v1:0}
  - name: gpt-4o
    litellm: {model: openai/gpt-4o, api_key: OPENAI_API_KEY}
observability:
  log_retention_days: 90
  request_logs: true
  alarms: {error_rate_percent: 5, notify: {email: oncall@example.com}}
"#;

/// The provider tries a call that moto does not have twenty-five times unless it is told not to, and asks for buckets by
/// names that no resolver knows.
const OVERRIDE: &str = "provider \"aws\" {\n  max_retries = 3\n  s3_use_path_style = true\n}\n";

/// Values of the environment that are nobody's business.
pub const CANARIES: [(&str, &str); 3] = [
    ("AWS_SECRET_ACCESS_KEY", "canary-7d1f0a-secret-access-key"),
    ("OPENAI_API_KEY", "canary-7d1f0a-openai"),
    ("LITELLM_MASTER_KEY", "canary-7d1f0a-master"),
];

/// A deployment, and where it lies.
pub struct Estate {
    directory: PathBuf,
    endpoint: &'static str,
    /// Account of the hub.
    pub hub: String,
    /// Bedrock accounts.
    pub spokes: [String; 2],
    /// The spec that was applied.
    spec: String,
    /// Everything that the binary has printed.
    pub said: String,
}

impl Estate {
    /// Applies the spec to accounts that no other test has. `None`, said aloud, where moto or Terraform is missing.
    pub fn applied(number: u32) -> Option<Self> {
        let mut estate = Self::prepared(number)?;
        estate.apply();
        Some(estate)
    }

    /// The same, with Terraform's state in a bucket of the hub's account, which is made beforehand.
    pub fn applied_with_state_in_s3(number: u32, bucket: &str) -> Option<Self> {
        let mut estate = Self::prepared_with_state_in_s3(number, bucket)?;
        estate.apply();
        Some(estate)
    }

    /// Accounts with nothing but a certificate and a bucket for states, and a spec for them.
    pub fn prepared_with_state_in_s3(number: u32, bucket: &str) -> Option<Self> {
        let mut estate = Self::prepared(number)?;
        let state = format!("engine: terraform\nstate: {{s3: {{bucket: {bucket}}}}}\n");
        estate.spec = estate.spec.replace("engine: terraform\n", &state);
        estate.put_back();
        estate.run(&["state", "bootstrap", "--yes"]).expect(0);
        Some(estate)
    }

    /// Accounts with nothing but a certificate, and a spec for them.
    pub fn prepared(number: u32) -> Option<Self> {
        let endpoint = endpoint()?;
        terraform::find()?;
        let account = |more: u32| format!("{:012}", 400_000_000_000_u64 + u64::from(number * 10 + more));
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("estate-{number}"));
        let _ = fs_err::remove_dir_all(&directory);
        let (hub, spokes) = (account(0), [account(1), account(2)]);
        let mut estate = Self { directory, endpoint, hub, spokes, spec: String::new(), said: String::new() };
        let certificate = estate.ask(&estate.hub, &["certificate"]);
        estate.spec = SPEC
            .replace("HUB", &estate.hub)
            .replace("FIRST", &estate.spokes[0])
            .replace("SECOND", &estate.spokes[1])
            .replace("CERTIFICATE", certificate.as_str().unwrap());
        for module in ["hub", "accounts/bedrock-1", "accounts/bedrock-2", "accounts/bedrock-3"] {
            let module = estate.module(module);
            fs_err::create_dir_all(&module).unwrap();
            fs_err::write(module.join("moto_override.tf"), OVERRIDE).unwrap();
        }
        estate.put_back();
        Some(estate)
    }

    /// Applies the spec, and pushes the image that it waits for.
    pub fn apply(&mut self) {
        // The repository is the deployment's own: its image can only be pushed once that is made.
        self.run(&["apply", "--yes"]).says(5, "image middleware is not there");
        self.ask(&self.hub, &["push", "acme-llm/middleware", env!("CARGO_PKG_VERSION")]);
        self.run(&["apply", "--yes"]).expect(0);
    }

    /// The deployment that tests look at and do not change, one test at a time: it is made once.
    pub fn shared() -> Option<MutexGuard<'static, Self>> {
        static ESTATE: OnceLock<Option<Mutex<Estate>>> = OnceLock::new();
        let estate = ESTATE.get_or_init(|| Estate::applied(1).map(Mutex::new)).as_ref()?;
        let estate = estate.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        estate.put_back();
        Some(estate)
    }

    /// Where everything lies.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where moto is.
    pub fn endpoint(&self) -> &str {
        self.endpoint
    }

    /// The directory of a root module.
    pub fn module(&self, key: &str) -> PathBuf {
        self.directory.join(".gwinfra/acme-llm/terraform").join(key)
    }

    /// The spec that was applied.
    pub fn spec(&self) -> &str {
        &self.spec
    }

    /// Writes the spec that was applied.
    pub fn put_back(&self) {
        fs_err::write(self.directory.join("gwinfra.yaml"), &self.spec).unwrap();
    }

    /// Writes the spec with changes. Each text must be there.
    pub fn change(&self, edits: &[(&str, &str)]) {
        let mut spec = self.spec.clone();
        for (from, to) in edits {
            assert!(spec.contains(from), "the spec has no {from:?}");
            spec = spec.replace(from, to);
        }
        fs_err::write(self.directory.join("gwinfra.yaml"), spec).unwrap();
    }

    /// Runs a program as the binary's user would.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", crate::moto_server::environment("PATH").unwrap_or_default())
            .env("HOME", &self.directory)
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("TF_CLI_CONFIG_FILE", "/dev/null")
            .envs(CANARIES)
            .current_dir(&self.directory);
        if let Some(plugins) = terraform::plugins() {
            command.env("TF_CLI_ARGS_init", format!("-plugin-dir={}", plugins.display()));
        }
        command
    }

    /// Runs the binary.
    #[must_use = "look at what it gave"]
    pub fn run(&mut self, arguments: &[&str]) -> Run {
        let mut command = self.command(env!("CARGO_BIN_EXE_gwinfra"));
        let run = Run::from(command.args(["--endpoint-url", self.endpoint]).args(arguments).output().unwrap());
        self.said += &run.stdout;
        self.said += &run.stderr;
        run
    }

    /// What changes, in JSON.
    pub fn plan(&mut self) -> Value {
        self.run(&["plan", "-q", "-o", "json"]).expect(0).json()
    }

    /// Asks `tests/moto/accounts.py` about an account.
    pub fn ask(&self, account: &str, arguments: &[&str]) -> Value {
        let mut command = Command::new(interpreter());
        command.args(["-c", include_str!("../moto/accounts.py"), self.endpoint, account]).args(arguments);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Kinds of things in an account that there are any of, with their names.
    pub fn kinds(&self, account: &str) -> Vec<(String, Vec<String>)> {
        let list = self.ask(account, &["list"]);
        let names = |value: &Value| -> Vec<String> { serde_json::from_value(value.clone()).unwrap() };
        let kinds = list.as_object().unwrap().iter().map(|(kind, found)| (kind.clone(), names(found)));
        kinds.filter(|(_, found)| !found.is_empty()).collect()
    }
}
