//! The intrinsic functions.

use serde_json::{Map, Value as Json, json};

use super::{Evaluator, is_function, is_known, text_of};
use crate::cfn::intrinsic::{SubPart, get_att, sub_arguments, sub_parts};
use crate::cfn::template::Node;

impl Evaluator<'_> {
    /// The value of a function. `None` when it is `AWS::NoValue`.
    pub(super) fn function(&self, name: &str, argument: &Node) -> Option<Json> {
        let unresolved = || json!({ name: self.value(argument).unwrap_or(Json::Null) });
        match name {
            "Ref" => match argument.as_str() {
                Some("AWS::NoValue") => None,
                Some(target) => Some(self.reference(target).unwrap_or_else(|| json!({ "Ref": target }))),
                None => Some(unresolved()),
            },
            "Fn::If" => self.choose(argument),
            "Fn::GetAtt" => Some(self.attribute(argument)),
            "Fn::Sub" => Some(self.substitute(argument)),
            "Fn::Join" => Some(self.join(argument).unwrap_or_else(unresolved)),
            "Fn::Select" => Some(self.select(argument).unwrap_or_else(unresolved)),
            "Fn::Split" => Some(self.split(argument).unwrap_or_else(unresolved)),
            "Fn::FindInMap" => Some(self.find(argument).unwrap_or_else(unresolved)),
            "Fn::ImportValue" => {
                let name = self.value(argument).and_then(|name| text_of(&name));
                Some(name.and_then(|name| self.lookup.export(&name)).unwrap_or_else(unresolved))
            }
            "Fn::GetAZs" => {
                let region = self.value(argument).and_then(|region| text_of(&region));
                Some(region.and_then(|region| self.lookup.availability_zones(&region)).unwrap_or_else(unresolved))
            }
            "Fn::Length" => {
                let items = self.value(argument).filter(|items| !is_function(items));
                let length = items.as_ref().and_then(Json::as_array).map(Vec::len);
                Some(length.map_or_else(unresolved, |length| json!(length)))
            }
            "Fn::ToJsonString" => {
                let value = self.value(argument).filter(is_known);
                Some(value.map_or_else(unresolved, |value| Json::String(value.to_string())))
            }
            _ => Some(unresolved()),
        }
    }

    /// What `Ref` returns, if it is known.
    fn reference(&self, name: &str) -> Option<Json> {
        let Some(parameter) = self.template.parameter(name) else {
            return match self.template.resource(name) {
                Some(_) => self.lookup.reference(name),
                None => self.parameters.get(name).map(|value| Json::String(value.to_owned())),
            };
        };
        if parameter.no_echo() && !self.show_no_echo {
            return None;
        }
        let value = self.parameters.effective(&parameter)?;
        Some(if parameter.parameter_type().starts_with("AWS::SSM::Parameter::Value<") {
            // The value is the name; AWS reads what is behind it when it deploys.
            Json::String(format!("{{{{resolve:ssm:{value}}}}}"))
        } else if parameter.is_list() {
            // An empty string is an empty list.
            let items = value.split(',').map(|item| Json::String(item.trim().to_owned()));
            Json::Array(if value.is_empty() { Vec::new() } else { items.collect() })
        } else {
            Json::String(value)
        })
    }

    fn choose(&self, argument: &Node) -> Option<Json> {
        let no_value = || json!({ "Ref": "AWS::NoValue" });
        let Some([condition, yes, no]) = argument.as_list() else {
            return Some(json!({ "Fn::If": self.value(argument).unwrap_or(Json::Null) }));
        };
        let name = condition.as_str().unwrap_or_default();
        match self.condition(name) {
            Some(true) => self.value(yes),
            Some(false) => self.value(no),
            None => {
                let (yes, no) = (self.value(yes), self.value(no));
                if yes == no {
                    return yes;
                }
                Some(json!({ "Fn::If": [name, yes.unwrap_or_else(no_value), no.unwrap_or_else(no_value)] }))
            }
        }
    }

    fn attribute(&self, argument: &Node) -> Json {
        match get_att(argument) {
            Some((id, Some(attribute))) => {
                self.lookup.attribute(id, attribute).unwrap_or_else(|| json!({ "Fn::GetAtt": [id, attribute] }))
            }
            _ => json!({ "Fn::GetAtt": self.value(argument).unwrap_or(Json::Null) }),
        }
    }

    fn substitute(&self, argument: &Node) -> Json {
        let Some((text, variables)) = sub_arguments(argument) else {
            return json!({ "Fn::Sub": self.value(argument).unwrap_or(Json::Null) });
        };
        // The same text twice: as it reads, and as `Fn::Sub` would take it if something stays unknown.
        let (mut known, mut template) = (String::new(), String::new());
        let (mut complete, mut remaining) = (true, Map::new());
        for part in sub_parts(text) {
            match part {
                SubPart::Literal(literal) => {
                    known.push_str(literal);
                    template.push_str(if literal == "${" { "${!" } else { literal });
                }
                SubPart::Variable(name) => {
                    let own = variables.and_then(|variables| variables.get(name));
                    let value = own.map_or_else(|| self.variable(name), |node| self.value(node));
                    if let Some(text) = value.as_ref().and_then(text_of) {
                        known.push_str(&text);
                        template.push_str(&text.replace("${", "${!"));
                    } else {
                        complete = false;
                        template.push_str(&format!("${{{name}}}"));
                        if let (Some(_), Some(value)) = (own, value) {
                            remaining.insert(name.to_owned(), value);
                        }
                    }
                }
            }
        }
        match (complete, remaining.is_empty()) {
            (true, _) => Json::String(known),
            (false, true) => json!({ "Fn::Sub": template }),
            (false, false) => json!({ "Fn::Sub": [template, remaining] }),
        }
    }

    fn variable(&self, name: &str) -> Option<Json> {
        match name.split_once('.') {
            Some((id, attribute)) => self.lookup.attribute(id, attribute),
            None => self.reference(name),
        }
    }

    fn join(&self, argument: &Node) -> Option<Json> {
        let [delimiter, items] = argument.as_list()? else { return None };
        let items = self.value(items)?;
        let texts: Vec<String> = items.as_array()?.iter().map(text_of).collect::<Option<_>>()?;
        Some(Json::String(texts.join(delimiter.as_str()?)))
    }

    fn select(&self, argument: &Node) -> Option<Json> {
        let [index, items] = argument.as_list()? else { return None };
        let index: usize = text_of(&self.value(index)?)?.parse().ok()?;
        self.value(items)?.as_array()?.get(index).cloned()
    }

    fn split(&self, argument: &Node) -> Option<Json> {
        let [delimiter, text] = argument.as_list()? else { return None };
        let (delimiter, text) = (delimiter.as_str().filter(|text| !text.is_empty())?, text_of(&self.value(text)?)?);
        Some(text.split(delimiter).map(|part| Json::String(part.to_owned())).collect())
    }

    fn find(&self, argument: &Node) -> Option<Json> {
        let (mapping, top, second, rest) = match argument.as_list()? {
            [mapping, top, second, rest @ ..] => (mapping, top, second, rest),
            _ => return None,
        };
        let key = |node: &Node| self.value(node).and_then(|value| text_of(&value));
        let (mapping, top, second) = (key(mapping)?, key(top)?, key(second)?);
        let row = self.template.section("Mappings").and_then(|mappings| mappings.get(&mapping)).map(|row| &row.node);
        let found = row.and_then(|row| row.get(&top)).and_then(|row| row.get(&second));
        found.map(Node::to_json).or_else(|| self.value(rest.first()?.get("DefaultValue")?))
    }
}
