//! The sizes that CloudFormation accepts (CloudFormation User Guide, "Understand CloudFormation quotas").

use super::walk;
use crate::cfn::codes;
use crate::cfn::template::{Node, Place, Template};
use crate::diagnostics::{Diagnostic, Position};

/// The largest body that a request carries itself, in bytes.
pub const INLINE_BODY_BYTES: usize = 51_200;
/// The largest body that is read from S3, in bytes.
pub const S3_BODY_BYTES: usize = 1_048_576;
/// The most resources of a template.
pub const RESOURCES: usize = 500;
/// The most parameters of a template.
pub const PARAMETERS: usize = 200;
/// The most outputs of a template.
pub const OUTPUTS: usize = 200;
/// The most mappings of a template.
pub const MAPPINGS: usize = 200;
/// The most attributes of a mapping.
pub const MAPPING_ATTRIBUTES: usize = 200;
/// The longest description, in bytes.
pub const DESCRIPTION_BYTES: usize = 1_024;
/// The longest value of a parameter, in bytes.
pub const PARAMETER_VALUE_BYTES: usize = 4_096;
/// The most `{{resolve:...}}` of a template.
pub const DYNAMIC_REFERENCES: usize = 60;
/// The most conditions that `Fn::And` and `Fn::Or` take.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html>
pub const COMBINED_CONDITIONS: usize = 10;

/// Findings about a template that is too big somewhere.
pub fn check(template: &Template, body_bytes: usize) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let mut over = |code, place: Place, count: usize, limit: usize, what: &str, help: &str| {
        if count > limit {
            findings.push(
                Diagnostic::error(code, format!("{count} {what}, and CloudFormation takes {limit}"))
                    .with_span(Some(template.span(place)))
                    .with_help(help),
            );
        }
    };
    let start = Position { line: 1, column: 1 };
    let whole = Place { start, end: start };
    over(
        codes::BODY_SIZE,
        whole,
        template.bytes(),
        body_bytes,
        "bytes of template",
        "split the template, or shorten what it embeds",
    );
    let sections = [("Resources", RESOURCES), ("Parameters", PARAMETERS), ("Outputs", OUTPUTS), ("Mappings", MAPPINGS)];
    for (name, limit) in sections {
        if let Some(member) = template.root().as_map().and_then(|sections| sections.get(name)) {
            let count = member.node.as_map().map_or(0, |map| map.len());
            over(codes::COUNT, member.key, count, limit, &name.to_lowercase(), "split the template");
        }
    }
    for (name, member) in template.mappings() {
        let attributes = member.node.as_map().map_or(0, |map| map.len());
        let what = format!("attributes in the mapping {name}");
        over(codes::COUNT, member.key, attributes, MAPPING_ATTRIBUTES, &what, "split the mapping");
    }
    if let Some(node) = template.root().get("Description") {
        let bytes = node.as_str().map_or(0, str::len);
        over(codes::TEXT_SIZE, node.place, bytes, DESCRIPTION_BYTES, "bytes of description", "shorten the description");
    }
    for parameter in template.parameters() {
        let bytes = parameter.default().map_or(0, |value| value.len());
        let what = format!("bytes in the default of {}", parameter.name);
        over(codes::TEXT_SIZE, parameter.key, bytes, PARAMETER_VALUE_BYTES, &what, "keep the value in SSM or S3");
    }
    let (count, last) = dynamic_references(template);
    if let Some(node) = last {
        let help = "let ECS and the like read the secret themselves";
        over(codes::DYNAMIC_REFERENCES, node.place, count, DYNAMIC_REFERENCES, "dynamic references", help);
    }
    findings
}

/// How many `{{resolve:...}}` there are, and the value with the last one.
fn dynamic_references(template: &Template) -> (usize, Option<&Node>) {
    let (mut count, mut last) = (0, None);
    walk(template.root(), &mut |node| {
        let own = node.as_str().map_or(0, |text| text.matches("{{resolve:").count());
        if own > 0 {
            count += own;
            last = Some(node);
        }
    });
    (count, last)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    fn codes_of(text: &str) -> Vec<&'static str> {
        check(&Template::parse("t", text).unwrap(), INLINE_BODY_BYTES).iter().map(|finding| finding.code).collect()
    }

    fn resources(count: usize) -> String {
        (0..count).fold("Resources:\n".to_owned(), |mut text, at| {
            writeln!(text, "  R{at}: {{Type: T}}").unwrap();
            text
        })
    }

    #[test]
    fn five_hundred_resources_fit() {
        assert!(codes_of(&resources(500)).is_empty());
        assert_eq!(codes_of(&resources(501)), [codes::COUNT]);
    }

    #[test]
    fn the_body_is_counted_in_bytes() {
        let text = format!("{}# {}\n", resources(1), "é".repeat(25_600));
        assert_eq!(codes_of(&text), [codes::BODY_SIZE]);
    }

    #[test]
    fn the_description_is_counted_in_bytes() {
        assert_eq!(codes_of(&format!("Description: {}\n{}", "é".repeat(513), resources(1))), [codes::TEXT_SIZE]);
    }

    #[test]
    fn sixty_dynamic_references_fit() {
        let text = |count| format!("Metadata: '{}'\n{}", "{{resolve:ssm:x}}".repeat(count), resources(1));
        assert!(codes_of(&text(60)).is_empty());
        assert_eq!(codes_of(&text(61)), [codes::DYNAMIC_REFERENCES]);
    }
}
