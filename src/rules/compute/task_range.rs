//! Fewest, wished and most tasks.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::{Compute, EksCluster, EksMode};

/// The rule.
pub static RULE: Rule =
    Rule { code: "GW0141", title: "The range of tasks is in order", explanation: include_str!("task_range.md"), check };

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    match &subject.spec.compute {
        Compute::Fargate(fargate) => {
            let tasks = fargate.tasks;
            in_order(subject, findings, "compute.fargate.tasks", (tasks.min, Some(tasks.desired), tasks.max));
        }
        Compute::Ec2(ec2) => {
            let instances = ec2.instances;
            in_order(
                subject,
                findings,
                "compute.ec2.instances",
                (instances.min, Some(instances.desired), instances.max),
            );
        }
        Compute::Eks(eks) => {
            in_order(subject, findings, "compute.eks.pods", (eks.pods.min, None, eks.pods.max));
            if matches!(&eks.cluster, EksCluster::Create(create) if create.mode == EksMode::ManagedNodes) {
                let nodes = &eks.nodes;
                in_order(subject, findings, "compute.eks.nodes", (nodes.min, Some(nodes.desired), nodes.max));
            }
        }
    }
}

fn in_order(
    subject: &Subject<'_>,
    findings: &mut Vec<Diagnostic>,
    path: &str,
    (min, desired, max): (u32, Option<u32>, u32),
) {
    let mut report = |low: (&str, u32), high: (&str, u32)| {
        if low.1 <= high.1 {
            return false;
        }
        // At the key that the user wrote: the other one may be a default.
        let written = |key: &str| subject.spans.contains(&format!("{path}.{key}"));
        let (at, other) = if written(low.0) { (low.0, high.0) } else { (high.0, low.0) };
        let message = format!("`{}` is {}, more than `{}`, which is {}", low.0, low.1, high.0, high.1);
        let mut finding = RULE.error(subject, format!("{path}.{at}"), message);
        if written(other) {
            finding = finding.with_related(subject.at(&format!("{path}.{other}")), "the other number is here");
        }
        findings.push(finding.with_help("keep min <= desired <= max"));
        true
    };
    if report(("min", min), ("max", max)) {
        return;
    }
    if let Some(desired) = desired {
        report(("min", min), ("desired", desired));
        report(("desired", desired), ("max", max));
    }
}
