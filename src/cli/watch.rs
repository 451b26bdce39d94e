//! `gwinfra watch`.

use clap::Args;

use super::aws_args::AwsArgs;
use super::deployment::Deployment;
use super::global::Output;
use super::progress::{self, Progress};
use super::signals::Stopping;
use super::{CommandResult, Context, Exit, check_output, diagnosis, runtime};
use crate::engine::Underway;

/// Follow what is in progress to its end
///
/// Takes up the progress of an operation that somebody has begun: an apply whose terminal is gone, a change in the console,
/// Terraform in another process. Ends as the apply would have ended, with its exit code. Ctrl-C ends the watching and
/// nothing else.
#[derive(Debug, Args)]
pub(super) struct WatchArgs {
    /// How progress is shown
    #[arg(long, value_enum, default_value_t, env = "GWINFRA_PROGRESS", value_name = "HOW")]
    progress: Progress,
    #[command(flatten)]
    aws: AwsArgs,
}

pub(super) fn run(args: &WatchArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text])?;
    runtime::block_on(async {
        let sink = progress::sink(args.progress, context.printer);
        let deployment = Deployment::open_for(Stopping::WATCHING, &args.aws, context, sink).await?;
        let result = watch(context, &deployment).await;
        deployment.close().await;
        result
    })
}

async fn watch(context: &Context, deployment: &Deployment) -> CommandResult {
    let underway = deployment.underway().await?;
    if underway.is_empty() {
        context.printer.out("Nothing is in progress.")?;
        return Ok(Exit::Ok);
    }
    tell(context, &underway);
    match deployment.watch(&underway).await {
        Ok(()) => {
            context.printer.say("\nIt has ended well.  Next: gwinfra plan");
            Ok(Exit::Ok)
        }
        Err(error) => Err(diagnosis::add(error, deployment).await),
    }
}

/// Says what is in progress.
pub(super) fn tell(context: &Context, underway: &[Underway]) {
    for one in underway {
        context.printer.say(format_args!("{} in {} is {}{}", one.name, one.account, one.status, one.origin()));
    }
}
