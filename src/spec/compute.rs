//! `compute`: what runs the gateway's containers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::types::EntryName;

/// What runs the gateway's containers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compute {
    /// ECS on Fargate: no servers to keep.
    Fargate(Fargate),
    /// ECS on EC2 instances.
    Ec2(Ec2),
    /// Kubernetes on EKS.
    Eks(Eks),
}

impl Default for Compute {
    fn default() -> Self {
        Self::Fargate(Fargate::default())
    }
}

/// ECS on Fargate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fargate {
    /// CPU of a task in CPU units (1024 = 1 vCPU). Default 1024. `cpu` and `memory` must be a pair that Fargate offers.
    #[serde(default = "default_cpu")]
    #[schemars(range(min = 256, max = 32768))]
    pub cpu: u32,
    /// Memory of a task in MiB. Default 4096.
    #[serde(default = "default_memory")]
    #[schemars(range(min = 512, max = 249856))]
    pub memory: u32,
    /// Processor architecture: `arm64` (default, about a fifth cheaper) or `x86_64`.
    #[serde(default)]
    pub architecture: Architecture,
    /// How many tasks run.
    #[serde(default)]
    pub tasks: Tasks,
    /// What makes the service grow and shrink between `tasks.min` and `tasks.max`. Give only what should count; an
    /// empty map turns target tracking off.
    #[serde(default)]
    pub scale_on: ScaleOn,
    /// Share of the tasks above `tasks.min` that run on Fargate Spot, in percent. Default 0. Spot tasks may be stopped
    /// by AWS with two minutes' notice.
    #[serde(default)]
    #[schemars(range(max = 100))]
    pub spot_percent: u8,
    /// Changes of the range of tasks at fixed times.
    #[serde(default)]
    pub schedules: Vec<Schedule>,
    /// Allow `aws ecs execute-command` into the containers. Sessions are logged. Off by default.
    #[serde(default)]
    pub exec: bool,
}

impl Default for Fargate {
    fn default() -> Self {
        Self {
            cpu: default_cpu(),
            memory: default_memory(),
            architecture: Architecture::default(),
            tasks: Tasks::default(),
            scale_on: ScaleOn::default(),
            spot_percent: 0,
            schedules: Vec::new(),
            exec: false,
        }
    }
}

fn default_cpu() -> u32 {
    1024
}

fn default_memory() -> u32 {
    4096
}

/// Processor architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// AWS Graviton.
    #[default]
    Arm64,
    /// Intel or AMD.
    #[serde(rename = "x86_64")]
    X86_64,
}

/// How many tasks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tasks {
    /// Fewest tasks. Default 2, one in each of two availability zones.
    #[schemars(range(max = 1000))]
    pub min: u32,
    /// Tasks of a new service, between `min` and `max`. Default 2. From then on autoscaling decides: no deployment sets the
    /// number again.
    #[schemars(range(max = 1000))]
    pub desired: u32,
    /// Most tasks. Default 10.
    #[schemars(range(min = 1, max = 1000))]
    pub max: u32,
}

impl Default for Tasks {
    fn default() -> Self {
        Self { min: 2, desired: 2, max: 10 }
    }
}

/// Targets of target-tracking autoscaling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScaleOn {
    /// Average CPU use of the tasks to keep, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub cpu_percent: Option<u8>,
    /// Average memory use of the tasks to keep, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub memory_percent: Option<u8>,
    /// Requests per task and minute to keep, as the load balancer counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub requests_per_task: Option<u32>,
}

impl Default for ScaleOn {
    fn default() -> Self {
        Self { cpu_percent: Some(60), memory_percent: Some(75), requests_per_task: Some(500) }
    }
}

/// A change of the range of tasks at fixed times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Name of the schedule, unique in the list.
    pub name: EntryName,
    /// When: the six fields of an AWS cron expression (minute, hour, day of month, month, day of week, year), such as
    /// `0 20 ? * MON-FRI *`.
    pub cron: String,
    /// Time zone of `cron`, such as `Europe/Paris`. Default `UTC`.
    #[serde(default = "default_timezone")]
    pub timezone: String,
    /// Fewest tasks from then on.
    #[schemars(range(max = 1000))]
    pub min: u32,
    /// Most tasks from then on.
    #[schemars(range(max = 1000))]
    pub max: u32,
}

