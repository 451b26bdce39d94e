//! `gwinfra plan`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use super::aws_args::AwsArgs;
use super::deployment::Deployment;
use super::global::Output;
use super::printer::Verbosity;
use super::progress::{self, Progress};
use super::{CliError, CommandResult, Context, ErrorKind, Exit, check_output, report, runtime};
use crate::diagnostics::{Diagnostic, Report, Span};
use crate::engine::PlanOptions;
use crate::plan::{Plan, TextOptions, codes};

/// Show what an apply would do
///
/// Every row names the line of the spec that causes it. Nothing is changed; what is saved with `--out` can be applied
/// exactly.
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// Save the plan, to be applied exactly
    #[arg(long, env = "GWINFRA_PLAN_OUT", value_name = "FILE", conflicts_with = "offline")]
    out: Option<PathBuf>,
    /// Compare with the last apply from here, without AWS
    #[arg(long, env = "GWINFRA_OFFLINE", conflicts_with = "simulate")]
    offline: bool,
    /// Exit with 2 when there are changes
    #[arg(long, env = "GWINFRA_DETAILED_EXITCODE")]
    detailed_exitcode: bool,
    /// How many accounts are asked at the same time
    #[arg(long, env = "GWINFRA_CONCURRENCY", value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: Option<u16>,
    /// List stacks that do not change, too
    #[arg(long, env = "GWINFRA_SHOW_UNCHANGED")]
    show_unchanged: bool,
    #[command(flatten)]
    aws: AwsArgs,
}

pub(super) fn run(args: &PlanArgs, context: &Context) -> CommandResult {
    check_output(context, report::FORMATS)?;
    runtime::block_on(async {
        let sink = progress::sink(Progress::Lines, context.printer);
        let deployment = match Deployment::open(&args.aws, context, sink).await {
            Ok(deployment) => deployment,
            Err(error) => return Err(invalid(error, context)),
        };
        let options = PlanOptions {
            keep_change_sets: args.out.is_some(),
            concurrency: args.concurrency.map(usize::from),
            ..PlanOptions::default()
        };
        let mut result = deployment.plan(args.offline, &options).await;
        if let Ok(plan) = &mut result {
            add_configuration(plan, &deployment, args, context).await;
        }
        let saved = match (&result, &args.out) {
            (Ok(plan), Some(path)) => deployment.save(plan, path),
            _ => Ok(()),
        };
        let loaded = deployment.loaded().clone();
        deployment.close().await;
        let account = |account: &str| loaded.account_place(account);
        let plan = match result {
            Ok(plan) => plan,
            Err(error) => return Err(blocked(error, context, &account)),
        };
        saved?;
        print(&plan, context, args.show_unchanged, &account)?;
        if let Some(path) = &args.out {
            context.printer.say(format_args!("Saved {0}.  Next: gwinfra apply {0}", path.display()));
        }
        let accounts: BTreeSet<&str> = plan.unreachable().map(|stack| stack.account.as_str()).collect();
        if !accounts.is_empty() {
            let count = crate::plan::count(accounts.len(), "account");
            return Err(CliError::new(ErrorKind::Attention, format!("{count} could not be asked"))
                .hint("gwinfra apply   serves the others, and `--resume` goes on with these later"));
        }
        Ok(if args.detailed_exitcode && !plan.is_empty() { Exit::Differences } else { Exit::Ok })
    })
}

/// Adds how LiteLLM's configuration changes, where it may be shown. Who may plan and not read it is not kept from a plan.
async fn add_configuration(plan: &mut Plan, deployment: &Deployment, args: &PlanArgs, context: &Context) {
    if args.out.is_none() && !matches!(context.global.output, Output::Json | Output::Markdown) {
        return;
    }
    match deployment.configuration_change(plan, args.offline).await {
        Ok(change) => plan.configuration = change,
        Err(error) => context.printer.warn(format_args!(
            "the plan has no difference of LiteLLM's configuration: the deployed one could not be read: {}",
            error.error
        )),
    }
}

/// Prints a plan in the format that was asked for. `account` is where the spec names an account.
pub(super) fn print(
    plan: &Plan,
    context: &Context,
    show_unchanged: bool,
    account: &dyn Fn(&str) -> Option<Span>,
) -> Result<(), CliError> {
    write(plan, context, show_unchanged, || plan.report(account))
}

/// Prints what is known of a plan that could not be made whole, and what blocks in it. People are told on stderr what blocks,
/// and see the plan as far as it has rows.
fn blocked(error: CliError, context: &Context, account: &dyn Fn(&str) -> Option<Span>) -> CliError {
    let told = |plan: &&Plan| context.global.output != Output::Text || !plan.changes.is_empty();
    let Some(plan) = error.blocked.as_deref().filter(told) else {
        return invalid(error, context);
    };
    let findings = || {
        let mut report = plan.report(account);
        match &error.report {
            Some(found) => {
                report.diagnostics.extend(found.diagnostics.iter().cloned());
                report.sources = found.sources.clone();
            }
            None => report.diagnostics.extend(plan.blocked.iter().map(|block| {
                let finding = Diagnostic::error(codes::BLOCKED, block.message.as_str());
                block.help.iter().fold(finding, |finding, help| finding.with_help(help))
            })),
        }
        report
    };
    match write(plan, context, false, findings) {
        Ok(()) => error,
        Err(unwritten) => unwritten,
    }
}

/// Prints the findings about a spec of which no plan can be made, where a program asks.
fn invalid(error: CliError, context: &Context) -> CliError {
    let format = context.global.output;
    let Some(found) = error.report.as_deref().filter(|_| format != Output::Text) else { return error };
    let file = context.global.file.display().to_string();
    match report::write_about(Some(("plan", &file)), format, found, context) {
        Ok(()) => error,
        Err(unwritten) => unwritten.into(),
    }
}

/// Writes a plan in the format that was asked for. `findings` are for the formats of findings.
fn write(
    plan: &Plan,
    context: &Context,
    show_unchanged: bool,
    findings: impl FnOnce() -> Report,
) -> Result<(), CliError> {
    let text = match context.global.output {
        Output::Json => {
            serde_json::to_string_pretty(plan).map_err(|error| CliError::from(std::io::Error::from(error)))? + "\n"
        }
        Output::Markdown => crate::plan::markdown(plan),
        Output::Junit => crate::plan::junit(plan).map_err(std::io::Error::other)?,
        format @ (Output::Sarif | Output::Github) => {
            report::write(format, &findings(), context)?;
            return Ok(());
        }
        Output::Text | Output::Env => crate::plan::text(
            plan,
            TextOptions { verbose: context.printer.verbosity() == Verbosity::Verbose, show_unchanged },
        ),
    };
    context.printer.out_raw(text)?;
    Ok(())
}
