//! The patterns of the schemas, which are ECMAScript's, under Rust's regular expressions.

use std::collections::HashMap;

use regex::{Regex, RegexBuilder};

/// Compiled patterns by their text; `None` for one that cannot be compiled. A pattern is compiled when a value meets it.
#[derive(Debug, Default)]
pub(super) struct Patterns<'a> {
    compiled: HashMap<&'a str, Option<Regex>>,
}

/// A pattern that compiles to more than this (bytes) is skipped: long counted repetitions cost more than they find.
const SIZE_LIMIT: usize = 1 << 20;

impl<'a> Patterns<'a> {
    /// Whether a pattern is found in a text. `None` when it cannot be compiled.
    pub(super) fn matches(&mut self, pattern: &'a str, text: &str) -> Option<bool> {
        // Both match everything that has no line break, and much of the schemas is one of them.
        if matches!(pattern, ".*" | "^.*$") {
            return Some(true);
        }
        let regex = self
            .compiled
            .entry(pattern)
            .or_insert_with(|| RegexBuilder::new(&translate(pattern)).size_limit(SIZE_LIMIT).build().ok());
        regex.as_ref().map(|regex| regex.is_match(text))
    }

    /// How many of the patterns that were met cannot be compiled.
    pub(super) fn skipped(&self) -> usize {
        self.compiled.values().filter(|regex| regex.is_none()).count()
    }
}

/// An ECMAScript pattern in Rust's syntax: `\d`, `\w` and `\s` are ASCII, and inside a class `[`, `&&`, `--` and `~~` are
/// themselves.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut chars = pattern.chars().peekable();
    let mut class = false;
    while let Some(char) = chars.next() {
        match (char, class) {
            ('\\', _) => match chars.next() {
                Some('d') => out.push_str(if class { "0-9" } else { "[0-9]" }),
                Some('w') => out.push_str(if class { "0-9A-Za-z_" } else { "[0-9A-Za-z_]" }),
                Some('s') => out.push_str(if class { r" \t\n\r\x0b\x0c\u{a0}" } else { r"[ \t\n\r\x0b\x0c\u{a0}]" }),
                Some('S') if !class => out.push_str(r"[^ \t\n\r\x0b\x0c\u{a0}]"),
                Some('D') if !class => out.push_str("[^0-9]"),
                Some('W') if !class => out.push_str("[^0-9A-Za-z_]"),
                // Not ECMAScript's, and there all the same.
                Some('Z') => out.push_str(r"\z"),
                // ECMAScript takes any escaped letter that means nothing for itself.
                Some(other @ ('_' | '"' | '\'' | ':' | '@' | '=' | ',' | ' ' | '<' | '>' | '!' | '%' | ';' | '`')) => {
                    out.push(other);
                }
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            ('[', false) => {
                class = true;
                out.push('[');
                if chars.peek() == Some(&'^') {
                    chars.next();
                    out.push('^');
                }
            }
            ('[', true) => out.push_str(r"\["),
            (']', true) => {
                class = false;
                out.push(']');
            }
            ('&' | '~', true) => out.extend(['\\', char]),
            // `[a--z]` begins a set difference in Rust only.
            ('-', true) if out.ends_with('-') => out.push_str(r"\-"),
            _ => out.push(char),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cfn::registry::Registry;

    fn matches(pattern: &str, text: &str) -> Option<bool> {
        Patterns::default().matches(pattern, text)
    }

    #[test]
    fn digits_are_ascii_only() {
        assert_eq!(matches(r"^\d+$", "٣"), Some(false));
    }

    #[test]
    fn a_class_may_hold_brackets_and_ampersands() {
        assert_eq!(matches(r"^[\w[&&%-]+$", "a[&&-%"), Some(true));
    }

    #[test]
    fn a_pattern_that_looks_around_is_skipped_and_counted() {
        let mut patterns = Patterns::default();
        assert_eq!(patterns.matches("^(?!aws)x$", "y"), None);
        assert_eq!(patterns.skipped(), 1);
    }

    #[test]
    fn few_of_the_vendored_patterns_are_skipped() {
        fn collect<'a>(node: &'a serde_json::Value, found: &mut Vec<&'a str>) {
            if let Some(pattern) = node.get("pattern").and_then(serde_json::Value::as_str) {
                found.push(pattern);
            }
            match node {
                serde_json::Value::Object(map) => map.values().for_each(|value| collect(value, found)),
                serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
                _ => {}
            }
        }
        let registry = Registry::builtin();
        let mut found = Vec::new();
        for name in registry.type_names() {
            collect(registry.get(name).unwrap().raw(), &mut found);
        }
        let mut patterns = Patterns::default();
        let skipped: std::collections::BTreeSet<&str> =
            found.iter().copied().filter(|pattern| patterns.matches(pattern, "x").is_none()).collect();
        assert!(skipped.len() <= 12, "{} of {}: {skipped:#?}", skipped.len(), found.len());
    }
}
