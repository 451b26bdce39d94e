//! `gwinfra ci`.

mod init;
mod repository;

use clap::{Args, Subcommand};

use super::{CommandResult, Context};

/// Run gwinfra in a pipeline
#[derive(Debug, Args)]
pub(super) struct CiArgs {
    #[command(subcommand)]
    command: CiCommand,
}

#[derive(Debug, Subcommand)]
enum CiCommand {
    Init(init::InitArgs),
}

pub(super) fn run(args: &CiArgs, context: &Context) -> CommandResult {
    match &args.command {
        CiCommand::Init(args) => init::run(args, context),
    }
}
