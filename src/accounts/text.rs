//! The report as text for people.

use std::fmt::Write;

use comfy_table::{Table, TableStyle};

use super::check::{Check, CheckName, CheckStatus};
use super::report::{Account, Document, ModelRow, State};
use crate::diagnostics::printable;
use crate::plan::count;

/// `accounts list`: a line for each account, with a line break at its end.
pub fn list(document: &Document) -> String {
    let rows = document.accounts.iter().map(|account| {
        [
            account.name.clone(),
            account.account.clone(),
            or_dash(account.regions.join(", ")),
            or_dash(account.models.join(", ")),
            account.state.words().to_owned(),
            asked_through(account),
        ]
    });
    let mut out = table(["account", "id", "regions", "models", "state", "asked through"], rows);
    out.push('\n');
    for account in &document.accounts {
        out.push_str(&findings(account, [].into_iter()));
    }
    out
}

/// `accounts verify`: a line for each account, region and model, then what is not as it should be.
pub fn text(document: &Document) -> String {
    let mut rows = Vec::new();
    for account in &document.accounts {
        let mut of_account: Vec<_> = document.rows(account).map(|row| line(account, Some(row))).collect();
        if of_account.is_empty() {
            of_account.push(line(account, None));
        }
        rows.append(&mut of_account);
    }
    let header = [
        "account",
        "region",
        "model",
        "role",
        "trust",
        "permissions",
        "assume",
        "invoke",
        "access",
        "tokens per minute",
    ];
    let mut out = table(header, rows.into_iter());
    out.push('\n');
    for account in &document.accounts {
        out.push_str(&findings(account, document.rows(account)));
    }
    let _ = write!(out, "\n{}\n", verdict(document));
    out
}

fn asked_through(account: &Account) -> String {
    let otherwise = if account.is_by_stack_set() { "its stack set" } else { "your own credentials" };
    account.deploy_role.clone().unwrap_or_else(|| otherwise.to_owned())
}

fn line(account: &Account, row: Option<&ModelRow>) -> [String; 10] {
    let of_account = |name| cell(account.status(name));
    let role = match account.state {
        State::Refused => "not reached".to_owned(),
        State::Absent => "absent".to_owned(),
        State::Deployed => of_account(CheckName::Role),
    };
    let of_row = |name| cell(row.and_then(|row| row.status(name)));
    let quota = row.and_then(|row| row.quota.as_ref()?.applied);
    let tokens = match row.and_then(|row| row.status(CheckName::Quota)) {
        Some(CheckStatus::Fail) => quota.map_or_else(|| "WRONG".to_owned(), |tokens| format!("{tokens} WRONG")),
        _ => quota.map_or_else(|| "-".to_owned(), |tokens| tokens.to_string()),
    };
    [
        account.name.clone(),
        row.map_or_else(|| "-".to_owned(), |row| row.region.clone()),
        row.map_or_else(|| "-".to_owned(), |row| row.model.clone()),
        role,
        of_account(CheckName::Trust),
        of_account(CheckName::Permissions),
        of_account(CheckName::Assume),
        of_row(CheckName::Invoke),
        of_row(CheckName::Access),
        tokens,
    ]
}

fn cell(status: Option<CheckStatus>) -> String {
    match status {
        Some(CheckStatus::Pass) => "ok",
        Some(CheckStatus::Fail) => "WRONG",
        Some(CheckStatus::Skip) | None => "-",
    }
    .to_owned()
}

/// What is not as it should be in an account.
fn findings<'a>(account: &Account, rows: impl Iterator<Item = &'a ModelRow>) -> String {
    let failed = |check: &&Check| check.status == CheckStatus::Fail;
    let mut lines: Vec<String> = account.checks.iter().filter(failed).map(|check| told(check, "")).collect();
    for row in rows {
        let place = format!(" {} in {}", row.model, row.region);
        lines.extend(row.checks.iter().filter(failed).map(|check| told(check, &place)));
    }
    if lines.is_empty() {
        return String::new();
    }
    format!("\n{} ({})   {}\n{}", account.name, account.account, account.role, lines.concat())
}

fn told(check: &Check, place: &str) -> String {
    format!("  {}{place}: {}\n", check.name.word(), printable(&check.detail))
}

pub(super) fn verdict(document: &Document) -> String {
    let summary = document.summary;
    let all = count(document.accounts.len(), "account");
    let verdict = match summary.failed {
        0 => format!("{all}: everything is as the spec says."),
        failed => format!("{all}: {} as the spec says, {failed} not.", summary.well),
    };
    match summary.by_stack_set {
        0 => verdict,
        some => format!(
            "{verdict} {}: only the stack set was asked; a `deploy_role` there would show policies, models and quotas.",
            count(some, "account")
        ),
    }
}

fn or_dash(text: String) -> String {
    if text.is_empty() { "-".to_owned() } else { text }
}

fn table<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_header(header);
    table.add_rows(rows);
    table.to_string().lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
