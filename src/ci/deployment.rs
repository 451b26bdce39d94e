//! What a pipeline has to know of a deployment: all of it is in the spec.

use crate::model::Model;
use crate::model::partition::Place;
use crate::model::state::S3State;
use crate::spec::{EngineName, Loaded};

/// A role, as somebody names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleName {
    /// By its name in the account of each hub, without its path.
    Name(String),
    /// By its ARN, in every deployment the same.
    Arn(String),
}

/// A deployment of the spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Environment of the spec.
    pub environment: Option<String>,
    /// Prefix of its names.
    pub prefix: String,
    /// Name of the spec.
    pub name: String,
    /// Where its hub is.
    pub place: Place,
    /// Whether Terraform deploys it.
    pub terraform: bool,
    /// Where its state is, if Terraform deploys it.
    pub state: Option<S3State>,
    /// ARN of the role that plans and looks for drift.
    pub plan_role: String,
    /// ARN of the role that applies.
    pub apply_role: String,
    /// The roles that gwinfra assumes from there, by the spec.
    pub deploy_roles: Vec<String>,
    /// Whether the hub is deployed with the credentials of the pipeline itself.
    pub hub_directly: bool,
}

impl Deployment {
    /// The deployment of a spec. Roles that are not named are `<prefix>-ci-plan` and `<prefix>-ci-apply` in the hub's account.
    pub fn new(loaded: &Loaded, plan_role: Option<&RoleName>, apply_role: Option<&RoleName>) -> Self {
        let spec = &loaded.spec;
        let prefix = loaded.prefix();
        let place = Place::new(spec.hub.account.as_str(), &spec.hub.region);
        let arn = |role: Option<&RoleName>, purpose: &str| match role {
            Some(RoleName::Arn(arn)) => arn.clone(),
            Some(RoleName::Name(name)) => place.global_arn("iam", &format!("role/{name}")),
            None => place.global_arn("iam", &format!("role/{prefix}-ci-{purpose}")),
        };
        let accounts = spec.bedrock.accounts.iter().filter_map(|account| account.deploy_role.as_ref());
        let mut deploy_roles: Vec<String> = Vec::new();
        for role in spec.hub.deploy_role.iter().chain(accounts).map(|role| role.as_str()) {
            if !deploy_roles.iter().any(|known| known == role) {
                deploy_roles.push(role.to_owned());
            }
        }
        Self {
            environment: loaded.environment.clone(),
            name: spec.name.to_string(),
            terraform: spec.engine == EngineName::Terraform,
            state: Model::new(spec, loaded.environment.as_deref()).state.s3,
            plan_role: arn(plan_role, "plan"),
            apply_role: arn(apply_role, "apply"),
            deploy_roles,
            hub_directly: spec.hub.deploy_role.is_none(),
            prefix,
            place,
        }
    }

    /// What is added to names of jobs and files where a spec has environments.
    pub fn suffix(&self) -> String {
        self.environment.as_ref().map(|name| format!("-{name}")).unwrap_or_default()
    }

    /// Name of the environment of the pipeline's own, in which somebody approves.
    pub fn approval(&self) -> &str {
        self.environment.as_deref().unwrap_or(&self.name)
    }
}
