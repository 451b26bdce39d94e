//! The report for a pull request: what is not as it should be, then how every account is.

use super::check::{Check, CheckStatus};
use super::report::{Account, Document};
use super::text::verdict;
use crate::diagnostics::comment::{Comment, Row, Section, Weight, code, plain, prose};

/// The report as Markdown.
pub fn markdown(document: &Document) -> String {
    let mut comment = Comment::new("accounts", &document.deployment, "`gwinfra accounts verify`");
    comment.line(&format!("**{}**: {}", plain(&document.deployment), plain(&verdict(document))));
    let mut wrong = Vec::new();
    for account in &document.accounts {
        wrong.extend(failed(&account.checks).map(|check| row(account, ["", ""], check)));
        for model in document.rows(account) {
            let place = [model.model.as_str(), model.region.as_str()];
            wrong.extend(failed(&model.checks).map(|check| row(account, place, check)));
        }
    }
    comment.section(Section::new("", &["account", "check", "model", "region", "what"], wrong));
    let all = document.accounts.iter().map(|account| {
        let (weight, mark) =
            if document.has_failed(account) { (Weight::Normal, "**wrong**") } else { (Weight::Low, "ok") };
        let cells = vec![
            plain(&account.name),
            account.state.words().to_owned(),
            plain(&account.regions.join(", ")),
            plain(&account.models.join(", ")),
        ];
        Row::new(weight, "account", mark, &account.account, cells)
    });
    let columns = &["account", "name", "role", "regions", "models"];
    comment.section(Section::new("All accounts", columns, all.collect()).folded());
    comment.text()
}

fn failed(checks: &[Check]) -> impl Iterator<Item = &Check> {
    checks.iter().filter(|check| check.status == CheckStatus::Fail)
}

fn row(account: &Account, [model, region]: [&str; 2], check: &Check) -> Row {
    let cells = vec![check.name.word().to_owned(), code(model), code(region), prose(&check.detail)];
    let name = format!("{} {}", account.account, account.name);
    Row::new(Weight::Must, "failed check", "**wrong**", &name, cells).of_account(&[&account.account, &account.name])
}
