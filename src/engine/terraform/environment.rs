//! What Terraform is given in its environment.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// What Terraform is given in its environment, beside what the process itself was given: a user's `TF_CLI_CONFIG_FILE`,
/// `TF_CLI_ARGS_init` and the like have their effect.
#[derive(Clone, Default)]
pub struct Environment {
    /// Variables by name: `AWS_PROFILE`, `AWS_ENDPOINT_URL`.
    pub variables: BTreeMap<String, String>,
    /// Where providers are kept between root modules; `None` for `plugin-cache` in the engine's directory.
    pub plugin_cache: Option<PathBuf>,
    /// Whether this is a CI job: its container may end with the first process, and take Terraform along.
    pub is_ci: bool,
}

/// What keeps Terraform from asking questions and from telling people to run commands that gwinfra runs.
pub(super) const AUTOMATION: [(&str, &str); 3] =
    [("TF_IN_AUTOMATION", "1"), ("TF_INPUT", "0"), ("CHECKPOINT_DISABLE", "1")];
