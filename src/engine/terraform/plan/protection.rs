//! `prevent_destroy`, while a plan is made.
//!
//! It guards against a deletion by hand. A plan of gwinfra has gates and questions instead, and they need to know what
//! would be deleted: so the protection is lifted for the resources that Terraform names, in an override file that is
//! there only while the plan is made.

use std::collections::BTreeSet;

use crate::engine::EngineError;
use crate::engine::terraform::directory::WorkDirectory;
use crate::engine::terraform::process::Ended;

/// Terraform merges files of such names into the others, argument by argument.
const FILE: &str = "gwinfra_lift_override.tf";

/// Resources, without the keys of their instances, whose protection made a plan fail.
pub(super) fn protected(ended: &Ended) -> BTreeSet<String> {
    ended
        .errors()
        .filter(|finding| finding.summary == "Instance cannot be destroyed")
        .filter_map(|finding| {
            let address = match &finding.address {
                Some(address) => address.as_str(),
                None => finding.detail.strip_prefix("Resource ")?.split_whitespace().next()?,
            };
            Some(address.split('[').next().unwrap_or(address).to_owned())
        })
        .collect()
}

/// Lifts the protection of these resources.
pub(super) fn lift(directory: &WorkDirectory, resources: &BTreeSet<String>) -> Result<(), EngineError> {
    directory.put(FILE, text(resources).as_bytes())
}

/// Puts the protection back.
pub(super) fn restore(directory: &WorkDirectory) -> Result<(), EngineError> {
    directory.remove(FILE)
}

fn text(resources: &BTreeSet<String>) -> String {
    resources
        .iter()
        .filter_map(|resource| resource.split_once('.'))
        .map(|(kind, name)| {
            format!("resource \"{kind}\" \"{name}\" {{\n  lifecycle {{\n    prevent_destroy = false\n  }}\n}}\n")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::terraform::message::Finding;

    #[test]
    fn the_resource_is_taken_from_what_terraform_says() {
        let finding = Finding {
            severity: "error".into(),
            summary: "Instance cannot be destroyed".into(),
            detail: "Resource aws_kms_key.main[\"a\"] has lifecycle.prevent_destroy set, but".into(),
            ..Finding::default()
        };
        let ended = Ended { findings: vec![finding], ..Ended::default() };
        assert_eq!(protected(&ended).into_iter().collect::<Vec<_>>(), ["aws_kms_key.main"]);
    }
}
