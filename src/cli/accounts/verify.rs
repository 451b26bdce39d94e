//! `gwinfra accounts verify`.

use clap::Args;

use super::{AT_ONCE, ask, exit};
use crate::accounts::{Depth, junit, markdown, text};
use crate::cli::aws_args::AwsArgs;
use crate::cli::global::Output;
use crate::cli::{CommandResult, Context, check_output, report};

/// Prove that the gateway can use every account as the spec says
///
/// In each account: whether the role is there, lets in the gateway's task role with its external id and nobody else, and
/// allows the calls to its models; whether the task role may assume it; whether the account has access to the models, and
/// enough quota. Policies are read and evaluated here: nobody but ECS can be the task role. docs/accounts.md says what
/// that proves.
///
/// Exits with 10 when some of the accounts are not as the spec says, and with 5 when none could be asked.
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// How many accounts are asked at the same time
    #[arg(long, env = "GWINFRA_CONCURRENCY", value_name = "NUMBER", default_value_t = AT_ONCE, value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: u16,
    #[command(flatten)]
    aws: AwsArgs,
}

pub(super) fn run(args: &VerifyArgs, context: &Context) -> CommandResult {
    check_output(context, report::FORMATS)?;
    let (document, loaded) = ask(&args.aws, context, Depth::Whole, args.concurrency)?;
    match context.global.output {
        Output::Json => context.printer.out(serde_json::to_string_pretty(&document).map_err(std::io::Error::from)?)?,
        Output::Junit => context.printer.out_raw(junit(&document).map_err(std::io::Error::other)?)?,
        Output::Markdown => context.printer.out_raw(markdown(&document))?,
        format @ (Output::Sarif | Output::Github) => report::write(format, &document.report(&loaded), context)?,
        Output::Text | Output::Env => context.printer.out_raw(text(&document))?,
    }
    exit(&document)
}
