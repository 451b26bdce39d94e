//! Whether the zones offer the instance types that the spec names.

use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::aws::Result;
use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::Finding;
use crate::doctor::subject::Subject;
use crate::spec::{AvailabilityZones, Vpc};

/// Whether the zones offer the instance types that the spec names.
pub(super) struct InstanceTypes;

#[async_trait(?Send)]
impl Check for InstanceTypes {
    fn id(&self) -> &'static str {
        "GWD602"
    }

    fn name(&self) -> &'static str {
        "instance-types"
    }

    fn area(&self) -> Area {
        Area::Region
    }

    fn needs(&self) -> Needs {
        Needs::Hub
    }

    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let Some(bastion) = &subject.loaded.spec.access.bastion else {
            return vec![Finding::skip("the spec names no EC2 instance type")];
        };
        let name = bastion.instance_type.as_str();
        match offered(subject, name).await {
            Ok((zones, offering)) => {
                let region = &subject.hub().region;
                vec![judge(name, region, &zones, &offering).at(subject.place("access.bastion.instance_type"))]
            }
            Err(error) => vec![Finding::unknown(&format!("where {name} is offered"), &error)],
        }
    }
}

/// The zones of the private subnets, and those of the region that offer a type.
async fn offered(subject: &Subject<'_>, name: &str) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
    let Some(session) = subject.hub_session(None) else { return Ok(Default::default()) };
    let ec2 = session.ec2();
    let zones: BTreeSet<String> = match &subject.loaded.spec.network.vpc {
        Vpc::Create(vpc) => match &vpc.availability_zones {
            AvailabilityZones::Names(names) => names.iter().map(ToString::to_string).collect(),
            AvailabilityZones::Count(number) => {
                ec2.availability_zones().await?.into_iter().take(usize::from(*number)).collect()
            }
        },
        Vpc::Existing(vpc) => {
            let private: BTreeSet<String> = vpc.private_subnets.iter().map(ToString::to_string).collect();
            let subnets = ec2.subnets(vpc.id.as_str()).await?;
            subnets.into_iter().filter(|one| private.contains(&one.id)).map(|one| one.availability_zone).collect()
        }
    };
    Ok((zones, ec2.zones_with(name).await?))
}

fn judge(name: &str, region: &str, zones: &BTreeSet<String>, offering: &BTreeSet<String>) -> Finding {
    let lacking: Vec<&str> = zones.difference(offering).map(String::as_str).collect();
    let fix = format!(
        "choose another type: aws ec2 describe-instance-type-offerings --location-type availability-zone --region {region}"
    );
    if offering.is_empty() {
        Finding::fail(format!("{region} does not offer the instance type {name}"), fix)
    } else if lacking.len() == zones.len() && !zones.is_empty() {
        Finding::fail(format!("none of {} offers the instance type {name}", lacking.join(", ")), fix)
    } else if lacking.is_empty() {
        Finding::pass(format!("instance type {name} offered in {0}/{0} zones", zones.len()))
    } else {
        Finding::warn(format!("instance type {name} is not offered in {}", lacking.join(", ")), fix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Status;

    #[test]
    fn one_zone_without_the_type_is_a_warning_and_all_are_a_failure() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let of = |offering: &[&str]| judge("t4g.nano", "r", &set(&["a", "b"]), &set(offering)).status;
        assert_eq!(of(&["a", "b", "c"]), Status::Pass);
        assert_eq!(of(&["a", "c"]), Status::Warn);
        assert_eq!(of(&["c"]), Status::Fail);
        assert_eq!(of(&[]), Status::Fail);
    }
}
