//! What the gateway's two roles may do: one builder of policy documents.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::Basis;
use super::bedrock::{Bedrock, HUB};
use super::container::secret_arn;
use super::data::MASTER_USER;
use super::foundation::REQUEST_LOGS;
use super::images::Images;
use super::invoke::Invocation;
use super::litellm::CONFIG_PREFIX;
use super::partition::Place;
use super::reference::{attribute, reference, substitute};
use crate::spec::{AuroraPostgres, Cache, Database, DatabaseAuth, Fargate, SecretReference};

/// A policy document.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Document {
    /// Version of the policy language.
    pub version: &'static str,
    /// Statements.
    pub statement: Vec<Statement>,
}

/// A statement of a policy.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    /// What it is for.
    pub sid: &'static str,
    /// Always `Allow`.
    pub effect: &'static str,
    /// Actions.
    pub action: Vec<&'static str>,
    /// ARNs, or `*` where the action knows no resources.
    pub resource: Vec<Value>,
    /// Conditions, by operator and key.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub condition: IndexMap<&'static str, IndexMap<String, Value>>,
}

impl Document {
    fn new(statement: Vec<Statement>) -> Self {
        Self { version: "2012-10-17", statement }
    }
}

impl Statement {
    /// Allows actions on resources.
    pub fn allow(
        sid: &'static str,
        action: impl IntoIterator<Item = &'static str>,
        resource: impl IntoIterator<Item = Value>,
    ) -> Self {
        Self {
            sid,
            effect: "Allow",
            action: action.into_iter().collect(),
            resource: resource.into_iter().collect(),
            condition: IndexMap::new(),
        }
    }

    /// Adds a condition.
    #[must_use]
    pub fn when(mut self, operator: &'static str, key: impl Into<String>, value: Value) -> Self {
        self.condition.entry(operator).or_default().insert(key.into(), value);
        self
    }
}

/// A managed policy.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ManagedPolicy {
    /// Logical id.
    pub id: String,
    /// What it is for. A constant: changing it replaces the policy.
    pub description: &'static str,
    /// The policy.
    pub document: Document,
    /// Where it is made.
    pub stack: PolicyStack,
}

/// The stack of a managed policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyStack {
    /// Beside the role.
    Gateway,
    /// A stack that comes after.
    BedrockRoles,
}

impl PolicyStack {
    /// Name of the stack in the blueprint.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::BedrockRoles => "bedrock-roles",
        }
    }

    /// What the logical ids of its policies begin with.
    fn prefix(self) -> &'static str {
        match self {
            Self::Gateway => "AssumePolicy",
            Self::BedrockRoles => "FurtherPolicy",
        }
    }
}

/// Characters that a managed policy holds, white space not counted.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
pub(crate) const POLICY_LIMIT: usize = 6_144;

/// Roles that the gateway's own stack names: its template holds 51,200 bytes, and has more to say. The policies of further
/// roles are a stack of their own.
const ROLES_BESIDE_GATEWAY: usize = 100;

/// How the gateway's containers reach Bedrock, in as many managed policies as it takes.
pub fn bedrock_policies(basis: &Basis<'_>, bedrock: &Bedrock) -> Vec<ManagedPolicy> {
    let roles: Vec<&str> = bedrock.role_arns().collect();
    let in_one = roles_in_one_policy(&roles);
    let (first, further) = roles.split_at(roles.len().min(ROLES_BESIDE_GATEWAY));
    let policy = |stack: PolicyStack, index: usize, roles: &[&str]| ManagedPolicy {
        id: format!("{}{}", stack.prefix(), index + 1),
        description: "Lets the gateway assume its role in each Bedrock account",
        document: Document::new(vec![assume(roles)]),
        stack,
    };
    let of = |stack, roles: &[&str]| -> Vec<ManagedPolicy> {
        roles.chunks(in_one).enumerate().map(|(index, roles)| policy(stack, index, roles)).collect()
    };
    let mut policies = of(PolicyStack::Gateway, first);
    policies.extend(of(PolicyStack::BedrockRoles, further));
    let own = bedrock.targets.iter().filter(|target| target.name == HUB).flat_map(|target| &target.invoke);
    policies.extend(own.enumerate().map(|(index, invocation)| ManagedPolicy {
        id: format!("InvokePolicy{}", index + 1),
        description: "Lets the gateway call the models that its own account serves",
        document: invoke(&basis.place, invocation),
        stack: PolicyStack::Gateway,
    }));
    policies
}

