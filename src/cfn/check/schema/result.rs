//! Intrinsic functions where a value stands: what they give, as far as that is known.

use serde_json::Value as Json;

use super::{Validator, article, types};
use crate::cfn::codes;
use crate::cfn::intrinsic::get_att;
use crate::cfn::template::Node;

/// The kind of value that a function gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gives {
    /// A string or number; CloudFormation turns one into the other.
    Scalar,
    List,
    Unknown,
}

impl<'a> Validator<'a, '_> {
    pub(super) fn function(&mut self, name: &str, argument: &'a Node, node: &'a Node, schema: &'a Json) {
        let gives = match name {
            "Fn::If" => {
                if let Some([_, yes, no]) = argument.as_list() {
                    self.value(yes, schema);
                    self.value(no, schema);
                }
                return;
            }
            "Ref" => self.reference(argument),
            "Fn::GetAtt" => self.attribute(argument),
            "Fn::Join" | "Fn::Sub" | "Fn::Base64" | "Fn::ImportValue" | "Fn::ToJsonString" | "Fn::Length" => {
                Gives::Scalar
            }
            "Fn::Split" | "Fn::GetAZs" | "Fn::Cidr" => Gives::List,
            "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not" => {
                let message = format!("`{name}` stands in conditions only");
                return self.error(codes::FUNCTION, node.place, message);
            }
            _ => Gives::Unknown,
        };
        let takes = |wanted: &[&str]| types(schema).any(|name| wanted.contains(&name));
        let fits = match gives {
            Gives::Unknown => true,
            Gives::Scalar => takes(&["string", "integer", "number", "boolean"]),
            Gives::List => takes(&["array"]),
        };
        if fits || types(schema).next().is_none() {
            return;
        }
        let given = if gives == Gives::List { "a list" } else { "a string" };
        let expected = types(schema).map(article).collect::<Vec<_>>().join(" or ");
        let message = format!("`{}` is {expected}, and `{name}` gives {given} here", self.last_name());
        self.error(codes::WRONG_TYPE, node.place, message);
    }

    fn reference(&self, argument: &Node) -> Gives {
        match argument.as_str() {
            // Both: it leaves the property out.
            Some("AWS::NoValue") | None => Gives::Unknown,
            Some("AWS::NotificationARNs") => Gives::List,
            Some(name) => match self.template.parameter(name) {
                Some(parameter) if parameter.is_list() => Gives::List,
                _ => Gives::Scalar,
            },
        }
    }

    fn attribute(&self, argument: &Node) -> Gives {
        let schema = get_att(argument).and_then(|(id, attribute)| {
            let schema = self.registry.get(self.template.resource(id)?.resource_type())?;
            schema.property_schema(&attribute?.split('.').collect::<Vec<_>>())
        });
        match schema.and_then(|schema| schema.get("type")).and_then(Json::as_str) {
            Some("array") => Gives::List,
            Some("string" | "integer" | "number" | "boolean") => Gives::Scalar,
            _ => Gives::Unknown,
        }
    }
}
