//! A gateway that is left running: another process of gwinfra looks after it, and this one watches it start.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::up::UpArgs;
use super::{STOPPING, refusal, show};
use crate::cli::signals::Signals;
use crate::cli::{CliError, CommandResult, Context, ErrorKind, Exit, progress, runtime};
use crate::engine::Cancelled;
use crate::local::{Directory, LocalError, Service, State};

/// How long is waited before the state is looked at again.
const LOOK: Duration = Duration::from_millis(100);

pub(super) fn run(args: &UpArgs, context: &Context, directory: &Directory) -> CommandResult {
    directory.create().map_err(refusal)?;
    if directory.is_locked() {
        return Err(refusal(LocalError::Busy { url: State::read(directory).and_then(|state| state.url) }));
    }
    let log = directory.log("gwinfra");
    let mut child = spawn(&log)?;
    runtime::block_on(async {
        let signals = Signals::listen_saying(context, STOPPING)?;
        let sink = progress::sink(args.progress, context.printer);
        let mut seen: Vec<Service> = Vec::new();
        let mut asked = Cancelled::No;
        loop {
            let state = State::read(directory).filter(|state| state.process == child.id());
            for service in state.iter().flat_map(|state| &state.services) {
                if !seen.contains(service) {
                    service.events().into_iter().for_each(|event| sink.emit(event));
                    seen.retain(|known| known.name != service.name);
                    seen.push(service.clone());
                }
            }
            if let Some(state) = state.filter(|state| state.ready && asked == Cancelled::No) {
                drop(sink);
                show::started(context, &state, args.show_key)?;
                context.printer.say("It is left running: `gwinfra local down` stops it.");
                return Ok(Exit::Ok);
            }
            if let Some(status) = child.try_wait()? {
                drop(sink);
                let mut error = ended(context, &log, status.code());
                // Of the signal that this process got, the other was told as SIGTERM.
                error.kind = signals.kind().unwrap_or(error.kind);
                return Err(error);
            }
            let stage = signals.cancel.stage();
            if stage > asked {
                // Each signal is passed on once: its second one kills.
                asked = stage;
                terminate(&child);
            }
            tokio::time::sleep(LOOK).await;
        }
    })
}

/// The same command, in a group of its own, which no Ctrl-C and no closed terminal reaches.
fn spawn(log: &std::path::Path) -> Result<Child, CliError> {
    let output = fs_err::File::create(log)?.into_parts().0;
    let errors = output.try_clone()?;
    let arguments = std::env::args_os().skip(1).filter(|argument| argument != "--detach" && argument != "--show-key");
    let child = Command::new(std::env::current_exe()?)
        .args(arguments)
        .arg("--supervised")
        .env_remove("GWINFRA_SHOW_KEY")
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .process_group(0)
        .spawn()?;
    Ok(child)
}

fn terminate(child: &Child) {
    if let Some(process) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // It may just have ended.
        let _ = kill_process(process, Signal::TERM);
    }
}

/// Says what the other process has said, and ends as it did.
fn ended(context: &Context, log: &std::path::Path, code: Option<i32>) -> CliError {
    let words = fs_err::read_to_string(log).unwrap_or_default();
    let words = words.trim_end();
    let kind = [
        ErrorKind::Locked,
        ErrorKind::Preflight,
        ErrorKind::Invalid,
        ErrorKind::Usage,
        ErrorKind::Interrupted,
        ErrorKind::Terminated,
    ]
    .into_iter()
    .find(|kind| code == Some(i32::from(kind.code())))
    .unwrap_or(ErrorKind::Failed);
    if words.is_empty() {
        return CliError::new(kind, "the gateway has ended and has not said why")
            .hint(format!("read {}", log.display()));
    }
    // As an error it is also told to who asked for quiet.
    let _ = std::io::Write::write_all(&mut context.printer.stderr(), format!("{words}\n").as_bytes());
    CliError::silent(kind)
}
