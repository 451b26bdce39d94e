//! Placeholders of a template: `{{name}}`, with or without spaces.

use std::sync::LazyLock;

use regex_lite::{Captures, Regex};

static PLACEHOLDER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\{\{\s*([0-9A-Za-z_-]+)\s*\}\}").ok());

/// The names in a template, as often as they are there.
pub fn placeholders(template: &str) -> impl Iterator<Item = &str> {
    let found = PLACEHOLDER.iter().flat_map(|placeholder| placeholder.captures_iter(template));
    found.filter_map(|captures| captures.get(1).map(|name| name.as_str()))
}

/// Puts values in, in one pass: what a value holds is never a placeholder.
pub fn substitute<'a>(template: &str, value: impl Fn(&str) -> Option<&'a str>) -> String {
    let Some(placeholder) = PLACEHOLDER.as_ref() else { return template.to_owned() };
    let replaced = placeholder
        .replace_all(template, |captures: &Captures<'_>| value(&captures[1]).unwrap_or(&captures[0]).to_owned());
    replaced.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str) -> String {
        substitute(template, |name| match name {
            "a" => Some("{{ b }}"),
            "b" => Some("B"),
            "first-name" => Some("Ada"),
            _ => None,
        })
    }

    #[test]
    fn spaces_around_a_name_do_not_matter() {
        assert_eq!(filled("{{b}} {{ b }} {{\tb\n}}"), "B B B");
    }

    #[test]
    fn a_placeholder_in_a_value_stays_as_it_is() {
        assert_eq!(filled("{{a}} {{b}}"), "{{ b }} B");
    }

    #[test]
    fn a_dollar_in_a_value_is_a_dollar() {
        assert_eq!(substitute("{{a}}", |_| Some("$1 ${a}")), "$1 ${a}");
    }

    #[test]
    fn names_may_have_hyphens_as_in_bedrock() {
        assert_eq!(filled("Hello {{first-name}}"), "Hello Ada");
    }

    #[test]
    fn other_braces_are_text() {
        for text in ["{b}", "{{}}", "{{ b c }}", "{{{", "{\"b\": {}}"] {
            assert_eq!(filled(text), text);
            assert_eq!(placeholders(text).count(), 0, "{text}");
        }
    }
}
