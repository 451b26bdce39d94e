//! `gwinfra config diff`.

use std::io::Write as _;

use clap::Args;
use serde_json::json;

use super::{nothing_deployed, nothing_rendered};
use crate::cli::aws_args::AwsArgs;
use crate::cli::deployment::Deployment;
use crate::cli::global::Output;
use crate::cli::printer::ignore_broken_pipe;
use crate::cli::progress::{self, Progress};
use crate::cli::{CliError, CommandResult, Context, Exit, check_output, runtime};
use crate::diagnostics::printable;
use crate::engine::configuration::{Configuration, Deployed};
use crate::plan::unified;

/// Compare the deployed configuration with the one that the spec makes
///
/// Deployed is what the outputs of the gateway say that the last apply, or push, gave the service. An object that is not in
/// the bucket any more is told of, and then all of the configuration is new. Asterisks stand for what looks like a secret.
#[derive(Debug, Args)]
pub(in crate::cli) struct DiffArgs {
    /// Exit with 2 when they differ
    #[arg(long, env = "GWINFRA_DETAILED_EXITCODE")]
    detailed_exitcode: bool,
    #[command(flatten)]
    aws: AwsArgs,
}

pub(in crate::cli) fn run(args: &DiffArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text, Output::Json])?;
    let differs = runtime::block_on(async {
        let sink = progress::sink(Progress::Lines, context.printer);
        let deployment = Deployment::open(&args.aws, context, sink).await?;
        let result = diff(&deployment, context).await;
        deployment.close().await;
        result
    })?;
    Ok(if differs && args.detailed_exitcode { Exit::Differences } else { Exit::Ok })
}

async fn diff(deployment: &Deployment, context: &Context) -> Result<bool, CliError> {
    let rendered = deployment.configuration().ok_or_else(nothing_rendered)?;
    let deployed = deployment.deployed_configuration().await?.ok_or_else(|| nothing_deployed(deployment))?;
    let found = deployment.configuration_text(&deployed).await?;
    let (there, text) = (found.is_some(), found.unwrap_or_default());
    let differs = !there || deployed.key != rendered.key();
    if !there {
        let gone = format!("the service names {}, and {} does not have it", deployed.key, deployed.bucket);
        context.printer.warn(format_args!("{gone}: tasks that start now fail"));
    }
    if context.global.output == Output::Json {
        let document = json!({
            "deployed": {"bucket": deployed.bucket, "key": deployed.key, "exists": there},
            "rendered": {"key": rendered.key()},
            "differs": differs,
            "diff": unified(&text, &rendered.text),
        });
        context.printer.out(serde_json::to_string_pretty(&document).map_err(std::io::Error::from)?)?;
    } else if differs {
        write(&text, &deployed, &rendered, context)?;
        context.printer.say("Next: gwinfra config push   rolls it out, and nothing else");
    } else {
        context.printer.out(format_args!("No differences. The service runs with {}.", deployed.key))?;
    }
    Ok(differs)
}

fn write(before: &str, deployed: &Deployed, rendered: &Configuration, context: &Context) -> Result<(), CliError> {
    let red = anstyle::AnsiColor::Red.on_default();
    let green = anstyle::AnsiColor::Green.on_default();
    let mut stdout = context.printer.stdout();
    let mut print = || {
        writeln!(stdout, "--- deployed  s3://{}/{}", deployed.bucket, deployed.key)?;
        writeln!(stdout, "+++ spec      {}", rendered.key())?;
        for line in unified(before, &rendered.text).lines().map(printable) {
            match line.chars().next() {
                Some('-') => writeln!(stdout, "{red}{line}{red:#}")?,
                Some('+') => writeln!(stdout, "{green}{line}{green:#}")?,
                _ => writeln!(stdout, "{line}")?,
            }
        }
        stdout.flush()
    };
    Ok(ignore_broken_pipe(print())?)
}
