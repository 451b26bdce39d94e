//! `gwinfra state`.

use clap::{Args, Subcommand};
use serde_json::json;

use super::aws_args::AwsArgs;
use super::aws_error::aws_error;
use super::global::Output;
use super::progress::{self, Progress};
use super::signals::{self, Stopping};
use super::{CliError, CommandResult, Context, ErrorKind, Exit, ask, check_output, pipeline, report, runtime};
use crate::engine::state_bucket::{StateBucket, StateBucketError, Work};
use crate::model::Model;
use crate::model::state::S3State;
use crate::render::Target;
use crate::spec::Loaded;

/// Prepare what holds Terraform's state
#[derive(Debug, Args)]
pub(super) struct StateArgs {
    #[command(subcommand)]
    command: StateCommand,
}

#[derive(Debug, Subcommand)]
enum StateCommand {
    Bootstrap(BootstrapArgs),
}

/// Make the bucket that holds Terraform's state, or bring one to the state that it must be in
///
/// The bucket of `state.s3` in the hub's account: versioned, encrypted, private, over TLS only. What else is set on it
/// stays. Run it as often as you like.
#[derive(Debug, Args)]
struct BootstrapArgs {
    /// Do not ask
    #[arg(long, short, env = "GWINFRA_YES")]
    yes: bool,
    #[command(flatten)]
    aws: AwsArgs,
}

pub(super) fn run(args: &StateArgs, context: &Context) -> CommandResult {
    match &args.command {
        StateCommand::Bootstrap(args) => bootstrap(args, context),
    }
}

fn bootstrap(args: &BootstrapArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text, Output::Json])?;
    let (loaded, found) = pipeline::checked(context)?;
    report::warnings(context, &found);
    let model = Model::new(&loaded.spec, loaded.environment.as_deref());
    let Some(state) = model.state.s3 else {
        return Err(CliError::new(ErrorKind::Invalid, "the spec names no bucket for Terraform's state")
            .hint(format!("add to the spec: state: {{s3: {{bucket: {}-terraform-state}}}}", model.prefix)));
    };
    runtime::block_on(async {
        let sink = progress::sink(Progress::Lines, context.printer);
        let connection = args.aws.connect_unrendered(context, &loaded, sink).await?;
        let session = connection.clients.session(&target(&loaded, &state));
        let bucket = StateBucket::new(&session, &state);
        let made = make(args, context, &bucket, &session, &state);
        let result = signals::until(context, Stopping::BOOTSTRAPPING, made).await;
        connection.close().await;
        result
    })
}

fn target(loaded: &Loaded, state: &S3State) -> Target {
    Target {
        account: loaded.spec.hub.account.0.clone(),
        region: state.region.clone(),
        deploy_role: state.deploy_role.clone(),
    }
}

async fn make(
    args: &BootstrapArgs,
    context: &Context,
    bucket: &StateBucket<'_>,
    session: &crate::aws::Session,
    state: &S3State,
) -> CommandResult {
    session.verify_account().await.map_err(|error| failed(error.into()))?;
    let missing = bucket.missing().await.map_err(failed)?;
    if !missing.is_empty() {
        context.printer.say(format_args!("{} ({}):", state.bucket, state.region));
        for work in &missing {
            context.printer.say(format_args!("  {}", work.words()));
        }
        if !args.yes && !ask::confirm(context, "Go ahead?", "--yes")? {
            return Err(CliError::new(ErrorKind::Declined, "nothing was changed"));
        }
    }
    for work in &missing {
        bucket.perform(*work).await.map_err(failed)?;
    }
    if context.global.output == Output::Json {
        let result = json!({"bucket": state.bucket, "region": state.region, "changed": missing});
        context.printer.out(serde_json::to_string_pretty(&result).map_err(std::io::Error::from)?)?;
    } else {
        context.printer.out(sentence(&missing, &state.bucket))?;
    }
    Ok(Exit::Ok)
}

fn sentence(done: &[Work], bucket: &str) -> String {
    match done {
        [] => format!("Nothing to do: {bucket} is as it must be."),
        [Work::Create, ..] => format!("Made {bucket}.  Next: gwinfra plan"),
        _ => format!("Changed {bucket}.  Next: gwinfra plan"),
    }
}

fn failed(error: StateBucketError) -> CliError {
    match error {
        StateBucketError::NotOurs { .. } => CliError::new(ErrorKind::Preflight, error)
            .hint("choose another name for `state.s3.bucket`: names are shared by all accounts of AWS")
            .hint("if it is yours: allow s3:ListBucket on it for the credentials of the hub's account"),
        StateBucketError::OtherRegion { .. } => CliError::new(ErrorKind::Preflight, error)
            .hint("set `state.s3.region` to the bucket's region, or choose another bucket"),
        StateBucketError::Aws(error) => aws_error(error),
    }
}
