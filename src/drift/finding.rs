//! Something that differs: what, how much it matters, who read it, and what to do about it.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::added::{Addition, deleted_as};
use super::codes;
use crate::cfn::registry::Registry;
use crate::diagnostics::{Diagnostic, Position, Severity, Span, Subject};
use crate::plan::SourcePlace;

/// The type of a stack.
const STACK: &str = "AWS::CloudFormation::Stack";

/// The type of an association of a load balancer with a web ACL.
const ASSOCIATION: &str = "AWS::WAFv2::WebACLAssociation";
/// The type of a role.
const ROLE: &str = "AWS::IAM::Role";
/// The type of a user of a cache, and the property that says what it may do.
const USER: &str = "AWS::ElastiCache::User";
const ACCESS: &str = "AccessString";
/// The type of a group of these.
const USERS: &str = "AWS::ElastiCache::UserGroup";

/// What kind of difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A declared property has another value.
    Changed,
    /// The resource is gone.
    Deleted,
    /// The resource has a part that nobody declared.
    Added,
    /// What runs is not what is deployed, or has an end.
    Runtime,
    /// A property that nobody declares has another value than in the baseline.
    Undeclared,
}

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Who may do or reach what, encryption, deletion protection, or a resource that is gone.
    High,
    /// Everything else.
    Medium,
    /// Tags and descriptions.
    Low,
}

/// Who read a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reader {
    /// The Cloud Control API.
    CloudControl,
    /// CloudFormation itself.
    CloudFormation,
    /// EC2.
    Ec2,
    /// ECS.
    Ecs,
    /// S3.
    S3,
    /// Terraform and its provider.
    Terraform,
    /// ACM.
    Acm,
    /// Bedrock.
    Bedrock,
    /// IAM.
    Iam,
    /// Elastic Load Balancing.
    LoadBalancing,
    /// Secrets Manager.
    SecretsManager,
    /// Route 53.
    Route53,
    /// ElastiCache.
    #[serde(rename = "elasticache")]
    ElastiCache,
    /// AWS WAF.
    Wafv2,
    /// CloudWatch Logs.
    Logs,
    /// ECR.
    Ecr,
}

/// Something that differs.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Finding {
    /// As in plans: `acme-llm-network/Vpc`.
    pub address: String,
    /// Key of the stack or root module.
    pub stack: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Resource type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// What kind of difference.
    pub kind: Kind,
    /// The property; members of a list by their key, or else by their position. Empty for a resource as a whole.
    pub path: Vec<String>,
    /// What the deployed template, the baseline or good order says; null where they say nothing.
    pub expected: Option<Value>,
    /// What AWS says; null where it says nothing.
    pub actual: Option<Value>,
    /// How much it matters.
    pub severity: Level,
    /// Who read it.
    pub reader: Reader,
    /// Lines of the spec that the property comes from.
    pub source: Vec<SourcePlace>,
    /// The rule of `drift.yaml` that accepts it: reason and owner.
    pub accepted_by: Option<String>,
    /// What AWS calls a part that was added, or a resource that is gone and that `--revert` makes again under that id. Null
    /// for all else, and where it is not known.
    pub id: Option<String>,
    /// What takes a part out that was added, or brings a resource back that is gone, with the AWS CLI and credentials of the
    /// account. Null for all else, and where `--revert` makes the resource again under the same id.
    pub command: Option<String>,
    /// Whether `--revert` lets CloudFormation make a resource again that is gone: under another id, and with what names it.
    pub by_change_set: bool,
}

impl Reader {
    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Self::CloudControl => "cloud_control",
            Self::CloudFormation => "cloud_formation",
            Self::Ec2 => "ec2",
            Self::Ecs => "ecs",
            Self::S3 => "s3",
            Self::Terraform => "terraform",
            Self::Acm => "acm",
            Self::Bedrock => "bedrock",
            Self::Iam => "iam",
            Self::LoadBalancing => "load_balancing",
            Self::SecretsManager => "secrets_manager",
            Self::Route53 => "route53",
            Self::ElastiCache => "elasticache",
            Self::Wafv2 => "wafv2",
            Self::Logs => "logs",
            Self::Ecr => "ecr",
        }
    }
}

