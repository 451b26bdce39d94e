//! Source texts and places in them.

use std::sync::Arc;

use serde::Serialize;

/// A place in a text: line and column from 1, the column counted in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// A stretch of a named text. `end` is exclusive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span {
    /// Name of the text, as the user knows it: `gwinfra.yaml`.
    pub file: Arc<str>,
    /// First character.
    pub start: Position,
    /// The place after the last character.
    pub end: Position,
}

/// A text with its name.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Name, as the user knows it.
    pub name: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
}

impl SourceFile {
    /// Makes a source from a name and its text.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// A line, from 1, without its line break.
    pub fn line(&self, number: u32) -> Option<&str> {
        self.text.lines().nth(number.checked_sub(1)? as usize)
    }

    /// Byte offset of a position; past the end of its line it is the end of that line.
    pub fn offset(&self, position: Position) -> usize {
        let mut offset = 0;
        for (index, line) in self.text.split_inclusive('\n').enumerate() {
            if index + 1 == position.line as usize {
                let content = line.trim_end_matches(['\n', '\r']);
                let column = position.column.saturating_sub(1) as usize;
                return offset + content.char_indices().nth(column).map_or(content.len(), |(at, _)| at);
            }
            offset += line.len();
        }
        self.text.len()
    }
}

/// The texts that the findings of one run point into.
#[derive(Debug, Default, Clone)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Adds a text, replacing one of the same name.
    pub fn add(&mut self, file: SourceFile) {
        self.files.retain(|f| f.name != file.name);
        self.files.push(file);
    }

    /// Adds every text of another set.
    pub fn merge(&mut self, other: Self) {
        for file in other.files {
            self.add(file);
        }
    }

    /// Replaces a stretch of a text by asterisks, so that no excerpt shows it. Places stay where they are.
    pub fn mask(&mut self, span: &Span) {
        let Some(file) = self.files.iter_mut().find(|file| file.name == span.file) else { return };
        let (start, end) = (file.offset(span.start), file.offset(span.end));
        let Some(secret) = file.text.get(start..end) else { return };
        let stars: String = secret.chars().map(|char| if char == '\n' { char } else { '*' }).collect();
        file.text = format!("{}{stars}{}", &file.text[..start], &file.text[end..]).into();
    }

    /// The text of that name.
    pub fn get(&self, name: &str) -> Option<&SourceFile> {
        self.files.iter().find(|f| &*f.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_stretch_keeps_its_length_and_its_neighbours() {
        let mut sources = Sources::default();
        sources.add(SourceFile::new("gwinfra.yaml", "a: 1\nKEY: sk-sécret # why\n"));
        let place = |line, column| Position { line, column };
        sources.mask(&Span { file: "gwinfra.yaml".into(), start: place(2, 6), end: place(2, 15) });
        assert_eq!(&*sources.get("gwinfra.yaml").unwrap().text, "a: 1\nKEY: ********* # why\n");
    }
}
