//! The form of image references.

use crate::diagnostics::Diagnostic;
use crate::image::reference::check_form;
use crate::rules::{Rule, Subject};

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0303",
    title: "Images are references that registries take",
    explanation: include_str!("image_reference.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let gateway = &subject.spec.gateway;
    let litellm = Some((gateway.litellm.image.as_str(), "gateway.litellm.image"));
    let middleware = gateway.middleware.image.as_deref().map(|image| (image, "gateway.middleware.image"));
    for (image, path) in litellm.into_iter().chain(middleware) {
        if let Err(reason) = check_form(image) {
            let finding = RULE.error(subject, path, format!("`{image}` is no image reference: {reason}"));
            findings.push(finding.with_help("write `registry/repository:tag` or `registry/repository@sha256:...`"));
        }
    }
}
