//! `gwinfra validate`.

use clap::Args;

use super::{CommandResult, Context, check_output, input, pipeline, report};
use crate::diagnostics::Report;

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
    let bytes = input::read_spec(&context.global.file)?;
    let name = context.global.file.display().to_string();
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

fn merge(whole: &mut Report, report: Report) {
    whole.sources.merge(report.sources);
    whole.diagnostics.extend(report.diagnostics);
}
