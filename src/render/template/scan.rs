//! What happens to a template's text before minijinja sees it: a mark at the end of each line that makes output,
//! annotations taken out, and the checks that need the text around an expression.

use super::language::Language;
use super::problem::{Located, Problem};
use super::tag::{self, Kind};
use crate::render::yaml::{FIRST_MARKER, LAST_MARKER};

/// The most lines that can be marked, over all templates of a render.
pub const MAX_LINES: u32 = 60_000;

/// A template that is ready for minijinja. Its lines are those of the source, and an expression has the same column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scanned {
    /// The text with marks and without annotations at the ends of lines.
    pub text: String,
    /// Paths in the spec, by line, in the order of lines.
    pub annotations: Vec<(u32, Vec<String>)>,
    /// Number of lines.
    pub lines: u32,
}

/// Prepares a template. The mark of line `n` is the character [`FIRST_MARKER`] + `base` + `n`.
///
/// # Errors
/// The first problem in the text.
pub fn scan(source: &str, base: u32, language: &Language) -> Result<Scanned, Located> {
    let mut scanner = Scanner::new(base, language);
    scanner.out.text.reserve(source.len() + source.len() / 16);
    let mut rest = source;
    while !rest.is_empty() {
        let taken = scanner.step(rest)?;
        rest = &rest[taken..];
    }
    scanner.end_of_line()?;
    scanner.out.lines = scanner.line;
    Ok(scanner.out)
}

/// What stands on a line in place of a tag, for the look at its neighbours.
const VALUE: char = '\u{1}';
const STATEMENT: char = '\u{2}';

struct Scanner<'a> {
    language: &'a Language,
    out: Scanned,
    base: u32,
    line: u32,
    /// The line so far as literal text, with [`VALUE`] and [`STATEMENT`] for tags.
    shape: String,
    /// Columns of the expressions on the line.
    values: Vec<(u32, u32)>,
    /// Column, in characters from 0.
    column: u32,
    /// The end of the last tag in `out.text`, and whether a line break after it must stay next to it.
    tag_end: Option<(usize, bool)>,
    /// Inside `{% raw %}`.
    raw: bool,
    /// An annotation that nothing but space may follow.
    closed: bool,
    /// Paths of annotations that stand alone, for the next line that makes output.
    pending: Vec<String>,
}

impl<'a> Scanner<'a> {
    fn new(base: u32, language: &'a Language) -> Self {
        Self {
            language,
            out: Scanned::default(),
            base,
            line: 1,
            shape: String::new(),
            values: Vec::new(),
            column: 0,
            tag_end: None,
            raw: false,
            closed: false,
            pending: Vec::new(),
        }
    }

    /// Takes the next piece of text and says how long it is.
    fn step(&mut self, rest: &str) -> Result<usize, Located> {
        let stop = rest.find(['{', '\n']).unwrap_or(rest.len());
        if stop > 0 {
            let (text, _) = rest.split_at(stop);
            self.text(text)?;
            return Ok(stop);
        }
        if rest.starts_with('\n') {
            self.end_of_line()?;
            self.out.text.push('\n');
            self.line += 1;
            self.column = 0;
            if self.base + self.line >= MAX_LINES {
                return Err(self.located(Problem::TooManyLines, 1));
            }
            return Ok(1);
        }
        if rest.starts_with("{{resolve:") {
            return Err(self.located(Problem::Resolve, 10));
        }
        match tag::find(rest, self.raw) {
            Some(tag) => {
                let text = &rest[..tag.length];
                if tag.kind == Kind::Annotation {
                    self.annotation(text)?;
                } else {
                    self.tag(&tag, text)?;
                }
                Ok(tag.length)
            }
            None => {
                self.text("{")?;
                Ok(1)
            }
        }
    }

    fn text(&mut self, text: &str) -> Result<(), Located> {
        if let Some(marker) = text.chars().find(|c| (FIRST_MARKER..=LAST_MARKER).contains(c)) {
            return Err(self.located(Problem::Marker(marker as u32), 1));
        }
        if self.closed && !text.trim().is_empty() {
            return Err(self.located(Problem::MisplacedAnnotation, 1));
        }
        self.shape.push_str(text);
        self.out.text.push_str(text);
        self.column += length(text);
        Ok(())
    }

