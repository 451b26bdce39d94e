//! The report as data: what `drift -o json` prints.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::codes;
use super::patch::is_create_only;
use crate::cfn::registry::Registry;
use crate::diagnostics::{Diagnostic, Position, Report, Severity, Span, Subject};
use crate::plan::SourcePlace;

/// Name and version of the JSON format. Fields are only ever added within a version.
pub const SCHEMA: &str = "gwinfra.drift/v1";

/// What differs, and what was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: String,
    /// Which deployment.
    pub deployment: Source,
    /// What differs, accepted findings included, the hub's first.
    pub findings: Vec<Finding>,
    /// Values that resources have, and that neither the spec nor the baseline knows. They are no differences.
    pub potential: Vec<Potential>,
    /// What differs and is known to differ by itself.
    pub folded: Vec<Folded>,
    /// What was looked at.
    pub coverage: Coverage,
    /// What should be said beside the findings, such as changes of the spec that are not applied.
    pub notes: Vec<String>,
    /// What a baseline is compared with and written from: the resources that were compared, by address.
    #[serde(skip)]
    #[schemars(skip)]
    pub live: BTreeMap<String, Live>,
}

/// A resource that was compared, for the baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Live {
    /// Key of the stack or root module.
    pub stack: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Resource type.
    pub resource_type: String,
    /// Who read it.
    pub reader: Reader,
    /// Values that nobody declares, by path.
    pub values: BTreeMap<String, Value>,
    /// What is declared.
    pub declared: Value,
}

/// A value that neither the spec nor the baseline knows.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Potential {
    /// Address of the resource.
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
    /// The property.
    pub path: Vec<String>,
    /// Its value.
    pub actual: Value,
}

/// A deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Source {
    /// Prefix of its names.
    pub name: String,
    /// `cloudformation` or `terraform`.
    pub engine: String,
    /// Account of the hub.
    pub account: String,
    /// Region of the hub.
    pub region: String,
}

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
}

/// Something that differs and is known to do so by itself.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Folded {
    /// Address of the resource.
    pub address: String,
    /// The property.
    pub path: Vec<String>,
    /// Why it is no drift.
    pub reason: String,
}

/// What was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Coverage {
    /// Resources of all stacks.
    pub total: usize,
    /// Resources that were compared.
    pub checked: usize,
    /// Of these, how many by whom.
    pub by_reader: BTreeMap<String, usize>,
    /// What could not be compared.
    pub skipped: Vec<Skipped>,
    /// Declared properties that AWS does not give back, of resources that were compared: passwords and the like.
    pub unread: usize,
    /// Which ones, by the address of the resource.
    pub unread_properties: BTreeMap<String, Vec<String>>,
    /// What was looked at beside resources, and how many of each: certificates, secrets, models.
    pub watched: BTreeMap<String, usize>,
}

/// What could not be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Skipped {
    /// Address of the resource or stack.
    pub address: String,
    /// Why.
    pub reason: String,
    /// The rule of `drift.yaml` that accepts it: reason and owner.
    pub accepted_by: Option<String>,
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
        }
    }
}

impl Skipped {
    /// The account, whose id stands in front of the address unless it is the hub's; `None` where only its name does, as with
    /// Terraform.
    pub(super) fn account<'a>(&'a self, hub: &'a str) -> Option<&'a str> {
        match self.address.split_once(':') {
            Some((account, _)) if account.bytes().all(|byte| byte.is_ascii_digit()) => Some(account),
            _ if self.address.starts_with("accounts/") => None,
            _ => Some(hub),
        }
    }

    /// Whether AWS refused to give it: the only reason that a permission changes.
    pub fn is_refused(&self) -> bool {
        ["access denied", "AccessDenied", "UnauthorizedOperation", "not authorized", "not allowed"]
            .iter()
            .any(|words| self.reason.contains(words))
    }
}

impl Coverage {
    /// Notes a resource that was compared.
    pub fn check(&mut self, reader: Reader) {
        self.checked += 1;
        *self.by_reader.entry(reader.word().to_owned()).or_default() += 1;
    }

    /// Whether there was something to compare, and none of it could be.
    pub fn is_blind(&self) -> bool {
        self.checked == 0 && !self.skipped.is_empty()
    }

    /// What could not be compared, and nobody accepted that.
    pub fn open(&self) -> impl Iterator<Item = &Skipped> {
        self.skipped.iter().filter(|skipped| skipped.accepted_by.is_none())
    }

