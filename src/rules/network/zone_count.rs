//! How many availability zones a region has.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::{AvailabilityZones, Vpc};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0108",
    title: "The region has that many availability zones",
    explanation: include_str!("zone_count.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Vpc::Create(vpc) = &subject.spec.network.vpc else { return };
    let AvailabilityZones::Count(count) = vpc.availability_zones else { return };
    let region = subject.spec.hub.region.as_str();
    let zones = zones(region);
    if count > zones {
        let message = format!("{region} has {zones} availability zones, not {count}");
        let finding = RULE.error(subject, "network.vpc.create.availability_zones", message);
        let related = finding.with_related(subject.at("hub.region"), "the region is here");
        findings.push(related.with_help(format!("write {zones} or less")));
    }
}

/// Availability zones that a new account can use.
/// <https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html>, November 2026.
fn zones(region: &str) -> u8 {
    match region {
        "us-east-1" => 6,
        "us-west-2" | "ap-northeast-2" => 4,
        // Three, of which an account sees two.
        "us-west-1" => 2,
        _ => 3,
    }
}