    fn tag(&mut self, tag: &tag::Tag, text: &str) -> Result<(), Located> {
        if self.closed {
            return Err(self.located(Problem::MisplacedAnnotation, 1));
        }
        if let Some(at) = tag.computed_sub {
            self.column += length(&text[..at]);
            return Err(self.located(Problem::SubText, 3));
        }
        match tag.kind {
            Kind::Value => {
                self.values.push((self.column + 1, self.column + 1 + length(text)));
                self.shape.push(VALUE);
            }
            _ => self.shape.push(STATEMENT),
        }
        match tag.kind {
            Kind::Raw => self.raw = true,
            Kind::EndRaw => self.raw = false,
            _ => {}
        }
        self.out.text.push_str(text);
        // minijinja takes the line break away after a statement or comment, and after any tag that ends in a dash.
        let trims = tag.kind != Kind::Value || text.ends_with("-}}");
        self.tag_end = Some((self.out.text.len(), trims));
        match text.rfind('\n') {
            Some(at) => {
                self.line += u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX);
                self.column = length(&text[at + 1..]);
            }
            None => self.column += length(text),
        }
        Ok(())
    }

    fn annotation(&mut self, text: &str) -> Result<(), Located> {
        let inner = text.trim_start_matches("{#:").trim_end_matches("#}").trim_end_matches('-');
        let paths: Vec<String> = inner.split(',').map(|path| path.trim().to_owned()).collect();
        if paths.iter().any(String::is_empty) {
            return Err(self.located(Problem::EmptyAnnotation, length(text)));
        }
        self.closed = true;
        if self.shape.trim().is_empty() {
            // Alone on its line it stays, as a comment: minijinja takes the whole line away.
            self.out.text.push_str(text);
            self.tag_end = Some((self.out.text.len(), true));
            self.pending.extend(paths);
        } else {
            let kept = self.out.text.trim_end_matches([' ', '\t']).len();
            self.out.text.truncate(kept);
            self.annotate(paths);
        }
        self.column += length(text);
        Ok(())
    }

    /// One entry for each line, in the order of lines.
    fn annotate(&mut self, paths: Vec<String>) {
        match self.out.annotations.last_mut() {
            Some((line, known)) if *line == self.line => known.extend(paths),
            _ => self.out.annotations.push((self.line, paths)),
        }
    }

    fn end_of_line(&mut self) -> Result<(), Located> {
        self.check_values()?;
        let end = self.out.text.trim_end_matches([' ', '\t', '\r']).len();
        let trimmed = self.tag_end.is_some_and(|(at, trims)| trims && at >= end);
        if !self.shape.trim().is_empty() && !trimmed {
            if let Some(marker) = char::from_u32(FIRST_MARKER as u32 + self.base + self.line) {
                self.out.text.push(marker);
            }
            if !self.pending.is_empty() {
                let pending = std::mem::take(&mut self.pending);
                self.annotate(pending);
            }
        }
        self.shape.clear();
        self.values.clear();
        self.tag_end = None;
        self.closed = false;
        Ok(())
    }

    /// Every expression must have a value's place for itself.
    fn check_values(&self) -> Result<(), Located> {
        if self.values.is_empty() || self.language.is_comment(&self.shape) {
            return Ok(());
        }
        let places = self.shape.char_indices().filter(|(_, c)| *c == VALUE);
        for ((at, _), columns) in places.zip(&self.values) {
            if !self.language.takes_value(&self.shape[..at], &self.shape[at + 1..]) {
                return Err(Located { problem: Problem::PartialValue, line: self.line, columns: *columns });
            }
        }
        Ok(())
    }

    fn located(&self, problem: Problem, width: u32) -> Located {
        Located { problem, line: self.line, columns: (self.column + 1, self.column + 1 + width) }
    }
}

/// Whether a value of YAML may come after this part of its line.
pub(super) fn yaml_may_precede(before: &str) -> bool {
    let text = before.trim_end_matches([' ', '\t']);
    let apart = text.len() < before.len();
    match text.chars().last() {
        None | Some('[' | ',' | '{' | STATEMENT) => true,
        Some(':') => apart,
        Some('-') => apart && text.trim_start().trim_end_matches(['-', ' ']).is_empty(),
        Some(_) => apart && text.rsplit([' ', '[', ',']).next().is_some_and(|word| word.starts_with('!')),
    }
}

/// Whether a value of YAML may come before this part of its line.
pub(super) fn yaml_may_follow(after: &str) -> bool {
    let text = after.trim_start_matches([' ', '\t']);
    let apart = text.len() < after.len();
    match text.chars().next() {
        None | Some(':' | ',' | ']' | '}' | STATEMENT | '\r') => true,
        Some('#') => apart,
        Some(_) => false,
    }
}

fn length(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}
