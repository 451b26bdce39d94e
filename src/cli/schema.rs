//! `gwinfra schema`.

use clap::{Args, ValueEnum};

use super::{CommandResult, Context, Exit};

/// Print the JSON Schema of the spec, or of what a command prints
///
/// Editors complete and check the spec with it: put `# yaml-language-server: $schema=FILE` in its first line.
#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// Which schema to print
    #[arg(long, value_enum, default_value_t, env = "GWINFRA_SCHEMA_WHAT")]
    what: What,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum What {
    /// Of the spec
    #[default]
    Spec,
    /// Of the JSON that `plan -o json` prints
    Plan,
    /// Of the JSON that `capacity -o json` prints
    Capacity,
    /// Of the JSON that `smoke -o json` prints
    Smoke,
    /// Of the JSON that `doctor -o json` prints
    Doctor,
    /// Of the JSON that `drift -o json` prints
    Drift,
    /// Of the JSON that `diagnose -o json` prints
    Diagnose,
    /// Of the JSON that `accounts verify -o json` prints
    Accounts,
    /// Of the JSON that `image inspect -o json` prints
    Image,
    /// Of the JSON that `validate -o json` and other commands print whose result is findings
    Report,
    /// Of the JSON that `render --parity -o json` prints
    Parity,
    /// Of what a blueprint's templates are given
    RenderContext,
}

pub(super) fn run(args: &SchemaArgs, context: &Context) -> CommandResult {
    let text = match args.what {
        What::Spec => crate::spec::json_schema::json_schema_text(),
        What::Plan => crate::plan::json_schema_text(),
        What::Capacity => crate::capacity::json_schema_text(),
        What::Smoke => crate::smoke::json_schema_text(),
        What::Doctor => crate::doctor::json_schema_text(),
        What::Drift => crate::drift::json_schema_text(),
        What::Diagnose => crate::diagnose::json_schema_text(),
        What::Accounts => crate::accounts::json_schema_text(),
        What::Image => crate::image::inspect::json_schema_text(),
        What::Report => crate::diagnostics::json_schema_text(),
        What::Parity => crate::parity::json_schema_text(),
        What::RenderContext => crate::model::json_schema_text(),
    };
    context.printer.out_raw(text)?;
    Ok(Exit::Ok)
}
