//! What is looked at beside the declared properties of resources: what was added inside them, what runs, and what has an end.
//!
//! Engines say where to look; nothing here knows which engine runs.

mod certificates;
mod groups;
mod listeners;
mod load_balancers;
mod log_groups;
mod object;
mod repositories;
mod roles;
mod route_tables;
mod scaling;
mod secret_policies;
mod secrets;
mod service;
mod topics;
mod validations;
mod vpns;

pub(in crate::engine) use groups::Group;
pub(in crate::engine) use listeners::Listener;
pub(in crate::engine) use load_balancers::LoadBalancer;
pub(in crate::engine) use log_groups::LogGroup;
pub(in crate::engine) use object::object;
pub(in crate::engine) use repositories::Repository;
pub(in crate::engine) use roles::Role;
pub(in crate::engine) use route_tables::RouteTable;
pub(in crate::engine) use scaling::ScalableTarget;
pub(in crate::engine) use secret_policies::Secret;
pub(in crate::engine) use secrets::secrets;
pub(in crate::engine) use service::Service;
pub(in crate::engine) use topics::Topic;
pub(in crate::engine) use validations::Validated;
pub(in crate::engine) use vpns::Vpn;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::aws::Session;
use crate::drift::{Addition, Difference, Kind, Level, Reader};
use crate::engine::certificates::Certificates;
use crate::policy::lets_others_in;

/// A resource, as its engine calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct Owner {
    /// Logical id, or address in the root module.
    pub id: String,
    /// Type.
    pub resource_type: String,
}

/// A certificate or secret, where it is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct Use {
    /// The resource that names it.
    pub owner: Owner,
    /// The property that names it.
    pub path: Vec<String>,
    /// Its ARN.
    pub arn: String,
}

impl Use {
    /// The secret's ARN in what a container takes: `ARN:key:stage:version`. `None` for a parameter of Systems Manager.
    pub fn arn_in(value_from: &str) -> Option<String> {
        let parts: Vec<&str> = value_from.split(':').collect();
        (parts.get(2) == Some(&"secretsmanager")).then(|| parts.iter().take(7).copied().collect::<Vec<_>>().join(":"))
    }
}

/// Where to look in one stack or root module.
#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct Watch {
    pub groups: Vec<Group>,
    pub listeners: Vec<Listener>,
    pub load_balancers: Vec<LoadBalancer>,
    pub roles: Vec<Role>,
    pub route_tables: Vec<RouteTable>,
    pub vpns: Vec<Vpn>,
    pub secrets: Vec<Secret>,
    pub repositories: Vec<Repository>,
    pub log_groups: Vec<LogGroup>,
    pub topics: Vec<Topic>,
    pub scalable_targets: Vec<ScalableTarget>,
    pub certificates: Vec<Use>,
    pub validated: Vec<Validated>,
    pub service: Option<Service>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Seen {
    pub owner: Owner,
    pub kind: Kind,
    pub difference: Difference,
    pub reader: Reader,
    /// How much it matters, where its type and property do not say.
    pub level: Option<Level>,
    /// What AWS calls what was added.
    pub addition: Option<Addition>,
}

/// What came of looking.
#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct Looked {
    pub seen: Vec<Seen>,
    /// What could not be looked at: the resource, what of it, and why.
    pub skipped: Vec<(Owner, &'static str, String)>,
    /// How many were looked at, by what they are.
    pub watched: BTreeMap<&'static str, usize>,
}

impl Looked {
    fn added(&mut self, owner: &Owner, property: &str, (value, addition): (Value, Addition), reader: Reader) {
        let difference = Difference { path: vec![property.to_owned()], expected: None, actual: Some(value) };
        self.see(owner, Kind::Added, difference, reader, Some(addition));
    }

    fn added_at(&mut self, level: Level, owner: &Owner, property: &str, more: (Value, Addition), reader: Reader) {
        self.added(owner, property, more, reader);
        self.seen.iter_mut().last().into_iter().for_each(|seen| seen.level = Some(level));
    }

    fn missing(&mut self, owner: &Owner, property: &str, value: Value, reader: Reader) {
        let difference = Difference { path: vec![property.to_owned()], expected: Some(value), actual: None };
        self.see(owner, Kind::Changed, difference, reader, None);
    }

