//! A PostgreSQL of the test's own.

#![expect(clippy::print_stdout, reason = "a test that is skipped says why")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::gateway::free_port;

const PROGRAMS: &str = "/usr/lib/postgresql";

/// A running server. It ends with its test.
pub struct Postgres {
    programs: PathBuf,
    directory: PathBuf,
    port: u16,
}

impl Postgres {
    /// Starts a server. `None` where there is none: the test is skipped, which is a failure in CI.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            let message = "PostgreSQL is missing: install the Debian package postgresql";
            assert!(std::env::var_os("CI").is_none(), "{message}");
            println!("skipped: {message}");
            return None;
        };
        let port = free_port();
        let directory = std::env::temp_dir().join(format!("gwinfra-postgres-{}-{port}", std::process::id()));
        let server = Self { programs, directory, port };
        let data = server.directory.to_str().expect("a path");
        server.run("initdb", &["-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "--locale=C", "-E", "UTF8"]);
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c max_connections=40"
        );
        server.run("pg_ctl", &["-D", data, "-o", &options, "-l", &format!("{data}/log"), "-w", "start"]);
        Some(server)
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/postgres?sslmode=disable", self.port)
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        assert!(self.succeeds(program, arguments), "{program} failed");
    }

    fn succeeds(&self, program: &str, arguments: &[&str]) -> bool {
        let program = self.programs.join(program);
        // It refuses to run as root.
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(&program);
            command
        } else {
            Command::new(&program)
        };
        let status = command.args(arguments).current_dir("/").stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.directory.to_str().unwrap_or_default().to_owned();
        self.succeeds("pg_ctl", &["-D", &data, "-m", "immediate", "stop"]);
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir(PROGRAMS).ok()?;
    let mut versions: Vec<PathBuf> = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
    versions.sort();
    versions.into_iter().rfind(|programs| programs.join("initdb").exists())
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    Path::new("/proc/self").metadata().is_ok_and(|metadata| metadata.uid() == 0)
}
