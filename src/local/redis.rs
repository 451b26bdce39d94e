//! Redis or Valkey, when it is installed.

use std::process::{Command as Plain, Stdio};

use tokio::process::Command;

use super::secrets::Secrets;
use super::{Directory, LocalError};

/// What installs it.
pub(super) const INSTALL: &str = "`apt-get install redis-server` or `brew install redis`";

/// The name of its program; `None` when there is none.
pub(super) fn find() -> Option<&'static str> {
    ["valkey-server", "redis-server"].into_iter().find(|program| {
        let status = Plain::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    })
}

/// The command that runs it. The password is in a file: everybody may read the arguments of a process.
pub(super) fn command(
    program: &str,
    directory: &Directory,
    secrets: &Secrets,
    port: u16,
) -> Result<Command, LocalError> {
    let settings = format!(
        "bind 127.0.0.1\nport {port}\nrequirepass {}\nsave \"\"\nappendonly no\ndir \"{}\"\n",
        secrets.cache,
        directory.path().display()
    );
    let file = directory.write("redis.conf", settings.as_bytes())?;
    let mut command = Command::new(program);
    command.arg(file);
    Ok(command)
}
