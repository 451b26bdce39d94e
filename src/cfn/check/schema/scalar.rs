//! Scalars: enums, patterns, lengths and ranges.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::Value as Json;

use super::{Validator, types};
use crate::cfn::check::suggestion::nearest;
use crate::cfn::codes;
use crate::cfn::registry::keyword_of;
use crate::cfn::template::{Node, Value};

/// Whether a value that is no function is of a JSON type, or one that CloudFormation makes it.
pub(super) fn is_a(node: &Node, type_name: &str) -> bool {
    match (&node.value, type_name) {
        (Value::Map(_), "object") | (Value::List(_), "array") | (Value::Bool(_), "boolean") => true,
        (Value::String(_) | Value::Bool(_) | Value::Integer(_) | Value::Float(_), "string") => true,
        (Value::Integer(_), "integer" | "number") | (Value::Float(_), "number") => true,
        (Value::Float(number), "integer") => number.fract() == 0.0,
        (Value::String(text), _) if is_dynamic(text) => !matches!(type_name, "object" | "array"),
        (Value::String(text), "integer") => text.trim().parse::<i64>().is_ok(),
        (Value::String(text), "number") => text.trim().parse::<f64>().is_ok_and(f64::is_finite),
        (Value::String(text), "boolean") => text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"),
        _ => false,
    }
}

/// Whether AWS fills the value in when it runs.
fn is_dynamic(text: &str) -> bool {
    text.contains("{{resolve:")
}

impl<'a> Validator<'a, '_> {
    pub(super) fn scalar(&mut self, node: &'a Node, schema: &'a Json) {
        // Most schemas of scalars say the type only.
        if schema.as_object().is_none_or(|keywords| keywords.len() < 2 && keywords.contains_key("type")) {
            return;
        }
        let Some(text) = node.as_scalar_text().filter(|text| !is_dynamic(text)) else { return };
        self.one_of(node, &text, schema);
        if let Some(pattern) = keyword_of(schema, "pattern").and_then(Json::as_str)
            && self.patterns.matches(pattern, &text) == Some(false)
        {
            let message = format!("`{}` must match {pattern}, and `{}` does not", self.last_name(), shortened(&text));
            self.error(codes::PATTERN, node.place, message);
        }
        if let Some(format) = keyword_of(schema, "format").and_then(Json::as_str) {
            self.format(node, &text, format);
        }
        if types(schema).any(|name| name == "string") {
            self.length(node, &text, schema);
        } else {
            self.range(node, &text, schema);
        }
    }

    fn one_of(&mut self, node: &Node, text: &str, schema: &'a Json) {
        let as_text = |value: &'a Json| match value {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        let list = |keyword: &str| keyword_of(schema, keyword).and_then(Json::as_array);
        let mut allowed: Option<Vec<String>> = list("enum").map(|values| values.iter().map(as_text).collect());
        let mut same = |value: &String| value == text;
        let mut same_but_case = |value: &String| value.eq_ignore_ascii_case(text);
        let mut compare: &mut dyn FnMut(&String) -> bool = &mut same;
        if let Some(value) = keyword_of(schema, "const") {
            allowed = Some(vec![as_text(value)]);
        } else if let Some(values) = list("enumCaseInsensitive") {
            allowed = Some(values.iter().map(as_text).collect());
            compare = &mut same_but_case;
        }
        let Some(allowed) = allowed else { return };
        if allowed.iter().any(compare) {
            return;
        }
        let message = format!("`{}` cannot be `{}`", self.last_name(), shortened(text));
        self.error(codes::ENUM, node.place, message);
        let list = match allowed.len() {
            0..=12 => format!("it is one of {}", allowed.join(", ")),
            count => format!("it is one of {count} values, among them {}", allowed[..12].join(", ")),
        };
        let help =
            nearest(text, allowed.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`? {list}"));
        self.help(Some(help.unwrap_or(list)));
    }

    fn format(&mut self, node: &Node, text: &str, format: &str) {
        let fits = |bits: u8, is_address: fn(&str) -> bool| {
            text.split_once('/').is_some_and(|(address, length)| {
                is_address(address) && length.parse::<u8>().is_ok_and(|length| length <= bits)
            })
        };
        let right = match format {
            "ipv4-network" => fits(32, |text| text.parse::<Ipv4Addr>().is_ok()),
            "ipv6-network" => fits(128, |text| text.parse::<Ipv6Addr>().is_ok()),
            _ => true,
        };
        if !right {
            let family = if format == "ipv4-network" { "an IPv4" } else { "an IPv6" };
            let message = format!("`{}` is {family} network, and `{}` is none", self.last_name(), shortened(text));
            self.error(codes::PATTERN, node.place, message);
        }
    }

    fn length(&mut self, node: &Node, text: &str, schema: &Json) {
        let bound = |name: &str| keyword_of(schema, name).and_then(Json::as_u64);
        let (least, most) = (bound("minLength"), bound("maxLength"));
        if least.is_none() && most.is_none() {
            return;
        }
        let length = text.chars().count() as u64;
        let name = self.last_name();
        if let Some(least) = least.filter(|least| length < *least) {
            let message = format!("`{name}` has {length} characters, and takes at least {least}");
            self.error(codes::SIZE, node.place, message);
        }
        if let Some(most) = most.filter(|most| length > *most) {
            self.error(codes::SIZE, node.place, format!("`{name}` has {length} characters, and takes at most {most}"));
        }
    }

    fn range(&mut self, node: &Node, text: &str, schema: &Json) {
        let Ok(number) = text.trim().parse::<f64>() else { return };
        let bound = |name: &str| keyword_of(schema, name).and_then(Json::as_f64);
        let name = self.last_name();
        if let Some(least) = bound("minimum").filter(|least| number < *least) {
            self.error(codes::SIZE, node.place, format!("`{name}` is at least {least}, and this is {number}"));
        }
        if let Some(most) = bound("maximum").filter(|most| number > *most) {
            self.error(codes::SIZE, node.place, format!("`{name}` is at most {most}, and this is {number}"));
        }
        if let Some(step) = bound("multipleOf").filter(|step| *step > 0.0) {
            let steps = number / step;
            // 0.3 / 0.1 is not 3 in binary.
            if (steps - steps.round()).abs() > 1e-6 {
                self.error(codes::SIZE, node.place, format!("`{name}` is a multiple of {step}, and this is {number}"));
            }
        }
    }
}

/// A value that fits into a message.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}
