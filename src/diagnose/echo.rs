//! Failures that only follow from another one.

/// How CloudFormation says that it stopped a resource because another one had failed.
const ECHOES: [&str; 4] = [
    "Resource creation cancelled",
    "Resource update cancelled",
    "Resource deletion cancelled",
    "Resource import cancelled",
];

/// How Terraform and its provider say that somebody stopped them.
const STOPPED: [&str; 2] = ["context canceled", "execution halted"];

/// Whether a failure is only the echo of another one.
pub fn is_echo(reason: &str) -> bool {
    ECHOES.iter().any(|echo| reason.starts_with(echo)) || STOPPED.iter().any(|words| reason.contains(words))
}

#[cfg(test)]
mod tests {
    use super::is_echo;

    #[test]
    fn a_cancelled_resource_is_not_a_cause() {
        assert!(is_echo("Resource creation cancelled"));
        assert!(is_echo("putting S3 Bucket (a) Logging: request canceled, context canceled"));
        assert!(!is_echo("Resource handler returned message: \"Quota exceeded\""));
    }
}
