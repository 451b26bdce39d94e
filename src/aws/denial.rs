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

/// Every wording of a refusal, the one that tells most first: who, action, resource, and which policy.
///
/// IAM's own words are `User: P is not authorized to perform: A on resource: R because B`, of which all but the action may be
/// missing. CloudFormation's handlers for EC2 and S3 have some of their own.
static REFUSALS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let patterns = [
        r#"(?:User: (?P<who>\S+) is )?not authorized to perform:? (?P<action>[a-z0-9-]+:[A-Za-z*]+)(?: on resource: "?(?P<resource>[^\s",)]+)"?)?(?: (?P<because>because [^("]+|with an explicit deny[^("]*))?"#,
        r"API: (?P<action>[a-z0-9-]+:[A-Za-z*]+) (?:Access Denied|You are not authorized)",
        r"doesn't have permission to call (?P<action>[a-z0-9-]+:[A-Za-z*]+)",
    ];
    patterns.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect()
});

/// What follows on the sentence that tells the policy.
const AFTERWARDS: [&str; 2] = [". Encoded authorization failure message", ". ("];

impl Denial {
    /// The refusal that words tell of; `None` for other words.
    pub fn parse(words: &str) -> Option<Self> {
        let found = REFUSALS.iter().find_map(|pattern| pattern.captures(words))?;
        let text = |group: &str| {
            let text = found.name(group)?.as_str();
            let end = AFTERWARDS.iter().filter_map(|words| text.find(words)).min().unwrap_or(text.len());
            Some(text[..end].trim().trim_end_matches(['.', ',']).to_owned())
        };
        Some(Self {
            principal: text("who"),
            action: text("action")?,
            resource: text("resource"),
            because: text("because"),
        })
    }
}

/// Whether words say that something was refused, without what.
pub fn is_blunt_refusal(words: &str) -> bool {
    let service = words.contains("Access Denied (Service:") || words.contains("Status Code: 403");
    words.contains("HandlerErrorCode: AccessDenied") || (service && words.contains("Access Denied"))
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
    fn the_wordings_of_handlers_name_the_action() {
        let action = |words: &str| Denial::parse(words).unwrap().action;
        assert_eq!(action("API: s3:CreateBucket Access Denied"), "s3:CreateBucket");
        let words = "API: ec2:ModifyVpcAttribute You are not authorized to perform this operation.";
        assert_eq!(action(words), "ec2:ModifyVpcAttribute");
        let words = "AccessDenied. User doesn't have permission to call ec2:CreateVpc";
        assert_eq!(action(words), "ec2:CreateVpc");
    }

    #[test]
    fn an_encoded_message_is_no_part_of_the_reason() {
        let denial = Denial::parse(
            "You are not authorized to perform this operation. User: arn:aws:sts::111122223333:assumed-role/Deploy/ci is \
             not authorized to perform: ec2:CreateVpc on resource: arn:aws:ec2:us-east-1:111122223333:vpc/* because no \
             identity-based policy allows the ec2:CreateVpc action. Encoded authorization failure message: 3Jx0",
        );
        assert_eq!(
            denial.unwrap().because.as_deref(),
            Some("because no identity-based policy allows the ec2:CreateVpc action")
        );
    }

    #[test]
    fn a_refusal_without_its_action_is_one_all_the_same() {
        let words = "Resource handler returned message: \"Access Denied (Service: S3, Status Code: 403, Request ID: \
                     A1B2, Extended Request ID: c3=)\" (RequestToken: 0a1b, HandlerErrorCode: AccessDenied)";
        assert_eq!(Denial::parse(words), None);
        assert!(is_blunt_refusal(words) && !is_blunt_refusal("The maximum number of VPCs has been reached."));
    }

    #[test]
    fn other_words_are_no_refusal() {
        assert_eq!(Denial::parse("The maximum number of VPCs has been reached."), None);
    }
}
