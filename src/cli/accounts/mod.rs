//! `gwinfra accounts`.

mod list;
pub(in crate::cli) mod policy;
mod verify;

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::aws_args::AwsArgs;
use super::aws_error::aws_error;
use super::progress::{self, Progress};
use super::signals::{self, Stopping};
use super::{CliError, CommandResult, Context, ErrorKind, Exit, pipeline, runtime};
use crate::accounts::{Account, CheckName, CheckStatus, Depth, Document, Setting, State, examine};
use crate::model::Model;
use crate::spec::Loaded;

/// Look at the accounts whose Bedrock quotas the gateway uses
#[derive(Debug, Args)]
pub(super) struct AccountsArgs {
    #[command(subcommand)]
    command: AccountsCommand,
}

#[derive(Debug, Subcommand)]
enum AccountsCommand {
    List(list::ListArgs),
    Verify(verify::VerifyArgs),
    Policy(policy::PolicyArgs),
}

pub(super) fn run(args: &AccountsArgs, context: &Context) -> CommandResult {
    match &args.command {
        AccountsCommand::List(args) => list::run(args, context),
        AccountsCommand::Verify(args) => verify::run(args, context),
        AccountsCommand::Policy(args) => policy::run(args, context),
    }
}

/// The most accounts that are asked at the same time, unless told otherwise.
const AT_ONCE: u16 = 12;

/// Asks the accounts of the spec.
fn ask(aws: &AwsArgs, context: &Context, depth: Depth, concurrency: u16) -> Result<(Document, Arc<Loaded>), CliError> {
    let built = pipeline::build(context)?;
    let model = Model::new(&built.loaded.spec, built.loaded.environment.as_deref());
    runtime::block_on(async {
        let sink = progress::sink(Progress::Lines, context.printer);
        let connection = aws.connect(context, &built, &BTreeSet::new(), sink).await?;
        let setting = Setting {
            clients: &connection.clients,
            spec: &built.loaded.spec,
            bedrock: &model.bedrock,
            shared: &model.shared,
            bundle: &built.bundle,
            depth,
            concurrency: usize::from(concurrency),
        };
        let asked = async { examine(setting).await.map_err(aws_error) };
        let result = signals::until(context, Stopping::LOOKING, asked).await;
        connection.close().await;
        Ok((result?, built.loaded.clone()))
    })
}

/// How the command ends, once the result is on stdout.
fn exit(document: &Document) -> CommandResult {
    let summary = document.summary;
    if summary.failed == 0 {
        return Ok(Exit::Ok);
    }
    let all = document.accounts.len();
    if summary.not_reached == all {
        return Err(CliError::new(ErrorKind::Preflight, "none of the accounts could be asked")
            .hint("check the `deploy_role`s of the spec, and whether your credentials may assume them"));
    }
    let error =
        CliError::new(ErrorKind::Attention, format!("{} of {all} accounts are not as the spec says", summary.failed));
    Err(next(document, error))
}

/// What to do, by what was found.
fn next(document: &Document, error: CliError) -> CliError {
    let failed =
        |name: CheckName| document.accounts.iter().any(|account| account.status(name) == Some(CheckStatus::Fail));
    let absent = document.accounts.iter().any(|account| account.state == State::Absent);
    let terraform = document.engine == "terraform";
    let mut error = error;
    if failed(CheckName::Trust) || failed(CheckName::Permissions) {
        // CloudFormation compares templates, not what is in the account.
        error = error.hint(if terraform {
            "gwinfra apply   puts the policies back"
        } else {
            "if `gwinfra plan` shows no change, a policy was changed behind CloudFormation: `gwinfra drift --only accounts` \
             finds it, and `gwinfra drift --revert ADDRESS` puts it back; `-o json` has it under `expected`"
        });
    }
    if absent {
        error = error.hint(if terraform {
            "gwinfra apply   makes the missing roles"
        } else {
            "gwinfra apply   makes the roles of accounts that were never deployed; `gwinfra status` tells those whose \
             stack is complete: there the role was deleted behind CloudFormation, `gwinfra drift --only accounts` finds it, and \
             `gwinfra drift --revert ADDRESS` makes it again"
        });
    }
    let left_behind = |account: &&Account| account.is_by_stack_set() && account.state == State::Deployed;
    if !terraform && document.accounts.iter().filter(left_behind).any(|account| document.has_failed(account)) {
        error = error.hint("gwinfra apply   tries the accounts again that the stack set has left behind");
    }
    if failed(CheckName::Reach) {
        error = error.hint("let your credentials assume the `deploy_role` of each account that was not reached");
    }
    error
}
