//! Bytes to a [`Spec`] with the place of every key.

use std::sync::Arc;

use super::document::Document;
use super::span_index::SpanIndex;
use super::{Spec, codes};
use crate::diagnostics::{Diagnostic, Report, SourceFile, Sources, Span};

/// The largest spec that is read, in bytes. Callers that read files look at the size first.
pub const MAX_BYTES: usize = 1024 * 1024;

/// The most findings of one load that are shown.
pub const MAX_FINDINGS: usize = 50;

/// A spec that has its shape. Rules beyond shape are not checked yet.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The spec, with its environment merged and its defaults filled in.
    pub spec: Spec,
    /// Where each key and value is.
    pub spans: SpanIndex,
    /// The text.
    pub source: SourceFile,
    /// The environment that is merged.
    pub environment: Option<String>,
}

impl Loaded {
    /// Prefix of the names of all resources: `<name>-<environment>`, or `<name>`.
    pub fn prefix(&self) -> String {
        match &self.environment {
            Some(environment) => format!("{}-{environment}", self.spec.name),
            None => self.spec.name.to_string(),
        }
    }

    /// Where the spec names an account, by its id: one of Bedrock's, or else the hub's.
    pub fn account_place(&self, id: &str) -> Option<Span> {
        let accounts = &self.spec.bedrock.accounts;
        let path = match accounts.iter().position(|account| account.id.as_str() == id) {
            Some(index) => format!("bedrock.accounts.{index}.id"),
            None => "hub.account".to_owned(),
        };
        self.spans.nearest(&path)
    }

    /// A report without findings that knows the text.
    pub fn report(&self) -> Report {
        let mut sources = Sources::default();
        sources.add(self.source.clone());
        Report { sources, ..Report::default() }
    }
}

/// Loads a spec and merges an environment into it. Pure: `name` is only shown.
///
/// # Errors
/// All findings of the step that failed, in reading order: text, YAML, version, environment, shape.
pub fn load(name: &str, bytes: &[u8], environment: Option<&str>) -> Result<Loaded, Report> {
    Document::read(name, bytes)?.load(environment).map_err(limited)
}

/// Checks a spec with an environment: every finding and, if all of it can be read but for keys that do not belong there,
/// the spec without those, so that what it says can be checked as well.
pub fn check(name: &str, bytes: &[u8], environment: Option<&str>) -> (Option<Loaded>, Report) {
    match Document::read(name, bytes) {
        Ok(document) => {
            let (loaded, findings) = document.check(environment);
            (loaded, limited(document.report(findings)))
        }
        Err(report) => (None, report),
    }
}

/// Loads a spec without an environment and with each of its environments, in the order of the file.
pub fn load_all(name: &str, bytes: &[u8]) -> Vec<(Option<String>, Result<Loaded, Report>)> {
    let document = match Document::read(name, bytes) {
        Ok(document) => document,
        Err(report) => return vec![(None, Err(report))],
    };
    let names = std::iter::once(None).chain(document.environments().map(|name| Some(name.to_owned())));
    names
        .map(|environment| {
            let result = document.load(environment.as_deref());
            (environment, result)
        })
        .collect()
}

/// Checks a spec with and without each of its environments: what can be read, as [`check`] does, and every finding once.
///
/// A key that is missing only without an environment is no finding: a spec whose environments bring the account is
/// whole with each of them.
pub fn check_all(name: &str, bytes: &[u8]) -> (Vec<Loaded>, Report) {
    let mut loaded = Vec::new();
    let mut without_environment = Vec::new();
    let mut in_environments: Vec<Diagnostic> = Vec::new();
    let document = match Document::read(name, bytes) {
        Ok(document) => document,
        Err(report) => return (loaded, limited(report)),
    };
    let mut whole = document.report(Vec::new());
    let mut has_environments = false;
    for environment in std::iter::once(None).chain(document.environments().map(Some)) {
        has_environments |= environment.is_some();
        let (spec, findings) = document.check(environment);
        loaded.extend(spec);
        let found = if environment.is_none() { &mut without_environment } else { &mut in_environments };
        found.extend(findings);
    }
    let only_unfinished =
        |finding: &Diagnostic| finding.code == codes::MISSING_KEY || finding.code == codes::NO_ALTERNATIVE;
    without_environment.retain(|finding| !(has_environments && only_unfinished(finding)));
    for finding in without_environment.into_iter().chain(in_environments) {
        if !whole.diagnostics.contains(&finding) {
            whole.diagnostics.push(finding);
        }
    }
    whole.sort();
    (loaded, limited(whole))
}

/// A report without more findings than a person reads.
fn limited(mut report: Report) -> Report {
    let more = report.diagnostics.len().saturating_sub(MAX_FINDINGS);
    if more > 0 {
        report.diagnostics.truncate(MAX_FINDINGS);
        let note = Diagnostic::note(codes::MORE_FINDINGS, format!("{more} more findings are not shown"));
        report.diagnostics.push(note.with_help("fix the first ones and check again"));
    }
    report
}

/// A report of findings in one text.
pub(super) fn report(name: &Arc<str>, text: &Arc<str>, diagnostics: Vec<Diagnostic>) -> Report {
    let mut sources = Sources::default();
    sources.add(SourceFile::new(name.clone(), text.clone()));
    let mut report = Report { sources, diagnostics, ..Report::default() };
    report.sort();
    report
}
