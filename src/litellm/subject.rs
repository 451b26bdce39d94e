//! What lints look at.

use serde_json::{Map, Value};

use crate::diagnostics::{Diagnostic, Span};
use crate::spec::SpanIndex;

/// Where a configuration is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A file that LiteLLM reads.
    File,
    /// What a spec passes through: the rest of the configuration is made from the spec.
    Spec,
}

/// A configuration, or the part of it that somebody has written.
pub struct Subject<'a> {
    /// The configuration.
    pub document: &'a Value,
    /// Where it is from.
    pub origin: Origin,
    /// Where each key and value is.
    pub(super) spans: &'a SpanIndex,
    /// What paths of the configuration begin with, and what they are called where they are written.
    pub(super) written: Vec<(String, String)>,
}

impl<'a> Subject<'a> {
    /// The way out for a file, or for a spec.
    pub(super) fn help<'t>(&self, file: &'t str, spec: &'t str) -> &'t str {
        match self.origin {
            Origin::File => file,
            Origin::Spec => spec,
        }
    }

    /// A section with settings.
    pub(super) fn section(&self, name: &str) -> Option<&'a Map<String, Value>> {
        self.document.get(name)?.as_object()
    }

    /// The deployments that are maps, with their paths.
    pub(super) fn deployments(&self) -> impl Iterator<Item = (String, &'a Map<String, Value>)> + use<'a> {
        let list = self.document.get("model_list").and_then(Value::as_array);
        let items = list.into_iter().flatten().enumerate();
        items.filter_map(|(index, item)| Some((format!("model_list.{index}"), item.as_object()?)))
    }

    /// The parameters of the deployments, with their paths.
    pub(super) fn params(&self) -> impl Iterator<Item = (String, &'a Map<String, Value>)> + use<'a> {
        self.deployments().filter_map(|(path, deployment)| {
            Some((format!("{path}.litellm_params"), deployment.get("litellm_params")?.as_object()?))
        })
    }

    /// Names of the models that clients may name.
    pub(super) fn model_names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.deployments().filter_map(|(_, deployment)| deployment.get("model_name")?.as_str())
    }

    /// A path as it is called where it is written.
    pub(super) fn written(&self, path: &str) -> String {
        let longest = self
            .written
            .iter()
            .filter(|(from, _)| {
                path.strip_prefix(from.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
            .max_by_key(|(from, _)| from.len());
        match longest {
            Some((from, to)) => format!("{to}{}", &path[from.len()..]),
            None => path.to_owned(),
        }
    }

    /// A short place for a finding about a path.
    pub(super) fn at(&self, path: &str) -> Option<Span> {
        self.spans.nearest(&self.written(path))
    }

    /// Where the key of a path is; where its value is if it has no key.
    pub(super) fn key(&self, path: &str) -> Option<Span> {
        self.spans.key(&self.written(path)).or_else(|| self.at(path))
    }

    /// Puts a finding at the value of a path.
    pub(super) fn value_finding(&self, finding: Diagnostic, path: &str) -> Diagnostic {
        finding.with_span(self.at(path)).with_path(self.written(path))
    }

    /// Puts a finding at the key of a path.
    pub(super) fn key_finding(&self, finding: Diagnostic, path: &str) -> Diagnostic {
        finding.with_span(self.key(path)).with_path(self.written(path))
    }
}
