//! The shape of intrinsic functions: names and numbers of arguments.

use super::limits::COMBINED_CONDITIONS;
use super::suggestion::did_you_mean;
use crate::cfn::codes;
use crate::cfn::template::{Node, Template, Value};
use crate::diagnostics::Diagnostic;

/// What a function takes.
enum Arguments {
    /// One value of any kind.
    Any,
    /// A string, or a function that gives one.
    Text,
    /// A list of so many.
    List(std::ops::RangeInclusive<usize>),
    /// A string, or a list of so many.
    TextOrList(std::ops::RangeInclusive<usize>),
}

const FUNCTIONS: &[(&str, Arguments)] = &[
    ("Ref", Arguments::Text),
    ("Fn::Sub", Arguments::TextOrList(2..=2)),
    ("Fn::GetAtt", Arguments::TextOrList(2..=2)),
    ("Fn::If", Arguments::List(3..=3)),
    ("Fn::Select", Arguments::List(2..=2)),
    ("Fn::Join", Arguments::List(2..=2)),
    ("Fn::Split", Arguments::List(2..=2)),
    ("Fn::FindInMap", Arguments::List(3..=4)),
    ("Fn::Cidr", Arguments::List(2..=3)),
    ("Fn::GetAZs", Arguments::Text),
    ("Fn::Base64", Arguments::Any),
    ("Fn::ImportValue", Arguments::Any),
    ("Fn::Equals", Arguments::List(2..=2)),
    ("Fn::And", Arguments::List(2..=COMBINED_CONDITIONS)),
    ("Fn::Or", Arguments::List(2..=COMBINED_CONDITIONS)),
    ("Fn::Not", Arguments::List(1..=1)),
    ("Fn::Transform", Arguments::Any),
    ("Fn::ToJsonString", Arguments::Any),
    ("Fn::Length", Arguments::Any),
    ("Fn::Contains", Arguments::List(2..=2)),
    ("Fn::EachMemberEquals", Arguments::List(2..=2)),
    ("Fn::EachMemberIn", Arguments::List(2..=2)),
    ("Fn::RefAll", Arguments::Any),
    ("Fn::ValueOf", Arguments::List(2..=2)),
    ("Fn::ValueOfAll", Arguments::List(2..=2)),
];

/// Appends findings about one node, if it is a function with a wrong shape.
pub(super) fn check(template: &Template, node: &Node, findings: &mut Vec<Diagnostic>) {
    let Some((name, argument)) = node.as_intrinsic() else { return };
    let found =
        |message: String| Diagnostic::error(codes::FUNCTION, message).with_span(Some(template.span(argument.place)));
    let Some((_, arguments)) = FUNCTIONS.iter().find(|(known, _)| *known == name) else {
        let mut finding = found(format!("`{name}` is no intrinsic function"));
        finding.help = did_you_mean(name, FUNCTIONS.iter().map(|(known, _)| *known));
        return findings.push(finding);
    };
    let computed = argument.as_intrinsic().is_some();
    let length = argument.as_list().map(<[Node]>::len);
    let right = match arguments {
        Arguments::Any => true,
        Arguments::Text => argument.as_str().is_some() || computed,
        Arguments::List(range) => length.is_some_and(|length| range.contains(&length)),
        Arguments::TextOrList(range) => {
            argument.as_str().is_some() || length.is_some_and(|length| range.contains(&length))
        }
    };
    if !right {
        return findings.push(found(format!("`{name}` takes {}", describe(arguments))));
    }
    if let ("Fn::Join" | "Fn::Select", Some([_, second])) = (name, argument.as_list())
        && matches!(second.value, Value::String(_) | Value::Bool(_) | Value::Integer(_) | Value::Float(_))
    {
        findings.push(found(format!("the second argument of `{name}` is a list, and this is {}", second.kind())));
    }
}

fn describe(arguments: &Arguments) -> String {
    let list = |range: &std::ops::RangeInclusive<usize>| match (range.start(), range.end()) {
        (1, 1) => "a list of 1 value".to_owned(),
        (start, end) if start == end => format!("a list of {start} values"),
        (start, end) => format!("a list of {start} to {end} values"),
    };
    match arguments {
        Arguments::Any => "a value".to_owned(),
        Arguments::Text => "a string".to_owned(),
        Arguments::List(range) => list(range),
        Arguments::TextOrList(range) => format!("a string or {}", list(range)),
    }
}
