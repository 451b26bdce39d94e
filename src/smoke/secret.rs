//! Keys, held in memory, and texts without them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::diagnostics::{MASK, without_hashes, without_keys};

/// What LiteLLM's keys begin with.
const PREFIX: &str = "sk-";

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
