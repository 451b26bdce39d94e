//! `gwinfra doctor`.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;

use super::aws_args::{AwsArgs, Connection};
use super::global::Output;
use super::pipeline::{self, Built, Engines};
use super::progress::{self, Progress};
use super::signals::{self, Stopping};
use super::{CliError, CommandResult, Context, ErrorKind, Exit, accounts, ask, check_output, images, runtime};
use crate::doctor::{Document, Reach, Selection, Subject, checks, junit, markdown, run as make, text};
use crate::engine::cloudformation::remove_shell;
use crate::engine::journal::Journal;
use crate::engine::terraform::Binary;
use crate::model::Model;
use crate::plan::count;
use crate::spec::EngineName;

/// The most accounts that are asked at the same time, unless told otherwise.
const AT_ONCE: u16 = 12;

/// Look whether a deployment can begin
///
/// This machine, credentials, permissions (as IAM simulates them), access to models, quotas, what the region offers,
/// networks, certificates, secrets, and what earlier deployments have left: in the hub and in every Bedrock account, all at
/// once, each check with a time-out. Nothing is changed. Each finding has a fix and an id that `gwinfra explain` knows.
///
/// Exits with 5 when a check fails, and with 0 when there are only warnings. docs/doctor.md lists the checks.
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Only what needs no AWS: this machine
    #[arg(long, env = "GWINFRA_OFFLINE")]
    offline: bool,
    /// Only these checks, by id or name
    #[arg(long, env = "GWINFRA_DOCTOR_ONLY", value_name = "CHECK", value_delimiter = ',')]
    only: Vec<String>,
    /// All checks but these
    #[arg(long, env = "GWINFRA_DOCTOR_SKIP", value_name = "CHECK", value_delimiter = ',')]
    skip: Vec<String>,
    /// How many seconds a check may take, and each account within it
    #[arg(long, env = "GWINFRA_DOCTOR_TIMEOUT", value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// How many accounts are asked at the same time
    #[arg(long, env = "GWINFRA_CONCURRENCY", value_name = "NUMBER", default_value_t = AT_ONCE, value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: u16,
    /// Print the IAM policies that this spec needs, and check nothing: what `accounts policy` prints
    #[arg(long, env = "GWINFRA_EMIT_POLICY")]
    emit_policy: bool,
    /// Delete the empty stacks that plans have left (`REVIEW_IN_PROGRESS`); asks first
    #[arg(long, env = "GWINFRA_FIX", conflicts_with = "offline")]
    fix: bool,
    /// Do not ask before something is deleted
    #[arg(long, short, env = "GWINFRA_YES")]
    yes: bool,
    #[command(flatten)]
    aws: AwsArgs,
}

pub(super) fn run(args: &DoctorArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text, Output::Json, Output::Junit, Output::Markdown])?;
    if args.emit_policy {
        let policies = accounts::policy::needed(context)?;
        context.printer.out(serde_json::to_string_pretty(&policies).map_err(std::io::Error::from)?)?;
        return Ok(Exit::Ok);
    }
    let selection = Selection::new(&args.only, &args.skip, args.offline)
        .map_err(|error| CliError::usage(error.to_string()).hint(error.help))?;
    if selection.is_empty() {
        return Err(CliError::usage("--only, --skip and --offline leave no check"));
    }
    // Both engines make the same resources: what they are is read from CloudFormation's templates.
    let built = pipeline::build_for(context, Engines::One(EngineName::Cloudformation))?;
    let images = images::of(&args.aws, context, &built)?;
    runtime::block_on(async {
        let connection = match args.offline {
            true => None,
            false => {
                let sink = progress::sink(Progress::Lines, context.printer);
                Some(args.aws.connect(context, &built, &images.names, sink).await?)
            }
        };
        let look = look(args, context, &built, images.lacking, connection.as_ref(), &selection);
        let stopping = if args.fix { Stopping::MENDING } else { Stopping::LOOKING };
        let document = signals::until(context, stopping, look).await;
        if let Some(connection) = connection {
            connection.close().await;
        }
        conclude(context, &document?)
    })
}

