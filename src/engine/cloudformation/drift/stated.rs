//! What a bundle states of a stack, template and parameters, against what CloudFormation says that the stack has.

use serde_json::Value;

use super::reading::{HIDDEN, is_text_of};
use super::stack::ReadStack;
use crate::cfn::evaluate::{is_function, text_of};
use crate::cfn::template::Template;
use crate::drift::{Difference, with_hidden_secrets};
use crate::engine::cloudformation::known::Known;
use crate::image::Reference;
use crate::render::{Bundle, Lookup, ParameterValue, RenderedStack};

/// The sections of a template, as the first part of a path.
pub(super) const PARAMETERS: &str = "Parameters";
pub(super) const RESOURCES: &str = "Resources";
/// What a stack has beside its template, as the first part of a path.
pub(super) const TAGS: &str = "Tags";
pub(super) const PROTECTION: &str = "EnableTerminationProtection";

/// A stack of a bundle, with what is known of the bundle's other stacks.
pub(super) struct Stated<'a> {
    bundle: &'a Bundle,
    rendered: &'a RenderedStack,
    known: Known,
}

impl<'a> Stated<'a> {
    /// The stack of a bundle that is called like another one; `None` without one. `read` are the stacks that are deployed.
    pub fn of(bundle: &'a Bundle, like: &RenderedStack, read: &[(&RenderedStack, ReadStack)]) -> Option<Self> {
        let is_it = |stack: &&RenderedStack| {
            stack.name == like.name
                && stack.target.account == like.target.account
                && stack.target.region == like.target.region
        };
        let rendered = bundle.stacks.iter().find(is_it)?;
        let known = Known::default();
        {
            let mut facts = known.facts();
            facts.outputs.extend(read.iter().map(|(rendered, stack)| (rendered.key.clone(), stack.outputs.clone())));
            // Other lookups are AWS's to answer, and their answers may have become others since.
            facts.lookups.extend(bundle.lookups.iter().filter_map(|(name, lookup)| match lookup {
                Lookup::Value(value) | Lookup::Vpc { id: value, .. } => Some((name.clone(), value.clone())),
                Lookup::HostedZone { .. } | Lookup::AvailabilityZones { .. } => None,
            }));
        }
        Some(Self { bundle, rendered, known })
    }

    /// What a stack has otherwise than it is stated.
    pub fn differences(&self, stack: &ReadStack) -> Vec<Difference> {
        let mut found = Vec::new();
        let Ok(template) = Template::parse(self.rendered.template_path.as_str(), &self.rendered.template) else {
            return found;
        };
        for (name, actual) in &stack.values {
            if let Some(expected) = self.expected(&template, name, actual) {
                let path = vec![PARAMETERS.to_owned(), name.clone()];
                found.push(Difference { path, expected: Some(expected.into()), actual: Some(actual.as_str().into()) });
            }
        }
        // Tags that others add are theirs.
        for (key, wanted) in self.rendered.tags.iter().filter(|(key, wanted)| stack.tags.get(*key) != Some(*wanted)) {
            let actual = stack.tags.get(key).map(|value| value.as_str().into());
            let path = vec![TAGS.to_owned(), key.clone()];
            found.push(Difference { path, expected: Some(wanted.as_str().into()), actual });
        }
        if stack.is_protected != self.rendered.termination_protection {
            let (expected, actual) = (self.rendered.termination_protection.into(), stack.is_protected.into());
            let path = vec![PROTECTION.to_owned()];
            found.push(Difference { path, expected: Some(expected), actual: Some(actual) });
        }
        found.extend(between(&template.to_json(), &stack.template.to_json()));
        found
    }

