//! The gateway stack: load balancer, web ACL, tasks, roles and what watches them.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::Basis;
use super::bedrock::Bedrock;
use super::container::{Container, containers};
use super::data::Data;
use super::firewall::{LITELLM_PORT, MIDDLEWARE_PORT};
use super::foundation::LOAD_BALANCER_LOGS;
use super::iam::{Document, ManagedPolicy, PolicyStack, bedrock_policies, execution_policy, task_policy};
use super::images::Images;
use super::listener::{LITELLM_HEALTH, MIDDLEWARE_HEALTH, Rule, Target, rules};
use super::litellm::Config;
use super::naming::ECS_LIMIT;
use super::observability::Observability;
use super::reference::reference;
use super::scaling::Scaling;
use super::tags::Tag;
use super::waf::WebAcl;
use crate::spec::{Architecture, Compute, Exposure, Fargate, Spec, Tls};

/// Ciphers with forward secrecy and authenticated encryption, TLS 1.2 and 1.3.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html>
const SSL_POLICY: &str = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06";
/// Longest deregistration delay of a target group, in seconds.
const LONGEST_DEREGISTRATION: u32 = 3600;

/// The gateway stack.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Gateway {
    /// LiteLLM's configuration.
    pub config: Config,
    /// Images.
    pub images: Images,
    /// Load balancer.
    pub load_balancer: LoadBalancer,
    /// Target groups, LiteLLM's first.
    pub target_groups: Vec<TargetGroup>,
    /// Listener that serves requests.
    pub listener: Listener,
    /// Rules of that listener.
    pub rules: Vec<Rule>,
    /// Web ACL.
    pub waf: Option<WebAcl>,
    /// Cluster and service.
    pub service: Service,
    /// Task.
    pub task: Task,
    /// Roles' permissions.
    pub permissions: Permissions,
    /// How many tasks run.
    pub scaling: Scaling,
    /// Logs, dashboard and alarms.
    pub observability: Observability,
    /// Tags of the stack's resources, by resource.
    pub tags: IndexMap<String, Vec<Tag>>,
}

/// Load balancer.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LoadBalancer {
    /// `internal` or `internet-facing`.
    pub scheme: &'static str,
    /// Whether it stands in the public subnets.
    pub public: bool,
    /// Attributes, as CloudFormation writes them.
    pub attributes: Vec<Value>,
}

/// A target group.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TargetGroup {
    /// Logical id.
    pub id: &'static str,
    /// Container.
    pub container: &'static str,
    /// Port of the container.
    pub port: u16,
    /// Path that says that the container lives.
    pub health_path: &'static str,
    /// Attributes, as CloudFormation writes them.
    pub attributes: Vec<Value>,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// The listener that serves requests.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Listener {
    /// Logical id.
    pub id: &'static str,
    /// Port.
    pub port: u16,
    /// `HTTPS` or `HTTP`.
    pub protocol: &'static str,
    /// TLS policy. `None` without TLS.
    pub ssl_policy: Option<&'static str>,
    /// ARN of the certificate, or the one that the stack makes. `None` without TLS.
    pub certificate: Option<Value>,
    /// Name that clients use. `None` where they have the load balancer's own only.
    pub name: Option<String>,
    /// Name for which a certificate and a DNS record are made.
    pub domain: Option<String>,
    /// Zone of that name.
    pub hosted_zone: Option<HostedZone>,
    /// Attributes, as CloudFormation writes them.
    pub attributes: Vec<Value>,
}

/// A hosted zone of Route 53.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HostedZone {
    /// Its id: `Z0123456789ABCDEFGHIJ`.
    Id(String),
    /// Its name, by which the id must be looked up: `example.com`.
    Name(String),
}

/// Cluster and service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Service {
    /// Name of the cluster.
    pub cluster: String,
    /// Name of the service.
    pub name: String,
    /// Whether `aws ecs execute-command` is allowed.
    pub exec: bool,
    /// Resources that the service needs and does not refer to.
    pub depends_on: Vec<String>,
}

/// Task.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Task {
    /// Family.
    pub family: String,
    /// CPU units.
    pub cpu: u32,
    /// Memory in MiB.
    pub memory: u32,
    /// `ARM64` or `X86_64`.
    pub architecture: &'static str,
    /// Containers.
    pub containers: Vec<Container>,
}

/// What the gateway's two roles may do.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Permissions {
    /// The containers: inline policy.
    pub task: Document,
    /// The containers: how they reach Bedrock.
    pub bedrock: Vec<ManagedPolicy>,
    /// Whether some of these are in a stack of their own.
    pub beside_gateway: bool,
    /// ECS, when it starts the containers.
    pub execution: Document,
}

