//! What a user of Okta may say about the user that is made in LiteLLM.

use serde_json::{Map, Value, json};

use super::Defaults;

/// Members of `/user/new` that are the user's own business. Budgets, limits, models, teams and roles are not.
const ALLOWED: [&str; 3] = ["auto_create_key", "key_alias", "user_alias"];

/// Members that are set here, whatever is in them.
const SET: [&str; 3] = ["user_email", "user_id", "user_role"];

/// The role of everybody who comes from Okta.
const ROLE: &str = "internal_user";

/// A member that a user may not set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be set here; allowed are auto_create_key, key_alias and user_alias")]
pub struct NotAllowed(pub String);

/// The body for LiteLLM: what the user may say, who the token says it is, and what everybody is given.
///
/// # Errors
/// The first member that is not the user's to set.
pub fn body(asked: Map<String, Value>, subject: &str, defaults: &Defaults) -> Result<Map<String, Value>, NotAllowed> {
    let mut body = Map::new();
    for (name, value) in asked {
        if ALLOWED.contains(&name.as_str()) {
            body.insert(name, value);
        } else if !SET.contains(&name.as_str()) {
            return Err(NotAllowed(name));
        }
    }
    body.insert("user_id".to_owned(), json!(subject));
    body.insert("user_email".to_owned(), json!(subject));
    body.insert("user_role".to_owned(), json!(ROLE));
    defaults.set(&mut body);
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn the_token_says_who_it_is_and_the_body_cannot() {
        let asked =
            object(json!({"user_id": "root", "user_role": "proxy_admin", "user_email": "x@y", "key_alias": "mine"}));
        let expected = object(
            json!({"key_alias": "mine", "user_id": "ada@example.com", "user_email": "ada@example.com", "user_role": "internal_user"}),
        );
        assert_eq!(body(asked, "ada@example.com", &Defaults::default()), Ok(expected));
    }

    #[test]
    fn budgets_limits_models_and_teams_are_not_the_users_to_set() {
        for name in ["max_budget", "tpm_limit", "rpm_limit", "models", "teams", "team_id", "duration", "metadata"] {
            let defaults = Defaults { max_budget: Some(20.0), ..Defaults::default() };
            assert_eq!(body(object(json!({name: 1})), "ada", &defaults), Err(NotAllowed(name.to_owned())));
        }
    }

    #[test]
    fn everybody_is_given_the_defaults() {
        let defaults = Defaults { max_budget: Some(20.0), rpm_limit: Some(60), ..Defaults::default() };
        let body = body(Map::new(), "ada", &defaults).expect("a body");
        assert_eq!((&body["max_budget"], &body["rpm_limit"]), (&json!(20.0), &json!(60)));
    }
}
