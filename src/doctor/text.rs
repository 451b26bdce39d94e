//! The report as text for people.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::finding::{Finding, Status};
use super::report::{CheckResult, Document};
use crate::plan::{SourcePlace, count};

/// Width of the first column.
const LABEL: usize = 14;

/// Most lines of what a finding is made of. JSON has all.
const DETAILS: usize = 12;

/// Most accounts of a line by name.
const ACCOUNTS: usize = 3;

/// The report: a block for each area, what is wrong with its fix, and the count at the end. With `verbose`, what was
/// skipped as well.
pub fn text(document: &Document, verbose: bool) -> String {
    let mut out =
        format!("{}   {}/{}   engine {}\n\n", document.deployment, document.account, document.region, document.engine);
    let mut before = "";
    for check in &document.checks {
        for (finding, accounts) in lines(check) {
            if finding.status == Status::Skip && !verbose {
                continue;
            }
            let title = check.area.title();
            let label = if before == title { "" } else { title };
            write_finding(&mut out, label, check, finding, &accounts);
            before = title;
        }
    }
    let _ = writeln!(out, "\n{}", verdict(document));
    out
}

/// The findings with their accounts. What is the same in many accounts, and as it should be, is one line.
fn lines(check: &CheckResult) -> Vec<(&Finding, Vec<&str>)> {
    let mut lines: Vec<(&Finding, Vec<&str>)> = Vec::new();
    for finding in &check.findings {
        let account = finding.account.as_deref();
        let is_same = |line: &&mut (&Finding, Vec<&str>)| {
            matches!(finding.status, Status::Pass | Status::Skip)
                && account.is_some()
                && line.0.status == finding.status
                && line.0.message == finding.message
        };
        match lines.iter_mut().find(is_same) {
            Some((_, accounts)) => accounts.extend(account),
            None => lines.push((finding, account.into_iter().collect())),
        }
    }
    lines
}

/// The accounts of a line, the first of many by name.
fn told(accounts: &[&str]) -> String {
    match accounts {
        [] => String::new(),
        few if few.len() <= ACCOUNTS => format!("{}: ", few.join(", ")),
        [first, rest @ ..] => format!("{first} and {} more: ", rest.len()),
    }
}

fn write_finding(out: &mut String, label: &str, check: &CheckResult, finding: &Finding, accounts: &[&str]) {
    let (symbol, style) = mark(finding.status);
    let dim = Style::new().dimmed();
    // Writing to a String cannot fail.
    let _ = write!(out, "{label:<LABEL$}{style}{symbol}{style:#} {}{}", told(accounts), finding.message);
    if matches!(finding.status, Status::Fail | Status::Warn) {
        let _ = write!(out, "  {dim}{}{dim:#}", check.id);
    }
    out.push('\n');
    if matches!(finding.status, Status::Pass | Status::Skip) {
        return;
    }
    let indent = LABEL + 2;
    for detail in finding.details.iter().take(DETAILS) {
        let _ = writeln!(out, "{:indent$}{detail}", "");
    }
    if let Some(more) = finding.details.len().checked_sub(DETAILS).filter(|more| *more > 0) {
        let _ = writeln!(out, "{:indent$}and {more} more: -o json has them", "");
    }
    if !finding.source.is_empty() {
        let places: Vec<String> = finding.source.iter().map(SourcePlace::words).collect();
        let _ = writeln!(out, "{:indent$}from {}", "", places.join(", "));
    }
    if let Some(fix) = &finding.fix {
        let cyan = AnsiColor::Cyan.on_default();
        let _ = writeln!(out, "{:indent$}{cyan}fix{cyan:#}: {fix}", "");
    }
}

fn mark(status: Status) -> (&'static str, Style) {
    match status {
        Status::Pass => ("✔", AnsiColor::Green.on_default()),
        Status::Warn => ("⚠", AnsiColor::Yellow.on_default()),
        Status::Fail => ("✗", AnsiColor::Red.on_default()),
        Status::Skip => ("-", Style::new().dimmed()),
    }
}

/// The count in words.
pub(super) fn verdict(document: &Document) -> String {
    let summary = document.summary;
    let mut parts = vec![format!("{} passed", count(summary.pass, "check"))];
    for (number, words) in
        [(summary.warn, "with warnings"), (summary.fail, "failed"), (summary.skip, "with nothing to look at")]
    {
        if number > 0 {
            parts.push(format!("{number} {words}"));
        }
    }
    // Seconds with one digit after the point, without floating-point surprises.
    let tenths = document.duration_ms.div_ceil(100);
    format!("{} in {}.{} s", parts.join(", "), tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Area;

    fn check(findings: Vec<Finding>) -> CheckResult {
        CheckResult {
            id: "GWD401".to_owned(),
            name: "model-access".to_owned(),
            area: Area::Bedrock,
            status: Status::Pass,
            duration_ms: 1,
            findings,
        }
    }

    #[test]
    fn what_is_well_in_many_accounts_is_one_line_and_what_is_not_is_told_of_each() {
        let pass = |account: &str| Finding::pass("access to 1 model").in_account(account);
        let fail = |account: &str| Finding::fail("no access", "ask for it").in_account(account);
        let check = check(vec![pass("a"), fail("b"), pass("c"), fail("d"), pass("e"), pass("f")]);
        let lines: Vec<String> =
            lines(&check).into_iter().map(|(found, accounts)| told(&accounts) + &found.message).collect();
        assert_eq!(lines, ["a and 3 more: access to 1 model", "b: no access", "d: no access"]);
    }

    #[test]
    fn of_many_details_the_first_are_shown_and_the_others_counted() {
        let details = (0..15).map(|number| format!("detail {number}")).collect();
        let check = check(vec![Finding::fail("no access", "ask for it").with_details(details)]);
        let mut out = String::new();
        write_finding(&mut out, "Bedrock", &check, &check.findings[0], &[]);
        assert!(out.contains("detail 11\n") && !out.contains("detail 12"), "{out}");
        assert!(out.contains("and 3 more: -o json has them\n"), "{out}");
    }
}