impl Gateway {
    /// The gateway of the spec. One that does not run on Fargate gets Fargate's defaults, and is refused by a rule.
    pub fn new(basis: &Basis<'_>, bedrock: &Bedrock, data: &Data) -> Self {
        let spec = basis.spec;
        let default = Fargate::default();
        let fargate = match &spec.compute {
            Compute::Fargate(fargate) => fargate,
            Compute::Ec2(_) | Compute::Eks(_) => &default,
        };
        let config = Config::new(basis, bedrock);
        let images = Images::new(basis);
        let rules = rules(spec);
        let reach = bedrock_policies(basis, bedrock);
        let permissions = Permissions {
            task: task_policy(basis, bedrock, fargate),
            beside_gateway: reach.iter().any(|policy| policy.stack != PolicyStack::Gateway),
            bedrock: reach,
            execution: execution_policy(basis, &images),
        };
        let own = permissions.bedrock.iter().filter(|policy| policy.stack == PolicyStack::Gateway);
        let listener = Listener::new(spec);
        Self {
            load_balancer: LoadBalancer::new(spec),
            target_groups: target_groups(basis, images.middleware.is_some()),
            service: Service {
                cluster: basis.names.prefix().to_owned(),
                name: basis.names.within(ECS_LIMIT, "gateway"),
                exec: fargate.exec,
                // ECS refuses a target group that no listener uses, and tasks that start need their permissions.
                depends_on: std::iter::once(listener.id.to_owned())
                    .chain(rules.iter().map(|rule| rule.id.clone()))
                    .chain(own.map(|policy| policy.id.clone()))
                    .collect(),
            },
            task: Task {
                family: basis.names.within(ECS_LIMIT, "gateway"),
                cpu: fargate.cpu,
                memory: fargate.memory,
                architecture: match fargate.architecture {
                    Architecture::Arm64 => "ARM64",
                    Architecture::X86_64 => "X86_64",
                },
                containers: containers(basis, fargate, &config, &images),
            },
            waf: WebAcl::new(basis),
            scaling: Scaling::new(fargate, &rules, spec.ingress.exposure),
            observability: Observability::new(basis, fargate, data),
            tags: tags(basis),
            config,
            images,
            listener,
            rules,
            permissions,
        }
    }
}

/// Names only. CloudFormation gives every resource the stack's tags, which hold the rest: this template has so many
/// resources that a dozen tags of the user, written at each, would take it over the limit of 51,200 bytes.
fn tags(basis: &Basis<'_>) -> IndexMap<String, Vec<Tag>> {
    let mut tags = basis.tags("gateway").each(&[
        "gateway",
        "certificate",
        "waf",
        "waf-log",
        "blocked-networks",
        "cluster",
        "task-role",
        "execution-role",
        "litellm-log",
        "middleware-log",
        "exec-log",
        "alarms",
    ]);
    tags.values_mut().for_each(|tags| tags.truncate(1));
    tags
}

fn name_tag(basis: &Basis<'_>, what: &str) -> Vec<Tag> {
    basis.tags("gateway").named(what).into_iter().take(1).collect()
}

impl LoadBalancer {
    fn new(spec: &Spec) -> Self {
        let public = spec.ingress.exposure == Exposure::Public;
        let pair = |key: &str, value: Value| json!({"Key": key, "Value": value});
        Self {
            scheme: if public { "internet-facing" } else { "internal" },
            public,
            attributes: vec![
                pair("idle_timeout.timeout_seconds", json!(spec.ingress.idle_timeout_seconds.to_string())),
                pair("routing.http.drop_invalid_header_fields.enabled", json!("true")),
                pair("routing.http.desync_mitigation_mode", json!("defensive")),
                pair("access_logs.s3.enabled", json!("true")),
                pair("access_logs.s3.bucket", reference("LogsBucketName")),
                pair("access_logs.s3.prefix", json!(LOAD_BALANCER_LOGS)),
            ],
        }
    }
}

fn target_groups(basis: &Basis<'_>, middleware: bool) -> Vec<TargetGroup> {
    let exposure = basis.spec.ingress.exposure;
    let delay = basis.spec.routing.timeout_seconds.min(LONGEST_DEREGISTRATION);
    let attributes = vec![
        // A stream that runs when its task is replaced ends by itself: ECS sends SIGTERM only after this delay.
        json!({"Key": "deregistration_delay.timeout_seconds", "Value": delay.to_string()}),
        // Requests differ a thousandfold in length, so turns by count would pile them up.
        json!({"Key": "load_balancing.algorithm.type", "Value": "least_outstanding_requests"}),
    ];
    // Both ask for life, not for readiness: LiteLLM is not ready while its database is away, and ECS would then replace
    // every task, over and over, though they still serve the keys that they know.
    let mut groups = vec![TargetGroup {
        id: Target::Litellm.group(exposure),
        container: "litellm",
        port: LITELLM_PORT,
        health_path: LITELLM_HEALTH,
        attributes: attributes.clone(),
        tags: name_tag(basis, "litellm"),
    }];
    if middleware {
        groups.push(TargetGroup {
            id: Target::Middleware.group(exposure),
            container: "middleware",
            port: MIDDLEWARE_PORT,
            health_path: MIDDLEWARE_HEALTH,
            attributes,
            tags: name_tag(basis, "middleware"),
        });
    }
    groups
}

