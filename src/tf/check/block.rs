//! What stands in a block, against the provider's schema.

use std::collections::BTreeMap;
use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::structure::{Attribute, Block as Written, Body, Structure};

use super::{Checker, ephemeral, meta, value};
use crate::cfn::check::suggestion::did_you_mean;
use crate::tf::codes;
use crate::tf::module::{Declaration, Kind};
use crate::tf::registry::{Block, Nested, Nesting, Type, TypeSchema};

/// Checks a resource, a data source or an ephemeral resource.
pub(super) fn check(checker: &mut Checker<'_>, declaration: &Declaration) {
    let (Some(written), Some(type_name)) = (declaration.as_block(), declaration.type_name()) else { return };
    meta::check(checker, declaration);
    let registry = checker.registry;
    let Some(schema) = registry.get(declaration.kind(), type_name) else {
        return unknown_type(checker, declaration, type_name);
    };
    let mut blocks = Blocks { checker, declaration, schema, what: type_name.to_owned() };
    if schema.block().deprecated {
        let at = written.labels.first().and_then(|label| label.span());
        blocks.checker.warning(codes::DEPRECATED, declaration, at, format!("`{type_name}` is deprecated"));
    }
    blocks.body(&written.body, schema.block(), written.ident.span(), true);
}

/// Checks a `provider` block; providers other than AWS are not known.
pub(super) fn check_provider(checker: &mut Checker<'_>, declaration: &Declaration) {
    let registry = checker.registry;
    let (Some(written), Some(schema)) = (declaration.as_block(), registry.get(Kind::Provider, declaration.name()))
    else {
        return;
    };
    let what = format!("the provider {}", declaration.name());
    Blocks { checker, declaration, schema, what }.body(&written.body, schema.block(), written.ident.span(), true);
}

fn unknown_type(checker: &mut Checker<'_>, declaration: &Declaration, type_name: &str) {
    let registry = checker.registry;
    let noun = |kind| match kind {
        Kind::Data => "data source",
        Kind::Ephemeral => "ephemeral resource",
        _ => "resource",
    };
    let kinds = [Kind::Resource, Kind::Data, Kind::Ephemeral];
    let elsewhere = kinds.into_iter().find(|kind| registry.get(*kind, type_name).is_some());
    let help = match elsewhere {
        Some(kind) => Some(format!("`{type_name}` is known as a {}", noun(kind))),
        None => did_you_mean(type_name, registry.type_names(declaration.kind())),
    };
    let at = declaration.as_block().and_then(|block| block.labels.first()?.span());
    let message = format!("`{type_name}` is no known type of {}", noun(declaration.kind()));
    checker.error(codes::UNKNOWN_TYPE, declaration, at, message, help);
}

struct Blocks<'c, 'a> {
    checker: &'c mut Checker<'a>,
    declaration: &'c Declaration,
    schema: &'c TypeSchema,
    /// What the block is, in words: the type, or the nested block's name.
    what: String,
}

impl Blocks<'_, '_> {
    fn error(&mut self, code: &'static str, at: Option<Range<usize>>, message: String, help: Option<String>) {
        self.checker.error(code, self.declaration, at, message, help);
    }

