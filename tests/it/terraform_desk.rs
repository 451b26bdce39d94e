//! A small deployment of root modules, and an engine for it that runs the real Terraform against moto.
//!
//! moto has every account, and anyone may assume every role: each test works in accounts of its own. The provider tries
//! a call that moto does not have twenty-five times unless it is told not to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use gwinfra::aws::{Clients, Credentials, Options, Session};
use gwinfra::engine::journal::Journal;
use gwinfra::engine::terraform::{Binary, Environment, TerraformEngine};
use gwinfra::engine::{ApplyOptions, Canceller, Engine, EngineError, EventKind, Images, PlanOptions, cancellation};
use gwinfra::plan::{Plan, SavedPlan, SourcePlace};
use gwinfra::render::{
    BlueprintReference, Bundle, Deployment, ModuleState, Node, ParameterValue, RenderedModule, Target,
};

use crate::deployment::Memory;
use crate::moto_server::{endpoint, environment, skip};

/// An account that no other test has, reached through a role.
pub fn account() -> Target {
    static NEXT: AtomicU64 = AtomicU64::new(300_000_000_000);
    let account = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
    let role = format!("arn:aws:iam::{account}:role/gwinfra-deploy");
    Target { account, region: "us-east-1".into(), deploy_role: Some(role) }
}

/// The text of a root module in an account: versions and provider, and `body`.
pub fn text(target: &Target, backend: &str, body: &str) -> String {
    format!(
        r#"terraform {{
  required_version = ">= 1.11"
  required_providers {{
    aws = {{
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }}
  }}
  {backend}
}}

provider "aws" {{
  region      = "{}"
  max_retries = 3
  assume_role {{
    role_arn = "{}"
  }}
}}

{body}
"#,
        target.region,
        target.deploy_role.as_deref().unwrap()
    )
}

/// A role, which moto makes and changes at once.
pub fn role(name: &str, description: &str) -> String {
    format!(
        r#"
resource "aws_iam_role" "{name}" {{
  name        = "{name}"
  description = "{description}"
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{ Effect = "Allow", Principal = {{ Service = "ecs-tasks.amazonaws.com" }}, Action = "sts:AssumeRole" }}]
  }})
}}
"#
    )
}

/// A root module with a state in a file.
pub fn module(key: &str, target: &Target, body: &str) -> RenderedModule {
    RenderedModule {
        key: key.into(),
        target: target.clone(),
        files: BTreeMap::from([("main.tf".to_owned(), text(target, "", body).into())]),
        variables: BTreeMap::new(),
        state: ModuleState::Local,
        outputs: BTreeMap::from([("RoleArn".to_owned(), "gateway".to_owned())]),
    }
}

/// A root module with a variable, and its value.
pub fn with_variable(mut module: RenderedModule, name: &str, value: &str) -> RenderedModule {
    module.variables.insert(name.into(), ParameterValue::Literal(value.into()));
    module
}

/// A bundle of root modules, the hub first.
pub fn bundle(modules: Vec<RenderedModule>) -> Bundle {
    let digest = modules.iter().map(|module| format!("{:?}{:?}", module.files, module.variables)).collect();
    Bundle {
        deployment: Deployment {
            name: "acme".into(),
            env: None,
            prefix: "acme".into(),
            engine: "terraform".into(),
            hub: modules[0].target.clone(),
            spec_sha256: "spec".into(),
        },
        blueprint: BlueprintReference { name: "gateway".into(), version: "1.0.0".into(), sha256: "blueprint".into() },
        stacks: Vec::new(),
        modules,
        members: Vec::new(),
        nodes: vec![Node {
            stack: "foundation".into(),
            logical_id: "Key".into(),
            terraform: vec!["aws_kms_key.main".into()],
            description: "Encryption key".into(),
        }],
        objects: Vec::new(),
        images: BTreeMap::new(),
        lookups: BTreeMap::new(),
        tasks_at_first: None,
        digest,
    }
}

/// An engine, and what it says.
pub struct Desk {
    pub engine: TerraformEngine,
    pub canceller: Canceller,
    pub events: Arc<Memory>,
    directory: tempfile::TempDir,
}

impl Desk {
    /// An engine for a hub; `None`, said aloud, where Terraform or moto is missing.
    pub async fn new(hub: &Target) -> Option<Self> {
        Self::at(endpoint()?, "testing", hub).await
    }

