//! `gwinfra recover`.

use std::collections::BTreeSet;

use clap::Args;

use super::aws_args::AwsArgs;
use super::deployment::Deployment;
use super::engine_error::reconcile;
use super::progress::{self, Progress};
use super::signals::Stopping;
use super::{CliError, CommandResult, Context, ErrorKind, Exit, ask, check_output, diagnosis, global::Output, runtime};
use crate::engine::cloudformation::status_table;
use crate::engine::{EngineError, Patient, RecoverOptions, Remedy};
use crate::plan::Gate;

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
    /// Leave whatever a rollback cannot undo as it is: the last resort. It is then inconsistent with its stack
    #[arg(long, env = "GWINFRA_FORCE_ROLLBACK", conflicts_with = "skip")]
    force_rollback: bool,
    /// Leave behind whatever a deletion cannot delete, once it has failed; it is listed
    #[arg(long, env = "GWINFRA_FORCE")]
    force: bool,
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
        let deployment = Deployment::open_for(Stopping::RECOVERING, &args.aws, context, sink).await?;
        let result = recover(args, context, &deployment).await;
        deployment.close().await;
        result
    })
}

async fn recover(args: &RecoverArgs, context: &Context, deployment: &Deployment) -> CommandResult {
    let patients = deployment.patients().await?;
    if patients.is_empty() {
        let left_out = deployment.unreconciled().await?;
        if !left_out.is_empty() {
            return Err(unreconciled(&left_out));
        }
        context.printer.out("Every stack is well. gwinfra drift   finds what was changed or deleted behind them.")?;
        return Ok(Exit::Ok);
    }
    for patient in &patients {
        tell(args, context, patient)?;
    }
    let (running, patients): (Vec<Patient>, Vec<Patient>) =
        patients.into_iter().partition(|patient| patient.remedy == Remedy::Wait);
    // Stacks of the hub build on each other; an account is for itself, and keeps none of the others waiting.
    let hub = deployment.spec().hub.account.to_string();
    let can_wait = |patient: &&Patient| matches!(patient.remedy, Remedy::Ask | Remedy::Leave);
    if !running.is_empty()
        && (running.iter().any(|patient| patient.account == hub) || patients.iter().all(|patient| can_wait(&patient)))
    {
        return Err(CliError::new(ErrorKind::Locked, in_progress(&running)).hint(FOLLOW));
    }
    check_skipped(args, &patients)?;
    let (unknown, known): (Vec<Patient>, Vec<Patient>) =
        patients.into_iter().partition(|patient| patient.remedy == Remedy::Ask);
    let (left, known): (Vec<Patient>, Vec<Patient>) =
        known.into_iter().partition(|patient| patient.remedy == Remedy::Leave);
    // What the next apply goes on with needs no leave: nothing is done to it here.
    let (unfinished, treated): (Vec<Patient>, Vec<Patient>) =
        known.into_iter().partition(|patient| patient.remedy == Remedy::Apply);
    if !treated.is_empty() {
        if !args.yes && !ask::confirm(context, "Go ahead?", "--yes")? {
            return Err(CliError::new(ErrorKind::Declined, "nothing was changed"));
        }
        let options = RecoverOptions {
            skip: args.skip.clone(),
            force_rollback: args.force_rollback,
            retain: args.retain.clone(),
            force: args.force,
        };
        if let Err(error) = deployment.recover(&treated, &options).await {
            let error = last_resorts(error, deployment).await;
            return Err(diagnosis::add(error, deployment).await);
        }
        compare(args, context, deployment).await?;
        let next = if unfinished.is_empty() { "gwinfra plan" } else { "gwinfra apply" };
        context.printer.say(format_args!("\nRecovered.  Next: {next}"));
    } else if !unfinished.is_empty() {
        context.printer.say("\nNothing to undo.  Next: gwinfra apply");
    }
    match (left.first(), unknown.as_slice()) {
        (None, []) if running.is_empty() => Ok(Exit::Ok),
        (None, []) => Err(CliError::new(ErrorKind::Attention, in_progress(&running)).hint(FOLLOW)),
        (None, unknown) => {
            let accounts = unknown.iter().map(|patient| patient.account.as_str()).collect::<BTreeSet<_>>();
            let words = format!(
                "{} could not be asked: {}",
                crate::plan::count(accounts.len(), "account"),
                accounts.into_iter().collect::<Vec<_>>().join(", ")
            );
            Err(CliError::new(ErrorKind::Attention, words).hint("gwinfra recover   once it lets gwinfra in"))
        }
        (Some(patient), _) => {
            let words = format!("{} stays {}: CloudFormation only allows to delete it", patient.name, patient.status);
            let hint = "gwinfra destroy   deletes it; what the template retains stays. AWS Support can do more";
            Err(CliError::new(ErrorKind::Attention, words).hint(hint))
        }
    }
}

/// What to do about an operation that is in progress.
const FOLLOW: &str = "gwinfra watch   follows it to its end";

