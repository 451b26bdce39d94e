//! The patterns of the schemas, which are ECMAScript's, under Rust's regular expressions.

use std::collections::HashMap;

/// Compiled patterns by their text and whether they are for ASCII only; `None` for one that cannot be compiled. A pattern
/// is compiled when a value meets it.
#[derive(Debug, Default)]
pub(super) struct Patterns<'a> {
    compiled: HashMap<(&'a str, bool), Option<Met>>,
}

/// A pattern and how much text it has met.
#[derive(Debug)]
struct Met {
    pattern: Pattern,
    bytes: usize,
    thorough: bool,
}

/// A regular expression. The small engine compiles fast and searches slowly: it is for the dozens of patterns of a
/// template that meet a few short texts each. See [`MUCH_TEXT`].
#[derive(Debug)]
enum Regex {
    Lite(regex_lite::Regex),
    Unicode(regex::Regex),
}

impl Regex {
    fn is_match(&self, text: &str) -> bool {
        match self {
            Self::Lite(regex) => regex.is_match(text),
            Self::Unicode(regex) => regex.is_match(text),
        }
    }
}

/// A compiled pattern.
#[derive(Debug)]
struct Pattern {
    /// What `^(?=..)` or `^(?!..)` at the beginning demands or forbids. Rust's engine cannot look ahead, and two searches
    /// say the same.
    ahead: Option<(bool, Regex)>,
    rest: Regex,
}

impl Pattern {
    fn compile(pattern: &str, thorough: bool) -> Option<Self> {
        match split_look_ahead(pattern) {
            None => Some(Self { ahead: None, rest: regex(pattern, thorough)? }),
            Some((wanted, inner, rest)) => Some(Self {
                ahead: Some((wanted, regex(&format!("^(?:{inner})"), thorough)?)),
                rest: regex(&format!("^{rest}"), thorough)?,
            }),
        }
    }

    fn matches(&self, text: &str) -> bool {
        self.ahead.as_ref().is_none_or(|(wanted, ahead)| ahead.is_match(text) == *wanted) && self.rest.is_match(text)
    }
}

fn regex(pattern: &str, thorough: bool) -> Option<Regex> {
    let pattern = translate(pattern);
    if !thorough && let Ok(regex) = regex_lite::RegexBuilder::new(&pattern).size_limit(SIZE_LIMIT).build() {
        return Some(Regex::Lite(regex));
    }
    regex::RegexBuilder::new(&pattern).size_limit(SIZE_LIMIT).build().ok().map(Regex::Unicode)
}

/// A pattern for texts that are ASCII: the letters, digits and separators of Unicode are those of ASCII. The schemas name
/// these classes only inside brackets.
fn ascii(pattern: &str) -> String {
    pattern.replace(r"\p{L}", "A-Za-z").replace(r"\p{N}", "0-9").replace(r"\p{Z}", " ")
}

/// Splits `^(?=inner)rest` and `^(?!inner)rest`. `None` for any other pattern, and where an alternative in the rest
/// would escape the condition.
fn split_look_ahead(pattern: &str) -> Option<(bool, &str, &str)> {
    let (wanted, body) = match pattern.strip_prefix("^(?=") {
        Some(body) => (true, body),
        None => (false, pattern.strip_prefix("^(?!")?),
    };
    let (mut depth, mut class, mut escaped, mut end) = (0_usize, false, false, None);
    for (at, char) in body.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => class = true,
            ']' => class = false,
            _ if class => {}
            '(' => depth += 1,
            ')' if depth == 0 => end = end.or(Some(at)),
            ')' => depth -= 1,
            '|' if depth == 0 && end.is_some() => return None,
            _ => {}
        }
    }
    let end = end?;
    Some((wanted, &body[..end], &body[end + 1..]))
}

/// A pattern that compiles to more than this (bytes) is skipped: long counted repetitions cost more than they find.
const SIZE_LIMIT: usize = 1 << 20;

/// Once a pattern has met this much text (bytes), the thorough engine pays.
const MUCH_TEXT: usize = 1024;

impl<'a> Patterns<'a> {
    /// Whether a pattern is found in a text. `None` when it cannot be compiled.
    pub(super) fn matches(&mut self, pattern: &'a str, text: &str) -> Option<bool> {
        // Both match everything that has no line break, and much of the schemas is one of them.
        if matches!(pattern, ".*" | "^.*$") {
            return Some(true);
        }
        let plain = pattern.contains(r"[\p{") && text.is_ascii();
        let compile = |thorough| {
            if plain { Pattern::compile(&ascii(pattern), thorough) } else { Pattern::compile(pattern, thorough) }
        };
        let entry = self.compiled.entry((pattern, plain)).or_insert_with(|| {
            compile(text.len() > MUCH_TEXT).map(|pattern| Met { pattern, bytes: 0, thorough: text.len() > MUCH_TEXT })
        });
        let met = entry.as_mut()?;
        met.bytes += text.len();
        if !met.thorough && met.bytes > MUCH_TEXT {
            met.thorough = true;
            met.pattern = compile(true)?;
        }
        Some(met.pattern.matches(text))
    }

    /// How many of the patterns that were met cannot be compiled.
    pub(super) fn skipped(&self) -> usize {
        self.compiled.values().filter(|pattern| pattern.is_none()).count()
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
    fn a_pattern_may_look_ahead_at_its_beginning() {
        assert_eq!(matches("^(?!aws:).*$", "aws:x"), Some(false));
        assert_eq!(matches("^(?!aws:).*$", "x"), Some(true));
        assert_eq!(matches("^(?=.{2,4}$)[a-z]+(-[a-z]+)*$", "a-bcd"), Some(false));
        assert_eq!(matches("^(?=.{2,4}$)[a-z]+(-[a-z]+)*$", "a-b"), Some(true));
    }

    #[test]
    fn a_pattern_that_looks_around_elsewhere_is_skipped_and_counted() {
        let mut patterns = Patterns::default();
        assert_eq!(patterns.matches("^x(?<!y)$", "y"), None);
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
        let schemas: Vec<_> = registry.type_names().map(|name| registry.get(name).unwrap().whole()).collect();
        let mut found = Vec::new();
        schemas.iter().for_each(|schema| collect(schema, &mut found));
        let mut patterns = Patterns::default();
        let skipped: std::collections::BTreeSet<&str> =
            found.iter().copied().filter(|pattern| patterns.matches(pattern, "x").is_none()).collect();
        assert!(skipped.len() <= 6, "{} of {}: {skipped:#?}", skipped.len(), found.len());
    }
}
