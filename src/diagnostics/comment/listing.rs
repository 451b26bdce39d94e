//! A text of many lines behind the tables of a comment, as far as there is room for it.

use super::markup::html;
use crate::diagnostics::printable;
use crate::plan::count;

/// Longest line, in characters.
const LONGEST: usize = 500;

/// A text of many lines. Only its title is seen until somebody asks for more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    title: String,
    language: &'static str,
    lines: Vec<String>,
    whole: &'static str,
}

impl Listing {
    /// A text in a language that Markdown colours. `whole` is the command, Markdown, that shows all of it.
    pub fn new(title: impl Into<String>, language: &'static str, text: &str, whole: &'static str) -> Self {
        Self { title: title.into(), language, lines: text.lines().map(shown).collect(), whole }
    }

    /// How many bytes all of it takes.
    pub(super) fn len(&self) -> usize {
        self.frame() + self.lines.iter().map(|line| line.len() + 1).sum::<usize>()
    }

    /// Its Markdown, in so many bytes: the lines from the beginning on that fit, and how many do not. Empty where not even
    /// one does.
    pub(super) fn within(&self, room: usize) -> String {
        let mut left = room.saturating_sub(self.frame());
        let mut shown: Vec<&str> = Vec::new();
        for line in &self.lines {
            let Some(rest) = left.checked_sub(line.len() + 1) else { break };
            left = rest;
            shown.push(line);
        }
        if shown.is_empty() {
            return String::new();
        }
        let more = self.lines.len() - shown.len();
        format!("{}{}\n{}", self.opening(), shown.join("\n"), self.closing(more))
    }

    fn frame(&self) -> usize {
        self.opening().len() + self.closing(self.lines.len()).len()
    }

    fn opening(&self) -> String {
        let title = html(&self.title);
        format!("\n<details><summary>{title}</summary>\n\n{}{}\n", self.fence(), self.language)
    }

    fn closing(&self, more: usize) -> String {
        let rest = match more {
            0 => String::new(),
            more => format!("\n**{} more.** {} shows all.\n", count(more, "line"), self.whole),
        };
        format!("{}\n{rest}\n</details>\n", self.fence())
    }

    /// What no line ends.
    fn fence(&self) -> String {
        let longest = self.lines.iter().flat_map(|line| line.split(|char| char != '`')).map(str::len).max();
        "`".repeat(longest.unwrap_or_default().max(2) + 1)
    }
}

fn shown(line: &str) -> String {
    let line = printable(line);
    if line.chars().count() <= LONGEST {
        return line.into_owned();
    }
    format!("{}…", line.chars().take(LONGEST - 1).collect::<String>())
}