    /// What a parameter of the stack should have, where that is known, may be shown, and is something else.
    fn expected(&self, template: &Template, name: &str, actual: &str) -> Option<String> {
        let declared = template.parameter(name).filter(|parameter| !parameter.no_echo() && actual != HIDDEN)?;
        let expected = match self.rendered.parameters.get(name) {
            // An apply takes the digest that the tag has then.
            Some(ParameterValue::Image(image)) => {
                let wanted = self.bundle.images.get(image)?;
                return (!is_image_of(actual, wanted)).then(|| wanted.clone());
            }
            Some(value) => self.known.value(value)?,
            None => declared.default()?,
        };
        (!is_text_of(actual, &expected)).then_some(expected)
    }
}

/// Whether an image is the wanted one: by its digest or tag where both say which, and by its repository.
fn is_image_of(actual: &str, wanted: &str) -> bool {
    let (Ok(there), Ok(wanted)) = (actual.parse::<Reference>(), wanted.parse::<Reference>()) else {
        return actual == wanted;
    };
    let is_same = match (&there.digest, &wanted.digest) {
        (there, Some(wanted)) => there.as_ref() == Some(wanted),
        (Some(_), None) => true,
        (None, None) => there.wanted() == wanted.wanted(),
    };
    there.name() == wanted.name() && is_same
}

/// The differences of two templates, in which nobody reads a secret that somebody wrote down in one.
fn between(stated: &Value, there: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    walk(&mut Vec::new(), Some(stated), Some(there), &mut found);
    for difference in &mut found {
        difference.expected = difference.expected.take().map(|value| hidden(value, stated, &difference.path));
        difference.actual = difference.actual.take().map(|value| hidden(value, there, &difference.path));
    }
    found
}

/// A value of a template without secrets, of which the members around it may tell.
fn hidden(value: Value, template: &Value, path: &[String]) -> Value {
    let Some((last, above)) = path.split_last() else { return value };
    let inner = |value: &'_ Value, part: &String| match value {
        Value::Array(items) => part.parse::<usize>().ok().and_then(|at| items.get(at)).cloned(),
        other => other.get(part).cloned(),
    };
    let around = above.iter().try_fold(template.clone(), |value, part| inner(&value, part));
    match around {
        // As it stands among the members around it.
        Some(around) if around.is_object() => with_hidden_secrets(&around).get(last).cloned().unwrap_or(value),
        _ => with_hidden_secrets(&value),
    }
}

/// Compares two values of templates. What only one side has is one difference, whatever is in it.
fn walk(path: &mut Vec<String>, expected: Option<&Value>, actual: Option<&Value>, found: &mut Vec<Difference>) {
    let mut below = |name: &str, expected: Option<&Value>, actual: Option<&Value>| {
        path.push(name.to_owned());
        walk(path, expected, actual, found);
        path.pop();
    };
    match (expected, actual) {
        (Some(Value::Object(one)), Some(Value::Object(other)))
            if !expected.is_some_and(is_function) && !actual.is_some_and(is_function) =>
        {
            let more = other.keys().filter(|name| !one.contains_key(*name));
            one.keys().chain(more).for_each(|name| below(name, one.get(name), other.get(name)));
        }
        (Some(Value::Array(one)), Some(Value::Array(other))) if one.len() == other.len() => {
            let pairs = one.iter().zip(other).enumerate();
            pairs.for_each(|(at, (one, other))| below(&at.to_string(), Some(one), Some(other)));
        }
        (Some(one), Some(other)) if is_same(one, other) => {}
        (None, None) => {}
        _ => found.push(Difference { path: path.clone(), expected: expected.cloned(), actual: actual.cloned() }),
    }
}

