//! The report as findings, for annotations and code scanning: each at the account or model of the spec that it is about.

use super::check::{Check, CheckName, CheckStatus};
use super::codes::code;
use super::report::{Account, Document, ModelRow};
use crate::diagnostics::{Diagnostic, Report};
use crate::spec::Loaded;

impl Document {
    /// What is not as it should be.
    pub fn report(&self, loaded: &Loaded) -> Report {
        let mut report = loaded.report();
        for account in &self.accounts {
            report.diagnostics.extend(failed(&account.checks).map(|check| of_account(account, check, loaded)));
            for row in self.rows(account) {
                report.diagnostics.extend(failed(&row.checks).map(|check| of_model(account, row, check, loaded)));
            }
        }
        report.sort();
        report
    }
}

fn failed(checks: &[Check]) -> impl Iterator<Item = &Check> {
    checks.iter().filter(|check| check.status == CheckStatus::Fail)
}

fn of_account(account: &Account, check: &Check, loaded: &Loaded) -> Diagnostic {
    let path = match (position(account, loaded), check.name) {
        (Some(index), CheckName::Reach) => format!("bedrock.accounts.{index}.deploy_role"),
        (Some(index), _) => format!("bedrock.accounts.{index}"),
        (None, CheckName::Reach) => "hub.deploy_role".to_owned(),
        (None, _) => "bedrock.include_hub".to_owned(),
    };
    finding(account, "", check, path, loaded)
}

fn of_model(account: &Account, row: &ModelRow, check: &Check, loaded: &Loaded) -> Diagnostic {
    let index = loaded.spec.models.iter().position(|model| model.name.as_str() == row.model);
    let path = match (index, check.name) {
        (Some(index), CheckName::Quota) => format!("models.{index}.bedrock.tpm"),
        (Some(index), _) => format!("models.{index}.bedrock.model"),
        (None, _) => "models".to_owned(),
    };
    finding(account, &format!(" {} in {}", row.model, row.region), check, path, loaded)
}

fn finding(account: &Account, place: &str, check: &Check, path: String, loaded: &Loaded) -> Diagnostic {
    let (name, id) = (&account.name, &account.account);
    let message = format!("account {name} ({id}), {}{place}: {}", check.name.word(), check.detail);
    Diagnostic::error(code(check.name), message).with_span(loaded.spans.nearest(&path)).with_path(path)
}

/// Which of the spec's accounts it is; `None` for the hub's own.
fn position(account: &Account, loaded: &Loaded) -> Option<usize> {
    loaded.spec.bedrock.accounts.iter().position(|own| own.id.as_str() == account.account)
}
