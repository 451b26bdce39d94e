//! Asks the accounts.

use futures::StreamExt;
use serde_json::{Value, json};

use super::check::{Check, CheckName, CheckStatus};
use super::member::{Members, look, members};
use super::permission::{self, may_assume};
use super::report::{Account, Document, ModelRow, SCHEMA, State, Summary};
use super::role::{RenderedRole, is_known, rendered_roles};
use super::row;
use super::trust::{self, Principal};
use crate::aws::iam::Role;
use crate::aws::{Clients, Identity, Result, Session};
use crate::model::SharedNames;
use crate::model::bedrock::{Bedrock, HUB, Target};
use crate::quotas::{self, AccountQuota};
use crate::render::{self, Bundle};
use crate::spec::{BedrockModel, Spec};

/// How much is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Whether each account can be asked, and has its role.
    State,
    /// Everything.
    Whole,
}

/// What is asked, and how.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// Sessions with AWS.
    pub clients: &'a Clients,
    /// The spec.
    pub spec: &'a Spec,
    /// Its accounts.
    pub bedrock: &'a Bedrock,
    /// Its names.
    pub shared: &'a SharedNames,
    /// What it renders to.
    pub bundle: &'a Bundle,
    /// How much is asked.
    pub depth: Depth,
    /// The most accounts that are asked at the same time.
    pub concurrency: usize,
}

/// A role as it is in AWS.
#[derive(Clone)]
struct Live {
    role: Role,
    policies: Vec<Value>,
    /// Names of the inline ones, ARNs of the others, in the same order.
    names: Vec<String>,
}

/// What the examinations of all accounts have in common.
struct Common<'a> {
    setting: Setting<'a>,
    rendered: Vec<RenderedRole>,
    caller: Option<Identity>,
    /// The task role, and why it is not known otherwise.
    task: std::result::Result<Live, String>,
    /// Default quotas by region.
    defaults: quotas::Defaults,
    /// What the stack set knows of its accounts.
    members: Members,
}

/// Asks the hub, and then all accounts. What one refuses is told of it and keeps none of the others from being asked.
///
/// # Errors
/// When the credentials are of no use to anybody: there are none, they have expired, or AWS cannot be reached.
pub async fn examine(setting: Setting<'_>) -> Result<Document> {
    let hub = setting.clients.session(&setting.bundle.deployment.hub);
    let caller = match hub.verify_account().await {
        Ok(identity) => Ok(identity),
        Err(error) if error.is_of_account() => Err(error.to_string()),
        Err(error) => return Err(error),
    };
    let task = match &caller {
        Ok(_) => match read(&hub, &setting.shared.task_role, setting.depth).await {
            Ok(Some(live)) => Ok(live),
            Ok(None) => Err(absent(&setting.shared.task_role, &setting.bundle.deployment.hub.account)),
            Err(error) => Err(error.to_string()),
        },
        Err(reason) => Err(reason.clone()),
    };
    let caller = caller.ok();
    let arn = caller.as_ref().map(|identity| identity.arn.clone());
    let rendered = rendered_roles(setting.bundle);
    let targets = targets(&setting);
    // Where everybody can be asked, the set has nothing to add.
    let set =
        setting.bedrock.stack_set.as_ref().filter(|_| targets.iter().any(|target| is_only_the_sets(&setting, target)));
    let members = members(&hub, set).await;
    let common = Common { setting, rendered, caller, task, defaults: quotas::Defaults::default(), members };
    let asked = futures::stream::iter(&targets).map(|target| common.examine(target));
    let asked: Vec<_> = asked.buffered(setting.concurrency.max(1)).collect().await;
    let (accounts, models): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
    let document = Document {
        schema: SCHEMA.to_owned(),
        deployment: setting.bundle.deployment.prefix.clone(),
        engine: setting.bundle.deployment.engine.clone(),
        caller: arn,
        task_role: setting.shared.task_role_arn.clone(),
        accounts,
        models: models.into_iter().flatten().collect(),
        summary: Summary { well: 0, failed: 0, not_reached: 0, by_stack_set: 0 },
    };
    Ok(document.summed())
}

