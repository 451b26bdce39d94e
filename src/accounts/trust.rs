//! Whom a role's live trust policy lets in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::policy::{Access, Decision, Grant, evaluate, grants};

/// Somebody who asks to assume a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Principal {
    /// Account id.
    pub account: String,
    /// ARN of the user or role; of a session, that of its role.
    pub arn: String,
}

impl Principal {
    /// The principal of credentials, by the ARN that STS tells. The path of a role is not in it.
    pub fn of_identity(account: &str, arn: &str) -> Self {
        let role = arn.split_once(":assumed-role/").and_then(|(before, rest)| {
            let partition = before.split(':').nth(1)?;
            Some(format!("arn:{partition}:iam::{account}:role/{}", rest.split('/').next()?))
        });
        Self { account: account.to_owned(), arn: role.unwrap_or_else(|| arn.to_owned()) }
    }

    /// Whether a trust policy lets it in. The account's own policies are another matter.
    pub fn is_let_in(&self, trust: &Value, role: &str, external_id: &str) -> bool {
        let partition = self.arn.split(':').nth(1).unwrap_or("aws");
        let names = [format!("arn:{partition}:iam::{}:root", self.account), self.arn.clone()];
        let keys = BTreeMap::from([
            ("aws:principalarn".to_owned(), vec![self.arn.clone()]),
            ("aws:principalaccount".to_owned(), vec![self.account.clone()]),
            ("sts:externalid".to_owned(), vec![external_id.to_owned()]),
        ]);
        let access = Access { action: "sts:AssumeRole", resource: role, principals: &names, keys: &keys };
        evaluate([trust], &access) == Decision::Allowed
    }
}

/// What is wrong with the live trust policy of a Bedrock account's role, in words.
pub(super) fn problems(rendered: &Value, live: &Value, role: &str, task: &Principal, external_id: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let (rendered, granted) = (grants([rendered]), grants([live]));
    let mut extra: Vec<&Grant> = granted.difference(&rendered).collect();
    if !task.is_let_in(live, role, external_id) {
        let asked = external_ids(&granted);
        match asked.iter().find(|id| task.is_let_in(live, role, id)) {
            Some(id) => {
                problems.push(format!("it asks for the external id `{id}`, and the gateway sends `{external_id}`"));
                // Told already: the gateway's own statement with that id.
                extra.retain(|grant| !rendered.iter().any(|own| own.principal == grant.principal));
            }
            None => problems.push(format!("it does not let in the gateway's task role {}", task.arn)),
        }
    }
    problems.extend(extra.into_iter().map(|grant| match grant.effect.as_str() {
        "Allow" => format!("it lets in {} {}", principal(grant), conditions(grant)),
        _ => format!("it refuses {} {}", principal(grant), conditions(grant)),
    }));
    if problems.is_empty() && rendered != granted {
        problems.push("statements of it are missing".to_owned());
    }
    problems
}

/// How the trust policy of another role differs from the rendered one, in words.
pub(super) fn differences(rendered: &Value, live: &Value) -> Vec<String> {
    let (rendered, live) = (grants([rendered]), grants([live]));
    let missing = rendered.difference(&live);
    let extra = live.difference(&rendered);
    missing
        .map(|grant| format!("it no longer lets in {} {}", principal(grant), conditions(grant)))
        .chain(extra.map(|grant| format!("it lets in {} {}", principal(grant), conditions(grant))))
        .collect()
}

fn external_ids(grants: &BTreeSet<Grant>) -> BTreeSet<&str> {
    let tests = grants.iter().flat_map(|grant| grant.condition.values());
    tests.filter_map(|keys| keys.get("sts:externalid")).flatten().map(String::as_str).collect()
}

fn principal(grant: &Grant) -> String {
    let name = grant.principal.0.strip_prefix("AWS ").unwrap_or(&grant.principal.0);
    let name = name.strip_prefix("Service ").unwrap_or(name);
    match name {
        "*" => "everybody".to_owned(),
        "" => "somebody".to_owned(),
        name => name.strip_suffix(":root").map_or_else(|| name.to_owned(), |_| format!("the account of {name}")),
    }
}

fn conditions(grant: &Grant) -> String {
    let tests = grant.condition.iter().flat_map(|(operator, keys)| {
        keys.iter().map(move |(key, values)| format!("{key} {operator} {}", values.join(" or ")))
    });
    let tests: Vec<String> = tests.collect();
    if tests.is_empty() { "without a condition".to_owned() } else { format!("where {}", tests.join(" and ")) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ROLE: &str = "arn:aws:iam::222222222222:role/acme-llm-bedrock";
    const TASK: &str = "arn:aws:iam::111122223333:role/acme-llm-task";

    fn trust(principal: &str, condition: Value) -> Value {
        json!({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": principal},
            "Condition": condition}]})
    }

    fn rendered(id: &str) -> Value {
        let condition = json!({"ArnEquals": {"aws:PrincipalArn": TASK}, "StringEquals": {"sts:ExternalId": id}});
        trust("arn:aws:iam::111122223333:root", condition)
    }

    fn task() -> Principal {
        Principal { account: "111122223333".to_owned(), arn: TASK.to_owned() }
    }

    fn found(live: &Value) -> Vec<String> {
        problems(&rendered("mine"), live, ROLE, &task(), "mine")
    }

    #[test]
    fn the_rendered_policy_is_as_it_should_be() {
        assert_eq!(found(&rendered("mine")), Vec::<String>::new());
    }

    #[test]
    fn another_external_id_is_told_with_the_one_that_is_sent() {
        assert_eq!(found(&rendered("theirs")), ["it asks for the external id `theirs`, and the gateway sends `mine`"]);
    }

    #[test]
    fn a_policy_without_conditions_is_too_wide() {
        assert_eq!(
            found(&trust("arn:aws:iam::111122223333:root", json!({}))),
            ["it lets in the account of arn:aws:iam::111122223333:root without a condition"]
        );
    }

    #[test]
    fn one_more_statement_is_told_and_the_gateways_own_is_not() {
        let mut live = rendered("mine");
        let more = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}});
        live["Statement"].as_array_mut().unwrap().push(more);
        assert_eq!(found(&live), ["it lets in everybody without a condition"]);
    }

    #[test]
    fn a_policy_for_somebody_else_does_not_let_in_the_gateway() {
        let found = found(&trust("arn:aws:iam::999999999999:root", json!({})));
        assert!(found[0].contains("does not let in the gateway's task role"), "{found:?}");
        assert!(found[1].contains("999999999999"), "{found:?}");
    }

    #[test]
    fn a_statement_that_refuses_is_told() {
        let mut live = rendered("mine");
        let more = json!({"Effect": "Deny", "Action": "*", "Principal": "*"});
        live["Statement"].as_array_mut().unwrap().push(more);
        assert_eq!(found(&live).len(), 2);
    }

    #[test]
    fn a_session_stands_for_its_role() {
        let own = Principal::of_identity("111122223333", "arn:aws-cn:sts::111122223333:assumed-role/deploy/me");
        assert_eq!(own.arn, "arn:aws-cn:iam::111122223333:role/deploy");
        let user = Principal::of_identity("1", "arn:aws:iam::1:user/ann");
        assert_eq!(user.arn, "arn:aws:iam::1:user/ann");
    }
}
