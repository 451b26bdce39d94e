//! The client of LiteLLM's database. It is Prisma's: it is generated for LiteLLM's tables, and fetches its engine.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::Directory;
use super::environment::Variables;
use crate::shell;

/// Says on the error stream why the client cannot be used, and on the other from which description of tables one can be
/// made.
const CHECK: &str = "\
import importlib.util, sys
try:
    from prisma.client import BINARY_PATHS
    from prisma.engine.utils import ensure
    ensure(BINARY_PATHS.query_engine)
except Exception as error:
    litellm = importlib.util.find_spec('litellm')
    if litellm and importlib.util.find_spec('prisma'):
        print(litellm.submodule_search_locations[0] + '/proxy/schema.prisma')
    sys.exit(str(error).splitlines()[0] if str(error) else type(error).__name__)
";

/// Why LiteLLM cannot use a database, and the way out.
#[derive(Debug)]
pub(super) struct Lack {
    /// Why.
    pub why: String,
    /// What makes a client, if LiteLLM's Python has what it takes.
    pub generation: Option<Generation>,
}

/// What makes a client.
#[derive(Debug)]
pub(super) struct Generation {
    python: PathBuf,
    tables: PathBuf,
}

/// Whether the Python of LiteLLM has a client that works.
pub(super) async fn check(python: &Path, directory: &Directory, variables: &Variables) -> Result<(), Lack> {
    let without = |why: String| Lack { why, generation: None };
    let mut command = Command::new(python);
    command.args(["-c", CHECK]).env_clear().envs(variables).current_dir(directory.path()).stdin(Stdio::null());
    let output = command.output().await.map_err(|error| without(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let first = |stream: &[u8]| String::from_utf8_lossy(stream).lines().next().map(|line| line.trim().to_owned());
    let tables = first(&output.stdout).filter(|line| !line.is_empty());
    Err(Lack {
        why: first(&output.stderr).unwrap_or_else(|| "its check failed".to_owned()),
        generation: tables.map(|tables| Generation { python: python.to_owned(), tables: tables.into() }),
    })
}

impl Generation {
    /// The command. It keeps the variables of the shell: a proxy or a mirror may be among them.
    pub fn command(&self, directory: &Directory, variables: &Variables) -> Command {
        let mut command = Command::new(&self.python);
        command.args(["-m", "prisma", "generate", "--schema"]).arg(&self.tables);
        command.current_dir(directory.path()).env("PATH", path(&self.python, variables));
        command
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let programs = self.python.parent().unwrap_or(Path::new(""));
        let [programs, python, tables] =
            [programs, &self.python, &self.tables].map(|path| shell::word(&path.display().to_string()));
        write!(formatter, "PATH={programs}:\"$PATH\" {python} -m prisma generate --schema {tables}")
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.why)?;
        match &self.generation {
            Some(generation) => write!(formatter, "; this makes its client: `{generation}`"),
            None => Ok(()),
        }
    }
}

/// A search path with the directory of a program first: Prisma calls its generator by name, and so do some versions of
/// LiteLLM with Prisma.
pub(super) fn path(program: &Path, variables: &Variables) -> OsString {
    let mut path = program.parent().unwrap_or(Path::new("")).as_os_str().to_owned();
    if let Some(others) = variables.get("PATH") {
        path.push(":");
        path.push(others);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_command_can_be_pasted_into_a_shell() {
        let lack = Lack {
            why: "No module named 'prisma.client'".to_owned(),
            generation: Some(Generation {
                python: "/my venv/bin/python".into(),
                tables: "/litellm/schema.prisma".into(),
            }),
        };
        assert_eq!(
            lack.to_string(),
            "No module named 'prisma.client'; this makes its client: `PATH='/my venv/bin':\"$PATH\" '/my venv/bin/python' \
             -m prisma generate --schema /litellm/schema.prisma`"
        );
    }
}
