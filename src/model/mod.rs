//! What will be built: complete, with nothing left to guess.
//!
//! A [`Model`] is a pure function of a spec that passed the rules. It is serialized as the context of the templates, so
//! every field here is a name that a blueprint may use: fields are added freely, and renamed or removed only together
//! with [`CONTEXT_VERSION`].

pub mod access;
pub mod bedrock;
pub mod burndown;
pub mod capacity;
pub mod cidr;
pub mod container;
pub mod data;
pub mod endpoints;
pub mod firewall;
pub mod foundation;
pub mod gateway;
pub mod iam;
pub mod images;
pub mod invoke;
pub mod listener;
pub mod litellm;
pub mod middleware_limits;
pub mod naming;
pub mod network;
pub mod observability;
pub mod partition;
pub mod reference;
pub mod scaling;
pub mod stack_set;
pub mod state;
pub mod tags;
pub mod waf;

use schemars::JsonSchema;
use serde::Serialize;

use self::access::Access;
use self::bedrock::Bedrock;
use self::capacity::Capacity;
use self::data::Data;
use self::foundation::Foundation;
use self::gateway::Gateway;
use self::naming::Names;
use self::network::Network;
use self::partition::Place;
use self::state::State;
use self::tags::Tags;
use crate::spec::Spec;

/// Version of the render context. Blueprints say which they were written for.
pub const CONTEXT_VERSION: u32 = 1;

/// Everything that will be built, ready to be placed into templates.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Model {
    /// [`CONTEXT_VERSION`].
    pub context_version: u32,
    /// `name` of the spec.
    pub name: String,
    /// Environment chosen with `-e`.
    pub environment: Option<String>,
    /// Prefix of all names.
    pub prefix: String,
    /// Account and region of the gateway.
    pub hub: Place,
    /// Names that more than one stack, or another account, must agree on.
    pub shared: SharedNames,
    /// Days that CloudWatch keeps logs.
    pub log_retention_days: u32,
    /// Key, repositories, buckets and generated secrets.
    pub foundation: Foundation,
    /// VPC, subnets, routes, endpoints and security groups.
    pub network: Network,
    /// How people reach a private gateway. `None`: no such stack.
    pub access: Option<Access>,
    /// The accounts whose Bedrock quotas the gateway uses.
    pub bedrock: Bedrock,
    /// Database and cache.
    pub data: Data,
    /// Load balancer, web ACL, tasks, roles and what watches them.
    pub gateway: Gateway,
    /// What each Bedrock model's accounts can carry together.
    pub capacity: Vec<Capacity>,
    /// Where Terraform keeps its state.
    pub state: State,
}

/// The JSON Schema of [`Model`], the context of the templates, as text: the committed copy is
/// `schemas/gwinfra.render-context.v1.schema.json`.
pub fn json_schema_text() -> String {
    crate::json_schema::text::<Model>(&format!("gwinfra.render-context/v{CONTEXT_VERSION}"))
}

/// Names that more than one stack, or another account, must agree on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SharedNames {
    /// Role that the gateway's containers run as. Bedrock accounts name it in their trust policies.
    pub task_role: String,
    /// ARN of that role.
    pub task_role_arn: String,
    /// Role with which ECS starts the containers.
    pub execution_role: String,
    /// Role of the bastion.
    pub bastion_role: String,
}

/// What every part of the model starts from.
#[derive(Debug, Clone)]
pub struct Basis<'a> {
    /// The spec, after the environment was applied.
    pub spec: &'a Spec,
    /// Makes names.
    pub names: Names,
    /// Account and region of the gateway.
    pub place: Place,
}

impl<'a> Basis<'a> {
    /// The basis of a spec in an environment.
    pub fn new(spec: &'a Spec, environment: Option<&str>) -> Self {
        Self {
            spec,
            names: Names::new(spec.name.as_str(), environment),
            place: Place::new(spec.hub.account.as_str(), &spec.hub.region),
        }
    }

    /// Makes the tags of a stack's resources.
    pub fn tags(&self, stack: &str) -> Tags {
        Tags::new(self.names.prefix(), stack, &self.spec.tags)
    }
}

impl Model {
    /// What a spec builds in an environment. The spec passed the rules; on one that did not, the result is well-formed
    /// and useless.
    pub fn new(spec: &Spec, environment: Option<&str>) -> Self {
        let basis = Basis::new(spec, environment);
        let shared = SharedNames::new(&basis);
        let bedrock = Bedrock::new(&basis);
        let network = Network::new(&basis, &bedrock.role_name);
        let data = Data::new(&basis);
        Self {
            context_version: CONTEXT_VERSION,
            name: spec.name.0.clone(),
            environment: environment.map(str::to_owned),
            prefix: basis.names.prefix().to_owned(),
            hub: basis.place.clone(),
            log_retention_days: spec.observability.log_retention_days,
            foundation: Foundation::new(&basis),
            access: Access::new(&basis, &network.cidr, network.private_subnets, &shared.bastion_role),
            gateway: Gateway::new(&basis, &bedrock, &data),
            capacity: capacity::capacities(spec, &bedrock),
            state: State::new(&basis, &bedrock),
            data,
            network,
            shared,
            bedrock,
        }
    }
}

impl SharedNames {
    fn new(basis: &Basis<'_>) -> Self {
        let task_role = basis.names.role("task");
        Self {
            task_role_arn: basis.place.role_arn(&task_role),
            task_role,
            execution_role: basis.names.role("execution"),
            bastion_role: basis.names.role("bastion"),
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use serde_json::{Value, json};

    use crate::spec::Spec;

    /// The smallest spec, with `changes` merged over it: maps merge, everything else is replaced, `null` removes.
    pub(crate) fn spec(changes: Value) -> Spec {
        let mut spec = json!({
            "version": 1,
            "name": "acme-llm",
            "hub": {"account": "111122223333", "region": "us-east-1"},
            "ingress": {"tls": {"certificate": {"arn": "arn:aws:acm:us-east-1:111122223333:certificate/1"}}},
            "bedrock": {"include_hub": true},
            "models": [{"name": "claude", "bedrock": {"model": "us.anthropic.claude-3-7-sonnet-20250219-v1:0"}}]
        });
        merge(&mut spec, changes);
        serde_json::from_value(spec).unwrap()
    }

    fn merge(into: &mut Value, from: Value) {
        match (into, from) {
            (Value::Object(into), Value::Object(from)) => {
                for (key, value) in from {
                    if value.is_null() {
                        into.remove(&key);
                    } else {
                        merge(into.entry(key).or_insert(Value::Null), value);
                    }
                }
            }
            (into, from) => *into = from,
        }
    }
}
