//! What is in progress, and what can be done about it.

use serde::Serialize;

/// An operation that somebody has begun and that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Underway {
    /// Key of the stack or root module.
    pub key: String,
    /// Name of the stack.
    pub name: String,
    /// Account.
    pub account: String,
    /// Its status.
    pub status: String,
    /// Since when, RFC 3339, as far as it is known.
    pub since: Option<String>,
    /// Who began it, as far as it is known.
    pub who: Option<String>,
    /// ARN of the stack, or directory of the root module.
    pub id: String,
    /// Why it cannot be cancelled; `None` when it can.
    pub fixed: Option<String>,
}

impl Underway {
    /// Since when and by whom, in words.
    pub fn origin(&self) -> String {
        let who = self.who.as_ref().map(|who| format!(", begun by {who}")).unwrap_or_default();
        let since = self.since.as_ref().map(|since| format!(" since {since}")).unwrap_or_default();
        format!("{since}{who}")
    }
}
