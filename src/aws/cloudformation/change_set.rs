//! Change sets.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{Capability, ChangeSetType, DeploymentMode, Parameter, Tag};
use serde_json::Value;

use super::CloudFormation;
use super::stack::is_missing;
use crate::aws::classify::plain;
use crate::aws::{Poll, Result};

/// How CloudFormation begins its words when there is nothing to change: without and with a transform. The rest
/// differs between regions and years.
pub const NO_CHANGES: [&str; 2] =
    ["The submitted information didn't contain changes.", "No updates are to be performed."];

/// Whether a reason means that there is nothing to change.
pub fn is_no_change(reason: &str) -> bool {
    NO_CHANGES.iter().any(|prefix| reason.starts_with(prefix))
}

/// What a change set is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeSetKind {
    /// A stack that does not exist: it comes to be in `REVIEW_IN_PROGRESS`.
    Create,
    /// A stack that exists.
    Update,
}

/// What a change set is made from.
#[derive(Debug, Clone)]
pub struct ChangeSetRequest<'a> {
    /// Name or ARN of the stack.
    pub stack: &'a str,
    /// Name of the change set: `[a-zA-Z][-a-zA-Z0-9]*`, at most 128.
    pub name: &'a str,
    /// What it is for.
    pub kind: ChangeSetKind,
    /// The template, at most 51,200 bytes.
    pub template: &'a str,
    /// Values of the parameters.
    pub parameters: &'a BTreeMap<String, String>,
    /// Tags of the stack.
    pub tags: &'a BTreeMap<String, String>,
    /// Capabilities that the template needs.
    pub capabilities: &'a [String],
    /// Makes a repeated request the same request.
    pub token: &'a str,
}

/// What a change set is made from that brings a stack back to its own template, compared with what is there.
#[derive(Debug, Clone)]
pub struct RevertRequest<'a> {
    /// Name or ARN of the stack.
    pub stack: &'a str,
    /// Name of the change set: `[a-zA-Z][-a-zA-Z0-9]*`, at most 128.
    pub name: &'a str,
    /// Names of the parameters, which keep their values.
    pub parameters: &'a [String],
    /// Tags of the stack.
    pub tags: &'a BTreeMap<String, String>,
    /// Makes a repeated request the same request.
    pub token: &'a str,
}

/// A change set.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeSet {
    /// ARN.
    pub id: String,
    /// ARN of its stack.
    pub stack_id: String,
    /// `CREATE_PENDING`, `CREATE_IN_PROGRESS`, `CREATE_COMPLETE`, `FAILED` ...
    pub status: String,
    /// Why, in CloudFormation's words.
    pub reason: Option<String>,
    /// `UNAVAILABLE`, `AVAILABLE`, `EXECUTE_IN_PROGRESS`, `EXECUTE_COMPLETE`, `EXECUTE_FAILED`, `OBSOLETE`.
    pub execution_status: String,
    /// What it changes.
    pub changes: Vec<ResourceChange>,
}

impl ChangeSet {
    /// Whether it failed because there is nothing to change.
    pub fn has_no_changes(&self) -> bool {
        self.status == "FAILED" && self.reason.as_deref().is_some_and(is_no_change)
    }
}

/// What a change set does to one resource.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceChange {
    /// `Add`, `Modify`, `Remove`, `Import`, `Dynamic`, `SyncWithActual`.
    pub action: String,
    /// Logical id.
    pub logical_id: String,
    /// Physical id, if it has one.
    pub physical_id: Option<String>,
    /// Type.
    pub resource_type: String,
    /// Of a change set that compares with what is there: `IN_SYNC`, `MODIFIED`, `DELETED`, `NOT_CHECKED` ...
    pub drift_status: Option<String>,
    /// `True`, `False`, `Conditional`.
    pub replacement: Option<String>,
    /// `Delete`, `Retain`, `Snapshot`, `ReplaceAndDelete`, `ReplaceAndRetain`, `ReplaceAndSnapshot`.
    pub policy_action: Option<String>,
    /// `Properties`, `Tags`, `Metadata`, `UpdatePolicy` ...
    pub scope: Vec<String>,
    /// Properties and more, attribute by attribute.
    pub details: Vec<ChangeDetail>,
    /// The resource before, as `{"Properties": ..}`.
    pub before: Option<Value>,
    /// The resource after, as `{"Properties": ..}`.
    pub after: Option<Value>,
}

