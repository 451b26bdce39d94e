//! How LiteLLM's configuration changes, line by line.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use similar::TextDiff;

use crate::litellm::secrets::mask;

/// Lines around a difference.
const AROUND: usize = 3;

/// How LiteLLM's configuration changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigurationChange {
    /// Key of the object that the service runs with.
    pub before: String,
    /// Key of the object that it gets.
    pub after: String,
    /// The difference, as a unified diff with three lines around each place. Asterisks stand for what looks like a secret.
    pub diff: String,
}

impl ConfigurationChange {
    /// Compares two configurations, each with the key of its object.
    pub fn new((before, old): (&str, &str), (after, new): (&str, &str)) -> Self {
        Self { before: before.to_owned(), after: after.to_owned(), diff: unified(old, new) }
    }

    /// How many lines come and go.
    pub(super) fn lines(&self) -> (usize, usize) {
        let begins = |mark: char| self.diff.lines().filter(|line| line.starts_with(mark)).count();
        (begins('+'), begins('-'))
    }
}

/// The difference of two configurations as a unified diff. Asterisks stand for what looks like a secret.
pub fn unified(before: &str, after: &str) -> String {
    TextDiff::from_lines(mask(before).as_str(), mask(after).as_str())
        .unified_diff()
        .context_radius(AROUND)
        .missing_newline_hint(false)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_come_and_go_are_counted() {
        let change = ConfigurationChange::new(("a", "x: 1\ny: 2\n"), ("b", "x: 1\ny: 3\nz: 4\n"));
        assert_eq!(change.diff, "@@ -1,2 +1,3 @@\n x: 1\n-y: 2\n+y: 3\n+z: 4\n");
        assert_eq!(change.lines(), (2, 1));
    }

    #[test]
    fn a_secret_that_somebody_has_put_in_is_in_no_difference() {
        let old = "- model: x\n  api_key: hunter2hunter2\n  base: https://llm:hunter2@models.example.com\n";
        let diff = unified(old, "- model: y\n  api_key: os.environ/KEY\n");
        assert!(
            diff.contains("+  api_key: os.environ/KEY\n") && diff.contains("-  api_key: **************\n"),
            "{diff}"
        );
        assert!(!diff.contains("hunter2"), "{diff}");
    }
}
