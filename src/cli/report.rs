//! Writing findings in the format that was asked for.

use std::io::{self, Write};

use super::global::Output;
use super::{CliError, CommandResult, Context, ErrorKind, Exit};
use crate::diagnostics::{
    GithubReporter, JsonReporter, JunitReporter, MarkdownReporter, Report, Reporter, SarifReporter, Severity,
    TextReporter,
};

/// Widest line of text, in characters.
const WIDTH: usize = 120;

/// Formats of a command whose result is findings.
pub(super) const FORMATS: &[Output] =
    &[Output::Text, Output::Json, Output::Sarif, Output::Junit, Output::Github, Output::Markdown];

/// Ends a command whose result is findings. With `strict`, warnings count as errors. `valid` is what is said in text when
/// nothing stands in the way; `about` is the command and its file.
pub(super) fn conclude(
    context: &Context,
    report: Report,
    strict: bool,
    valid: &str,
    about: (&str, &str),
) -> CommandResult {
    let failed = report.has_errors() || (strict && report.count(Severity::Warning) > 0);
    if context.global.output != Output::Text {
        write_about(Some(about), context.global.output, &report, context)?;
        return if failed { Err(CliError::silent(ErrorKind::Invalid)) } else { Ok(Exit::Ok) };
    }
    if failed {
        return Err(CliError::invalid(report));
    }
    if !report.diagnostics.is_empty() {
        warnings(context, &report);
    }
    context.printer.out(valid)?;
    Ok(Exit::Ok)
}

/// Writes a report to stdout: it is the result.
pub(super) fn write(format: Output, report: &Report, context: &Context) -> io::Result<()> {
    write_about(None, format, report, context)
}

/// The same, with the command and the file by which a comment of it is found again.
pub(super) fn write_about(
    about: Option<(&str, &str)>,
    format: Output,
    report: &Report,
    context: &Context,
) -> io::Result<()> {
    let mut stdout = context.printer.stdout();
    let codes = super::codes::all();
    let spec = &context.global.file;
    let file = spec.is_file().then(|| spec.display().to_string());
    let reporter: Box<dyn Reporter + '_> = match format {
        Output::Json => Box::new(JsonReporter),
        Output::Sarif => Box::new(SarifReporter { codes: &codes, file: file.as_deref() }),
        Output::Junit => Box::new(JunitReporter),
        Output::Github => Box::new(GithubReporter),
        Output::Markdown => Box::new(MarkdownReporter { about }),
        Output::Text | Output::Env => Box::new(TextReporter { color: context.printer.colors_stdout(), width: WIDTH }),
    };
    let report = &masked(report);
    super::printer::ignore_broken_pipe(reporter.write(report, &mut stdout).and_then(|()| stdout.flush()))
}

/// Writes a report to stderr.
pub(super) fn explain(context: &Context, report: &Report) -> io::Result<()> {
    let mut stderr = context.printer.stderr();
    TextReporter { color: context.printer.colors_stderr(), width: WIDTH }.write(&masked(report), &mut stderr)
}

/// The report without the secrets that its findings point at.
fn masked(report: &Report) -> Report {
    let mut masked = report.clone();
    for finding in report.diagnostics.iter().filter(|finding| crate::rules::SECRET_CODES.contains(&finding.code)) {
        if let Some(span) = &finding.span {
            masked.sources.mask(span);
        }
    }
    masked
}

/// Writes findings that do not stop the command to stderr, unless quiet.
pub(super) fn warnings(context: &Context, report: &Report) {
    let quiet = context.printer.verbosity() == super::printer::Verbosity::Quiet;
    if !quiet && report.diagnostics.iter().any(|finding| finding.severity != Severity::Note) {
        // Nothing sensible can be done when stderr is closed.
        let _ = explain(context, report);
    }
}