    fn body(&mut self, body: &Body, block: &Block, header: Option<Range<usize>>, top: bool) {
        let mut counts: BTreeMap<&str, (usize, bool)> = BTreeMap::new();
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => {
                    if !(top && meta::is_argument(self.declaration.kind(), attribute.key.as_str())) {
                        self.argument(attribute, block);
                    }
                }
                Structure::Block(written) if top && meta::is_block(self.declaration.kind(), &written.ident) => {}
                Structure::Block(written) if written.has_ident("dynamic") => {
                    if let Some(label) = written.labels.first() {
                        counts.entry(label.as_str()).or_default().1 = true;
                    }
                    self.dynamic(written, block);
                }
                Structure::Block(written) => {
                    counts.entry(written.ident.as_str()).or_default().0 += 1;
                    self.nested(written, block);
                }
            }
        }
        self.missing(body, block, header.as_ref(), &counts);
        for (name, (count, _)) in &counts {
            let Some(limit) = block.block_types.get(*name).and_then(Nested::limit).filter(|limit| count > limit) else {
                continue;
            };
            let at = body.get_blocks(name).nth(limit).and_then(|extra| extra.ident.span());
            let message = format!("`{name}` stands {count} times in {}, and at most {limit} are allowed", self.what);
            self.error(codes::BLOCK_COUNT, at, message, None);
        }
    }

    fn missing(
        &mut self,
        body: &Body,
        block: &Block,
        header: Option<&Range<usize>>,
        counts: &BTreeMap<&str, (usize, bool)>,
    ) {
        for (name, argument) in block.attributes.iter().filter(|(_, argument)| argument.required) {
            let given = body.get_attribute(name);
            let as_blocks = argument.value_type.as_block_items().is_some() && counts.contains_key(name.as_str());
            if as_blocks || given.is_some_and(|given| !given.value.is_null()) {
                continue;
            }
            let at = given.and_then(|given| given.span()).or_else(|| header.cloned());
            let message = format!("{} needs the argument `{name}`", self.what);
            self.error(codes::MISSING_ARGUMENT, at, message, None);
        }
        for (name, nested) in &block.block_types {
            let (count, dynamic) = counts.get(name.as_str()).copied().unwrap_or_default();
            if dynamic || count >= nested.min_items {
                continue;
            }
            let times = if nested.min_items == 1 { String::new() } else { format!(" {} times", nested.min_items) };
            let code = if count == 0 { codes::MISSING_ARGUMENT } else { codes::BLOCK_COUNT };
            self.error(code, header.cloned(), format!("{} needs the block `{name}`{times}", self.what), None);
        }
    }

    fn argument(&mut self, attribute: &Attribute, block: &Block) {
        let name = attribute.key.as_str();
        let at = attribute.key.span();
        if let Some(argument) = block.attributes.get(name) {
            if argument.is_read_only() {
                let message = format!("`{name}` of {} is set by the provider only", self.what);
                return self.error(codes::READ_ONLY, at, message, Some("remove it".to_owned()));
            }
            if argument.deprecated {
                let message = format!("`{name}` of {} is deprecated", self.what);
                self.checker.warning(codes::DEPRECATED, self.declaration, at, message);
            }
            for wrong in value::mismatches(&attribute.value, &argument.value_type) {
                self.error(codes::WRONG_TYPE, wrong.at, format!("`{name}`{}", wrong.reason), None);
            }
            if !argument.write_only {
                self.stored(attribute);
            }
        } else if block.block_types.contains_key(name) {
            let message = format!("`{name}` of {} is a block, and here it is an argument", self.what);
            self.error(codes::BLOCK_OR_ARGUMENT, at, message, Some(format!("write `{name} {{ ... }}`")));
        } else {
            self.unknown("argument", name, at, block);
        }
    }

    fn stored(&mut self, attribute: &Attribute) {
        if matches!(self.declaration.kind(), Kind::Resource | Kind::Data) {
            let what = format!("`{}`", attribute.key.as_str());
            ephemeral::stored(self.checker, self.declaration, &attribute.value, &what);
        }
    }

    fn unknown(&mut self, noun: &str, name: &str, at: Option<Range<usize>>, block: &Block) {
        let settable = block.attributes.iter().filter(|(_, argument)| !argument.is_read_only());
        let names = settable.map(|(name, _)| name).chain(block.block_types.keys());
        let help = did_you_mean(name, names.map(String::as_str));
        self.error(codes::UNKNOWN_ARGUMENT, at, format!("{} has no {noun} `{name}`", self.what), help);
    }

    fn nested(&mut self, written: &Written, block: &Block) {
        let name = written.ident.as_str();
        let labels = match block.block_types.get(name) {
            Some(nested) if nested.nesting_mode == Nesting::Map => 1,
            _ => 0,
        };
        if written.labels.len() != labels {
            let at = written.labels.first().and_then(|label| label.span()).or_else(|| written.ident.span());
            let message = format!("the block `{name}` has {labels} labels, and this one {}", written.labels.len());
            self.error(codes::DECLARATION, at, message, None);
        }
        self.content(name, &written.body, written.ident.span(), block);
    }

    fn content(&mut self, name: &str, body: &Body, header: Option<Range<usize>>, block: &Block) {
        if let Some(nested) = block.block_types.get(name) {
            let schema = self.schema;
            let Some(inner) = schema.resolve(&nested.block) else { return };
            if inner.deprecated {
                let message = format!("the block `{name}` of {} is deprecated", self.what);
                self.checker.warning(codes::DEPRECATED, self.declaration, header.clone(), message);
            }
            let outer = std::mem::replace(&mut self.what, format!("`{name}`"));
            self.body(body, inner, header, false);
            self.what = outer;
        } else if let Some(argument) = block.attributes.get(name) {
            match argument.value_type.as_block_items() {
                _ if argument.is_read_only() => {
                    let message = format!("`{name}` of {} is set by the provider only", self.what);
                    self.error(codes::READ_ONLY, header, message, Some("remove it".to_owned()));
                }
                Some(members) => self.items(name, body, members),
                None => {
                    let message = format!("`{name}` of {} is an argument, and here it is a block", self.what);
                    self.error(codes::BLOCK_OR_ARGUMENT, header, message, Some(format!("write `{name} = ...`")));
                }
            }
        } else {
            self.unknown("block", name, header, block);
        }
    }

    /// Blocks that stand for the objects of an argument, as Terraform allows.
    fn items(&mut self, name: &str, body: &Body, members: &BTreeMap<String, Type>) {
        for attribute in body.attributes() {
            let member = attribute.key.as_str();
            let Some(value_type) = members.get(member) else {
                let help = did_you_mean(member, members.keys().map(String::as_str));
                let message = format!("`{name}` has no argument `{member}`");
                self.error(codes::UNKNOWN_ARGUMENT, attribute.key.span(), message, help);
                continue;
            };
            for wrong in value::mismatches(&attribute.value, value_type) {
                self.error(codes::WRONG_TYPE, wrong.at, format!("`{member}`{}", wrong.reason), None);
            }
            self.stored(attribute);
        }
    }

    fn dynamic(&mut self, written: &Written, block: &Block) {
        let at = written.ident.span();
        let [label] = written.labels.as_slice() else {
            let message = "a dynamic block has one label, the block that it makes".to_owned();
            return self.error(codes::DYNAMIC_BLOCK, at, message, None);
        };
        for structure in &written.body {
            let (name, at) = match structure {
                Structure::Attribute(attribute) => (attribute.key.as_str(), attribute.key.span()),
                Structure::Block(block) => (block.ident.as_str(), block.ident.span()),
            };
            let known = match structure {
                Structure::Attribute(_) => matches!(name, "for_each" | "iterator" | "labels"),
                Structure::Block(_) => name == "content",
            };
            if !known {
                let help = did_you_mean(name, ["for_each", "iterator", "labels", "content"])
                    .or_else(|| Some("put it into the block `content`".to_owned()));
                self.error(codes::DYNAMIC_BLOCK, at, format!("a dynamic block has no `{name}`"), help);
            }
        }
        if !written.body.has_attribute("for_each") {
            let message = format!("the dynamic block `{}` needs the argument `for_each`", label.as_str());
            self.error(codes::DYNAMIC_BLOCK, at.clone(), message, None);
        }
        let mut contents = written.body.get_blocks("content");
        let (content, second) = (contents.next(), contents.next());
        if content.is_none() || second.is_some() {
            let message = format!("the dynamic block `{}` needs one block `content`", label.as_str());
            self.error(codes::DYNAMIC_BLOCK, second.and_then(|it| it.ident.span()).or(at), message, None);
        }
        if let Some(content) = content {
            self.content(label.as_str(), &content.body, label.span(), block);
        } else if !block.block_types.contains_key(label.as_str()) {
            self.unknown("block", label.as_str(), label.span(), block);
        }
    }
}
