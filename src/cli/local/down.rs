//! `gwinfra local down`.

use std::time::Duration;

use clap::Args;
use rustix::process::{Pid, Signal, kill_process};

use super::PlaceArgs;
use crate::cli::{CliError, CommandResult, Context, ErrorKind, Exit, runtime};
use crate::local::{LocalError, stop_left};

/// How long the process that looks after a gateway has to end all of it: ten seconds for each service.
const PATIENCE: Duration = Duration::from_secs(60);

/// Stop it
#[derive(Debug, Args)]
pub(in crate::cli) struct DownArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// Also delete everything that it has kept: its database, its key, its logs, LiteLLM
    #[arg(long, env = "GWINFRA_LOCAL_PURGE")]
    purge: bool,
}

pub(in crate::cli) fn run(args: &DownArgs, context: &Context) -> CommandResult {
    let directory = args.place.directory(context);
    runtime::block_on(async {
        let mut stopped = false;
        if directory.is_locked() {
            let Some(process) = directory.holder().and_then(Pid::from_raw) else {
                let message =
                    "a gateway runs here, and it cannot be read whose it is: end its process of gwinfra yourself";
                return Err(CliError::new(ErrorKind::Failed, message));
            };
            // It holds the lock, so the number is still its own.
            kill_process(process, Signal::TERM).map_err(std::io::Error::from)?;
            stopped = true;
            let deadline = tokio::time::Instant::now() + PATIENCE;
            while directory.is_locked() {
                if tokio::time::Instant::now() > deadline {
                    // A process that does not listen any more; its services are ended below.
                    let _ = kill_process(process, Signal::KILL);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        let left = stop_left(&directory).await;
        if !left.is_empty() {
            stopped = true;
            context.printer.say(format_args!("gwinfra was killed and had left {}.", left.join(", ")));
        }
        context.printer.say(if stopped { "The gateway is stopped." } else { "No gateway runs here." });
        if args.purge && directory.path().exists() {
            let place = directory.path().display();
            match directory.purge() {
                Ok(true) => context.printer.say(format_args!("{place} is deleted.")),
                Ok(false) => context.printer.say(format_args!("{place} is kept: something else is in it, too.")),
                Err(error @ LocalError::Foreign(_)) => {
                    return Err(error.help().into_iter().fold(CliError::usage(error.to_string()), CliError::hint));
                }
                Err(error) => return Err(CliError::new(ErrorKind::Failed, error)),
            }
        }
        Ok(Exit::Ok)
    })
}
