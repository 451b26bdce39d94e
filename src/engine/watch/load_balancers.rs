//! Listeners of load balancers that nobody declared.

use futures::StreamExt;

use super::{Looked, Owner};
use crate::aws::Session;
use crate::drift::{Addition, Reader};

/// The most load balancers that are asked at the same time.
const AT_ONCE: usize = 4;

/// A load balancer, and the listeners that are declared for it.
#[derive(Debug, Clone)]
pub(in crate::engine) struct LoadBalancer {
    pub owner: Owner,
    /// Its ARN.
    pub arn: String,
    /// ARNs of listeners that are resources.
    pub listeners: Vec<String>,
}

pub(super) async fn look(session: &Session, balancers: &[LoadBalancer]) -> Looked {
    let mut looked = Looked::default();
    let asked = futures::stream::iter(balancers).map(|balancer| session.elbv2().listeners(&balancer.arn));
    let answers: Vec<_> = asked.buffered(AT_ONCE).collect().await;
    for (balancer, answer) in balancers.iter().zip(answers) {
        match answer {
            Ok(listeners) => {
                for listener in listeners.into_iter().filter(|listener| !balancer.listeners.contains(&listener.arn)) {
                    let more = (listener.properties, Addition::listener(&listener.arn));
                    looked.added(&balancer.owner, "Listeners", more, Reader::LoadBalancing);
                }
            }
            // A load balancer that is gone is told of as that.
            Err(error) if error.is("LoadBalancerNotFound") || error.is("LoadBalancerNotFoundException") => {}
            Err(error) => looked.skip(&balancer.owner, "listeners", error),
        }
    }
    looked
}
