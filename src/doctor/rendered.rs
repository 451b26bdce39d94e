//! Resources as the templates have them.

use serde_json::Value;

use super::subject::Subject;
use crate::cfn::template::Template;
use crate::plan::SourcePlace;

/// A resource of a template.
pub(super) struct Rendered {
    /// Region that it is made in.
    pub region: String,
    /// Key of its stack.
    pub stack: String,
    /// Logical id.
    pub id: String,
    properties: Value,
}

impl Rendered {
    /// A property that is a text, or a number as text.
    pub fn text(&self, property: &str) -> Option<String> {
        match self.properties.get(property)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// Where in the spec a property comes from.
    pub fn place(&self, subject: &Subject<'_>, property: &str) -> Vec<SourcePlace> {
        let mut places = (subject.places)(&self.stack, &self.id, &[property.to_owned()]);
        places.truncate(1);
        places
    }
}

/// The resources of a type.
pub(super) fn resources(subject: &Subject<'_>, type_name: &str) -> Vec<Rendered> {
    let mut found = Vec::new();
    for stack in &subject.bundle.stacks {
        // Most templates have none, and need not be read for that.
        if !stack.template.contains(type_name) {
            continue;
        }
        let Ok(template) = Template::parse(stack.template_path.as_str(), &stack.template) else { continue };
        let of_type = template.resources().filter(|resource| resource.resource_type() == type_name);
        found.extend(of_type.map(|resource| Rendered {
            region: stack.target.region.clone(),
            stack: stack.key.clone(),
            id: resource.logical_id.to_owned(),
            properties: resource.properties().map(|node| node.to_json()).unwrap_or_default(),
        }));
    }
    found
}
