//! How AWS is reached.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::credential_feature::AwsCredentialFeature;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};

use super::call::Caller;
use super::credentials::AssumedRole;
use super::retry::RetryObserver;
use super::session::Session;
use super::{Error, Result};
use crate::render::Target;

/// For how many accounts credentials are kept. With the SDK's 64, those of more accounts push each other out, and roles are
/// assumed again and again.
const ACCOUNTS: usize = 10_000;

/// How to reach AWS.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Profile of the AWS configuration files; `None` for what the environment says.
    pub profile: Option<String>,
    /// Region in which roles are assumed; `None` for each target's own.
    pub region: Option<String>,
    /// Endpoint of every service: a simulator, an emulator. `None` for AWS's own.
    pub endpoint_url: Option<String>,
    /// Where credentials come from.
    pub credentials: Credentials,
    /// Name of this run: sessions of assumed roles are called `gwinfra-<run>`.
    pub run: String,
    /// Is told of every retry.
    pub retries: Option<RetryObserver>,
}

/// Where credentials come from.
#[derive(Clone, Default)]
pub enum Credentials {
    /// The SDK's chain: environment, profile, IAM Identity Center, process, container, instance.
    #[default]
    Chain,
    /// These, as for a simulator.
    Fixed {
        /// Access key id.
        access_key_id: String,
        /// Secret access key.
        secret_access_key: String,
    },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Chain => "Chain",
            Self::Fixed { .. } => "Fixed",
        })
    }
}

/// Sessions by account, region and role.
#[derive(Debug, Clone)]
pub struct Clients {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: SdkConfig,
    options: Options,
    sessions: Mutex<HashMap<Target, Session>>,
}

impl Clients {
    /// Reads the configuration. No call is made: credentials are first needed by the first call.
    pub async fn connect(options: Options) -> Self {
        // Retries are our own, so that each one is seen.
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(super::http::client())
            .identity_cache(IdentityCache::lazy().max_partitions(ACCOUNTS).build())
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(5))
                    .read_timeout(Duration::from_secs(60))
                    .operation_attempt_timeout(Duration::from_secs(120))
                    .build(),
            );
        if let Some(profile) = &options.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(endpoint) = &options.endpoint_url {
            loader = loader.endpoint_url(endpoint);
        }
        if let Credentials::Fixed { access_key_id, secret_access_key } = &options.credentials {
            // A region of our own keeps the chain from asking the instance metadata service for one.
            loader = loader.region(Region::new("us-east-1")).credentials_provider(
                aws_credential_types::Credentials::new(access_key_id, secret_access_key, None, None, "gwinfra"),
            );
        }
        let config = loader.load().await;
        Self { shared: Arc::new(Shared { config, options, sessions: Mutex::default() }) }
    }

    /// Whether calls go to the user's own endpoint, such as an emulator, and not to AWS.
    pub fn has_own_endpoint(&self) -> bool {
        self.shared.config.endpoint_url().is_some()
    }

    /// The user's own endpoint of every service, if there is one.
    pub fn endpoint(&self) -> Option<&str> {
        self.shared.config.endpoint_url()
    }

    /// When the caller's own credentials end, and whether they are renewed then; `None` when they do not end, or do not say so.
    ///
    /// # Errors
    /// When there are no credentials.
    pub async fn expires(&self) -> Result<Option<Expiry>> {
        let failed = |reason: String| Error::NoCredentials { reason };
        let provider = self.shared.config.credentials_provider();
        let provider = provider.ok_or_else(|| failed("there is no provider of credentials".to_owned()))?;
        let credentials = provider.provide_credentials().await.map_err(|error| failed(error.to_string()))?;
        let features = credentials.get_property::<Vec<AwsCredentialFeature>>().cloned().unwrap_or_default();
        let end = credentials.expiry().and_then(|time| jiff::Timestamp::try_from(time).ok());
        Ok(end.map(|end| Expiry { end, renewed: is_renewed(&features) }))
    }

    /// The session of a target. Its role is assumed by the first call.
    pub fn session(&self, target: &Target) -> Session {
        let mut sessions = self.shared.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.entry(target.clone()).or_insert_with(|| self.open(target)).clone()
    }

    fn open(&self, target: &Target) -> Session {
        let shared = &self.shared;
        let own_endpoint = shared.config.endpoint_url().is_some();
        let caller =
            |service| Caller { service, target: target.clone(), own_endpoint, retries: shared.options.retries.clone() };
        let mut config = shared.config.to_builder().region(Region::new(target.region.clone()));
        if let Some(role) = &target.deploy_role {
            let region = shared.options.region.as_ref().unwrap_or(&target.region);
            let base = shared.config.to_builder().region(Region::new(region.clone())).build();
            config = config.credentials_provider(SharedCredentialsProvider::new(AssumedRole {
                sts: aws_sdk_sts::Client::new(&base),
                caller: caller("sts"),
                role: role.clone(),
                session_name: session_name(&shared.options.run),
            }));
        }
        Session::new(config.build(), caller("aws"))
    }
}

