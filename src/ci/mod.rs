//! Pipelines that validate, plan, apply and look for drift: the files for GitHub Actions, GitLab CI and CodeBuild, and the
//! trust of the roles that they assume.
//!
//! The shell of every step is a file of its own in `scripts`, the same for all three; what differs between deployments is
//! given to it in the environment, so that nothing is written into it.

mod deployment;
mod templates;
#[cfg(test)]
mod tests;
mod trust;

use thiserror::Error;

pub use deployment::{Deployment, RoleName};
pub use templates::script;
pub use trust::{Roles, roles};

/// Where pipelines run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
    /// AWS CodeBuild.
    Codebuild,
}

/// Where jobs get gwinfra from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Install {
    /// A program, or a tar archive with it.
    Url {
        /// Its address.
        url: String,
        /// Its SHA-256, in hex.
        sha256: String,
    },
    /// A Git repository, from which each job compiles it.
    Git {
        /// Its address.
        url: String,
        /// Commit or tag.
        revision: String,
    },
}

/// What the files are written for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// Where it runs.
    pub system: System,
    /// The command that writes the files, for their first line.
    pub command: String,
    /// The spec, relative to the root of the repository.
    pub file: String,
    /// The branch whose commits are applied.
    pub branch: String,
    /// Where jobs get gwinfra from.
    pub install: Install,
    /// When drift is looked for: five fields of cron, in UTC.
    pub schedule: String,
    /// Image of GitLab's jobs.
    pub image: String,
    /// Host of GitLab, which is who issues its tokens.
    pub gitlab_host: String,
    /// The deployments, one for each environment.
    pub deployments: Vec<Deployment>,
}

/// A file of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Path from the root of the repository.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// What is wrong with a template: a defect of gwinfra's own.
#[derive(Debug, Error)]
#[error("the template {name} cannot be filled")]
pub struct TemplateError {
    /// Name of the template.
    pub name: String,
    /// Why.
    #[source]
    pub source: minijinja::Error,
}

impl Pipeline {
    /// The files.
    ///
    /// # Errors
    /// When a template cannot be filled.
    pub fn files(&self) -> Result<Vec<File>, TemplateError> {
        let file = |path: &str, template: &str, deployments: &[Deployment]| {
            let text = templates::fill(template, self, deployments)?;
            Ok(File { path: path.to_owned(), text })
        };
        match self.system {
            System::Github => Ok(vec![
                file(".github/workflows/gwinfra.yml", "github.yml.j2", &self.deployments)?,
                file(".github/workflows/gwinfra-drift.yml", "github-drift.yml.j2", &self.deployments)?,
            ]),
            System::Gitlab => Ok(vec![file(".gitlab-ci.yml", "gitlab.yml.j2", &self.deployments)?]),
            System::Codebuild => {
                let one = |deployment: &Deployment| {
                    let path = format!(".codebuild/gwinfra{}.yml", deployment.suffix());
                    file(&path, "codebuild.yml.j2", std::slice::from_ref(deployment))
                };
                self.deployments.iter().map(one).collect()
            }
        }
    }
}
