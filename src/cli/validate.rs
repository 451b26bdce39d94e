//! `gwinfra validate`.

use clap::Args;

use super::global::Output;
use super::{CliError, CommandResult, Context, ErrorKind, Exit, check_output, input, pipeline, report};
use crate::diagnostics::{Report, Severity};

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
    check_output(
        context,
        &[Output::Text, Output::Json, Output::Sarif, Output::Junit, Output::Github, Output::Markdown],
    )?;
    let bytes = input::read_spec(&context.global.file)?;
    let name = context.global.file.display().to_string();
    let mut whole = Report::default();
    let mut checked = Vec::new();
    let loaded = match context.global.env.as_deref() {
        Some(environment) => match crate::spec::load(&name, &bytes, Some(environment)) {
            Ok(loaded) => vec![loaded],
            Err(report) => {
                merge(&mut whole, report);
                Vec::new()
            }
        },
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
    let failed = whole.has_errors()
        || (args.strict && whole.diagnostics.iter().any(|finding| finding.severity == Severity::Warning));
    if context.global.output != Output::Text {
        report::write(context.global.output, &whole, context)?;
    } else if !whole.diagnostics.is_empty() && !failed {
        report::warnings(context, &whole);
    }
    if failed {
        if context.global.output != Output::Text {
            return Err(CliError::silent(ErrorKind::Invalid));
        }
        return Err(CliError::invalid(whole));
    }
    if context.global.output == Output::Text {
        context.printer.out(format_args!("{name} is valid ({})", checked.join(", ")))?;
    }
    Ok(Exit::Ok)
}

fn merge(whole: &mut Report, report: Report) {
    whole.sources.merge(report.sources);
    whole.diagnostics.extend(report.diagnostics);
}