/// Whether two values say the same: a number does as its text, and CloudFormation gives question marks back.
fn is_same(stated: &Value, there: &Value) -> bool {
    if stated == there {
        return true;
    }
    match (stated, there) {
        // The arguments of functions.
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|own| is_same(value, own)))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        _ => match (text_of(stated), text_of(there)) {
            (Some(stated), Some(there)) => is_text_of(&there, &stated),
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn between(stated: &str, there: &str) -> Vec<(String, Option<Value>, Option<Value>)> {
        let json = |text: &str| Template::parse("template.yaml", text).unwrap().to_json();
        super::between(&json(stated), &json(there))
            .into_iter()
            .map(|one| (one.path.join("."), one.expected, one.actual))
            .collect()
    }

    const GROUP: &str = "Resources:\n  Group:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      GroupDescription: für alle\n      VpcId: !Ref Vpc\n";

    #[test]
    fn the_same_template_in_other_words_is_no_difference() {
        let there = r#"{"Resources": {"Group": {"Properties": {"VpcId": {"Ref": "Vpc"}, "GroupDescription": "f?r alle"},
            "Type": "AWS::EC2::SecurityGroup"}}}"#;
        assert_eq!(between(GROUP, there), []);
    }

    #[test]
    fn a_property_that_somebody_added_is_found_by_its_path() {
        let there = format!("{GROUP}      SecurityGroupIngress: [{{IpProtocol: tcp}}]\n");
        let path = "Resources.Group.Properties.SecurityGroupIngress".to_owned();
        assert_eq!(between(GROUP, &there), [(path, None, Some(json!([{"IpProtocol": "tcp"}])))]);
    }

    #[test]
    fn a_secret_that_somebody_wrote_into_a_template_is_told_of_without_its_value() {
        let task = |environment: &str| {
            format!(
                "Resources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      Environment: {environment}\n"
            )
        };
        let added = task("[{Name: LOG_LEVEL, Value: info}, {Name: API_KEY, Value: sk-1}]");
        let found = between(&task("[{Name: LOG_LEVEL, Value: info}]"), &added);
        let shown = json!([{"Name": "LOG_LEVEL", "Value": "info"}, {"Name": "API_KEY", "Value": "****"}]);
        assert_eq!(found[0].2, Some(shown));
        let changed = between(&added, &added.replace("sk-1", "sk-2"));
        let value = "Resources.Task.Properties.Environment.1.Value".to_owned();
        assert_eq!(changed, [(value, Some(json!("****")), Some(json!("****")))]);
        let reference = "{{resolve:secretsmanager:a}}";
        let referred = between(&added, &added.replace("sk-1", &format!("'{reference}'")));
        assert_eq!(referred[0].2, Some(json!(reference)));
    }

    #[test]
    fn a_resource_that_somebody_took_out_is_one_difference() {
        let whole = format!("{GROUP}  Logs:\n    Type: AWS::Logs::LogGroup\n");
        let logs = Some(json!({"Type": "AWS::Logs::LogGroup"}));
        assert_eq!(between(&whole, GROUP), [("Resources.Logs".to_owned(), logs, None)]);
    }

    #[test]
    fn a_reference_to_something_else_is_one_difference() {
        let found = between(GROUP, &GROUP.replace("!Ref Vpc", "!Ref Other"));
        let sides = (Some(json!({"Ref": "Vpc"})), Some(json!({"Ref": "Other"})));
        assert_eq!(found, [("Resources.Group.Properties.VpcId".to_owned(), sides.0, sides.1)]);
    }

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn an_image_is_the_wanted_one_by_the_digest_that_its_tag_had() {
        let wanted = "registry.example.com/litellm:1.2";
        assert!(is_image_of(&format!("registry.example.com/litellm@{DIGEST}"), wanted));
        assert!(!is_image_of(&format!("evil.example.com/litellm@{DIGEST}"), wanted));
    }

    #[test]
    fn an_image_without_a_digest_is_another_one_by_its_tag() {
        assert!(is_image_of("registry.example.com/litellm:1.2", "registry.example.com/litellm:1.2"));
        assert!(!is_image_of("registry.example.com/litellm:1.3", "registry.example.com/litellm:1.2"));
    }

    #[test]
    fn an_image_that_is_wanted_by_digest_is_no_other_one() {
        let wanted = format!("registry.example.com/litellm@{DIGEST}");
        assert!(is_image_of(&wanted, &wanted));
        assert!(!is_image_of(&wanted.replace("0123", "3210"), &wanted));
        assert!(!is_image_of("registry.example.com/litellm:1.2", &wanted));
    }
}
