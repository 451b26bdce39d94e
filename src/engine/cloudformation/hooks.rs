//! What hooks say of what they refuse. The resource itself only says that a hook has failed.

use std::collections::BTreeMap;

use crate::aws::cloudformation::{HOOK_FAILED, StackEvent};

/// What hooks have said, by the logical id of what they have looked at.
#[derive(Debug, Default)]
pub(super) struct Hooks(BTreeMap<String, Vec<(String, String)>>);

impl Hooks {
    /// Remembers the event of a hook that has refused something.
    pub fn take(&mut self, event: &StackEvent) {
        let Some(refusal) = &event.refusal else { return };
        let said = (event.hook.clone().unwrap_or_default(), refusal.clone());
        let all = self.0.entry(event.logical_id.clone()).or_default();
        if !all.contains(&said) {
            all.push(said);
        }
    }

    /// A reason with what the hooks have said, where it is that a hook has failed.
    pub fn explain(&self, logical_id: &str, reason: String) -> String {
        let said = self.0.get(logical_id).filter(|_| reason.contains(HOOK_FAILED));
        match said.map(Vec::as_slice) {
            None | Some([]) => reason,
            Some([(_, words)]) => format!("{reason}: {words}"),
            Some(several) => {
                let all: Vec<String> = several.iter().map(|(hook, words)| format!("{hook}: {words}")).collect();
                format!("{reason}: {}", all.join("; "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_hook(refusal: Option<&str>) -> StackEvent {
        StackEvent {
            id: String::new(),
            at: String::new(),
            operation_id: None,
            logical_id: "ConfigBucket".to_owned(),
            physical_id: None,
            resource_type: "AWS::S3::Bucket".to_owned(),
            status: "CREATE_IN_PROGRESS".to_owned(),
            reason: None,
            detailed_status: None,
            token: None,
            hook: Some("AWS::Hooks::GuardHook".to_owned()),
            refusal: refusal.map(ToOwned::to_owned),
        }
    }

    const FAILED: &str = "The following hook(s) failed: [AWS::Hooks::GuardHook]";

    #[test]
    fn a_resource_that_a_hook_has_refused_has_the_reason_of_the_hook() {
        let mut hooks = Hooks::default();
        hooks.take(&of_hook(None));
        hooks.take(&of_hook(Some("Template failed validation, the following rule(s) failed: s3_bucket_logging.")));
        let told = hooks.explain("ConfigBucket", FAILED.to_owned());
        assert!(told.starts_with(FAILED) && told.ends_with("s3_bucket_logging."), "{told}");
    }

    #[test]
    fn another_reason_stays_as_it_is() {
        let mut hooks = Hooks::default();
        hooks.take(&of_hook(Some("no")));
        assert_eq!(hooks.explain("ConfigBucket", "Quota.".to_owned()), "Quota.");
        assert_eq!(hooks.explain("Other", FAILED.to_owned()), FAILED);
    }
}
