//! What a command that failed adds to its error by itself: the root cause and what AWS tells about it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::time::Duration;

use super::deployment::Deployment;
use super::{CliError, Context, ErrorKind};
use crate::diagnose::{Document, Failure, Outcome, failure_text};
use crate::diagnostics::printable;
use crate::engine::{DiagnoseOptions, EngineError, StackFailure};

/// How much longer a failed command may take.
const TOTAL: Duration = Duration::from_secs(5);
/// How much of it may pass until what is known by then is told.
const ASKING: Duration = Duration::from_millis(4500);
/// How much of that one question may take: two rounds of them follow the look at the stacks.
const PATIENCE: Duration = Duration::from_millis(1500);
/// Most failures that are told of in full.
const SHOWN: usize = 3;

/// Adds a diagnosis to an error of stacks that failed. Never fails, and never takes longer than a few seconds: what could
/// not be found out is one more hint.
pub(super) async fn add(mut error: CliError, deployment: &Deployment) -> CliError {
    let Some(engine) = error.error.downcast_ref::<EngineError>() else { return error };
    let options = match engine {
        EngineError::Failed { failures, .. } if failures.iter().any(|failure| !failure.is_not_begun()) => {
            options(failures)
        }
        EngineError::Unhealthy(_) if error.kind == ErrorKind::Unhealthy => options(&[]),
        _ => return error,
    };
    let unhealthy = matches!(engine, EngineError::Unhealthy(_));
    match tokio::time::timeout(TOTAL, deployment.diagnose_failure(&options)).await {
        Ok(Ok(mut document)) => {
            document
                .failures
                .retain(|failure| failure.has_ended() && (!unhealthy || failure.outcome == Outcome::Unhealthy));
            document.failures.truncate(SHOWN);
            if !document.failures.is_empty() {
                error.diagnosis = Some(Box::new(document));
            }
            error
        }
        Ok(Err(reason)) => {
            error.hint(format!("gwinfra diagnose   tells more; it was not possible here: {}", reason.error))
        }
        Err(_) => error.hint("gwinfra diagnose   tells more: AWS did not answer in time here"),
    }
}

fn options(failures: &[StackFailure]) -> DiagnoseOptions {
    let named = |failure: &StackFailure| format!("{}:{}", failure.account, failure.stack);
    let asked = failures.iter().filter(|failure| !failure.is_not_begun());
    DiagnoseOptions {
        stacks: asked.clone().map(named).collect::<BTreeSet<_>>(),
        run: None,
        patience: PATIENCE,
        most: SHOWN,
        total: Some(ASKING),
        next: asked.map(|failure| (named(failure), failure.next.clone())).collect::<BTreeMap<_, _>>(),
    }
}

/// Prints the diagnosis in the place of the failures that it tells of, and what is left of the error after it.
pub(super) fn print(context: &Context, error: &CliError, document: &Document) -> io::Result<()> {
    let mut stderr = context.printer.stderr();
    let red = anstyle::AnsiColor::Red.on_default().bold();
    let engine = error.error.downcast_ref::<EngineError>();
    let told = |failure: &StackFailure| {
        document.failures.iter().any(|own| own.name == failure.stack && own.account == failure.account)
    };
    let unhealthy = engine.filter(|engine| matches!(engine, EngineError::Unhealthy(_)));
    if let Some(engine) = unhealthy {
        writeln!(stderr, "{red}error{red:#}: {}", printable(&engine.to_string()))?;
    }
    for failure in &document.failures {
        writeln!(stderr, "{red}error{red:#}: {}", failure_text(failure).trim_end())?;
    }
    if let Some(engine) = engine.filter(|_| unhealthy.is_none()) {
        let left = engine.without(told);
        if !left.is_empty() {
            writeln!(stderr, "{red}error{red:#}: {}", printable(&left))?;
        }
    }
    for note in &document.notes {
        writeln!(stderr, "  not known: {}", printable(note))?;
    }
    let shown: Vec<&str> = document.failures.iter().flat_map(next).collect();
    let cyan = anstyle::AnsiColor::Cyan.on_default().bold();
    for hint in error.hints.iter().filter(|hint| !shown.contains(&hint.as_str())) {
        writeln!(stderr, "  {cyan}next{cyan:#}: {}", printable(hint))?;
    }
    writeln!(stderr, "  full report: gwinfra diagnose -o markdown")
}

fn next(failure: &Failure) -> impl Iterator<Item = &str> {
    failure.next.iter().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_rounds_of_questions_leave_time_for_the_look_at_the_stacks() {
        assert!(PATIENCE * 2 < ASKING && ASKING < TOTAL);
    }
}
