//! Rules of listeners that nobody declared.

use futures::StreamExt;

use super::{Looked, Owner};
use crate::aws::Session;
use crate::drift::{Addition, Reader};

/// The most listeners that are asked at the same time.
const AT_ONCE: usize = 4;

/// A listener, and the rules that are declared for it.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Listener {
    pub owner: Owner,
    /// Its ARN.
    pub arn: String,
    /// ARNs of rules that are resources.
    pub rules: Vec<String>,
}

pub(super) async fn look(session: &Session, listeners: &[Listener]) -> Looked {
    let mut looked = Looked::default();
    let asked = futures::stream::iter(listeners).map(|listener| session.elbv2().rules(&listener.arn));
    let answers: Vec<_> = asked.buffered(AT_ONCE).collect().await;
    for (listener, answer) in listeners.iter().zip(answers) {
        match answer {
            Ok(rules) => {
                for rule in rules.into_iter().filter(|rule| !listener.rules.contains(&rule.arn)) {
                    let more = (rule.properties, Addition::listener_rule(&rule.arn));
                    looked.added(&listener.owner, "Rules", more, Reader::LoadBalancing);
                }
            }
            // A listener that is gone is told of as that.
            Err(error) if error.is("ListenerNotFound") || error.is("ListenerNotFoundException") => {}
            Err(error) => looked.skip(&listener.owner, "rules", error),
        }
    }
    looked
}
