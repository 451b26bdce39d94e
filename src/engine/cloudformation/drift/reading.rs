//! Reading one stack: what CloudFormation says of it, and what AWS gives back of its resources.

use std::collections::BTreeMap;

use futures::StreamExt;
use serde_json::json;

use super::comparison::Comparison;
use super::identifier::identifier;
use super::stack::{Read, ReadStack};
use super::{aliases, certificate, given, record, topic_policy, vpn, waf};
use crate::aws::cloudcontrol::{CloudControl, Resource};
use crate::aws::cloudformation::StackResource;
use crate::aws::{Error, Session};
use crate::cfn::template::Template;
use crate::drift::Reader;
use crate::engine::EngineError;
use crate::engine::cloudformation::plan::live::pseudo;
use crate::engine::cloudformation::plan::lock;
use crate::engine::cloudformation::status_table::{self, Verdict};
use crate::render::RenderedStack;

/// The most resources of one stack that are read at the same time. The Cloud Control API throttles by account.
pub(super) const AT_ONCE: usize = 8;
/// CloudFormation's value of a hidden parameter.
pub(super) const HIDDEN: &str = "****";

/// The identifier of a resource that the template does not tell, among those of its type: the one that has CloudFormation's
/// name as a part.
///
/// # Errors
/// What AWS says instead of a list.
async fn among(control: &CloudControl, type_name: &str, physical_id: &str) -> Result<Option<String>, Error> {
    let listed = control.list(type_name).await?;
    let has = |resource: &Resource| resource.identifier.split('|').any(|part| part == physical_id);
    Ok(listed.into_iter().find(has).map(|resource| resource.identifier))
}

/// Why a resource could not be read.
pub(super) fn unread(type_name: &str, error: &Error) -> Read {
    if error.is("UnsupportedActionException") || error.is("TypeNotFoundException") {
        return Read::Unread(format!("{type_name} has no reader"));
    }
    Read::Unread(error.to_string())
}

/// Whether a deployed text is this one. CloudFormation gives characters outside of ASCII back as question marks.
pub(super) fn is_text_of(deployed: &str, rendered: &str) -> bool {
    let masked = || rendered.chars().map(|character| if character.is_ascii() { character } else { '?' });
    deployed == rendered || (!rendered.is_ascii() && deployed.chars().eq(masked()))
}

/// Which stack is read, and what with.
pub(super) struct Wanted<'a> {
    /// The stack as it is rendered.
    pub rendered: &'a RenderedStack,
    /// What CloudFormation calls it.
    pub id: &'a str,
    /// Whether the rendered template counts, and not the one that the stack has.
    pub is_given: bool,
}

impl<'a> Wanted<'a> {
    /// A stack of the bundle, against what is deployed.
    pub fn deployed(rendered: &'a RenderedStack) -> Self {
        Self { rendered, id: &rendered.name, is_given: false }
    }
}

