//! Whether an account has access to a model, in words.

use crate::aws::bedrock::Availability;
use crate::aws::{Error, Result, Session};

/// The foundation model behind an id, and whether it is reached through a profile.
pub(crate) fn foundation_model(id: &str) -> (&str, bool) {
    crate::model::invoke::profile(id).map_or((id, false), |(_, model)| (model, true))
}

/// What keeps the account of a session from calling a model, in the session's region.
///
/// # Errors
/// When the call fails: [`is_unknown_model`] tells that there is no such model.
pub(super) async fn ask(session: &Session, id: &str) -> Result<Vec<String>> {
    let (model, through_profile) = foundation_model(id);
    let found = session.bedrock().availability(model).await?;
    Ok(problems(&found, through_profile))
}

/// What keeps an account from calling a model. A profile may route to other regions: whether the model is in the region
/// of the call does not count then.
pub(crate) fn problems(found: &Availability, through_profile: bool) -> Vec<String> {
    let mut problems = Vec::new();
    if found.authorization != "AUTHORIZED" {
        problems.push(format!(
            "the account is not authorised for the model ({}): open it under Bedrock > Model catalog; Anthropic's models \
             ask for a use case there",
            found.authorization
        ));
    }
    if found.entitlement != "AVAILABLE" {
        problems.push(format!("the account is not entitled to the model ({})", found.entitlement));
    }
    if found.agreement != "AVAILABLE" {
        let why = found.agreement_error.as_deref().map(|text| format!(": {text}")).unwrap_or_default();
        problems.push(format!(
            "the account has not agreed to the model's terms ({}{why}); the gateway's role may not do it: call the model \
             once as somebody who may `aws-marketplace:Subscribe`",
            found.agreement
        ));
    }
    if found.region != "AVAILABLE" && !through_profile {
        problems.push(format!("the region does not have the model ({})", found.region));
    }
    problems
}

/// Whether Bedrock says that there is no such model.
pub(crate) fn is_unknown_model(error: &Error) -> bool {
    error.is("ResourceNotFoundException") || error.is("ValidationException")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn available() -> Availability {
        Availability {
            agreement: "AVAILABLE".to_owned(),
            agreement_error: None,
            authorization: "AUTHORIZED".to_owned(),
            entitlement: "AVAILABLE".to_owned(),
            region: "AVAILABLE".to_owned(),
        }
    }

    #[test]
    fn a_model_that_is_available_has_no_problem() {
        assert!(problems(&available(), false).is_empty());
    }

    #[test]
    fn each_of_the_four_answers_counts() {
        let broken = [
            Availability { agreement: "PENDING".to_owned(), ..available() },
            Availability { authorization: "NOT_AUTHORIZED".to_owned(), ..available() },
            Availability { entitlement: "NOT_AVAILABLE".to_owned(), ..available() },
            Availability { region: "NOT_AVAILABLE".to_owned(), ..available() },
        ];
        assert!(broken.iter().all(|found| problems(found, false).len() == 1));
    }

    #[test]
    fn a_profile_needs_no_model_in_the_region_of_the_call() {
        let found = Availability { region: "NOT_AVAILABLE".to_owned(), ..available() };
        assert!(problems(&found, true).is_empty());
    }

    #[test]
    fn the_model_behind_a_profile_is_asked_for() {
        assert_eq!(foundation_model("eu.amazon.nova-lite-v1:0"), ("amazon.nova-lite-v1:0", true));
        assert_eq!(foundation_model("amazon.nova-lite-v1:0"), ("amazon.nova-lite-v1:0", false));
    }
}
