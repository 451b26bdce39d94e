//! `gwinfra drift`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::aws_args::AwsArgs;
use super::deployment::Deployment;
use super::global::Output;
use super::progress::{self, Progress};
use super::signals::Stopping;
use super::{CliError, CommandResult, Context, ErrorKind, Exit, ask, check_output, input, report, runtime};
use crate::diagnostics::{Diagnostic, Report};
use crate::drift::{
    Acceptance, Baseline, Document, Finding, Kind, Occasion, Skipped, junit, markdown, potential, text,
};
use crate::engine::DriftOptions;
use crate::whole_file::WholeFile;

/// Find what was changed behind gwinfra's back
///
/// Compares every resource with what is deployed: declared properties, resources that are gone, parts that nobody declared
/// (rules of security groups and listeners, routes, policies at roles, authorizations of a VPN), and what runs: images, the
/// number of tasks, certificates, secrets, access to models. Says what it could not compare.
///
/// Exits with 2 when something differs that `drift.yaml` does not accept. docs/drift.md says who reads what.
#[derive(Debug, Args)]
pub(super) struct DriftArgs {
    /// Only the hub, only the Bedrock accounts, or only one account by its name or id; can be repeated
    #[arg(long, env = "GWINFRA_ONLY", value_name = "hub|accounts|NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// Exit with 11 when something could not be compared that drift.yaml does not accept
    #[arg(long, env = "GWINFRA_STRICT")]
    strict: bool,
    /// File of what is accepted; drift.yaml beside the spec is read if it is there
    #[arg(long, env = "GWINFRA_ACCEPT", value_name = "FILE")]
    accept: Option<PathBuf>,
    /// Write the values that resources have and the spec does not set into the baseline: from then on another value is a
    /// difference
    #[arg(long, env = "GWINFRA_RECORD", conflicts_with = "revert")]
    record: bool,
    /// File of recorded values; drift.baseline.yaml beside the spec is read if it is there
    #[arg(long, env = "GWINFRA_BASELINE", value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Also list values that neither the spec nor the baseline knows
    #[arg(long, value_enum, env = "GWINFRA_SHOW", value_name = "WHAT")]
    show: Vec<Show>,
    /// Put the declared properties of this resource back, take out what was added to it, or make it again, and compare again
    #[arg(long, env = "GWINFRA_REVERT", value_name = "ADDRESS")]
    revert: Option<String>,
    /// Do not ask before something is put back
    #[arg(long, short, env = "GWINFRA_YES")]
    yes: bool,
    /// Let CloudFormation compare the stacks of stack sets in accounts without a `deploy_role`: it takes minutes, and no other
    /// operation of the sets begins meanwhile
    #[arg(long, env = "GWINFRA_DETECT_STACK_SETS")]
    detect_stack_sets: bool,
    /// How many stacks or root modules are read at the same time
    #[arg(long, env = "GWINFRA_CONCURRENCY", value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: Option<u16>,
    #[command(flatten)]
    aws: AwsArgs,
}

/// What is listed beside differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Show {
    /// Values that neither the spec nor the baseline knows
    Potential,
}

pub(super) fn run(args: &DriftArgs, context: &Context) -> CommandResult {
    check_output(context, report::FORMATS)?;
    let acceptance = acceptance(args, context)?;
    let baseline = baseline(args, context)?;
    runtime::block_on(async {
        let sink = progress::sink(Progress::Lines, context.printer);
        let stopping = if args.revert.is_some() { Stopping::REVERTING } else { Stopping::LOOKING };
        let deployment = Deployment::open_for(stopping, &args.aws, context, sink).await?;
        let result = drift(args, context, &deployment, (&acceptance, baseline)).await;
        deployment.close().await;
        result
    })
}