/// What a change set does to one attribute of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeDetail {
    /// `Properties`, `Tags` ...
    pub attribute: Option<String>,
    /// Name of the top-level property.
    pub name: Option<String>,
    /// Path of the property, as a JSON pointer: `/Properties/Tags/0/Value`.
    pub path: Option<String>,
    /// `Never`, `Conditionally`, `Always`.
    pub requires_recreation: Option<String>,
    /// `Static`: known now; `Dynamic`: known while the change runs.
    pub evaluation: Option<String>,
    /// `DirectModification`, `ParameterReference`, `ResourceReference`, `ResourceAttribute`, `Automatic` ...
    pub source: Option<String>,
    /// Parameter or `LogicalId.Attribute` that causes it.
    pub causing_entity: Option<String>,
    /// Value before.
    pub before: Option<String>,
    /// Value after.
    pub after: Option<String>,
}

impl CloudFormation {
    /// Starts to make a change set; gives its ARN and that of the stack.
    ///
    /// # Errors
    /// When the call fails, as for a stack that another operation works on.
    pub async fn create_change_set(&self, request: &ChangeSetRequest<'_>) -> Result<(String, String)> {
        const ACTION: &str = "CreateChangeSet";
        let kind = match request.kind {
            ChangeSetKind::Create => ChangeSetType::Create,
            ChangeSetKind::Update => ChangeSetType::Update,
        };
        let parameters: Vec<Parameter> = request
            .parameters
            .iter()
            .map(|(name, value)| Parameter::builder().parameter_key(name).parameter_value(value).build())
            .collect();
        let tags = sdk_tags(request.tags);
        let capabilities: Vec<Capability> =
            request.capabilities.iter().map(|capability| Capability::from(capability.as_str())).collect();
        let answer = self
            .caller
            .call(ACTION, request.stack, || {
                self.client
                    .create_change_set()
                    .stack_name(request.stack)
                    .change_set_name(request.name)
                    .change_set_type(kind.clone())
                    .template_body(request.template)
                    .set_parameters(Some(parameters.clone()))
                    .set_tags(Some(tags.clone()))
                    .set_capabilities(Some(capabilities.clone()))
                    .client_token(request.token)
                    .send()
            })
            .await?;
        Ok((
            self.caller.required(answer.id, ACTION, request.stack, "change set id")?,
            self.caller.required(answer.stack_id, ACTION, request.stack, "stack id")?,
        ))
    }

    /// Starts to make a change set of what the template declares against what is there, the template being that of the stack;
    /// gives its ARN.
    ///
    /// # Errors
    /// When the call fails, as for a stack that another operation works on.
    pub async fn create_reverting_change_set(&self, request: &RevertRequest<'_>) -> Result<String> {
        const ACTION: &str = "CreateChangeSet";
        let keep = |name: &String| Parameter::builder().parameter_key(name).use_previous_value(true).build();
        let parameters: Vec<Parameter> = request.parameters.iter().map(keep).collect();
        let tags = sdk_tags(request.tags);
        let answer = self
            .caller
            .call(ACTION, request.stack, || {
                self.client
                    .create_change_set()
                    .stack_name(request.stack)
                    .change_set_name(request.name)
                    .change_set_type(ChangeSetType::Update)
                    .deployment_mode(DeploymentMode::RevertDrift)
                    .use_previous_template(true)
                    .set_parameters(Some(parameters.clone()))
                    .set_tags(Some(tags.clone()))
                    .capabilities(Capability::CapabilityNamedIam)
                    .client_token(request.token)
                    .send()
            })
            .await?;
        self.caller.required(answer.id, ACTION, request.stack, "change set id")
    }

    /// Waits until a change set is made or has failed, and reads all of it.
    ///
    /// # Errors
    /// When a call fails, or the change set is gone.
    pub async fn wait_for_change_set(&self, id: &str) -> Result<ChangeSet> {
        let mut poll = Poll::default();
        loop {
            let Some(found) = self.change_set(id).await? else {
                return Err(self.caller.unexpected("DescribeChangeSet", id, "the change set was deleted meanwhile"));
            };
            if matches!(found.status.as_str(), "CREATE_PENDING" | "CREATE_IN_PROGRESS") {
                poll.pause().await;
            } else {
                return Ok(found);
            }
        }
    }

    /// A change set by ARN, with all of its changes; `None` when it is not there.
    ///
    /// # Errors
    /// When a call fails for another reason.
    pub async fn change_set(&self, id: &str) -> Result<Option<ChangeSet>> {
        let mut whole: Option<ChangeSet> = None;
        let mut token = None;
        loop {
            let answer = self
                .caller
                .call("DescribeChangeSet", id, || {
                    self.client
                        .describe_change_set()
                        .change_set_name(id)
                        .include_property_values(true)
                        .set_next_token(token.clone())
                        .send()
                })
                .await;
            let mut answer = match answer {
                Err(error) if error.is("ChangeSetNotFound") || error.is("ChangeSetNotFoundException") => {
                    return Ok(None);
                }
                Err(error) if is_missing(&error) => return Ok(None),
                other => other?,
            };
            token = answer.next_token.take().filter(|token| !token.is_empty());
            let page = change_set(id, answer);
            match &mut whole {
                None => whole = Some(page),
                Some(whole) => whole.changes.extend(page.changes),
            }
            if token.is_none() {
                return Ok(whole);
            }
        }
    }

