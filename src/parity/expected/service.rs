//! Cluster, tasks, service and scaling.

use serde_json::{Value as Json, json};

use super::Expectations;
use super::gateway::STACK;
use crate::model::Model;
use crate::model::reference::{attribute, reference};

pub(super) fn expect(model: &Model, said: &mut Expectations<'_>) {
    let gateway = &model.gateway;
    let service = &gateway.service;
    said.expect(STACK, "Cluster", "AWS::ECS::Cluster", json!({"ClusterName": service.cluster}));
    let task = &gateway.task;
    let properties = json!({
        "Family": task.family,
        "Cpu": task.cpu,
        "Memory": task.memory,
        "NetworkMode": "awsvpc",
        "RequiresCompatibilities": ["FARGATE"],
        "RuntimePlatform": {"OperatingSystemFamily": "LINUX", "CpuArchitecture": task.architecture},
        "TaskRoleArn": attribute("TaskRole", "Arn"),
        "ExecutionRoleArn": attribute("ExecutionRole", "Arn"),
        "ContainerDefinitions": containers(model),
    });
    said.expect(STACK, "TaskDefinition", "AWS::ECS::TaskDefinition", properties);
    let balancers = gateway.target_groups.iter().map(|group| {
        let arn = reference(group.id);
        json!({"ContainerName": group.container, "ContainerPort": group.port, "TargetGroupArn": arn})
    });
    let properties = json!({
        "ServiceName": service.name,
        "Cluster": reference("Cluster"),
        "TaskDefinition": reference("TaskDefinition"),
        "EnableExecuteCommand": service.exec,
        "CapacityProviderStrategy": gateway.scaling.capacity,
        "LoadBalancers": balancers.collect::<Vec<_>>(),
        "NetworkConfiguration": {"AwsvpcConfiguration": {
            "AssignPublicIp": "DISABLED",
            "SecurityGroups": [reference("TaskSecurityGroupId")],
        }},
    });
    said.expect(STACK, "Service", "AWS::ECS::Service", properties);
    let scaling = &gateway.scaling;
    let properties = json!({
        "ServiceNamespace": "ecs",
        "MinCapacity": scaling.min,
        "MaxCapacity": scaling.max,
        "ScheduledActions": scaling.schedules,
    });
    said.expect(STACK, "ScalableTarget", "AWS::ApplicationAutoScaling::ScalableTarget", properties);
    for policy in &scaling.policies {
        let properties = json!({
            "PolicyName": policy.name,
            "ScalingTargetId": reference("ScalableTarget"),
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": policy.target,
                "PredefinedMetricSpecification": policy.metric,
            },
        });
        said.expect(STACK, policy.id, "AWS::ApplicationAutoScaling::ScalingPolicy", properties);
    }
    for (id, tags) in [("Cluster", "cluster"), ("TaskDefinition", "gateway"), ("Service", "gateway")] {
        said.tags(STACK, id, gateway.tags.get(tags).map_or(&[], Vec::as_slice));
    }
}

/// The containers: their environment, secrets, ports, health and limits.
fn containers(model: &Model) -> Json {
    serde_json::to_value(&model.gateway.task.containers).unwrap_or_default()
}