fn assume(roles: &[&str]) -> Statement {
    Statement::allow("AssumeBedrockRoles", ["sts:AssumeRole"], roles.iter().map(|role| json!(role)))
}

/// How many of these roles one policy can name.
fn roles_in_one_policy(roles: &[&str]) -> usize {
    let characters = |value: &Value| value.to_string().len();
    let longest = roles.iter().map(|role| characters(&json!(role)) + 1).max().unwrap_or(1);
    let frame = characters(&json!(Document::new(vec![assume(&[])])));
    ((POLICY_LIMIT - frame) / longest).max(1)
}

/// Converse and ConverseStream have no actions of their own.
fn invoke(place: &Place, invocation: &Invocation) -> Document {
    let actions = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"];
    let values = |arns: &[String]| arns.iter().map(|arn| json!(arn)).collect::<Vec<_>>();
    // Any profile of the account will do as a condition: to use one, its own ARN has to be allowed too.
    let profiles = json!(format!("arn:{}:bedrock:*:{}:inference-profile/*", place.partition, place.account));
    let direct: Vec<Value> = values(&[invocation.models.as_slice(), &invocation.profiles].concat());
    let mut statements = Vec::new();
    if !direct.is_empty() {
        statements.push(Statement::allow("InvokeModels", actions, direct));
    }
    if !invocation.models_behind_profiles.is_empty() {
        statements.push(
            Statement::allow("InvokeModelsBehindProfiles", actions, values(&invocation.models_behind_profiles)).when(
                "ArnEquals",
                "bedrock:InferenceProfileArn",
                json!(invocation.profiles),
            ),
        );
    }
    if !invocation.global_models.is_empty() {
        // A global profile routes to a model without region.
        statements.push(
            Statement::allow("InvokeModelsAnywhere", actions, values(&invocation.global_models))
                .when("StringEquals", "aws:RequestedRegion", json!("unspecified"))
                .when("ArnLike", "bedrock:InferenceProfileArn", profiles.clone()),
        );
    }
    Document::new(statements)
}

/// What the gateway's containers may do, beside reaching Bedrock.
pub fn task_policy(basis: &Basis<'_>, bedrock: &Bedrock, fargate: &Fargate) -> Document {
    let (spec, place) = (basis.spec, &basis.place);
    let mut statements = Vec::new();
    if !spec.guardrails.is_empty() {
        let arns = spec
            .guardrails
            .iter()
            .map(|guardrail| Value::from(place.arn("bedrock", &format!("guardrail/{}", guardrail.bedrock.id))));
        statements.push(Statement::allow("ApplyGuardrails", ["bedrock:ApplyGuardrail"], unique(arns)));
    }
    if spec.gateway.middleware.enabled && spec.gateway.middleware.managed_prompts {
        // A prompt is read where its ARN says: in any region that the gateway calls, in this account.
        let regions = bedrock.targets.iter().flat_map(|target| &target.regions).map(String::as_str);
        let prompts = std::iter::once(place.region.as_str())
            .chain(regions)
            .map(|region| json!(format!("arn:{}:bedrock:{region}:{}:prompt/*", place.partition, place.account)));
        statements.push(Statement::allow("GetManagedPrompts", ["bedrock:GetPrompt"], unique(prompts)));
    }
    let partition = place.partition;
    let config = substitute(format!("arn:{partition}:s3:::${{ConfigBucketName}}/{CONFIG_PREFIX}*"));
    statements.push(Statement::allow("ReadConfiguration", ["s3:GetObject"], [config]));
    let mut key_actions = vec!["kms:Decrypt"];
    if spec.observability.request_logs {
        let logs = substitute(format!("arn:{partition}:s3:::${{RequestsBucketName}}/{REQUEST_LOGS}/*"));
        statements.push(Statement::allow("WriteRequestLogs", ["s3:PutObject"], [logs]));
        key_actions.push("kms:GenerateDataKey");
    }
    let s3 = format!("s3.{}.{}", place.region, place.dns_suffix);
    statements.push(Statement::allow("UseKeyThroughS3", key_actions, [reference("KmsKeyArn")]).when(
        "StringEquals",
        "kms:ViaService",
        json!(s3),
    ));
    if let Database::AuroraPostgres(aurora) = &spec.database {
        statements.push(database(basis, aurora));
    }
    if fargate.exec {
        statements.extend(exec());
    }
    Document::new(statements)
}

