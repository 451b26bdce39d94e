//! Whether this machine's clock agrees with AWS's.

use async_trait::async_trait;

use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::Finding;
use crate::doctor::subject::Subject;

/// Seconds from which on AWS refuses signatures.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html>
const REFUSED: u64 = 300;
/// Seconds that a clock which is kept by a time server is never off.
const WRONG: u64 = 60;

/// Whether this machine's clock agrees with AWS's.
pub(super) struct Clock;

#[async_trait(?Send)]
impl Check for Clock {
    fn id(&self) -> &'static str {
        "GWD104"
    }

    fn name(&self) -> &'static str {
        "clock"
    }

    fn area(&self) -> Area {
        Area::Local
    }

    fn needs(&self) -> Needs {
        Needs::Aws
    }

    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let Some(session) = subject.hub_session(None) else { return Vec::new() };
        vec![match session.clock_difference().await {
            Ok(seconds) => judge(seconds),
            Err(error) => Finding::unknown("what time it is at AWS", &error),
        }]
    }
}

fn judge(seconds: i64) -> Finding {
    const FIX: &str = "set the clock, or start a time service: timedatectl set-ntp true";
    let off = seconds.unsigned_abs();
    let which = if seconds < 0 { "ahead of" } else { "behind" };
    let message = format!("this machine's clock is {off} s {which} AWS's");
    match off {
        0..=1 => Finding::pass("the clock agrees with AWS's"),
        2..WRONG => Finding::pass(message),
        WRONG..REFUSED => Finding::warn(message, FIX),
        _ => Finding::fail(format!("{message}: AWS refuses signatures from {REFUSED} s on"), FIX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Status;

    #[test]
    fn a_clock_is_wrong_in_either_direction() {
        assert_eq!(judge(0).status, Status::Pass);
        assert_eq!(judge(-90).status, Status::Warn);
        assert_eq!(judge(-90).message, "this machine's clock is 90 s ahead of AWS's");
        assert_eq!(judge(300).status, Status::Fail);
    }
}