    /// ARNs of a stack's change sets, with their names.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn change_sets(&self, stack: &str) -> Result<Vec<(String, String)>> {
        let mut found = Vec::new();
        let mut token = None;
        loop {
            let answer = self
                .caller
                .call("ListChangeSets", stack, || {
                    self.client.list_change_sets().stack_name(stack).set_next_token(token.clone()).send()
                })
                .await?;
            let summaries = answer.summaries.unwrap_or_default().into_iter();
            found.extend(
                summaries
                    .filter_map(|summary| Some((summary.change_set_id?, summary.change_set_name.unwrap_or_default()))),
            );
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(found);
            }
        }
    }

    /// Deletes a change set. One that is not there is no error.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn delete_change_set(&self, id: &str) -> Result<()> {
        let answer = self
            .caller
            .call("DeleteChangeSet", id, || self.client.delete_change_set().change_set_name(id).send())
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) if error.is("ChangeSetNotFound") || is_missing(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Starts to execute a change set. `keep_on_failure` leaves a failed stack as it is; otherwise it is rolled back,
    /// and what a failed first create made goes even when its policy says `Retain`.
    ///
    /// # Errors
    /// When the call fails, as for a change set that became obsolete.
    pub async fn execute_change_set(&self, id: &str, token: &str, keep_on_failure: bool) -> Result<()> {
        self.caller
            .call("ExecuteChangeSet", id, || {
                self.client
                    .execute_change_set()
                    .change_set_name(id)
                    .client_request_token(token)
                    .disable_rollback(keep_on_failure)
                    .retain_except_on_create(!keep_on_failure)
                    .send()
            })
            .await?;
        Ok(())
    }
}

fn sdk_tags(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

fn change_set(id: &str, answer: DescribeChangeSetOutput) -> ChangeSet {
    ChangeSet {
        id: answer.change_set_id.unwrap_or_else(|| id.to_owned()),
        stack_id: answer.stack_id.unwrap_or_default(),
        status: answer.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        reason: answer.status_reason.as_deref().map(plain),
        execution_status: answer.execution_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        changes: answer
            .changes
            .unwrap_or_default()
            .into_iter()
            .filter_map(|change| change.resource_change)
            .map(resource_change)
            .collect(),
    }
}

fn resource_change(found: aws_sdk_cloudformation::types::ResourceChange) -> ResourceChange {
    let json = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
    ResourceChange {
        action: found.action.map(|action| action.as_str().to_owned()).unwrap_or_default(),
        logical_id: found.logical_resource_id.unwrap_or_default(),
        physical_id: found.physical_resource_id.filter(|id| !id.is_empty()),
        resource_type: found.resource_type.unwrap_or_default(),
        drift_status: found.resource_drift_status.map(|status| status.as_str().to_owned()),
        replacement: found.replacement.map(|replacement| replacement.as_str().to_owned()),
        policy_action: found.policy_action.map(|action| action.as_str().to_owned()),
        scope: found.scope.unwrap_or_default().into_iter().map(|scope| scope.as_str().to_owned()).collect(),
        details: found.details.unwrap_or_default().into_iter().map(detail).collect(),
        before: json(found.before_context),
        after: json(found.after_context),
    }
}

fn detail(found: aws_sdk_cloudformation::types::ResourceChangeDetail) -> ChangeDetail {
    let target = found.target;
    let target = target.as_ref();
    let text = |part: Option<&String>| part.map(|text| plain(text));
    ChangeDetail {
        attribute: target.and_then(|own| own.attribute.as_ref()).map(|own| own.as_str().to_owned()),
        name: text(target.and_then(|own| own.name.as_ref())),
        path: text(target.and_then(|own| own.path.as_ref())),
        requires_recreation: target.and_then(|own| own.requires_recreation.as_ref()).map(|own| own.as_str().to_owned()),
        evaluation: found.evaluation.map(|own| own.as_str().to_owned()),
        source: found.change_source.map(|own| own.as_str().to_owned()),
        causing_entity: found.causing_entity.as_deref().map(plain),
        before: target.and_then(|own| own.before_value.clone()),
        after: target.and_then(|own| own.after_value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_say_that_nothing_changes_are_known() {
        assert!(is_no_change(
            "The submitted information didn't contain changes. Submit different information to create a change set."
        ));
        assert!(is_no_change("No updates are to be performed."));
        assert!(!is_no_change("Template error: no updates"));
    }
}
