//! What a render starts from.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::{Deployment, Lookup, Target};
use crate::diagnostics::SourceFile;
use crate::hexadecimal;
use crate::model::Model;
use crate::model::bedrock::Target as Spoke;
use crate::model::gateway::HostedZone;
use crate::model::tags::reserved;
use crate::spec::{AvailabilityZones, Loaded, SpanIndex, Spec, Tls, Vpc};

/// What a render starts from, beside the blueprint.
#[derive(Debug, Clone)]
pub struct Input {
    /// What is deployed and where.
    pub deployment: Deployment,
    /// The render context: the model as JSON.
    pub context: Value,
    /// The Bedrock accounts beside the hub's, those that share a template together.
    pub groups: Vec<AccountGroup>,
    /// Tags of every stack.
    pub tags: BTreeMap<String, String>,
    /// Images by name, as the spec names them.
    pub images: BTreeMap<String, String>,
    /// What must be looked up in AWS.
    pub lookups: BTreeMap<String, Lookup>,
    /// Tasks of the service when it is made, if they are more than the one that ECS begins with. Autoscaling's smallest
    /// number alone starts no others: they come with the first alarm that asks for more.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-auto-scaling.html>
    pub tasks_at_first: Option<u32>,
    /// The gateway's configuration.
    pub configuration: Option<Configuration>,
    /// Where the keys of the spec are.
    pub spans: SpanIndex,
    /// The text of the spec.
    pub spec: SourceFile,
}

impl Input {
    /// The input of a spec and its model.
    pub fn new(loaded: &Loaded, model: &Model) -> Self {
        let spec = &loaded.spec;
        let json = |value: serde_json::Result<Value>| value.unwrap_or_default();
        let hub = Target {
            account: spec.hub.account.0.clone(),
            region: spec.hub.region.0.clone(),
            deploy_role: spec.hub.deploy_role.as_ref().map(|role| role.0.clone()),
        };
        let account = |spoke: &Spoke| Account {
            target: Target {
                account: spoke.account.clone(),
                region: spoke.regions.first().cloned().unwrap_or_else(|| hub.region.clone()),
                deploy_role: spoke.deploy_role.clone(),
            },
            context: json(serde_json::to_value(spoke)),
        };
        let spokes: HashMap<&str, &Spoke> = model
            .bedrock
            .targets
            .iter()
            .filter(|spoke| spoke.role_arn.is_some())
            .map(|spoke| (spoke.account.as_str(), spoke))
            .collect();
        let groups = model.bedrock.groups.iter().map(|group| AccountGroup {
            key: group.key.clone(),
            context: json(serde_json::to_value(group)),
            accounts: group
                .accounts
                .iter()
                .filter_map(|id| spokes.get(id.as_str()))
                .map(|spoke| account(spoke))
                .collect(),
        });
        Self {
            groups: groups.collect(),
            deployment: Deployment {
                name: spec.name.0.clone(),
                env: loaded.environment.clone(),
                prefix: model.prefix.clone(),
                engine: spec.engine.name().to_owned(),
                spec_sha256: hexadecimal::sha256(json(serde_json::to_value(spec)).to_string()),
                hub,
            },
            context: json(serde_json::to_value(model)),
            tags: spec
                .tags
                .iter()
                .filter(|(key, _)| !reserved(key))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            images: images(model),
            lookups: lookups(spec),
            tasks_at_first: Some(model.gateway.scaling.desired).filter(|tasks| *tasks > 1),
            configuration: Some(Configuration {
                content: model.gateway.config.text.clone(),
                content_type: "application/yaml".to_owned(),
            }),
            spans: loaded.spans.clone(),
            spec: loaded.source.clone(),
        }
    }
}

fn images(model: &Model) -> BTreeMap<String, String> {
    let images = &model.gateway.images;
    let litellm = [("litellm".to_owned(), images.litellm.reference.clone())];
    let middleware = images.middleware.iter().map(|image| ("middleware".to_owned(), image.reference.clone()));
    litellm.into_iter().chain(middleware).collect()
}

/// What only AWS knows, or must confirm, about what the spec names.
fn lookups(spec: &Spec) -> BTreeMap<String, Lookup> {
    let mut lookups = BTreeMap::new();
    if let Tls::Domain(domain) = &spec.ingress.tls {
        let lookup = match HostedZone::new(domain.hosted_zone.trim_end_matches('.')) {
            HostedZone::Id(id) => Lookup::Value(id),
            HostedZone::Name(name) => Lookup::HostedZone { name },
        };
        lookups.insert("hosted_zone".to_owned(), lookup);
    }
    match &spec.network.vpc {
        Vpc::Create(vpc) => {
            let names = match &vpc.availability_zones {
                AvailabilityZones::Names(names) => names.iter().map(ToString::to_string).collect(),
                AvailabilityZones::Count(_) => Vec::new(),
            };
            let count = vpc.availability_zones.count();
            lookups.insert("availability_zones".to_owned(), Lookup::AvailabilityZones { names, count });
        }
        Vpc::Existing(vpc) => {
            let subnets = [&vpc.private_subnets, &vpc.public_subnets, &vpc.data_subnets];
            let subnets = subnets.into_iter().flatten().map(ToString::to_string).collect();
            let lookup = Lookup::Vpc { id: vpc.id.to_string(), cidr: vpc.cidr.to_string(), subnets };
            lookups.insert("vpc".to_owned(), lookup);
        }
    }
    lookups
}

/// Accounts that get the same templates.
#[derive(Debug, Clone)]
pub struct AccountGroup {
    /// Tells the group from others, in the names of files. Stable.
    pub key: String,
    /// What templates see as `access_group`.
    pub context: Value,
    /// The accounts.
    pub accounts: Vec<Account>,
}

/// An account that gets its own copy of some stacks.
#[derive(Debug, Clone)]
pub struct Account {
    /// Where the stacks are deployed.
    pub target: Target,
    /// What parameters may take from it as `target.`.
    pub context: Value,
}

/// The gateway's configuration, which is uploaded under a name made of its hash.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// The text.
    pub content: String,
    /// MIME type.
    pub content_type: String,
}
