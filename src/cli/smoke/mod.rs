//! `gwinfra smoke`.

mod after_apply;
mod bridge;
mod screen;
mod target;

use std::sync::Arc;

use clap::Args;

use super::aws_args::AwsArgs;
use super::global::Output;
use super::progress::{self, Progress};
use super::{CliError, CommandResult, Context, ErrorKind, Exit, check_output, report, runtime};
use crate::engine::Cancelled;
use crate::smoke::{
    Document, Ended, Gateway, Observer, Options, Selection, checks, junit, markdown, run as try_all, text,
    without_password,
};
use crate::spec::Loaded;

use super::signals::{Signals, Stopping};
pub(super) use after_apply::AfterApply;
use target::Target;
pub(super) use target::unusable;

/// What is said after the first signal.
const STOPPING: &str = "\nStopping: the keys that the checks made are deleted. Press Ctrl-C again to leave now.";
/// Most failures whose next step is printed beside a report for machines.
const HINTS: usize = 3;

/// Prove that a gateway works, by calling it
///
/// Calls the deployed gateway, or with --url any other: health, database and cache, keys, models, chat, streams, balance,
/// every Bedrock account alone, fallbacks, rate limits, virtual keys and their spend, Bedrock's Converse API, chat sessions,
/// the firewall, and that nobody is served without TLS. What the gateway does not have is skipped, with the reason. Calls are
/// real: they cost a few tokens in each account. Keys that are made for it are deleted, also after a failure and after Ctrl-C.
///
/// Exits with 13 when a check fails. docs/smoke.md lists the checks.
#[derive(Debug, Args)]
pub(super) struct SmokeArgs {
    /// Gateway to call instead of the deployed one; no spec is read then
    #[arg(long, env = "GWINFRA_SMOKE_URL", value_name = "URL")]
    url: Option<String>,
    /// Environment variable that holds the key; default: the master key, from Secrets Manager
    #[arg(long, env = "GWINFRA_KEY_ENV", value_name = "NAME")]
    key_env: Option<String>,
    /// Model to call; default: `smoke.model` of the spec, or else the first that answers chat calls
    #[arg(long, env = "GWINFRA_SMOKE_MODEL", value_name = "NAME")]
    model: Option<String>,
    /// Connect to this place instead of the gateway's own: a tunnel. Host name and TLS stay the gateway's
    #[arg(long, env = "GWINFRA_VIA", value_name = "URL")]
    via: Option<String>,
    /// Only these checks
    #[arg(long, env = "GWINFRA_SMOKE_ONLY", value_name = "CHECK", value_delimiter = ',')]
    only: Vec<String>,
    /// All checks but these
    #[arg(long, env = "GWINFRA_SMOKE_SKIP", value_name = "CHECK", value_delimiter = ',')]
    skip: Vec<String>,
    /// Try every check so many times; one that fails once has failed
    #[arg(long, env = "GWINFRA_SMOKE_REPEAT", value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeat: u32,
    /// How many seconds to wait for a gateway that does not answer yet
    #[arg(long, env = "GWINFRA_SMOKE_WAIT", value_name = "SECONDS", default_value_t = 0)]
    wait: u64,
    /// How many seconds a call may take
    #[arg(long, env = "GWINFRA_SMOKE_TIMEOUT", value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t, env = "GWINFRA_PROGRESS", value_name = "HOW")]
    progress: Progress,
    #[command(flatten)]
    aws: AwsArgs,
}

pub(super) fn run(args: &SmokeArgs, context: &Context) -> CommandResult {
    check_output(context, report::FORMATS)?;
    let selection =
        Selection::new(&args.only, &args.skip).map_err(|error| CliError::usage(error.to_string()).hint(error.help))?;
    if selection.is_empty() {
        return Err(CliError::usage("--only and --skip leave no check"));
    }
    let options = Options { selection, rounds: args.repeat };
    runtime::block_on(async {
        match &args.url {
            Some(url) => {
                let signals = Signals::listen_saying(context, STOPPING)?;
                let gateway = target::anywhere(args, url, &options.selection).await?;
                conclude(args, context, &prove(args, context, &gateway, &options, &signals).await?, None)
            }
            None => deployed(args, context, &options).await,
        }
    })
}

async fn deployed(args: &SmokeArgs, context: &Context, options: &Options) -> CommandResult {
    let sink = progress::sink(Progress::Lines, context.printer);
    let stopping = Stopping { words: STOPPING, next: None };
    let deployment = super::deployment::Deployment::open_for(stopping, &args.aws, context, sink).await?;
    let result = async {
        let document = match target::deployed(args, context, &deployment, &options.selection).await? {
            Target::Gateway(gateway) => prove(args, context, &gateway, options, deployment.signals()).await?,
            Target::Played { url } => {
                let reason = "no gateway answers in accounts that are played; --via leads to one of your own";
                let names = checks::names().filter(|name| options.selection.wants(name));
                Document::skipped(deployment.prefix(), &url, reason, names)
            }
        };
        conclude(args, context, &document, Some(deployment.loaded()))
    }
    .await;
    deployment.close().await;
    result
}

