//! Fargate's table of CPU and memory.

use crate::diagnostics::Diagnostic;
use crate::rules::{Rule, Subject};
use crate::spec::Compute;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0140",
    title: "Fargate offers the pair of CPU and memory",
    explanation: include_str!("fargate_size.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Compute::Fargate(fargate) = &subject.spec.compute else { return };
    let Some(size) = SIZES.iter().find(|size| size.cpu == fargate.cpu) else {
        let message = format!("Fargate has no tasks of {} CPU units", fargate.cpu);
        let cpus: Vec<String> = SIZES.iter().map(|size| size.cpu.to_string()).collect();
        let finding = RULE.error(subject, "compute.fargate.cpu", message);
        findings.push(finding.with_help(format!("CPU units: {}", cpus.join(", "))));
        return;
    };
    if size.has(fargate.memory) {
        return;
    }
    let message = format!("Fargate has no tasks of {} CPU units with {} MiB", fargate.cpu, fargate.memory);
    let cpus: Vec<String> =
        SIZES.iter().filter(|size| size.has(fargate.memory)).map(|size| size.cpu.to_string()).collect();
    let mut help = format!("memory for {} CPU units: {}", fargate.cpu, size.memories());
    if !cpus.is_empty() {
        help = format!("{help}; or CPU units for {} MiB: {}", fargate.memory, cpus.join(", "));
    }
    let (path, other) = if subject.spans.contains("compute.fargate.memory") {
        ("compute.fargate.memory", "compute.fargate.cpu")
    } else {
        ("compute.fargate.cpu", "compute.fargate.memory")
    };
    let mut finding = RULE.error(subject, path, message);
    if subject.spans.contains(other) {
        finding = finding.with_related(subject.at(other), "the other half of the pair is here");
    }
    findings.push(finding.with_help(help));
}

/// Memory that Fargate offers for a number of CPU units, in MiB.
struct Size {
    cpu: u32,
    least: u32,
    most: u32,
    step: u32,
}

/// Task sizes of Linux on platform version 1.4.0.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size>,
/// November 2026. Both architectures have the same.
const SIZES: [Size; 7] = [
    Size { cpu: 256, least: 512, most: 2048, step: 512 },
    Size { cpu: 512, least: 1024, most: 4096, step: 1024 },
    Size { cpu: 1024, least: 2048, most: 8192, step: 1024 },
    Size { cpu: 2048, least: 4096, most: 16384, step: 1024 },
    Size { cpu: 4096, least: 8192, most: 30720, step: 1024 },
    Size { cpu: 8192, least: 16384, most: 61440, step: 4096 },
    Size { cpu: 16384, least: 32768, most: 122_880, step: 8192 },
];

impl Size {
    fn has(&self, memory: u32) -> bool {
        // The smallest size has no 1536 MiB.
        let steps = (self.least..=self.most).contains(&memory) && memory.is_multiple_of(self.step);
        steps && (self.cpu, memory) != (256, 1536)
    }

    fn memories(&self) -> String {
        match self.cpu {
            256 => "512, 1024, 2048 MiB".to_owned(),
            _ => format!("{} to {} MiB in steps of {}", self.least, self.most, self.step),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(cpu: u32, memory: u32) -> bool {
        SIZES.iter().any(|size| size.cpu == cpu && size.has(memory))
    }

    #[test]
    fn the_smallest_tasks_have_three_sizes() {
        let sizes: Vec<u32> = (0..=4096).step_by(256).filter(|memory| offered(256, *memory)).collect();
        assert_eq!(sizes, [512, 1024, 2048]);
    }

    #[test]
    fn large_tasks_grow_in_large_steps() {
        assert!(offered(8192, 20480) && !offered(8192, 18432));
        assert!(offered(16384, 40960) && !offered(16384, 36864));
        assert!(offered(4096, 30720) && !offered(4096, 31744));
    }
}
