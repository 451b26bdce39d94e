//! A file's text, and places in it.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use crate::diagnostics::{Position, Span};

/// One `.tf` file: its name, its text and where its lines start.
#[derive(Debug)]
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
    /// Byte offset of each line.
    lines: Vec<usize>,
}

impl Source {
    pub(super) fn new(name: &str, text: Arc<str>) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { name: name.into(), text, lines }
    }

    /// The file's name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text between two byte offsets; empty when they are out of range.
    pub fn slice(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }

    /// The line of a byte offset, from 1.
    pub fn line(&self, offset: usize) -> u32 {
        u32::try_from(self.lines.partition_point(|start| *start <= offset)).unwrap_or(u32::MAX)
    }

    /// The first and last line of a byte range, without the line breaks and spaces at its end.
    pub fn lines(&self, range: Range<usize>) -> RangeInclusive<u32> {
        let text = self.slice(range.clone());
        let last = range.start + text.trim_end().len().saturating_sub(1);
        self.line(range.start)..=self.line(last.max(range.start))
    }

    /// The line and column of a byte offset.
    pub fn position(&self, offset: usize) -> Position {
        let line = self.line(offset);
        let start = self.lines.get(line.saturating_sub(1) as usize).copied().unwrap_or_default();
        let column = self.slice(start..offset.min(self.text.len())).chars().count() + 1;
        Position { line, column: u32::try_from(column).unwrap_or(u32::MAX) }
    }

    /// A byte range as a place of a finding.
    pub fn span(&self, range: Range<usize>) -> Span {
        let length = self.slice(range.clone()).trim_end().len();
        Span { file: self.name.clone(), start: self.position(range.start), end: self.position(range.start + length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Source {
        Source::new("main.tf", "a = 1\nb = \"é\" # x\n\nc = 2".into())
    }

    #[test]
    fn lines_count_from_one() {
        let lines: Vec<u32> = [0, 5, 6, 20].map(|offset| source().line(offset)).to_vec();
        assert_eq!(lines, [1, 1, 2, 4]);
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(source().position(14), Position { line: 2, column: 8 });
    }

    #[test]
    fn a_line_break_at_the_end_of_a_range_adds_no_line() {
        assert_eq!(source().lines(0..6), 1..=1);
    }
}