async fn drift(
    args: &DriftArgs,
    context: &Context,
    deployment: &Deployment,
    (acceptance, mut baseline): (&Acceptance, Baseline),
) -> CommandResult {
    let options = DriftOptions {
        accounts: accounts(args, deployment)?,
        concurrency: args.concurrency.map(usize::from),
        detect_stack_sets: args.detect_stack_sets,
    };
    let mut document = deployment.drift(&options).await?;
    let whole = args.only.is_empty();
    let deployments = deployments(deployment);
    let occasion = Occasion { today: today(), deployments: &deployments, whole };
    if let Some(address) = &args.revert {
        acceptance.apply(&mut document, occasion);
        let findings: Vec<Finding> =
            document.findings.iter().filter(|finding| finding.address == *address).cloned().collect();
        if findings.is_empty() {
            return Err(CliError::new(ErrorKind::Failed, format!("nothing of {address} differs"))
                .hint("gwinfra drift   lists what does, with its address"));
        }
        if findings.iter().all(|finding| finding.accepted_by.is_some()) {
            return Err(CliError::new(ErrorKind::Failed, format!("what differs of {address} is accepted"))
                .hint("take the rule out of drift.yaml, or let it end, and what it accepts can be put back"));
        }
        check_revertible(address, &findings)?;
        for finding in &findings {
            let accepted = finding.accepted_by.as_ref().map(|rule| format!(", which stays: {rule}"));
            context.printer.say(format_args!("{}{}", finding.sentence(), accepted.unwrap_or_default()));
        }
        if findings.iter().any(|finding| finding.accepted_by.is_none() && finding.by_change_set) {
            context.printer.say(format_args!(
                "CloudFormation makes it again, mostly under another id, and changes what names it. If it would change anything \
                 else, nothing is done."
            ));
        }
        if !args.yes && !ask::confirm(context, &format!("Put {address} back?"), "--yes")? {
            return Err(CliError::new(ErrorKind::Declined, "nothing was put back"));
        }
        let count = deployment.revert(address, &findings).await?;
        context.printer.say(format_args!("{} Comparing again.", put_back(address, &findings, count)));
        document = deployment.drift(&options).await?;
        stays(address, &findings, &document, context);
    }
    if args.record {
        baseline.record(&document, whole);
        let (path, count) = (baseline_path(args, context), baseline.count(&document.deployment.name));
        let failed = |error: std::io::Error| CliError::new(ErrorKind::Failed, error);
        let text = baseline.text().map_err(|error| failed(std::io::Error::other(error)))?;
        WholeFile::shared(&path).write(text.as_bytes()).map_err(failed)?;
        let values = crate::plan::count(count, "value");
        context.printer.say(format_args!("Recorded {values} in {}. Commit it.", path.display()));
    }
    let mut told = baseline.apply(&mut document, whole);
    told.extend(acceptance.apply(&mut document, occasion));
    if args.show.contains(&Show::Potential) && matches!(context.global.output, Output::Text | Output::Env) {
        context.printer.out_raw(potential(&document))?;
    }
    document.sort();
    write(context, &document, &told)?;
    report::warnings(context, &Report { diagnostics: told, ..Report::default() });
    exit(args, &document)
}

/// Refuses what only the AWS CLI can put back, with its command.
fn check_revertible(address: &str, findings: &[Finding]) -> Result<(), CliError> {
    let open = || findings.iter().filter(|finding| finding.accepted_by.is_none());
    let commands: Vec<&String> = open().filter_map(|finding| finding.command.as_ref()).collect();
    if open().any(Finding::can_be_put_back) || commands.is_empty() {
        return Ok(());
    }
    let error = CliError::new(ErrorKind::Failed, format!("gwinfra cannot put {address} back itself"));
    Err(commands.into_iter().fold(error, CliError::hint))
}

/// What was done to a resource, in a sentence.
fn put_back(address: &str, findings: &[Finding], count: usize) -> String {
    let mut open = findings.iter().filter(|finding| finding.accepted_by.is_none());
    match open.clone().next().map(|finding| finding.kind) {
        Some(Kind::Deleted) if open.clone().any(|finding| finding.by_change_set) => {
            format!("CloudFormation has updated the stack of {address}.")
        }
        Some(Kind::Deleted) => format!("Made {address} again."),
        Some(Kind::Added) if open.all(|finding| finding.kind == Kind::Added) => {
            format!("Took {} out of {address}.", crate::plan::count(count, "part"))
        }
        _ => {
            let what = if count == 1 { "1 property".to_owned() } else { format!("{count} properties") };
            format!("Put back {what} of {address}.")
        }
    }
}

/// Says aloud what differs as before although it was put back.
fn stays(address: &str, before: &[Finding], document: &Document, context: &Context) {
    let open = before.iter().filter(|finding| finding.accepted_by.is_none() && finding.can_be_put_back());
    let is_same = |one: &Finding, other: &Finding| {
        (&one.address, one.kind, &one.path, &one.actual) == (&other.address, other.kind, &other.path, &other.actual)
    };
    let same = open.filter(|one| document.findings.iter().any(|other| is_same(one, other))).count();
    if same > 0 {
        let what = crate::plan::count(same, "difference");
        context
            .printer
            .say(format_args!("{address} still differs as before: {what}. AWS took the change, and shows none."));
    }
}

/// The day by which rules of acceptance end: that of UTC, so that a rule ends everywhere at the same time.
fn today() -> jiff::civil::Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// Names of all deployments of the spec.
fn deployments(deployment: &Deployment) -> Vec<String> {
    let spec = deployment.spec();
    let environments = spec.environments.keys().map(|name| format!("{}-{name}", spec.name));
    std::iter::once(spec.name.to_string()).chain(environments).collect()
}

