//! ECS and its scaling.

use serde_json::{Value as Json, json};

use super::{Kind, OWN, PLAIN, PROVIDER_ONLY};
use crate::parity::tree;

const SERVICE: &str = "aws_ecs_service";
const SCHEDULE: &str = "aws_appautoscaling_scheduled_action";

pub(super) const KINDS: &[Kind] = &[
    Kind {
        cloudformation: "AWS::ECS::Cluster",
        names: &[
            ("aws_ecs_cluster", "name", "cluster_name"),
            ("aws_ecs_cluster", "setting", "cluster_settings"),
            ("aws_ecs_cluster_capacity_providers", "cluster_name", OWN),
        ],
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::ECS::Service",
        names: &[
            (SERVICE, "name", "service_name"),
            (SERVICE, "deployment_circuit_breaker", "deployment_configuration.deployment_circuit_breaker"),
            (SERVICE, "deployment_maximum_percent", "deployment_configuration.maximum_percent"),
            (SERVICE, "deployment_minimum_healthy_percent", "deployment_configuration.minimum_healthy_percent"),
            (SERVICE, "load_balancer", "load_balancers"),
            (
                SERVICE,
                "network_configuration.assign_public_ip",
                "network_configuration.awsvpc_configuration.assign_public_ip",
            ),
            (
                SERVICE,
                "network_configuration.security_groups",
                "network_configuration.awsvpc_configuration.security_groups",
            ),
            (SERVICE, "network_configuration.subnets", "network_configuration.awsvpc_configuration.subnets"),
        ],
        absent: &[],
        intended: &[
            ("desired_count", "gwinfra sets the tasks of a new service itself with CloudFormation"),
            ("force_new_deployment", PROVIDER_ONLY),
            ("timeouts", PROVIDER_ONLY),
            ("wait_for_steady_state", PROVIDER_ONLY),
        ],
        adapt: Some(service),
    },
    Kind {
        cloudformation: "AWS::ApplicationAutoScaling::ScalableTarget",
        names: &[
            (SCHEDULE, "resource_id", OWN),
            (SCHEDULE, "scalable_dimension", OWN),
            (SCHEDULE, "service_namespace", OWN),
        ],
        adapt: Some(schedule),
        ..PLAIN
    },
    Kind {
        cloudformation: "AWS::ApplicationAutoScaling::ScalingPolicy",
        names: &[("aws_appautoscaling_policy", "name", "policy_name")],
        adapt: Some(scaling_policy),
        ..PLAIN
    },
];

/// CloudFormation names the cluster, Terraform gives its ARN; words and flags say the same.
fn service(_: &str, value: &mut Json) {
    let cluster = value["cluster"].as_str().and_then(|arn| arn.strip_suffix(".arn}")).map(str::to_owned);
    if let Some(cluster) = cluster {
        value["cluster"] = json!(format!("{cluster}.name}}"));
    }
    if let Some(public) = value.pointer_mut("/network_configuration/assign_public_ip") {
        *public = json!(if *public == "true" { "ENABLED" } else { "DISABLED" });
    }
}

/// A schedule is a resource of its own in Terraform.
fn schedule(type_name: &str, value: &mut Json) {
    if type_name != SCHEDULE {
        return;
    }
    let Some(Json::String(name)) = tree::take(value, "name") else { return };
    for part in ["schedule", "timezone", "scalable_target_action"] {
        if let Some(part_value) = tree::take(value, part) {
            tree::put(value, &format!("scheduled_actions.{name}.{part}"), part_value);
        }
    }
}

/// CloudFormation names the scalable target, Terraform what the target names.
fn scaling_policy(type_name: &str, value: &mut Json) {
    if type_name != "aws_appautoscaling_policy" {
        return;
    }
    let parts = ["resource_id", "scalable_dimension", "service_namespace"];
    let target = |part: &str| value[part].as_str()?.strip_suffix(&format!(".{part}}}")).map(str::to_owned);
    let targets: Vec<Option<String>> = parts.iter().map(|part| target(part)).collect();
    if let [Some(target), others @ ..] = targets.as_slice()
        && others.iter().all(|other| other.as_ref() == Some(target))
    {
        let id = json!(format!("{target}.id}}"));
        for part in parts {
            tree::take(value, part);
        }
        tree::put(value, "scaling_target_id", id);
    }
}
