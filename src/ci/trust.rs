//! The roles of a pipeline: who may assume them, and what they are for.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Deployment, Pipeline, System};

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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Value>,
    /// ARNs of the managed policies that have to be attached.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attach: Vec<String>,
    /// What else it has to be allowed, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
}

/// The roles of every deployment. `repository` is its path: `owner/name`, or GitLab's `group/project`.
pub fn roles(pipeline: &Pipeline, repository: &str) -> Vec<Roles> {
    let mut roles: Vec<Roles> = Vec::new();
    for deployment in &pipeline.deployments {
        for (arn, purpose) in [(&deployment.plan_role, PLANS), (&deployment.apply_role, APPLIES)] {
            let place = Home::of(arn);
            let role = Roles {
                role: arn.clone(),
                purpose,
                trust_policy: trust(pipeline, deployment, &place, repository, purpose),
                policy: policy(pipeline.system, deployment, &place, purpose),
                attach: attach(deployment, place.partition, purpose),
                needs: needs(pipeline.system, deployment, purpose),
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

/// How long a job of GitHub that applies may use its credentials: they are fetched once. A role allows an hour unless its
/// `MaxSessionDuration` says more.
pub(super) const APPLY_SECONDS: u32 = 10_800;

/// Where a role is: its identity provider, and the projects that assume it, are in the same account.
struct Home<'a> {
    partition: &'a str,
    account: &'a str,
}

impl<'a> Home<'a> {
    fn of(role: &'a str) -> Self {
        let mut parts = role.split(':').skip(1);
        Self { partition: parts.next().unwrap_or("aws"), account: parts.nth(2).unwrap_or_default() }
    }
}

impl Roles {
    fn join(&mut self, other: Self) {
        add_statements(&mut self.trust_policy, &other.trust_policy);
        match (&mut self.policy, other.policy) {
            (Some(own), Some(more)) => add_statements(own, &more),
            (own, more) => *own = own.take().or(more),
        }
        if self.purpose != other.purpose {
            self.purpose = "plans, looks for drift, and applies";
        }
        add(&mut self.attach, other.attach);
        add(&mut self.needs, other.needs);
    }
}

/// Adds the words that are not there yet.
fn add(own: &mut Vec<String>, more: Vec<String>) {
    for one in more {
        if !own.contains(&one) {
            own.push(one);
        }
    }
}

/// Adds the statements of one policy that another does not have.
fn add_statements(own: &mut Value, more: &Value) {
    let statements = |value: &Value| value["Statement"].as_array().cloned().unwrap_or_default();
    let mut all = statements(own);
    for statement in statements(more) {
        if !all.contains(&statement) {
            all.push(statement);
        }
    }
    own["Statement"] = Value::Array(all);
}

/// Who may assume a role: the jobs of one repository, and where the system says it, only on the branch or in the environment.
fn trust(pipeline: &Pipeline, deployment: &Deployment, place: &Home<'_>, repository: &str, purpose: &str) -> Value {
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

fn federated(place: &Home<'_>, issuer: &str, condition: Value) -> Value {
    json!({
        "Effect": "Allow",
        "Principal": {"Federated": format!("arn:{}:iam::{}:oidc-provider/{issuer}", place.partition, place.account)},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    })
}

/// What it may do beside the managed policies. IAM takes no policy without statements: where there are none, there is no
/// policy.
fn policy(system: System, deployment: &Deployment, place: &Home<'_>, purpose: &str) -> Option<Value> {
    let mut statements = Vec::new();
    if !deployment.deploy_roles.is_empty() {
        statements.push(allow(json!(["sts:AssumeRole"]), json!(deployment.deploy_roles)));
    }
    if system == System::Codebuild {
        // The role is the project's own: without these no build begins.
        let region = &deployment.place.region;
        let groups = format!("arn:{}:logs:{region}:{}:log-group:/aws/codebuild/*", place.partition, place.account);
        let actions = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"];
        statements.push(allow(json!(actions), json!([groups])));
    }
    if deployment.hub_directly && purpose == PLANS {
        statements.extend(looks(deployment));
    }
    (!statements.is_empty()).then(|| json!({"Version": "2012-10-17", "Statement": statements}))
}

fn allow(actions: Value, resources: Value) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": resources})
}

/// What reading takes beside `ReadOnlyAccess`, which decrypts nothing: the configuration object, and with Terraform the lock
/// and the key of its state.
fn looks(deployment: &Deployment) -> Vec<Value> {
    let region = &deployment.place.region;
    let mut decrypt = allow(json!(["kms:Decrypt"]), json!([deployment.place.arn("kms", "key/*")]));
    decrypt["Condition"] = json!({"StringEquals": {"kms:ViaService": format!("s3.{region}.amazonaws.com")}});
    let mut statements = vec![decrypt];
    if let Some(state) = &deployment.state {
        let locks = format!("{}/{}/*.tflock", state.bucket_arn, state.key_prefix);
        statements.push(allow(json!(["s3:DeleteObject", "s3:PutObject"]), json!([locks])));
        if let Some(key) = &state.kms_key {
            statements.push(allow(json!(["kms:Decrypt", "kms:GenerateDataKey"]), json!([key])));
        }
    }
    statements
}

/// The managed policies of a role that deploys the hub itself.
fn attach(deployment: &Deployment, partition: &str, purpose: &str) -> Vec<String> {
    if deployment.hub_directly && purpose != APPLIES {
        vec![format!("arn:{partition}:iam::aws:policy/ReadOnlyAccess")]
    } else {
        Vec::new()
    }
}

/// What else a role takes, in words.
fn needs(system: System, deployment: &Deployment, purpose: &str) -> Vec<String> {
    let flag = deployment.environment.as_ref().map(|name| format!(" -e {name}")).unwrap_or_default();
    let mut needs = Vec::new();
    if deployment.hub_directly && purpose == APPLIES {
        needs.push(format!("the policies of `gwinfra accounts policy{flag} --account hub`"));
    }
    if deployment.hub_directly && purpose == PLANS && !deployment.terraform {
        needs.push(
            "cloudformation:CreateChangeSet and cloudformation:DeleteChangeSet on the stacks of the deployment"
                .to_owned(),
        );
    }
    if system == System::Github && purpose == APPLIES {
        needs.push(format!(
            "a maximum session duration of {} hours (MaxSessionDuration: {APPLY_SECONDS})",
            APPLY_SECONDS / 3600
        ));
    }
    if system == System::Codebuild {
        needs.push(
            "the bucket of the project's artifacts, and the secret of GITHUB_TOKEN where the project has one"
                .to_owned(),
        );
    }
    needs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_provider_of_a_role_is_in_its_own_account_and_partition() {
        let home = Home::of("arn:aws-us-gov:iam::444455556666:role/ci/plan");
        assert_eq!((home.partition, home.account), ("aws-us-gov", "444455556666"));
        let statement = federated(&home, "gitlab.example.com", json!({}));
        let provider = "arn:aws-us-gov:iam::444455556666:oidc-provider/gitlab.example.com";
        assert_eq!(statement["Principal"]["Federated"], provider);
    }

    #[test]
    fn what_two_purposes_of_a_role_need_is_attached_once() {
        let role = |attach: &[&str]| Roles {
            role: "arn:aws:iam::111122223333:role/ci".to_owned(),
            purpose: APPLIES,
            trust_policy: json!({"Statement": []}),
            policy: None,
            attach: attach.iter().map(|one| (*one).to_owned()).collect(),
            needs: Vec::new(),
        };
        let mut both = role(&["a", "b"]);
        both.join(role(&["b", "a"]));
        assert_eq!(both.attach, ["a", "b"]);
    }
}
