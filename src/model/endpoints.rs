//! VPC endpoints: which services the features call.

use schemars::JsonSchema;
use serde::Serialize;

use super::Basis;
use super::tags::{Tag, Tags};
use crate::spec::{Compute, EndpointMode, Endpoints as EndpointsSpec, Nat, Spec, Vpc};

/// VPC endpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Endpoints {
    /// Full name of the S3 gateway endpoint's service. `None`: no gateway endpoint.
    pub s3: Option<String>,
    /// Interface endpoints, by service name.
    pub interface: Vec<InterfaceEndpoint>,
    /// ARNs of objects in buckets of AWS that are read through the S3 endpoint.
    pub aws_objects: Vec<String>,
    /// ARN patterns of the roles that may call Bedrock through its endpoint, beside the hub account's own principals.
    pub bedrock_callers: Vec<String>,
}

/// An interface endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InterfaceEndpoint {
    /// Logical id.
    pub id: String,
    /// Short name: `bedrock-runtime`.
    pub service: String,
    /// Full name: `com.amazonaws.us-east-1.bedrock-runtime`.
    pub service_name: String,
    /// Whether roles of the Bedrock accounts call it, with the hub's network but their own account's credentials.
    pub cross_account: bool,
    /// Tags.
    pub tags: Vec<Tag>,
}

impl Endpoints {
    /// The endpoints of the spec.
    pub fn new(basis: &Basis<'_>, tags: &Tags, role_name: &str) -> Self {
        let spec = basis.spec;
        let (s3, services) = selected(spec);
        let aws_objects = if s3 { aws_objects(basis) } else { Vec::new() };
        let interface = services
            .into_iter()
            .map(|service| InterfaceEndpoint {
                id: format!("{}Endpoint", pascal(&service)),
                service_name: basis.place.endpoint_service(&service),
                cross_account: service == "bedrock-runtime" && !spec.bedrock.accounts.is_empty(),
                tags: tags.named(&service),
                service,
            })
            .collect();
        Self {
            s3: s3.then(|| basis.place.endpoint_service("s3")),
            interface,
            aws_objects,
            bedrock_callers: vec![format!("arn:{}:iam::*:role/{role_name}", basis.place.partition)],
        }
    }

    /// Whether there is an interface endpoint.
    pub fn any_interface(&self) -> bool {
        !self.interface.is_empty()
    }
}

/// Whether there is an S3 gateway endpoint, and the services with an interface endpoint.
fn selected(spec: &Spec) -> (bool, Vec<String>) {
    // A gateway endpoint is a route: only the route tables of a VPC that gwinfra makes are its own to change.
    let (ours, isolated) = match &spec.network.vpc {
        Vpc::Create(vpc) => (true, vpc.nat == Nat::None),
        Vpc::Existing(_) => (false, false),
    };
    match &spec.network.endpoints {
        EndpointsSpec::Mode(EndpointMode::None) => (false, Vec::new()),
        EndpointsSpec::Mode(EndpointMode::Auto) if !isolated => (ours, Vec::new()),
        EndpointsSpec::Mode(_) => (ours, called(spec)),
        EndpointsSpec::Services(services) => {
            let mut interface: Vec<String> = services.iter().filter(|service| *service != "s3").cloned().collect();
            interface.sort();
            interface.dedup();
            (ours && services.iter().any(|service| service == "s3"), interface)
        }
    }
}

/// The services that the enabled features call, sorted, S3 aside. Databases and caches are reached by address, and
/// Fargate needs no endpoint of ECS.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html>
pub fn called(spec: &Spec) -> Vec<String> {
    let mut services = vec!["ecr.api", "ecr.dkr", "logs", "secretsmanager"];
    let exec = matches!(&spec.compute, Compute::Fargate(fargate) if fargate.exec);
    if spec.models.iter().any(|model| model.bedrock.is_some()) || !spec.guardrails.is_empty() {
        services.push("bedrock-runtime");
    }
    if spec.gateway.middleware.enabled && spec.gateway.middleware.managed_prompts {
        // GetPrompt is an operation of the agents' control plane.
        services.push("bedrock-agent");
    }
    if !spec.bedrock.accounts.is_empty() {
        services.push("sts");
    }
    if exec {
        // The session's data channel is encrypted with the deployment's key by the agent inside the task.
        services.extend(["ssmmessages", "kms"]);
    }
    if spec.access.bastion.is_some() {
        services.extend(["ssm", "ssmmessages", "ec2messages"]);
    }
    if matches!(spec.compute, Compute::Ec2(_)) {
        services.extend(["ecs", "ecs-agent", "ecs-telemetry", "ssm", "ssmmessages", "ec2messages"]);
    }
    services.sort_unstable();
    services.dedup();
    services.into_iter().map(str::to_owned).collect()
}