/// The accounts, and the hub also where it serves no model: the task role is there.
fn targets(setting: &Setting<'_>) -> Vec<Target> {
    let mut targets = setting.bedrock.targets.clone();
    if !targets.iter().any(|target| target.name == HUB) {
        let hub = &setting.bundle.deployment.hub;
        targets.push(Target {
            name: HUB.to_owned(),
            account: hub.account.clone(),
            regions: Vec::new(),
            role_arn: None,
            deploy_role: hub.deploy_role.clone(),
            invoke: Vec::new(),
        });
    }
    targets
}

/// Whether the organization put the role into an account, and nobody here may look at it.
fn is_only_the_sets(setting: &Setting<'_>, target: &Target) -> bool {
    setting.bedrock.stack_set.is_some() && target.role_arn.is_some() && target.deploy_role.is_none()
}

fn absent(role: &str, account: &str) -> String {
    format!("role {role} is not in account {account}")
}

async fn read(session: &Session, name: &str, depth: Depth) -> Result<Option<Live>> {
    let Some(role) = session.iam().role(name).await? else { return Ok(None) };
    let found = match depth {
        Depth::State => Vec::new(),
        Depth::Whole => session.iam().role_policies(name).await?,
    };
    let (names, policies) = found.into_iter().map(|policy| (policy.name, policy.document)).unzip();
    Ok(Some(Live { role, policies, names }))
}

