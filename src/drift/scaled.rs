//! What Application Auto Scaling changes the size of.

/// A scalable target, in the words of its service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scaled {
    /// `service/CLUSTER/SERVICE`.
    pub resource: String,
    /// `ecs:service:DesiredCount`.
    pub dimension: String,
    /// `ecs`.
    pub namespace: String,
}

impl Scaled {
    /// The target with CloudFormation's name: all three with `|` between. `None` for another text.
    pub fn parse(physical_id: &str) -> Option<Self> {
        let mut parts = physical_id.split('|').map(ToOwned::to_owned);
        let (resource, dimension, namespace) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { resource, dimension, namespace })
    }

    /// The flags by which the AWS CLI takes it.
    pub(super) fn flags(&self) -> String {
        let Self { resource, dimension, namespace } = self;
        format!("--service-namespace {namespace} --resource-id {resource} --scalable-dimension {dimension}")
    }

    /// Whether a scaling policy is one of this target, which its ARN names before its own name.
    pub fn has(&self, policy_arn: &str) -> bool {
        policy_arn.contains(&format!(":resource/{}/{}:", self.namespace, self.resource))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_of_the_target_that_its_arn_names() {
        let target = Scaled::parse("service/acme/acme|ecs:service:DesiredCount|ecs").unwrap();
        let arn =
            "arn:aws:autoscaling:us-east-1:111122223333:scalingPolicy:1-2:resource/ecs/service/acme/acme:policyName/a";
        assert!(target.has(arn));
        assert!(!target.has(&arn.replace("acme/acme:", "acme/acme-two:")));
    }
}
