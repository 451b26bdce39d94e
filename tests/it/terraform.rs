//! Terraform on the path, and the AWS provider from a folder of plugins: no registry is asked.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::moto_server::{environment, skip};

/// Where the provider lies below a folder of plugins.
const PROVIDER: &str = "registry.terraform.io/hashicorp/aws";

/// How deep below the usual places a folder of plugins is looked for.
const DEPTH: usize = 4;

/// What the rendered modules ask for.
const PROVIDERS: &str = r#"terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}
"#;

/// Terraform, with a directory that is initialised once for all modules.
#[derive(Debug)]
pub struct Terraform {
    initialised: tempfile::TempDir,
}

/// Terraform; `None`, said aloud, where it or its provider is not installed.
pub fn find() -> Option<&'static Terraform> {
    static TERRAFORM: OnceLock<Result<Terraform, String>> = OnceLock::new();
    match TERRAFORM.get_or_init(Terraform::new) {
        Ok(terraform) => Some(terraform),
        Err(why) => {
            skip(why);
            None
        }
    }
}

impl Terraform {
    fn new() -> Result<Self, String> {
        let folders = environment("PATH").unwrap_or_default();
        if !std::env::split_paths(&folders).any(|folder| folder.join("terraform").is_file()) {
            return Err("terraform is not on the path: install Terraform 1.11 or later".to_owned());
        }
        let plugins = plugins().ok_or(
            "no folder of plugins has the AWS provider 5.100: run `terraform providers mirror ~/.terraform.d/plugins`, \
             or name the folder in GWINFRA_TEST_TERRAFORM_PLUGINS",
        )?;
        let terraform = Self { initialised: tempfile::tempdir().unwrap() };
        let directory = terraform.initialised.path();
        fs_err::write(directory.join("versions.tf"), PROVIDERS).unwrap();
        let folder = format!("-plugin-dir={}", plugins.display());
        let output = terraform.run(directory, &["init", "-input=false", "-no-color", &folder]);
        if output.status.success() { Ok(terraform) } else { Err(text(&output)) }
    }

    /// Runs Terraform in a directory, with nothing of this process's environment and without asking anybody anything.
    pub fn run(&self, directory: &Path, arguments: &[&str]) -> Output {
        let mut command = Command::new("terraform");
        command
            .env_clear()
            .env("PATH", environment("PATH").unwrap_or_default())
            .env("HOME", self.initialised.path())
            .env("TF_CLI_CONFIG_FILE", "/dev/null")
            .env("CHECKPOINT_DISABLE", "1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .current_dir(directory)
            .args(arguments);
        command.output().unwrap()
    }

    /// Gives a module the provider that was initialised. An `init` for each would cost more than all that follows.
    pub fn provide(&self, module: &Path) {
        let shared = self.initialised.path();
        fs_err::os::unix::fs::symlink(shared.join(".terraform"), module.join(".terraform")).unwrap();
        fs_err::copy(shared.join(".terraform.lock.hcl"), module.join(".terraform.lock.hcl")).unwrap();
    }

    /// What `terraform validate` finds in modules: errors and warnings. Two run at a time.
    pub fn findings(&self, modules: &[PathBuf]) -> Vec<String> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut findings = Vec::new();
            while let Some(module) = modules.get(next.fetch_add(1, Ordering::Relaxed)) {
                self.provide(module);
                findings.extend(self.validate(module));
            }
            findings
        };
        std::thread::scope(|scope| {
            let threads = [scope.spawn(work), scope.spawn(work)];
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        })
    }

    fn validate(&self, module: &Path) -> Vec<String> {
        let output = self.run(module, &["validate", "-json"]);
        let report: serde_json::Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output)));
        let diagnostics = report["diagnostics"].as_array().unwrap();
        assert_eq!(report["valid"] == true, !diagnostics.iter().any(|finding| finding["severity"] == "error"));
        let describe = |finding: &serde_json::Value| {
            let (file, line) = (&finding["range"]["filename"], &finding["range"]["start"]["line"]);
            format!("{} {file}:{line}: {} {}", module.display(), finding["summary"], finding["detail"])
        };
        diagnostics.iter().map(describe).collect()
    }

    /// What `terraform fmt` would change below a directory, as a diff.
    pub fn unformatted(&self, directory: &Path) -> String {
        text(&self.run(directory, &["fmt", "-check", "-diff", "-recursive", "-no-color"]))
    }
}

/// What a run wrote.
pub fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The folder of plugins that has the provider.
pub fn plugins() -> Option<PathBuf> {
    if let Some(folder) = environment("GWINFRA_TEST_TERRAFORM_PLUGINS") {
        return Some(PathBuf::from(folder));
    }
    let home = PathBuf::from(environment("HOME").unwrap_or_default());
    let places = [
        PathBuf::from("/opt"),
        PathBuf::from("/usr/share/terraform"),
        PathBuf::from("/usr/local/share/terraform"),
        home.join(".terraform.d/plugins"),
        home.join(".local/share/terraform"),
    ];
    places.iter().find_map(|place| below(place, DEPTH))
}

fn below(folder: &Path, depth: usize) -> Option<PathBuf> {
    if folder.join(PROVIDER).is_dir() {
        return Some(folder.to_owned());
    }
    let entries = if depth > 0 { fs_err::read_dir(folder).ok()? } else { return None };
    let mut folders: Vec<PathBuf> =
        entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|e| e.path()).collect();
    folders.sort();
    folders.iter().find_map(|folder| below(folder, depth - 1))
}
