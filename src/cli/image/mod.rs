//! `gwinfra image`: container images without a daemon.

mod build;
mod failure;
mod inspect;
mod interrupt;
mod litellm;
mod middleware;
mod mirror;
mod names;
mod progress;
mod push;
mod registries;
mod sent;

use clap::{Args, Subcommand};

use super::{CommandResult, Context};

/// Build, push, copy and look into container images
///
/// gwinfra puts images together and speaks with registries itself: no daemon, the same input is the same digest, and what
/// a registry has is not sent again.
#[derive(Debug, Args)]
pub(super) struct ImageArgs {
    #[command(subcommand)]
    command: ImageCommand,
}

#[derive(Debug, Subcommand)]
enum ImageCommand {
    Build(build::BuildArgs),
    Push(push::PushArgs),
    Mirror(mirror::MirrorArgs),
    Inspect(inspect::InspectArgs),
}

pub(super) fn run(args: &ImageArgs, context: &Context) -> CommandResult {
    match &args.command {
        ImageCommand::Build(args) => build::run(args, context),
        ImageCommand::Push(args) => push::run(args, context),
        ImageCommand::Mirror(args) => mirror::run(args, context),
        ImageCommand::Inspect(args) => inspect::run(args, context),
    }
}
