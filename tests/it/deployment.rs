//! A small deployment and an engine for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use gwinfra::aws::{Clients, Credentials, Options, Retry, RetryObserver};
use gwinfra::cfn::registry::Registry;
use gwinfra::engine::cloudformation::CloudFormationEngine;
use gwinfra::engine::journal::Journal;
use gwinfra::engine::{Event, EventSink, Images, PlanOptions, cancellation};
use gwinfra::plan::{Change, Plan, SourcePlace};
use gwinfra::render::{BlueprintReference, Bundle, Deployment, ParameterValue, RenderedStack, Target};

/// The hub's account.
pub const HUB: &str = "111122223333";

/// A target in an account.
pub fn target(account: &str) -> Target {
    Target { account: account.into(), region: "us-east-1".into(), deploy_role: None }
}

/// A stack of the deployment `prefix`.
pub fn stack(prefix: &str, key: &str, template: &str) -> RenderedStack {
    RenderedStack {
        key: key.into(),
        kind: key.into(),
        name: format!("{prefix}-{key}"),
        target: target(HUB),
        template_path: format!("cloudformation/{key}.yaml"),
        template: template.into(),
        parameters: BTreeMap::new(),
        tags: BTreeMap::from([
            ("gwinfra:deployment".to_owned(), prefix.to_owned()),
            ("gwinfra:stack".to_owned(), key.to_owned()),
        ]),
        capabilities: vec!["CAPABILITY_NAMED_IAM".into()],
        termination_protection: false,
        depends_on: Vec::new(),
        descriptions: BTreeMap::new(),
    }
}

/// A bundle of stacks of the deployment `acme`.
pub fn bundle(stacks: Vec<RenderedStack>) -> Bundle {
    let digest = stacks.iter().map(|stack| format!("{}{:?}", stack.template, stack.parameters)).collect();
    Bundle {
        deployment: Deployment {
            name: "acme".into(),
            env: None,
            prefix: "acme".into(),
            engine: "cloudformation".into(),
            hub: target(HUB),
            spec_sha256: "spec".into(),
        },
        blueprint: BlueprintReference { name: "gateway".into(), version: "1.0.0".into(), sha256: "blueprint".into() },
        stacks,
        modules: Vec::new(),
        members: Vec::new(),
        nodes: Vec::new(),
        objects: Vec::new(),
        images: BTreeMap::new(),
        lookups: BTreeMap::new(),
        tasks_at_first: None,
        digest,
    }
}

/// A network and something in it that takes its outputs.
pub fn two_stacks(cidr: &str, retention: u32) -> Bundle {
    let network = "
Parameters: {Cidr: {Type: String}}
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: !Ref Cidr}}
Outputs: {VpcId: {Value: !Ref Vpc}}
";
    let app = format!(
        "
Parameters: {{Vpc: {{Type: String}}}}
Resources:
  Group: {{Type: AWS::EC2::SecurityGroup, Properties: {{VpcId: !Ref Vpc, GroupDescription: tasks}}}}
  Logs: {{Type: AWS::Logs::LogGroup, Properties: {{RetentionInDays: {retention}}}}}
"
    );
    let mut network = stack("acme", "network", network);
    network.parameters.insert("Cidr".into(), ParameterValue::Literal(cidr.into()));
    let mut app = stack("acme", "gateway", &app);
    app.parameters.insert("Vpc".into(), ParameterValue::Output { stack: "network".into(), output: "VpcId".into() });
    bundle(vec![network, app])
}

/// Remembers what it is told.
#[derive(Debug, Default)]
pub struct Memory(pub Mutex<Vec<Event>>);

impl EventSink for Memory {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

/// An engine against an endpoint, and what it says.
pub struct Desk {
    pub engine: CloudFormationEngine,
    pub retries: Arc<Mutex<Vec<Retry>>>,
    directory: tempfile::TempDir,
}

impl Desk {
    /// An engine with the credentials of an account.
    pub async fn new(endpoint: &str, account: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let retries: Arc<Mutex<Vec<Retry>>> = Arc::default();
        let told = Arc::clone(&retries);
        let clients = Clients::connect(Options {
            endpoint_url: Some(endpoint.to_owned()),
            credentials: Credentials::Fixed { access_key_id: account.to_owned(), secret_access_key: "none".into() },
            run: "test".into(),
            retries: Some(RetryObserver::new(move |retry| told.lock().unwrap().push(retry))),
            ..Options::default()
        })
        .await;
        let engine = CloudFormationEngine {
            clients,
            images: Images::default(),
            registry: Registry::builtin(),
            hub: target(HUB),
            journal: Journal::new(directory.path(), "acme"),
            sink: Arc::new(Memory::default()),
            cancel: cancellation().1,
            places: Arc::new(|_, logical_id, path| {
                let path = Some(format!("{logical_id}.{}", path.join(".")));
                vec![SourcePlace { file: "gwinfra.yaml".into(), line: 1, column: 1, path }]
            }),
        };
        Self { engine, retries, directory }
    }

    /// A file of the desk's own.
    pub fn file(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    /// A plan whose change sets are deleted again.
    pub async fn plan(&self, bundle: &Bundle) -> Plan {
        self.engine.plan(bundle, &PlanOptions::default()).await.unwrap()
    }

    /// A plan whose change sets are kept.
    pub async fn plan_to_keep(&self, bundle: &Bundle) -> Plan {
        self.engine.plan(bundle, &PlanOptions { keep_change_sets: true, ..PlanOptions::default() }).await.unwrap()
    }
}

/// The row of an address.
pub fn row<'a>(plan: &'a Plan, address: &str) -> &'a Change {
    plan.changes
        .iter()
        .find(|change| change.address == address)
        .unwrap_or_else(|| panic!("no row {address}: {plan:#?}"))
}
