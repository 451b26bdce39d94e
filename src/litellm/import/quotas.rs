//! Quotas of several deployments.

use super::deployment::Deployment;
use super::notes::Notes;

/// The smallest value of a quota: a spec has one for all accounts and regions of a model.
pub(super) fn smallest(key: &str, deployments: &[&Deployment<'_>], notes: &mut Notes<'_>) -> Option<u64> {
    let mut found = Vec::new();
    for deployment in deployments {
        let Some(param) = deployment.param(key) else { continue };
        match param.value.as_u64().filter(|quota| *quota > 0) {
            Some(quota) => found.push((param.path.clone(), quota)),
            None => notes.left(&param.path, format!("`{key}` is a whole number above 0")),
        }
    }
    let smallest = found.iter().map(|(_, quota)| *quota).min()?;
    for (path, _) in found.iter().filter(|(_, quota)| *quota != smallest) {
        notes.changed(path, format!("a model has one `{key}` for all accounts and regions: {smallest}, the smallest"));
    }
    Some(smallest)
}
