//! Which gateway is called, with which key, and what is expected of it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::SmokeArgs;
use crate::cli::aws_error::aws_error;
use crate::cli::deployment::Deployment;
use crate::cli::{CliError, Context, ErrorKind, outputs};
use crate::smoke::{Ask, Client, ClientError, Expected, Gateway, Links, Name, Secret, Selection, Via};

/// What a deployment leads to.
pub(super) enum Target {
    /// A gateway.
    Gateway(Box<Gateway>),
    /// A name in accounts that are played, behind which nobody is.
    Played {
        /// The gateway's URL.
        url: String,
    },
}

/// Any gateway, by its URL.
pub(super) async fn anywhere(args: &SmokeArgs, url: &str, selection: &Selection) -> Result<Gateway, CliError> {
    let key = args.key_env.as_deref().map(from_environment).transpose()?;
    if key.is_none() && selection.needs_a_key() {
        return Err(CliError::usage("a gateway is called with a key")
            .hint("--key-env NAME   names the environment variable that holds it; a key on the command line would be seen by others")
            .hint("--only health,waf,plaintext   needs none"));
    }
    let client = client(args, url).await?;
    let ask = Ask { model: args.model.clone(), ..Ask::default() };
    let mut gateway = Gateway::new(client, key, Expected::default(), ask);
    gateway.patience = Duration::from_secs(args.wait);
    Ok(gateway)
}

/// The deployed gateway.
pub(super) async fn deployed(
    args: &SmokeArgs,
    context: &Context,
    deployment: &Deployment,
    selection: &Selection,
) -> Result<Target, CliError> {
    let outputs = outputs::flat(&deployment.outputs().await?);
    let Some(url) = url(deployment, &outputs) else {
        return Err(CliError::new(ErrorKind::Preflight, format!("{} has no deployed gateway", deployment.prefix()))
            .hint("gwinfra apply   deploys it")
            .hint("gwinfra smoke --url URL --key-env NAME   calls any other"));
    };
    if deployment.is_played() && args.via.is_none() {
        return Ok(Target::Played { url });
    }
    let key = match &args.key_env {
        Some(name) => Some(from_environment(name)?),
        None if selection.needs_a_key() => Some(master_key(deployment, &outputs).await.map_err(refused)?),
        None => None,
    };
    let client = client(args, &url).await?;
    let mut gateway = gateway(deployment, &outputs, client, key);
    if let Some(model) = &args.model {
        gateway.ask.model = Some(model.clone());
    }
    gateway.patience = Duration::from_secs(args.wait);
    if context.printer.verbosity() == crate::cli::printer::Verbosity::Verbose {
        context.printer.say(format_args!("calling {url}"));
    }
    Ok(Target::Gateway(Box::new(gateway)))
}

/// The gateway's URL, if there is one.
pub(super) fn url(deployment: &Deployment, outputs: &BTreeMap<String, String>) -> Option<String> {
    Some(Name::of(&deployment.loaded().spec.ingress.tls).url(outputs.get("GatewayUrl")?))
}

/// The gateway of a deployment.
pub(super) fn gateway(
    deployment: &Deployment,
    outputs: &BTreeMap<String, String>,
    client: Client,
    key: Option<Secret>,
) -> Gateway {
    let loaded = deployment.loaded();
    let spec = &loaded.spec;
    let output = |name: &str| outputs.get(name).cloned();
    let mut expected = Expected::of(spec, loaded.environment.as_deref());
    expected.links = Links {
        litellm_logs: output("LitellmLogGroupName"),
        middleware_logs: output("MiddlewareLogGroupName"),
        load_balancer: output("LoadBalancerDnsName"),
        bastion: output("BastionInstanceId"),
    };
    let ask = Ask {
        model: spec.smoke.model.as_ref().map(|model| model.0.clone()),
        prompt: spec.smoke.prompt.clone(),
        max_tokens: spec.smoke.max_tokens,
    };
    Gateway::new(client, key, expected, ask)
}

/// Why the master key is not known.
pub(super) enum NoKey {
    /// No secret is named by the outputs.
    Unnamed,
    /// It cannot be read.
    Unreadable {
        /// The secret.
        arn: String,
        /// Why.
        error: crate::aws::Error,
    },
}

/// The master key, from Secrets Manager. It goes no further than memory.
pub(super) async fn master_key(deployment: &Deployment, outputs: &BTreeMap<String, String>) -> Result<Secret, NoKey> {
    let arn = outputs.get("MasterKeySecretArn").ok_or(NoKey::Unnamed)?;
    match deployment.secret(arn).await {
        Ok(text) => Ok(Secret::master_key(&text)),
        Err(error) => Err(NoKey::Unreadable { arn: arn.clone(), error }),
    }
}

fn refused(no_key: NoKey) -> CliError {
    let way_out = "gwinfra smoke --key-env NAME   takes a key from an environment variable instead";
    match no_key {
        NoKey::Unnamed => {
            CliError::new(ErrorKind::Failed, "the outputs name no secret with the master key").hint(way_out)
        }
        NoKey::Unreadable { arn, error } => aws_error(error).hint(way_out).hint(format!(
            "the master key is what `aws secretsmanager get-secret-value --secret-id {arn} --query SecretString` \
                 gives, with `sk-` in front"
        )),
    }
}

async fn client(args: &SmokeArgs, url: &str) -> Result<Client, CliError> {
    let via = args.via.as_deref().map(Via::parse).transpose().map_err(unusable)?;
    Client::new(url, via.as_ref(), Duration::from_secs(args.timeout)).await.map_err(unusable)
}

/// The error of a URL or tunnel that cannot be used.
pub(in crate::cli) fn unusable(error: ClientError) -> CliError {
    match error {
        ClientError::Tunnel { .. } | ClientError::Client(_) => CliError::new(ErrorKind::Failed, error),
        _ => CliError::new(ErrorKind::Usage, error),
    }
}

#[expect(clippy::disallowed_methods, reason = "the flag names the variable")]
fn from_environment(name: &str) -> Result<Secret, CliError> {
    let looks_like_a_key = name.starts_with("sk-") || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if looks_like_a_key {
        // It may be a key: it is not repeated.
        return Err(CliError::usage("--key-env takes the name of an environment variable, and not a key")
            .hint("export GATEWAY_KEY=...; gwinfra smoke --key-env GATEWAY_KEY"));
    }
    match std::env::var(name) {
        Ok(key) if !key.trim().is_empty() => Ok(Secret::new(&key)),
        _ => {
            Err(CliError::usage(format!("the environment variable {name} holds no key"))
                .hint(format!("export {name}=...")))
        }
    }
}
