//! What IAM says when it refuses something.

use std::sync::LazyLock;

use regex_lite::Regex;

/// A refusal, as IAM words it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Denial {
    /// ARN of who may not.
    pub principal: Option<String>,
    /// `service:Action`.
    pub action: String,
    /// ARN of the resource.
    pub resource: Option<String>,
    /// Which policy says so, or that none allows it.
    pub because: Option<String>,
}

/// `User: P is not authorized to perform: A on resource: R because B`; all but the action may be missing.
static REFUSAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r#"(?:User: (\S+) is )?not authorized to perform:? ([a-z0-9-]+:[A-Za-z*]+)(?: on resource: "?([^\s",)]+)"?)?(?: (because [^("]+|with an explicit deny[^("]*))?"#;
    Regex::new(pattern).ok()
});

impl Denial {
    /// The refusal that words tell of; `None` for other words.
    pub fn parse(words: &str) -> Option<Self> {
        let found = REFUSAL.as_ref()?.captures(words)?;
        let text =
            |group: usize| found.get(group).map(|part| part.as_str().trim().trim_end_matches(['.', ',']).to_owned());
        Some(Self { principal: text(1), action: text(2)?, resource: text(3), because: text(4) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_gives_principal_action_resource_and_reason() {
        let denial = Denial::parse(
            "Resource handler returned message: \"User: arn:aws:sts::111122223333:assumed-role/Deploy/ci is not authorized \
             to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/acme-task because no identity-based policy \
             allows the iam:PassRole action (Service: Ecs, Status Code: 400, Request ID: 1)\"",
        )
        .unwrap();
        assert_eq!(denial.principal.as_deref(), Some("arn:aws:sts::111122223333:assumed-role/Deploy/ci"));
        assert_eq!(denial.action, "iam:PassRole");
        assert_eq!(denial.resource.as_deref(), Some("arn:aws:iam::111122223333:role/acme-task"));
        assert_eq!(denial.because.as_deref(), Some("because no identity-based policy allows the iam:PassRole action"));
    }

    #[test]
    fn a_resource_may_be_a_pattern_or_missing() {
        let of = |words: &str| Denial::parse(words).unwrap().resource;
        let stack = "arn:aws:cloudformation:us-east-1:111122223333:stack/a/*";
        let words = format!("not authorized to perform: cloudformation:DescribeStacks on resource: {stack} because no");
        assert_eq!(of(&words).as_deref(), Some(stack));
        assert_eq!(of("is not authorized to perform: servicequotas:GetServiceQuota"), None);
    }

    #[test]
    fn other_words_are_no_refusal() {
        assert_eq!(Denial::parse("The maximum number of VPCs has been reached."), None);
    }
}
