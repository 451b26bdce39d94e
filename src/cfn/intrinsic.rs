//! The references that a value makes through intrinsic functions.

use super::template::{Node, Place, Value};

/// A part of the string of `Fn::Sub`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubPart<'a> {
    /// Text as it stands. `${!Name}` gives `${Name}` as two of these.
    Literal(&'a str),
    /// `${Name}` or `${Resource.Attribute}`: a variable of the call, a parameter, or a resource.
    Variable(&'a str),
}

/// Splits the string of `Fn::Sub`. An unclosed `${` is literal, as CloudFormation takes it.
pub fn sub_parts(text: &str) -> Vec<SubPart<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { break };
        let (before, inside, after) = (&rest[..start], &rest[start + 2..start + length], &rest[start + length + 1..]);
        if !before.is_empty() {
            parts.push(SubPart::Literal(before));
        }
        match inside.strip_prefix('!') {
            Some(_) => {
                parts.push(SubPart::Literal("${"));
                parts.push(SubPart::Literal(&rest[start + 3..=start + length]));
            }
            None => parts.push(SubPart::Variable(inside.trim())),
        }
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(SubPart::Literal(rest));
    }
    parts
}

/// A reference from a value to something that the template must declare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// `Ref` of a parameter, resource or pseudo parameter.
    Name(&'a str),
    /// `Fn::GetAtt` of a resource: logical id and dotted attribute. `None` when the attribute is itself computed.
    Attribute(&'a str, Option<&'a str>),
    /// A condition.
    Condition(&'a str),
    /// `Fn::FindInMap`: the mapping and its two keys, where they are written out.
    Mapping(&'a str, Option<&'a str>, Option<&'a str>),
}

/// A reference and the place of the value that makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference<'a> {
    /// What is referred to.
    pub target: Target<'a>,
    /// Where.
    pub place: Place,
}

/// Calls `found` for every reference that a value makes, in source order.
pub fn references<'a>(node: &'a Node, found: &mut impl FnMut(Reference<'a>)) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| references(item, found)),
        Value::Map(map) => {
            for (key, member) in map {
                function_references(key, &member.node, map.len() == 1, found);
            }
        }
        _ => {}
    }
}

fn function_references<'a>(name: &str, argument: &'a Node, alone: bool, found: &mut impl FnMut(Reference<'a>)) {
    let place = argument.place;
    match (name, alone) {
        ("Ref", true) => {
            if let Some(name) = argument.as_str() {
                return found(Reference { target: Target::Name(name), place });
            }
        }
        ("Fn::GetAtt", true) => {
            if let Some((id, attribute)) = get_att(argument) {
                found(Reference { target: Target::Attribute(id, attribute), place });
            }
        }
        ("Fn::Sub", true) => return sub_references(argument, found),
        ("Fn::If", true) => {
            if let Some(name) = argument.as_list().and_then(<[Node]>::first).and_then(Node::as_str) {
                found(Reference { target: Target::Condition(name), place });
            }
        }
        // A policy statement has a `Condition` too, but it is a map.
        ("Condition", true) => {
            if let Some(name) = argument.as_str() {
                found(Reference { target: Target::Condition(name), place });
            }
        }
        ("Fn::FindInMap", true) => {
            if let Some([mapping, top, second, ..]) = argument.as_list()
                && let Some(mapping) = mapping.as_str()
            {
                found(Reference { target: Target::Mapping(mapping, top.as_str(), second.as_str()), place });
            }
        }
        _ => {}
    }
    references(argument, found);
}

/// Logical id and attribute of `Fn::GetAtt`, which is a string or a list.
pub fn get_att(argument: &Node) -> Option<(&str, Option<&str>)> {
    match &argument.value {
        Value::String(text) => text.split_once('.').map(|(id, attribute)| (id, Some(attribute))),
        Value::List(items) => match items.as_slice() {
            [id, attribute] => Some((id.as_str()?, attribute.as_str())),
            _ => None,
        },
        _ => None,
    }
}

/// The string and the variables of `Fn::Sub`, which is a string or a list of both.
pub fn sub_arguments(argument: &Node) -> Option<(&str, Option<&Node>)> {
    match &argument.value {
        Value::String(text) => Some((text, None)),
        Value::List(items) => match items.as_slice() {
            [text, variables] => Some((text.as_str()?, Some(variables))),
            _ => None,
        },
        _ => None,
    }
}

fn sub_references<'a>(argument: &'a Node, found: &mut impl FnMut(Reference<'a>)) {
    let Some((text, variables)) = sub_arguments(argument) else { return references(argument, found) };
    for part in sub_parts(text) {
        let SubPart::Variable(name) = part else { continue };
        if variables.is_some_and(|variables| variables.get(name).is_some()) {
            continue;
        }
        let target = match name.split_once('.') {
            Some((id, attribute)) => Target::Attribute(id, Some(attribute)),
            None => Target::Name(name),
        };
        found(Reference { target, place: argument.place });
    }
    if let Some(variables) = variables {
        references(variables, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sub_splits_text_and_variables() {
        assert_eq!(
            sub_parts("a${B}c${D.E}"),
            [SubPart::Literal("a"), SubPart::Variable("B"), SubPart::Literal("c"), SubPart::Variable("D.E")]
        );
    }

    #[test]
    fn an_exclamation_mark_makes_a_literal() {
        assert_eq!(sub_parts("x${!Y}"), [SubPart::Literal("x"), SubPart::Literal("${"), SubPart::Literal("Y}")]);
    }

    #[test]
    fn an_unclosed_variable_is_literal() {
        assert_eq!(sub_parts("a${b"), [SubPart::Literal("a${b")]);
    }
}
