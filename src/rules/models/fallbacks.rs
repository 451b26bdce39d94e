//! The lists of fallbacks of a spec.

use crate::spec::Spec;
use crate::spec::types::EntryName;

/// A list of fallbacks.
pub(super) struct Fallbacks<'a> {
    /// The model that falls back. `None`: every model without fallbacks of its own.
    pub(super) model: Option<&'a str>,
    /// Path and name of each entry.
    pub(super) entries: Vec<(String, &'a str)>,
}

/// Every list of fallbacks.
pub(super) fn all(spec: &Spec) -> Vec<Fallbacks<'_>> {
    let mut lists = Vec::new();
    for (index, model) in spec.models.iter().enumerate() {
        for (key, names) in
            [("fallbacks", &model.fallbacks), ("context_window_fallbacks", &model.context_window_fallbacks)]
        {
            lists.push(list(Some(model.name.as_str()), &format!("models.{index}.{key}"), names));
        }
    }
    lists.push(list(None, "routing.default_fallbacks", &spec.routing.default_fallbacks));
    lists
}

fn list<'a>(model: Option<&'a str>, path: &str, names: &'a [EntryName]) -> Fallbacks<'a> {
    let entries = names.iter().enumerate().map(|(index, name)| (format!("{path}.{index}"), name.as_str()));
    Fallbacks { model, entries: entries.collect() }
}

/// Names of the models.
pub(super) fn names(spec: &Spec) -> impl Iterator<Item = &str> {
    spec.models.iter().map(|model| model.name.as_str())
}
