//! Keys, held in memory, and texts without them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// What LiteLLM's keys begin with.
const PREFIX: &str = "sk-";
/// Written in a key's place.
const MASK: &str = "sk-...";

/// A key. It is not shown by `{:?}`, and has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// A key as it is sent.
    pub fn new(text: &str) -> Self {
        Self(text.trim().into())
    }

    /// The gateway's master key from its secret. LiteLLM takes only keys with the prefix `sk-`, which Secrets Manager cannot
    /// generate: the container puts it in front, and so does this.
    pub fn master_key(text: &str) -> Self {
        let text = text.trim();
        Self(format!("{PREFIX}{}", text.strip_prefix(PREFIX).unwrap_or(text)).into())
    }

    /// The key itself, for the header of a request.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(MASK)
    }
}

/// Takes keys out of texts that are about to be shown.
#[derive(Debug, Default)]
pub(super) struct Redactor {
    known: Mutex<Vec<Secret>>,
}

impl Redactor {
    /// Never show this one.
    pub fn add(&self, secret: &Secret) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !secret.expose().is_empty() && !known.contains(secret) {
            known.push(secret.clone());
        }
    }

    /// The text without known keys, and without whatever looks like one.
    pub fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in self.known.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            text = text.replace(secret.expose(), MASK);
        }
        without_hashes(&without_keys(&text))
    }
}

/// LiteLLM names keys by their SHA-256, which is nobody else's business either.
fn without_hashes(text: &str) -> String {
    const LENGTH: usize = 64;
    let hash = regex_lite::Regex::new(r"\b[0-9a-f]{64}\b");
    match hash {
        Ok(hash) if text.len() >= LENGTH => hash.replace_all(text, "(hash)").into_owned(),
        _ => text.to_owned(),
    }
}

/// Masks every word that begins like a key of LiteLLM's, the shortened ones of its messages too.
fn without_keys(text: &str) -> String {
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
    fn the_prefix_is_put_in_front_once() {
        assert_eq!(Secret::master_key("abc\n").expose(), "sk-abc");
        assert_eq!(Secret::master_key("sk-abc").expose(), "sk-abc");
    }

    #[test]
    fn a_key_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::new("sk-1234567890")), "sk-...");
    }

    #[test]
    fn a_known_key_is_masked_wherever_it_stands() {
        let redactor = Redactor::default();
        redactor.add(&Secret::new("canary"));
        assert_eq!(redactor.clean("is canary, xcanaryx"), "is sk-..., xsk-...x");
    }

    #[test]
    fn the_hash_of_a_key_is_masked() {
        let text = format!("Key Hash (Token) ={}. Unable", "0f".repeat(32));
        assert_eq!(Redactor::default().clean(&text), "Key Hash (Token) =(hash). Unable");
    }

    #[test]
    fn what_looks_like_a_key_is_masked_and_words_stay() {
        let redactor = Redactor::default();
        assert_eq!(
            redactor.clean("Received API Key = sk-...7890, task-1 sk-1"),
            "Received API Key = sk-..., task-1 sk-1"
        );
        assert_eq!(redactor.clean("(sk-proj_0123-45)"), "(sk-...)");
    }
}
