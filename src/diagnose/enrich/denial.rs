//! Permissions that are missing: who may not do what to which resource, and which policy says so.

use super::Found;
use crate::aws::{Denial, is_blunt_refusal};
use crate::diagnose::report::Evidence;

/// `rendered` is the template or root module that failed: a role that it names is the deployment's own.
pub(super) fn look(words: &[String], rendered: &str) -> Found {
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
        found.next.push(next(&denial, rendered));
    }
    // A refusal of EC2 may hide what was refused.
    if found.evidence.is_empty() && words.iter().any(|words| words.contains("Encoded authorization failure message")) {
        let fact = "EC2 refused a call and says which only to `aws sts decode-authorization-message`";
        found.evidence.push(Evidence::fact("iam", fact));
    } else if found.evidence.is_empty() && words.iter().any(|words| is_blunt_refusal(words)) {
        found.evidence.push(Evidence::fact("iam", "a call was refused, and the service does not say which"));
        found.next.push("gwinfra doctor --only GWD301   says what the policies of whoever deploys lack".to_owned());
    }
    found
}

/// Which policy has to change. The words name its kind; without them it is the caller's own.
fn next(denial: &Denial, rendered: &str) -> String {
    let action = &denial.action;
    let because = denial.because.as_deref().unwrap_or_default();
    let resource = denial.resource.as_deref().unwrap_or("the resource");
    let own = denial.principal.as_deref().and_then(role).filter(|role| names(rendered, role));
    let denied = because.contains("explicit deny");
    let place = if because.contains("service control policy") {
        "the service control policy of the organization".to_owned()
    } else if because.contains("resource control policy") {
        "the resource control policy of the organization".to_owned()
    } else if because.contains("permissions boundary") {
        "the permissions boundary".to_owned()
    } else if because.contains("VPC endpoint policy") {
        "the policy of the VPC endpoint".to_owned()
    } else if because.contains("session policy") {
        "the session policy, which whoever assumes the role passes on".to_owned()
    } else if because.contains("resource-based policy") {
        format!("the policy of {resource} itself (of a key: its key policy)")
    } else if let Some(role) = own {
        return format!(
            "the role {role} is the deployment's own: `gwinfra drift` says whether its policies were changed, and \
             `gwinfra accounts verify` whether they reach the accounts"
        );
    } else if denied {
        let who = denial.principal.as_deref().unwrap_or("the caller");
        return format!("remove what denies {action} from the policies of {who}, then `gwinfra apply`");
    } else {
        return format!(
            "allow {action}: `gwinfra accounts policy` prints what the deploy role needs; then `gwinfra apply`"
        );
    };
    format!("have {action} allowed in {place}, then `gwinfra apply`")
}

/// Whether a rendered text has a role of that name: as its own name, or in an ARN.
fn names(rendered: &str, role: &str) -> bool {
    rendered.match_indices(role).any(|(at, _)| {
        let before = rendered[..at].trim_end_matches(['"', '\'', ' ']);
        let after = rendered[at + role.len()..].chars().next();
        let goes_on = after.is_some_and(|next| next.is_ascii_alphanumeric() || "+=,.@_-".contains(next));
        let is_name = before.strip_suffix('=').is_some_and(|rest| rest.trim_end().ends_with("name"));
        !goes_on && (is_name || ["RoleName:", "role/"].iter().any(|sign| before.ends_with(sign)))
    })
}

/// Name of the role of a session or role.
fn role(principal: &str) -> Option<&str> {
    let (_, rest) = principal.split_once(":assumed-role/").or_else(|| principal.split_once(":role/"))?;
    let is_session = principal.contains(":assumed-role/");
    let mut parts = rest.split('/');
    if is_session { parts.next() } else { parts.next_back() }
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
        let found = look(&[words.to_owned()], "");
        assert!(found.next[0].contains("service control policy of the organization"), "{:?}", found.next);
    }

    fn next_for(principal: &str, because: &str) -> String {
        let words = format!(
            "User: arn:aws:sts::111122223333:assumed-role/{principal}/s is not authorized to perform: kms:Decrypt on resource: \
             arn:aws:kms:us-east-1:111122223333:key/0a1b {because} (Service: Kms, Status Code: 400)"
        );
        look(&[words], "RoleName: acme-llm-task").next.remove(0)
    }

    #[test]
    fn each_kind_of_policy_is_named() {
        let because = |kind: &str| next_for("Deploy", &format!("because no {kind} allows the kms:Decrypt action"));
        assert!(because("resource-based policy").contains("its key policy"));
        assert!(because("VPC endpoint policy").contains("policy of the VPC endpoint"));
        assert!(because("session policy").contains("session policy"));
        assert!(because("permissions boundary").contains("permissions boundary"));
        assert!(because("identity-based policy").contains("gwinfra accounts policy"));
        let denied = next_for("Deploy", "with an explicit deny in a resource control policy");
        assert!(denied.contains("resource control policy of the organization"));
        let denied = next_for("Deploy", "with an explicit deny in an identity-based policy");
        assert!(denied.starts_with("remove what denies kms:Decrypt"));
    }

    #[test]
    fn a_role_of_the_deployment_is_not_the_deployers_to_mend() {
        let next = next_for("acme-llm-task", "because no identity-based policy allows the kms:Decrypt action");
        assert!(next.contains("acme-llm-task is the deployment's own"), "{next}");
    }

    #[test]
    fn a_word_of_the_template_is_no_role_of_the_deployment() {
        assert!(!names("Description: Deploy the gateway\nRoleName: Deployment", "Deploy"));
        assert!(names("Resource: arn:aws:iam::111122223333:role/acme-llm-task\n", "acme-llm-task"));
        assert!(names("  name     = \"acme-llm-task\"\n", "acme-llm-task"));
    }

    #[test]
    fn a_refusal_that_names_nothing_leads_to_the_simulation() {
        let words = "Access Denied (Service: S3, Status Code: 403, Request ID: A1) HandlerErrorCode: AccessDenied";
        assert!(look(&[words.to_owned()], "").next[0].contains("GWD301"));
    }

    #[test]
    fn the_same_refusal_is_told_once() {
        assert_eq!(look(&[OF_ROLE.to_owned(), OF_ROLE.to_owned()], "").evidence.len(), 1);
    }

    #[test]
    fn other_words_are_no_refusal() {
        assert_eq!(look(&["The maximum number of VPCs has been reached.".to_owned()], ""), Found::default());
    }
}
