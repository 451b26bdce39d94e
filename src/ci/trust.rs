//! The roles of a pipeline: who may assume them, and what they are for.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Deployment, Pipeline, System};
use crate::model::partition::Place;

/// A role of a pipeline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Roles {
    /// ARN.
    pub role: String,
    /// What it does.
    pub purpose: &'static str,
    /// Who may assume it.
    pub trust_policy: Value,
    /// What it needs beside the policies of `attach`.
    pub policy: Value,
    /// What else has to be attached.
    pub attach: Vec<String>,
}

/// The roles of every deployment. `repository` is its path: `owner/name`, or GitLab's `group/project`.
pub fn roles(pipeline: &Pipeline, repository: &str) -> Vec<Roles> {
    let mut roles: Vec<Roles> = Vec::new();
    for deployment in &pipeline.deployments {
        for (arn, purpose) in [(&deployment.plan_role, PLANS), (&deployment.apply_role, APPLIES)] {
            let role = Roles {
                role: arn.clone(),
                purpose,
                trust_policy: trust(pipeline, deployment, repository, purpose),
                policy: policy(deployment),
                attach: attach(deployment, purpose),
            };
            // A role that does both has one trust policy for both.
            match roles.iter_mut().find(|known| known.role == *arn) {
                Some(known) => known.join(role),
                None => roles.push(role),
            }
        }
    }
    roles
}

const PLANS: &str = "plans, and looks for drift";
const APPLIES: &str = "applies";

impl Roles {
    fn join(&mut self, other: Self) {
        let statements = |value: &Value| value["Statement"].as_array().cloned().unwrap_or_default();
        for (own, more) in [(&mut self.trust_policy, &other.trust_policy), (&mut self.policy, &other.policy)] {
            let mut all = statements(own);
            for statement in statements(more) {
                if !all.contains(&statement) {
                    all.push(statement);
                }
            }
            own["Statement"] = Value::Array(all);
        }
        if self.purpose != other.purpose {
            self.purpose = "plans, looks for drift, and applies";
        }
        self.attach.extend(other.attach);
        self.attach.dedup();
    }
}

/// Who may assume a role: the jobs of one repository, and where the system says it, only on the branch or in the environment.
fn trust(pipeline: &Pipeline, deployment: &Deployment, repository: &str, purpose: &str) -> Value {
    let place = &deployment.place;
    let branch = &pipeline.branch;
    let applies = purpose == APPLIES;
    let statement = match pipeline.system {
        System::Github => {
            let subjects = if applies {
                vec![format!("repo:{repository}:environment:{}", deployment.approval())]
            } else {
                vec![format!("repo:{repository}:pull_request"), format!("repo:{repository}:ref:refs/heads/{branch}")]
            };
            let issuer = "token.actions.githubusercontent.com";
            federated(
                place,
                issuer,
                json!({"StringEquals": {
                    format!("{issuer}:aud"): "sts.amazonaws.com",
                    format!("{issuer}:sub"): subjects,
                }}),
            )
        }
        System::Gitlab => {
            let host = &pipeline.gitlab_host;
            let subject = if applies { branch.as_str() } else { "*" };
            federated(
                place,
                host,
                json!({
                    "StringEquals": {format!("{host}:aud"): format!("https://{host}")},
                    "StringLike": {format!("{host}:sub"): format!("project_path:{repository}:ref_type:branch:ref:{subject}")},
                }),
            )
        }
        System::Codebuild => json!({
            "Effect": "Allow",
            "Principal": {"Service": "codebuild.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": place.account}},
        }),
    };
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

fn federated(place: &Place, issuer: &str, condition: Value) -> Value {
    json!({
        "Effect": "Allow",
        "Principal": {"Federated": place.global_arn("iam", &format!("oidc-provider/{issuer}"))},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    })
}

/// The roles of the spec that it goes on to.
fn policy(deployment: &Deployment) -> Value {
    let statements: Vec<Value> = match deployment.deploy_roles.as_slice() {
        [] => Vec::new(),
        roles => vec![json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": roles})],
    };
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn attach(deployment: &Deployment, purpose: &str) -> Vec<String> {
    let flag = deployment.environment.as_ref().map(|name| format!(" -e {name}")).unwrap_or_default();
    match (deployment.hub_directly, purpose) {
        (false, _) => Vec::new(),
        (true, APPLIES) => vec![format!("the policies of `gwinfra accounts policy{flag} --account hub`")],
        (true, _) => vec![
            format!("arn:{}:iam::aws:policy/ReadOnlyAccess", deployment.place.partition),
            "cloudformation:CreateChangeSet and cloudformation:DeleteChangeSet on the stacks of the deployment"
                .to_owned(),
        ],
    }
}
