//! The task's containers.

mod middleware_values;
mod middleware_variables;
mod variables;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::Basis;
use super::firewall::{LITELLM_PORT, MIDDLEWARE_PORT};
use super::images::Images;
use super::litellm::Config;
use super::middleware_limits::BodyMemory;
use super::reference::reference;
use crate::spec::{Fargate, MockLlm, Spec};

pub use middleware_values::{Form, middleware_form};
pub use middleware_variables::{free_middleware_variables, reserved_middleware_variables};
pub use variables::{
    RESERVED_VARIABLES, Secret, Variable, is_isolated, middleware_environment, middleware_has_master_key, secret_arn,
    value_from,
};
use variables::{litellm_environment, litellm_secrets, middleware_secrets, variables};

/// Python that composes LiteLLM's environment and then becomes LiteLLM.
pub const START: &str = include_str!("../../gateway/litellm/start.py");
/// Python that says whether LiteLLM's container is healthy.
pub const HEALTH_CHECK: &str = include_str!("../../gateway/litellm/healthcheck.py");
/// Path of the middleware's binary in its image.
pub const MIDDLEWARE_BINARY: &str = "/middleware";
/// Longest time from SIGTERM to SIGKILL on Fargate, in seconds.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#container_definition_timeout>
pub const STOP_TIMEOUT_SECONDS: u32 = 120;
/// Directory that LiteLLM's container may write to.
const WRITABLE: &str = "/tmp";
/// User and group `nobody` of LiteLLM's image.
const NOBODY: &str = "65534:65534";

/// Where LiteLLM finds the mocked model of a load test: the containers of a task share their addresses.
pub(super) const MOCK_ADDRESS: &str = "127.0.0.1:8787";

/// A container as a task definition writes it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Container {
    /// Name.
    pub name: &'static str,
    /// Image, by digest.
    pub image: Value,
    /// Whether the task stops when the container does.
    pub essential: bool,
    /// CPU units.
    pub cpu: u32,
    /// Most memory, in MiB.
    pub memory: u32,
    /// User and group. `None`: as the image says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<&'static str>,
    /// Whether the image's file system is read-only.
    pub readonly_root_filesystem: bool,
    /// Entry point, if not the image's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entry_point: Vec<Value>,
    /// Arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<Value>,
    /// Ports.
    pub port_mappings: Vec<Value>,
    /// Plain variables.
    pub environment: Vec<Variable>,
    /// Variables from Secrets Manager.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<Secret>,
    /// Containers that must be healthy first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<Value>,
    /// How ECS asks whether it is healthy.
    pub health_check: Value,
    /// Kernel settings.
    pub linux_parameters: Value,
    /// Limits.
    pub ulimits: Vec<Value>,
    /// Seconds from SIGTERM to SIGKILL.
    pub stop_timeout: u32,
    /// Where its output goes.
    pub log_configuration: Value,
}

/// How much longer LiteLLM keeps an idle connection than the load balancer, in seconds. uvicorn closes one after 5 seconds by
/// itself; a request that the load balancer sends on a connection that is just being closed is answered with 502.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#connection-idle-timeout>
const KEEP_ALIVE_MARGIN_SECONDS: u32 = 10;

/// The containers of a task, LiteLLM first.
pub fn containers(basis: &Basis<'_>, fargate: &Fargate, config: &Config, images: &Images) -> Vec<Container> {
    let mock = mocked(basis.spec);
    let share = Share::new(fargate, images.middleware.is_some(), mock.is_some());
    let mut containers = vec![litellm(basis, fargate, config, images, &share)];
    if images.middleware.is_some() {
        containers.push(middleware(basis, &share));
    }
    containers.extend(mock.map(|mock| mock_llm(basis, mock, &share)));
    containers
}

/// How a task's CPU and memory are shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Share {
    litellm: (u32, u32),
    /// That of the mocked model is the same.
    middleware: (u32, u32),
}