impl Finding {
    /// The property in one word: `Tags[team].Value`.
    pub fn property(&self) -> String {
        self.path.join(".")
    }

    /// The same of a part that was added, with what AWS calls it.
    #[must_use]
    pub fn of_addition(mut self, addition: Option<Addition>) -> Self {
        if let Some(addition) = addition {
            let Addition { id, command } = addition.in_region(&self.region);
            (self.id, self.command) = (Some(id), Some(command));
        }
        self
    }

    /// In one sentence.
    pub fn sentence(&self) -> String {
        let shown = |value: &Option<Value>| match value {
            None => "nothing".to_owned(),
            Some(Value::String(text)) => format!("`{text}`"),
            Some(value) => format!("`{value}`"),
        };
        let (address, property) = (&self.address, self.property());
        match self.kind {
            Kind::Deleted => format!("{address} is gone"),
            Kind::Added if property.is_empty() => format!("{address} has {} more", shown(&self.actual)),
            Kind::Added => format!("{address} has more in {property}: {}{}", shown(&self.actual), self.id_in_words()),
            Kind::Changed if self.resource_type == STACK => format!(
                "{address} has {} in {property}, and {} was applied",
                shown(&self.actual),
                shown(&self.expected)
            ),
            Kind::Changed => format!(
                "{address} has {} in {property}, and {} is deployed",
                shown(&self.actual),
                shown(&self.expected)
            ),
            Kind::Runtime => {
                format!("{property} of {address} is {}, and should be {}", shown(&self.actual), shown(&self.expected))
            }
            Kind::Undeclared => format!(
                "{address} has {} in {property}, and {} is recorded",
                shown(&self.actual),
                shown(&self.expected)
            ),
        }
    }

    /// What AWS calls it, in brackets and after a space; empty where that is not known, or the value says it.
    pub(super) fn id_in_words(&self) -> String {
        let is_said = |id: &&String| self.actual.as_ref().and_then(Value::as_str) == Some(id.as_str());
        self.id.as_ref().filter(|id| !is_said(id)).map(|id| format!(" ({id})")).unwrap_or_default()
    }

