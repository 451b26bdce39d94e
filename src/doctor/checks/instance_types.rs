//! Whether the zones offer the instance types that the spec names.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;

use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::Finding;
use crate::doctor::nearest;
use crate::doctor::subject::Subject;
use crate::doctor::zones::{self, Tier};
use crate::spec::{Compute, EksCluster, EksMode, Spec};

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
        let wanted = wanted(&subject.loaded.spec);
        if wanted.is_empty() {
            return vec![Finding::skip("the spec names no EC2 instance type")];
        }
        let Some(session) = subject.hub_session(None) else { return Vec::new() };
        let names: Vec<&str> = wanted.keys().copied().collect();
        let found = match zones::zones(subject, Tier::Private).await {
            Ok(zones) => session.ec2().zones_with(&names).await.map(|offering| (zones, offering)),
            Err(error) => Err(error),
        };
        let (zones, offerings) = match found {
            Ok(found) => found,
            Err(error) => {
                let verb = if names.len() == 1 { "is" } else { "are" };
                return vec![Finding::unknown(&format!("where {} {verb} offered", names.join(", ")), &error)];
            }
        };
        let region = &subject.hub().region;
        let nowhere = BTreeSet::new();
        let offering = |name: &str| offerings.get(name).unwrap_or(&nowhere);
        // Only where one is lacking others are looked for; without an answer the command says how.
        let lacking = names.iter().any(|name| offering(name).is_disjoint(&zones));
        let others = if lacking { session.ec2().instance_types().await.unwrap_or_default() } else { BTreeSet::new() };
        let mut findings = Vec::new();
        for (name, path) in &wanted {
            let finding = judge(name, region, &zones, offering(name), &others);
            findings.push(if finding.fix.is_some() { finding.at(subject.place(path)) } else { finding });
        }
        if zones.is_empty() {
            let message = "none of the private subnets is there: in which zones instances would be is not known";
            let place = subject.place(zones::place(subject, Tier::Private));
            findings.push(Finding::warn(message, "name subnets of the VPC, in its account and region").at(place));
        }
        findings
    }
}

/// The instance types that the spec names, each with its first place.
fn wanted(spec: &Spec) -> BTreeMap<&str, String> {
    let mut wanted = BTreeMap::new();
    if let Some(bastion) = &spec.access.bastion {
        wanted.insert(bastion.instance_type.as_str(), "access.bastion.instance_type".to_owned());
    }
    match &spec.compute {
        Compute::Fargate(_) => {}
        Compute::Ec2(ec2) => {
            wanted.entry(&ec2.instance_type).or_insert_with(|| "compute.ec2.instance_type".to_owned());
        }
        Compute::Eks(eks) if has_nodes(&eks.cluster) => {
            for (index, name) in eks.nodes.instance_types.iter().enumerate() {
                wanted.entry(name).or_insert_with(|| format!("compute.eks.nodes.instance_types.{index}"));
            }
        }
        Compute::Eks(_) => {}
    }
    wanted
}

/// Whether the cluster gets nodes of its own: EKS Auto Mode chooses instances itself.
fn has_nodes(cluster: &EksCluster) -> bool {
    match cluster {
        EksCluster::Create(cluster) => cluster.mode == EksMode::ManagedNodes,
        EksCluster::Existing(_) => true,
    }
}

fn judge(
    name: &str,
    region: &str,
    zones: &BTreeSet<String>,
    offering: &BTreeSet<String>,
    others: &BTreeSet<String>,
) -> Finding {
    let lacking: Vec<&str> = zones.difference(offering).map(String::as_str).collect();
    let ask = format!("aws ec2 describe-instance-type-offerings --location-type availability-zone --region {region}");
    let other = match nearest::classes(name, others.iter().filter(|other| *other != name)).as_slice() {
        [] => format!("choose another type: {ask}"),
        near => format!("choose another type: the region offers {}; all: {ask}", near.join(", ")),
    };
    if offering.is_empty() {
        return Finding::fail(format!("{region} does not offer the instance type {name}"), other);
    }
    if lacking.is_empty() {
        let message = match zones.len() {
            0 => format!("instance type {name} offered in {region}"),
            all => format!("instance type {name} offered in {all}/{all} zones"),
        };
        return Finding::pass(message);
    }
    let having: Vec<&str> = offering.iter().map(String::as_str).collect();
    let fix = format!("put the private subnets into zones that offer it ({}), or {other}", having.join(", "));
    if lacking.len() == zones.len() {
        Finding::fail(format!("none of {} offers the instance type {name}", lacking.join(", ")), fix)
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
        let of = |offering: &[&str]| judge("t4g.nano", "r", &set(&["a", "b"]), &set(offering), &BTreeSet::new()).status;
        assert_eq!(of(&["a", "b", "c"]), Status::Pass);
        assert_eq!(of(&["a", "c"]), Status::Warn);
        assert_eq!(of(&["c"]), Status::Fail);
        assert_eq!(of(&[]), Status::Fail);
    }
}
