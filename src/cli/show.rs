//! `gwinfra show`.

use std::path::PathBuf;

use clap::Args;

use super::global::Output;
use super::{CommandResult, Context, Exit, check_output, deployment, plan};

/// Show a saved plan
///
/// Reads the file only: nothing is asked of AWS.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// Plan to show
    plan: PathBuf,
}

pub(super) fn run(args: &ShowArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text, Output::Json, Output::Markdown])?;
    let saved = deployment::read_plan(&args.plan)?;
    plan::print(&saved.plan, context, true)?;
    Ok(Exit::Ok)
}