    /// What to do about something that runs otherwise than it should.
    pub(super) fn next(&self) -> &'static str {
        match self.reader {
            Reader::Acm => "renew the certificate, or import its successor under the same ARN",
            Reader::SecretsManager => "aws secretsmanager restore-secret, or rotate-secret",
            Reader::Bedrock => "gwinfra accounts verify",
            Reader::Route53 => "aws route53 change-resource-record-sets   puts the record back",
            Reader::CloudFormation => {
                "aws cloudformation update-stack-instances   brings the account to what the stack set has"
            }
            Reader::Terraform => {
                "aws application-autoscaling register-scalable-target   sets the range that Terraform is to ignore"
            }
            Reader::S3 => "gwinfra apply   uploads the configuration again if it is gone",
            _ => "gwinfra status",
        }
    }

    /// What to do about something that is gone.
    pub(super) fn after_deletion(&self) -> String {
        match self.reader {
            // The address of a stack set's stack has its set in front.
            Reader::CloudFormation if self.resource_type == STACK && self.address.contains('/') => {
                "aws cloudformation create-stack-instances   brings the stack set's stack into the account again"
                    .to_owned()
            }
            Reader::CloudFormation if self.resource_type == STACK => "gwinfra apply".to_owned(),
            _ => self.command.clone().unwrap_or_else(|| format!("gwinfra explain {}", codes::DELETED)),
        }
    }

    /// What to do about something that was added and `--revert` does not take out.
    pub(super) fn after_addition(&self) -> String {
        self.command.clone().unwrap_or_else(|| format!("gwinfra explain {}", codes::ADDED))
    }

    /// Whether `--revert` puts it back: what the Cloud Control API, Route 53, AWS WAF or Terraform has read, they can write, but
    /// for what is only set when a resource is made. A record that is gone is made again as a whole, and so is an association
    /// with a web ACL, and what then has the same id; CloudFormation makes again what gets another one. A part that was added goes where its type has a handler for that. Of a
    /// user of a cache only what it may do can be written without its password.
    pub fn can_be_put_back(&self) -> bool {
        let kind = self.resource_type.as_str();
        match (self.kind, self.reader) {
            (Kind::Added, _) if self.id.is_some() => {
                kind == ROLE || self.path.first().is_some_and(|property| deleted_as(kind, property).is_some())
            }
            (Kind::Deleted, Reader::CloudControl) => self.id.is_some() || self.by_change_set,
            (Kind::Changed | Kind::Deleted, Reader::Route53) => true,
            (Kind::Changed | Kind::Deleted, Reader::Wafv2) if kind == ASSOCIATION => true,
            (Kind::Changed, Reader::ElastiCache) if kind == USER => self.path == [ACCESS],
            (Kind::Changed | Kind::Added, Reader::ElastiCache) => kind == USERS && !self.is_fixed(),
            (Kind::Changed | Kind::Added, Reader::Wafv2) => !self.is_fixed(),
            (Kind::Added, Reader::CloudControl) => kind != USER && !self.is_fixed(),
            (Kind::Changed, Reader::CloudControl | Reader::Terraform) => kind != USER && !self.is_fixed(),
            _ => false,
        }
    }

    /// Whether the property is set when the resource is made, and never after.
    fn is_fixed(&self) -> bool {
        let registry = Registry::builtin();
        registry.get(&self.resource_type).is_some_and(|schema| schema.is_create_only(&self.path))
    }

    pub(super) fn diagnostic(&self) -> Diagnostic {
        let code = match self.kind {
            Kind::Changed => codes::CHANGED,
            Kind::Deleted => codes::DELETED,
            Kind::Added => codes::ADDED,
            Kind::Runtime => codes::RUNTIME,
            Kind::Undeclared => codes::UNDECLARED,
        };
        let place = self.source.first();
        let span = place.map(|place| {
            let start = Position { line: place.line, column: place.column };
            Span { file: place.file.as_str().into(), start, end: start }
        });
        // A key that is not written has the line of what is around it: its path says which one is meant.
        let path = place.and_then(|place| place.path.clone());
        let key = path.as_ref().map(|path| format!(" (`{path}`)")).unwrap_or_default();
        let mut finding = Diagnostic::warning(code, format!("{}{key}", self.sentence())).with_span(span);
        finding.path = path;
        let property = self.property();
        finding.subject =
            Some(Subject { resource: self.address.clone(), property: Some(property).filter(|one| !one.is_empty()) });
        if self.severity == Level::High {
            finding.severity = Severity::Error;
        }
        let help = match self.kind {
            Kind::Changed | Kind::Deleted | Kind::Added if self.can_be_put_back() => {
                format!("gwinfra drift --revert {}", self.address)
            }
            Kind::Changed if self.resource_type == STACK => {
                "gwinfra apply   gives the stack what the spec renders; gwinfra plan shows it".to_owned()
            }
            Kind::Changed => "put it back by hand, or accept it in drift.yaml".to_owned(),
            Kind::Deleted => self.after_deletion(),
            Kind::Added => match &self.command {
                Some(command) => format!("{command}   takes it out; or accept it in drift.yaml"),
                None => "delete it, or accept it in drift.yaml".to_owned(),
            },
            Kind::Runtime => self.next().to_owned(),
            Kind::Undeclared => "put it back, or gwinfra drift --record".to_owned(),
        };
        finding.with_help(help)
    }
}
