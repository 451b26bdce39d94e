//! Versions of EKS.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::{Compute, EksCluster};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0149",
    title: "EKS has the Kubernetes version",
    explanation: include_str!("kubernetes_version.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Compute::Eks(eks) = &subject.spec.compute else { return };
    if !matches!(eks.cluster, EksCluster::Create(_)) {
        return;
    }
    let minor: Option<u32> = eks.version.strip_prefix("1.").and_then(|minor| minor.parse().ok());
    if minor.is_some_and(|minor| minor < OLDEST_MINOR) {
        let message = format!("EKS makes no clusters of Kubernetes {} any more", eks.version);
        let finding = RULE.error(subject, "compute.eks.version", message);
        findings.push(finding.with_help(format!("write 1.{OLDEST_MINOR} or newer")));
    }
}

/// The oldest minor version of Kubernetes 1 that is in extended support.
/// <https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html>, November 2026: 1.31 leaves extended
/// support on 26 November 2026.
const OLDEST_MINOR: u32 = 31;
