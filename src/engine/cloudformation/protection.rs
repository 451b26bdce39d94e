//! Deletion protection of single resources: AWS refuses to delete them, also while it rolls back their own creation.

use serde_json::{Value, json};

use super::CloudFormationEngine;
use crate::aws::Session;
use crate::aws::cloudformation::Stack;
use crate::cfn::template::Template;
use crate::engine::{EngineError, EventKind, Protected};
use crate::render::{RenderedStack, Target};

/// Key of a load balancer's attribute.
const LOAD_BALANCER_ATTRIBUTE: &str = "deletion_protection.enabled";

/// Resources that AWS refuses to delete because the template says so: logical id and property.
pub(super) fn declared(text: &str) -> Vec<(String, &'static str)> {
    let Ok(template) = Template::parse("template", text) else { return Vec::new() };
    let json = template.to_json();
    let Some(resources) = json.get("Resources").and_then(Value::as_object) else { return Vec::new() };
    resources
        .iter()
        .filter_map(|(logical_id, resource)| {
            let (property, _) = switch(resource.get("Properties")?)?;
            Some((logical_id.clone(), property))
        })
        .collect()
}

/// The property that protects a resource and the JSON Patch that switches it off; `None` when it is not protected.
fn switch(properties: &Value) -> Option<(&'static str, Value)> {
    if properties.get("DeletionProtection").is_some_and(is_true) {
        let patch = json!([{"op": "replace", "path": "/DeletionProtection", "value": false}]);
        return Some(("DeletionProtection", patch));
    }
    let attributes = properties.get("LoadBalancerAttributes")?.as_array()?;
    let at = attributes.iter().position(|attribute| {
        attribute.get("Key").is_some_and(|key| key == LOAD_BALANCER_ATTRIBUTE)
            && attribute.get("Value").is_some_and(is_true)
    })?;
    let path = format!("/LoadBalancerAttributes/{at}");
    // The list may have changed since it was read: then nothing is changed.
    let patch = json!([
        {"op": "test", "path": format!("{path}/Key"), "value": LOAD_BALANCER_ATTRIBUTE},
        {"op": "replace", "path": format!("{path}/Value"), "value": "false"},
    ]);
    Some(("LoadBalancerAttributes", patch))
}

fn is_true(value: &Value) -> bool {
    value == true || value == "true"
}

impl CloudFormationEngine {
    /// What is protected in a stack whose first creation never ended well, as it is now. Nothing in it has ever been in
    /// use, so that its protection guards nothing. Empty for any other stack.
    pub(super) async fn protected_by_first_create(
        &self,
        rendered: &RenderedStack,
        found: &Stack,
    ) -> Result<Vec<Protected>, EngineError> {
        let session = self.session(&rendered.target);
        if !self.was_never_made(&session, found).await? {
            return Ok(Vec::new());
        }
        let client = session.cloudformation();
        let text = client.template(&found.id).await?.unwrap_or_default();
        let declared = declared(&text);
        if declared.is_empty() {
            return Ok(Vec::new());
        }
        let mut protected = Vec::new();
        for resource in client.resources(&found.id).await? {
            let Some(physical_id) = resource.physical_id.filter(|id| !id.is_empty()) else { continue };
            let is_declared = declared.iter().any(|(logical_id, _)| *logical_id == resource.logical_id);
            if resource.status == "DELETE_COMPLETE" || !is_declared {
                continue;
            }
            let Some(live) = session.cloudcontrol().get(&resource.resource_type, &physical_id).await? else { continue };
            if switch(&live.properties).is_some() {
                protected.push(Protected {
                    address: rendered.address(&self.hub, &resource.logical_id),
                    logical_id: resource.logical_id,
                    resource_type: resource.resource_type,
                    physical_id,
                });
            }
        }
        Ok(protected)
    }

    /// Whether a stack never came to a good state since it was made. Its events say so; when its beginning is no longer
    /// among them (AWS keeps them for 90 days), it is taken for one that did.
    async fn was_never_made(&self, session: &Session, found: &Stack) -> Result<bool, EngineError> {
        match found.status.as_str() {
            "CREATE_FAILED" | "ROLLBACK_FAILED" => return Ok(true),
            "DELETE_FAILED" => {}
            _ => return Ok(false),
        }
        let events = session.cloudformation().events(&found.id, |_| false).await?;
        let mut of_stack = events.iter().filter(|event| event.is_of_stack(&found.id));
        let begins = of_stack.clone().any(|event| event.status == "CREATE_IN_PROGRESS");
        let ended_well = of_stack.any(|event| super::outcome::is_good(&event.status));
        Ok(begins && !ended_well)
    }

    /// Switches the protection of resources off, and says so.
    pub(super) async fn lift<'a>(
        &self,
        key: &str,
        target: &Target,
        protected: impl Iterator<Item = &'a Protected>,
        token: &str,
    ) -> Result<(), EngineError> {
        let session = self.session(target);
        for resource in protected {
            let client = session.cloudcontrol();
            let live = client.get(&resource.resource_type, &resource.physical_id).await?;
            // Somebody else may have switched it off, or deleted it.
            let Some((_, patch)) = live.and_then(|live| switch(&live.properties)) else { continue };
            let token = format!("{token}-{}", resource.logical_id);
            client.update(&resource.resource_type, &resource.physical_id, &patch, &token).await?;
            let text =
                format!("switched the deletion protection of {} ({}) off", resource.address, resource.physical_id);
            self.emit(Some(key), EventKind::Message { text });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "
Resources:
  Cluster:
    Type: AWS::RDS::DBCluster
    Properties:
      DeletionProtection: true
  LoadBalancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties:
      LoadBalancerAttributes:
        - Key: deletion_protection.enabled
          Value: \"true\"
  Bucket:
    Type: AWS::S3::Bucket
";

    #[test]
    fn protected_resources_are_found_in_the_template() {
        assert_eq!(
            declared(TEMPLATE),
            [("Cluster".to_owned(), "DeletionProtection"), ("LoadBalancer".to_owned(), "LoadBalancerAttributes")]
        );
    }

    #[test]
    fn a_load_balancer_s_other_attributes_are_left_alone() {
        let properties = json!({"LoadBalancerAttributes": [
            {"Key": "idle_timeout.timeout_seconds", "Value": "600"},
            {"Key": "deletion_protection.enabled", "Value": "true"},
        ]});
        let (_, patch) = switch(&properties).unwrap();
        assert_eq!(patch[1], json!({"op": "replace", "path": "/LoadBalancerAttributes/1/Value", "value": "false"}));
    }

    #[test]
    fn protection_that_is_off_needs_no_switch() {
        assert_eq!(switch(&json!({"DeletionProtection": false})), None);
    }
}
