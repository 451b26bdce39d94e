//! Reads variables and collects what is wrong with them.

use super::{ConfigError, VARIABLES};

/// Reads variables by name, with the defaults of [`VARIABLES`].
pub struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    errors: Vec<ConfigError>,
}

impl<'a> Reader<'a> {
    /// A reader of the variables that `lookup` knows.
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, errors: Vec::new() }
    }

    /// A text, or its default. An empty one counts as none.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        let known = VARIABLES.iter().find(|variable| variable.name == name);
        debug_assert!(known.is_some(), "{name} is not in VARIABLES");
        let text = (self.lookup)(name).filter(|text| !text.is_empty());
        text.or_else(|| known?.default.map(str::to_owned))
    }

    /// Whether somebody has set a variable to something.
    pub fn is_set(&self, name: &'static str) -> bool {
        (self.lookup)(name).is_some_and(|text| !text.is_empty())
    }

    /// A whole number within bounds.
    pub fn number(&mut self, name: &'static str, least: u64, most: u64) -> u64 {
        let text = self.text(name).unwrap_or_default();
        match text.parse() {
            Ok(number) if (least..=most).contains(&number) => number,
            _ => {
                self.error(name, format!("a whole number from {least} to {most}, not `{text}`"));
                least
            }
        }
    }

    /// `true` or `false`.
    pub fn switch(&mut self, name: &'static str) -> bool {
        let text = self.text(name).unwrap_or_default();
        match text.as_str() {
            "true" => true,
            "false" => false,
            _ => {
                self.error(name, format!("`true` or `false`, not `{text}`"));
                false
            }
        }
    }

    /// Notes that a variable is set that is none of the service.
    pub fn refuse(&mut self, name: &'static str, reason: &str) {
        if self.is_set(name) {
            self.error(name, reason);
        }
    }

    /// Notes that a variable is wrong.
    pub fn error(&mut self, variable: &'static str, reason: impl Into<String>) {
        self.errors.push(ConfigError { variable, reason: reason.into() });
    }

    /// Whether it was noted that a variable is wrong.
    pub fn is_wrong(&self, variable: &'static str) -> bool {
        self.errors.iter().any(|error| error.variable == variable)
    }

    /// What was read, if nothing was wrong.
    ///
    /// # Errors
    /// All errors that were noted.
    pub fn finish<T>(self, value: T) -> Result<T, Vec<ConfigError>> {
        if self.errors.is_empty() { Ok(value) } else { Err(self.errors) }
    }
}
