//! Images by moving tags.

use crate::diagnostics::Diagnostic;
use crate::model::images::split;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule =
    Rule { code: "GW0302", title: "Images have a fixed version", explanation: include_str!("moving_tag.md"), check };

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let gateway = &subject.spec.gateway;
    let litellm = Some((gateway.litellm.image.as_str(), "gateway.litellm.image"));
    let middleware = gateway.middleware.image.as_deref().map(|image| (image, "gateway.middleware.image"));
    for (image, path) in litellm.into_iter().chain(middleware) {
        if image.contains("@sha256:") {
            continue;
        }
        let (_, tag) = split(image);
        let message = match tag {
            "" => format!("`{image}` has no tag, and so means `latest`, which moves"),
            tag if !tag.bytes().any(|byte| byte.is_ascii_digit()) => {
                format!("the tag `{tag}` moves: it names no version")
            }
            _ => continue,
        };
        let finding = RULE.error(subject, path, message);
        findings.push(finding.with_help("name a version, such as `:v1.102.4`, or a digest"));
    }
}
