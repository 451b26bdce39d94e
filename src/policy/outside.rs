//! Whom a resource's own policy lets in.

use serde_json::Value;

use super::grant::{Principal, grants};

/// Whether a document allows anything to somebody who is not of the account: another one, a service, or everybody. What a
/// condition narrows is not weighed: it may hold for anyone.
pub fn lets_others_in(document: &Value, account: &str) -> bool {
    grants([document]).iter().any(|grant| grant.effect == "Allow" && !is_of(&grant.principal, account))
}

fn is_of(principal: &Principal, account: &str) -> bool {
    let Some(name) = principal.0.strip_prefix("AWS ") else { return false };
    name == account || name.split(':').nth(4) == Some(account)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lets_in(effect: &str, principal: &Value) -> bool {
        let statement = json!({"Effect": effect, "Principal": principal, "Action": "*", "Resource": "*"});
        lets_others_in(&json!({"Statement": [statement]}), "111122223333")
    }

    #[test]
    fn another_account_and_everybody_are_let_in_from_outside() {
        assert!(lets_in("Allow", &json!("*")));
        assert!(lets_in("Allow", &json!({"AWS": "*"})));
        assert!(lets_in("Allow", &json!({"AWS": ["111122223333", "999988887777"]})));
        assert!(lets_in("Allow", &json!({"AWS": "arn:aws:iam::999988887777:role/a"})));
        assert!(lets_in("Allow", &json!({"Service": "lambda.amazonaws.com"})));
    }

    #[test]
    fn the_account_itself_and_who_is_denied_are_not() {
        assert!(!lets_in("Allow", &json!({"AWS": "111122223333"})));
        assert!(!lets_in("Allow", &json!({"AWS": "arn:aws:iam::111122223333:role/a"})));
        assert!(!lets_in("Deny", &json!("*")));
    }
}
