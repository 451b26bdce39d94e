//! PostgreSQL, when it is installed.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command as Plain, Stdio};

use tokio::process::Command;

use super::secrets::Secrets;
use super::{Directory, LocalError};

/// The database's user.
pub(super) const USER: &str = "gwinfra";
/// What installs it.
pub(super) const INSTALL: &str = "`apt-get install postgresql` or `brew install postgresql`";
/// Where packages put its programs: Debian's are not on the path.
const PLACES: [&str; 3] = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];

/// An installed PostgreSQL.
#[derive(Debug, Clone)]
pub(super) struct Postgres {
    programs: PathBuf,
    /// Whom it runs as: it refuses to be root.
    owner: Option<(u32, u32)>,
}

/// Finds it; or why it cannot be used.
pub(super) fn find() -> Result<Postgres, String> {
    let programs = programs().ok_or_else(|| format!("not installed: {INSTALL}"))?;
    let owner = if rustix::process::geteuid().is_root() {
        let passwd = fs_err::read_to_string("/etc/passwd").unwrap_or_default();
        let owner = owner(&passwd).ok_or("it does not run as root, and there is no user `postgres` or `nobody`")?;
        Some(owner)
    } else {
        None
    };
    Ok(Postgres { programs, owner })
}

/// The directory of the newest version's programs.
fn programs() -> Option<PathBuf> {
    let path = Plain::new("pg_config").arg("--bindir").output().ok();
    let told = path
        .filter(|output| output.status.success())
        .map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim().to_owned()));
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for entry in PLACES.iter().filter_map(|place| fs_err::read_dir(place).ok()).flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let version = name.strip_prefix("postgresql@").unwrap_or(&name).parse().ok();
        let version = version.or_else(|| (name == "postgresql").then_some(0));
        found.extend(version.map(|version| (version, entry.path().join("bin"))));
    }
    found.sort();
    let candidates = told.into_iter().chain(found.into_iter().rev().map(|(_, path)| path));
    candidates.into_iter().find(|bin| ["initdb", "postgres"].iter().all(|program| bin.join(program).is_file()))
}

/// User and group ids of `postgres`, or else of `nobody`, in `/etc/passwd`.
fn owner(passwd: &str) -> Option<(u32, u32)> {
    ["postgres", "nobody"].iter().find_map(|name| {
        let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    })
}

impl Postgres {
    /// Makes the cluster and its databases if there is none yet.
    ///
    /// # Errors
    /// The words of a program that refused, or that the cluster is another version's: the gateway then does without.
    pub fn prepare(
        &self,
        directory: &Directory,
        secrets: &Secrets,
        databases: &[&str],
    ) -> Result<Result<(), String>, LocalError> {
        let data = directory.file("postgres");
        if let Ok(made_by) = fs_err::read_to_string(data.join("PG_VERSION")) {
            return Ok(self.reads(made_by.trim()));
        }
        let failed = |source| LocalError::File { path: data.clone(), source };
        // What a run left that was killed here is no cluster.
        if data.exists() {
            fs_err::remove_dir_all(&data).map_err(failed)?;
        }
        fs_err::create_dir_all(&data).map_err(failed)?;
        let password = directory.write("postgres.password", secrets.database.as_bytes())?;
        if let Some((user, group)) = self.owner {
            for path in [&data, &password] {
                std::os::unix::fs::chown(path, Some(user), Some(group)).map_err(failed)?;
            }
        }
        let made = self.initialize(&data, &password, databases);
        let _ = fs_err::remove_file(&password);
        if made.is_err() {
            let _ = fs_err::remove_dir_all(&data);
        }
        Ok(made)
    }

    /// Whether it reads a cluster of that version: only one of its own major version.
    fn reads(&self, made_by: &str) -> Result<(), String> {
        let output = self.program("postgres").arg("--version").output().map_err(|error| error.to_string())?;
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        // One that says nothing of itself says at its start what it cannot read.
        match major(&told).filter(|own| Some(*own) != digits(made_by)) {
            Some(own) => Err(format!(
                "the database here is of PostgreSQL {made_by}, and {own} is installed: `gwinfra local down --purge` deletes all \
                 that is kept here"
            )),
            None => Ok(()),
        }
    }

    fn initialize(&self, data: &Path, password: &Path, databases: &[&str]) -> Result<(), String> {
        let mut initdb = self.program("initdb");
        initdb.arg("--pgdata").arg(data).arg("--pwfile").arg(password);
        initdb.args(["--username", USER, "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-sync"]);
        run(initdb, "")?;
        let mut single = self.program("postgres");
        single.args(["--single", "-D"]).arg(data).arg("postgres");
        let statements: String = databases.iter().map(|name| format!("CREATE DATABASE {name};\n")).collect();
        run(single, &statements)
    }

    /// The command that runs it.
    pub fn command(&self, directory: &Directory, port: u16) -> Command {
        let mut command = self.program("postgres");
        command.arg("-D").arg(directory.file("postgres")).args(["-p", &port.to_string()]);
        for setting in ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "max_connections=100"] {
            command.args(["-c", setting]);
        }
        command.into()
    }

    fn program(&self, name: &str) -> Plain {
        let mut command = Plain::new(self.programs.join(name));
        command.env_clear().env("LC_ALL", "C").env("PATH", "/usr/bin:/bin").current_dir("/");
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }
}

/// The major version in `postgres (PostgreSQL) 15.10 (Debian 15.10-0+deb12u1)`.
fn major(told: &str) -> Option<&str> {
    digits(told.split_once("(PostgreSQL)")?.1.trim())
}

/// The digits that a text begins with.
fn digits(text: &str) -> Option<&str> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}

/// Runs a program to its end; what it says when it fails.
fn run(mut command: Plain, input: &str) -> Result<(), String> {
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that has ended already says why below.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let line = words.lines().map(str::trim).find(|line| line.contains("error") || line.contains("FATAL"));
    Err(line.or(words.lines().next()).unwrap_or("it failed").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_decides_which_clusters_are_read() {
        assert_eq!(major("postgres (PostgreSQL) 15.10 (Debian 15.10-0+deb12u1)\n"), Some("15"));
        assert_eq!(major("postgres (PostgreSQL) 18beta1\n"), Some("18"));
        assert_eq!((major("something else"), digits("15"), digits("")), (None, Some("15"), None));
    }

    #[test]
    fn root_lets_it_run_as_postgres_or_as_nobody() {
        let passwd = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n";
        assert_eq!(owner(passwd), Some((65534, 65534)));
        assert_eq!(owner(&format!("{passwd}postgres:x:108:113::/var/lib/postgresql:/bin/bash\n")), Some((108, 113)));
        assert_eq!(owner("root:x:0:0::/root:/bin/sh\n"), None);
    }
}
