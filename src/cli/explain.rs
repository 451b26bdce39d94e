//! `gwinfra explain`.

use clap::Args;

use crate::engine::cloudformation::status_table::{STATUSES, Verdict};

use super::global::Output;
use super::{CliError, CommandResult, Context, ErrorKind, Exit, check_output};

/// Explain a finding, an exit code or a stack status
///
/// Takes a code such as GW0101, an exit code such as 9 or `rolled-back`, `exit-codes` for all of them, or a stack status such
/// as UPDATE_ROLLBACK_FAILED. Without an argument it lists every code of findings.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// Code, exit code, `exit-codes`, or a stack status
    topic: Option<String>,
}

pub(super) fn run(args: &ExplainArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text])?;
    let codes = super::codes::all();
    let Some(topic) = &args.topic else {
        let lines: Vec<String> = codes.iter().map(|(code, title, _)| format!("{code}  {title}")).collect();
        context.printer.out(lines.join("\n"))?;
        return Ok(Exit::Ok);
    };
    if topic.eq_ignore_ascii_case("exit-codes") {
        for (code, name, meaning) in super::EXIT_CODES {
            context.printer.out(format_args!("{code:>3}  {name:<12} {meaning}"))?;
        }
        return Ok(Exit::Ok);
    }
    let named = |code: u8, name: &str| topic.eq_ignore_ascii_case(name) || *topic == code.to_string();
    if let Some((code, name, meaning)) = super::EXIT_CODES.iter().find(|row| named(row.0, row.1)) {
        context.printer.out(format_args!("{code}  {name}  {meaning}"))?;
        return Ok(Exit::Ok);
    }
    let wanted = topic.to_ascii_uppercase();
    if let Some((code, title, text)) = codes.iter().find(|row| row.0 == wanted) {
        // Some texts begin with their title as a heading.
        let text = text.trim();
        let body = match text.split_once('\n') {
            Some((heading, body)) if heading.starts_with("# ") => body.trim(),
            _ => text,
        };
        context.printer.out(format_args!("{code}: {title}\n\n{body}"))?;
        return Ok(Exit::Ok);
    }
    if let Some(row) = STATUSES.iter().find(|row| row.status == wanted) {
        let recover = format!("stops with exit code 10: the stack needs `{}`", row.next);
        let words = |verdict: Verdict| match verdict {
            Verdict::Proceed => "goes on",
            Verdict::Absent => "goes on as if there were no stack",
            Verdict::DeleteFirst => "deletes the stack first, then makes it anew",
            Verdict::Locked => "stops with exit code 6: an operation is in progress",
            Verdict::Recover => recover.as_str(),
        };
        context.printer.out(format_args!(
            "{}\n\n  plan     {}\n  apply    {}\n  destroy  {}\n  next     {}",
            row.status,
            words(row.plan),
            words(row.apply),
            words(row.destroy),
            row.next
        ))?;
        return Ok(Exit::Ok);
    }
    let near = codes
        .iter()
        .map(|row| row.0)
        .max_by(|a, b| strsim::jaro_winkler(a, &wanted).total_cmp(&strsim::jaro_winkler(b, &wanted)));
    let error = CliError::new(ErrorKind::Usage, format!("there is no code, exit code or status `{topic}`"));
    Err(match near {
        Some(code) => error.hint(format!("did you mean {code}? `gwinfra explain` lists every code")),
        None => error,
    })
}
