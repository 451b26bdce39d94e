//! How a scalar is written: plain where every YAML reader takes it for the same string, else in double quotes.

use std::fmt::Write;

/// Words that some YAML reader takes for a boolean, null or a number, in lower case.
const WORDS: &[&str] =
    &["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "=", "<<", "inf", "nan", ".inf", ".nan"];

/// Whether a string is the same plain or quoted wherever it stands: a word of letters, digits and `_ - . /`.
pub(super) fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte))
        && !is_reserved(text)
}

/// Whether a string is the same plain or quoted as a value or key outside of flow collections.
pub(super) fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let starts = first.is_alphabetic()
        || "/_$".contains(first)
        || (first == '-' && text.trim_start_matches('-').starts_with(|next: char| next.is_ascii_alphabetic()))
        || (first.is_ascii_digit() && is_never_a_number(text));
    starts
        && text.chars().all(|c| c == ' ' || (!c.is_whitespace() && is_printable(c)))
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !is_reserved(text)
}

/// Text that begins with a digit and that no reader takes for a number, date or time: `10.0.0.0/16`, `2xlarge`.
fn is_never_a_number(text: &str) -> bool {
    text.contains('/') || text.bytes().any(|byte| (b'g'..=b'z').contains(&byte) && !b"otxz".contains(&byte))
}

fn is_reserved(text: &str) -> bool {
    text.len() <= 5 && WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Whether YAML 1.1 and 1.2 both take a character without an escape, and nobody takes it for a line break.
pub(super) fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        '\u{A0}'..='\u{D7FF}' => !matches!(c, '\u{2028}' | '\u{2029}'),
        '\u{E000}'..='\u{FFFD}' => c != '\u{FEFF}',
        '\u{10000}'.. => !matches!(c as u32 & 0xFFFF, 0xFFFE | 0xFFFF),
        _ => false,
    }
}

/// Writes a string in quotes: single ones around JSON and the like, where double ones would need many escapes.
pub(super) fn quote(text: &str, out: &mut String) {
    let escapes = text.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
    if escapes > text.matches('\'').count() && text.chars().all(is_printable) {
        out.push('\'');
        out.push_str(&text.replace('\'', "''"));
        out.push('\'');
        return;
    }
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_printable(c) => out.push(c),
            c if (c as u32) < 0x1_0000 => {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => {
                let _ = write!(out, "\\U{:08X}", c as u32);
            }
        }
    }
    out.push('"');
}

/// Writes a number so that no reader takes it for a string: without an exponent.
pub(super) fn number(number: &serde_json::Number, out: &mut String) {
    let _ = match (number.is_f64(), number.as_f64()) {
        (true, Some(float)) if float.fract() == 0.0 => write!(out, "{float:.1}"),
        (true, Some(float)) => write!(out, "{float}"),
        _ => write!(out, "{number}"),
    };
}
