//! What all Describe calls share: ids, filters and pages.

use serde_json::{Value, json};

use super::super::page::{limit, page};
use super::super::request::{Fault, Reply, Request, scalar};
use crate::policy::matches;

/// The largest page of EC2's listings.
const MAXIMUM_RESULTS: usize = 1_000;

/// How a Describe call names its things.
pub(super) struct Kind {
    /// The list of the reply: `vpcSet`.
    pub set: &'static str,
    /// The parameter with ids: `VpcId`.
    pub ids: &'static str,
    /// The member that has the id: `vpcId`.
    pub key: &'static str,
    /// The error code for an id that does not exist.
    pub code: &'static str,
    /// Its text, with `{}` for the id.
    pub missing: &'static str,
}

/// Answers a Describe call from everything that there is.
pub(super) fn describe(request: &Request<'_>, kind: &Kind, items: Vec<Value>) -> Result<Reply, Fault> {
    let ids = request.texts(kind.ids);
    for id in &ids {
        if !items.iter().any(|item| item.get(kind.key).and_then(Value::as_str) == Some(id)) {
            return Err(Fault::new(kind.code, kind.missing.replace("{}", id)));
        }
    }
    let chosen = items
        .into_iter()
        .filter(|item| {
            let id = item.get(kind.key).and_then(Value::as_str).unwrap_or_default();
            (ids.is_empty() || ids.iter().any(|wanted| wanted == id)) && filters_hold(request, item)
        })
        .collect();
    paged(request, kind.set, chosen)
}

/// One page of a list that is already chosen.
pub(super) fn paged(request: &Request<'_>, set: &str, items: Vec<Value>) -> Result<Reply, Fault> {
    let size = limit(request, "MaxResults", MAXIMUM_RESULTS);
    let (items, next) = page(items, size, request.text("NextToken").as_deref(), "InvalidNextToken")?;
    Ok(json!({set: items, "nextToken": next}))
}

/// Whether an item passes all filters; the values of one filter are alternatives.
pub(super) fn filters_hold(request: &Request<'_>, item: &Value) -> bool {
    request.list("Filter").iter().all(|filter| {
        let Some(name) = filter.get("Name").and_then(Value::as_str) else { return true };
        let wanted: Vec<String> =
            filter.get("Value").and_then(Value::as_array).into_iter().flatten().filter_map(scalar).collect();
        let actual = values(item, name);
        wanted.iter().any(|pattern| actual.iter().any(|value| matches(pattern, value)))
    })
}

/// The values that a filter looks at: `vpc-id` is the member `vpcId`, `attachment.vpc-id` that member of each attachment.
fn values(item: &Value, name: &str) -> Vec<String> {
    if let Some(key) = name.strip_prefix("tag:") {
        return tags(item)
            .filter(|tag| tag.get("key").and_then(Value::as_str) == Some(key))
            .filter_map(|tag| tag.get("value").and_then(scalar))
            .collect();
    }
    if name == "tag-key" {
        return tags(item).filter_map(|tag| tag.get("key").and_then(scalar)).collect();
    }
    let name = renamed(name);
    let mut level = vec![item];
    for part in name.split('.') {
        let member = camel(part);
        level = level
            .into_iter()
            .filter_map(|value| value.get(&member).or_else(|| value.get(format!("{member}Set"))))
            .flat_map(|value| match value {
                Value::Array(items) => items.iter().collect(),
                other => vec![other],
            })
            .collect();
    }
    level
        .into_iter()
        .filter_map(|value| match value {
            // A state is a number and a name, or a code and a text.
            Value::Object(members) => members.get("name").or_else(|| members.get("code")).and_then(scalar),
            other => scalar(other),
        })
        .collect()
}

fn tags(item: &Value) -> impl Iterator<Item = &Value> {
    item.get("tagSet").and_then(Value::as_array).into_iter().flatten()
}

/// Filters that are not called as the members they look at.
fn renamed(name: &str) -> &str {
    match name {
        "cidr" => "cidr-block",
        "availabilityZone" => "availability-zone",
        "vpc-endpoint-state" => "state",
        "endpoint-id" => "client-vpn-endpoint-id",
        // A service has a list of types, each an object with that one member.
        "service-type" => "service-type.service-type",
        // Only security groups are filtered by it.
        "description" => "group-description",
        other => other,
    }
}

fn camel(kebab: &str) -> String {
    let mut out = String::new();
    for (index, part) in kebab.split('-').enumerate() {
        let mut letters = part.chars();
        match letters.next() {
            Some(first) if index > 0 => out.extend(first.to_uppercase().chain(letters)),
            Some(first) => out.extend(std::iter::once(first).chain(letters)),
            None => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_member() {
        assert_eq!(values(&json!({"vpcId": "v"}), "vpc-id"), ["v"]);
    }

    #[test]
    fn a_filter_looks_into_lists() {
        let item = json!({"attachmentSet": [{"vpcId": "a"}, {"vpcId": "b"}]});
        assert_eq!(values(&item, "attachment.vpc-id"), ["a", "b"]);
    }

    #[test]
    fn tags_are_found_by_key() {
        let item = json!({"tagSet": [{"key": "Name", "value": "x"}]});
        assert_eq!(values(&item, "tag:Name"), ["x"]);
        assert_eq!(values(&item, "tag-key"), ["Name"]);
    }
}
