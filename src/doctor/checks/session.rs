//! Whether the credentials last as long as a deployment takes.

use async_trait::async_trait;

use crate::aws::Expiry;
use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::Finding;
use crate::doctor::subject::Subject;
use crate::engine::cloudformation::deployment_seconds;
use crate::plan::duration;

/// Whether the credentials last as long as a deployment takes.
pub(super) struct Session;

#[async_trait(?Send)]
impl Check for Session {
    fn id(&self) -> &'static str {
        "GWD202"
    }

    fn name(&self) -> &'static str {
        "session"
    }

    fn area(&self) -> Area {
        Area::Identity
    }

    fn needs(&self) -> Needs {
        Needs::Hub
    }

    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let Some(clients) = subject.clients else { return Vec::new() };
        let needed = deployment_seconds(subject.bundle);
        let finding = match clients.expires().await {
            Ok(None) => Finding::pass("the credentials do not say that they end"),
            Ok(Some(Expiry { end, renewed: true })) => Finding::pass(format!(
                "the credentials end in {}, and are renewed then",
                duration(u64::try_from(end.duration_since(jiff::Timestamp::now()).as_secs()).unwrap_or(0))
            )),
            Ok(Some(Expiry { end, .. })) => {
                judge(end.duration_since(jiff::Timestamp::now()).as_secs(), needed, subject.is_applied)
            }
            Err(error) => Finding::unknown("when the credentials end", &error),
        };
        vec![finding]
    }
}

/// `left` and `needed` in seconds. A change of what is deployed seldom takes as long as making all of it.
fn judge(left: i64, needed: u64, is_applied: bool) -> Finding {
    const FIX: &str = "renew the credentials right before the apply (`aws sso login`), or ask for a longer session";
    let left = u64::try_from(left).unwrap_or(0);
    let message =
        format!("the credentials end in {}, and a whole deployment takes about {}", duration(left), duration(needed));
    if left > needed {
        Finding::pass(message)
    } else if is_applied && left > 0 {
        Finding::warn(message, FIX)
    } else {
        Finding::fail(message, FIX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Status;

    #[test]
    fn a_session_must_outlast_a_whole_deployment_unless_there_is_one() {
        assert_eq!(judge(1200, 600, false).status, Status::Pass);
        assert_eq!(judge(300, 600, false).status, Status::Fail);
        assert_eq!(judge(300, 600, true).status, Status::Warn);
        assert_eq!(judge(-5, 600, true).status, Status::Fail);
    }
}
