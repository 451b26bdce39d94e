//! The program: Terraform or OpenTofu.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use tokio::process::Command;
use tokio::sync::OnceCell;

use super::environment::AUTOMATION;
use crate::diagnostics::{Diagnostic, Report};
use crate::engine::EngineError;
use crate::plan::codes;

/// The oldest version that keeps secrets out of state by write-only arguments and locks state in S3 by itself.
const OLDEST: semver::Version = semver::Version::new(1, 11, 0);

/// The program, which is looked for when it is first needed.
#[derive(Debug, Default)]
pub struct Binary {
    wanted: Option<PathBuf>,
    found: OnceCell<Program>,
}

/// A program that was found and is new enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    /// Name or path.
    pub path: PathBuf,
    /// Its version.
    pub version: semver::Version,
}

#[derive(Deserialize)]
struct Answer {
    // OpenTofu has kept the name.
    terraform_version: String,
}

impl Binary {
    /// The program at that path; `None` for `terraform` or else `tofu` on the `PATH`.
    pub fn new(wanted: Option<PathBuf>) -> Self {
        Self { wanted, found: OnceCell::new() }
    }

    /// Finds the program.
    ///
    /// # Errors
    /// [`EngineError::Preflight`] when there is none, it does not work, or it is too old.
    pub(super) async fn find(&self) -> Result<&Program, EngineError> {
        self.found.get_or_try_init(|| self.look()).await
    }

    /// Name or path of the program, and its version.
    ///
    /// # Errors
    /// [`EngineError::Preflight`] when there is none, it does not work, or it is too old.
    pub async fn version(&self) -> Result<(PathBuf, semver::Version), EngineError> {
        self.find().await.map(|program| (program.path.clone(), program.version.clone()))
    }

    async fn look(&self) -> Result<Program, EngineError> {
        let candidates = match &self.wanted {
            Some(path) => vec![path.clone()],
            None => vec![PathBuf::from("terraform"), PathBuf::from("tofu")],
        };
        for path in candidates {
            let version = match ask(&path).await {
                Ok(Some(version)) => version,
                Ok(None) => continue,
                Err(reason) => return Err(missing(format!("`{}` does not work: {reason}", path.display()))),
            };
            if version < OLDEST {
                return Err(missing(format!("`{}` is version {version}, and {OLDEST} is needed", path.display())));
            }
            return Ok(Program { path, version });
        }
        Err(missing(match &self.wanted {
            Some(path) => format!("there is no `{}`", path.display()),
            None => "neither `terraform` nor `tofu` is on the PATH".to_owned(),
        }))
    }
}

/// The version of a program; `None` when there is no such program.
async fn ask(path: &Path) -> Result<Option<semver::Version>, String> {
    let output = Command::new(path)
        .args(["version", "-json"])
        .envs(AUTOMATION)
        .stdin(Stdio::null())
        .process_group(0)
        .output()
        .await;
    let output = match output {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let answer = serde_json::from_slice::<Answer>(&output.stdout).ok();
    match answer.and_then(|answer| semver::Version::parse(&answer.terraform_version).ok()) {
        Some(version) => Ok(Some(version)),
        None => Err(format!("`version -json` ended with {} and named no version", output.status)),
    }
}

fn missing(message: String) -> EngineError {
    let finding = Diagnostic::error(codes::TERRAFORM_PROGRAM, message).with_help(format!(
        "install Terraform {OLDEST} or newer (https://developer.hashicorp.com/terraform/install) or OpenTofu {OLDEST} or \
         newer (https://opentofu.org/docs/intro/install), or name the program with --terraform-bin"
    ));
    EngineError::Preflight(Box::new(Report { diagnostics: vec![finding], ..Report::default() }))
}