    fn runtime(&mut self, owner: &Owner, path: Vec<String>, sides: (Value, Value), reader: Reader) {
        let difference = Difference { path, expected: Some(sides.0), actual: Some(sides.1) };
        self.see(owner, Kind::Runtime, difference, reader, None);
    }

    fn see(&mut self, owner: &Owner, kind: Kind, difference: Difference, reader: Reader, addition: Option<Addition>) {
        self.seen.push(Seen { owner: owner.clone(), kind, difference, reader, level: None, addition });
    }

    fn skip(&mut self, owner: &Owner, what: &'static str, reason: impl ToString) {
        self.skipped.push((owner.clone(), what, reason.to_string()));
    }

    fn count(&mut self, what: &'static str, number: usize) {
        if number > 0 {
            *self.watched.entry(what).or_default() += number;
        }
    }

    /// Adds what else came.
    pub fn add(&mut self, other: Self) {
        self.seen.extend(other.seen);
        self.skipped.extend(other.skipped);
        for (what, number) in other.watched {
            self.count(what, number);
        }
    }
}

impl Watch {
    /// Where to look for what was added to one resource.
    pub fn of_parts_of(mut self, id: &str) -> Self {
        self.groups.retain(|group| group.owner.id == id);
        self.listeners.retain(|listener| listener.owner.id == id);
        self.load_balancers.retain(|balancer| balancer.owner.id == id);
        self.route_tables.retain(|table| table.owner.id == id);
        self.secrets.retain(|secret| secret.owner.id == id);
        self.log_groups.retain(|group| group.owner.id == id);
        self.scalable_targets.retain(|target| target.owner.id == id);
        let Self { groups, listeners, load_balancers, route_tables, secrets, log_groups, scalable_targets, .. } = self;
        let none = Self::default();
        Self { groups, listeners, load_balancers, route_tables, secrets, log_groups, scalable_targets, ..none }
    }

    /// Looks at everything at the same time.
    pub async fn look(&self, session: &Session, asked: &Certificates) -> Looked {
        let (groups, listeners, balancers, roles, tables, vpns, certificates, validations, service) = futures::join!(
            groups::look(session, &self.groups),
            listeners::look(session, &self.listeners),
            load_balancers::look(session, &self.load_balancers),
            roles::look(session, &self.roles),
            route_tables::look(session, &self.route_tables),
            vpns::look(session, &self.vpns),
            certificates::look(session, asked, &self.certificates),
            validations::look(session, asked, &self.validated),
            futures::future::join(service::look(session, self.service.as_ref()), self.look_who_is_let_in(session)),
        );
        let mut looked = groups;
        let (service, let_in) = service;
        for other in [listeners, balancers, roles, tables, vpns, certificates, validations, service, let_in] {
            looked.add(other);
        }
        looked
    }

    /// Looks at who reads what is not theirs, and at what scales.
    async fn look_who_is_let_in(&self, session: &Session) -> Looked {
        let (secrets, repositories, groups, targets) = futures::join!(
            secret_policies::look(session, &self.secrets),
            repositories::look(session, &self.repositories),
            log_groups::look(session, &self.log_groups),
            scaling::look(session, &self.scalable_targets),
        );
        let mut looked = secrets;
        for other in [repositories, groups, topics::look(session, &self.topics), targets] {
            looked.add(other);
        }
        looked
    }
}

/// How much a policy matters that somebody has given to a resource.
fn level_of_policy(policy: &Value, session: &Session) -> Level {
    if lets_others_in(policy, &session.target().account) { Level::High } else { Level::Medium }
}

/// How much it matters that something goes to where an ARN leads to. An address that is no ARN is of nobody that AWS knows.
fn level_of_arn(arn: &str, session: &Session) -> Level {
    let account = arn.starts_with("arn:").then(|| arn.split(':').nth(4)).flatten().unwrap_or_default();
    let is_foreign = !account.is_empty() && account != session.target().account;
    if is_foreign { Level::High } else { Level::Medium }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_container_takes_names_its_secret() {
        let secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:acme/openai";
        assert_eq!(Use::arn_in(&format!("{secret}:api_key::")).as_deref(), Some(secret));
        assert_eq!(Use::arn_in(secret).as_deref(), Some(secret));
        assert_eq!(Use::arn_in("arn:aws:ssm:us-east-1:111122223333:parameter/a"), None);
    }
}
