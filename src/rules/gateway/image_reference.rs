//! The form of image references.

use crate::diagnostics::Diagnostic;
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
        if let Err(reason) = form(image) {
            let finding = RULE.error(subject, path, format!("`{image}` is no image reference: {reason}"));
            findings.push(finding.with_help("write `registry/repository:tag` or `registry/repository@sha256:...`"));
        }
    }
}

/// <https://github.com/distribution/reference/blob/main/reference.go>
fn form(image: &str) -> Result<(), &'static str> {
    if image.contains("://") {
        return Err("it begins with a scheme");
    }
    let (rest, digest) = image.split_once('@').map_or((image, None), |(rest, digest)| (rest, Some(digest)));
    if let Some(digest) = digest {
        let hex = digest.strip_prefix("sha256:").unwrap_or_default();
        if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)) {
            return Err("a digest is `sha256:` and 64 hex digits");
        }
    }
    let (name, tag) = crate::model::images::split(rest);
    let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if tag.len() > 128 || !tag.bytes().all(word) || rest.ends_with(':') {
        return Err("a tag has up to 128 letters, digits and _ . -");
    }
    let path = name.split_once('/').map_or(name, |(_, path)| path);
    if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err("repositories are in lower case");
    }
    let component = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part.bytes().all(|byte| word(byte) || byte == b':')
    };
    if !name.split('/').all(component) {
        return Err("it has an empty part or a character that may not stand there");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::form;

    #[test]
    fn references_of_all_kinds_are_taken() {
        let digest = "ab".repeat(32);
        for image in [
            "ghcr.io/berriai/litellm:main-v1.82.3-stable.patch.2",
            "111122223333.dkr.ecr.us-east-1.amazonaws.com/team/litellm:v1",
            "registry:5000/litellm",
            "litellm",
            &format!("ghcr.io/berriai/litellm:v1.82.3@sha256:{digest}"),
        ] {
            assert_eq!(form(image), Ok(()), "{image}");
        }
    }

    #[test]
    fn what_no_registry_takes_is_refused() {
        for image in ["a b:1", "ghcr.io/BerriAI/x:1", "x@sha256:ab", "/x:1", "ghcr.io//x:1", "x:", "docker://x:1"] {
            assert!(form(image).is_err(), "{image}");
        }
    }
}
