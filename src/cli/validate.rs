//! `gwinfra validate`.

use clap::Args;

use super::global::Output;
use super::input::ReadError;
use super::{CliError, CommandResult, Context, check_output, input, pipeline, report};
use crate::diagnostics::{Diagnostic, Report};
use crate::spec::codes;

/// Check the spec, and everything that it renders to, without AWS
///
/// Without `-e` the spec is checked as it is and with each of its environments. All findings are reported at once.
#[derive(Debug, Args)]
pub(super) struct ValidateArgs {
    /// Treat warnings as errors
    #[arg(long, env = "GWINFRA_STRICT")]
    strict: bool,
}

pub(super) fn run(args: &ValidateArgs, context: &Context) -> CommandResult {
    check_output(context, report::FORMATS)?;
    let name = context.global.file.display().to_string();
    let bytes = match input::read_spec(&context.global.file) {
        Ok(bytes) => bytes,
        Err(error) => return Err(unread(error, context, &name)),
    };
    let mut whole = Report::default();
    let mut checked = Vec::new();
    let loaded = match context.global.env.as_deref() {
        Some(environment) => {
            let (loaded, report) = crate::spec::check(&name, &bytes, Some(environment));
            merge(&mut whole, report);
            loaded.into_iter().collect()
        }
        None => {
            let (loaded, report) = crate::spec::check_all(&name, &bytes);
            merge(&mut whole, report);
            loaded
        }
    };
    for loaded in loaded {
        checked.push(loaded.environment.clone().unwrap_or_else(|| "no environment".to_owned()));
        let (_, report) = pipeline::examine(context, loaded);
        merge(&mut whole, report);
    }
    whole.sort();
    whole.diagnostics.dedup();
    report::conclude(
        context,
        whole,
        args.strict,
        &format!("{name} is valid ({})", checked.join(", ")),
        ("validate", &name),
    )
}

/// The error of a spec that could not be read. What reads a report finds it there, too.
fn unread(error: CliError, context: &Context, name: &str) -> CliError {
    if context.global.output == Output::Text {
        return error;
    }
    let is_large = matches!(error.error.downcast_ref::<ReadError>(), Some(ReadError::TooLarge { .. }));
    let code = if is_large { codes::TOO_LARGE } else { codes::UNREADABLE };
    let finding = error
        .hints
        .iter()
        .fold(Diagnostic::error(code, error.error.to_string()), |finding, hint| finding.with_help(hint.as_str()));
    let report = Report { diagnostics: vec![finding], ..Report::default() };
    match report::write_about(Some(("validate", name)), context.global.output, &report, context) {
        Ok(()) => error,
        Err(failed) => failed.into(),
    }
}

fn merge(whole: &mut Report, report: Report) {
    whole.sources.merge(report.sources);
    whole.diagnostics.extend(report.diagnostics);
}