impl Share {
    /// The middleware gets an eighth of the CPU and a sixteenth of the memory, within bounds; LiteLLM is written in
    /// Python and gets the rest.
    fn new(fargate: &Fargate, middleware: bool, mock: bool) -> Self {
        if !middleware {
            return Self { litellm: (fargate.cpu, fargate.memory), middleware: (0, 0) };
        }
        let (cpu, memory) = ((fargate.cpu / 8).clamp(32, 1024), (fargate.memory / 16).clamp(64, 1024));
        let beside = 1 + u32::from(mock);
        Self {
            litellm: (fargate.cpu.saturating_sub(cpu * beside), fargate.memory.saturating_sub(memory * beside)),
            middleware: (cpu, memory),
        }
    }
}

fn litellm(basis: &Basis<'_>, fargate: &Fargate, config: &Config, images: &Images, share: &Share) -> Container {
    let spec = basis.spec;
    let (cpu, memory) = share.litellm;
    let mut command: Vec<Value> = vec![json!(code(START))];
    let keep_alive = spec.ingress.idle_timeout_seconds + KEEP_ALIVE_MARGIN_SECONDS;
    command.extend(["--num_workers".to_owned(), spec.gateway.litellm.workers.to_string()].map(Value::from));
    command.extend(["--keepalive_timeout".to_owned(), keep_alive.to_string()].map(Value::from));
    Container {
        name: "litellm",
        image: reference("LitellmImage"),
        essential: true,
        cpu,
        memory,
        user: images.litellm_unprivileged.then_some(NOBODY),
        readonly_root_filesystem: !fargate.exec,
        entry_point: ["python3", "-c"].map(Value::from).to_vec(),
        command,
        port_mappings: port(LITELLM_PORT),
        environment: variables(litellm_environment(basis, config)),
        secrets: litellm_secrets(basis),
        depends_on: Vec::new(),
        // The start period covers the database's migrations at the first start.
        health_check: health(&["CMD", "python3", "-c", &code(HEALTH_CHECK)], 300),
        linux_parameters: linux(fargate, Some(memory / 8)),
        ulimits: open_files(),
        stop_timeout: STOP_TIMEOUT_SECONDS,
        log_configuration: logs(basis, "litellm"),
    }
}

fn middleware(basis: &Basis<'_>, share: &Share) -> Container {
    let (cpu, memory) = share.middleware;
    let mut environment = middleware_environment(basis);
    let BodyMemory { largest, all } = BodyMemory::of(memory);
    environment.insert("MAX_BODY_MIB".to_owned(), json!(largest.to_string()));
    environment.insert("BODY_MEMORY_MIB".to_owned(), json!(all.to_string()));
    Container {
        name: "middleware",
        image: reference("MiddlewareImage"),
        essential: true,
        cpu,
        memory,
        user: Some("65532:65532"),
        readonly_root_filesystem: true,
        entry_point: Vec::new(),
        command: Vec::new(),
        port_mappings: port(MIDDLEWARE_PORT),
        environment: variables(environment),
        secrets: middleware_secrets(basis),
        // Also the order of stopping, reversed: LiteLLM is there until the middleware has answered everything.
        depends_on: vec![json!({"ContainerName": "litellm", "Condition": "HEALTHY"})],
        health_check: health(&["CMD", MIDDLEWARE_BINARY, "healthcheck"], 30),
        linux_parameters: json!({"InitProcessEnabled": true, "Capabilities": {"Drop": ["ALL"]}}),
        ulimits: open_files(),
        stop_timeout: STOP_TIMEOUT_SECONDS,
        log_configuration: logs(basis, "middleware"),
    }
}

/// The mocked model of a load test, if there is one: it is in the middleware's image.
pub(super) fn mocked(spec: &Spec) -> Option<&MockLlm> {
    let middleware = &spec.gateway.middleware;
    middleware.mock_llm.as_ref().filter(|_| middleware.enabled)
}

