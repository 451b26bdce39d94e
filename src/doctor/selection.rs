//! Which checks are wanted.

use super::check::{Check, Needs};
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

/// Which checks are wanted, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    only: Vec<&'static str>,
    skip: Vec<&'static str>,
    offline: bool,
}

impl Selection {
    /// These only, and without those: ids or names. None in `only`: all. With `offline` only those of this machine.
    ///
    /// # Errors
    /// When a check of that id or name does not exist.
    pub fn new(only: &[String], skip: &[String], offline: bool) -> Result<Self, UnknownCheck> {
        let ids = |names: &[String]| -> Result<Vec<&'static str>, UnknownCheck> {
            names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).map(known).collect()
        };
        Ok(Self { only: ids(only)?, skip: ids(skip)?, offline })
    }

    /// Whether a check is wanted.
    pub fn wants(&self, check: &dyn Check) -> bool {
        (self.only.is_empty() || self.only.contains(&check.id()))
            && !self.skip.contains(&check.id())
            && (!self.offline || check.needs() == Needs::Nothing)
    }

    /// Whether no check is left.
    pub fn is_empty(&self) -> bool {
        !checks::all().iter().any(|check| self.wants(check.as_ref()))
    }
}

fn known(name: &str) -> Result<&'static str, UnknownCheck> {
    let all = checks::all();
    if let Some(found) = all.iter().find(|check| check.id().eq_ignore_ascii_case(name) || check.name() == name) {
        return Ok(found.id());
    }
    let names = || all.iter().flat_map(|check| [check.id(), check.name()]);
    let help = match did_you_mean(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the checks are {}", word_list(all.iter().map(|check| check.name()))),
    };
    Err(UnknownCheck { name: name.to_owned(), help })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(only: &[&str], skip: &[&str], offline: bool) -> Vec<&'static str> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let selection = Selection::new(&owned(only), &owned(skip), offline).unwrap();
        checks::all().iter().filter(|check| selection.wants(check.as_ref())).map(|check| check.id()).collect()
    }

    #[test]
    fn a_check_is_chosen_by_its_id_or_its_name() {
        assert_eq!(wanted(&["GWD501", "clock"], &[], false), ["GWD104", "GWD501"]);
        assert_eq!(wanted(&["gwd501"], &["quotas"], false), Vec::<&str>::new());
    }

    #[test]
    fn offline_only_this_machine_is_looked_at() {
        assert_eq!(wanted(&[], &[], true), ["GWD101", "GWD102", "GWD103"]);
    }

    #[test]
    fn an_unknown_name_gets_the_one_that_was_meant() {
        let error = Selection::new(&["quotos".to_owned()], &[], false).unwrap_err();
        assert_eq!(error.help, "did you mean `quotas`?");
    }
}
