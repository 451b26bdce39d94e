//! LiteLLM: a program that is named, or one that is installed into the directory.

use std::path::{Path, PathBuf};
use std::process::{Command as Plain, Stdio};

use tokio::process::Command;

use super::environment::Variables;
use super::process::{Process, last_words};
use super::report::Report;
use super::{Directory, LocalError};

/// What is installed: the version whose behaviour is tested. Without Prisma's client a call without a key would be
/// answered with 500.
pub const REQUIREMENTS: [&str; 2] = ["litellm[proxy]==1.102.4", "prisma==0.15.0"];

/// Says whether the engine of LiteLLM's database can be used, and if not, why.
const ENGINE: &str = "\
import sys
try:
    from prisma.client import BINARY_PATHS
    from prisma.engine.utils import ensure
    ensure(BINARY_PATHS.query_engine)
except Exception as error:
    sys.exit(str(error).splitlines()[0] if str(error) else type(error).__name__)
";

/// An installed LiteLLM.
#[derive(Debug, Clone)]
pub(super) struct Litellm {
    /// Its program.
    pub program: PathBuf,
}

impl Litellm {
    /// The one that is named, or that was installed earlier; `None` when it is to be installed.
    pub fn find(directory: &Directory, named: Option<&Path>) -> Result<Option<Self>, LocalError> {
        if let Some(path) = named {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            return if path.is_file() {
                Ok(Some(Self { program: path }))
            } else {
                Err(LocalError::NotThere { what: "LiteLLM", path })
            };
        }
        let own = directory.file("litellm");
        let ready = fs_err::read_to_string(own.join(".ready")).is_ok_and(|text| text == REQUIREMENTS.join("\n"));
        Ok(ready.then(|| Self { program: own.join("bin/litellm") }))
    }

    /// Installs it into a virtual environment in the directory. What a run left that was killed here is removed first.
    pub async fn install(directory: &Directory, report: &Report) -> Result<Self, LocalError> {
        let own = directory.file("litellm");
        let failed = |source| LocalError::File { path: own.clone(), source };
        let found = Plain::new("python3").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if found.is_err() {
            return Err(LocalError::NoPython);
        }
        if own.exists() {
            fs_err::remove_dir_all(&own).map_err(failed)?;
        }
        let mut make = Command::new("python3");
        make.args(["-m", "venv"]).arg(&own);
        let mut install = Command::new(own.join("bin/python"));
        install.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input"]).args(REQUIREMENTS);
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
        fs_err::write(own.join(".ready"), REQUIREMENTS.join("\n")).map_err(failed)?;
        Ok(Self { program: own.join("bin/litellm") })
    }

    /// Whether it can use a database; or why not.
    pub async fn engine(&self, directory: &Directory, variables: &Variables) -> Result<(), String> {
        let Some(python) = self.program.parent().map(|bin| bin.join("python")).filter(|python| python.is_file()) else {
            return Err("there is no python beside it to ask".to_owned());
        };
        let mut command = Command::new(python);
        command.args(["-c", ENGINE]).env_clear().envs(variables).current_dir(directory.path()).stdin(Stdio::null());
        let output = command.output().await.map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(());
        }
        let words = String::from_utf8_lossy(&output.stderr);
        Err(words.lines().next().unwrap_or("its check failed").trim().to_owned())
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
        command.env_clear().envs(variables).current_dir(directory.path());
        command.arg("--config").arg(configuration).args(["--host", "127.0.0.1", "--port", &port.to_string()]);
        command.args(["--num_workers", &workers.to_string(), "--telemetry", "False"]);
        // uvicorn would close a connection after 5 seconds, and the proxy may just be using it.
        command.args(["--keepalive_timeout", "600"]);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_installed_is_what_is_tested() {
        let tested = include_str!("../../tests/litellm/requirements.txt");
        for requirement in REQUIREMENTS {
            let plain = requirement.replace("[proxy]", "");
            assert!(tested.lines().any(|line| line == plain), "{plain}");
        }
    }
}
