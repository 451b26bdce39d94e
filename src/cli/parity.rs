//! `gwinfra render --parity`: whether both engines build the same.

use std::collections::BTreeMap;

use super::global::Output;
use super::pipeline::{self, Built};
use super::{CliError, CommandResult, Context, ErrorKind, Exit, report};
use crate::diagnostics::Report;
use crate::parity::{Document, Parity, diagnostics};
use crate::plan::count;

/// The formats of the report.
pub(super) const OUTPUTS: &[Output] =
    &[Output::Text, Output::Json, Output::Sarif, Output::Junit, Output::Github, Output::Markdown];

/// Compares the engines of a spec that was rendered for both, and prints what was found.
pub(super) fn run(built: &Built, context: &Context) -> CommandResult {
    let parity = pipeline::compare(context, built)?;
    let mut found = Report { sources: built.rendering.report.sources.clone(), ..Report::default() };
    found.diagnostics = diagnostics(&parity, &built.rendering, &built.loaded.spans);
    match context.global.output {
        Output::Json => {
            let document = Document::new(&built.bundle.deployment, &parity, &found);
            context.printer.out(serde_json::to_string_pretty(&document).map_err(std::io::Error::from)?)?;
        }
        Output::Text => text(built, &parity, &found, context)?,
        other => {
            let about = ("parity", built.bundle.deployment.prefix.as_str());
            report::write_about(Some(about), other, &found, context)?;
        }
    }
    if parity.is_equal() { Ok(Exit::Ok) } else { Err(CliError::silent(ErrorKind::Invalid)) }
}

fn text(built: &Built, parity: &Parity, found: &Report, context: &Context) -> std::io::Result<()> {
    let compared = parity.compared();
    let mut lines = vec![format!(
        "{}: {} of CloudFormation and Terraform agree on {}, and the model on {} of them",
        built.bundle.deployment.prefix,
        count(compared.nodes, "resource"),
        count(compared.facts, "fact"),
        compared.expected,
    )];
    let width = parity.stacks.keys().map(String::len).max().unwrap_or_default();
    for (stack, compared) in &parity.stacks {
        let mark = if compared.findings == 0 { '\u{2713}' } else { '\u{2717}' };
        let mut line = format!("  {mark} {stack:width$}  {:>4} resources  {:>5} facts", compared.nodes, compared.facts);
        if compared.findings > 0 {
            line.push_str(&format!("  {}", count(compared.findings, "finding")));
        }
        lines.push(line);
    }
    context.printer.out(lines.join("\n"))?;
    if !found.diagnostics.is_empty() {
        context.printer.out("")?;
        report::write(Output::Text, found, context)?;
    }
    context.printer.out(lists(parity))
}

/// What differs on purpose, by reason, and what was not compared.
fn lists(parity: &Parity) -> String {
    let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in &parity.intended {
        reasons.entry(&row.reason).or_default().push(format!("{} {}", row.of, row.fact).trim_end().to_owned());
    }
    let mut text = String::from("\nDifferent on purpose\n");
    for (reason, rows) in reasons {
        text.push_str(&format!("  {reason}:\n"));
        rows.iter().for_each(|row| text.push_str(&format!("    {row}\n")));
    }
    text.push_str("\nNot compared, because the other engine has nothing of that name\n");
    for row in &parity.unchecked {
        text.push_str(&format!("    {} {}\n", row.type_name, row.fact));
    }
    text.trim_end().to_owned()
}
