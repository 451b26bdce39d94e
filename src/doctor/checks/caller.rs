//! Who calls, and whether it is the hub's account.

use async_trait::async_trait;

use super::CALLER;
use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::Finding;
use crate::doctor::reach::Answer;
use crate::doctor::subject::Subject;

/// Who calls, and whether it is the hub's account.
pub(super) struct Caller;

#[async_trait(?Send)]
impl Check for Caller {
    fn id(&self) -> &'static str {
        CALLER
    }

    fn name(&self) -> &'static str {
        "credentials"
    }

    fn area(&self) -> Area {
        Area::Identity
    }

    fn needs(&self) -> Needs {
        Needs::Hub
    }

    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let finding = match subject.reach.answer(&subject.hub().account) {
            Some(Answer::Identity(identity)) => Finding::pass(identity.arn.clone()),
            Some(Answer::Refused(error)) => {
                let fix = error.help().unwrap_or_else(|| "gwinfra doctor   asks again".to_owned());
                Finding::fail(format!("the hub cannot be asked: {error}"), fix).at(subject.place("hub"))
            }
            Some(Answer::Silent) => Finding::timed_out(subject.timeout.as_secs()),
            Some(Answer::Unasked) | None => Finding::skip("the hub was not asked"),
        };
        vec![finding]
    }
}
