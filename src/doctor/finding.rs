//! What a check has found.

use schemars::JsonSchema;
use serde::Serialize;

use crate::aws::Error;
use crate::plan::SourcePlace;

/// How something is, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// There is nothing to look at, or it could not be looked at for a reason that another check tells.
    Skip,
    /// As it should be.
    Pass,
    /// A deployment works, but probably not as it should; or it could not be found out.
    Warn,
    /// A deployment would fail.
    Fail,
}

/// Something that a check has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// How it is.
    pub status: Status,
    /// Name of the account that it is about; `null` for what is about none, or about all.
    pub account: Option<String>,
    /// What is so, in one sentence without a full stop.
    pub message: String,
    /// One line for each thing that it is made of: actions, resources.
    pub details: Vec<String>,
    /// What to do: a command or a sentence.
    pub fix: Option<String>,
    /// Places in the spec that it comes from.
    pub source: Vec<SourcePlace>,
}

impl Finding {
    fn new(status: Status, message: impl Into<String>) -> Self {
        Self { status, account: None, message: message.into(), details: Vec::new(), fix: None, source: Vec::new() }
    }

    /// As it should be.
    pub fn pass(message: impl Into<String>) -> Self {
        Self::new(Status::Pass, message)
    }

    /// Nothing to look at, for a reason.
    pub fn skip(reason: impl Into<String>) -> Self {
        Self::new(Status::Skip, reason)
    }

    /// Works, but probably not as it should.
    pub fn warn(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..Self::new(Status::Warn, message) }
    }

    /// A deployment would fail.
    pub fn fail(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..Self::new(Status::Fail, message) }
    }

    /// What could not be found out: a warning. Whoever may not ask can still deploy, and AWS may be slow for a moment. Whether
    /// an account can be asked at all is a check of its own.
    pub fn unknown(what: &str, error: &Error) -> Self {
        let fix = error.help().unwrap_or_else(|| "gwinfra doctor   asks again".to_owned());
        Self::warn(format!("{what} could not be found out: {error}"), fix)
    }

    /// No answer came in time.
    pub fn timed_out(seconds: u64) -> Self {
        Self::fail(
            format!("no answer within {seconds} s"),
            "check the network, proxy (HTTPS_PROXY) and --endpoint-url, or allow more with --timeout",
        )
    }

    /// The account that it is about.
    #[must_use]
    pub fn in_account(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// What it is made of.
    #[must_use]
    pub fn with_details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }

    /// Where in the spec it comes from.
    #[must_use]
    pub fn at(mut self, source: Vec<SourcePlace>) -> Self {
        self.source = source;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_found_out_is_a_warning_whatever_the_reason() {
        let reason = "no route to host".to_owned();
        let error = Error::Unreachable { service: "acm".to_owned(), region: "us-east-1".to_owned(), reason };
        assert_eq!(Finding::unknown("the certificate", &error).status, Status::Warn);
    }
}
