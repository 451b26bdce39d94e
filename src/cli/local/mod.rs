//! `gwinfra local`: the gateway of the spec on this machine.

mod detach;
mod down;
mod show;
mod status;
mod up;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{CliError, CommandResult, Context, ErrorKind};
use crate::local::{Directory, LocalError};

/// What a gateway answers to the first signal. After SIGTERM the second stage follows by itself: see [`super::signals`].
const STOPPING: &str = "\nStopping: each service has ten seconds to end, and after SIGTERM all of them have four.\n\
                        Press Ctrl-C again to kill what is left.";

/// Run the gateway of the spec on this machine
#[derive(Debug, Args)]
pub(super) struct LocalArgs {
    #[command(subcommand)]
    command: LocalCommand,
}

#[derive(Debug, Subcommand)]
enum LocalCommand {
    Up(Box<up::UpArgs>),
    Down(down::DownArgs),
    Status(status::StatusArgs),
}

/// Where it is.
#[derive(Debug, Args)]
struct PlaceArgs {
    /// Where everything of it is kept; default: `.gwinfra/local` beside the spec
    #[arg(long, env = "GWINFRA_LOCAL_DIRECTORY", value_name = "DIR")]
    directory: Option<PathBuf>,
}

impl PlaceArgs {
    fn directory(&self, context: &Context) -> Directory {
        let beside = || context.global.file.with_file_name(".gwinfra").join("local");
        Directory::new(&self.directory.clone().unwrap_or_else(beside))
    }
}

pub(super) fn run(args: &LocalArgs, context: &Context) -> CommandResult {
    match &args.command {
        LocalCommand::Up(args) => up::run(args, context),
        LocalCommand::Down(args) => down::run(args, context),
        LocalCommand::Status(args) => status::run(args, context),
    }
}

fn refusal(error: LocalError) -> CliError {
    let kind = match &error {
        LocalError::Busy { .. } => ErrorKind::Locked,
        LocalError::NoPython | LocalError::NotThere { .. } => ErrorKind::Preflight,
        _ => ErrorKind::Failed,
    };
    let help = error.help();
    help.into_iter().fold(CliError::new(kind, error), CliError::hint)
}