fn default_timezone() -> String {
    "UTC".to_owned()
}

/// ECS on EC2 instances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ec2 {
    /// Instance type. Default `m7g.large`.
    #[serde(default = "default_instance_type")]
    #[schemars(extend("pattern" = "^[a-z][a-z0-9-]*\\.[a-z0-9-]+$", "x-expect" = "an EC2 instance type, such as m7g.large"))]
    pub instance_type: String,
    /// Size of the root volume in GiB. Default 50.
    #[serde(default = "default_volume_gib")]
    #[schemars(range(min = 30, max = 16384))]
    pub volume_gib: u32,
    /// How many instances run.
    #[serde(default)]
    pub instances: Instances,
    /// Run Prometheus beside the gateway. Default true.
    #[serde(default = "super::enabled")]
    pub prometheus: bool,
}

fn default_instance_type() -> String {
    "m7g.large".to_owned()
}

fn default_volume_gib() -> u32 {
    50
}

/// How many instances run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Instances {
    /// Fewest instances. Default 1.
    #[schemars(range(max = 1000))]
    pub min: u32,
    /// Instances at the first deployment. Default 1.
    #[schemars(range(max = 1000))]
    pub desired: u32,
    /// Most instances. Default 1.
    #[schemars(range(min = 1, max = 1000))]
    pub max: u32,
}

impl Default for Instances {
    fn default() -> Self {
        Self { min: 1, desired: 1, max: 1 }
    }
}

/// Kubernetes on EKS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Eks {
    /// Kubernetes version. Default `1.33`.
    #[serde(default = "default_kubernetes_version")]
    #[schemars(extend("pattern" = "^1\\.[0-9]{2}$", "x-expect" = "a Kubernetes version in quotes, such as \"1.33\""))]
    pub version: String,
    /// The cluster: exactly one of `create`, `existing`. Default: `create`.
    #[serde(default)]
    pub cluster: EksCluster,
    /// Managed nodes. Not used with an Auto Mode cluster.
    #[serde(default)]
    pub nodes: EksNodes,
    /// How many gateway pods run.
    #[serde(default)]
    pub pods: Pods,
}

fn default_kubernetes_version() -> String {
    "1.33".to_owned()
}

/// A new EKS cluster or one that exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EksCluster {
    /// A new cluster.
    Create(CreateEksCluster),
    /// A cluster that exists.
    Existing(ExistingEksCluster),
}

impl Default for EksCluster {
    fn default() -> Self {
        Self::Create(CreateEksCluster::default())
    }
}

/// A new EKS cluster.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateEksCluster {
    /// Who keeps the nodes: `auto` (EKS Auto Mode, default) or `managed_nodes`.
    #[serde(default)]
    pub mode: EksMode,
}

/// Who keeps the nodes of a new cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EksMode {
    /// EKS Auto Mode.
    #[default]
    Auto,
    /// A managed node group, sized by `nodes`.
    ManagedNodes,
}

/// An EKS cluster that exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExistingEksCluster {
    /// Name of the cluster, in the hub's account and region.
    pub name: EntryName,
}

/// Managed nodes of an EKS cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EksNodes {
    /// Instance types, best first. Default `[m7g.large]`.
    pub instance_types: Vec<String>,
    /// Size of a node's root volume in GiB. Default 50.
    #[schemars(range(min = 20, max = 16384))]
    pub volume_gib: u32,
    /// Fewest nodes. Default 2.
    #[schemars(range(max = 450))]
    pub min: u32,
    /// Nodes at the first deployment. Default 2.
    #[schemars(range(max = 450))]
    pub desired: u32,
    /// Most nodes. Default 4.
    #[schemars(range(min = 1, max = 450))]
    pub max: u32,
}

impl Default for EksNodes {
    fn default() -> Self {
        Self { instance_types: vec![default_instance_type()], volume_gib: 50, min: 2, desired: 2, max: 4 }
    }
}

/// How many gateway pods run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Pods {
    /// Fewest pods. Default 2.
    #[schemars(range(max = 1000))]
    pub min: u32,
    /// Most pods. Default 10.
    #[schemars(range(min = 1, max = 1000))]
    pub max: u32,
}

impl Default for Pods {
    fn default() -> Self {
        Self { min: 2, max: 10 }
    }
}
