//! `gwinfra apply`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::aws_args::AwsArgs;
use super::deployment::{self, Deployment};
use super::global::Output;
use super::progress::{self, Progress};
use super::signals::Stopping;
use super::smoke::{self, AfterApply};
use super::{CliError, CommandResult, Context, ErrorKind, Exit, ask, check_output, diagnosis, outputs, plan, runtime};
use crate::engine::{ApplyOptions, EventSink, PlanOptions, Tolerance};
use crate::plan::{Action, Plan, SavedPlan};
use crate::smoke::Via;
use crate::spec::shape::did_you_mean;

/// Make what the spec says
///
/// Shows the plan, asks, and does exactly that plan or stops. A saved plan is applied without a question: whoever names it
/// has seen it, with `gwinfra plan` or `gwinfra show`. A run that was cut off is taken up first. Ends when the gateway's tasks
/// run what was planned, and `gwinfra smoke` has shown that the gateway works.
#[derive(Debug, Args)]
pub(super) struct ApplyArgs {
    /// Saved plan to apply exactly, without asking; default: a new plan, after a question
    plan: Option<PathBuf>,
    /// Do not ask
    #[arg(long, short, env = "GWINFRA_YES")]
    yes: bool,
    /// Allow the replacement of this resource, which holds data; may be repeated
    #[arg(long, env = "GWINFRA_ALLOW_REPLACE", value_name = "ADDRESS", value_delimiter = ',')]
    allow_replace: Vec<String>,
    /// Allow the deletion of this resource, which holds data; may be repeated
    #[arg(long, env = "GWINFRA_ALLOW_DESTROY", value_name = "ADDRESS", value_delimiter = ',')]
    allow_destroy: Vec<String>,
    /// Update the stack of this resource, which a rollback left out, as it is: it was looked at; may be repeated
    #[arg(long, env = "GWINFRA_RECONCILED", value_name = "ADDRESS", value_delimiter = ',')]
    reconciled: Vec<String>,
    /// Keep what a failed stack has made instead of rolling back, and go on from what an earlier one has kept
    #[arg(long, env = "GWINFRA_NO_ROLLBACK")]
    no_rollback: bool,
    /// How many stacks or root modules are worked on at the same time
    #[arg(long, env = "GWINFRA_CONCURRENCY", value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: Option<u16>,
    /// How many accounts, `5` or `10%`, may fail before no further one is begun; default: all
    #[arg(long, env = "GWINFRA_FAILURE_TOLERANCE", value_name = "ACCOUNTS")]
    failure_tolerance: Option<Tolerance>,
    /// Go on with the accounts that the last apply has not finished; the others are not asked again
    #[arg(long, env = "GWINFRA_RESUME", conflicts_with = "plan")]
    resume: bool,
    /// Do not call the gateway at the end
    #[arg(long, env = "GWINFRA_SKIP_SMOKE")]
    skip_smoke: bool,
    /// Call the gateway through this tunnel, as `smoke --via` does
    #[arg(long, env = "GWINFRA_VIA", value_name = "URL")]
    via: Option<String>,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t, env = "GWINFRA_PROGRESS", value_name = "HOW")]
    progress: Progress,
    #[command(flatten)]
    aws: AwsArgs,
}

pub(super) fn run(args: &ApplyArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text, Output::Json])?;
    let via = args.via.as_deref().map(Via::parse).transpose().map_err(smoke::unusable)?;
    runtime::block_on(async {
        let sink = progress::sink(args.progress, context.printer);
        let saved = args.plan.as_deref().map(deployment::read_plan).transpose()?;
        let deployment = Deployment::open_for(Stopping::APPLYING, &args.aws, context, sink.clone()).await?;
        let result = apply(args, context, &deployment, saved, (sink, via)).await;
        deployment.close().await;
        result
    })
}

