//! `gwinfra config check`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::{CommandResult, Context, check_output, input, report};
use crate::litellm::ConfigFile;

/// Check a LiteLLM configuration of your own
///
/// Reports the mistakes that LiteLLM itself passes over or fails on at its start: parameters of another name, settings in
/// the wrong section, fallbacks to models that do not exist, keys in the clear. Needs no spec, and no AWS. What a spec
/// passes through to LiteLLM is checked in the same way by `gwinfra validate`.
#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArgs {
    /// Configuration, as `litellm --config` takes it; `-` is standard input
    #[arg(value_name = "FILE")]
    config: PathBuf,
    /// Treat warnings as errors
    #[arg(long, env = "GWINFRA_STRICT")]
    strict: bool,
}

pub(in crate::cli) fn run(args: &CheckArgs, context: &Context) -> CommandResult {
    check_output(context, report::FORMATS)?;
    let bytes = input::read(&args.config, &input::CONFIGURATION)?;
    let name = args.config.display().to_string();
    let found = match ConfigFile::read(&name, &bytes) {
        Ok(config) => config.check(),
        Err(report) => report,
    };
    report::conclude(
        context,
        found,
        args.strict,
        &format!("{name} has no mistake that gwinfra knows"),
        ("config", &name),
    )
}
