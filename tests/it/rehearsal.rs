//! Runs the binary on a spec in simulated accounts, hermetically.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gwinfra::simulator::World;
use gwinfra::simulator::clock::Pace;
use gwinfra::simulator::persist::Store;

use crate::applied;

/// A directory with a spec, and the binary run in it.
pub struct Rehearsal {
    directory: tempfile::TempDir,
}

/// What a run gave.
#[derive(Debug, Clone)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Hub and two Bedrock accounts, small enough to be quick.
pub const SPEC: &str = r#"version: 1
name: acme-llm
hub:
  account: "111122223333"
  region: us-east-1
compute:
  fargate:
    memory: 4096
    tasks: {min: 2, desired: 2, max: 4}
ingress:
  tls:
    certificate: {arn: "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d", name: llm.example.com}
database:
  aurora_postgres:
    capacity: {min_acu: 0.5, max_acu: 4}
    readers: 0
    deletion_protection: false
access:
  client_vpn:
    client_cidr: 172.16.0.0/22
    authentication:
      mutual:
        server_certificate: arn:aws:acm:us-east-1:111122223333:certificate/server
        client_ca_certificate: arn:aws:acm:us-east-1:111122223333:certificate/clients
tags: {team: platform}
bedrock:
  accounts:
    - {id: "222222222222", name: bedrock-1, regions: [us-east-1], deploy_role: "arn:aws:iam::222222222222:role/gwinfra-deploy"}
    - {id: "333333333333", name: bedrock-2, regions: [us-east-1], deploy_role: "arn:aws:iam::333333333333:role/gwinfra-deploy"}
models:
  - name: claude-haiku
    bedrock: {model: anthropic.claude-3-haiku-20240307-v1:0}
"#;

impl Rehearsal {
    /// A directory with that spec.
    pub fn of(spec: &str) -> Self {
        let rehearsal = Self { directory: tempfile::tempdir().unwrap() };
        rehearsal.write("gwinfra.yaml", spec);
        rehearsal
    }

    /// A directory with [`SPEC`].
    pub fn new() -> Self {
        Self::of(SPEC)
    }

    /// A path in the directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file in the directory.
    pub fn write(&self, name: &str, text: &str) {
        fs_err::write(self.path(name), text).unwrap();
    }

    /// Changes the spec. The text must be there.
    pub fn change(&self, from: &str, to: &str) {
        let text = fs_err::read_to_string(self.path("gwinfra.yaml")).unwrap();
        assert!(text.contains(from), "the spec has no {from:?}");
        self.write("gwinfra.yaml", &text.replace(from, to));
    }

    /// The binary, with nothing of this process's environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gwinfra"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.directory.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .current_dir(self.directory.path())
            .args(arguments);
        command
    }

    /// Runs the binary as it is.
    #[must_use = "look at what it gave"]
    pub fn bare(&self, arguments: &[&str]) -> Run {
        Run::from(self.command(arguments).output().unwrap())
    }

    /// Runs the binary in simulated accounts.
    #[must_use = "look at what it gave"]
    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::from(self.command(arguments).env("GWINFRA_SIMULATE", "true").output().unwrap())
    }

    /// Runs the binary with a scenario.
    #[must_use = "look at what it gave"]
    pub fn run_with(&self, scenario: &str, arguments: &[&str]) -> Run {
        self.write("scenario.yaml", scenario);
        let mut command = self.command(arguments);
        Run::from(command.env("GWINFRA_SIMULATE", "true").env("GWINFRA_SCENARIO", "scenario.yaml").output().unwrap())
    }

    /// Applies and expects success. A spec to which nothing has happened yet is applied once for all tests.
    pub fn apply(&self) -> Run {
        if files_below(self.directory.path()) == [self.path("gwinfra.yaml")] {
            let spec = fs_err::read_to_string(self.path("gwinfra.yaml")).unwrap();
            return applied::apply(&spec, self.directory.path());
        }
        self.run(&["apply", "--yes"]).expect(0)
    }

    /// Changes the resources of the simulated accounts behind everybody's back.
    pub fn tamper(&self, change: impl FnOnce(&mut World)) {
        let store = Store::new(self.accounts());
        let mut world = store.load(Pace::Fast).unwrap();
        change(&mut world);
        world.touch();
        store.save(&mut world).unwrap();
    }

    /// Where simulated accounts are kept.
    pub fn accounts(&self) -> PathBuf {
        self.path(".gwinfra/simulator")
    }
}

impl Run {
    /// Expects an exit code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Expects an exit code and words on stderr.
    #[track_caller]
    pub fn says(self, code: i32, words: &str) -> Self {
        let run = self.expect(code);
        assert!(run.stderr.contains(words), "stderr has no {words:?}:\n{}", run.stderr);
        run
    }

    /// The result as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Every regular file below a directory.
pub fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}
