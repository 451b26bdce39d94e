//! A comment for a pull request: tables of what matters, never longer than a comment may be. What matters most is kept, what
//! is the same in several accounts is said once, and what does not fit is counted.

mod listing;
mod markup;
mod row;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt::Write as _;

pub use listing::Listing;
pub use markup::{code, plain, prose};
use row::{Grouped, grouped};
pub use row::{Row, Weight};

use crate::plan::count;

/// Most bytes of a comment. GitHub takes 65,536 characters; no text has more characters than bytes.
pub const LIMIT: usize = 65_000;

/// What is kept free for the sentences at the end.
const CLOSING: usize = 1_000;
/// Most bytes that are kept free for the text behind the tables. It gets what they leave beyond that.
const LISTING: usize = 16_000;
/// Most bytes of the head: what comes from outside is cut long before.
const HEAD: usize = 8_000;

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    head: String,
    sections: Vec<Section>,
    listing: Option<Listing>,
    whole: &'static str,
}

/// A table of a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    title: String,
    columns: &'static [&'static str],
    rows: Vec<Row>,
    folded: bool,
}

impl Section {
    /// A table. The columns are those of the names and of what stands after them.
    pub fn new(title: impl Into<String>, columns: &'static [&'static str], rows: Vec<Row>) -> Self {
        Self { title: title.into(), columns, rows, folded: false }
    }

    /// Only the title is seen until somebody asks for more.
    #[must_use]
    pub fn folded(mut self) -> Self {
        self.folded = true;
        self
    }

    fn opening(&self) -> String {
        let mut out = String::from("\n");
        if self.folded {
            let _ = writeln!(out, "<details><summary>{}</summary>\n", markup::html(&self.title));
        } else if !self.title.is_empty() {
            let _ = writeln!(out, "**{}**\n", plain(&self.title));
        }
        let _ = writeln!(out, "| | {} |", self.columns.join(" | "));
        let _ = writeln!(out, "|---|{}", "---|".repeat(self.columns.len()));
        out
    }

    fn closing(&self) -> &'static str {
        if self.folded { "\n</details>\n" } else { "" }
    }
}

/// What a row becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Shown,
    Named,
    LeftOut,
}

impl Comment {
    /// A comment with a marker by which it is found again: `subject` of `deployment`. `whole` is the command whose text has
    /// all of it.
    pub fn new(subject: &str, deployment: &str, whole: &'static str) -> Self {
        Self { head: format!("<!-- gwinfra:{subject}:{deployment} -->\n"), ..Self::once(whole) }
    }

    /// A comment that nobody looks for again.
    pub fn once(whole: &'static str) -> Self {
        Self { head: String::new(), sections: Vec::new(), listing: None, whole }
    }

    /// Adds a line, Markdown, before the tables.
    pub fn line(&mut self, markdown: &str) {
        if self.head.len() + markdown.len() < HEAD {
            self.head.push_str(markdown);
            self.head.push('\n');
        }
    }

    /// Adds a table, unless it is empty.
    pub fn section(&mut self, section: Section) {
        if !section.rows.is_empty() {
            self.sections.push(section);
        }
    }

    /// Puts a text behind the tables: what fits of it.
    pub fn listing(&mut self, listing: Listing) {
        self.listing = Some(listing);
    }

    /// The Markdown, never longer than [`LIMIT`].
    pub fn text(&self) -> String {
        let groups: Vec<Vec<Grouped<'_>>> = self.sections.iter().map(|section| grouped(&section.rows)).collect();
        let fates = self.fates(&groups);
        let mut out = self.head.clone();
        for ((section, rows), fates) in self.sections.iter().zip(&groups).zip(&fates) {
            let mut shown = rows.iter().zip(fates).filter(|(_, fate)| **fate == Fate::Shown).peekable();
            if shown.peek().is_some() {
                out.push_str(&section.opening());
                shown.for_each(|(row, _)| out.push_str(&row.line));
                out.push_str(section.closing());
            }
        }
        let mut end = String::new();
        let all: Vec<(&Grouped<'_>, Fate)> =
            groups.iter().flatten().zip(fates.iter().flatten()).map(|(row, fate)| (row, *fate)).collect();
        for (kind, rows) in by_kind(&all, Fate::Named) {
            let names: Vec<&str> = rows.iter().map(|row| row.short.as_str()).collect();
            let _ = writeln!(end, "\n**Without their rows, {}**: {}", total(kind, &rows), names.join(", "));
        }
        let left_out: Vec<String> =
            by_kind(&all, Fate::LeftOut).into_iter().map(|(kind, rows)| total(kind, &rows)).collect();
        if !left_out.is_empty() {
            let _ = writeln!(end, "\n**Left out: {}.** {} shows all.", left_out.join(", "), self.whole);
        }
        let room = LIMIT.saturating_sub(out.len() + end.len());
        out.extend(self.listing.iter().map(|listing| listing.within(room)));
        out + &end
    }

    /// Which rows there is room for, the most important first. Room for the names of those that must be named is kept.
    fn fates(&self, groups: &[Vec<Grouped<'_>>]) -> Vec<Vec<Fate>> {
        let mut fates: Vec<Vec<Fate>> = groups.iter().map(|rows| vec![Fate::LeftOut; rows.len()]).collect();
        let mut order: Vec<(usize, usize)> =
            groups.iter().enumerate().flat_map(|(at, rows)| (0..rows.len()).map(move |row| (at, row))).collect();
        order.sort_by_key(|(at, row)| groups[*at][*row].row.weight);
        let named = |row: &Grouped<'_>| if row.row.weight == Weight::Must { row.short.len() + ", ".len() } else { 0 };
        let mut reserved: usize = groups.iter().flatten().map(named).sum();
        let mut room = LIMIT - CLOSING - self.head.len().min(HEAD);
        let behind = self.listing.as_ref().map_or(0, Listing::len).min(LISTING);
        room -= behind.min(room.saturating_sub(reserved));
        let mut open: BTreeSet<usize> = BTreeSet::new();
        for (at, index) in order {
            let row = &groups[at][index];
            let short = named(row);
            reserved -= short;
            let section = &self.sections[at];
            let frame = if open.contains(&at) { 0 } else { section.opening().len() + section.closing().len() };
            let whole = row.line.len() + frame;
            if whole + reserved <= room {
                open.insert(at);
                room -= whole;
                fates[at][index] = Fate::Shown;
            } else if short > 0 && short <= room {
                room -= short;
                fates[at][index] = Fate::Named;
            }
        }
        fates
    }
}

/// Rows of a fate, by their kind.
fn by_kind<'a>(rows: &[(&'a Grouped<'a>, Fate)], fate: Fate) -> Vec<(&'static str, Vec<&'a Grouped<'a>>)> {
    let mut kinds: Vec<(&'static str, Vec<&Grouped<'_>>)> = Vec::new();
    for (row, _) in rows.iter().filter(|(_, own)| *own == fate) {
        match kinds.iter_mut().find(|(kind, _)| *kind == row.row.kind) {
            Some((_, known)) => known.push(row),
            None => kinds.push((row.row.kind, vec![row])),
        }
    }
    kinds
}

fn total(kind: &str, rows: &[&Grouped<'_>]) -> String {
    count(rows.iter().map(|row| row.times).sum(), kind)
}
