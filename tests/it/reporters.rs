//! What each reporter makes of one and the same report.

use gwinfra::diagnostics::{
    Diagnostic, GithubReporter, JsonReporter, JunitReporter, MarkdownReporter, Position, Report, Reporter,
    SarifReporter, SourceFile, Span, TextReporter,
};
use gwinfra::spec::codes;

const TEXT: &str =
    "version: 1\nname: acme-llm\nnetwork:\n  vpc: {create: {nat: singel}}\ndatabase:\n  external: {}\n\n\n  none: {}\n";

fn span(line: u32, start: u32, end: u32) -> Option<Span> {
    let position = |column| Position { line, column };
    Some(Span { file: "gwinfra.yaml".into(), start: position(start), end: position(end) })
}

/// Two errors, one with a second place, a warning without place, and text with a control character.
fn report() -> Report {
    let mut report = Report::default();
    report.sources.add(SourceFile::new("gwinfra.yaml", TEXT));
    report.diagnostics = vec![
        Diagnostic::error(codes::UNKNOWN_VALUE, "`singel` is not a value of `nat`")
            .with_span(span(4, 23, 29))
            .with_path("network.vpc.create.nat")
            .with_help("did you mean `single`? Values: single, per_az, none"),
        Diagnostic::error(codes::SEVERAL_ALTERNATIVES, "`database` takes one of `external` and `none`, not both")
            .with_span(span(9, 3, 7))
            .with_label("one too many")
            .with_path("database.none")
            .with_related(span(6, 3, 11), "`external` is here")
            .with_help("remove `external` or `none`"),
        Diagnostic::warning("GW0500", "a \u{1b}[31mred | <b>, 50% off:\nsecond line"),
    ];
    report
}

fn written(reporter: &dyn Reporter, report: &Report) -> String {
    let mut output = Vec::new();
    reporter.write(report, &mut output).unwrap();
    String::from_utf8(output).unwrap()
}

#[test]
fn text() {
    insta::assert_snapshot!(written(&TextReporter::default(), &report()));
}

#[test]
fn text_in_colour_has_the_same_words() {
    let colored = written(&TextReporter { color: true, ..TextReporter::default() }, &report());
    assert_ne!(colored, written(&TextReporter::default(), &report()));
    assert_eq!(anstream::adapter::strip_str(&colored).to_string(), written(&TextReporter::default(), &report()));
}

#[test]
fn json() {
    insta::assert_snapshot!(written(&JsonReporter, &report()));
}

#[test]
fn sarif() {
    let codes = [(codes::UNKNOWN_VALUE, "Unknown value", "A word is none of those that may stand here.")];
    let sarif = written(&SarifReporter { codes: &codes, file: None }, &report());
    insta::assert_snapshot!(sarif.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

#[test]
fn a_sarif_fingerprint_does_not_know_the_line() {
    let mut moved = report();
    moved.diagnostics[0].span = span(8, 1, 2);
    let fingerprints = |report: &Report| -> Vec<String> {
        let log: serde_json::Value = serde_json::from_str(&written(&SarifReporter::default(), report)).unwrap();
        log["runs"][0]["results"].as_array().unwrap().iter().map(|r| r["partialFingerprints"].to_string()).collect()
    };
    assert_eq!(fingerprints(&report()), fingerprints(&moved));
}

#[test]
fn junit() {
    insta::assert_snapshot!(written(&JunitReporter, &report()));
}

#[test]
fn junit_without_findings_has_a_case_that_passed() {
    insta::assert_snapshot!(written(&JunitReporter, &Report::default()));
}

#[test]
fn github() {
    insta::assert_snapshot!(written(&GithubReporter, &report()));
}

#[test]
fn markdown() {
    insta::assert_snapshot!(written(&MarkdownReporter::default(), &report()));
}

#[test]
fn a_place_outside_its_text_is_no_reason_to_fail() {
    let mut report = report();
    report.diagnostics[0].span = span(900, 50, 70);
    report.diagnostics[1].span = span(4, 500, 400);
    for reporter in [&TextReporter::default() as &dyn Reporter, &JsonReporter, &SarifReporter::default()] {
        assert!(!written(reporter, &report).is_empty());
    }
}
