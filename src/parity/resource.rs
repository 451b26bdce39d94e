//! What one engine makes for a node, with its references turned into names that both engines share.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// A resource of a rendered stack or root module.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Resource {
    /// Key of the stack or root module.
    pub place: String,
    /// Logical id or address.
    pub name: String,
    /// Type in CloudFormation or in the provider.
    pub type_name: String,
    /// Properties or arguments as they were written, references as `${node.attribute}`.
    pub properties: Json,
    /// The tags that AWS shows in the end; `None` when the type cannot have any.
    pub tags: Option<BTreeMap<String, String>>,
    /// Where a resource inside an `aws_cloudformation_stack` stands in the stack's template.
    pub within: Option<String>,
}

/// All resources of one engine, by node.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Side {
    /// By the name of the node, with the account in front outside the hub.
    pub nodes: BTreeMap<String, Vec<Resource>>,
    /// Values of outputs by stack, with the account in front outside the hub, and by name.
    pub outputs: BTreeMap<String, BTreeMap<String, Output>>,
    /// Resources that no node stands for.
    pub unmapped: Vec<Resource>,
    /// What the blueprint says that only this engine has: address and reason.
    pub own: Vec<(String, String)>,
    /// Why a template or module could not be read; it was rendered, so there is nothing here as a rule.
    pub unreadable: Vec<String>,
}

/// An output of a stack or root module.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Output {
    /// Key of the stack or root module.
    pub place: String,
    /// What it is called there: `Outputs.VpcId`, `output.VpcId`.
    pub name: String,
    /// Its value, references as `${node.attribute}`.
    pub value: Json,
}

/// The name of a node in an account: that of the hub's account is left out.
pub(super) fn node_key(account: Option<&str>, node: &str) -> String {
    account.map_or_else(|| node.to_owned(), |account| format!("{account}:{node}"))
}

/// Every text in a value, changed.
pub(super) fn map_texts(value: &Json, change: &dyn Fn(&str) -> Json) -> Json {
    match value {
        Json::String(text) => change(text),
        Json::Array(items) => items.iter().map(|item| map_texts(item, change)).collect(),
        Json::Object(members) => {
            Json::Object(members.iter().map(|(key, value)| (key.clone(), map_texts(value, change))).collect())
        }
        other => other.clone(),
    }
}
