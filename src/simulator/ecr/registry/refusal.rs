//! How the registry refuses.

use serde_json::json;

use super::super::super::protocol::HttpReply;
use super::super::super::request::Fault;

/// A request that is refused: a status, and a code of the specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Code.
    pub code: &'static str,
    /// ECR's text.
    pub message: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// Nobody said who asks.
    pub fn unauthorized() -> Self {
        Self::new(401, "UNAUTHORIZED", "Not Authorized")
    }

    /// Who asks may not.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(403, "DENIED", message)
    }

    /// There is no such repository.
    pub fn unknown_repository(name: &str, account: &str) -> Self {
        let message = format!("The repository with name '{name}' does not exist in the registry with id '{account}'");
        Self::new(404, "NAME_UNKNOWN", message)
    }

    /// There is no such thing to do.
    pub fn unsupported() -> Self {
        Self::new(405, "UNSUPPORTED", "The operation is unsupported.")
    }

    /// What cannot be stored.
    pub fn internal(error: &std::io::Error) -> Self {
        Self::new(500, "UNKNOWN", error.to_string())
    }

    /// The answer.
    pub fn reply(&self, host: &str) -> HttpReply {
        let body = json!({"errors": [{"code": self.code, "message": self.message}]}).to_string();
        let reply = HttpReply::status(self.status).with_body("application/json; charset=utf-8", body);
        if self.status == 401 {
            let realm = format!("Basic realm=\"https://{host}/\",service=\"ecr.amazonaws.com\"");
            reply.with_header("www-authenticate", &realm)
        } else {
            reply
        }
    }
}

/// What the API says, in the words of the registry.
impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        let code = match fault.code.as_str() {
            "ImageTagAlreadyExistsException" => "TAG_INVALID",
            "ImageDigestDoesNotMatchException" => "DIGEST_INVALID",
            "RepositoryNotFoundException" => return Self::new(404, "NAME_UNKNOWN", fault.message),
            _ => "MANIFEST_INVALID",
        };
        Self::new(fault.status, code, fault.message)
    }
}
