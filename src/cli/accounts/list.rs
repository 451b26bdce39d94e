//! `gwinfra accounts list`.

use clap::Args;

use super::{AT_ONCE, ask, exit};
use crate::accounts::{Depth, list};
use crate::cli::aws_args::AwsArgs;
use crate::cli::global::Output;
use crate::cli::{CommandResult, Context, check_output};

/// List the accounts, and whether each has the gateway's role
///
/// Exits with 10 when some of them have not or could not be asked, and with 5 when none could be asked.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// How many accounts are asked at the same time
    #[arg(long, env = "GWINFRA_CONCURRENCY", value_name = "NUMBER", default_value_t = AT_ONCE, value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: u16,
    #[command(flatten)]
    aws: AwsArgs,
}

pub(super) fn run(args: &ListArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text, Output::Json])?;
    let (document, _) = ask(&args.aws, context, Depth::State, args.concurrency)?;
    if context.global.output == Output::Json {
        context.printer.out(serde_json::to_string_pretty(&document).map_err(std::io::Error::from)?)?;
    } else {
        context.printer.out_raw(list(&document))?;
    }
    exit(&document)
}
