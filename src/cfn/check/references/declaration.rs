//! Names and types of what a template declares.

use crate::cfn::codes;
use crate::cfn::template::{Node, Parameter, Place, Template};
use crate::diagnostics::Diagnostic;

/// Longest name of anything that is declared, in characters.
const NAME_LENGTH: usize = 255;

const PARAMETER_ATTRIBUTES: &[&str] = &[
    "Type",
    "Default",
    "Description",
    "NoEcho",
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
];

const OUTPUT_ATTRIBUTES: &[&str] = &["Value", "Description", "Export", "Condition"];

pub(super) fn check(template: &Template, findings: &mut Vec<Diagnostic>) {
    let mut error = |code, place: Place, message: String| {
        findings.push(Diagnostic::error(code, message).with_span(Some(template.span(place))));
    };
    for section in ["Parameters", "Resources", "Outputs", "Conditions", "Mappings"] {
        for (name, member) in template.section(section).into_iter().flatten() {
            let alphanumeric = !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric());
            // A mapping's name may have more, and CloudFormation says so by taking it.
            if section != "Mappings" && !alphanumeric {
                error(codes::NAME, member.key, format!("`{name}` must be letters and digits only"));
            } else if name.chars().count() > NAME_LENGTH {
                error(codes::NAME, member.key, format!("the name is longer than {NAME_LENGTH} characters"));
            }
        }
    }
    for parameter in template.parameters() {
        if template.resource(parameter.name).is_some() {
            error(codes::NAME, parameter.key, format!("`{}` is a resource too", parameter.name));
        }
        for (place, message) in parameter_faults(&parameter) {
            error(codes::DECLARATION, place, message);
        }
    }
    for output in template.outputs() {
        if output.value().is_none() {
            error(codes::DECLARATION, output.key, format!("the output `{}` has no Value", output.name));
        }
        for (name, member) in output.node.as_map().into_iter().flatten() {
            if !OUTPUT_ATTRIBUTES.contains(&name.as_str()) {
                error(codes::DECLARATION, member.key, format!("an output has no `{name}`"));
            }
        }
    }
}

fn parameter_faults(parameter: &Parameter<'_>) -> Vec<(Place, String)> {
    let mut faults = Vec::new();
    let own = parameter.parameter_type();
    if own.is_empty() {
        faults.push((parameter.key, format!("the parameter `{}` has no Type", parameter.name)));
    } else if !is_parameter_type(own) {
        let place = parameter.node.get("Type").map_or(parameter.key, |node| node.place);
        faults.push((place, format!("`{own}` is no type of parameter")));
    }
    for (name, member) in parameter.node.as_map().into_iter().flatten() {
        if !PARAMETER_ATTRIBUTES.contains(&name.as_str()) {
            faults.push((member.key, format!("a parameter has no `{name}`")));
        }
    }
    let allowed = parameter.node.get("AllowedValues").and_then(Node::as_list);
    if let (Some(default), Some(allowed), false) = (parameter.default(), allowed, parameter.is_list())
        && !allowed.iter().any(|value| value.as_scalar_text().as_ref() == Some(&default))
    {
        let place = parameter.node.get("Default").map_or(parameter.key, |node| node.place);
        faults.push((place, format!("the default `{default}` is not among AllowedValues")));
    }
    faults
}

/// `String`, `Number`, lists, identifiers that AWS checks, and SSM parameters of those.
fn is_parameter_type(text: &str) -> bool {
    if let Some(inner) = text.strip_prefix("AWS::SSM::Parameter::Value<").and_then(|rest| rest.strip_suffix('>')) {
        return inner != "Number" && is_parameter_type(inner);
    }
    if let Some(inner) = text.strip_prefix("List<").and_then(|rest| rest.strip_suffix('>')) {
        return inner == "Number" || inner == "String" || is_aws_specific(inner);
    }
    matches!(text, "String" | "Number" | "CommaDelimitedList" | "AWS::SSM::Parameter::Name") || is_aws_specific(text)
}

fn is_aws_specific(text: &str) -> bool {
    const TYPES: &[&str] = &[
        "AWS::EC2::AvailabilityZone::Name",
        "AWS::EC2::Image::Id",
        "AWS::EC2::Instance::Id",
        "AWS::EC2::KeyPair::KeyName",
        "AWS::EC2::SecurityGroup::GroupName",
        "AWS::EC2::SecurityGroup::Id",
        "AWS::EC2::Subnet::Id",
        "AWS::EC2::VPC::Id",
        "AWS::EC2::Volume::Id",
        "AWS::Route53::HostedZone::Id",
    ];
    TYPES.contains(&text)
}
