//! Versions of LiteLLM with vulnerabilities that its makers have told of.

use crate::diagnostics::Diagnostic;
use crate::image::advisory::{self, Advisory};
use crate::image::known_bad;
use crate::rules::{Rule, Subject};
use crate::spec::Litellm;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0335",
    title: "LiteLLM's version has no vulnerability that is known",
    explanation: include_str!("vulnerable_image.md"),
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let litellm = &subject.spec.gateway.litellm;
    // It is refused, and another version is needed anyway.
    if known_bad::of_litellm(&litellm.image).is_some() {
        return;
    }
    let open = open(litellm);
    let (Some(worst), Some(repaired)) = (open.first(), open.iter().map(|advisory| advisory.repaired_in).max()) else {
        return;
    };
    let others: Vec<&str> = open.iter().skip(1).map(|advisory| advisory.id).collect();
    let more = if others.is_empty() { String::new() } else { format!("; it also has {}", others.join(", ")) };
    let message = format!("`{}` {worst}{more}", litellm.image);
    let (major, minor, patch) = repaired;
    let default = Litellm::default().image;
    let help = format!("name {major}.{minor}.{patch} or a later version; the default is `{default}`");
    let path = "gateway.litellm.image";
    findings.push(Diagnostic::warning(RULE.code, message).with_span(subject.at(path)).with_path(path).with_help(help));
}

/// The vulnerabilities that no setting of the spec closes, the worst first.
fn open(litellm: &Litellm) -> Vec<&'static Advisory> {
    advisory::of_litellm(&litellm.image).into_iter().filter(|advisory| !is_closed(advisory, litellm)).collect()
}

/// Whether a setting of the spec closes the way in.
fn is_closed(advisory: &Advisory, litellm: &Litellm) -> bool {
    advisory.closed_by.is_some_and(|setting| {
        litellm.settings.get("general_settings").and_then(|section| section.get(setting)) == Some(&true.into())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ids(image: &str, disable_error_logs: bool) -> Vec<&'static str> {
        let settings = [("general_settings", json!({"disable_error_logs": disable_error_logs}))];
        let settings = settings.map(|(name, section)| (name.to_owned(), section.as_object().unwrap().clone()));
        let litellm =
            Litellm { image: image.to_owned(), settings: settings.into_iter().collect(), ..Litellm::default() };
        open(&litellm).iter().map(|advisory| advisory.id).collect()
    }

    #[test]
    fn the_default_image_has_none() {
        assert_eq!(ids(&Litellm::default().image, false), [""; 0]);
    }

    #[test]
    fn a_setting_closes_one_and_leaves_the_others() {
        let image = "ghcr.io/berriai/litellm:v1.83.6";
        assert_eq!(ids(image, false).first(), Some(&"GHSA-r75f-5x8p-qvmc"));
        assert_eq!(ids(image, true), ids(image, false)[1..]);
    }

    #[test]
    fn a_copy_in_a_repository_of_any_name_is_known_by_its_tag() {
        assert_eq!(
            ids("111122223333.dkr.ecr.us-east-1.amazonaws.com/team/gateway:v1.83.7", false),
            ["GHSA-4xpc-pv4p-pm3w"]
        );
    }
}