impl Comparison<'_> {
    /// Reads a stack and everything in it; `None` when it is not there.
    pub(super) async fn read_stack(&self, wanted: Wanted<'_>) -> Result<Option<ReadStack>, EngineError> {
        let Wanted { rendered, id, is_given } = wanted;
        let session = self.session(&rendered.target);
        let client = session.cloudformation();
        let (found, text, resources) = futures::join!(client.stack(id), client.template(id), client.resources(id));
        let Some(found) = found? else { return Ok(None) };
        let verdict = status_table::lookup(&found.status).apply;
        match verdict {
            // What is half way through a change differs from everything.
            Verdict::Locked => return Err(lock::locked(client, &found).await),
            Verdict::Absent | Verdict::DeleteFirst => return Ok(None),
            Verdict::Proceed | Verdict::Recover => {}
        }
        let Some(text) = text? else { return Ok(None) };
        let is_current = is_text_of(&text, &rendered.template);
        let text: &str = if is_current || is_given { &rendered.template } else { &text };
        let template = Template::parse(rendered.name.as_str(), text);
        let template = template.map_err(|error| EngineError::UnreadableTemplate {
            stack: rendered.name.clone(),
            reason: error.to_string(),
        })?;
        let known = found.parameters.iter().filter(|(_, value)| *value != HIDDEN);
        let parameters = known.fold(pseudo(rendered), |all, (name, value)| all.with(name, value));
        let parameters = parameters.with("AWS::StackId", &found.id);
        let resources: Vec<StackResource> = resources?
            .into_iter()
            .filter(|resource| {
                resource.status != "DELETE_COMPLETE" && template.resource(&resource.logical_id).is_some()
            })
            .collect();
        let mut stack = ReadStack {
            id: found.id,
            is_current,
            is_given,
            stuck: (verdict == Verdict::Recover).then(|| found.status.clone()),
            template,
            parameters,
            values: found.parameters,
            resources,
            read: BTreeMap::new(),
            outputs: found.outputs,
            tags: found.tags,
            is_protected: found.termination_protection,
            identifiers: BTreeMap::new(),
            given: BTreeMap::new(),
            withheld: BTreeMap::new(),
            aliases: BTreeMap::new(),
            more: Vec::new(),
        };
        // EC2 reads Client VPN.
        let others = stack.resources.iter().filter(|resource| !vpn::TYPES.contains(&resource.resource_type.as_str()));
        let asked = futures::stream::iter(others).map(|resource| {
            let (session, stack) = (&session, &stack);
            async move {
                let (identifier, read) = self.read_resource(session, stack, resource).await?;
                Some((resource.logical_id.clone(), identifier, read))
            }
        });
        let asked = asked.buffer_unordered(AT_ONCE).collect::<Vec<Option<(String, Option<String>, Read)>>>();
        let (answers, vpn, given) =
            futures::join!(asked, vpn::read(session.ec2(), &stack), given::read(&session, &stack));
        let vpn = vpn?;
        for (logical_id, identifier, read) in answers.into_iter().flatten() {
            stack.identifiers.extend(identifier.map(|identifier| (logical_id.clone(), identifier)));
            stack.read.insert(logical_id, read);
        }
        stack.read.extend(vpn.read);
        stack.more = vpn.more;
        given::take_in(&mut stack, given);
        stack.aliases = aliases::read(session.cloudcontrol(), &rendered.target, &stack).await;
        Ok(Some(stack))
    }

    /// Reads a resource, with its identifier at the Cloud Control API; `None` while it has no name in AWS.
    async fn read_resource(
        &self,
        session: &Session,
        stack: &ReadStack,
        resource: &StackResource,
    ) -> Option<(Option<String>, Read)> {
        let (kind, physical_id) = (resource.resource_type.as_str(), resource.physical_id.as_deref()?);
        let Some(schema) = self.registry.get(kind) else {
            return Some((None, Read::Unread(format!("{kind} is not known here"))));
        };
        let declared = stack.declared(&resource.logical_id).unwrap_or_else(|| json!({}));
        let control = session.cloudcontrol();
        Some(match kind {
            certificate::CERTIFICATE => {
                (None, certificate::read(self.certificates, session, physical_id, &declared).await)
            }
            record::RECORD => (None, record::read(session.route53(), &declared).await),
            waf::ASSOCIATION => (None, waf::association(session, physical_id).await),
            topic_policy::TYPE => topic_policy::read(control, &declared).await,
            _ => {
                let found = match identifier(schema, physical_id, &declared) {
                    Some(identifier) => Ok(Some(identifier)),
                    None => among(control, kind, physical_id).await,
                };
                match found {
                    Ok(Some(identifier)) => {
                        let read = match control.get(kind, &identifier).await {
                            Ok(Some(found)) => Read::There(found.properties, Reader::CloudControl),
                            Ok(None) => Read::Gone(Reader::CloudControl),
                            Err(error) => unread(kind, &error),
                        };
                        (Some(identifier), read)
                    }
                    // All of its type are known, and it is not among them.
                    Ok(None) => (None, Read::Gone(Reader::CloudControl)),
                    Err(error) => (None, unread(kind, &error)),
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_the_same_when_cloudformation_gives_question_marks_for_its_characters() {
        assert!(is_text_of("Description: Gateway f?r alle", "Description: Gateway für alle"));
        assert!(!is_text_of("Description: Gateway f?r jeden", "Description: Gateway für alle"));
        assert!(!is_text_of("Description: a?b", "Description: a-b"));
    }
}
