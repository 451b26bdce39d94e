//! What is there, what of it is the deployment's own, and what the spec makes.

use crate::aws::ec2_estate::Item;
use crate::aws::{Result, Session};
use crate::cfn::template::Template;
use crate::doctor::subject::Subject;
use crate::model::tags;
use crate::quotas::known::Unit;
use crate::spec::{Compute, EngineName};

/// What is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Of everybody.
    pub used: u64,
    /// Of it, the deployment's own.
    pub own: u64,
}

/// What the spec makes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Planned {
    /// At first.
    pub now: u64,
    /// At the most, when the gateway has grown.
    pub most: u64,
}

/// What the spec makes in an account.
pub(super) fn planned(subject: &Subject<'_>, unit: Unit, account: &str) -> Planned {
    let stacks = || subject.bundle.stacks.iter().filter(|stack| stack.target.account == account);
    let fixed = |count: usize| {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        Planned { now: count, most: count }
    };
    match unit {
        Unit::Resource(wanted) => {
            let of_stack =
                |template: Template| template.resources().filter(|resource| resource.resource_type() == wanted).count();
            let templates =
                stacks().filter_map(|stack| Template::parse(stack.template_path.as_str(), &stack.template).ok());
            fixed(templates.map(of_stack).sum())
        }
        Unit::Unknown => Planned::default(),
        Unit::Stack if subject.engine() == EngineName::Terraform => Planned::default(),
        Unit::Stack => fixed(stacks().count()),
        Unit::Fargate { spot } => match &subject.loaded.spec.compute {
            Compute::Fargate(fargate) => {
                let tasks = fargate.tasks;
                let share = |all: u32| {
                    // Only tasks above the fewest run on Spot.
                    let above = all.saturating_sub(tasks.min);
                    let on_spot = above.saturating_mul(u32::from(fargate.spot_percent)).div_ceil(100);
                    let count = if spot { on_spot } else { all - on_spot };
                    vcpus(u64::from(count) * u64::from(fargate.cpu))
                };
                Planned { now: share(tasks.desired), most: share(tasks.max) }
            }
            _ => Planned::default(),
        },
    }
}

/// CPU units as whole vCPUs.
fn vcpus(units: u64) -> u64 {
    units.div_ceil(1024)
}

/// What is there in an account and region.
pub(super) async fn counted(subject: &Subject<'_>, session: &Session, unit: Unit) -> Result<Counts> {
    let prefix = subject.prefix();
    let begins = format!("{prefix}-");
    Ok(match unit {
        Unit::Resource("AWS::EC2::EIP") => of_items(prefix, &session.ec2().addresses().await?),
        Unit::Resource("AWS::EC2::VPC") => of_items(prefix, &session.ec2().vpcs().await?),
        Unit::Resource("AWS::EC2::InternetGateway") => of_items(prefix, &session.ec2().internet_gateways().await?),
        Unit::Resource("AWS::EC2::ClientVpnEndpoint") => of_items(prefix, &session.ec2().client_vpn_endpoints().await?),
        Unit::Resource(type_name) => {
            let found = session.cloudcontrol().list(type_name).await?;
            // Network load balancers count for another quota.
            let names = found.iter().map(|one| one.identifier.as_str()).filter(|id| !id.contains(":loadbalancer/net/"));
            of_names(names.map(|id| id.split("/app/").last().unwrap_or(id)), prefix, &begins)
        }
        Unit::Unknown => Counts::default(),
        Unit::Stack => {
            let stacks = session.cloudformation().stacks().await?;
            of_names(stacks.iter().map(|stack| stack.name.as_str()), prefix, &begins)
        }
        Unit::Fargate { spot } => {
            let mut counts = (0, 0);
            for (cluster, used) in session.ecs().fargate_use().await? {
                let units = if spot { used.spot } else { used.on_demand };
                counts.0 += units;
                let name = cluster.rsplit('/').next().unwrap_or(&cluster);
                if name == prefix || name.starts_with(&begins) {
                    counts.1 += units;
                }
            }
            Counts { used: vcpus(counts.0), own: vcpus(counts.1) }
        }
    })
}

/// By the tag that says whose something is.
fn of_items(prefix: &str, items: &[Item]) -> Counts {
    let own = items.iter().filter(|item| item.tags.get(tags::DEPLOYMENT).is_some_and(|own| own == prefix));
    Counts { used: length(items.len()), own: length(own.count()) }
}

/// By the prefix of the name.
fn of_names<'a>(names: impl Iterator<Item = &'a str>, prefix: &str, begins: &str) -> Counts {
    let mut counts = Counts::default();
    for name in names {
        counts.used += 1;
        let first = name.split('/').next().unwrap_or(name);
        if first == prefix || name.starts_with(begins) {
            counts.own += 1;
        }
    }
    counts
}

fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