async fn apply(
    args: &ApplyArgs,
    context: &Context,
    deployment: &Deployment,
    saved: Option<SavedPlan>,
    (sink, via): (Arc<dyn EventSink>, Option<Via>),
) -> CommandResult {
    let options = ApplyOptions {
        allow_replace: args.allow_replace.iter().cloned().collect(),
        allow_destroy: args.allow_destroy.iter().cloned().collect(),
        reconciled: args.reconciled.iter().cloned().collect(),
        keep_on_failure: args.no_rollback,
        concurrency: args.concurrency.map(usize::from),
        failure_tolerance: args.failure_tolerance.unwrap_or_default(),
        only_configuration: false,
    };
    let saved = match saved {
        Some(saved) => {
            deployment.check_current(&saved).await?;
            warn_of_unmatched(&saved.plan, &options, context);
            saved
        }
        None => {
            deployment.take_up().await?;
            let left_out = if args.resume { deployment.finished()? } else { BTreeSet::new() };
            if !left_out.is_empty() {
                let count = crate::plan::count(left_out.len(), "account");
                context.printer.say(format_args!("{count} of the last apply were finished, and are not asked again."));
            }
            let wanted = PlanOptions {
                keep_change_sets: true,
                concurrency: options.concurrency,
                left_out,
                goes_forward: options.keep_on_failure,
            };
            let plan = deployment.plan(false, &wanted).await?;
            if plan.is_empty() {
                deployment.settle()?;
                restore(args, context, deployment).await?;
                return unchanged(context, deployment, &plan).await;
            }
            if context.global.output == Output::Text {
                plan::print(&plan, context, false, &|_| None)?;
            }
            warn_of_unmatched(&plan, &options, context);
            let question = format!("Apply this plan to {}?", deployment.prefix());
            let closed = plan.gates.iter().any(|gate| !options.opens(gate));
            if !args.yes && !closed {
                let answer = ask::confirm(context, &question, "--yes");
                if !matches!(answer, Ok(true)) {
                    deployment.discard(&plan).await?;
                    answer?;
                    return Err(CliError::new(ErrorKind::Declined, "nothing was changed"));
                }
            }
            deployment.saved(plan)?
        }
    };
    let applied = match deployment.apply(&saved, &options).await {
        Ok(applied) => applied,
        Err(error) => return Err(diagnosis::add(error, deployment).await),
    };
    for warning in &applied.warnings {
        context.printer.warn(warning);
    }
    context.printer.say("\nApplied.");
    let outputs = outputs::flat(&applied.outputs);
    let again = args.via.iter().map(|via| format!(" --via {via}")).collect();
    let smoke =
        AfterApply { context, deployment, outputs: &outputs, skip: args.skip_smoke, via, again, sink }.run().await;
    outputs::print(context, &outputs, true)?;
    smoke.map(|()| Exit::Ok)
}

/// Uploads the gateway's configuration again if it is gone: it is no resource of a stack, and a task that starts would not
/// find it.
async fn restore(args: &ApplyArgs, context: &Context, deployment: &Deployment) -> Result<(), CliError> {
    let Some(configuration) = deployment.configuration() else { return Ok(()) };
    let Some(deployed) = deployment.deployed_configuration().await? else { return Ok(()) };
    // Who may deploy and not read it is not kept from it.
    if deployed.key != configuration.key() || !matches!(deployment.configuration_text(&deployed).await, Ok(None)) {
        return Ok(());
    }
    let question = format!("The configuration {} is gone from {}. Upload it again?", deployed.key, deployed.bucket);
    if !args.yes && !ask::confirm(context, &question, "--yes")? {
        return Err(CliError::new(ErrorKind::Declined, "nothing was changed"));
    }
    deployment.upload(&deployed).await?;
    context.printer.say(format_args!("Uploaded {} to {} again: it was gone.", deployed.key, deployed.bucket));
    Ok(())
}

async fn unchanged(context: &Context, deployment: &Deployment, plan: &Plan) -> CommandResult {
    let outputs = deployment.outputs().await?;
    context.printer.say(format_args!("No changes. {}", plan.unchanged()));
    outputs::print(context, &outputs::flat(&outputs), false)?;
    Ok(Exit::Ok)
}

/// Warns of addresses that are allowed and that the plan does nothing to.
fn warn_of_unmatched(plan: &Plan, options: &ApplyOptions, context: &Context) {
    let changes = plan.changes.iter().filter(|change| change.kind() != Action::NoOp);
    let changed: BTreeSet<&str> = changes
        .map(|change| &change.address)
        .chain(plan.gates.iter().map(|gate| &gate.address))
        .map(String::as_str)
        .collect();
    let allowed = options.allow_replace.union(&options.allow_destroy).chain(&options.reconciled).map(String::as_str);
    for line in unmatched(allowed, &changed) {
        context.printer.warn(line);
    }
}

/// A line for each address that is in no change. A variable of a pipeline that is not set is empty, and names none.
fn unmatched<'a>(allowed: impl Iterator<Item = &'a str>, changed: &BTreeSet<&str>) -> Vec<String> {
    let unknown = allowed.filter(|address| !address.is_empty() && !changed.contains(address));
    unknown
        .map(|address| match did_you_mean(address, changed.iter().copied()) {
            Some(near) => format!("{address} is in no change of the plan; did you mean {near}?"),
            None => format!("{address} is in no change of the plan"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed() -> BTreeSet<&'static str> {
        BTreeSet::from(["acme-llm-data/Database", "acme-llm-network/Vpc"])
    }

    #[test]
    fn an_address_that_is_changed_is_no_reason_to_warn() {
        assert!(unmatched(["acme-llm-data/Database", ""].into_iter(), &changed()).is_empty());
    }

    #[test]
    fn an_address_with_a_slip_is_told_with_the_one_that_was_meant() {
        assert_eq!(
            unmatched(["acme-llm-data/Databse"].into_iter(), &changed()),
            ["acme-llm-data/Databse is in no change of the plan; did you mean acme-llm-data/Database?"]
        );
        assert_eq!(unmatched(["foo"].into_iter(), &changed()), ["foo is in no change of the plan"]);
    }
}
