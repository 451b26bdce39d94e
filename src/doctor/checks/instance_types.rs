//! Whether the zones offer the instance types that the spec names.

use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::Finding;
use crate::doctor::nearest;
use crate::doctor::subject::Subject;
use crate::doctor::zones::{Tier, zones};

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
        let Some(session) = subject.hub_session(None) else { return Vec::new() };
        let found = match zones(subject, Tier::Private).await {
            Ok(zones) => session.ec2().zones_with(name).await.map(|offering| (zones, offering)),
            Err(error) => Err(error),
        };
        let (zones, offering) = match found {
            Ok(found) => found,
            Err(error) => return vec![Finding::unknown(&format!("where {name} is offered"), &error)],
        };
        let region = &subject.hub().region;
        // Only where it is lacking another one is looked for; without an answer the command says how.
        let lacking = zones.is_empty() || zones.intersection(&offering).next().is_none();
        let others = if lacking { session.ec2().instance_types().await.unwrap_or_default() } else { BTreeSet::new() };
        let fix = fix(region, &nearest::classes(name, others.iter().filter(|other| *other != name)));
        vec![judge(name, region, &zones, &offering, fix).at(subject.place("access.bastion.instance_type"))]
    }
}

fn fix(region: &str, nearest: &[&str]) -> String {
    let ask = format!("aws ec2 describe-instance-type-offerings --location-type availability-zone --region {region}");
    if nearest.is_empty() {
        format!("choose another type: {ask}")
    } else {
        format!("choose another type: the region offers {}; all: {ask}", nearest.join(", "))
    }
}

fn judge(name: &str, region: &str, zones: &BTreeSet<String>, offering: &BTreeSet<String>, fix: String) -> Finding {
    let lacking: Vec<&str> = zones.difference(offering).map(String::as_str).collect();
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
        let of = |offering: &[&str]| judge("t4g.nano", "r", &set(&["a", "b"]), &set(offering), String::new()).status;
        assert_eq!(of(&["a", "b", "c"]), Status::Pass);
        assert_eq!(of(&["a", "c"]), Status::Warn);
        assert_eq!(of(&["c"]), Status::Fail);
        assert_eq!(of(&[]), Status::Fail);
    }
}
