//! Who is calling.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The principal of a request, as `sts:GetCallerIdentity` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// 12-digit account id.
    pub account: String,
    /// `arn:aws:iam::ACCOUNT:user/NAME`, `arn:aws:iam::ACCOUNT:root` or `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`.
    pub arn: String,
    /// `AIDA..` of a user, `AROA..:SESSION` of an assumed role, the account id of the root user.
    pub user_id: String,
    /// Set for temporary credentials.
    pub session: Option<Session>,
}

/// Temporary credentials from `sts:AssumeRole` and its kin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The role's ARN in IAM's form; `None` for `GetSessionToken`.
    pub role_arn: Option<String>,
    /// `RoleSessionName`.
    pub name: String,
    /// When the credentials stop working.
    pub expires_at: Timestamp,
}

impl Identity {
    /// The account's root user: what any access key means that no one issued.
    pub fn root(account: &str) -> Self {
        Self {
            account: account.to_owned(),
            arn: format!("arn:aws:iam::{account}:root"),
            user_id: account.to_owned(),
            session: None,
        }
    }
}

/// The partition of a region: `aws`, `aws-cn` or `aws-us-gov`.
pub fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

/// The DNS suffix of a region's partition: what `AWS::URLSuffix` is.
pub fn url_suffix(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}
