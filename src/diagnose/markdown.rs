//! The report for a pull request or a ticket.

use super::report::{Cause, Document, Failure};
use super::text::{all_well, headline};
use crate::diagnostics::comment::{Comment, Row, Section, Weight, code, plain, prose};

/// The report as Markdown: for each failure its cause, what is known about it, and what to do next. `all` says whether every
/// stack was looked at.
pub fn markdown(document: &Document, all: bool) -> String {
    let name = &document.deployment.name;
    let mut comment = Comment::new("diagnose", name, "`gwinfra diagnose`");
    let run = document.run.as_ref().map(|run| {
        let result = run.result.as_deref().unwrap_or("cut off");
        format!(", run {}: {} of {}, {}", code(&run.id), plain(&run.command), plain(&run.started_at), plain(result))
    });
    comment.line(&format!("**gwinfra diagnose: {}**{}", plain(name), run.unwrap_or_default()));
    if document.failures.is_empty() {
        comment.line(&format!("\n{}", all_well(document, all)));
    }
    for failure in &document.failures {
        comment.section(Section::new(headline(failure), &["", "what", "spec"], rows(failure)));
        let cancelled = failure.consequences.iter();
        let cancelled = cancelled.map(|address| Row::new(Weight::Low, "cancelled resource", "", address, Vec::new()));
        let count = failure.consequences.len();
        let title = match failure.cause {
            Some(_) => format!("Not the cause: {count} cancelled because of it"),
            None => format!("{count} cancelled with it"),
        };
        comment.section(Section::new(title, &["resource"], cancelled.collect()).folded());
    }
    let notes = document.notes.iter();
    let notes = notes.map(|note| Row::new(Weight::Normal, "note", "", "not known", vec![prose(note)]));
    comment.section(Section::new("", &["", "why"], notes.collect()));
    comment.text()
}

fn rows(failure: &Failure) -> Vec<Row> {
    let mut rows: Vec<Row> =
        failure.cause.iter().map(|cause| of_cause(cause, "root cause", "**root cause**")).collect();
    for evidence in &failure.evidence {
        rows.push(Row::new(Weight::Normal, "fact", "", &evidence.from, vec![prose(&evidence.fact), String::new()]));
        let lines = evidence.lines.iter();
        rows.extend(
            lines.map(|line| Row::new(Weight::Low, "log line", "", &evidence.from, vec![code(line), String::new()])),
        );
    }
    for guess in &failure.guesses {
        let text = std::iter::once(&guess.text).chain(&guess.signals).map(|text| prose(text)).collect::<Vec<_>>();
        rows.push(Row::new(Weight::Normal, "guess", "guess", "likely why", vec![text.join("<br>"), String::new()]));
    }
    rows.extend(failure.also.iter().map(|cause| of_cause(cause, "other failure", "also failed")));
    rows.extend(failure.next.iter().enumerate().map(|(index, next)| {
        Row::new(Weight::Must, "next step", "**next**", &(index + 1).to_string(), vec![prose(next), String::new()])
    }));
    rows
}

fn of_cause(cause: &Cause, kind: &'static str, mark: &'static str) -> Row {
    let of_type =
        if cause.resource_type.is_empty() { String::new() } else { format!("{}: ", plain(&cause.resource_type)) };
    let place = cause.place().map(|place| plain(&place)).unwrap_or_default();
    Row::new(Weight::Must, kind, mark, &cause.address, vec![format!("{of_type}{}", prose(&cause.reason)), place])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::{document, failure};
    use crate::diagnostics::comment::LIMIT;

    fn failed(reason: &str, lines: usize) -> Document {
        let log = (0..lines).map(|number| format!("{number}: {}", "x".repeat(200)));
        document(vec![failure(reason, log.collect())])
    }

    #[test]
    fn words_of_a_service_are_no_markup() {
        let text = markdown(&failed("</details> | @everybody\n# no", 0), true);
        assert!(text.contains("&lt;/details&gt; &#124; @<!-- -->everybody # no"), "{text}");
    }

    #[test]
    fn a_long_log_leaves_cause_and_next_step_in_the_comment() {
        let text = markdown(&failed("no", 2000), true);
        assert!(text.len() <= LIMIT, "{}", text.len());
        assert!(text.contains("acme-gateway/Service") && text.contains("gwinfra plan"));
        assert!(text.contains(" log lines"), "{}", &text[text.len() - 500..]);
    }
}
