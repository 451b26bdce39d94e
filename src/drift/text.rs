//! The report for people.

use std::fmt::Write as _;

use serde_json::Value;

use super::codes;
use super::coverage::Coverage;
use super::excerpt::{beginning, sides, words};
use super::finding::{Finding, Kind, Level};
use super::report::Document;
use crate::diagnostics::printable;
use crate::plan::count;

/// The type of a stack.
const STACK: &str = "AWS::CloudFormation::Stack";
/// Longest value that is shown whole, in characters.
const LONGEST: usize = 160;

/// The report as text: findings by resource, what is accepted and folded, and what was looked at.
pub fn text(document: &Document) -> String {
    let mut out = String::new();
    let open: Vec<&Finding> = document.open().collect();
    let mut addresses: Vec<&str> = Vec::new();
    for finding in &open {
        if !addresses.contains(&finding.address.as_str()) {
            addresses.push(&finding.address);
        }
    }
    for address in &addresses {
        let own: Vec<&&Finding> = open.iter().filter(|finding| finding.address == *address).collect();
        resource(&mut out, &own);
    }
    let accepted: Vec<&Finding> = document.findings.iter().filter(|finding| finding.accepted_by.is_some()).collect();
    section(
        &mut out,
        "Accepted",
        accepted.iter().map(|finding| {
            let rule = finding.accepted_by.as_deref().unwrap_or_default();
            format!("{} {}: {rule}", finding.address, finding.property())
        }),
    );
    section(
        &mut out,
        "Not drift",
        document.folded.iter().map(|folded| format!("{} {}: {}", folded.address, folded.path.join("."), folded.reason)),
    );
    if let number @ 1.. = document.potential.len() {
        let values = count(number, "value");
        let line = format!("{values} that neither the spec nor a baseline knows: --show potential, --record");
        section(&mut out, "Potential, never a failure", std::iter::once(line));
    }
    section(&mut out, "Not compared", document.coverage.open_by_reason().into_iter());
    section(&mut out, "Not compared, which is accepted", document.coverage.accepted_by_rule().into_iter());
    section(&mut out, "Note", document.notes.iter().cloned());
    let _ = writeln!(out, "{}", document.coverage.sentence());
    let _ = writeln!(out, "{}", verdict(document, &open, addresses.len(), accepted.len()));
    printable(&out).into_owned()
}

/// The values that neither the spec nor the baseline knows, by resource.
pub fn potential(document: &Document) -> String {
    let mut out = String::new();
    let mut last = "";
    for one in &document.potential {
        if one.address != last {
            let _ = writeln!(out, "? {}   {}", one.address, one.resource_type);
            last = &one.address;
        }
        let _ = writeln!(out, "    {}   {}", one.path.join("."), value(Some(&one.actual)));
    }
    if !out.is_empty() {
        out.push('\n');
    }
    printable(&out).into_owned()
}

fn resource(out: &mut String, findings: &[&&Finding]) {
    let Some(first) = findings.first() else { return };
    let sign = match first.kind {
        Kind::Deleted => '-',
        Kind::Added => '+',
        Kind::Changed | Kind::Runtime | Kind::Undeclared => '~',
    };
    let worst = findings.iter().map(|finding| finding.severity).min().unwrap_or(Level::Medium);
    let worst = match worst {
        Level::High => "   HIGH",
        Level::Medium => "",
        Level::Low => "   low",
    };
    let place =
        |finding: &Finding| finding.source.first().map(|place| format!("   {}", place.words())).unwrap_or_default();
    // Properties of one resource may come from several places of the spec.
    let is_one = findings.iter().all(|finding| place(finding) == place(first));
    let (of_all, of_each) = if is_one { (place(first), None) } else { (String::new(), Some(place)) };
    let _ = writeln!(out, "{sign} {}   {}{worst}{of_all}", first.address, first.resource_type);
    for finding in findings {
        let property = finding.property();
        let place = of_each.map(|place| place(finding)).unwrap_or_default();
        match finding.kind {
            Kind::Deleted => {
                let _ = writeln!(out, "    it is gone{place}");
            }
            Kind::Added => {
                let (more, id) = (value(finding.actual.as_ref()), finding.id_in_words());
                let _ = writeln!(out, "    {property} has more: {more}{id}{place}");
            }
            Kind::Changed | Kind::Runtime | Kind::Undeclared => {
                let before = match finding.kind {
                    Kind::Changed if finding.resource_type == STACK => "applied ",
                    Kind::Changed => "deployed",
                    Kind::Undeclared => "recorded",
                    _ => "wanted  ",
                };
                let (expected, now) =
                    sides(&whole(finding.expected.as_ref()), &whole(finding.actual.as_ref()), LONGEST);
                let _ = writeln!(out, "    {property}{place}");
                let _ = writeln!(out, "      {before}   {expected}");
                let _ = writeln!(out, "      now        {now}");
            }
        }
    }
    out.push('\n');
}

fn section(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if !lines.is_empty() {
        let _ = writeln!(out, "{title}\n  {}\n", lines.join("\n  "));
    }
}

fn verdict(document: &Document, open: &[&Finding], resources: usize, accepted: usize) -> String {
    let accepted = if accepted > 0 { format!(", {accepted} accepted") } else { String::new() };
    // What matters most says what to do; of that, what can be put back.
    let worst = open.iter().min_by_key(|finding| (finding.severity, !finding.can_be_put_back()));
    match worst {
        None if document.coverage.is_blind() => "Nothing was compared.".to_owned(),
        None if document.coverage.is_whole() => match document.coverage.accepted().count() {
            0 => format!("No drift{accepted}."),
            number => format!("No drift{accepted}, {number} not compared as accepted."),
        },
        None => {
            let Coverage { checked, total, .. } = document.coverage;
            let skipped = document.coverage.count_open();
            format!("No drift in what could be compared ({checked} of {total}, {skipped} not compared){accepted}.")
        }
        Some(worst) => {
            let next = match worst.kind {
                // A stack that is stuck takes nothing back before that.
                _ if document.first.is_some() => document.first.clone().unwrap_or_default(),
                _ if worst.can_be_put_back() => format!("gwinfra drift --revert {}", worst.address),
                Kind::Changed if worst.resource_type == STACK => "gwinfra plan".to_owned(),
                Kind::Changed => format!("gwinfra explain {}", codes::CHANGED),
                Kind::Runtime => worst.next().to_owned(),
                Kind::Deleted => worst.after_deletion(),
                Kind::Undeclared => format!("gwinfra explain {}", codes::UNDECLARED),
                Kind::Added => worst.after_addition(),
            };
            let differences = count(open.len(), "difference");
            format!("{differences} in {}{accepted}.\nNext: {next}", count(resources, "resource"))
        }
    }
}

/// A value in one line, or the beginning of a long one.
fn value(value: Option<&Value>) -> String {
    beginning(&whole(value), LONGEST)
}

fn whole(value: Option<&Value>) -> String {
    words(value).unwrap_or_else(|| "nothing".to_owned())
}
