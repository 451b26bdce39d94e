//! Why the gateway does not run here.

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use crate::mock_llm::ServerError;

/// Why the gateway does not run here.
#[derive(Debug, Error)]
pub enum LocalError {
    /// One runs in this directory already.
    #[error("a gateway runs here already{}", url.as_ref().map(|url| format!(": {url}")).unwrap_or_default())]
    Busy {
        /// Where.
        url: Option<String>,
    },
    /// A directory in which no gateway has ever been.
    #[error("{} is no directory of a local gateway, so nothing in it is deleted", .0.display())]
    Foreign(PathBuf),
    /// A file could not be read or written.
    #[error("could not use {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A program could not be started.
    #[error("could not start {}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A process has ended that should run.
    #[error("{name} has ended ({status}){}", words.as_ref().map(|words| format!(": {words}")).unwrap_or_default())]
    Ended {
        /// What it was.
        name: &'static str,
        /// How it ended.
        status: String,
        /// The last words of its log.
        words: Option<String>,
        /// Its log.
        log: PathBuf,
    },
    /// A process did not become healthy in time.
    #[error("{name} does not answer after {} seconds", after.as_secs())]
    Late {
        /// What it is.
        name: &'static str,
        /// How long was waited.
        after: Duration,
        /// Its log.
        log: PathBuf,
    },
    /// The port of the gateway is taken.
    #[error("cannot listen on 127.0.0.1:{port}")]
    Port {
        /// The port.
        port: u16,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The mock could not listen.
    #[error(transparent)]
    Mock(#[from] ServerError),
    /// There is no Python.
    #[error("LiteLLM needs Python 3.10 or newer, and there is no `python3`")]
    NoPython,
    /// LiteLLM could not be installed.
    #[error("could not install LiteLLM{}", words.as_ref().map(|words| format!(": {words}")).unwrap_or_default())]
    Install {
        /// The last words of its log.
        words: Option<String>,
        /// Its log.
        log: PathBuf,
    },
    /// A program that was named is not there.
    #[error("there is no {what} at {}", path.display())]
    NotThere {
        /// What it is.
        what: &'static str,
        /// Where it should be.
        path: PathBuf,
    },
    /// HTTP calls cannot be made.
    #[error("cannot make HTTP calls")]
    Client(#[source] reqwest::Error),
}

impl LocalError {
    /// What to do next.
    pub fn help(&self) -> Vec<String> {
        let log = |log: &PathBuf| format!("read its log: {}", log.display());
        match self {
            Self::Busy { .. } => {
                vec!["gwinfra local status   shows it".to_owned(), "gwinfra local down   stops it".to_owned()]
            }
            Self::Ended { log: path, .. } | Self::Late { log: path, .. } => vec![log(path)],
            Self::Foreign(_) => vec!["look at `--directory`, and delete it yourself if it is the right one".to_owned()],
            Self::Port { .. } => vec!["`--port 0` takes a free one".to_owned()],
            Self::NoPython => vec![
                "install it: `apt-get install python3-venv`, or `brew install python`".to_owned(),
                "or name a LiteLLM that is installed: `--litellm-bin FILE`".to_owned(),
            ],
            Self::Install { log: path, .. } => vec![
                log(path),
                "on Debian and Ubuntu it needs `apt-get install python3-venv`".to_owned(),
                "or name a LiteLLM that is installed: `--litellm-bin FILE`".to_owned(),
            ],
            Self::NotThere { what: "LiteLLM", .. } => {
                vec!["leave `--litellm-bin` out, and it is installed".to_owned()]
            }
            Self::File { .. } | Self::Spawn { .. } | Self::Mock(_) | Self::NotThere { .. } | Self::Client(_) => {
                Vec::new()
            }
        }
    }
}
