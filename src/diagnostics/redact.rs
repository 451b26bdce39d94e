//! Texts of others, without the secrets that they may repeat.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex_lite::{Captures, Regex};

/// What LiteLLM's keys begin with.
const PREFIX: &str = "sk-";
/// Written in a key's place.
pub(crate) const MASK: &str = "sk-...";

/// What a secret looks like in a log, and what is written in its place.
const PATTERNS: [(&str, &str); 4] = [
    // The password in a URL of a database or a cache, which may have a `/` or `@` of its own.
    (r#"(?i)\b([a-z][a-z0-9+.-]*://[^\s:/@"]*):[^\s"]+@"#, "$1:...@"),
    // AWS's access keys.
    (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", "(key)"),
    // Signed tokens.
    (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", "(token)"),
    (r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}", "$1 ..."),
];

static COMPILED: LazyLock<Vec<(Regex, &str)>> =
    LazyLock::new(|| PATTERNS.iter().filter_map(|(pattern, mask)| Some((Regex::new(pattern).ok()?, *mask))).collect());

/// `password=...`, `"client_secret": "..."`; or an ARN, in which `:secret:` is followed by a name.
static ASSIGNED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let key = r"password|passwd|secret|token|(?:api|access|salt|master|private)[_-]?key";
    let value = r#"\\"[^"\\]*(?:\\")?|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[^\s"',;&]+"#;
    let assigned = format!(r#"\b([\w-]*(?:{key})\\?["']?\s*[=:]\s*)({value})"#);
    Regex::new(&format!(r#"(?i)\barn:aws[a-z-]*:[^\s"',;&]+|{assigned}"#)).ok()
});

/// A line of a log without what looks like a secret: keys, passwords, tokens.
pub fn redacted(text: &str) -> String {
    let mut text = Cow::Owned(without_hashes(&without_keys(text)));
    for (pattern, mask) in COMPILED.iter() {
        if let Cow::Owned(changed) = pattern.replace_all(&text, *mask) {
            text = Cow::Owned(changed);
        }
    }
    without_assigned(&text)
}

fn without_assigned(text: &str) -> String {
    let Some(pattern) = ASSIGNED.as_ref() else { return text.to_owned() };
    let masked = pattern.replace_all(text, |found: &Captures<'_>| {
        let whole = &found[0];
        let (Some(key), Some(value)) = (found.get(1), found.get(2)) else { return whole.to_owned() };
        let value = value.as_str();
        let quote = ["\\\"", "\"", "'"].into_iter().find(|quote| value.starts_with(quote)).unwrap_or_default();
        let inner = &value[quote.len()..];
        let (inner, end) = inner.strip_suffix(quote).map_or((inner, ""), |inner| (inner, quote));
        // The name of a secret is none.
        if inner.is_empty() || inner.starts_with("arn:aws") {
            return whole.to_owned();
        }
        format!("{}{quote}...{end}", key.as_str())
    });
    masked.into_owned()
}

/// LiteLLM names keys by their SHA-256, which is nobody else's business either. The digest of an image is everybody's.
pub(crate) fn without_hashes(text: &str) -> String {
    const LENGTH: usize = 64;
    let hash = Regex::new(r"\b(sha256:)?[0-9a-f]{64}\b");
    match hash {
        Ok(hash) if text.len() >= LENGTH => {
            let masked =
                hash.replace_all(
                    text,
                    |found: &Captures<'_>| {
                        if found.get(1).is_some() { found[0].to_owned() } else { "(hash)".to_owned() }
                    },
                );
            masked.into_owned()
        }
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
        assert!(ASSIGNED.is_some());
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
    fn a_password_in_a_url_may_have_a_slash_and_its_scheme_any_case() {
        assert_eq!(redacted("REDIS://llm:a/b@c@cache:6379"), "REDIS://llm:...@cache:6379");
    }

    #[test]
    fn the_keys_of_the_gateway_are_masked_whatever_they_look_like() {
        for key in ["LITELLM_SALT_KEY", "LITELLM_MASTER_KEY", "private-key", "token"] {
            assert_eq!(redacted(&format!("{key}=hunter2 x")), format!("{key}=... x"));
        }
    }

    #[test]
    fn a_quoted_value_is_masked_whole() {
        assert_eq!(redacted(r#"password="a b, c" user=z"#), r#"password="..." user=z"#);
        assert_eq!(redacted("'secret': 'a b'"), "'secret': '...'");
        assert_eq!(redacted(r#"{\"api_key\": \"a b\"}"#), r#"{\"api_key\": \"...\"}"#);
        assert_eq!(redacted(r#"password="cut off in"#), r#"password="..."#);
    }

    #[test]
    fn the_name_of_a_secret_and_the_digest_of_an_image_stay() {
        let digest = "0123456789abcdef".repeat(4);
        for line in [
            "no secret arn:aws:secretsmanager:us-east-1:111122223333:secret:acme/openai-AbCdEf from asm".to_owned(),
            "SECRET=arn:aws:secretsmanager:us-east-1:111122223333:secret:acme/openai-AbCdEf".to_owned(),
            format!("cannot pull ghcr.io/acme/gateway@sha256:{digest}: not found"),
        ] {
            assert_eq!(redacted(&line), line);
        }
        assert_eq!(redacted(&digest), "(hash)");
    }

    #[test]
    fn an_ordinary_line_stays() {
        let line = "unable to pull secrets or registry auth: dial tcp 10.0.0.1:443: i/o timeout";
        assert_eq!(redacted(line), line);
    }
}