impl HostedZone {
    /// The zone that a spec names. An id begins with a capital and has no dot.
    pub fn new(given: &str) -> Self {
        let is_id = given.starts_with('Z') && !given.contains('.');
        if is_id { Self::Id(given.to_owned()) } else { Self::Name(given.to_owned()) }
    }
}

impl Listener {
    fn new(spec: &Spec) -> Self {
        let (certificate, domain) = match &spec.ingress.tls {
            Tls::Certificate(certificate) => (Some(json!(certificate.arn)), None),
            Tls::Domain(domain) => (Some(reference("Certificate")), Some(domain)),
            Tls::Plaintext(_) => (None, None),
        };
        let hosted_zone = domain.map(|domain| HostedZone::new(&domain.hosted_zone));
        let domain = domain.map(|domain| domain.name.0.clone());
        let name = spec.ingress.tls.name().map(|name| name.0.clone());
        let mut attributes = vec![json!({"Key": "routing.http.response.server.enabled", "Value": "false"})];
        if certificate.is_none() {
            return Self {
                id: "HttpListener",
                port: 80,
                protocol: "HTTP",
                ssl_policy: None,
                certificate,
                name,
                domain,
                hosted_zone,
                attributes,
            };
        }
        attributes.push(json!({
            "Key": "routing.http.response.strict_transport_security.header_value",
            "Value": "max-age=31536000",
        }));
        Self {
            id: "HttpsListener",
            port: 443,
            protocol: "HTTPS",
            ssl_policy: Some(SSL_POLICY),
            certificate,
            name,
            domain,
            hosted_zone,
            attributes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;
    use crate::model::testing::spec;

    fn gateway(changes: Value) -> Gateway {
        Model::new(&spec(changes), Some("prod")).gateway
    }

    #[test]
    fn streams_may_end_before_their_task_stops() {
        let value = |gateway: &Gateway| gateway.target_groups[0].attributes[0]["Value"].clone();
        assert_eq!(value(&gateway(json!({"routing": {"timeout_seconds": 900}}))), "900");
        assert_eq!(value(&gateway(json!({"routing": {"timeout_seconds": 4000}}))), "3600");
    }

    #[test]
    fn plaintext_listens_on_80_alone() {
        let listener =
            gateway(json!({"ingress": {"tls": {"plaintext": {"acknowledge": true}, "certificate": null}}})).listener;
        assert_eq!((listener.id, listener.port, listener.certificate), ("HttpListener", 80, None));
    }

    #[test]
    fn the_load_balancer_of_another_exposure_has_target_groups_of_its_own() {
        let ids = |exposure: &str| -> Vec<&str> {
            let groups = gateway(json!({"ingress": {"exposure": exposure}})).target_groups;
            groups.iter().map(|group| group.id).collect()
        };
        let (internal, public) = (ids("internal"), ids("public"));
        assert!(internal.iter().all(|id| !public.contains(id)), "{internal:?} {public:?}");
    }

    #[test]
    fn a_domain_uses_the_certificate_that_is_made_for_it() {
        let tls = json!({"domain": {"name": "llm.example.com", "hosted_zone": "example.com"}, "certificate": null});
        let listener = gateway(json!({"ingress": {"tls": tls}})).listener;
        assert_eq!(listener.certificate, Some(json!({"Ref": "Certificate"})));
        assert_eq!(listener.domain.as_deref(), Some("llm.example.com"));
        assert_eq!(listener.name, listener.domain);
    }

    #[test]
    fn a_certificate_with_a_name_makes_no_record() {
        let listener = gateway(json!({"ingress": {"tls": {"certificate": {"name": "llm.example.com"}}}})).listener;
        assert_eq!((listener.name.as_deref(), listener.domain), (Some("llm.example.com"), None));
    }

    #[test]
    fn a_hosted_zone_is_given_by_its_id_or_by_its_name() {
        assert_eq!(json!(HostedZone::new("Z0123456789ABCDEFGHIJ")), json!({"id": "Z0123456789ABCDEFGHIJ"}));
        assert_eq!(json!(HostedZone::new("example.com")), json!({"name": "example.com"}));
    }

    #[test]
    fn the_service_waits_for_its_listener_its_rules_and_its_permissions() {
        let depends_on = gateway(json!({})).service.depends_on;
        for id in ["HttpsListener", "ConverseRule", "InvokePolicy1"] {
            assert!(depends_on.iter().any(|known| known == id), "{id}");
        }
    }

    #[test]
    fn without_the_middleware_there_is_one_container_and_one_target_group() {
        let gateway = gateway(json!({"gateway": {"middleware": {"enabled": false}}}));
        assert_eq!((gateway.task.containers.len(), gateway.target_groups.len()), (1, 1));
    }
}
