//! What runs against what is deployed: images, the number of tasks, and the configuration object.

use serde_json::{Value, json};

use super::Part;
use super::stack::{Read, ReadStack};
use crate::drift::{Difference, Kind, Reader};
use crate::engine::EngineError;
use crate::engine::cloudformation::CloudFormationEngine;
use crate::engine::configuration::Deployed;
use crate::image::Digest;
use crate::render::{Bundle, RenderedStack};

const SERVICE: &str = "AWS::ECS::Service";
const TASK_DEFINITION: &str = "AWS::ECS::TaskDefinition";
const SCALABLE_TARGET: &str = "AWS::ApplicationAutoScaling::ScalableTarget";

impl CloudFormationEngine {
    /// Adds what runs otherwise than deployed. Of stacks without a service, nothing.
    pub(super) async fn look_at_what_runs(
        &self,
        bundle: &Bundle,
        rendered: &RenderedStack,
        stack: &ReadStack,
        part: &mut Part,
    ) -> Result<(), EngineError> {
        let (Some(cluster), Some(service)) = (stack.outputs.get("ClusterName"), stack.outputs.get("ServiceName"))
        else {
            return Ok(());
        };
        let session = self.session(&rendered.target);
        let mut found =
            |logical_id: &str, kind: &str, path: &[&str], expected: Value, actual: Value, reader: Reader| {
                let path = path.iter().map(|part| (*part).to_owned()).collect();
                let difference = Difference { path, expected: Some(expected), actual: Some(actual) };
                part.findings.push(self.subject(rendered, logical_id, kind).finding(Kind::Runtime, difference, reader));
            };
        let service_id = stack.of_type(SERVICE).next().map(|(id, _)| id.to_owned()).unwrap_or_default();
        let ecs = session.ecs();
        if let Some(now) = ecs.service(cluster, service).await? {
            let range = stack.of_type(SCALABLE_TARGET).find_map(|(id, _)| match stack.read.get(id) {
                Some(Read::There(target, _)) => {
                    let number = |name: &str| target.get(name).and_then(Value::as_u64);
                    Some((number("MinCapacity")?, number("MaxCapacity")?))
                }
                _ => None,
            });
            let desired = u64::from(now.tasks.0);
            if let Some((least, most)) = range
                && !(least..=most).contains(&desired)
            {
                let wanted = json!(format!("{least} to {most}"));
                found(&service_id, SERVICE, &["DesiredCount"], wanted, json!(desired), Reader::Ecs);
            }
        }
        let images = images(stack);
        let (task_id, _) = stack.of_type(TASK_DEFINITION).next().unwrap_or(("TaskDefinition", ""));
        for task in ecs.tasks(cluster, service, false).await? {
            for container in task.containers {
                let Some((_, wanted)) = images.iter().find(|(name, _)| *name == container.name) else { continue };
                let digest = container.digest.unwrap_or_default();
                if let Some((_, pinned)) = wanted.rsplit_once('@')
                    && !digest.is_empty()
                    && digest != pinned
                {
                    let path = ["ContainerDefinitions", container.name.as_str(), "Image"];
                    found(task_id, TASK_DEFINITION, &path, json!(pinned), json!(digest), Reader::Ecs);
                }
            }
        }
        let outputs = self.outputs(bundle).await?;
        if let Some(deployed) = Deployed::of(&outputs) {
            let text = session.s3().text(&deployed.bucket, &deployed.key).await?;
            let hash = text.as_ref().map(|text| Digest::of(text.as_bytes()).hex().to_owned());
            let name = deployed.key.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or_default();
            if hash.as_deref() != Some(name) {
                let actual = hash.map_or(Value::Null, Value::String);
                found(task_id, TASK_DEFINITION, &["configuration", "sha256"], json!(name), actual, Reader::S3);
            }
        }
        Ok(())
    }
}

/// The images of the task definition, by container.
fn images(stack: &ReadStack) -> Vec<(String, String)> {
    let Some((id, _)) = stack.of_type(TASK_DEFINITION).next() else { return Vec::new() };
    let declared = stack.declared(id).unwrap_or_default();
    let containers = declared.get("ContainerDefinitions").and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |container: &Value, name: &str| container.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
    containers.iter().filter_map(|container| Some((text(container, "Name")?, text(container, "Image")?))).collect()
}
