//! Stacks that somebody else has updated through CloudFormation: all that their resources are compared with is what the stacks
//! have now, so their templates and parameters are compared with what was applied.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Part;
use super::comparison::Comparison;
use super::made_again::token_prefix;
use super::stack::ReadStack;
use super::stated::{PARAMETERS, PROTECTION, RESOURCES, Stated, TAGS};
use crate::aws::Error;
use crate::aws::cloudformation::{CloudFormation, StackEvent};
use crate::cfn::template::Template;
use crate::drift::{Difference, Kind};
use crate::engine::cloudformation::apply::TOKEN;
use crate::engine::nearest_places;
use crate::plan::SourcePlace;
use crate::render::{Bundle, RenderedStack};

/// The most differences that are named where nobody can tell what they are.
const NAMED: usize = 4;
/// With these statuses a stack has what it was last given. A rollback goes back to that.
const TAKEN: [&str; 3] = ["CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"];

/// What the differences of one stack are.
#[derive(Debug, PartialEq)]
enum Verdict {
    /// There are none.
    Same,
    /// The spec has become another one since it was applied.
    Ahead,
    /// Somebody may have changed these since the last apply from here. Whether the spec is ahead as well.
    Changed(Vec<Difference>, bool),
    /// What was applied last is not known here.
    Unknown(Vec<Difference>),
}

impl Comparison<'_> {
    /// Tells what stacks have otherwise than they were given it. `applied` is what was applied last from here, if that is known.
    pub(super) async fn updated(
        &self,
        bundle: &Bundle,
        applied: Option<&Bundle>,
        read: &[(&RenderedStack, ReadStack)],
    ) -> Part {
        let mut part = Part::default();
        for (rendered, stack) in read {
            let address = rendered.address(self.hub, "").trim_end_matches('/').to_owned();
            let from_spec = Stated::of(bundle, rendered, read).map(|stated| stated.differences(stack));
            let since = applied.and_then(|applied| Stated::of(applied, rendered, read));
            let since = since.map(|stated| stated.differences(stack));
            match verdict(from_spec.unwrap_or_default(), since) {
                Verdict::Same => {}
                Verdict::Ahead => part.notes.push(ahead(rendered)),
                Verdict::Unknown(differences) => part.coverage.skip_part(
                    address,
                    format!(
                        "it has {} otherwise than the spec renders, and what was applied last is not known here: the spec may be \
                         ahead, or somebody has updated the stack; gwinfra plan shows what differs",
                        named(&differences)
                    ),
                ),
                Verdict::Changed(differences, is_ahead) => {
                    let session = self.session(&rendered.target);
                    match is_ours(session.cloudformation(), &stack.id).await {
                        // Protection comes and goes without an update.
                        Ok(is_ours) if !is_ours || differences.iter().all(is_protection) => {
                            if is_ahead {
                                part.notes.push(ahead(rendered));
                            }
                            let finding = |one| self.of_stack(rendered, Kind::Changed, self.places_of(rendered, &one), one);
                            part.findings.extend(differences.into_iter().map(finding));
                        }
                        Ok(_) => part.coverage.skip_part(
                            address,
                            format!(
                                "it has {} otherwise than was applied last from here, and a gwinfra has updated it since, from \
                                 elsewhere or without coming to an end: gwinfra plan shows what differs",
                                named(&differences)
                            ),
                        ),
                        Err(error) => part.coverage.skip_part(
                            address,
                            format!(
                                "it has {} otherwise than was applied last from here, and nobody can say who has updated it: {error}; \
                                 gwinfra plan shows what differs",
                                named(&differences)
                            ),
                        ),
                    }
                }
            }
        }
        part
    }

    /// Where the spec says what a stack has otherwise: a parameter has the place of the first property that takes it.
    fn places_of(&self, rendered: &RenderedStack, difference: &Difference) -> Vec<SourcePlace> {
        let place = |id: &str, path: &[String]| (self.places)(&rendered.key, id, path);
        let Ok(template) = Template::parse(rendered.template_path.as_str(), &rendered.template) else {
            return Vec::new();
        };
        let path: Vec<&str> = difference.path.iter().map(String::as_str).collect();
        let found = match path.as_slice() {
            [RESOURCES, id, "Properties", ..] => {
                let inner = &difference.path[3..];
                let property = inner.get(..1).unwrap_or_default();
                Some(nearest_places(self.places.as_ref(), &rendered.key, id, &[inner, property]))
            }
            [RESOURCES, id, ..] => Some(place(id, &[])),
            [TAGS, ..] => template.resources().find_map(|resource| {
                let path = [TAGS.to_owned()];
                Some(place(resource.logical_id, &path)).filter(|places| !places.is_empty())
            }),
            [PARAMETERS, name, ..] => template.resources().find_map(|resource| {
                let path = taker(&resource.properties()?.to_json(), name)?;
                Some(place(resource.logical_id, &path)).filter(|places| !places.is_empty())
            }),
            _ => None,
        };
        found.filter(|places| !places.is_empty()).unwrap_or_else(|| self.first_place(rendered))
    }
}

/// Whether a difference is of the protection against deletion, which no event tells of.
fn is_protection(difference: &Difference) -> bool {
    difference.path == [PROTECTION]
}

