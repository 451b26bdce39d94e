//! Where a tag ends, and what kind it is. Follows minijinja's lexer: strings and brackets inside a tag count.

/// What a tag does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `{{ value }}`
    Value,
    /// `{% statement %}`
    Statement,
    /// `{% raw %}`
    Raw,
    /// `{% endraw %}`
    EndRaw,
    /// `{# comment #}`
    Comment,
    /// `{#: path.in.spec #}`
    Annotation,
}

/// A tag at the beginning of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    /// What it does.
    pub kind: Kind,
    /// Its length in bytes.
    pub length: usize,
    /// Where `sub` stands without a string as its first argument.
    pub computed_sub: Option<usize>,
}

/// The tag that a text begins with. `None` for a lone brace, a tag that does not end (minijinja says so), and
/// anything but `{% endraw %}` inside `{% raw %}`.
pub fn find(text: &str, raw: bool) -> Option<Tag> {
    let opening = text.get(..2)?;
    match opening {
        "{#" if !raw => {
            let length = text.find("#}")? + 2;
            let annotation = text.starts_with("{#:") && !text[..length].contains('\n');
            let kind = if annotation { Kind::Annotation } else { Kind::Comment };
            Some(Tag { kind, length, computed_sub: None })
        }
        "{%" => {
            let (length, computed_sub) = end(text, "%}")?;
            let kind = match text[2..length - 2].trim_matches(['-', '+']).trim() {
                "raw" => Kind::Raw,
                "endraw" => Kind::EndRaw,
                _ => Kind::Statement,
            };
            (!raw || kind == Kind::EndRaw).then_some(Tag { kind, length, computed_sub })
        }
        "{{" if !raw => {
            let (length, computed_sub) = end(text, "}}")?;
            Some(Tag { kind: Kind::Value, length, computed_sub })
        }
        _ => None,
    }
}

/// The length of a tag, and where `sub` stands in it without a string.
fn end(text: &str, closing: &str) -> Option<(usize, Option<usize>)> {
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut computed_sub) = (2, 0_usize, None);
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'"' | b'\'') => at = string_end(bytes, at, quote)?,
            _ if depth == 0 && text[at..].starts_with(closing) => return Some((at + 2, computed_sub)),
            b'(' | b'[' | b'{' => {
                depth += 1;
                at += 1;
            }
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            first if first.is_ascii_alphabetic() || first == b'_' => {
                let word = bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
                let attribute = text[..at].trim_end().ends_with('.');
                if &text[at..at + word] == "sub" && !attribute && !takes_a_string(&text[at + word..]) {
                    computed_sub = computed_sub.or(Some(at));
                }
                at += word;
            }
            _ => at += text[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
    None
}

/// The place after a string.
fn string_end(bytes: &[u8], start: usize, quote: u8) -> Option<usize> {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

/// Whether a call follows whose first argument is a string and nothing else.
fn takes_a_string(after: &str) -> bool {
    let Some(arguments) = after.trim_start().strip_prefix('(') else { return false };
    let arguments = arguments.trim_start();
    match arguments.as_bytes().first() {
        Some(quote @ (b'"' | b'\'')) => string_end(arguments.as_bytes(), 0, *quote)
            .and_then(|end| arguments.get(end..))
            .is_some_and(|rest| rest.trim_start().starts_with([',', ')'])),
        _ => false,
    }
}
