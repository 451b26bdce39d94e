//! Texts of others, without the secrets that they may repeat.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex_lite::Regex;

/// What LiteLLM's keys begin with.
const PREFIX: &str = "sk-";
/// Written in a key's place.
pub(crate) const MASK: &str = "sk-...";

/// What a secret looks like in a log, and what is written in its place.
const PATTERNS: [(&str, &str); 5] = [
    // The password in a URL of a database or a cache.
    (r"\b([a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s@/]+@", "$1:...@"),
    // AWS's access keys.
    (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", "(key)"),
    // Signed tokens.
    (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", "(token)"),
    (r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}", "$1 ..."),
    // `password=...`, `"client_secret": "..."`.
    (
        r#"(?i)\b([\w-]*(?:password|passwd|secret|api[_-]?key|access[_-]?key|session[_-]?token)["']?\s*[=:]\s*["']?)[^\s"',;&]+"#,
        "$1...",
    ),
];

static COMPILED: LazyLock<Vec<(Regex, &str)>> =
    LazyLock::new(|| PATTERNS.iter().filter_map(|(pattern, mask)| Some((Regex::new(pattern).ok()?, *mask))).collect());

/// A line of a log without what looks like a secret: keys, passwords, tokens.
pub fn redacted(text: &str) -> String {
    let mut text = Cow::Owned(without_hashes(&without_keys(text)));
    for (pattern, mask) in COMPILED.iter() {
        if let Cow::Owned(changed) = pattern.replace_all(&text, *mask) {
            text = Cow::Owned(changed);
        }
    }
    text.into_owned()
}

/// LiteLLM names keys by their SHA-256, which is nobody else's business either.
pub(crate) fn without_hashes(text: &str) -> String {
    const LENGTH: usize = 64;
    let hash = Regex::new(r"\b[0-9a-f]{64}\b");
    match hash {
        Ok(hash) if text.len() >= LENGTH => hash.replace_all(text, "(hash)").into_owned(),
        _ => text.to_owned(),
    }
}

/// Masks every word that begins like a key of LiteLLM's, the shortened ones of its messages too.
pub(crate) fn without_keys(text: &str) -> String {
    let of_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(PREFIX) {
        let inside_a_word = rest[..at].chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric());
        let key: &str = &rest[at..];
        let length = key.find(|c| !of_key(c)).unwrap_or(key.len());
        // A word such as `task-1` is none.
        if inside_a_word || length < PREFIX.len() + 6 {
            out.push_str(&rest[..at + PREFIX.len()]);
            rest = &rest[at + PREFIX.len()..];
        } else {
            out.push_str(&rest[..at]);
            out.push_str(MASK);
            rest = &rest[at + length..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(COMPILED.len(), PATTERNS.len());
    }

    #[test]
    fn the_password_of_a_database_is_masked_and_its_host_stays() {
        assert_eq!(
            redacted("cannot reach postgresql://llm:hunter2%21@db.example:5432/litellm"),
            "cannot reach postgresql://llm:...@db.example:5432/litellm"
        );
    }

    #[test]
    fn keys_and_tokens_are_masked() {
        assert_eq!(redacted("AKIAIOSFODNN7EXAMPLE"), "(key)");
        assert_eq!(redacted("Authorization: Bearer abcdefgh12345"), "Authorization: Bearer ...");
        assert_eq!(redacted("eyJhbGciOiJIUzI1NiJ9.e30.abc"), "(token)");
        assert_eq!(redacted("key sk-1234567890"), "key sk-...");
    }

    #[test]
    fn what_is_assigned_to_a_secret_is_masked() {
        assert_eq!(
            redacted(r#"DB_PASSWORD=x1 "client_secret": "y2", user=z"#),
            r#"DB_PASSWORD=... "client_secret": "...", user=z"#
        );
    }

    #[test]
    fn an_ordinary_line_stays() {
        let line = "unable to pull secrets or registry auth: dial tcp 10.0.0.1:443: i/o timeout";
        assert_eq!(redacted(line), line);
    }
}