    /// What could not be compared, and is accepted.
    pub fn accepted(&self) -> impl Iterator<Item = &Skipped> {
        self.skipped.iter().filter(|skipped| skipped.accepted_by.is_some())
    }

    /// Whether all of it was compared, but for what is accepted.
    pub fn is_whole(&self) -> bool {
        self.open().next().is_none() && self.checked + self.skipped.len() >= self.total
    }

    /// Notes what could not be compared.
    pub fn skip(&mut self, address: impl Into<String>, reason: impl Into<String>) {
        self.skipped.push(Skipped { address: address.into(), reason: reason.into(), accepted_by: None });
    }

    /// Notes a declared property of a resource that AWS does not give back.
    pub fn leave_unread(&mut self, address: &str, path: &[String]) {
        self.unread += 1;
        self.unread_properties.entry(address.to_owned()).or_default().push(path.join("."));
    }

    /// Adds what others looked at.
    pub fn add(&mut self, other: Self) {
        self.total += other.total;
        self.checked += other.checked;
        self.unread += other.unread;
        for (address, properties) in other.unread_properties {
            self.unread_properties.entry(address).or_default().extend(properties);
        }
        self.skipped.extend(other.skipped);
        for (reader, count) in other.by_reader {
            *self.by_reader.entry(reader).or_default() += count;
        }
        self.watch(other.watched);
    }

    /// Notes what was looked at beside resources.
    pub fn watch<What: Into<String>>(&mut self, watched: impl IntoIterator<Item = (What, usize)>) {
        for (what, count) in watched {
            *self.watched.entry(what.into()).or_default() += count;
        }
    }
}

impl Finding {
    /// The property in one word: `Tags[team].Value`.
    pub fn property(&self) -> String {
        self.path.join(".")
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
            Kind::Added => format!("{address} has more in {property}: {}", shown(&self.actual)),
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
            // The address of a resource has its stack in front.
            Reader::CloudFormation if self.address.contains('/') => {
                "aws cloudformation create-stack-instances   brings the stack set's stack into the account again"
                    .to_owned()
            }
            Reader::CloudFormation => "gwinfra apply".to_owned(),
            _ => format!("gwinfra explain {}", codes::DELETED),
        }
    }

    /// Whether `--revert` puts it back: what the Cloud Control API, Route 53 or Terraform has read, they can write, but for what
    /// is only set when a resource is made. A record that is gone is made again as a whole.
    pub(super) fn can_be_put_back(&self) -> bool {
        match (self.kind, self.reader) {
            (Kind::Changed | Kind::Deleted, Reader::Route53) => true,
            (Kind::Changed, Reader::CloudControl | Reader::Terraform) => !self.is_fixed(),
            _ => false,
        }
    }

    /// Whether the property is set when the resource is made, and never after.
    fn is_fixed(&self) -> bool {
        let registry = Registry::builtin();
        registry.get(&self.resource_type).is_some_and(|schema| is_create_only(schema, &self.path))
    }

    fn diagnostic(&self) -> Diagnostic {
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
            Kind::Changed | Kind::Deleted if self.can_be_put_back() => {
                format!("gwinfra drift --revert {}", self.address)
            }
            Kind::Changed => "put it back by hand, or accept it in drift.yaml".to_owned(),
            Kind::Deleted => self.after_deletion(),
            Kind::Added if self.reader == Reader::CloudControl => format!(
                "gwinfra drift --revert {}, if the template sets the list; else delete it, or accept it in drift.yaml",
                self.address
            ),
            Kind::Added => "delete it, or accept it in drift.yaml".to_owned(),
            Kind::Runtime => self.next().to_owned(),
            Kind::Undeclared => "put it back, or gwinfra drift --record".to_owned(),
        };
        finding.with_help(help)
    }
}

impl Document {
    /// Findings that nobody accepted.
    pub fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.accepted_by.is_none())
    }

    /// The open findings for the reporters.
    pub fn report(&self) -> Report {
        Report { diagnostics: self.open().map(Finding::diagnostic).collect(), ..Report::default() }
    }
}

/// The JSON Schema of [`Document`], as text: the committed copy is `schemas/gwinfra.drift.v1.schema.json`.
pub fn json_schema_text() -> String {
    crate::json_schema::text::<Document>(SCHEMA)
}