fn write(context: &Context, document: &Document, told: &[Diagnostic]) -> Result<(), CliError> {
    match context.global.output {
        Output::Json => context.printer.out(serde_json::to_string_pretty(document).map_err(std::io::Error::from)?)?,
        Output::Junit => context.printer.out_raw(junit(document).map_err(std::io::Error::other)?)?,
        Output::Text | Output::Env => context.printer.out_raw(text(document))?,
        Output::Markdown => context.printer.out_raw(markdown(document, told))?,
        format => report::write(format, &document.report(), context)?,
    }
    Ok(())
}

fn exit(args: &DriftArgs, document: &Document) -> CommandResult {
    if document.open().next().is_some() {
        return Ok(Exit::Differences);
    }
    // What is accepted need not be compared, but where nothing was compared there is nothing to say.
    let coverage = &document.coverage;
    let skipped: Vec<&Skipped> =
        if coverage.is_blind() { coverage.skipped.iter().collect() } else { coverage.open().collect() };
    if args.strict && !skipped.is_empty() {
        let count = skipped.len();
        let what = crate::plan::count(count, "resource");
        let error = CliError::new(ErrorKind::Incomplete, format!("{what} could not be compared"));
        let refused = skipped.iter().filter(|skipped| skipped.is_refused()).count();
        let error = if refused > 0 {
            error.hint("gwinfra accounts policy   has what the deploy role needs to read what was refused")
        } else {
            error
        };
        return Err(if refused < count {
            error.hint("what was not refused cannot be compared for the reason above: accept that in drift.yaml, or leave out --strict")
        } else {
            error
        });
    }
    Ok(Exit::Ok)
}

/// The accounts that `--only` names; none for all.
fn accounts(args: &DriftArgs, deployment: &Deployment) -> Result<BTreeSet<String>, CliError> {
    let spec = deployment.spec();
    let hub = spec.hub.account.to_string();
    let mut wanted = BTreeSet::new();
    for name in &args.only {
        let accounts = spec.bedrock.accounts.iter();
        match name.as_str() {
            "hub" => drop(wanted.insert(hub.clone())),
            "accounts" if spec.bedrock.accounts.is_empty() => {
                return Err(CliError::usage("the spec has no bedrock.accounts: there is nothing to compare in them")
                    .hint("leave out --only accounts: the hub serves with its own quotas"));
            }
            "accounts" => wanted.extend(accounts.map(|account| account.id.to_string())),
            name => {
                let found = accounts
                    .map(|account| (account.id.to_string(), account.name.to_string()))
                    .find(|(id, own)| id == name || own == name);
                let Some((id, _)) = found else {
                    return Err(CliError::usage(format!("the spec has no account `{name}`"))
                        .hint("--only takes hub, accounts, or the name or id of one of bedrock.accounts"));
                };
                wanted.insert(id);
            }
        }
    }
    Ok(wanted)
}

fn baseline_path(args: &DriftArgs, context: &Context) -> PathBuf {
    args.baseline.clone().unwrap_or_else(|| context.global.file.with_file_name("drift.baseline.yaml"))
}

/// What is recorded: the file that is named, or the one beside the spec.
fn baseline(args: &DriftArgs, context: &Context) -> Result<Baseline, CliError> {
    let path = baseline_path(args, context);
    // A baseline that is only now recorded need not be there.
    let text = read_if_there(&path, &input::BASELINE, args.baseline.is_none() || args.record)?;
    Baseline::parse(&text).map_err(|error| {
        CliError::new(ErrorKind::Invalid, format!("{}: {error}", path.display()))
            .hint("gwinfra drift --record   writes it; a damaged one has to go first")
    })
}

/// The text of a file, or nothing if it is not there and need not be.
fn read_if_there(path: &Path, kind: &input::Kind, optional: bool) -> Result<String, CliError> {
    let is_missing = fs_err::metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
    if optional && is_missing {
        return Ok(String::new());
    }
    String::from_utf8(input::read(path, kind)?)
        .map_err(|_| CliError::new(ErrorKind::Invalid, format!("{} is not UTF-8", path.display())))
}

/// What is accepted: the file that is named, or the one beside the spec.
fn acceptance(args: &DriftArgs, context: &Context) -> Result<Acceptance, CliError> {
    let beside = context.global.file.with_file_name("drift.yaml");
    let path = args.accept.clone().unwrap_or(beside);
    let text = read_if_there(&path, &input::ACCEPTANCE, args.accept.is_none())?;
    Acceptance::parse(&text).map_err(|error| {
        CliError::new(ErrorKind::Invalid, format!("{}: {error}", path.display()))
            .hint("accept: [{address: acme-llm-network/*, path: Tags, reason: why, owner: who, expires: 2027-01-31}]")
    })
}
