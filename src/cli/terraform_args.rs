//! Flags about the program that deploys where the engine is Terraform.

use std::path::PathBuf;

use clap::Args;

/// Flags about Terraform.
#[derive(Debug, Clone, Args)]
pub(super) struct TerraformArgs {
    /// Terraform or OpenTofu, 1.11 or newer; default: `terraform`, else `tofu` on the PATH
    ///
    /// Only with `engine: terraform`. What Terraform itself reads from its environment has its effect: on a machine
    /// without a registry, `TF_CLI_ARGS_init=-plugin-dir=DIR`.
    #[arg(long, env = "GWINFRA_TERRAFORM_BIN", value_name = "PROGRAM")]
    pub terraform_bin: Option<PathBuf>,
    /// Where Terraform keeps providers between root modules; default: `plugin-cache` in the state directory
    #[arg(long, env = "TF_PLUGIN_CACHE_DIR", value_name = "DIR")]
    pub plugin_cache: Option<PathBuf>,
    /// What CI systems set: the container of a job may end with gwinfra, and take Terraform along
    #[arg(long, env = "CI", hide = true)]
    pub ci: Option<String>,
}