/// When credentials end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// Then.
    pub end: jiff::Timestamp,
    /// Whether whoever gives them gives new ones then, so that it does not matter.
    pub renewed: bool,
}

/// Whether credentials are renewed by whoever gives them: an instance or a container, a role that is assumed by a profile, a
/// login. What a process prints, and a role that is assumed with a token in a file, lasts no longer than these.
fn is_renewed(features: &[AwsCredentialFeature]) -> bool {
    use AwsCredentialFeature as Feature;
    let lasts = |feature: &Feature| {
        matches!(
            feature,
            Feature::CredentialsImds
                | Feature::CredentialsHttp
                | Feature::CredentialsStsAssumeRole
                | Feature::CredentialsSso
                | Feature::CredentialsProfileSso
                | Feature::CredentialsLogin
                | Feature::CredentialsProfileLogin
        )
    };
    let ends = |feature: &Feature| {
        matches!(
            feature,
            Feature::CredentialsProcess
                | Feature::CredentialsProfileProcess
                | Feature::CredentialsStsAssumeRoleWebId
                | Feature::CredentialsEnvVarsStsWebIdToken
                | Feature::CredentialsProfileStsWebIdToken
        )
    };
    features.iter().any(lasts) && !features.iter().any(ends)
}

/// A session name that STS accepts: at most 64 of `[\w+=,.@-]`.
fn session_name(run: &str) -> String {
    let accepted = |character: &char| character.is_ascii_alphanumeric() || "_+=,.@-".contains(*character);
    format!("gwinfra-{run}").chars().filter(accepted).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_and_a_profile_that_assumes_a_role_renew_their_credentials() {
        use AwsCredentialFeature as Feature;
        assert!(is_renewed(&[Feature::CredentialsImds]));
        assert!(is_renewed(&[Feature::CredentialsProfileSourceProfile, Feature::CredentialsStsAssumeRole]));
        assert!(is_renewed(&[Feature::CredentialsProfileSso, Feature::CredentialsSso]));
        assert!(!is_renewed(&[Feature::CredentialsProfileProcess]));
        assert!(!is_renewed(&[Feature::CredentialsProcess, Feature::CredentialsStsAssumeRole]));
        assert!(!is_renewed(&[]));
    }

    #[test]
    fn a_session_name_has_only_what_sts_accepts() {
        assert_eq!(session_name("2026-01-02T03:04:05Z/a b"), "gwinfra-2026-01-02T030405Zab");
        assert_eq!(session_name(&"x".repeat(100)).len(), 64);
    }

    #[test]
    fn fixed_credentials_are_not_shown() {
        let credentials = Credentials::Fixed { access_key_id: "AKIA".into(), secret_access_key: "canary".into() };
        assert!(!format!("{credentials:?}").contains("canary"));
    }
}
