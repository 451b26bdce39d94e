//! The availability zones that a deployment uses.

use std::collections::BTreeSet;

use super::subject::Subject;
use crate::aws::Result;
use crate::spec::types::SubnetId;
use crate::spec::{AvailabilityZones, Vpc};

/// Subnets for one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tier {
    /// Tasks, endpoints and the bastion.
    Private,
    /// The database and the cache.
    Data,
}

/// The zones of the subnets, by name.
pub(super) async fn zones(subject: &Subject<'_>, tier: Tier) -> Result<BTreeSet<String>> {
    let Some(session) = subject.hub_session(None) else { return Ok(BTreeSet::new()) };
    let ec2 = session.ec2();
    match &subject.loaded.spec.network.vpc {
        Vpc::Create(vpc) => match &vpc.availability_zones {
            AvailabilityZones::Names(names) => Ok(names.iter().map(ToString::to_string).collect()),
            AvailabilityZones::Count(number) => {
                Ok(ec2.availability_zones().await?.into_iter().take(usize::from(*number)).collect())
            }
        },
        Vpc::Existing(vpc) => {
            let own: &[SubnetId] = match tier {
                Tier::Data if !vpc.data_subnets.is_empty() => &vpc.data_subnets,
                Tier::Data | Tier::Private => &vpc.private_subnets,
            };
            let own: BTreeSet<String> = own.iter().map(ToString::to_string).collect();
            let subnets = ec2.subnets(vpc.id.as_str()).await?;
            Ok(subnets.into_iter().filter(|one| own.contains(&one.id)).map(|one| one.availability_zone).collect())
        }
    }
}

/// The key of the spec that says which zones these are.
pub(super) fn place(subject: &Subject<'_>, tier: Tier) -> &'static str {
    match (&subject.loaded.spec.network.vpc, tier) {
        (Vpc::Create(_), _) => "network.vpc.create.availability_zones",
        (Vpc::Existing(vpc), Tier::Data) if !vpc.data_subnets.is_empty() => "network.vpc.existing.data_subnets",
        (Vpc::Existing(_), _) => "network.vpc.existing.private_subnets",
    }
}
