//! Strings and names.

use std::fmt::Write;

/// Words that are no key without quotes.
const RESERVED: [&str; 5] = ["true", "false", "null", "for", "if"];

/// Whether a text is a name that needs no quotes as a key.
pub fn is_identifier(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        && !RESERVED.contains(&text)
}

/// A text as a quoted string. Nothing in it is a template.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    escape(text, &mut out);
    out.push('"');
    out
}

/// Writes what stands between the quotes.
pub(super) fn escape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if matches!(c, '$' | '%') {
            let run = rest.len() - rest.trim_start_matches(c).len();
            let opens = rest[run..].starts_with('{');
            match (opens, run) {
                // `$${` is the text `${`.
                (true, 1) => out.extend([c, c]),
                // Readers of HCL take the first two of `$$${` together and see a template behind them.
                (true, _) => out.extend(std::iter::repeat_n(format!("\\u{:04X}", c as u32), run)),
                (false, _) => out.push_str(&rest[..run]),
            }
            rest = &rest[run..];
            continue;
        }
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => out.push(c),
        }
        rest = &rest[c.len_utf8()..];
    }
}
