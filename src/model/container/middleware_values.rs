//! What the variables of the middleware take that `gateway.middleware.environment` may set: another value ends its start.

use std::fmt;

/// What a variable takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A whole number within bounds.
    Number(u64, u64),
    /// One of these texts.
    OneOf(&'static [&'static str]),
}

/// `true` or `false`.
const SWITCH: Form = Form::OneOf(&["true", "false"]);

/// Variables that do not take every text, as the middleware's README says.
const FORMS: &[(&str, Form)] = &[
    ("BODY_TIMEOUT_SECONDS", Form::Number(1, 3_600)),
    ("CLIENT_TIMEOUT_SECONDS", Form::Number(1, 3_600)),
    ("REQUESTS", Form::Number(1, 1_000_000)),
    ("KEY_REQUESTS", Form::Number(1, 1_000_000)),
    ("KEY_MEMORY_PERCENT", Form::Number(1, 100)),
    ("CHAT_HISTORY_CLIENT_SESSION_IDS", SWITCH),
    ("DATABASE_SSLMODE", Form::OneOf(&["disable", "prefer", "require", "verify-ca", "verify-full"])),
    ("DATABASE_CONNECTIONS", Form::Number(1, 100)),
    ("KEY_CACHE_SECONDS", Form::Number(0, 60)),
    ("DRAIN_SECONDS", Form::Number(0, 3_600)),
    ("MOCK_ERROR_STATUS", Form::OneOf(&["429", "500", "503"])),
];

/// What a variable takes; `None` for any text.
pub fn middleware_form(name: &str) -> Option<Form> {
    FORMS.iter().find(|(own, _)| *own == name).map(|(_, form)| *form)
}

impl Form {
    /// Whether it takes a value. An empty one is as if the variable were not set.
    pub fn takes(self, value: &str) -> bool {
        value.is_empty()
            || match self {
                Self::Number(least, most) => value.parse().is_ok_and(|number| (least..=most).contains(&number)),
                Self::OneOf(texts) => texts.contains(&value),
            }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(least, most) => write!(formatter, "a whole number from {least} to {most}"),
            Self::OneOf(texts) => {
                let texts: Vec<String> = texts.iter().map(|text| format!("`{text}`")).collect();
                match texts.split_last() {
                    Some((last, others)) if !others.is_empty() => write!(formatter, "{} or {last}", others.join(", ")),
                    _ => formatter.write_str(&texts.join(", ")),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_whole_and_within_its_bounds() {
        let form = middleware_form("KEY_CACHE_SECONDS").unwrap();
        assert!(form.takes("0") && form.takes("60") && form.takes(""));
        assert!(!form.takes("61") && !form.takes("1.5") && !form.takes("-1") && !form.takes("thirty"));
        assert_eq!(form.to_string(), "a whole number from 0 to 60");
    }

    #[test]
    fn a_choice_is_one_of_its_texts_as_they_are() {
        let form = middleware_form("DATABASE_SSLMODE").unwrap();
        assert!(form.takes("verify-full") && !form.takes("Require") && !form.takes("allow"));
        assert_eq!(form.to_string(), "`disable`, `prefer`, `require`, `verify-ca` or `verify-full`");
    }
}
