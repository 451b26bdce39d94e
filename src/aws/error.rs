//! Why a call to AWS did not work, as far as it makes a difference to what is to be done.

/// A call that failed. Texts from AWS are stripped of control characters. The bigger variants hold boxed texts, so that
/// a result stays small.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No credentials were found, or what should give them did not.
    #[error("no AWS credentials: {reason}")]
    NoCredentials {
        /// What the credentials chain said.
        reason: String,
    },
    /// The credentials are over.
    #[error("the AWS credentials have expired: {reason}")]
    ExpiredCredentials {
        /// What AWS said.
        reason: String,
        /// Whether they came from IAM Identity Center, so that `aws sso login` renews them.
        sso: bool,
    },
    /// AWS takes the request for one of another time: this machine's clock is wrong.
    #[error("AWS refuses the signature in {region}, because this machine's clock is wrong: {message}")]
    ClockSkew {
        /// Region that was called.
        region: String,
        /// AWS's words, which have both times.
        message: String,
    },
    /// AWS does not know the credentials, or the region does not accept them.
    #[error("AWS does not accept the credentials in {region} ({code}): {message}")]
    InvalidCredentials {
        /// Region that was called.
        region: String,
        /// AWS's error code.
        code: String,
        /// AWS's words.
        message: String,
    },
    /// The caller may not do this.
    #[error("access denied: {action} on {resource} in account {account}, {region}: {message}")]
    AccessDenied {
        /// `service:Action` that was refused.
        action: Box<str>,
        /// ARN or name.
        resource: Box<str>,
        /// Account.
        account: Box<str>,
        /// Region.
        region: Box<str>,
        /// AWS's words, which name the principal and the policy.
        message: Box<str>,
    },
    /// The credentials are those of another account.
    #[error("the credentials are for account {actual} ({arn}), but the spec says account {expected}")]
    WrongAccount {
        /// Account in the spec.
        expected: String,
        /// Account of the credentials.
        actual: String,
        /// Who the credentials stand for.
        arn: String,
    },
    /// There is no such region, or not in this partition.
    #[error("region `{region}` does not exist or is not enabled in account {account}")]
    UnknownRegion {
        /// The region.
        region: String,
        /// The account.
        account: String,
    },
    /// No answer came.
    #[error("cannot reach {service} in {region}: {reason}")]
    Unreachable {
        /// Service.
        service: String,
        /// Region.
        region: String,
        /// Why.
        reason: String,
    },
    /// AWS asked to slow down, again and again.
    #[error("AWS still throttles {action} in account {account}, {region} after {attempts} tries: {message}")]
    Throttled {
        /// `service:Action`.
        action: String,
        /// Account.
        account: String,
        /// Region.
        region: String,
        /// How often it was tried.
        attempts: u32,
        /// AWS's words.
        message: String,
    },
    /// What came back is no answer of an AWS service: the page of a proxy, or of a broken emulator.
    #[error("the answer to {action} is not from AWS (HTTP {status}): {excerpt}")]
    NotAws {
        /// `service:Action`.
        action: String,
        /// HTTP status.
        status: u16,
        /// Beginning of the answer, without markup.
        excerpt: String,
    },
    /// AWS refused for another reason.
    #[error("{action} on {resource} failed in account {account}, {region}: {code}: {message}")]
    Service {
        /// `service:Action`.
        action: Box<str>,
        /// ARN or name that the call was about.
        resource: Box<str>,
        /// AWS's error code.
        code: Box<str>,
        /// AWS's words.
        message: Box<str>,
        /// Account.
        account: Box<str>,
        /// Region.
        region: Box<str>,
        /// Request id, for AWS's support.
        request_id: Option<Box<str>>,
    },
    /// An answer lacks what it always has, or something took longer than it may.
    #[error("{action} on {resource}: {reason}")]
    Unexpected {
        /// `service:Action`.
        action: String,
        /// ARN or name that the call was about.
        resource: String,
        /// What is wrong.
        reason: String,
    },
}

impl Error {
    /// Whether it says that AWS cannot be used as things are, so that nothing could have been changed by it: exit
    /// code 5.
    pub fn is_preflight(&self) -> bool {
        !matches!(self, Self::Service { .. } | Self::Unexpected { .. } | Self::Throttled { .. } | Self::NotAws { .. })
    }

    /// Whether it is of the account that was asked, and not of the credentials that all accounts have in common.
    pub fn is_of_account(&self) -> bool {
        matches!(self, Self::AccessDenied { .. } | Self::Service { .. } | Self::Throttled { .. })
    }

    /// AWS's error code, if a service gave one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Service { code, .. } => Some(code),
            Self::InvalidCredentials { code, .. } => Some(code),
            _ => None,
        }
    }

    /// AWS's own words, if a service gave some.
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Service { message, .. } | Self::AccessDenied { message, .. } => Some(message),
            Self::InvalidCredentials { message, .. }
            | Self::ClockSkew { message, .. }
            | Self::Throttled { message, .. } => Some(message),
            _ => None,
        }
    }

    /// Whether a service refused with this code.
    pub fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Service { code, .. } if **code == *wanted)
    }

    /// The way out.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::NoCredentials { .. } => {
                "set AWS_PROFILE or --profile, run `aws configure` or `aws sso login`, or rehearse with --simulate \
                 (engine: cloudformation)"
                    .into()
            }
            Self::ExpiredCredentials { sso: true, .. } => "run `aws sso login` and try again".into(),
            Self::ExpiredCredentials { sso: false, .. } => "renew the credentials and try again".into(),
            Self::ClockSkew { .. } => {
                "set the clock (NTP); `gwinfra doctor --only GWD104` says how far it is off".into()
            }
            Self::InvalidCredentials { region, .. } => format!(
                "check the access key; if {region} is an opt-in region, enable it for the account under Account > AWS Regions"
            ),
            Self::AccessDenied { action, resource, .. } => {
                format!("allow {action} on {resource} for the principal above, or name a `deploy_role` that may do it")
            }
            Self::WrongAccount { expected, .. } => {
                format!("use the credentials of account {expected}, or set `deploy_role` to a role in it")
            }
            Self::UnknownRegion { .. } => "check the region's spelling in the spec; `aws ec2 describe-regions \
                                           --all-regions` lists the regions and which of them are enabled"
                .into(),
            Self::Unreachable { .. } => "check the network, proxy (HTTPS_PROXY) and --endpoint-url".into(),
            Self::Throttled { .. } => "wait a minute and run the same command again".into(),
            Self::NotAws { .. } => "check the proxy and --endpoint-url".into(),
            Self::Service { .. } | Self::Unexpected { .. } => return None,
        })
    }
}