impl Common<'_> {
    async fn examine(&self, target: &Target) -> (Account, Vec<ModelRow>) {
        let served = self.served(target);
        let arn = target.role_arn.clone().unwrap_or_else(|| self.setting.shared.task_role_arn.clone());
        let mut account = Account {
            name: target.name.clone(),
            account: target.account.clone(),
            regions: target.regions.clone(),
            models: served.iter().map(|(name, _)| (*name).to_owned()).collect(),
            role: arn.clone(),
            deploy_role: target.deploy_role.clone(),
            state: State::Refused,
            checks: Vec::new(),
        };
        let found = match self.session(target, None).verify_account().await {
            Ok(identity) => {
                account.checks.push(Check::pass(
                    CheckName::Reach,
                    format!("asked as {}", Principal::of_identity(&identity.account, &identity.arn).arn),
                ));
                self.live(target, &arn).await
            }
            Err(_) if is_only_the_sets(&self.setting, target) => {
                let (state, role) = look(&self.members, &target.account);
                account.state = state;
                let why = "only the stack set was asked: the spec names no `deploy_role` in this account";
                account.checks.extend([Check::skip(CheckName::Reach, why), role]);
                if self.setting.depth == Depth::Whole {
                    account.checks.push(self.allowed(&arn));
                }
                return (account, self.unasked(target, &served));
            }
            Err(error) => {
                account.checks.push(Check::fail(CheckName::Reach, error.to_string()));
                return (account, self.unasked(target, &served));
            }
        };
        let live = match found {
            Ok(Some(live)) => {
                account.state = State::Deployed;
                account.checks.push(Check::pass(CheckName::Role, "it is there"));
                Some(live)
            }
            Ok(None) => {
                account.state = State::Absent;
                let name = arn.rsplit('/').next().unwrap_or(&arn);
                account.checks.push(Check::fail(CheckName::Role, absent(name, &target.account)));
                None
            }
            Err(reason) => {
                account.checks.push(Check::fail(CheckName::Role, reason));
                None
            }
        };
        if self.setting.depth == Depth::State {
            return (account, Vec::new());
        }
        if let Some(live) = &live {
            let checks = if target.role_arn.is_some() { self.of_spoke(target, live).await } else { self.of_hub(live) };
            account.checks.extend(checks);
        }
        let rows = self.models(target, &served, live.as_ref()).await;
        (account, rows)
    }

    /// The models that an account serves.
    fn served(&self, target: &Target) -> Vec<(&str, &BedrockModel)> {
        let models = self.setting.spec.models.iter();
        let on_bedrock = models.filter_map(|model| Some((model.name.0.as_str(), model.bedrock.as_ref()?)));
        on_bedrock
            .filter(|(_, source)| self.setting.bedrock.serving(source).any(|serving| serving.name == target.name))
            .collect()
    }

    fn session(&self, target: &Target, region: Option<&str>) -> Session {
        let hub = &self.setting.bundle.deployment.hub;
        let region = region.or(target.regions.first().map(String::as_str)).unwrap_or(&hub.region);
        self.setting.clients.session(&render::Target {
            account: target.account.clone(),
            region: region.to_owned(),
            deploy_role: target.deploy_role.clone(),
        })
    }

    /// The role that the gateway uses in an account; the task role was read already.
    async fn live(&self, target: &Target, arn: &str) -> std::result::Result<Option<Live>, String> {
        if target.role_arn.is_none() {
            return match &self.task {
                Ok(live) => Ok(Some(live.clone())),
                Err(reason) if *reason == absent(&self.setting.shared.task_role, &target.account) => Ok(None),
                Err(reason) => Err(reason.clone()),
            };
        }
        let name = arn.rsplit('/').next().unwrap_or(arn);
        read(&self.session(target, None), name, self.setting.depth).await.map_err(|error| error.to_string())
    }

    fn rendered(&self, account: &str, name: &str) -> Option<&RenderedRole> {
        self.rendered.iter().find(|role| role.account == account && role.name == name)
    }

    fn task_principal(&self) -> Principal {
        let account = self.setting.bundle.deployment.hub.account.clone();
        Principal { account, arn: self.setting.shared.task_role_arn.clone() }
    }

    /// The role in a Bedrock account.
    async fn of_spoke(&self, target: &Target, live: &Live) -> Vec<Check> {
        let arn = live.role.arn.as_str();
        let Some(rendered) = self.rendered(&target.account, &self.setting.bedrock.role_name) else {
            let reason = "the blueprint renders no role of that name: nothing to compare with";
            return vec![Check::skip(CheckName::Trust, reason), Check::skip(CheckName::Permissions, reason)];
        };
        let id = self.setting.bedrock.external_id.as_str();
        let task = self.task_principal();
        let mut trust = trust::problems(&rendered.trust, &live.role.trust, arn, &task, id);
        let (assume, let_in) = self.assume(arn, live, &task, id).await;
        trust.extend(let_in);
        let mut permissions = permission::differences(&rendered.policies, &live.policies);
        let name = arn.rsplit('/').next().unwrap_or(arn);
        permissions.extend(permission::added(&rendered.policies, &live.policies, &live.names, name));
        permissions.extend(boundary(live));
        vec![
            Check::of(
                CheckName::Trust,
                &trust,
                "it lets in the gateway's task role with the external id, and nobody else",
            )
            .expecting(rendered.trust.clone()),
            Check::of(CheckName::Permissions, &permissions, "as rendered").expecting(json!(rendered.policies)),
            assume,
        ]
    }

    /// Whether the task role's policies allow it to assume a role.
    fn allowed(&self, arn: &str) -> Check {
        let name = CheckName::Assume;
        match &self.task {
            Ok(own) if may_assume(&own.policies, &self.task_principal().arn, arn) => {
                Check::pass(name, "the task role's policies allow it")
            }
            Ok(_) => Check::fail(name, format!("the task role {} may not assume it", self.task_principal().arn)),
            Err(reason) => Check::skip(name, reason.clone()),
        }
    }

    /// Whether the gateway may assume the role, and who else was let in.
    async fn assume(&self, arn: &str, live: &Live, task: &Principal, id: &str) -> (Check, Option<String>) {
        let name = CheckName::Assume;
        let evaluated = self.allowed(arn);
        if evaluated.status == CheckStatus::Skip {
            return (evaluated, None);
        }
        let Some(caller) = &self.caller else {
            return (Check::skip(name, "the hub could not be asked"), None);
        };
        let own = Principal::of_identity(&caller.account, &caller.arn);
        // Nobody whom the policy keeps out tries: a refusal is an event in somebody's audit trail.
        if !own.is_let_in(&live.role.trust, arn, id) {
            return (evaluated, None);
        }
        let hub = self.setting.clients.session(&self.setting.bundle.deployment.hub);
        match (hub.try_assume(arn, id).await, own == *task) {
            (Ok(()), true) => (Check::pass(name, "assumed, as the task role itself"), None),
            (Err(error), true) => (Check::fail(name, error.to_string()), None),
            (Ok(()), false) => {
                let who = format!("{} is not the task role, and has just assumed it", caller.arn);
                (evaluated, Some(who))
            }
            (Err(_), false) => (evaluated, None),
        }
    }

    /// The task role in the hub's account.
    fn of_hub(&self, live: &Live) -> Vec<Check> {
        let shared = self.setting.shared;
        let Some(rendered) = self.rendered(&self.setting.bundle.deployment.hub.account, &shared.task_role) else {
            return vec![Check::skip(CheckName::Trust, "the blueprint renders no task role of that name")];
        };
        let trust = if is_known(&rendered.trust) {
            let problems = trust::differences(&rendered.trust, &live.role.trust);
            Check::of(CheckName::Trust, &problems, "it lets in ECS only").expecting(rendered.trust.clone())
        } else {
            Check::skip(CheckName::Trust, "part of the rendered policy is only known in AWS")
        };
        let known: Vec<Value> = rendered.known_policies().cloned().collect();
        let mut permissions = permission::differences_of_task_role(&known, &live.policies);
        permissions.extend(boundary(live));
        let permissions =
            Check::of(CheckName::Permissions, &permissions, "what reaches roles and models is as rendered");
        vec![trust, permissions.expecting(json!(known))]
    }

    fn unasked(&self, target: &Target, served: &[(&str, &BedrockModel)]) -> Vec<ModelRow> {
        if self.setting.depth == Depth::State {
            return Vec::new();
        }
        let rows = served.iter().flat_map(|(name, source)| {
            target.regions.iter().map(|region| ModelRow {
                account: target.name.clone(),
                region: region.clone(),
                model: (*name).to_owned(),
                id: source.model.clone(),
                quota: None,
                checks: Vec::new(),
            })
        });
        rows.collect()
    }

    async fn models(&self, target: &Target, served: &[(&str, &BedrockModel)], live: Option<&Live>) -> Vec<ModelRow> {
        let mut rows = self.unasked(target, served);
        for row in &mut rows {
            let Some((_, source)) = served.iter().find(|(name, _)| *name == row.model) else { continue };
            let session = self.session(target, Some(&row.region));
            let role = live.map(|live| (live.role.arn.as_str(), live.policies.as_slice()));
            row.checks.push(row::invoke(&target.account, row, role));
            let access = row::model_access(&session, &row.id).await;
            row.checks.push(access.unwrap_or_else(|error| Check::fail(CheckName::Access, error.to_string())));
            let (check, quota) = self.quota(&session, target, row, source).await;
            row.checks.push(check);
            row.quota = quota;
        }
        rows
    }

    async fn quota(
        &self,
        session: &Session,
        target: &Target,
        row: &ModelRow,
        source: &BedrockModel,
    ) -> (Check, Option<AccountQuota>) {
        let asked = async {
            let listed = self.defaults.of(session, &row.region).await?;
            quotas::one(session, &row.model, source, target, &row.region, &listed).await
        };
        match asked.await {
            Ok(quota) => (row::quota_check(&quota), Some(quota)),
            Err(error) => (Check::fail(CheckName::Quota, error.to_string()), None),
        }
    }
}

fn boundary(live: &Live) -> Option<String> {
    live.role.boundary.as_ref().map(|arn| format!("has the permissions boundary {arn}, which the spec does not render"))
}
