//! What everybody who signs up is given.

use serde_json::{Map, Value, json};

use crate::config::Reader;

/// Longest time between two resets of a budget that is taken, in units of its own.
const LONGEST: u32 = 99_999;

/// Units of times, as LiteLLM reads them: seconds, minutes, hours, days, weeks and months.
const UNITS: [&str; 6] = ["s", "m", "h", "d", "w", "mo"];

/// Members of `/user/new` that every new user has, by LiteLLM's names. What is not set is LiteLLM's to decide, which by itself
/// sets no limit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Defaults {
    /// Budget in US dollars.
    pub max_budget: Option<f64>,
    /// Time after which the budget begins anew, such as `30d`.
    pub budget_duration: Option<String>,
    /// Names of the models that may be called. Empty: all.
    pub models: Vec<String>,
    /// Tokens in a minute.
    pub tpm_limit: Option<u64>,
    /// Requests in a minute.
    pub rpm_limit: Option<u64>,
}

impl Defaults {
    /// Reads `OKTA_MAX_BUDGET`, `OKTA_BUDGET_DURATION`, `OKTA_MODELS`, `OKTA_TPM_LIMIT` and `OKTA_RPM_LIMIT`.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            max_budget: budget(reader),
            budget_duration: duration(reader),
            models: models(reader),
            tpm_limit: limit(reader, "OKTA_TPM_LIMIT"),
            rpm_limit: limit(reader, "OKTA_RPM_LIMIT"),
        }
    }

    /// Puts them into a body, in the place of what is there.
    pub fn set(&self, body: &mut Map<String, Value>) {
        let mut set = |name: &str, value: Option<Value>| body.extend(value.map(|value| (name.to_owned(), value)));
        set("max_budget", self.max_budget.map(Value::from));
        set("budget_duration", self.budget_duration.as_deref().map(Value::from));
        set("models", (!self.models.is_empty()).then(|| json!(self.models)));
        set("tpm_limit", self.tpm_limit.map(Value::from));
        set("rpm_limit", self.rpm_limit.map(Value::from));
    }
}

fn models(reader: &mut Reader<'_>) -> Vec<String> {
    let Some(text) = reader.text("OKTA_MODELS") else { return Vec::new() };
    let models: Vec<String> =
        text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    // None at all would be all of them.
    if models.is_empty() {
        reader.error("OKTA_MODELS", format!("names of models with commas, not `{text}`"));
    }
    models
}

fn budget(reader: &mut Reader<'_>) -> Option<f64> {
    let text = reader.text("OKTA_MAX_BUDGET")?;
    let budget = text.parse().ok().filter(|budget: &f64| budget.is_finite() && *budget > 0.0);
    if budget.is_none() {
        reader.error("OKTA_MAX_BUDGET", format!("US dollars above 0, such as 20 or 0.5, not `{text}`"));
    }
    budget
}

fn duration(reader: &mut Reader<'_>) -> Option<String> {
    let text = reader.text("OKTA_BUDGET_DURATION")?;
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    if number.parse().is_ok_and(|number| (1..=LONGEST).contains(&number)) && UNITS.contains(&unit) {
        return Some(text);
    }
    reader.error("OKTA_BUDGET_DURATION", format!("a time such as 30d, 12h or 1mo, not `{text}`"));
    None
}

fn limit(reader: &mut Reader<'_>, name: &'static str) -> Option<u64> {
    reader.is_set(name).then(|| reader.number(name, 1, u64::from(u32::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The members that variables give every user, or the variables that are wrong.
    fn members(variables: &[(&str, &str)]) -> Result<Value, Vec<&'static str>> {
        let value = |name: &str| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        let mut reader = Reader::new(&value);
        let mut body = Map::new();
        Defaults::read(&mut reader).set(&mut body);
        let errors = |errors: Vec<crate::config::ConfigError>| errors.iter().map(|error| error.variable).collect();
        reader.finish(Value::Object(body)).map_err(errors)
    }

    #[test]
    fn what_is_not_set_is_not_sent() {
        assert_eq!(members(&[]), Ok(json!({})));
    }

    #[test]
    fn each_variable_is_the_member_that_litellm_calls_so() {
        let variables = [
            ("OKTA_MAX_BUDGET", "12.5"),
            ("OKTA_BUDGET_DURATION", "30d"),
            ("OKTA_MODELS", "claude-sonnet, claude-haiku"),
            ("OKTA_TPM_LIMIT", "20000"),
            ("OKTA_RPM_LIMIT", "60"),
        ];
        let expected = json!({
            "max_budget": 12.5, "budget_duration": "30d", "models": ["claude-sonnet", "claude-haiku"],
            "tpm_limit": 20000, "rpm_limit": 60
        });
        assert_eq!(members(&variables), Ok(expected));
    }

    #[test]
    fn what_would_be_no_limit_ends_the_start() {
        for (name, values) in [
            ("OKTA_MAX_BUDGET", ["-1", "0", "NaN", "inf", "many"].as_slice()),
            ("OKTA_BUDGET_DURATION", &["0d", "30", "d", "30y", "1d2h", "+1d", "100000d"]),
            ("OKTA_MODELS", &[",", " , "]),
            ("OKTA_TPM_LIMIT", &["0", "-1", "1.5"]),
            ("OKTA_RPM_LIMIT", &["0", "-1", "1.5"]),
        ] {
            for value in values {
                assert_eq!(members(&[(name, value)]), Err(vec![name]), "{name}={value}");
            }
        }
    }
}
