//! YAML or JSON text to a [`Node`]: the tree of the text with short forms in long form and plain scalars resolved.

use super::error::ParseErrorReason as Reason;
use super::{Map, Member, Node, Place, Value, scalar, short_form};
use crate::yaml::{self, Aliases, Found, Problem};

/// A reason and its place.
pub(super) type Failure = (Place, Reason);

/// Reads the only document of a text. Total: any text gives a tree or a reason.
pub(super) fn load(text: &str) -> Result<Node, Failure> {
    let mut document = yaml::parse(text, Aliases::Refuse).map_err(failure)?;
    if !document.duplicates.is_empty() {
        return Err(failure(document.duplicates.swap_remove(0)));
    }
    resolve(document.root)
}

fn failure(found: Found) -> Failure {
    let reason = match found.problem {
        Problem::Syntax(reason) => Reason::Syntax(reason),
        Problem::Empty => Reason::Empty,
        Problem::SeveralDocuments => Reason::SeveralDocuments,
        Problem::DuplicateKey { key, .. } => Reason::DuplicateKey(key),
        Problem::KeyNotScalar => Reason::KeyNotScalar,
        Problem::Anchor => Reason::Anchor,
        Problem::Alias | Problem::AliasInItself | Problem::AliasBomb => Reason::Alias,
        Problem::MergeKey | Problem::MergeValue => Reason::MergeKey,
        Problem::TooDeep => Reason::TooDeep,
    };
    (found.place, reason)
}

fn resolve(node: yaml::Node) -> Result<Node, Failure> {
    let place = node.place;
    let Some(tag) = node.tag else { return Ok(Node { value: untagged(node.value)?, place }) };
    let whole = Place { start: tag.start, end: place.end };
    if !known(&tag.text) {
        return Err((Place { start: tag.start, end: place.start }, Reason::UnknownTag(tag.text)));
    }
    match node.value {
        yaml::Value::Scalar(found) => short_form::scalar(&tag.text, &found.text, found.plain, whole, place),
        value => short_form::collection(&tag.text, Node { value: untagged(value)?, place }, whole),
    }
}

fn untagged(value: yaml::Value) -> Result<Value, Failure> {
    Ok(match value {
        yaml::Value::Scalar(found) if found.plain => scalar::plain(&found.text),
        yaml::Value::Scalar(found) => Value::String(found.text),
        // Collecting into a result would forget how many there are, and grow step by step.
        yaml::Value::List(items) => {
            let mut resolved = Vec::with_capacity(items.len());
            for item in items {
                resolved.push(resolve(item)?);
            }
            Value::List(resolved)
        }
        yaml::Value::Map(map) => {
            let mut resolved = Map::with_capacity_and_hasher(map.len(), map.hasher().clone());
            for (name, member) in map {
                resolved.insert(name, Member { key: member.key, node: resolve(member.node)? });
            }
            Value::Map(resolved)
        }
    })
}

/// Tags of YAML itself, the tag without a name, and short forms.
fn known(tag: &str) -> bool {
    tag == "!" || tag.starts_with("!!") || short_form::long_form(tag).is_some()
}