/// Objects outside this account that are read through the S3 endpoint: the layers of ECR images, and what a bastion
/// installs and updates itself with.
/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html>
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/ssm-agent-technical-details.html>
fn aws_objects(basis: &Basis<'_>) -> Vec<String> {
    let place = &basis.place;
    let mut buckets = vec![format!("prod-{}-starport-layer-bucket", place.region)];
    if basis.spec.access.bastion.is_some() {
        buckets.push(format!("amazon-ssm-{}", place.region));
        buckets.push(format!("aws-ssm-{}", place.region));
        buckets.push(format!("al2023-repos-{}-de612dc2", place.region));
    }
    buckets.into_iter().map(|bucket| format!("arn:{}:s3:::{bucket}/*", place.partition)).collect()
}

/// `ecr.api` becomes `EcrApi`: logical ids are letters and digits.
fn pascal(service: &str) -> String {
    service
        .split(|c: char| !c.is_ascii_alphanumeric())
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::testing::spec;

    fn names(changes: Value) -> (bool, Vec<String>) {
        selected(&spec(changes))
    }

    fn isolated(rest: Value) -> Vec<String> {
        let mut spec = spec(rest);
        spec.network = serde_json::from_value(json!({"vpc": {"create": {"nat": "none"}}})).unwrap();
        selected(&spec).1
    }

    #[test]
    fn with_nat_only_s3_has_an_endpoint() {
        assert_eq!(names(json!({})), (true, vec![]));
    }

    #[test]
    fn without_nat_every_service_that_is_called_has_one() {
        let expected = ["bedrock-agent", "bedrock-runtime", "ecr.api", "ecr.dkr", "logs", "secretsmanager"];
        assert_eq!(isolated(json!({})), expected);
    }

    #[test]
    fn other_accounts_need_sts() {
        let accounts = json!([{"id": "222222222222", "name": "one", "regions": ["us-east-1"]}]);
        assert!(isolated(json!({"bedrock": {"accounts": accounts}})).contains(&"sts".to_owned()));
    }

    #[test]
    fn a_bastion_needs_the_services_of_session_manager() {
        let services = isolated(json!({"access": {"bastion": {}}}));
        for service in ["ssm", "ssmmessages", "ec2messages"] {
            assert!(services.iter().any(|name| name == service), "{service}");
        }
    }

    #[test]
    fn exec_needs_sessions_and_the_key() {
        let services = isolated(json!({"compute": {"fargate": {"exec": true}}}));
        assert!(services.contains(&"ssmmessages".to_owned()) && services.contains(&"kms".to_owned()));
    }

    #[test]
    fn managed_prompts_call_the_agents_control_plane_only_when_on() {
        let off = isolated(json!({"gateway": {"middleware": {"managed_prompts": false}}}));
        assert!(!off.contains(&"bedrock-agent".to_owned()));
    }

    #[test]
    fn a_list_is_taken_as_it_is() {
        let (s3, services) = names(json!({"network": {"endpoints": ["sts", "s3", "logs", "sts"]}}));
        assert_eq!((s3, services), (true, vec!["logs".to_owned(), "sts".to_owned()]));
    }

    #[test]
    fn route_tables_of_an_existing_vpc_are_left_alone() {
        let existing = json!({"id": "vpc-0a1b2c3d", "cidr": "10.0.0.0/16", "private_subnets": ["subnet-0a1b2c3d", "subnet-0a1b2c3e"]});
        let (s3, services) = names(json!({"network": {"vpc": {"existing": existing}, "endpoints": "all"}}));
        assert!(!s3 && services.contains(&"ecr.api".to_owned()));
    }

    #[test]
    fn a_logical_id_has_letters_and_digits_only() {
        assert_eq!(pascal("bedrock-runtime"), "BedrockRuntime");
        assert_eq!(pascal("ecr.api"), "EcrApi");
    }
}
