//! `gwinfra config render`.

use clap::Args;

use crate::cli::global::Output;
use crate::cli::{CliError, CommandResult, Context, ErrorKind, Exit, check_output, pipeline};
use crate::model::Model;

/// Print LiteLLM's configuration that the spec makes
///
/// The very bytes that an apply uploads, with references to variables in the place of secrets. Its name is the hash of
/// its text: see `config diff`.
#[derive(Debug, Args)]
pub(in crate::cli) struct RenderArgs {}

pub(in crate::cli) fn run(_args: &RenderArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text, Output::Json])?;
    let built = pipeline::build(context)?;
    let text = Model::new(&built.loaded.spec, built.loaded.environment.as_deref()).gateway.config.text;
    if context.global.output == Output::Json {
        let document: serde_json::Value =
            serde_yaml::from_str(&text).map_err(|error| CliError::new(ErrorKind::Failed, error))?;
        context.printer.out(serde_json::to_string_pretty(&document).map_err(std::io::Error::from)?)?;
    } else {
        context.printer.out_raw(text)?;
    }
    Ok(Exit::Ok)
}
