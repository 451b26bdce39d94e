//! The report as findings, for annotations and code scanning: each at what the spec says about it.

use super::codes::code;
use super::outcome::Outcome;
use super::report::Document;
use crate::diagnostics::{Diagnostic, Report};
use crate::spec::Loaded;

impl Document {
    /// The checks that failed. Without a spec they have no place.
    pub fn report(&self, loaded: Option<&Loaded>) -> Report {
        let mut report = loaded.map(Loaded::report).unwrap_or_default();
        report.diagnostics.extend(self.failed().map(|outcome| self.finding(outcome, loaded)));
        report.sort();
        report
    }

    fn finding(&self, outcome: &Outcome, loaded: Option<&Loaded>) -> Diagnostic {
        let subject = outcome.subject.as_ref().map(|subject| format!(" {subject}")).unwrap_or_default();
        let message = format!("{}{subject}: {}", outcome.name, outcome.detail);
        let mut finding = Diagnostic::error(code(&outcome.name), message);
        if let Some(next) = &outcome.next {
            finding = finding.with_help(next.as_str());
        }
        match loaded {
            Some(loaded) => {
                let path = self.path(outcome, loaded);
                finding.with_span(loaded.spans.nearest(&path)).with_path(path)
            }
            None => finding,
        }
    }

    /// What in the spec a check is about.
    fn path(&self, outcome: &Outcome, loaded: &Loaded) -> String {
        let spec = &loaded.spec;
        match outcome.name.as_str() {
            "readiness" | "keys" => "database",
            "models" => "models",
            "balance" => "bedrock.accounts",
            "fallback" => "routing",
            "converse" | "converse-stream" => "gateway.middleware.bedrock_api",
            "history" => "gateway.middleware.chat_history",
            "waf" => "ingress.waf",
            "plaintext" => "ingress.tls",
            "accounts" => return account_path(outcome, loaded),
            "chat" | "stream" => {
                let index = spec.models.iter().position(|model| Some(model.name.as_str()) == self.model.as_deref());
                return index.map_or_else(|| "models".to_owned(), |index| format!("models.{index}.name"));
            }
            "health" => "ingress",
            _ => "gateway",
        }
        .to_owned()
    }
}

/// The account and region that did not serve.
fn account_path(outcome: &Outcome, loaded: &Loaded) -> String {
    let accounts = &loaded.spec.bedrock.accounts;
    let name = outcome.account.as_deref().unwrap_or_default();
    let Some(index) = accounts.iter().position(|own| own.name.as_str() == name || own.id.as_str() == name) else {
        return "bedrock.include_hub".to_owned();
    };
    let subject = outcome.subject.as_deref().unwrap_or_default();
    let region = accounts[index].regions.iter().position(|region| subject.ends_with(region.as_str()));
    match region {
        Some(region) => format!("bedrock.accounts.{index}.regions.{region}"),
        None => format!("bedrock.accounts.{index}"),
    }
}
