//! LiteLLM: a program that is named, or one that is installed into the directory.

use std::path::{Path, PathBuf};
use std::process::Command as Plain;

use tokio::process::Command;

use super::environment::Variables;
use super::prisma::{self, Lack};
use super::process::{Process, last_words};
use super::report::Report;
use super::{Directory, LocalError};

/// What is installed: the version whose behaviour is tested. Without Prisma's client a call without a key would be
/// answered with 500.
pub const REQUIREMENTS: [&str; 2] = ["litellm[proxy]==1.102.4", "prisma==0.15.0"];

/// The versions of all packages that come with it, so that each installation is the one that is tested.
const CONSTRAINTS: &str = include_str!("constraints.txt");

/// The oldest Python, major and minor version, that all those versions are made for. For an older one, pip resolves anew.
const CONSTRAINED_FROM: (u32, u32) = (3, 11);

/// An installed LiteLLM.
#[derive(Debug, Clone)]
pub(super) struct Litellm {
    /// Its program.
    pub program: PathBuf,
    /// The file that is there once its database client was generated, or could not be; `None` for a LiteLLM of the user's
    /// own, which is not changed.
    attempt: Option<PathBuf>,
}

impl Litellm {
    /// The one that is named, or that was installed earlier; `None` when it is to be installed.
    pub fn find(directory: &Directory, named: Option<&Path>) -> Result<Option<Self>, LocalError> {
        if let Some(path) = named {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            return if path.is_file() {
                Ok(Some(Self { program: path, attempt: None }))
            } else {
                Err(LocalError::NotThere { what: "LiteLLM", path })
            };
        }
        let own = directory.file("litellm");
        let ready = fs_err::read_to_string(own.join(".ready")).is_ok_and(|text| text == stamp());
        Ok(ready.then(|| Self::own(&own)))
    }

    fn own(place: &Path) -> Self {
        Self { program: place.join("bin/litellm"), attempt: Some(place.join(".client")) }
    }

    /// Installs it into a virtual environment in the directory. What a run left that was killed here is removed first.
    pub async fn install(directory: &Directory, report: &Report) -> Result<Self, LocalError> {
        let own = directory.file("litellm");
        let failed = |source| LocalError::File { path: own.clone(), source };
        let python = Plain::new("python3").arg("--version").output().map_err(|_| LocalError::NoPython)?;
        let python = python_version(&String::from_utf8_lossy(&python.stdout));
        if own.exists() {
            fs_err::remove_dir_all(&own).map_err(failed)?;
        }
        let mut make = Command::new("python3");
        make.args(["-m", "venv"]).arg(&own);
        fs_err::create_dir_all(&own).map_err(failed)?;
        let constraints = own.join("constraints.txt");
        fs_err::write(&constraints, CONSTRAINTS).map_err(failed)?;
        let mut install = Command::new(own.join("bin/python"));
        install.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input"]).args(REQUIREMENTS);
        if python.is_none_or(|python| python >= CONSTRAINED_FROM) {
            install.arg("--constraint").arg(&constraints);
        }
        let log = directory.log("install");
        for (command, words) in
            [(make, "gets a virtual environment"), (install, "is installed from PyPI, 700 MB, once: 1 to 5 minutes")]
        {
            let mut process = Process::spawn("LiteLLM", command, &log)?;
            report.starting("LiteLLM", words, Some(&process))?;
            match process.ended().await {
                Ok(status) if status.success() => {}
                _ => return Err(LocalError::Install { words: last_words(&log), log }),
            }
        }
        fs_err::write(own.join(".ready"), stamp()).map_err(failed)?;
        Ok(Self::own(&own))
    }

    /// Whether it can use a database; or why not, with the next command. That of the directory gets its client on the way,
    /// once: who is offline should not wait for it at every start.
    pub async fn client(
        &self,
        directory: &Directory,
        variables: &Variables,
        report: &Report,
    ) -> Result<Result<(), Lack>, LocalError> {
        let Some(python) = self.python() else {
            let why = "there is no python beside it to ask".to_owned();
            return Ok(Err(Lack { why, generation: None }));
        };
        let mut lack = match prisma::check(&python, directory, variables).await {
            Ok(()) => return Ok(Ok(())),
            Err(lack) => lack,
        };
        let (Some(attempt), Some(generation)) = (self.attempt.as_ref().filter(|path| !path.exists()), &lack.generation)
        else {
            return Ok(Err(lack));
        };
        let log = directory.log("prisma");
        let mut process = Process::spawn("LiteLLM", generation.command(directory, variables), &log)?;
        report.starting(
            "LiteLLM",
            "gets the client of its database, once; Prisma fetches its engine",
            Some(&process),
        )?;
        let ended = process.ended().await;
        fs_err::write(attempt, "").map_err(|source| LocalError::File { path: attempt.clone(), source })?;
        if ended.is_ok_and(|status| status.success()) {
            return Ok(prisma::check(&python, directory, variables).await);
        }
        let words = last_words(&log).unwrap_or_else(|| "it said nothing".to_owned());
        lack.why = format!("its client could not be made ({words}; log: {})", log.display());
        Ok(Err(lack))
    }

    /// The Python that it runs with: the one beside it, or beside what it is a link to.
    fn python(&self) -> Option<PathBuf> {
        let linked = fs_err::canonicalize(&self.program).ok();
        let programs = std::iter::once(&self.program).chain(&linked);
        programs.map(|program| program.with_file_name("python")).find(|python| python.is_file())
    }

    /// The command that runs it.
    pub fn command(
        &self,
        directory: &Directory,
        configuration: &Path,
        port: u16,
        workers: u8,
        variables: &Variables,
    ) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().envs(variables).env("PATH", prisma::path(&self.program, variables));
        command.current_dir(directory.path());
        command.arg("--config").arg(configuration).args(["--host", "127.0.0.1", "--port", &port.to_string()]);
        command.args(["--num_workers", &workers.to_string(), "--telemetry", "False"]);
        // uvicorn would close a connection after 5 seconds, and the proxy may just be using it.
        command.args(["--keepalive_timeout", "600"]);
        command
    }
}

/// What stands in the directory of an installation that is complete.
fn stamp() -> String {
    format!("{}\n{CONSTRAINTS}", REQUIREMENTS.join("\n"))
}

/// Major and minor version in `Python 3.11.2`.
fn python_version(told: &str) -> Option<(u32, u32)> {
    let mut numbers = told.trim().strip_prefix("Python ")?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_installed_is_what_is_tested() {
        for requirement in REQUIREMENTS {
            let plain = requirement.replace("[proxy]", "");
            assert!(CONSTRAINTS.lines().any(|line| line == plain), "{plain}");
        }
    }

    #[test]
    fn the_documentation_names_the_version_that_is_installed_and_that_of_the_image() {
        let text = include_str!("../../docs/local.md");
        let installed = REQUIREMENTS[0].rsplit('=').next().unwrap();
        let (major, minor, patch) = crate::model::images::version(&crate::spec::Litellm::default().image).unwrap();
        for version in [installed.to_owned(), format!("{major}.{minor}.{patch}")] {
            assert!(text.contains(&version), "{version}");
        }
    }

    #[test]
    fn the_version_of_python_is_read() {
        assert_eq!(python_version("Python 3.11.2\n"), Some((3, 11)));
        assert_eq!((python_version("Python 3.13.0rc1"), python_version("PyPy")), (Some((3, 13)), None));
    }
}
