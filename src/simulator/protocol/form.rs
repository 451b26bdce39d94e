//! The query protocols' input: `Tags.member.1.Key=a` as a tree.

use indexmap::IndexMap;
use serde_json::{Map, Value};

/// Levels of nesting that are read; deeper ones are ignored. AWS's deepest input has 9.
const MAXIMUM_DEPTH: usize = 32;

#[derive(Default)]
struct Node {
    text: Option<String>,
    children: IndexMap<String, Node>,
}

/// The members of a form body or query string as an object: numbered levels become lists, the levels `member` and `entry` are taken
/// out, every leaf is a text.
pub fn parse(pairs: impl IntoIterator<Item = (String, String)>) -> Value {
    let mut root = Node::default();
    for (name, value) in pairs {
        let mut node = &mut root;
        for part in name.split('.').take(MAXIMUM_DEPTH) {
            node = node.children.entry(part.to_owned()).or_default();
        }
        node.text = Some(value);
    }
    match root.into_value() {
        Value::Object(members) => Value::Object(members),
        _ => Value::Object(Map::new()),
    }
}

impl Node {
    fn into_value(mut self) -> Value {
        if self.children.is_empty() {
            return Value::String(self.text.unwrap_or_default());
        }
        if self.children.len() == 1
            && let Some(inner) = self.children.shift_remove("member").or_else(|| self.children.shift_remove("entry"))
        {
            return inner.into_value();
        }
        let numbers: Option<Vec<u32>> = self.children.keys().map(|key| key.parse().ok()).collect();
        match numbers {
            Some(numbers) => {
                let mut items: Vec<(u32, Node)> = numbers.into_iter().zip(self.children.into_values()).collect();
                items.sort_by_key(|(number, _)| *number);
                Value::Array(items.into_iter().map(|(_, node)| node.into_value()).collect())
            }
            None => Value::Object(self.children.into_iter().map(|(name, node)| (name, node.into_value())).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parsed(text: &str) -> Value {
        parse(form_urlencoded::parse(text.as_bytes()).into_owned())
    }

    #[test]
    fn member_levels_are_taken_out() {
        assert_eq!(parsed("Tags.member.1.Key=a&Tags.member.1.Value=b"), json!({"Tags": [{"Key": "a", "Value": "b"}]}));
    }

    #[test]
    fn ec2_lists_have_no_member_level() {
        assert_eq!(
            parsed("Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1"),
            json!({"Filter": [{"Name": "vpc-id", "Value": ["vpc-1"]}]})
        );
    }

    #[test]
    fn items_are_ordered_by_number_not_by_text() {
        let pairs = (1..=11).rev().map(|number| (format!("A.{number}"), number.to_string()));
        assert_eq!(parse(pairs)["A"][10], "11");
    }

    #[test]
    fn an_empty_list_is_an_empty_text() {
        assert_eq!(parsed("Tags="), json!({"Tags": ""}));
    }

    #[test]
    fn no_members_are_an_empty_object() {
        assert_eq!(parsed(""), json!({}));
    }
}
