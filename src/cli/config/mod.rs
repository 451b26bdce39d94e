//! `gwinfra config`: LiteLLM's configuration, the one that is generated and those of others.

mod check;
mod diff;
mod push;
mod render;

use clap::{Args, Subcommand};

use super::deployment::Deployment;
use super::{CliError, CommandResult, Context, ErrorKind};

/// Show LiteLLM's configuration, roll it out by itself, and check one of your own
#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    Render(render::RenderArgs),
    Check(check::CheckArgs),
    Diff(diff::DiffArgs),
    Push(push::PushArgs),
}

/// The error of a command for which nothing is deployed.
fn nothing_deployed(deployment: &Deployment) -> CliError {
    CliError::new(ErrorKind::Preflight, format!("{} has no deployed configuration", deployment.prefix()))
        .hint("gwinfra apply   deploys all of it")
}

/// The error of a command for which the spec makes no configuration.
fn nothing_rendered() -> CliError {
    CliError::new(ErrorKind::Invalid, "the blueprint makes no configuration of LiteLLM")
        .hint("a blueprint names it under `config` in blueprint.yaml")
}

pub(super) fn run(args: &ConfigArgs, context: &Context) -> CommandResult {
    match &args.command {
        ConfigCommand::Render(args) => render::run(args, context),
        ConfigCommand::Check(args) => check::run(args, context),
        ConfigCommand::Diff(args) => diff::run(args, context),
        ConfigCommand::Push(args) => push::run(args, context),
    }
}
