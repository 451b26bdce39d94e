//! What scales the service, and nobody declared.

use serde_json::Value;

use super::{Looked, Owner};
use crate::aws::Session;
use crate::drift::{Addition, Level, Reader, Scaled};

/// The type of a policy.
const POLICY: &str = "AWS::ApplicationAutoScaling::ScalingPolicy";

/// A target of Application Auto Scaling, and what is declared for it.
#[derive(Debug, Clone)]
pub(in crate::engine) struct ScalableTarget {
    pub owner: Owner,
    /// The target.
    pub scaled: Scaled,
    /// ARNs of policies.
    pub policies: Vec<String>,
    /// What the Cloud Control API has given of its scheduled actions; none where the target declares its own, since they are
    /// compared then.
    pub actions: Vec<Value>,
}

pub(super) async fn look(session: &Session, targets: &[ScalableTarget]) -> Looked {
    let mut looked = Looked::default();
    for target in targets {
        for action in &target.actions {
            let name = action.get("ScheduledActionName").and_then(Value::as_str).unwrap_or_default();
            let more = (action.clone(), Addition::scheduled_action(name, &target.scaled));
            looked.added_at(Level::Medium, &target.owner, "ScheduledActions", more, Reader::CloudControl);
        }
        let model = serde_json::json!({"ServiceNamespace": target.scaled.namespace});
        match session.cloudcontrol().list_in(POLICY, &model).await {
            Ok(policies) => {
                for policy in policies {
                    let arn = policy.identifier.split('|').next().unwrap_or_default();
                    if target.scaled.has(arn) && !target.policies.iter().any(|own| own == arn) {
                        let name = arn.split_once(":policyName/").map(|(_, name)| name).unwrap_or_default();
                        let addition = Addition::scaling_policy(arn, name, &target.scaled);
                        let more = (policy.properties, addition);
                        looked.added_at(Level::Medium, &target.owner, "ScalingPolicies", more, Reader::CloudControl);
                    }
                }
            }
            Err(error) => looked.skip(&target.owner, "scaling policies", error),
        }
    }
    looked
}
