//! Who holds the lock of a state.

use serde::Serialize;

use super::diagnostic::LOCKING;
use super::message::Finding;

/// A lock, as Terraform tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct LockInfo {
    /// Id, with which it is released.
    pub id: String,
    /// The state.
    pub path: String,
    /// `OperationTypeApply`, `OperationTypePlan` ...
    pub operation: String,
    /// `user@host`.
    pub who: String,
    /// When it was taken.
    pub created: String,
}

impl LockInfo {
    /// Reads the lock out of what Terraform says when somebody else has it; `None` for another finding, and for a lock that
    /// could not be taken for another reason: then Terraform names no holder.
    pub(super) fn of(finding: &Finding) -> Option<Self> {
        if !finding.summary.contains(LOCKING) {
            return None;
        }
        let mut lock = Self::default();
        for line in finding.detail.lines() {
            let Some((name, value)) = line.trim().split_once(':') else { continue };
            let value = value.trim();
            match name {
                "ID" => value.clone_into(&mut lock.id),
                "Path" => value.clone_into(&mut lock.path),
                "Operation" => value.clone_into(&mut lock.operation),
                "Who" => value.clone_into(&mut lock.who),
                "Created" => value.clone_into(&mut lock.created),
                _ => {}
            }
        }
        (!lock.id.is_empty()).then_some(lock)
    }

    /// What the holder does, in words.
    pub fn doing(&self) -> &str {
        match self.operation.as_str() {
            "OperationTypeApply" => "an apply",
            "OperationTypePlan" => "a plan",
            "OperationTypeRefresh" => "a refresh",
            "" => "something",
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DETAIL: &str = "Error message: resource temporarily unavailable\nLock Info:\n  ID:        abc-def\n  Path:      \
                          bucket/acme/hub.tfstate\n  Operation: OperationTypeApply\n  Who:       joe@host\n  Version:   \
                          1.11.4\n  Created:   2026-01-02 03:04:05.1 +0000 UTC\n  Info:      \n\n\nTerraform acquires a \
                          state lock to protect the state from being written\nby multiple users at the same time.";

    fn finding(summary: &str) -> Finding {
        Finding { summary: summary.into(), detail: DETAIL.into(), ..Finding::default() }
    }

    #[test]
    fn a_lock_says_whose_it_is_and_since_when() {
        let lock = LockInfo::of(&finding("Error acquiring the state lock")).unwrap();
        assert_eq!((lock.id.as_str(), lock.who.as_str(), lock.doing()), ("abc-def", "joe@host", "an apply"));
        assert_eq!(lock.created, "2026-01-02 03:04:05.1 +0000 UTC");
    }

    #[test]
    fn a_lock_that_could_not_be_written_has_no_holder() {
        let detail = "Error message: operation error S3: PutObject, https response error StatusCode: 403, RequestID: A1, \
                      HostID: b2, api error AccessDenied: Access Denied\n\nTerraform acquires a state lock to protect the \
                      state from being written\nby multiple users at the same time. Please resolve the issue above and \
                      try\nagain. For most commands, you can disable locking with the \"-lock=false\"\nflag, but this is \
                      not recommended.";
        let summary = "Error acquiring the state lock".to_owned();
        assert_eq!(LockInfo::of(&Finding { summary, detail: detail.into(), ..Finding::default() }), None);
    }

    #[test]
    fn another_finding_is_no_lock() {
        assert_eq!(LockInfo::of(&finding("Saved plan is stale")), None);
    }
}
