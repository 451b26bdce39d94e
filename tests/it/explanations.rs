//! The examples in the explanations of codes are true: the wrong one has the finding, the right one loads.

use gwinfra::spec::{self, codes};

const MINIMAL: &str = include_str!("../specs/valid/minimal.yaml");

/// The minimal spec with the keys of an example in the place of its own.
fn spec_with(example: &str) -> String {
    let keys: Vec<&str> = example
        .lines()
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_once(':'))
        .map(|(key, _)| key)
        .collect();
    let mut text = String::new();
    let mut replaced = false;
    for line in MINIMAL.lines() {
        if let Some((key, _)) = line.split_once(':').filter(|_| !line.starts_with([' ', '#'])) {
            replaced = keys.contains(&key);
        }
        if !replaced {
            text += &format!("{line}\n");
        }
    }
    text + example
}

fn example<'a>(explanation: &'a str, heading: &str) -> Option<&'a str> {
    let (_, rest) = explanation.split_once(&format!("\n{heading}:\n\n```yaml\n"))?;
    rest.split_once("```").map(|(example, _)| example)
}

#[test]
fn wrong_examples_have_their_finding() {
    let mut examples = 0;
    for (code, _, explanation) in codes::CODES {
        let Some(example) = example(explanation, "Wrong") else { continue };
        let report = spec::load("gwinfra.yaml", spec_with(example).as_bytes(), None).unwrap_err();
        let found: Vec<&str> = report.diagnostics.iter().map(|finding| finding.code).collect();
        assert!(found.iter().all(|found| found == code), "{code}: {:#?}", report.diagnostics);
        examples += 1;
    }
    assert_eq!(examples, 15);
}

#[test]
fn right_examples_load() {
    for (code, _, explanation) in codes::CODES {
        let Some(example) = example(explanation, "Right") else { continue };
        let (_, report) = spec::check_all("gwinfra.yaml", spec_with(example).as_bytes());
        assert_eq!(report.diagnostics, [], "{code}");
    }
}

#[test]
fn codes_are_in_order_and_unique() {
    assert!(codes::CODES.is_sorted_by(|(one, ..), (next, ..)| one < next));
}

#[test]
fn titles_are_the_headings_of_their_explanations() {
    for (code, title, explanation) in codes::CODES {
        assert!(explanation.starts_with(&format!("# {title}\n")), "{code}");
    }
}