/// Signing in with IAM, or watching whether the password was rotated. The password itself comes with the task.
fn database(basis: &Basis<'_>, aurora: &AuroraPostgres) -> Statement {
    match aurora.auth {
        DatabaseAuth::Password => {
            Statement::allow("SeePasswordRotation", ["secretsmanager:DescribeSecret"], [reference("DatabaseSecretArn")])
        }
        DatabaseAuth::Iam => {
            let users = basis.place.arn("rds-db", &format!("dbuser:${{DatabaseResourceId}}/{MASTER_USER}"));
            Statement::allow("ConnectToDatabase", ["rds-db:connect"], [substitute(users)])
        }
    }
}

/// Session Manager's channels know no resources.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html#ecs-exec-required-iam-permissions>
fn exec() -> [Statement; 4] {
    let channels = [
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    ];
    [
        Statement::allow("OpenExecChannels", channels, [json!("*")]),
        Statement::allow("FindExecLogGroup", ["logs:DescribeLogGroups"], [json!("*")]),
        Statement::allow(
            "LogExecSessions",
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            [attribute("ExecLogGroup", "Arn")],
        ),
        Statement::allow("EncryptExecSessions", ["kms:Decrypt", "kms:GenerateDataKey"], [reference("KmsKeyArn")]),
    ]
}

/// What ECS may do to start the containers.
pub fn execution_policy(basis: &Basis<'_>, images: &Images) -> Document {
    let spec = basis.spec;
    let mut groups = vec![attribute("LitellmLogGroup", "Arn")];
    if images.middleware.is_some() {
        groups.push(attribute("MiddlewareLogGroup", "Arn"));
    }
    let pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
    let mut statements = vec![
        Statement::allow("SignInToRegistry", ["ecr:GetAuthorizationToken"], [json!("*")]),
        Statement::allow("PullImages", pull, images.repositories.iter().map(|arn| json!(arn))),
        Statement::allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], groups),
    ];
    let mut own = vec![reference("MasterKeySecretArn"), reference("SaltKeySecretArn")];
    if matches!(&spec.database, Database::AuroraPostgres(aurora) if aurora.auth == DatabaseAuth::Password) {
        own.push(reference("DatabaseSecretArn"));
    }
    if !matches!(spec.cache, Cache::None(_)) {
        own.push(reference("CacheSecretArn"));
    }
    statements.push(Statement::allow("ReadOwnSecrets", ["secretsmanager:GetSecretValue"], own));
    let through = format!("secretsmanager.{}.{}", basis.place.region, basis.place.dns_suffix);
    statements.push(Statement::allow("DecryptOwnSecrets", ["kms:Decrypt"], [reference("KmsKeyArn")]).when(
        "StringEquals",
        "kms:ViaService",
        json!(through),
    ));
    let given = given_secrets(basis);
    if !given.is_empty() {
        statements.push(Statement::allow(
            "ReadGivenSecrets",
            ["secretsmanager:GetSecretValue"],
            given.iter().map(|arn| json!(arn)),
        ));
        // Their keys are not known here. The key's own policy decides, and the context names the secrets.
        let keys = basis.place.arn("kms", "key/*");
        statements.push(
            Statement::allow("DecryptGivenSecrets", ["kms:Decrypt"], [json!(keys)])
                .when("StringEquals", "kms:ViaService", json!(through))
                .when("ArnLike", "kms:EncryptionContext:SecretARN", json!(given)),
        );
    }
    Document::new(statements)
}

/// ARNs of the secrets that the spec names. One that is given by name ends in six characters that are not known.
fn given_secrets(basis: &Basis<'_>) -> Vec<String> {
    let spec = basis.spec;
    let arn = |reference: &SecretReference| {
        let arn = secret_arn(basis, reference);
        if reference.secret.starts_with("arn:") { arn } else { format!("{arn}-??????") }
    };
    let mut arns: Vec<String> = Vec::new();
    let mut add = |arn: String| {
        if !arns.contains(&arn) {
            arns.push(arn);
        }
    };
    if let Database::External(external) = &spec.database {
        add(external.url_secret.0.clone());
    }
    spec.gateway.litellm.secrets.values().map(arn).for_each(&mut add);
    arns
}

fn unique(values: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut seen: Vec<Value> = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}

#[cfg(test)]
#[path = "iam_tests.rs"]
mod tests;
