//! `gwinfra destroy`.

use std::collections::BTreeSet;

use clap::Args;

use super::aws_args::AwsArgs;
use super::deployment::Deployment;
use super::global::Output;
use super::progress::{self, Progress};
use super::signals::Stopping;
use super::{CliError, CommandResult, Context, ErrorKind, Exit, ask, check_output, diagnosis, runtime};
use crate::engine::DestroyOptions;
use crate::engine::{DestroyPlan, Fate};

/// Take a deployment down
///
/// Lists what goes, what is snapshotted and what stays, then asks for the deployment's name.
#[derive(Debug, Args)]
pub(super) struct DestroyArgs {
    /// Name of the deployment, instead of being asked for it
    #[arg(long, env = "GWINFRA_CONFIRM", value_name = "NAME")]
    confirm: Option<String>,
    /// Do not ask; needs `--confirm`
    #[arg(long, short, env = "GWINFRA_YES", requires = "confirm")]
    yes: bool,
    /// Delete what buckets and image repositories hold, too
    #[arg(long, env = "GWINFRA_EMPTY_BUCKETS")]
    empty_buckets: bool,
    /// List what would go, and stop
    #[arg(long, env = "GWINFRA_PLAN_ONLY")]
    plan_only: bool,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t, env = "GWINFRA_PROGRESS", value_name = "HOW")]
    progress: Progress,
    #[command(flatten)]
    aws: AwsArgs,
}

pub(super) fn run(args: &DestroyArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text, Output::Json])?;
    runtime::block_on(async {
        let sink = progress::sink(args.progress, context.printer);
        let stopping = if args.plan_only { Stopping::LOOKING } else { Stopping::DESTROYING };
        let deployment = Deployment::open_for(stopping, &args.aws, context, sink).await?;
        let result = destroy(args, context, &deployment).await;
        deployment.close().await;
        result
    })
}

async fn destroy(args: &DestroyArgs, context: &Context, deployment: &Deployment) -> CommandResult {
    let options = DestroyOptions { empty_buckets: args.empty_buckets, ..DestroyOptions::default() };
    deployment.take_up().await?;
    let plan = deployment.plan_destroy(&options).await?;
    if context.global.output == Output::Json {
        context.printer.out(serde_json::to_string_pretty(&plan).map_err(std::io::Error::from)?)?;
    } else {
        context.printer.out(text(&plan))?;
    }
    if plan.stacks.is_empty() || args.plan_only {
        return left(&plan);
    }
    let name = deployment.prefix().to_owned();
    if let Some(confirmed) = args.confirm.as_ref().filter(|confirmed| **confirmed != name) {
        return Err(CliError::new(ErrorKind::Declined, format!("the deployment is {name}, not {confirmed}")));
    }
    if !plan.blockers.is_empty() {
        let error =
            CliError::new(ErrorKind::Preflight, "nothing was deleted, because the deletion would stop half way");
        return Err(plan.blockers.into_iter().fold(error, CliError::hint));
    }
    if args.confirm.is_none() {
        let typed = ask::text(context, &format!("Type {name} to delete all this"), &format!("--confirm {name}"))?;
        if typed != name {
            return Err(CliError::new(ErrorKind::Declined, "nothing was deleted"));
        }
    }
    if let Err(error) = deployment.destroy(&plan, &options).await {
        return Err(diagnosis::add(error, deployment).await);
    }
    context.printer.say(format_args!("\nDestroyed {name}."));
    let kept: Vec<String> = plan
        .stacks
        .iter()
        .flat_map(|stack| &stack.resources)
        .filter(|resource| resource.fate != Fate::Deleted)
        .map(|resource| {
            let what = if resource.fate == Fate::Snapshotted { "a snapshot of " } else { "" };
            format!(
                "  {what}{} {}",
                resource.resource_type,
                resource.physical_id.as_deref().unwrap_or(&resource.logical_id)
            )
        })
        .collect();
    if !kept.is_empty() {
        context.printer.say(format_args!("Left behind on purpose:\n{}", kept.join("\n")));
    }
    left(&plan)
}

/// The error of accounts that could not be asked, or in which somebody else is at work.
fn left(plan: &DestroyPlan) -> CommandResult {
    let accounts: BTreeSet<&str> = plan.unreached.iter().map(|stack| stack.target.account.as_str()).collect();
    if accounts.is_empty() {
        return Ok(Exit::Ok);
    }
    let what = crate::plan::count(accounts.len(), "account");
    let error = CliError::new(ErrorKind::Attention, format!("{what} could not be taken down: what is there stays"));
    let error = plan.unreached.iter().fold(error, |error, stack| {
        error.hint(format!("{} in {}: {}", stack.name, stack.target.account, stack.reason))
    });
    let next: BTreeSet<&str> = plan.unreached.iter().map(|stack| stack.next).collect();
    Err(next.into_iter().fold(error, CliError::hint))
}

fn is_database_cluster(resource_type: &str) -> bool {
    matches!(resource_type, "AWS::RDS::DBCluster" | "aws_rds_cluster")
}

fn is_database_instance(resource_type: &str) -> bool {
    matches!(resource_type, "AWS::RDS::DBInstance" | "aws_rds_cluster_instance")
}

fn text(plan: &DestroyPlan) -> String {
    if plan.stacks.is_empty() {
        let elsewhere = if plan.unreached.is_empty() { "" } else { " where gwinfra could look" };
        return format!("Nothing is deployed{elsewhere}.");
    }
    let mut text = String::new();
    for stack in &plan.stacks {
        let count = stack.resources.iter().filter(|resource| resource.fate == Fate::Deleted).count();
        text.push_str(&format!(
            "- {} ({})   {}\n",
            stack.name,
            stack.target.account,
            crate::plan::count(count, "resource")
        ));
        let clustered = stack.resources.iter().any(|resource| is_database_cluster(&resource.resource_type));
        for resource in &stack.resources {
            let word = match resource.fate {
                // An instance of a cluster holds nothing: the cluster, which has a line of its own, does.
                Fate::Deleted if clustered && is_database_instance(&resource.resource_type) => continue,
                Fate::Deleted if crate::plan::is_stateful(&resource.resource_type) => "deleted with its data",
                Fate::Deleted => continue,
                Fate::Snapshotted => "deleted after a snapshot, which stays",
                Fate::Retained => "stays",
            };
            text.push_str(&format!("    {:<32} {}   {word}\n", resource.logical_id, resource.resource_type));
        }
    }
    for stack in &plan.unreached {
        text.push_str(&format!("? {} ({})   stays: {}\n", stack.name, stack.target.account, stack.reason));
    }
    for (_, bucket, count) in &plan.buckets {
        text.push_str(&format!("  bucket {bucket} holds {}\n", crate::plan::count(*count, "object version")));
    }
    text.trim_end().to_owned()
}
