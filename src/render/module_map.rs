//! From an address or an argument of a root module back to the template's line and the keys of the spec.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::diagnostics::Span;
use crate::render::template::Trace;
use crate::tf::{Declaration, Kind, Module};

/// The origins of one root module. Modules of the same texts share what was read.
#[derive(Debug, Clone)]
pub struct ModuleMap {
    module: Arc<Module>,
    /// By the file's path in the bundle: `hub/network.tf`.
    traces: BTreeMap<String, Trace>,
}

impl ModuleMap {
    pub(super) fn new(module: Arc<Module>, traces: BTreeMap<String, Trace>) -> Self {
        Self { module, traces }
    }

    /// The rendered module.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// What an address declares; the index of an instance is left out.
    pub fn declaration(&self, address: &str) -> Option<&Declaration> {
        self.module.get(address.split('[').next().unwrap_or(address))
    }

    /// The keys of the spec that feed an argument: those named on its own lines, else those on the first line of what is
    /// around it, the nearest first. An empty path is the whole resource: its own line, else all of them. Blocks that
    /// repeat, and items of lists, are named by their index.
    pub fn spec_paths(&self, address: &str, path: &[&str]) -> Vec<String> {
        let Some(declaration) = self.declaration(address) else { return Vec::new() };
        // What a resource has beyond its own tags are the provider's.
        if path.first() == Some(&"tags_all")
            && let Some(provider) = self.module.of_kind(Kind::Provider).next()
        {
            let lines = provider.attribute_lines(&["default_tags", "tags"]);
            return lines.map(|lines| self.line_spec_paths(provider.file(), lines)).unwrap_or_default();
        }
        let whole = declaration.lines();
        let lines_of = |length: usize| declaration.attribute_lines(&path[..length]).filter(|lines| *lines != whole);
        // What AWS fills in is not in the text: then these are the lines of what it would stand in.
        let own = lines_of(path.len()).filter(|own| path.len() < 2 || Some(own) != lines_of(path.len() - 1).as_ref());
        let first = |lines: RangeInclusive<u32>| *lines.start()..=*lines.start();
        let around = (1..path.len()).rev().filter_map(lines_of).map(first);
        let header = declaration.header_line();
        // Other arguments of the resource say nothing about this one.
        let all = path.is_empty().then(|| whole.clone());
        let places = own.into_iter().chain(around).chain([header..=header]).chain(all);
        places
            .map(|lines| self.line_spec_paths(declaration.file(), lines))
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }

    /// The same without all lines of a resource: of the whole only its own line counts.
    pub fn own_paths(&self, address: &str, path: &[&str]) -> Vec<String> {
        match self.declaration(address) {
            Some(declaration) if path.is_empty() => {
                let header = declaration.header_line();
                self.line_spec_paths(declaration.file(), header..=header)
            }
            _ => self.spec_paths(address, path),
        }
    }

    /// The keys of the spec that the lines of a rendered file are from. `file` is its path in the bundle.
    pub fn line_spec_paths(&self, file: &str, lines: RangeInclusive<u32>) -> Vec<String> {
        self.traces.get(file).map(|trace| trace.spec_paths(lines)).unwrap_or_default()
    }

    /// The line of the template that made a line of a rendered file. `file` is its path in the bundle.
    pub fn template_span(&self, file: &str, line: u32) -> Option<Span> {
        self.traces.get(file)?.span(line)
    }
}
