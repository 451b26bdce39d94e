//! `gwinfra config`: LiteLLM's configuration, the one that is generated and those of others.

mod check;
mod render;

use clap::{Args, Subcommand};

use super::{CommandResult, Context};

/// Show LiteLLM's configuration, and check one of your own
#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    Render(render::RenderArgs),
    Check(check::CheckArgs),
}

pub(super) fn run(args: &ConfigArgs, context: &Context) -> CommandResult {
    match &args.command {
        ConfigCommand::Render(args) => render::run(args, context),
        ConfigCommand::Check(args) => check::run(args, context),
    }
}