async fn look(
    args: &DoctorArgs,
    context: &Context,
    built: &Built,
    unbuilt: Vec<String>,
    connection: Option<&Connection>,
    selection: &Selection,
) -> Result<Document, CliError> {
    let directory = args.aws.state_directory(context);
    let terraform = Binary::new(args.aws.terraform.terraform_bin.clone());
    // A damaged journal is told of by the commands that need it.
    let applied = Journal::new(&directory, &built.bundle.deployment.prefix).applied();
    let mut subject = Subject {
        loaded: built.loaded.clone(),
        model: Model::new(&built.loaded.spec, built.loaded.environment.as_deref()),
        bundle: &built.bundle,
        places: built.places.clone(),
        clients: connection.map(|connection| &connection.clients),
        terraform: &terraform,
        directory: &directory,
        is_applied: matches!(applied, Ok(Some(_))),
        unbuilt,
        timeout: Duration::from_secs(args.timeout),
        concurrency: usize::from(args.concurrency),
        reach: Reach::default(),
    };
    let document = make(&mut subject, selection).await;
    if !args.fix {
        return Ok(document);
    }
    if !subject.reach.is_any() {
        // None of the checks that were made had to know.
        subject.reach = Reach::find(&subject).await;
    }
    let changed = fix(args, context, &subject).await?;
    Ok(if changed { make(&mut subject, selection).await } else { document })
}

/// Deletes the empty stacks of the deployment, if the user wants that. Gives whether anything was changed.
async fn fix(args: &DoctorArgs, context: &Context, subject: &Subject<'_>) -> Result<bool, CliError> {
    let shells = checks::shells(subject).await.map_err(|error| CliError::new(ErrorKind::Failed, error))?;
    if shells.is_empty() {
        context.printer.say("There is nothing that --fix could mend.");
        return Ok(false);
    }
    for shell in &shells {
        context.printer.say(format_args!(
            "{} ({}) is REVIEW_IN_PROGRESS: it holds change sets, and no resource",
            shell.name, shell.account.target.account
        ));
    }
    context.printer.warn(
        "a plan that was saved with `gwinfra plan --out` and waits for its apply has its change sets in them: it cannot be \
         applied after this",
    );
    let question = format!("Delete {}?", count(shells.len(), "empty stack"));
    if !args.yes && !ask::confirm(context, &question, "--yes")? {
        return Err(CliError::new(ErrorKind::Declined, "nothing was deleted"));
    }
    for shell in &shells {
        let Some(session) = subject.session(&shell.account.target, None) else { continue };
        let removed = remove_shell(session.cloudformation(), &shell.id).await;
        removed.map_err(|error| CliError::new(ErrorKind::Failed, error))?;
        context.printer.say(format_args!("Deleted {}.", shell.name));
    }
    Ok(true)
}

/// Prints the result, and ends with the code for it.
fn conclude(context: &Context, document: &Document) -> CommandResult {
    let verbose = context.printer.verbosity() == super::printer::Verbosity::Verbose;
    match context.global.output {
        Output::Json => context.printer.out(serde_json::to_string_pretty(document).map_err(std::io::Error::from)?)?,
        Output::Junit => context.printer.out_raw(junit(document).map_err(std::io::Error::other)?)?,
        Output::Markdown => context.printer.out_raw(markdown(document))?,
        _ => context.printer.out_raw(text(document, verbose))?,
    }
    let failed: BTreeSet<&str> = document.failed().map(|check| check.id.as_str()).collect();
    let Some(first) = failed.first() else { return Ok(Exit::Ok) };
    let ids = failed.iter().copied().collect::<Vec<_>>().join(",");
    let message = format!("{} failed: {}", count(failed.len(), "check"), ids.replace(',', ", "));
    Err(CliError::new(ErrorKind::Preflight, message)
        .hint(format!("gwinfra explain {first}   says what the check looks at"))
        .hint(format!("gwinfra doctor --only {ids}   tries what failed again")))
}
