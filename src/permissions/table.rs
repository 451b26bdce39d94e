//! The vendored table of actions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

static TEXT: &str = include_str!("../../schemas/vendor/permissions/cloudformation.json");
static TABLE: LazyLock<Table> = LazyLock::new(|| serde_json::from_str(TEXT).unwrap_or_default());

/// Which actions CloudFormation calls for which type, and what IAM can narrow them to.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Table {
    types: BTreeMap<String, Row>,
    resources: BTreeMap<String, Vec<String>>,
    newer: BTreeSet<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Row {
    permissions: Vec<String>,
    #[serde(default)]
    added: Vec<String>,
}

impl Table {
    /// The vendored table.
    pub fn builtin() -> &'static Self {
        &TABLE
    }

    /// The actions of a resource type; `None` for a type that the table does not have.
    pub fn of_type(&self, type_name: &str) -> Option<impl Iterator<Item = &str>> {
        let row = self.types.get(type_name)?;
        Some(row.permissions.iter().chain(&row.added).map(String::as_str))
    }

    /// The kinds of resource that an action can be narrowed to; empty for one that knows none.
    pub fn kinds(&self, action: &str) -> &[String] {
        self.resources.get(action).map_or(&[], Vec::as_slice)
    }

    /// Actions that the reference behind the kinds does not have yet, or not with these kinds.
    pub fn newer(&self) -> impl Iterator<Item = &str> {
        self.newer.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendored_table_is_read() {
        let table = Table::builtin();
        assert!(
            table.of_type("AWS::EC2::VPC").is_some_and(|mut actions| actions.any(|action| action == "ec2:CreateVpc"))
        );
        assert_eq!(table.kinds("ec2:DescribeVpcs"), Vec::<String>::new());
        assert_eq!(table.kinds("sns:Subscribe"), ["topic"]);
        assert!(table.of_type("AWS::Nothing::There").is_none());
    }
}
