//! Names of availability zones.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::{AvailabilityZones, Vpc};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0107",
    title: "Availability zones belong to the region",
    explanation: include_str!("zone_names.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Vpc::Create(vpc) = &subject.spec.network.vpc else { return };
    let AvailabilityZones::Names(names) = &vpc.availability_zones else { return };
    let region = subject.spec.hub.region.as_str();
    for (index, name) in names.iter().enumerate() {
        let path = format!("network.vpc.create.availability_zones.{index}");
        let letter = name.as_str().strip_prefix(region);
        if letter.is_none_or(|letter| letter.len() != 1) {
            let message = format!("`{name}` is not an availability zone of {region}");
            let finding =
                RULE.error(subject, path, message).with_related(subject.at("hub.region"), "the region is here");
            findings.push(finding.with_help(format!("name zones such as `{region}a`, or write how many to use")));
        } else if let Some(first) = names[..index].iter().position(|other| other == name) {
            let first = subject.at(&format!("network.vpc.create.availability_zones.{first}"));
            let finding = RULE.error(subject, path, format!("the availability zone `{name}` is named twice"));
            findings.push(finding.with_related(first, "first here").with_help("name two or more different zones"));
        }
    }
}
