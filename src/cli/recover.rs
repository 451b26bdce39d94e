//! `gwinfra recover`.

use clap::Args;

use super::aws_args::AwsArgs;
use super::deployment::Deployment;
use super::progress::{self, Progress};
use super::{CliError, CommandResult, Context, ErrorKind, Exit, ask, check_output, global::Output, runtime};
use crate::engine::RecoverOptions;

/// Bring stacks out of a status in which nothing else can be done
///
/// Says what it will do to each stack and asks first. What a first creation made and protected against deletion before it
/// failed is deleted, too; the protection of a stack that was ever well is left alone.
#[derive(Debug, Args)]
pub(super) struct RecoverArgs {
    /// Do not ask
    #[arg(long, short, env = "GWINFRA_YES")]
    yes: bool,
    /// Resource that a rollback leaves as it is; may be repeated. It is then inconsistent with its stack
    #[arg(long, env = "GWINFRA_SKIP", value_name = "LOGICAL_ID", value_delimiter = ',')]
    skip: Vec<String>,
    /// Resource that a deletion leaves behind; may be repeated
    #[arg(long, env = "GWINFRA_RETAIN", value_name = "LOGICAL_ID", value_delimiter = ',')]
    retain: Vec<String>,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t, env = "GWINFRA_PROGRESS", value_name = "HOW")]
    progress: Progress,
    #[command(flatten)]
    aws: AwsArgs,
}

pub(super) fn run(args: &RecoverArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text])?;
    runtime::block_on(async {
        let sink = progress::sink(args.progress, context.printer);
        let deployment = Deployment::open(&args.aws, context, sink).await?;
        let result = recover(args, context, &deployment).await;
        deployment.close().await;
        result
    })
}

async fn recover(args: &RecoverArgs, context: &Context, deployment: &Deployment) -> CommandResult {
    let patients = deployment.patients().await?;
    if patients.is_empty() {
        context.printer.out("Every stack is well.")?;
        return Ok(Exit::Ok);
    }
    for patient in &patients {
        let reason = patient.reason.as_ref().map(|reason| format!("\n    {reason}")).unwrap_or_default();
        context.printer.out(format_args!(
            "{} ({}) is {}: {}{reason}",
            patient.name,
            patient.account,
            patient.status,
            patient.remedy.words()
        ))?;
        for resource in patient.protected.iter().filter(|resource| !args.retain.contains(&resource.logical_id)) {
            context.printer.out(format_args!(
                "    switches the deletion protection of {} ({}) off: this stack's first creation made it, and failed",
                resource.address, resource.physical_id
            ))?;
        }
    }
    if !args.yes && !ask::confirm(context, "Go ahead?", "--yes")? {
        return Err(CliError::new(ErrorKind::Declined, "nothing was changed"));
    }
    let options = RecoverOptions { skip: args.skip.clone(), retain: args.retain.clone() };
    deployment.recover(&patients, &options).await?;
    context.printer.say("\nRecovered.  Next: gwinfra plan");
    Ok(Exit::Ok)
}