/// Goes through the checks, until a signal stops it.
async fn prove(
    args: &SmokeArgs,
    context: &Context,
    gateway: &Gateway,
    options: &Options,
    signals: &Signals,
) -> Result<Document, CliError> {
    let observer = observer(args, context);
    let stop = signals.cancel.reached(Cancelled::Stop);
    let (ended, left) = tokio::select! {
        result = try_all(gateway, options, observer.as_ref(), stop) => result,
        () = signals.cancel.reached(Cancelled::Leave) => (Ended::Stopped, gateway.keys.names()),
    };
    drop(observer);
    warn_of_keys(context, &left);
    match ended {
        Ended::Done(document) => Ok(*document),
        Ended::Stopped => {
            let kind = signals.kind().unwrap_or(ErrorKind::Interrupted);
            let kept =
                if left.is_empty() { "the keys that the checks made are deleted" } else { "not all keys are deleted" };
            Err(CliError::new(kind, format!("the checks were stopped; {kept}")))
        }
    }
}

/// Says which keys are still there.
fn warn_of_keys(context: &Context, left: &[String]) {
    if !left.is_empty() {
        context.printer.warn(format_args!(
            "these keys could not be deleted; LiteLLM refuses them {} after they were made: {}",
            crate::smoke::keys::LIFE,
            left.join(", ")
        ));
    }
}

fn observer(args: &SmokeArgs, context: &Context) -> Arc<dyn Observer> {
    use std::io::IsTerminal;
    let quiet = context.printer.verbosity() == super::printer::Verbosity::Quiet;
    match args.progress {
        Progress::Auto if quiet => Arc::new(bridge::Bridge::new(progress::sink(Progress::None, context.printer))),
        Progress::Auto if std::io::stderr().is_terminal() => Arc::new(screen::Screen::new(context.printer)),
        Progress::Tree => Arc::new(screen::Screen::new(context.printer)),
        Progress::Auto => Arc::new(bridge::Bridge::new(progress::sink(Progress::Lines, context.printer))),
        other => Arc::new(bridge::Bridge::new(progress::sink(other, context.printer))),
    }
}

/// Prints the result, and ends with the code for it.
fn conclude(args: &SmokeArgs, context: &Context, document: &Document, loaded: Option<&Loaded>) -> CommandResult {
    let ids = context.printer.verbosity() == super::printer::Verbosity::Verbose;
    match context.global.output {
        Output::Json => context.printer.out(serde_json::to_string_pretty(document).map_err(std::io::Error::from)?)?,
        Output::Junit => context.printer.out_raw(junit(document).map_err(std::io::Error::other)?)?,
        Output::Markdown => context.printer.out_raw(markdown(document))?,
        format @ (Output::Sarif | Output::Github) => report::write(format, &document.report(loaded), context)?,
        Output::Text | Output::Env => context.printer.out_raw(text(document, ids))?,
    }
    match failure(document, context.global.output != Output::Text, &again(args, document)) {
        Some(error) => Err(error),
        None => Ok(Exit::Ok),
    }
}

/// The flags that call the same gateway, model and tunnel again. A password that the URL had is not in the document's.
fn again(args: &SmokeArgs, document: &Document) -> String {
    let (url, via) = (args.url.as_ref().map(|_| document.url.clone()), args.via.as_deref().map(without_password));
    let given = [("--url", &url), ("--key-env", &args.key_env), ("--model", &args.model), ("--via", &via)];
    given.iter().filter_map(|(flag, value)| Some(format!(" {flag} {}", value.as_ref()?))).collect()
}

/// The error of a gateway that does not work; `None` if nothing failed. `again` are the flags that call the same again.
fn failure(document: &Document, with_next: bool, again: &str) -> Option<CliError> {
    let failed: Vec<_> = document.failed().collect();
    let first = failed.first()?;
    let mut names: Vec<&str> = failed.iter().map(|outcome| outcome.name.as_str()).collect();
    names.dedup();
    let error = if failed.len() == 1 && with_next {
        let subject = first.subject.as_ref().map(|subject| format!(" {subject}")).unwrap_or_default();
        CliError::new(ErrorKind::Unhealthy, format!("{}{subject}: {}", first.name, first.detail))
    } else {
        CliError::new(
            ErrorKind::Unhealthy,
            format!("{} failed: {}", crate::plan::count(failed.len(), "check"), names.join(", ")),
        )
    };
    let mut steps: Vec<&str> = failed.iter().filter_map(|outcome| outcome.next.as_deref()).collect();
    steps.dedup();
    let shown = if with_next { HINTS } else { 0 };
    let error = steps.into_iter().take(shown).fold(error, |error, step| error.hint(step));
    Some(error.hint(format!("gwinfra smoke{again} --only {}   tries what failed again", names.join(","))))
}
