//! Memory per worker process.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Compute;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0148",
    title: "Each LiteLLM worker has 600 MiB",
    explanation: include_str!("worker_memory.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Compute::Fargate(fargate) = &subject.spec.compute else { return };
    let workers = u32::from(subject.spec.gateway.litellm.workers).max(1);
    // The middleware has a sixteenth.
    let each = (fargate.memory - fargate.memory / 16) / workers;
    if each < WORKER_MIB {
        let path = if workers > 1 { "gateway.litellm.workers" } else { "compute.fargate.memory" };
        let message = format!("each LiteLLM worker has {each} MiB, and needs about {WORKER_MIB}");
        let finding = RULE.warning(subject, path, message);
        findings.push(finding.with_help("give the task more memory, or run fewer workers and more tasks"));
    }
}

/// Memory of a worker under load, in MiB, as measured on LiteLLM 1.102.4 in November 2026.
const WORKER_MIB: u32 = 600;