fn ahead(rendered: &RenderedStack) -> String {
    format!(
        "the spec renders another {} than what is deployed, and drift is told against what is deployed: gwinfra plan",
        rendered.name
    )
}

/// The first paths of some differences, in words.
fn named(differences: &[Difference]) -> String {
    let paths: BTreeSet<String> = differences.iter().map(|one| one.path.join(".")).collect();
    let more = paths.len().saturating_sub(NAMED);
    let named = paths.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{named} and {more} more") } else { named }
}

/// What is to be made of what a stack has otherwise than the spec renders, and otherwise than it was applied last from here.
/// What the spec renders is as it should be, whoever has put it there.
fn verdict(from_spec: Vec<Difference>, since: Option<Vec<Difference>>) -> Verdict {
    if from_spec.is_empty() {
        return Verdict::Same;
    }
    let Some(since) = since else { return Verdict::Unknown(from_spec) };
    let meets =
        |one: &Difference, other: &Difference| one.path.starts_with(&other.path) || other.path.starts_with(&one.path);
    let is_ahead = from_spec.iter().any(|one| !since.iter().any(|other| meets(one, other)));
    let changed: Vec<Difference> =
        since.into_iter().filter(|one| from_spec.iter().any(|other| meets(one, other))).collect();
    if changed.is_empty() { Verdict::Ahead } else { Verdict::Changed(changed, is_ahead) }
}

/// Whether gwinfra has given a stack what it has, as its token tells. What only brings a resource back gives it nothing.
async fn is_ours(client: &CloudFormation, id: &str) -> Result<bool, Error> {
    let mut token = None;
    let reverting = token_prefix();
    let gives = |event: &StackEvent| event.token.as_ref().is_none_or(|token| !token.starts_with(&reverting));
    let is_it = |event: &StackEvent| {
        event.is_of_stack(id) && event.is_plain() && TAKEN.contains(&event.status.as_str()) && gives(event)
    };
    // The newest come first.
    client
        .events(id, |event| {
            let is_it = token.is_none() && is_it(event);
            if is_it {
                token = Some(event.token.clone().unwrap_or_default());
            }
            is_it
        })
        .await?;
    Ok(token.is_some_and(|token| token.starts_with(TOKEN)))
}

/// The path of the first property that takes a parameter.
fn taker(value: &Value, name: &str) -> Option<Vec<String>> {
    let below = |key: String, inner: &Value| {
        let path = taker(inner, name)?;
        Some(std::iter::once(key).chain(path).collect())
    };
    match value {
        Value::Object(members) => members.iter().find_map(|(key, inner)| {
            let text = inner.as_str().or_else(|| inner.get(0)?.as_str()).unwrap_or_default();
            let takes = match key.as_str() {
                "Ref" => text == name,
                "Fn::Sub" => text.contains(&format!("${{{name}}}")),
                _ => false,
            };
            if takes { Some(Vec::new()) } else { below(key.clone(), inner) }
        }),
        Value::Array(items) => items.iter().enumerate().find_map(|(at, inner)| below(at.to_string(), inner)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(path: &str) -> Difference {
        let path = path.split('.').map(ToOwned::to_owned).collect();
        Difference { path, expected: Some(json!("a")), actual: Some(json!("b")) }
    }

    #[test]
    fn what_the_spec_renders_is_as_it_should_be() {
        assert_eq!(verdict(Vec::new(), Some(vec![at("Parameters.Image")])), Verdict::Same);
    }

    #[test]
    fn a_spec_that_nobody_has_applied_is_ahead() {
        assert_eq!(verdict(vec![at("Resources.Logs")], Some(Vec::new())), Verdict::Ahead);
    }

    #[test]
    fn what_is_neither_rendered_nor_applied_was_changed() {
        let image = "Parameters.Image";
        let changed = |is_ahead| Verdict::Changed(vec![at(image)], is_ahead);
        assert_eq!(verdict(vec![at(image)], Some(vec![at(image)])), changed(false));
        assert_eq!(verdict(vec![at(image), at("Resources.Logs")], Some(vec![at(image)])), changed(true));
    }

    #[test]
    fn what_was_changed_below_something_that_the_spec_no_longer_has_was_changed_all_the_same() {
        let inner = at("Resources.Logs.Properties.RetentionInDays");
        let found = verdict(vec![at("Resources.Logs")], Some(vec![inner.clone()]));
        assert_eq!(found, Verdict::Changed(vec![inner], false));
    }

    #[test]
    fn without_a_record_nobody_can_tell() {
        assert_eq!(verdict(vec![at("Parameters.Image")], None), Verdict::Unknown(vec![at("Parameters.Image")]));
    }

    #[test]
    fn a_parameter_is_at_the_first_property_that_takes_it() {
        let properties =
            json!({"Name": "a", "Containers": [{"Image": {"Ref": "Image"}, "Url": {"Fn::Sub": "https://${Host}/"}}]});
        assert_eq!(taker(&properties, "Image").unwrap(), ["Containers", "0", "Image"]);
        assert_eq!(taker(&properties, "Host").unwrap(), ["Containers", "0", "Url"]);
        assert_eq!(taker(&properties, "Other"), None);
    }
}
