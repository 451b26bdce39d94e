//! `gwinfra cancel`.

use clap::Args;

use super::aws_args::AwsArgs;
use super::deployment::Deployment;
use super::global::Output;
use super::progress::{self, Progress};
use super::signals::Stopping;
use super::{CliError, CommandResult, Context, ErrorKind, Exit, ask, check_output, diagnosis, runtime, watch};
use crate::engine::Underway;

/// Cancel an update that is in progress
///
/// The stack goes back to its previous state, and the command ends when it is there. Creations, deletions and rollbacks
/// cannot be cancelled, and it says why. Terraform is asked to stop, once, if it runs on this machine: it ends what it has
/// begun and writes its state.
#[derive(Debug, Args)]
pub(super) struct CancelArgs {
    /// Do not ask
    #[arg(long, short, env = "GWINFRA_YES")]
    yes: bool,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t, env = "GWINFRA_PROGRESS", value_name = "HOW")]
    progress: Progress,
    #[command(flatten)]
    aws: AwsArgs,
}

pub(super) fn run(args: &CancelArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text])?;
    runtime::block_on(async {
        let sink = progress::sink(args.progress, context.printer);
        let deployment = Deployment::open_for(Stopping::CANCELLING, &args.aws, context, sink).await?;
        let result = cancel(args, context, &deployment).await;
        deployment.close().await;
        result
    })
}

async fn cancel(args: &CancelArgs, context: &Context, deployment: &Deployment) -> CommandResult {
    let underway = deployment.underway().await?;
    if underway.is_empty() {
        context.printer.out("Nothing is in progress.")?;
        return Ok(Exit::Ok);
    }
    watch::tell(context, &underway);
    let fixed = |one: &Underway| one.fixed.as_ref().map(|why| format!("{} cannot be cancelled: {why}", one.name));
    if underway.iter().all(|one| one.fixed.is_some()) {
        let reasons: Vec<String> = underway.iter().filter_map(fixed).collect();
        return Err(CliError::new(ErrorKind::Failed, reasons.join("\n")).hint("gwinfra watch   follows it to its end"));
    }
    for reason in underway.iter().filter_map(fixed) {
        context.printer.warn(reason);
    }
    if !args.yes && !ask::confirm(context, "Cancel it?", "--yes")? {
        return Err(CliError::new(ErrorKind::Declined, "nothing was cancelled"));
    }
    match deployment.cancel(&underway).await {
        Ok(()) => {
            context.printer.say("\nCancelled.  Next: gwinfra plan");
            Ok(Exit::Ok)
        }
        Err(error) => Err(diagnosis::add(error, deployment).await),
    }
}
