//! `gwinfra accounts policy`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::global::Output;
use crate::cli::pipeline::{self, Engines};
use crate::cli::{CliError, CommandResult, Context, ErrorKind, Exit, check_output};
use crate::model::Model;
use crate::permissions::{AccountPolicies, Deploys, deploy_policies};
use crate::spec::EngineName;
use crate::whole_file::WholeFile;

/// Print the IAM policies that a `deploy_role` needs
///
/// For this very spec and engine, in the hub and in each Bedrock account: what CloudFormation calls to make the rendered
/// resources, as AWS lists it, and what gwinfra calls itself. Needs no AWS account.
#[derive(Debug, Args)]
pub(super) struct PolicyArgs {
    /// Only of this account: `hub`, or a name of `bedrock.accounts`
    #[arg(long, env = "GWINFRA_POLICY_ACCOUNT", value_name = "NAME")]
    account: Option<String>,
    /// Write a file for each policy into this directory
    #[arg(long, env = "GWINFRA_POLICY_OUT", value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &PolicyArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text, Output::Json])?;
    let mut all = needed(context)?;
    if let Some(name) = &args.account {
        let names: Vec<String> = all.iter().map(|one| one.account.clone()).collect();
        all.retain(|one| one.account == *name);
        if all.is_empty() {
            return Err(CliError::usage(format!("no account is called `{name}`; there are: {}", names.join(", "))));
        }
    }
    match &args.out {
        Some(directory) => {
            fs_err::create_dir_all(directory)?;
            for account in &all {
                write(directory, account, context)?;
            }
        }
        None => context.printer.out(serde_json::to_string_pretty(&all).map_err(std::io::Error::from)?)?,
    }
    Ok(Exit::Ok)
}

/// The policies that the spec and its engine need, the hub's first.
pub(in crate::cli) fn needed(context: &Context) -> Result<Vec<AccountPolicies>, CliError> {
    let built = pipeline::build_for(context, Engines::One(EngineName::Cloudformation))?;
    let spec = &built.loaded.spec;
    let model = Model::new(spec, built.loaded.environment.as_deref());
    let deploys = if spec.engine == EngineName::Terraform { Deploys::Terraform } else { Deploys::CloudFormation };
    deploy_policies(&built.bundle, &model, deploys).map_err(|types| {
        CliError::new(ErrorKind::Failed, format!("it is not known what making {} needs", types.join(", "))).hint(
            "the types of the built-in blueprint are known; for others, see the `handlers` of their registry schema",
        )
    })
}

/// Writes `<account>-1.json`, ...
fn write(directory: &std::path::Path, account: &AccountPolicies, context: &Context) -> Result<(), CliError> {
    for (index, policy) in account.policies.iter().enumerate() {
        let path = directory.join(format!("{}-{}.json", account.account, index + 1));
        let mut text = serde_json::to_string_pretty(policy).map_err(std::io::Error::from)?;
        text.push('\n');
        WholeFile::shared(&path).write(text.as_bytes())?;
        context.printer.out(path.display())?;
    }
    // Whoever attaches all files of the directory would attach what a longer list had left.
    for index in account.policies.len() + 1.. {
        let path = directory.join(format!("{}-{index}.json", account.account));
        match fs_err::remove_file(&path) {
            Ok(()) => context.printer.say(format_args!("{} is deleted: it is not needed any more", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
