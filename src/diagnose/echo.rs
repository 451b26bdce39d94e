//! Failures that only follow from another one.

/// How CloudFormation says that it stopped a resource because another one had failed.
const ECHOES: [&str; 4] = [
    "Resource creation cancelled",
    "Resource update cancelled",
    "Resource deletion cancelled",
    "Resource import cancelled",
];

/// Whether a failure is only the echo of another one.
pub fn is_echo(reason: &str) -> bool {
    ECHOES.iter().any(|echo| reason.starts_with(echo))
}

#[cfg(test)]
mod tests {
    use super::is_echo;

    #[test]
    fn a_cancelled_resource_is_not_a_cause() {
        assert!(is_echo("Resource creation cancelled"));
        assert!(!is_echo("Resource handler returned message: \"Quota exceeded\""));
    }
}
