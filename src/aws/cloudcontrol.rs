//! Cloud Control API: one way to read and change resources of any type.

use aws_sdk_cloudcontrol::types::ProgressEvent;
use serde_json::Value;

use super::call::Caller;
use super::classify::plain;
use super::{Poll, Result};

/// A resource as its read handler gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// Primary identifier.
    pub identifier: String,
    /// Its properties, under the resource schema.
    pub properties: Value,
}

/// A hosted zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostedZone {
    /// Id, without `/hostedzone/`.
    pub id: String,
    /// Whether it is private to VPCs.
    pub private: bool,
}

/// Cloud Control API in one account and region.
#[derive(Debug)]
pub struct CloudControl {
    client: aws_sdk_cloudcontrol::Client,
    caller: Caller,
}

impl CloudControl {
    pub(super) fn new(client: aws_sdk_cloudcontrol::Client, caller: Caller) -> Self {
        Self { client, caller }
    }

    /// All resources of a type, with the properties that its list handler gives.
    ///
    /// # Errors
    /// When a call fails, or the type has no list handler.
    pub async fn list(&self, type_name: &str) -> Result<Vec<Resource>> {
        self.listed(type_name, None).await
    }

    /// All resources of a type that have these properties, for types whose list handler asks for some.
    ///
    /// # Errors
    /// When a call fails, or the type has no list handler.
    pub async fn list_in(&self, type_name: &str, model: &Value) -> Result<Vec<Resource>> {
        self.listed(type_name, Some(model.to_string())).await
    }

    async fn listed(&self, type_name: &str, model: Option<String>) -> Result<Vec<Resource>> {
        let mut resources = Vec::new();
        let mut token = None;
        loop {
            let answer = self
                .caller
                .call("ListResources", type_name, || {
                    let call = self.client.list_resources().type_name(type_name);
                    call.set_resource_model(model.clone()).set_next_token(token.clone()).send()
                })
                .await?;
            resources.extend(answer.resource_descriptions.unwrap_or_default().into_iter().filter_map(resource));
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(resources);
            }
        }
    }

    /// A resource; `None` when it is not there.
    ///
    /// # Errors
    /// When the call fails for another reason.
    pub async fn get(&self, type_name: &str, identifier: &str) -> Result<Option<Resource>> {
        let answer = self
            .caller
            .call("GetResource", identifier, || {
                self.client.get_resource().type_name(type_name).identifier(identifier).send()
            })
            .await;
        match answer {
            Ok(answer) => Ok(answer.resource_description.and_then(resource)),
            Err(error) if error.is("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a resource, and waits until that is done. `token` makes a repeated request the same one.
    ///
    /// # Errors
    /// When a call fails, or the service does not make it: its words are the reason.
    pub async fn create(&self, type_name: &str, desired: &Value, token: &str) -> Result<()> {
        const ACTION: &str = "CreateResource";
        let state = desired.to_string();
        let answer = self
            .caller
            .call(ACTION, type_name, || {
                self.client.create_resource().type_name(type_name).desired_state(&state).client_token(token).send()
            })
            .await?;
        self.finished(ACTION, type_name, answer.progress_event).await
    }

    /// Deletes a resource, and waits until that is done. `token` makes a repeated request the same one.
    ///
    /// # Errors
    /// When a call fails, or the service does not delete it: its words are the reason.
    pub async fn delete(&self, type_name: &str, identifier: &str, token: &str) -> Result<()> {
        const ACTION: &str = "DeleteResource";
        let answer = self
            .caller
            .call(ACTION, identifier, || {
                self.client.delete_resource().type_name(type_name).identifier(identifier).client_token(token).send()
            })
            .await?;
        self.finished(ACTION, identifier, answer.progress_event).await
    }

    /// Changes a resource by a JSON Patch (RFC 6902) of its properties, and waits until that is done. `token` makes a
    /// repeated request the same one.
    ///
    /// # Errors
    /// When a call fails, or the service does not make the change: its words are the reason.
    pub async fn update(&self, type_name: &str, identifier: &str, patch: &Value, token: &str) -> Result<()> {
        const ACTION: &str = "UpdateResource";
        let document = patch.to_string();
        let answer = self
            .caller
            .call(ACTION, identifier, || {
                self.client
                    .update_resource()
                    .type_name(type_name)
                    .identifier(identifier)
                    .patch_document(&document)
                    .client_token(token)
                    .send()
            })
            .await?;
        self.finished(ACTION, identifier, answer.progress_event).await
    }

    /// Waits until something that was begun is done.
    async fn finished(&self, action: &'static str, identifier: &str, begun: Option<ProgressEvent>) -> Result<()> {
        let mut progress = self.caller.required(begun, action, identifier, "ProgressEvent")?;
        let request = self.caller.required(progress.request_token.clone(), action, identifier, "RequestToken")?;
        let mut poll = Poll::default();
        loop {
            let status = progress.operation_status.as_ref().map_or("PENDING", |status| status.as_str());
            match status {
                "SUCCESS" => return Ok(()),
                "FAILED" | "CANCEL_COMPLETE" => {
                    let reason = progress.status_message.as_deref().map_or_else(|| status.to_owned(), plain);
                    return Err(self.caller.unexpected(action, identifier, reason));
                }
                _ => poll.pause().await,
            }
            let answer = self
                .caller
                .call("GetResourceRequestStatus", identifier, || {
                    self.client.get_resource_request_status().request_token(&request).send()
                })
                .await?;
            progress =
                self.caller.required(answer.progress_event, "GetResourceRequestStatus", identifier, "ProgressEvent")?;
        }
    }

    /// The hosted zones of a name.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn hosted_zones(&self, name: &str) -> Result<Vec<HostedZone>> {
        const TYPE: &str = "AWS::Route53::HostedZone";
        let wanted = name.trim_end_matches('.');
        let mut zones = Vec::new();
        for listed in self.list(TYPE).await? {
            // A list handler need not give more than the identifier.
            let zone = match listed.properties.get("Name") {
                Some(_) if listed.properties.get("VPCs").is_some() => Some(listed),
                Some(own) if !same_name(own, wanted) => None,
                _ => self.get(TYPE, &listed.identifier).await?,
            };
            let Some(zone) = zone else { continue };
            if zone.properties.get("Name").is_some_and(|own| same_name(own, wanted)) {
                let private =
                    zone.properties.get("VPCs").and_then(Value::as_array).is_some_and(|vpcs| !vpcs.is_empty());
                zones.push(HostedZone { id: zone.identifier, private });
            }
        }
        Ok(zones)
    }
}

fn same_name(own: &Value, wanted: &str) -> bool {
    own.as_str().is_some_and(|own| own.trim_end_matches('.').eq_ignore_ascii_case(wanted))
}

fn resource(description: aws_sdk_cloudcontrol::types::ResourceDescription) -> Option<Resource> {
    let properties = description.properties.as_deref().and_then(|text| serde_json::from_str(text).ok());
    Some(Resource { identifier: description.identifier?, properties: properties.unwrap_or(Value::Null) })
}
