//! Deployments of `model_list` as a spec sees them.

use serde_json::Value;

use super::Hub;
use super::notes::Notes;
use crate::litellm::Subject;
use crate::litellm::lints::misnamed_param;

/// A deployment.
#[derive(Debug, Clone)]
pub(super) struct Deployment<'a> {
    /// Its path.
    pub(super) path: String,
    /// Name that clients use.
    pub(super) name: &'a str,
    /// What it calls.
    pub(super) source: Source<'a>,
    /// Its other parameters.
    pub(super) params: Vec<Param<'a>>,
}

/// A parameter.
#[derive(Debug, Clone)]
pub(super) struct Param<'a> {
    /// LiteLLM's name of it.
    pub(super) key: &'a str,
    /// Its path.
    pub(super) path: String,
    /// Its value.
    pub(super) value: &'a Value,
}

/// What a deployment calls.
#[derive(Debug, Clone)]
pub(super) enum Source<'a> {
    /// A model of Bedrock in an account.
    Bedrock {
        /// Id of the model or inference profile.
        id: &'a str,
        /// The account; `None` for the hub's own.
        account: Option<&'a str>,
        /// The region.
        region: String,
    },
    /// A model of another provider.
    Other(&'a str),
}

/// Parameters of Bedrock's deployments that a spec has other words for.
const PLACED: [&str; 4] = ["aws_role_name", "aws_region_name", "aws_session_name", "aws_external_id"];

/// Credentials, which nothing in a spec needs.
const CREDENTIALS: [&str; 5] =
    ["aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_profile_name", "aws_web_identity_token"];

impl Deployment<'_> {
    /// The value of a parameter.
    pub(super) fn param(&self, key: &str) -> Option<&Param<'_>> {
        self.params.iter().find(|param| param.key == key)
    }

    /// Parameters that go into the spec's `params`.
    pub(super) fn further(&self) -> impl Iterator<Item = &Param<'_>> {
        self.params.iter().filter(|param| !PLACED.contains(&param.key) && !CREDENTIALS.contains(&param.key))
    }
}

/// The deployments that a spec can have. The others are left, and that is said.
pub(super) fn read<'a>(subject: &Subject<'a>, hub: &Hub<'_>, notes: &mut Notes<'_>) -> Vec<Deployment<'a>> {
    let mut deployments = Vec::new();
    for (path, deployment) in subject.deployments() {
        let name = deployment.get("model_name").and_then(Value::as_str);
        let params = deployment.get("litellm_params").and_then(Value::as_object);
        let model = params.and_then(|params| params.get("model")).and_then(Value::as_str);
        let (Some(name), Some(params), Some(model)) = (name, params, model) else {
            notes.left(&path, "the deployment has no name or no model");
            continue;
        };
        if !is_entry_name(name) {
            notes.left(&path, "a name has letters, digits and . _ - / : only; list each model by its own name");
            continue;
        }
        let mut read = Vec::new();
        for (key, value) in params.iter().filter(|(key, _)| *key != "model") {
            let path = format!("{path}.litellm_params.{key}");
            let meant = misnamed_param::meant(key);
            if let Some(meant) = meant {
                notes.changed(&path, format!("read as `{meant}`"));
            }
            read.push(Param { key: meant.unwrap_or(key), path, value });
        }
        let found = Deployment { path: path.clone(), name, source: Source::Other(model), params: read };
        let source = match model.strip_prefix("bedrock/") {
            None => Ok(Source::Other(model)),
            Some(rest) => bedrock(rest, &found, hub, notes),
        };
        match source {
            Ok(source) => deployments.push(Deployment { source, ..found }),
            Err(reason) => notes.left(&path, reason),
        }
        for key in
            deployment.keys().filter(|key| !["model_name", "litellm_params", "model_info"].contains(&key.as_str()))
        {
            notes.left(&format!("{path}.{key}"), "a spec has no place for it");
        }
        let info = deployment.get("model_info").and_then(Value::as_object);
        for key in info.into_iter().flat_map(|info| info.keys()).filter(|key| *key != "id") {
            notes.left(
                &format!("{path}.model_info.{key}"),
                "a spec has no place for it: gwinfra makes `model_info` itself",
            );
        }
    }
    deployments
}

