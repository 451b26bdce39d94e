//! Lines of Terraform's `-json` streams.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// One line. Types that gwinfra does not use have none of the parts.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(super) struct Message {
    /// `apply_start`, `diagnostic`, `change_summary` ...
    #[serde(rename = "type", default)]
    pub kind: String,
    /// When, RFC 3339.
    #[serde(rename = "@timestamp", default)]
    pub at: Option<String>,
    /// Part of `diagnostic`.
    #[serde(default)]
    pub diagnostic: Option<Finding>,
    /// Part of `apply_start` and what follows it.
    #[serde(default)]
    pub hook: Option<Hook>,
    /// Part of `change_summary`.
    #[serde(default)]
    pub changes: Option<Counts>,
    /// Part of `planned_change`, and of `resource_drift`.
    #[serde(default)]
    pub change: Option<Planned>,
    /// Part of `outputs`.
    #[serde(default)]
    pub outputs: Option<BTreeMap<String, Output>>,
}

/// What Terraform found wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Finding {
    /// `error` or `warning`.
    pub severity: String,
    /// One sentence.
    pub summary: String,
    /// More of them.
    #[serde(default)]
    pub detail: String,
    /// Address of the resource.
    #[serde(default)]
    pub address: Option<String>,
    /// Where in the rendered files.
    #[serde(default)]
    pub range: Option<Range>,
}

/// A place in a rendered file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Range {
    /// The file, relative to the root module.
    pub filename: String,
    /// Where it starts.
    pub start: Start,
}

/// Where a range starts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Start {
    /// Line, from 1.
    pub line: u32,
}

/// What happens to a resource.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Hook {
    /// The resource; absent for a hook about something else.
    #[serde(default)]
    pub resource: Option<Resource>,
    /// `create`, `update`, `delete`, `read` ...
    #[serde(default)]
    pub action: String,
}

/// What Terraform plans for a resource.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Planned {
    /// The resource.
    pub resource: Resource,
    /// `create`, `update`, `replace`, `noop` ...
    pub action: String,
}

/// A resource.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Resource {
    /// Its address in the root module.
    pub addr: String,
    /// Its type.
    pub resource_type: String,
}

/// How many resources an operation touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub(super) struct Counts {
    /// Made.
    pub add: usize,
    /// Changed.
    pub change: usize,
    /// Deleted.
    pub remove: usize,
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} added, {} changed, {} destroyed", self.add, self.change, self.remove)
    }
}

/// An output.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Output {
    /// Whether it may be shown.
    #[serde(default)]
    pub sensitive: bool,
    /// Its value, where Terraform gives it.
    #[serde(default)]
    pub value: Option<Value>,
}

impl Message {
    /// Reads a line; `None` for what is not JSON, such as a crash of Terraform itself.
    pub fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }
}

impl Finding {
    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        self.severity == "error"
    }

    /// Summary and detail in one paragraph.
    pub fn words(&self) -> String {
        let detail = self.detail.split_whitespace().collect::<Vec<_>>().join(" ");
        if detail.is_empty() { self.summary.clone() } else { format!("{}: {detail}", self.summary) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_type_that_is_new_to_us_is_read() {
        let message = Message::parse(r#"{"type":"tea_break","minutes":5,"@level":"info"}"#).unwrap();
        assert_eq!(message.kind, "tea_break");
    }

    #[test]
    fn words_that_are_no_json_are_no_message() {
        assert_eq!(Message::parse("panic: runtime error"), None);
    }

    #[test]
    fn a_finding_is_told_in_one_paragraph() {
        let finding = Finding { summary: "No".into(), detail: "One\n  two.".into(), ..Finding::default() };
        assert_eq!(finding.words(), "No: One two.");
    }
}
