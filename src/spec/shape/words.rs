//! Words for people: what was meant, what may stand here, what was found.

use crate::yaml::{Node, Value};

/// The candidate that the user probably meant. Case, hyphens and underscores do not count.
pub(crate) fn did_you_mean<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = letters(typed);
    let distance = |candidate: &str| {
        let candidate = letters(candidate);
        let begun = typed.len() >= 2 && candidate.starts_with(&typed);
        let distance = strsim::osa_distance(&typed, &candidate);
        (begun || distance <= (candidate.len().max(typed.len()) / 3).max(1)).then_some(distance)
    };
    candidates
        .into_iter()
        .filter_map(|candidate| Some((distance(candidate)?, candidate)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

/// `a, b, c`.
pub(crate) fn word_list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().collect::<Vec<_>>().join(", ")
}

/// What a value is: `a list`.
pub(super) fn kind(node: &Node) -> &'static str {
    match &node.value {
        Value::List(_) => "a list",
        Value::Map(_) => "a map",
        Value::Scalar(scalar) if scalar.is_null() => "nothing",
        Value::Scalar(scalar) if !scalar.plain => "a string",
        Value::Scalar(scalar) => match scalar.text.as_str() {
            "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => "a boolean",
            text if super::scalar::whole(text).is_some() => "a whole number",
            text if super::scalar::number(text).is_some() => "a number",
            _ => "a string",
        },
    }
}
