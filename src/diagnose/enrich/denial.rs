//! Permissions that are missing: who may not do what to which resource, and which policy says so.

use super::Found;
use crate::aws::Denial;
use crate::diagnose::report::Evidence;

pub(super) fn look(words: &[String]) -> Found {
    let mut found = Found::default();
    let mut known: Vec<Denial> = Vec::new();
    for denial in words.iter().filter_map(|words| Denial::parse(words)) {
        if !known.iter().any(|other| other.action == denial.action && other.resource == denial.resource) {
            known.push(denial);
        }
    }
    for denial in known {
        let who = denial.principal.as_deref().unwrap_or("the caller");
        let what = denial.resource.as_deref().map(|resource| format!(" on {resource}")).unwrap_or_default();
        let because = denial.because.as_deref().map(|because| format!(": {because}")).unwrap_or_default();
        found.evidence.push(Evidence::fact("iam", format!("{who} may not {}{what}{because}", denial.action)));
        found.next.push(next(&denial));
    }
    // A refusal of EC2 may hide what was refused.
    if found.evidence.is_empty() && words.iter().any(|words| words.contains("Encoded authorization failure message")) {
        let fact = "EC2 refused a call and says which only to `aws sts decode-authorization-message`";
        found.evidence.push(Evidence::fact("iam", fact));
    }
    found
}

fn next(denial: &Denial) -> String {
    let action = &denial.action;
    match denial.because.as_deref() {
        Some(because) if because.contains("service control policy") => {
            format!("have {action} allowed in the service control policy of the organization, then `gwinfra apply`")
        }
        Some(because) if because.contains("permissions boundary") => {
            format!("have {action} allowed in the permissions boundary, then `gwinfra apply`")
        }
        _ => {
            format!("allow {action}: `gwinfra accounts policy` prints what the deploy role needs; then `gwinfra apply`")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF_ROLE: &str = "Resource handler returned message: \"User: arn:aws:sts::111122223333:assumed-role/Deploy/ci is \
        not authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/acme-task because no \
        identity-based policy allows the iam:PassRole action (Service: Ecs, Status Code: 400, Request ID: 1)\"";

    #[test]
    fn a_service_control_policy_is_named_as_what_stands_in_the_way() {
        let words = "User: arn:aws:iam::1:user/a is not authorized to perform: ec2:CreateVpc on resource: \
                     arn:aws:ec2:us-east-1:1:vpc/* with an explicit deny in a service control policy";
        let found = look(&[words.to_owned()]);
        assert!(found.next[0].contains("service control policy of the organization"), "{:?}", found.next);
    }

    #[test]
    fn the_same_refusal_is_told_once() {
        assert_eq!(look(&[OF_ROLE.to_owned(), OF_ROLE.to_owned()]).evidence.len(), 1);
    }

    #[test]
    fn other_words_are_no_refusal() {
        assert_eq!(look(&["The maximum number of VPCs has been reached.".to_owned()]), Found::default());
    }
}
