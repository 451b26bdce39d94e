//! What a registry is told about who asks.

use std::fmt;

/// Who asks. Never shown: not even for debugging.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// A name and a password, as for ECR: `AWS` and a token.
    Basic {
        /// Name.
        user: String,
        /// Password.
        password: String,
    },
    /// A token that is sent as it is.
    Bearer(String),
    /// A token that is given for others.
    Identity(String),
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Basic { .. } => "Basic",
            Self::Bearer(_) => "Bearer",
            Self::Identity(_) => "Identity",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown_for_debugging() {
        let login = Login::Basic { user: "AWS".to_owned(), password: "hunter2".to_owned() };
        assert_eq!(format!("{login:?}"), "Basic");
    }
}
