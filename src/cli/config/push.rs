//! `gwinfra config push`.

use clap::Args;

use super::{nothing_deployed, nothing_rendered};
use crate::cli::aws_args::AwsArgs;
use crate::cli::deployment::Deployment;
use crate::cli::global::Output;
use crate::cli::progress::{self, Progress};
use crate::cli::signals::Stopping;
use crate::cli::{CliError, CommandResult, Context, ErrorKind, Exit, ask, check_output, plan, runtime};
use crate::engine::configuration::{Configuration, beside_the_configuration};
use crate::engine::{ApplyOptions, PlanOptions};

/// Roll a changed configuration out, and nothing else
///
/// Uploads the configuration under its hash and makes a new revision of the service, which replaces its tasks one by one.
/// Whatever else the spec says is left for the next apply. Refused when the configuration needs what is not deployed yet:
/// a variable, an account, a model.
#[derive(Debug, Args)]
pub(in crate::cli) struct PushArgs {
    /// Do not ask
    #[arg(long, short, env = "GWINFRA_YES")]
    yes: bool,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t, env = "GWINFRA_PROGRESS", value_name = "HOW")]
    progress: Progress,
    #[command(flatten)]
    aws: AwsArgs,
}

pub(in crate::cli) fn run(args: &PushArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text])?;
    runtime::block_on(async {
        let sink = progress::sink(args.progress, context.printer);
        let deployment = Deployment::open_for(Stopping::PUSHING, &args.aws, context, sink).await?;
        let result = push(args, context, &deployment).await;
        deployment.close().await;
        result
    })
}

async fn push(args: &PushArgs, context: &Context, deployment: &Deployment) -> CommandResult {
    deployment.take_up().await?;
    let configuration = deployment.configuration().ok_or_else(nothing_rendered)?;
    let deployed = deployment.deployed_configuration().await?.ok_or_else(|| nothing_deployed(deployment))?;
    let there = deployment.configuration_text(&deployed).await?.is_some();
    if deployed.key == configuration.key() && there {
        context.printer.out(format_args!("No changes. The service runs with {}.", deployed.key))?;
        return Ok(Exit::Ok);
    }
    let (bundle, more) = deployment.with_configuration(&configuration)?;
    let unmet = configuration.unmet(&bundle);
    if !unmet.is_empty() {
        let message = format!("the configuration needs what is not deployed: {}", unmet.join("; "));
        return Err(CliError::new(ErrorKind::Preflight, message).hint("gwinfra apply   deploys that, too"));
    }
    // The configuration is the hub's own: no other account need be asked.
    let left_out = bundle.elsewhere().map(|(key, _)| key.to_owned()).collect();
    let options = PlanOptions { keep_change_sets: true, left_out, ..PlanOptions::default() };
    let planned = deployment.plan_of(&bundle, &options).await?;
    let others = beside_the_configuration(&planned, deployed.sha256(), &configuration.sha256);
    if !others.is_empty() {
        deployment.discard(&planned).await?;
        let message = format!("more than the configuration would change: {}", others.join(", "));
        return Err(CliError::new(ErrorKind::Declined, message)
            .hint("gwinfra plan    shows it")
            .hint("gwinfra apply   makes all of it"));
    }
    plan::print(&planned, context, false, &|_| None)?;
    if more {
        context.printer.say("The spec says more than that: it is left for the next apply. `gwinfra plan` shows it.");
    }
    let question = format!("Push this configuration to {}?", deployment.prefix());
    if !args.yes {
        let answer = ask::confirm(context, &question, "--yes");
        if !matches!(answer, Ok(true)) {
            deployment.discard(&planned).await?;
            answer?;
            return Err(CliError::new(ErrorKind::Declined, "nothing was changed"));
        }
    }
    let saved = deployment.saved_of(planned, &bundle)?;
    let options = ApplyOptions { only_configuration: true, ..ApplyOptions::default() };
    let applied = deployment.apply(&saved, &options).await?;
    for warning in &applied.warnings {
        context.printer.warn(warning);
    }
    say_pushed(context, &configuration)
}

fn say_pushed(context: &Context, configuration: &Configuration) -> CommandResult {
    context.printer.out(format_args!("Pushed. The service runs with {}.", configuration.key()))?;
    Ok(Exit::Ok)
}