fn mock_llm(basis: &Basis<'_>, mock: &MockLlm, share: &Share) -> Container {
    let (cpu, memory) = share.middleware;
    let mut environment: IndexMap<String, Value> = IndexMap::new();
    let mut set = |name: &str, value: Option<String>| {
        environment.extend(value.map(|value| (format!("MOCK_{name}"), Value::from(value))));
    };
    set("LISTEN", Some(MOCK_ADDRESS.to_owned()));
    set("LATENCY", mock.latency.clone());
    set("TOKENS_PER_SECOND", mock.tokens_per_second.map(|pace| pace.to_string()));
    set("ANSWER_TOKENS", Some(mock.answer_tokens.to_string()));
    set("ERROR_SHARE", Some(format!("{}%", mock.error_percent)));
    set("REQUESTS_PER_MINUTE", mock.requests_per_minute.map(|limit| limit.to_string()));
    set("TOKENS_PER_MINUTE", mock.tokens_per_minute.map(|limit| limit.to_string()));
    for name in free_middleware_variables().filter(|name| name.starts_with("MOCK_")) {
        let set = basis.spec.gateway.middleware.environment.iter().find(|(set, _)| set.as_str() == name);
        environment.extend(set.map(|(_, value)| (name.to_owned(), json!(value))));
    }
    Container {
        name: "mock-llm",
        command: vec![json!("mock-llm")],
        cpu,
        memory,
        port_mappings: Vec::new(),
        environment: variables(environment),
        secrets: Vec::new(),
        depends_on: Vec::new(),
        health_check: health(&["CMD", MIDDLEWARE_BINARY, "mock-llm", "healthcheck"], 30),
        log_configuration: logs(basis, "mock-llm"),
        ..middleware(basis, share)
    }
}

/// A script without its comments and empty lines: a template holds 51,200 bytes, and who reads the script reads the
/// file.
pub fn code(script: &str) -> String {
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    script.lines().filter(is_code).flat_map(|line| [line, "\n"]).collect()
}

fn port(number: u16) -> Vec<Value> {
    vec![json!({"ContainerPort": number, "Protocol": "tcp"})]
}

fn health(command: &[&str], start_period: u32) -> Value {
    json!({"Command": command, "Interval": 30, "Timeout": 10, "Retries": 3, "StartPeriod": start_period})
}

/// A process that reaps children, no capabilities, and a directory in memory to write to. It needs `mode=1777`: a bind
/// mount belongs to root, and an unprivileged user could not write to it.
fn linux(fargate: &Fargate, tmpfs_mib: Option<u32>) -> Value {
    let mut parameters = json!({"InitProcessEnabled": true});
    if !fargate.exec {
        parameters["Capabilities"] = json!({"Drop": ["ALL"]});
    }
    if let Some(size) = tmpfs_mib {
        let options = ["rw", "nosuid", "nodev", "mode=1777"];
        parameters["Tmpfs"] = json!([{"ContainerPath": WRITABLE, "Size": size.max(64), "MountOptions": options}]);
    }
    parameters
}

fn open_files() -> Vec<Value> {
    vec![json!({"Name": "nofile", "SoftLimit": 65536, "HardLimit": 65536})]
}

/// A full buffer drops lines rather than stop the container while CloudWatch Logs is slow.
fn logs(basis: &Basis<'_>, container: &str) -> Value {
    let group = match container {
        "middleware" | "mock-llm" => "MiddlewareLogGroup",
        _ => "LitellmLogGroup",
    };
    json!({
        "LogDriver": "awslogs",
        "Options": {
            "awslogs-group": reference(group),
            "awslogs-region": basis.place.region,
            "awslogs-stream-prefix": container,
            "mode": "non-blocking",
            "max-buffer-size": "25m",
        },
    })
}

#[cfg(test)]
#[path = "container_tests.rs"]
mod tests;
