//! What is looked at.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;

use super::finding::Finding;
use super::reach::Reach;
use crate::aws::{Clients, Session};
use crate::engine::Places;
use crate::engine::terraform::Binary;
use crate::model::Model;
use crate::model::bedrock::HUB;
use crate::plan::SourcePlace;
use crate::render::{Bundle, Target};
use crate::spec::{self, BedrockModel, EngineName, Loaded};

/// What is looked at: a spec, this machine, and the accounts.
pub struct Subject<'a> {
    /// The spec and where everything in it is.
    pub loaded: Arc<Loaded>,
    /// What it builds.
    pub model: Model,
    /// What it renders to as CloudFormation, whichever engine deploys: both make the same resources.
    pub bundle: &'a Bundle,
    /// From properties of resources to places in the spec.
    pub places: Places,
    /// Sessions with AWS; `None` for the checks of this machine only.
    pub clients: Option<&'a Clients>,
    /// The program that `engine: terraform` runs.
    pub terraform: &'a Binary,
    /// Where the journal is kept.
    pub directory: &'a Path,
    /// Whether the deployment was applied from here before.
    pub is_applied: bool,
    /// Images that belong into the deployment's own repositories and that nothing is there to be pushed from.
    pub unbuilt: Vec<String>,
    /// How long a check may take, and each account within it.
    pub timeout: Duration,
    /// The most accounts that are asked at the same time.
    pub concurrency: usize,
    /// Which accounts can be asked. Found out first.
    pub reach: Reach,
}

/// An account of the spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Name in the spec; `hub` for the hub's own.
    pub name: String,
    /// Where it is deployed to, and through which role.
    pub target: Target,
    /// Regions in which models are called.
    pub regions: Vec<String>,
}

impl Subject<'_> {
    /// Prefix of the deployment.
    pub fn prefix(&self) -> &str {
        &self.bundle.deployment.prefix
    }

    /// The engine that deploys.
    pub fn engine(&self) -> EngineName {
        self.loaded.spec.engine
    }

    /// Where the gateway runs.
    pub fn hub(&self) -> &Target {
        &self.bundle.deployment.hub
    }

    /// The accounts of the spec, each once, the hub first.
    pub fn accounts(&self) -> Vec<Account> {
        let hub = self.hub();
        let targets = &self.model.bedrock.targets;
        let own = targets.iter().find(|target| target.name == HUB);
        let mut accounts = vec![Account {
            name: HUB.to_owned(),
            target: hub.clone(),
            regions: own.map(|target| target.regions.clone()).unwrap_or_default(),
        }];
        for target in targets.iter().filter(|target| target.name != HUB) {
            let stack = self.bundle.stacks.iter().find(|stack| stack.target.account == target.account);
            accounts.push(Account {
                name: target.name.clone(),
                target: stack.map_or_else(
                    || Target {
                        account: target.account.clone(),
                        region: hub.region.clone(),
                        deploy_role: target.deploy_role.clone(),
                    },
                    |stack| stack.target.clone(),
                ),
                regions: target.regions.clone(),
            });
        }
        accounts
    }

    /// The session of the hub, in another region if one is given; `None` without AWS.
    pub fn hub_session(&self, region: Option<&str>) -> Option<Session> {
        self.session(self.hub(), region)
    }

    /// A session; `None` without AWS.
    pub fn session(&self, target: &Target, region: Option<&str>) -> Option<Session> {
        let region = region.unwrap_or(&target.region).to_owned();
        Some(self.clients?.session(&Target { region, ..target.clone() }))
    }

    /// The models that an account serves from Bedrock, each with its place in the list of the spec.
    pub fn served_by(&self, account: &str) -> impl Iterator<Item = (usize, &spec::Model, &BedrockModel)> {
        self.loaded.spec.models.iter().enumerate().filter_map(move |(index, model)| {
            let source = model.bedrock.as_ref()?;
            let is_served = self.model.bedrock.serving(source).any(|target| target.name == account);
            is_served.then_some((index, model, source))
        })
    }

    /// Asks every account that can be asked, so many at a time. One that gives no answer in time is told, and keeps none
    /// of the others from being asked. Those that cannot be asked are told by another check.
    pub async fn each_account(&self, ask: impl AsyncFn(Account, Session) -> Vec<Finding>) -> Vec<Finding> {
        let accounts = self.accounts();
        let reached = accounts.into_iter().filter(|account| self.reach.is_reached(&account.target.account));
        let reached: Vec<(Account, Session)> = reached
            .filter_map(|account| {
                let session = self.session(&account.target, None)?;
                Some((account, session))
            })
            .collect();
        let asked = reached.into_iter().map(|(account, session)| {
            let name = account.name.clone();
            let ask = &ask;
            async move {
                let found = tokio::time::timeout(self.timeout, ask(account, session)).await;
                let found = found.unwrap_or_else(|_| vec![Finding::timed_out(self.timeout.as_secs())]);
                found.into_iter().map(|finding| finding.in_account(&name)).collect::<Vec<_>>()
            }
        });
        let found: Vec<Vec<Finding>> = futures::stream::iter(asked).buffered(self.concurrency.max(1)).collect().await;
        found.concat()
    }

    /// The place of a key in the spec.
    pub fn place(&self, path: &str) -> Vec<SourcePlace> {
        let span = self.loaded.spans.nearest(path);
        let place = span.map(|span| SourcePlace {
            file: span.file.to_string(),
            line: span.start.line,
            column: span.start.column,
            path: Some(path.to_owned()),
        });
        place.into_iter().collect()
    }
}
