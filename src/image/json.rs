//! Canonical JSON: the same value is the same bytes, whoever writes it.

use serde::Serialize;

/// JSON without spaces, with the keys of every object sorted.
pub fn canonical(value: &impl Serialize) -> Vec<u8> {
    let mut value = serde_json::to_value(value).unwrap_or_default();
    value.sort_all_objects();
    value.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::canonical;

    #[test]
    fn the_order_of_keys_makes_no_difference() {
        let (one, other) = (json!({"b": {"d": 1, "c": 2}, "a": [3]}), json!({"a": [3], "b": {"c": 2, "d": 1}}));
        assert_eq!(canonical(&one), canonical(&other));
        assert_eq!(canonical(&one), br#"{"a":[3],"b":{"c":2,"d":1}}"#);
    }
}