    /// The same, with AWS at an address and this access key.
    pub async fn at(endpoint: &str, key: &str, hub: &Target) -> Option<Self> {
        if !is_there() {
            skip("there is no terraform on the PATH");
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let (canceller, cancel) = cancellation();
        let events = Arc::<Memory>::default();
        let clients = Clients::connect(Options {
            endpoint_url: Some(endpoint.to_owned()),
            credentials: Credentials::Fixed { access_key_id: key.into(), secret_access_key: "none".into() },
            run: "test".into(),
            ..Options::default()
        })
        .await;
        let mut variables: BTreeMap<String, String> = [
            ("AWS_ENDPOINT_URL", endpoint),
            ("AWS_ACCESS_KEY_ID", key),
            ("AWS_SECRET_ACCESS_KEY", "none"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("TF_CLI_CONFIG_FILE", "/dev/null"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        if let Some(plugins) = plugins() {
            variables.insert("TF_CLI_ARGS_init".into(), format!("-plugin-dir={}", plugins.display()));
        }
        let engine = TerraformEngine {
            binary: Binary::new(None),
            environment: Environment { variables, plugin_cache: None, is_ci: false },
            directory: directory.path().to_owned(),
            clients,
            images: Images::default(),
            hub: hub.clone(),
            journal: Journal::new(directory.path(), "acme"),
            sink: events.clone(),
            cancel,
            places: Arc::new(|_, address, path| {
                let path = Some(format!("{address}.{}", path.join(".")));
                vec![SourcePlace { file: "gwinfra.yaml".into(), line: 7, column: 3, path }]
            }),
            lines: Arc::new(|_, _, _| None),
        };
        Some(Self { engine, canceller, events, directory })
    }

    /// Another process on the same directory.
    pub async fn again(&mut self) {
        let (canceller, cancel) = cancellation();
        self.canceller = canceller;
        self.engine.cancel = cancel;
        self.engine.binary = Binary::new(None);
    }

    /// A file of a root module's directory.
    pub fn file(&self, module: &str, name: &str) -> PathBuf {
        self.directory.path().join("acme/terraform").join(module).join(name)
    }

    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    pub async fn try_plan(&self, bundle: &Bundle) -> Result<Plan, EngineError> {
        let options = PlanOptions { keep_change_sets: true, ..PlanOptions::default() };
        Engine::plan(&self.engine, bundle, &options).await.map_err(|unplanned| unplanned.error)
    }

    pub async fn plan(&self, bundle: &Bundle) -> Plan {
        self.try_plan(bundle).await.unwrap()
    }

    pub async fn saved(&self, bundle: &Bundle) -> SavedPlan {
        let plan = self.plan(bundle).await;
        Engine::saved(&self.engine, plan, bundle).unwrap()
    }

    pub async fn apply(&self, bundle: &Bundle) {
        let saved = self.saved(bundle).await;
        Engine::apply(&self.engine, &saved, &ApplyOptions::default()).await.unwrap();
    }

    pub fn session(&self, target: &Target) -> Session {
        self.engine.clients.session(target)
    }

    /// Whether a role is there.
    pub async fn has_role(&self, target: &Target, name: &str) -> bool {
        self.session(target).iam().role(name).await.unwrap().is_some()
    }

    /// Statuses that were told of a resource.
    pub fn told(&self, address: &str) -> Vec<String> {
        let events = self.events.0.lock().unwrap();
        let of = |kind: &EventKind| match kind {
            EventKind::Resource { logical_id, status, .. } if logical_id == address => Some(status.clone()),
            _ => None,
        };
        events.iter().filter_map(|event| of(&event.kind)).collect()
    }

    /// Whether words were said.
    pub fn said(&self, words: &str) -> bool {
        let events = self.events.0.lock().unwrap();
        events.iter().any(|event| matches!(&event.kind, EventKind::Message { text } if text.contains(words)))
    }
}

fn is_there() -> bool {
    static THERE: OnceLock<bool> = OnceLock::new();
    *THERE.get_or_init(|| Command::new("terraform").arg("version").output().is_ok())
}

/// A folder of providers, for machines without a registry: the variable's, or one that is found.
fn plugins() -> Option<&'static Path> {
    static PLUGINS: OnceLock<Option<PathBuf>> = OnceLock::new();
    let find = || {
        if let Some(folder) = environment("GWINFRA_TEST_TERRAFORM_PLUGINS") {
            return Some(PathBuf::from(folder));
        }
        let found = Command::new("find")
            .args(["/", "-xdev", "-type", "d", "-path", "*registry.terraform.io/hashicorp/aws"])
            .args(["-not", "-path", "*/.terraform/*", "-not", "-path", "*/plugin-cache/*", "-prune"])
            .output()
            .ok()?;
        let text = String::from_utf8(found.stdout).ok()?;
        let folder = text.lines().next()?.strip_suffix("/registry.terraform.io/hashicorp/aws")?;
        Some(PathBuf::from(folder))
    };
    PLUGINS.get_or_init(find).as_deref()
}
