//! A row of a comment, and rows that say the same of several accounts.

use std::collections::HashMap;

use super::markup::code;
use crate::plan::count;

/// Stands for the account in what is the same of several.
const ACCOUNT: &str = "ACCOUNT";
/// Most accounts that are named.
const ACCOUNTS_SHOWN: usize = 4;

/// How much a row matters where not all of them fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// It is named in any case, if not in full.
    Must,
    /// It comes after those.
    Normal,
    /// It goes first.
    Low,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub(super) weight: Weight,
    pub(super) kind: &'static str,
    pub(super) name: String,
    mark: &'static str,
    cells: Vec<String>,
    account: Vec<String>,
    pub(super) times: usize,
}

impl Row {
    /// A row: `kind` is what is counted where it is left out, in the singular; `mark` and `cells` are Markdown, `name` is
    /// not. The mark stands before the name, the cells after it.
    pub fn new(weight: Weight, kind: &'static str, mark: &'static str, name: &str, cells: Vec<String>) -> Self {
        Self { weight, kind, name: name.to_owned(), mark, cells, account: Vec::new(), times: 1 }
    }

    /// The account that it is about, by id and by what else the row may call it: rows that differ in nothing else are one.
    #[must_use]
    pub fn of_account(mut self, names: &[&str]) -> Self {
        self.account = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// It stands for so many.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// The name alone.
    pub(super) fn short(&self) -> String {
        code(&self.name)
    }
}

/// Rows that say the same.
#[derive(Debug)]
pub(super) struct Grouped<'a> {
    /// The first of them.
    pub row: &'a Row,
    /// How many things it stands for.
    pub times: usize,
    /// The whole row, with its line break.
    pub line: String,
    /// The name, as code.
    pub short: String,
}

/// Rows in their order, those of several accounts together where the first one stands.
pub(super) fn grouped(rows: &[Row]) -> Vec<Grouped<'_>> {
    let mut groups: Vec<(&Row, Vec<&Row>)> = Vec::new();
    let mut known: HashMap<(Weight, String), usize> = HashMap::new();
    for row in rows {
        if row.account.is_empty() {
            groups.push((row, vec![row]));
            continue;
        }
        let key = (row.weight, without_account(row, &line(row, "")));
        match known.get(&key).and_then(|index| groups.get_mut(*index)) {
            Some((_, members)) => members.push(row),
            None => {
                known.insert(key, groups.len());
                groups.push((row, vec![row]));
            }
        }
    }
    groups.into_iter().map(|(row, members)| one(row, &members)).collect()
}

fn one<'a>(row: &'a Row, members: &[&Row]) -> Grouped<'a> {
    let times = members.iter().map(|member| member.times).sum();
    if members.len() == 1 {
        return Grouped { row, times, line: line(row, ""), short: row.short() };
    }
    let accounts: Vec<&str> = members.iter().filter_map(|member| member.account.first()).map(String::as_str).collect();
    let shown = accounts.iter().take(ACCOUNTS_SHOWN).copied().collect::<Vec<_>>().join(", ");
    let more = match accounts.len().saturating_sub(ACCOUNTS_SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let place = format!(" in {}: {shown}{more}", count(accounts.len(), "account"));
    let short = format!("{} in {}", without_account(row, &row.short()), count(accounts.len(), "account"));
    Grouped { row, times, line: with_place(&without_account(row, &line(row, PLACE)), &place), short }
}

/// Where the accounts of a row are put in. No text can have it: control characters are taken out of all of them.
const PLACE: &str = "\u{0}";

fn with_place(line: &str, place: &str) -> String {
    line.replacen(PLACE, place, 1)
}

fn line(row: &Row, place: &str) -> String {
    let cells = row.cells.iter().map(|cell| format!(" {cell} |")).collect::<String>();
    format!("| {} | {}{place} |{cells}\n", row.mark, row.short())
}

fn without_account(row: &Row, text: &str) -> String {
    row.account.iter().filter(|name| !name.is_empty()).fold(text.to_owned(), |text, name| text.replace(name, ACCOUNT))
}
