//! Scalars: what their key asks for decides what a plain one is.

use serde_json::{Number, Value as Json};

use super::check::out_of_length;
use super::{Checker, TextShape, WholeShape, words};
use crate::diagnostics::Diagnostic;
use crate::spec::codes;
use crate::yaml::{Node, Scalar, Value};

impl<'a> Checker<'a> {
    /// A string: any scalar by its text, so that account ids and versions need no quotes.
    pub(super) fn text(&mut self, shape: &'a TextShape, text: &str, node: &Node) -> Option<Json> {
        if let Some(reason) = out_of_length(text.chars().count(), shape.length, "character") {
            let message = format!("{} must have {reason}", self.subject());
            self.report(Diagnostic::error(codes::WRONG_LENGTH, message), node.place);
            return None;
        }
        if let Some(pattern) = &shape.pattern
            && !self.matches(pattern, text)
        {
            let expectation = match &pattern.expectation {
                Some(expectation) => expectation.clone(),
                None => format!("a string that matches `{}`", pattern.regex),
            };
            let message = format!("{} must be {expectation}", self.subject());
            self.report(Diagnostic::error(codes::MALFORMED, message), node.place);
            return None;
        }
        Some(Json::String(text.to_owned()))
    }

    pub(super) fn word(&mut self, words: &[String], text: &str, node: &Node) -> Option<Json> {
        if words.iter().any(|word| word == text) {
            return Some(Json::String(text.to_owned()));
        }
        let all = || words.iter().map(String::as_str);
        let list = words::word_list(all());
        let message = format!("`{text}` is not a value of {}", self.subject());
        let help = match words::did_you_mean(text, all()) {
            Some(meant) => format!("did you mean `{meant}`? Values: {list}"),
            None => format!("values: {list}"),
        };
        self.report(Diagnostic::error(codes::UNKNOWN_VALUE, message).with_help(help), node.place);
        None
    }

    pub(super) fn whole(&mut self, shape: &WholeShape, found: &Scalar, node: &Node) -> Option<Json> {
        let Some(number) = whole(&found.text).filter(|_| found.plain) else {
            return self.no_number("a whole number", found, node);
        };
        if !shape.only.is_empty() && !shape.only.contains(&number) {
            let values: Vec<String> = shape.only.iter().map(i64::to_string).collect();
            let nearest = shape.only.iter().min_by_key(|value| value.abs_diff(number));
            let message = format!("{number} is not a value of {}", self.subject());
            let help = match nearest {
                Some(nearest) => format!("the nearest is {nearest}; values: {}", values.join(", ")),
                None => format!("values: {}", values.join(", ")),
            };
            self.report(Diagnostic::error(codes::UNKNOWN_VALUE, message).with_help(help), node.place);
            return None;
        }
        if number < shape.least || number > shape.most {
            let limits = match (shape.least, shape.most) {
                (least, i64::MAX) => format!("at least {least}"),
                (i64::MIN, most) => format!("at most {most}"),
                (least, most) if least == most => format!("{least}"),
                (least, most) => format!("from {least} to {most}"),
            };
            return self.out_of_range(&limits, node);
        }
        Some(Json::from(number))
    }

    pub(super) fn number(
        &mut self,
        least: Option<f64>,
        most: Option<f64>,
        found: &Scalar,
        node: &Node,
    ) -> Option<Json> {
        let Some(number) = number(&found.text).filter(|_| found.plain) else {
            return self.no_number("a number", found, node);
        };
        if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
            let limits = match (least, most) {
                (Some(least), Some(most)) => format!("from {least} to {most}"),
                (Some(least), None) => format!("at least {least}"),
                (None, Some(most)) => format!("at most {most}"),
                (None, None) => "finite".to_owned(),
            };
            return self.out_of_range(&limits, node);
        }
        Number::from_f64(number).map(Json::Number)
    }

    fn no_number(&mut self, expected: &str, found: &Scalar, node: &Node) -> Option<Json> {
        let digits = found.text.replace(['_', ','], "");
        let parses = |text: &str| match expected {
            "a number" => number(text).is_some(),
            _ => whole(text).is_some(),
        };
        let help = if parses(&found.text) {
            Some("remove the quotes".to_owned())
        } else if parses(&digits) || parses(digits.trim_start_matches('0')) {
            Some(format!("write {}", digits.trim_start_matches('0')))
        } else {
            None
        };
        let kind = words::kind(node);
        let message = match help {
            Some(_) => format!("{} must be {expected}", self.subject()),
            None => format!("{} must be {expected}, not {kind}", self.subject()),
        };
        let mut finding = Diagnostic::error(codes::WRONG_TYPE, message).with_label(format!("this is {kind}"));
        finding.help = help;
        self.report(finding, node.place);
        None
    }

    fn out_of_range(&mut self, limits: &str, node: &Node) -> Option<Json> {
        let message = format!("{} must be {limits}", self.subject());
        self.report(Diagnostic::error(codes::OUT_OF_RANGE, message), node.place);
        None
    }

    pub(super) fn flag(&mut self, found: &Scalar, node: &Node) -> Option<Json> {
        match found.text.as_str() {
            "true" | "True" | "TRUE" if found.plain => return Some(Json::Bool(true)),
            "false" | "False" | "FALSE" if found.plain => return Some(Json::Bool(false)),
            _ => {}
        }
        let help = match found.text.to_ascii_lowercase().as_str() {
            "yes" | "on" | "y" | "true" | "1" => "write true",
            "no" | "off" | "n" | "false" | "0" => "write false",
            _ => "write true or false",
        };
        let message = format!("{} must be true or false, not {}", self.subject(), words::kind(node));
        self.report(Diagnostic::error(codes::WRONG_TYPE, message).with_help(help), node.place);
        None
    }
}

/// A whole number in decimal digits. Not one: a leading zero, which YAML 1.1 takes for octal, and underscores.
pub(super) fn whole(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let decimal = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    if decimal { text.parse().ok() } else { None }
}

/// A finite number in decimal digits, with a fraction or an exponent or neither.
pub(super) fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let integral = digits.split(['.', 'e', 'E']).next().unwrap_or_default();
    let decimal = !digits.is_empty()
        && digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits.bytes().any(|byte| byte.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte))
        && (integral.len() <= 1 || !integral.starts_with('0'));
    if decimal { text.parse().ok().filter(|number: &f64| number.is_finite()) } else { None }
}

/// A value that no key gives a type: as YAML 1.2 takes it.
pub(crate) fn untyped(node: &Node) -> Json {
    match &node.value {
        Value::List(items) => Json::Array(items.iter().map(untyped).collect()),
        Value::Map(map) => Json::Object(map.iter().map(|(key, member)| (key.clone(), untyped(&member.node))).collect()),
        Value::Scalar(scalar) if !scalar.plain => Json::String(scalar.text.clone()),
        Value::Scalar(scalar) if scalar.is_null() => Json::Null,
        Value::Scalar(scalar) => match scalar.text.as_str() {
            "true" | "True" | "TRUE" => Json::Bool(true),
            "false" | "False" | "FALSE" => Json::Bool(false),
            text => match (whole(text), number(text).and_then(Number::from_f64)) {
                (Some(whole), _) => Json::from(whole),
                (None, Some(number)) => Json::Number(number),
                (None, None) => Json::String(text.to_owned()),
            },
        },
    }
}
