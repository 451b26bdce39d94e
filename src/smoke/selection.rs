//! Which checks are wanted.

use super::checks;
use crate::spec::shape::{did_you_mean, word_list};

/// A name that no check has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no check `{name}`")]
pub struct UnknownCheck {
    /// What was typed.
    pub name: String,
    /// What was probably meant, or which there are.
    pub help: String,
}

/// Which checks are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    only: Vec<String>,
    skip: Vec<String>,
}

impl Selection {
    /// These only, and without those. No names in `only`: all.
    ///
    /// # Errors
    /// When a name is none of a check.
    pub fn new(only: &[String], skip: &[String]) -> Result<Self, UnknownCheck> {
        let clean = |names: &[String]| -> Result<Vec<String>, UnknownCheck> {
            names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).map(known).collect()
        };
        Ok(Self { only: clean(only)?, skip: clean(skip)? })
    }

    /// Whether a check is wanted.
    pub fn wants(&self, name: &str) -> bool {
        (self.only.is_empty() || self.only.iter().any(|only| only == name)) && !self.refuses(name)
    }

    /// Whether a check was named in `skip`.
    pub fn refuses(&self, name: &str) -> bool {
        self.skip.iter().any(|skip| skip == name)
    }

    /// Whether no check is left.
    pub fn is_empty(&self) -> bool {
        !checks::names().any(|name| self.wants(name))
    }

    /// Whether one of the wanted checks needs a key.
    pub fn needs_a_key(&self) -> bool {
        checks::all().iter().any(|check| self.wants(check.name()) && check.needs() == super::Needs::Key)
    }
}

fn known(name: &str) -> Result<String, UnknownCheck> {
    if let Some(found) = checks::names().find(|known| *known == name) {
        return Ok(found.to_owned());
    }
    let help = match did_you_mean(name, checks::names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the checks are {}", word_list(checks::names())),
    };
    Err(UnknownCheck { name: name.to_owned(), help })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(only: &[&str], skip: &[&str]) -> Result<Selection, UnknownCheck> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Selection::new(&owned(only), &owned(skip))
    }

    #[test]
    fn all_are_wanted_unless_some_are_named() {
        assert!(selection(&[], &[]).unwrap().wants("chat"));
        assert!(!selection(&["stream"], &[]).unwrap().wants("chat"));
        assert!(!selection(&[], &["chat"]).unwrap().wants("chat"));
        assert!(selection(&["chat"], &["chat"]).unwrap().is_empty());
    }

    #[test]
    fn an_unknown_name_gets_the_one_that_was_meant() {
        assert_eq!(selection(&["ratelimit"], &[]).unwrap_err().help, "did you mean `rate-limit`?");
        assert!(selection(&[], &["xyzzy"]).unwrap_err().help.starts_with("the checks are health, "));
    }

    #[test]
    fn what_needs_no_key_is_known() {
        assert!(!selection(&["health", "plaintext"], &[]).unwrap().needs_a_key());
        assert!(selection(&["health", "chat"], &[]).unwrap().needs_a_key());
    }
}