fn in_progress(running: &[Patient]) -> String {
    let names: Vec<String> = running.iter().map(|patient| format!("{} ({})", patient.name, patient.account)).collect();
    format!("{}: an operation is in progress, and has to end first", names.join(", "))
}

/// Says what is the matter with a stack, and what will be done about it.
fn tell(args: &RecoverArgs, context: &Context, patient: &Patient) -> Result<(), CliError> {
    let reason = patient.reason.as_ref().map(|reason| format!("\n    {reason}")).unwrap_or_default();
    context.printer.out(format_args!(
        "{} ({}) is {}: {}{reason}",
        patient.name,
        patient.account,
        patient.status,
        patient.remedy.words()
    ))?;
    for blocker in &patient.blockers {
        let why = blocker.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        context.printer.out(format_args!("    {} ({}){why}", blocker.logical_id, blocker.resource_type))?;
    }
    if status_table::lookup(&patient.status).goes_forward() {
        context.printer.out(format_args!(
            "    instead, once its cause is mended: gwinfra apply --no-rollback   goes on from what is there"
        ))?;
    }
    let is_last = !args.skip.is_empty() || args.force_rollback || !args.retain.is_empty() || args.force;
    if let Some(resort) = patient.last_resort().filter(|_| !is_last) {
        context.printer.out(format_args!("    if it fails again: {resort}"))?;
    }
    for resource in patient.protected.iter().filter(|resource| !args.retain.contains(&resource.logical_id)) {
        context.printer.out(format_args!(
            "    switches the deletion protection of {} ({}) off: this stack's first creation made it, and failed",
            resource.address, resource.physical_id
        ))?;
    }
    Ok(())
}

/// Refuses to leave a resource out of a rollback that does not stand in its way: the stack would be inconsistent for
/// nothing.
fn check_skipped(args: &RecoverArgs, patients: &[Patient]) -> Result<(), CliError> {
    let stuck = || patients.iter().filter(|patient| patient.remedy == Remedy::ContinueRollback);
    if args.force_rollback && stuck().next().is_none() {
        return Err(CliError::usage("--force-rollback is for a stack in UPDATE_ROLLBACK_FAILED, and none is")
            .hint("gwinfra recover   does what the others need"));
    }
    let blockers: Vec<&str> =
        stuck().flat_map(|patient| &patient.blockers).map(|blocker| blocker.logical_id.as_str()).collect();
    match args.skip.iter().find(|id| !blockers.contains(&id.as_str())) {
        None => Ok(()),
        Some(id) => {
            let error = CliError::usage(format!("{id} does not stand in the way of a rollback"));
            Err(match blockers.as_slice() {
                [] => error.hint("gwinfra recover   says what does"),
                blockers => error.hint(format!("--skip takes {}", blockers.join(", "))),
            })
        }
    }
}

/// Names what can be tried when a remedy has failed, in the place of the same remedy.
async fn last_resorts(mut error: CliError, deployment: &Deployment) -> CliError {
    let patients = deployment.patients_after_failure().await.unwrap_or_default();
    let Some(EngineError::Failed { failures, .. }) = error.error.downcast_mut::<EngineError>() else {
        return patients.iter().filter_map(Patient::last_resort).fold(error, CliError::hint);
    };
    for failure in failures.iter_mut() {
        let own = patients.iter().find(|one| one.name == failure.stack && one.account == failure.account);
        if let Some(resort) = own.and_then(Patient::last_resort) {
            failure.next = resort;
        }
    }
    let mut hints: Vec<String> = Vec::new();
    for failure in failures.iter().filter(|failure| !failure.next.is_empty()) {
        if !hints.contains(&failure.next) {
            hints.push(failure.next.clone());
        }
    }
    error.hints = hints;
    error
}

/// Compares what a rollback has left out with what its stack takes it for: the next update of a stack that is wrong about
/// it may leave the stack beyond recovery.
async fn compare(args: &RecoverArgs, context: &Context, deployment: &Deployment) -> Result<(), CliError> {
    if args.skip.is_empty() && !args.force_rollback {
        return Ok(());
    }
    context.printer.say("\nComparing what was left out of the rollback with what is there.");
    let left_out = deployment.unreconciled().await?;
    if left_out.is_empty() {
        context.printer.say("It is as it was deployed.");
        return Ok(());
    }
    Err(unreconciled(&left_out))
}

fn unreconciled(left_out: &[Gate]) -> CliError {
    let what = crate::plan::count(left_out.len(), "resource");
    let are = if left_out.len() == 1 { "is" } else { "are" };
    let lines: Vec<String> = left_out.iter().map(|gate| format!("\n  {} {}", gate.address, gate.reason)).collect();
    let words = format!(
        "{what} {are} not what the stack takes {} for:{}",
        if left_out.len() == 1 { "it" } else { "them" },
        lines.concat()
    );
    reconcile(left_out).into_iter().fold(CliError::new(ErrorKind::Attention, words), CliError::hint)
}
