//! Cloud Control API: one way to read resources of any type.

use serde_json::Value;

use super::Result;
use super::call::Caller;

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
        let mut resources = Vec::new();
        let mut token = None;
        loop {
            let answer = self
                .caller
                .call("ListResources", type_name, || {
                    self.client.list_resources().type_name(type_name).set_next_token(token.clone()).send()
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
