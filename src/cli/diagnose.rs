//! `gwinfra diagnose`.

use std::time::Duration;

use clap::Args;

use super::aws_args::AwsArgs;
use super::deployment::Deployment;
use super::global::Output;
use super::progress::{self, Progress};
use super::{CliError, CommandResult, Context, Exit, check_output, runtime};
use crate::diagnose::{Document, markdown, text};
use crate::engine::DiagnoseOptions;

/// How long each question about a cause may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Find out why the last operation failed
///
/// Names the first failure that is not the echo of another one, its line of the spec, what AWS tells about it (tasks and
/// their last log lines, targets, permissions, quotas, models, certificates), and the next command. Apply and destroy do
/// the same by themselves when they fail.
///
/// What happened is read from AWS and from Terraform's last stream; the journal is only a help. docs/diagnose.md says what
/// is asked.
#[derive(Debug, Args)]
pub(super) struct DiagnoseArgs {
    /// Only this stack or root module, by key or name; may be repeated
    #[arg(long, env = "GWINFRA_STACK", value_name = "STACK", value_delimiter = ',')]
    stack: Vec<String>,
    /// Run of the journal that tells what was done; default: the newest
    #[arg(long, env = "GWINFRA_RUN", value_name = "ID")]
    run: Option<String>,
    #[command(flatten)]
    aws: AwsArgs,
}

pub(super) fn run(args: &DiagnoseArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text, Output::Json, Output::Markdown])?;
    runtime::block_on(async {
        let sink = progress::sink(Progress::Lines, context.printer);
        let deployment = Deployment::open(&args.aws, context, sink).await?;
        let options = DiagnoseOptions {
            stacks: args.stack.iter().cloned().collect(),
            run: args.run.clone(),
            patience: PATIENCE,
            most: usize::MAX,
            total: None,
            next: std::collections::BTreeMap::new(),
        };
        let result = deployment.diagnose(&options).await;
        deployment.close().await;
        let document = result?;
        if let Some(run) = args.run.as_ref().filter(|_| document.run.is_none()) {
            return Err(CliError::usage(format!("the journal has no run {run}"))
                .hint("gwinfra diagnose   looks at the newest; .gwinfra/<name>/runs has them all"));
        }
        write(context, &document, options.stacks.is_empty())?;
        Ok(Exit::Ok)
    })
}

fn write(context: &Context, document: &Document, all: bool) -> Result<(), CliError> {
    match context.global.output {
        Output::Json => context.printer.out(serde_json::to_string_pretty(document).map_err(std::io::Error::from)?)?,
        Output::Markdown => context.printer.out_raw(markdown(document, all))?,
        _ => context.printer.out_raw(text(document, all))?,
    }
    Ok(())
}
