//! The report for people.

use std::fmt::Write as _;

use serde_json::Value;

use super::codes;
use super::report::{Coverage, Document, Finding, Kind, Level, Skipped};
use crate::diagnostics::printable;
use crate::plan::count;

/// Longest value that is shown whole, in characters.
const LONGEST: usize = 160;
/// Most skipped resources that are named.
const NAMED: usize = 12;

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
    let unread = document.coverage.open().map(|one| (one.reason.as_str(), one));
    section(&mut out, "Not compared", by_reason(unread).into_iter());
    let accepted_so = document.coverage.accepted().map(|one| (one.accepted_by.as_deref().unwrap_or_default(), one));
    section(&mut out, "Not compared, which is accepted", by_reason(accepted_so).into_iter());
    section(&mut out, "Note", document.notes.iter().cloned());
    let _ = writeln!(out, "{}", coverage(&document.coverage));
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
    let place = first.source.first().map(|place| format!("   {}", place.words()));
    let _ = writeln!(out, "{sign} {}   {}{worst}{}", first.address, first.resource_type, place.unwrap_or_default());
    for finding in findings {
        let property = finding.property();
        match finding.kind {
            Kind::Deleted => {
                let _ = writeln!(out, "    it is gone");
            }
            Kind::Added => {
                let _ = writeln!(out, "    {property} has more: {}", value(finding.actual.as_ref()));
            }
            Kind::Changed | Kind::Runtime | Kind::Undeclared => {
                let before = match finding.kind {
                    Kind::Changed => "deployed",
                    Kind::Undeclared => "recorded",
                    _ => "wanted  ",
                };
                let _ = writeln!(out, "    {property}");
                let _ = writeln!(out, "      {before}   {}", value(finding.expected.as_ref()));
                let _ = writeln!(out, "      now        {}", value(finding.actual.as_ref()));
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

/// Resources that could not be compared, those with the same reason together.
fn by_reason<'a>(skipped: impl Iterator<Item = (&'a str, &'a Skipped)>) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (reason, skipped) in skipped {
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, known)) => known.push(&skipped.address),
            None => reasons.push((reason, vec![&skipped.address])),
        }
    }
    let line = |(reason, addresses): (&str, Vec<&str>)| {
        let more = addresses.len().saturating_sub(NAMED);
        let named = addresses.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{reason}: {named}{more}")
    };
    reasons.into_iter().map(line).collect()
}

fn coverage(coverage: &Coverage) -> String {
    let by: Vec<String> = coverage.by_reader.iter().map(|(reader, count)| format!("{reader} {count}")).collect();
    let by = if by.is_empty() { String::new() } else { format!(" ({})", by.join(", ")) };
    let unread = match coverage.unread {
        0 => String::new(),
        unread => format!(", {} not given back by AWS", count_properties(unread)),
    };
    let watched: Vec<String> = coverage.watched.iter().map(|(what, number)| format!("{what} {number}")).collect();
    let watched =
        if watched.is_empty() { String::new() } else { format!("\nLooked at what runs: {}", watched.join(", ")) };
    format!(
        "Compared {} of {}{by}, {} could not be compared{unread}{watched}",
        coverage.checked,
        count(coverage.total, "resource"),
        coverage.skipped.len()
    )
}

fn count_properties(number: usize) -> String {
    if number == 1 { "1 property".to_owned() } else { format!("{number} properties") }
}

fn verdict(document: &Document, open: &[&Finding], resources: usize, accepted: usize) -> String {
    let accepted = if accepted > 0 { format!(", {accepted} accepted") } else { String::new() };
    match open.first() {
        None if document.coverage.is_blind() => "Nothing was compared.".to_owned(),
        None if document.coverage.is_whole() => match document.coverage.accepted().count() {
            0 => format!("No drift{accepted}."),
            number => format!("No drift{accepted}, {number} not compared as accepted."),
        },
        None => {
            let Coverage { checked, total, .. } = document.coverage;
            // An account is one that was not compared, whatever it has.
            let skipped = document.coverage.open().count();
            format!("No drift in what could be compared ({checked} of {total}, {skipped} not compared){accepted}.")
        }
        Some(first) => {
            let changed = open.iter().find(|finding| finding.can_be_put_back());
            let next = match (changed, first.kind) {
                (Some(finding), _) => format!("gwinfra drift --revert {}", finding.address),
                (None, Kind::Changed) => format!("gwinfra explain {}", codes::CHANGED),
                (None, Kind::Runtime) => first.next().to_owned(),
                (None, Kind::Deleted) => first.after_deletion(),
                (None, Kind::Undeclared) => format!("gwinfra explain {}", codes::UNDECLARED),
                (None, _) => format!("gwinfra explain {}", codes::ADDED),
            };
            let differences = count(open.len(), "difference");
            format!("{differences} in {}{accepted}.\nNext: {next}", count(resources, "resource"))
        }
    }
}

/// A value in one line.
fn value(value: Option<&Value>) -> String {
    let text = match value {
        None | Some(Value::Null) => return "nothing".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    if text.chars().count() <= LONGEST {
        return text;
    }
    format!("{} ...", text.chars().take(LONGEST).collect::<String>())
}
