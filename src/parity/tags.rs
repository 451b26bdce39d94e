//! Tags as a map, however they are written.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// The tags of a list of `Key` and `Value`, or of a map.
pub(super) fn of(value: Option<&Json>) -> BTreeMap<String, String> {
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value {
        Some(Json::Object(members)) => members.iter().map(|(key, value)| (key.clone(), text(value))).collect(),
        Some(Json::Array(items)) => {
            let pair = |item: &Json| Some((item.get("Key")?.as_str()?.to_owned(), text(item.get("Value")?)));
            items.iter().filter_map(pair).collect()
        }
        _ => BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::of;

    #[test]
    fn a_list_and_a_map_of_the_same_tags_are_the_same() {
        let list = json!([{"Key": "team", "Value": "platform"}, {"Key": "cost", "Value": 1}]);
        assert_eq!(of(Some(&list)), of(Some(&json!({"team": "platform", "cost": "1"}))));
    }
}