/// Where a deployment of Bedrock is.
fn bedrock<'a>(
    rest: &'a str,
    deployment: &Deployment<'a>,
    hub: &Hub<'_>,
    notes: &mut Notes<'_>,
) -> Result<Source<'a>, String> {
    let mut id = rest;
    let mut region = None;
    while let Some((first, more)) = id.split_once('/') {
        match first {
            "converse" | "invoke" | "converse_like" => {}
            place if is_region(place) => region = Some(place.to_owned()),
            _ => {
                return Err(
                    "this is not the id of a model or inference profile, which is all that a spec takes".to_owned()
                );
            }
        }
        id = more;
    }
    if !is_model_id(id) {
        return Err("this is not the id of a model or inference profile, which is all that a spec takes".to_owned());
    }
    let text =
        |key: &str| deployment.params.iter().find(|param| param.key == key).map(|param| (&param.path, param.value));
    let role = deployment.params.iter().find(|param| param.key == "aws_role_name");
    for key in CREDENTIALS {
        let Some((path, _)) = text(key) else { continue };
        if role.is_none() {
            return Err("it signs with credentials of an account that they do not name: list the account under \
                        `bedrock.accounts`, and no credentials are needed"
                .to_owned());
        }
        notes.left(path, "the gateway's task role assumes the role: no credentials are needed");
    }
    let account = match role.map(|param| param.value.as_str().and_then(account)) {
        None => None,
        Some(None) => return Err("the account of its role is not known: list it under `bedrock.accounts`".to_owned()),
        Some(Some(account)) if account == hub.account => None,
        Some(Some(account)) => Some(account),
    };
    if let Some((path, value)) = text("aws_region_name") {
        match value.as_str().filter(|place| is_region(place)) {
            Some(place) => region = Some(place.to_owned()),
            None => notes.changed(path, format!("read as the gateway's region, {}", hub.region)),
        }
    } else if region.is_none() {
        notes.changed(&deployment.path, format!("it names no region: read as the gateway's, {}", hub.region));
    }
    Ok(Source::Bedrock { id, account, region: region.unwrap_or_else(|| hub.region.to_owned()) })
}

/// The account in the ARN of a role.
pub(super) fn account(role: &str) -> Option<&str> {
    let mut parts = role.splitn(6, ':');
    let (arn, _, service) = (parts.next()?, parts.next()?, parts.next()?);
    let account = parts.nth(1)?;
    let is_role = arn == "arn" && service == "iam" && parts.next()?.starts_with("role/");
    (is_role && account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())).then_some(account)
}

/// Whether a text is the code of a region, such as `us-east-1`.
pub(super) fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let letters = |part: &&str| part.bytes().all(|byte| byte.is_ascii_lowercase()) && !part.is_empty();
    match parts.as_slice() {
        [first, middle @ .., last] => {
            (2..=4).contains(&first.len())
                && letters(first)
                && (1..=2).contains(&middle.len())
                && middle.iter().all(letters)
                && (1..=2).contains(&last.len())
                && last.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    }
}

/// Whether a text is what the spec takes for the id of a model.
fn is_model_id(text: &str) -> bool {
    text.split_once('.').is_some_and(|(provider, rest)| {
        !rest.is_empty()
            && provider.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    }) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:-".contains(&byte))
}

/// Whether a text is what the spec takes for a name.
pub(super) fn is_entry_name(text: &str) -> bool {
    text.len() <= 128
        && text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._/:-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_known_by_its_form() {
        assert!(is_region("us-east-1") && is_region("us-gov-west-1") && is_region("ap-southeast-2"));
        assert!(!is_region("anthropic.claude") && !is_region("os.environ/AWS_REGION") && !is_region("us-east"));
    }

    #[test]
    fn the_account_of_a_role_is_in_its_arn() {
        assert_eq!(account("arn:aws:iam::222222222222:role/path/bedrock"), Some("222222222222"));
        assert_eq!(account("arn:aws:iam::${AWS::AccountId}:role/bedrock"), None);
        assert_eq!(account("bedrock"), None);
    }
}
