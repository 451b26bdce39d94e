//! `gwinfra show`.

use std::path::PathBuf;

use clap::Args;

use super::{CommandResult, Context, Exit, check_output, deployment, plan, report};

/// Show a saved plan
///
/// Reads the file only: nothing is asked of AWS.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// Plan to show
    plan: PathBuf,
}

pub(super) fn run(args: &ShowArgs, context: &Context) -> CommandResult {
    check_output(context, report::FORMATS)?;
    let saved = deployment::read_plan(&args.plan)?;
    plan::print(&saved.plan, context, true, &|_| None)?;
    Ok(Exit::Ok)
}
