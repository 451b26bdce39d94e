//! The `.tf` files of a root module, read back as declarations with places.
//!
//! hcl-edit reads the text. It keeps the byte range of every node, which `hcl-rs` and serde do not.

mod declaration;
mod error;
mod path;
mod source;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use hcl_edit::parser::parse_body;
use hcl_edit::structure::Structure;
use indexmap::IndexMap;

pub use declaration::{Declaration, Kind};
pub use error::Error;
pub use source::Source;

use super::expression::{Event, Target, visit_declaration};
use crate::diagnostics::Position;

/// What a root module declares, in the order of its files.
#[derive(Debug, Default)]
pub struct Module {
    declarations: Vec<Declaration>,
    /// Where the first declaration of each address stands.
    by_address: IndexMap<String, usize>,
    /// Arguments outside every block, and blocks inside `locals`: name and place.
    stray: Vec<(String, crate::diagnostics::Span)>,
}

impl Module {
    /// Reads all `.tf` files of a root module, each with its name and its text.
    ///
    /// # Errors
    /// One error for each file that is no HCL: a file is read up to its first error.
    pub fn parse(files: &[(String, Arc<str>)]) -> Result<Self, Vec<Error>> {
        let mut module = Self { declarations: Vec::new(), by_address: IndexMap::new(), stray: Vec::new() };
        let mut errors = Vec::new();
        for (name, text) in files {
            match parse_body(text) {
                Ok(body) => module.add(body, &Arc::new(Source::new(name, text.clone()))),
                Err(error) => {
                    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
                    let location = error.location();
                    let at = Position { line: number(location.line()), column: number(location.column()) };
                    errors.push(Error { file: name.as_str().into(), at, reason: error.message().to_owned() });
                }
            }
        }
        if errors.is_empty() { Ok(module) } else { Err(errors) }
    }

    fn add(&mut self, body: hcl_edit::structure::Body, source: &Arc<Source>) {
        use hcl_edit::Span as _;
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => {
                    let span = source.span(attribute.span().unwrap_or_default());
                    self.stray.push((attribute.key.as_str().to_owned(), span));
                }
                Structure::Block(block) if block.ident.as_str() == "locals" => {
                    for member in block.body {
                        match member {
                            Structure::Attribute(attribute) => {
                                self.push(Declaration::local(attribute, source.clone()));
                            }
                            Structure::Block(inner) => {
                                let span = source.span(inner.ident.span().unwrap_or_default());
                                self.stray.push((inner.ident.as_str().to_owned(), span));
                            }
                        }
                    }
                }
                Structure::Block(block) => self.push(Declaration::block(block, source.clone())),
            }
        }
    }

    fn push(&mut self, declaration: Declaration) {
        if declaration.kind().is_addressable() {
            self.by_address.entry(declaration.address().to_owned()).or_insert(self.declarations.len());
        }
        self.declarations.push(declaration);
    }

    /// Everything that is declared, in reading order.
    pub fn declarations(&self) -> &[Declaration] {
        &self.declarations
    }

    /// The declarations of one kind.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Declaration> {
        self.declarations.iter().filter(move |declaration| declaration.kind() == kind)
    }

    /// The managed resources.
    pub fn resources(&self) -> impl Iterator<Item = &Declaration> {
        self.of_kind(Kind::Resource)
    }

    /// The data sources.
    pub fn data_sources(&self) -> impl Iterator<Item = &Declaration> {
        self.of_kind(Kind::Data)
    }

    /// The ephemeral resources.
    pub fn ephemerals(&self) -> impl Iterator<Item = &Declaration> {
        self.of_kind(Kind::Ephemeral)
    }

    /// The outputs.
    pub fn outputs(&self) -> impl Iterator<Item = &Declaration> {
        self.of_kind(Kind::Output)
    }

    /// The input variables.
    pub fn variables(&self) -> impl Iterator<Item = &Declaration> {
        self.of_kind(Kind::Variable)
    }

    /// The local values.
    pub fn locals(&self) -> impl Iterator<Item = &Declaration> {
        self.of_kind(Kind::Local)
    }

    /// What an address names, `aws_vpc.main` or `var.region`; the first if there are several.
    pub fn get(&self, address: &str) -> Option<&Declaration> {
        self.by_address.get(address).and_then(|at| self.declarations.get(*at))
    }

    /// All addresses, in reading order.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.by_address.keys().map(String::as_str)
    }

    /// The addresses that a declaration's text names, `depends_on` included, sorted. Those that are not declared are
    /// left out.
    pub fn references(&self, address: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let Some(declaration) = self.get(address) else { return found };
        visit_declaration(declaration, &mut |event| {
            if let Event::Reference(reference) = event
                && let Target::Address(target) = reference.target()
                && self.by_address.contains_key(&target)
            {
                found.insert(target);
            }
        });
        found
    }

    /// The resources, data sources and ephemeral resources that a declaration needs: those that it names, and those
    /// that the local values it names need.
    pub fn needs(&self, address: &str) -> BTreeSet<String> {
        let mut needs = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut open: Vec<String> = self.references(address).into_iter().collect();
        while let Some(next) = open.pop() {
            match self.get(&next).map(Declaration::kind) {
                Some(Kind::Local) if seen.insert(next.clone()) => open.extend(self.references(&next)),
                Some(kind) if kind.is_typed() => _ = needs.insert(next),
                _ => {}
            }
        }
        needs
    }

    pub(super) fn stray(&self) -> &[(String, crate::diagnostics::Span)] {
        &self.stray
    }
}
