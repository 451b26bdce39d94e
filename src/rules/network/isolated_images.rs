//! Images in an isolated VPC.

use crate::diagnostics::Diagnostic;
use crate::model::images::Images;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0114",
    title: "A VPC without NAT pulls images from ECR",
    explanation: include_str!("isolated_images.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    if !subject.is_isolated() {
        return;
    }
    let images = Images::new(&subject.basis());
    let region = subject.spec.hub.region.as_str();
    let litellm = Some((&images.litellm, "gateway.litellm.image"));
    let middleware = images.middleware.as_ref().map(|image| (image, "gateway.middleware.image"));
    for (image, path) in litellm.into_iter().chain(middleware) {
        let message = match &image.repository {
            Some(repository) if repository.region == region => continue,
            Some(repository) => {
                format!(
                    "the image is in ECR in {}, and without NAT only that of {region} is reachable",
                    repository.region
                )
            }
            None => format!("`{}` cannot be pulled without NAT: it is not in ECR", image.reference),
        };
        let nat = "network.vpc.create.nat";
        let finding = if subject.spans.contains(path) {
            RULE.error(subject, path, message).with_related(subject.at(nat), "there is no NAT gateway")
        } else {
            RULE.error(subject, nat, message)
        };
        findings.push(finding.with_help(format!("copy the image into ECR in {region} and name it as `{path}`")));
    }
}
