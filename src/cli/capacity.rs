//! `gwinfra capacity`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::aws_args::AwsArgs;
use super::aws_error::aws_error;
use super::global::Output;
use super::progress::{self, Progress};
use super::signals::{self, Stopping};
use super::{CliError, CommandResult, Context, ErrorKind, Exit, check_output, pipeline, runtime};
use crate::aws::Error;
use crate::capacity::{Document, Options, Rate, SettingError, Setup, Simulation, Spread, span};
use crate::engine::ACCOUNTS_AT_ONCE;
use crate::model::Basis;
use crate::model::bedrock::Bedrock;
use crate::model::capacity::{Applied, capacities_with};
use crate::quotas::{self, Found};
use crate::spec::{Loaded, Spec};

/// Show what the accounts carry, and how many are enough
///
/// Counts as Bedrock does: a request reserves its prompt and max_tokens when it starts, and the tokens of an answer count
/// 5 to 15 times with Claude. Quotas are those of the spec, or with `--live` those that Service Quotas tells of each
/// account and region; loads are those of the spec.
///
/// With `--load` it also simulates that load, under each of LiteLLM's routing strategies with its retries and cool-downs.
#[derive(Debug, Args)]
pub(super) struct CapacityArgs {
    /// Simulate this load: 500rpm is requests per minute, 8rps per second
    #[arg(long, env = "GWINFRA_LOAD", value_name = "RATE")]
    load: Option<Rate>,
    /// How long the load lasts
    #[arg(long, env = "GWINFRA_LOAD_FOR", value_name = "TIME", value_parser = span, default_value = "60s", requires = "load")]
    r#for: Duration,
    /// Model that is loaded; needed when Bedrock serves several
    #[arg(long, env = "GWINFRA_LOAD_MODEL", value_name = "NAME", requires = "load")]
    model: Option<String>,
    /// Simulate the loss of this account
    #[arg(long, env = "GWINFRA_LOAD_LOST", value_name = "ACCOUNT", requires = "load")]
    lost: Option<String>,
    /// How long the model takes for an answer of average length
    #[arg(long, env = "GWINFRA_LOAD_ANSWER_TIME", value_name = "TIME", value_parser = span, default_value = "10s", requires = "load")]
    answer_time: Duration,
    /// How the length of answers varies
    #[arg(long, env = "GWINFRA_LOAD_ANSWERS", value_enum, default_value_t = Answers::Constant, requires = "load")]
    answers: Answers,
    /// How the times between requests vary
    #[arg(long, env = "GWINFRA_LOAD_ARRIVALS", value_enum, default_value_t = Arrivals::Poisson, requires = "load")]
    arrivals: Arrivals,
    /// Seed of everything that is random: the same seed gives the same result
    #[arg(long, env = "GWINFRA_LOAD_SEED", value_name = "NUMBER", default_value_t = 1, requires = "load")]
    seed: u64,
    /// Ask Service Quotas for the quota of every account and region
    #[arg(long, env = "GWINFRA_LIVE")]
    live: bool,
    #[command(flatten)]
    aws: AwsArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Answers {
    /// Not at all
    Constant,
    /// Exponentially, and as far as max_tokens
    Exponential,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Arrivals {
    /// As those of many clients that know nothing of each other
    Poisson,
    /// Not at all
    Constant,
}

pub(super) fn run(args: &CapacityArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text, Output::Json])?;
    let (loaded, _) = pipeline::checked(context)?;
    let bedrock = Bedrock::new(&Basis::new(&loaded.spec, loaded.environment.as_deref()));
    let found = if args.live { Some(ask(args, context, &loaded, &bedrock)?) } else { None };
    let mut applied = Applied::default();
    for quota in found.iter().flat_map(|found| &found.quotas) {
        if let Some(tokens) = quota.applied {
            applied.insert(&quota.model, &quota.account, &quota.region, tokens);
        }
    }
    let simulation = match args.load {
        Some(load) => Some(simulation(args, load, &loaded.spec, &bedrock, &applied)?),
        None => None,
    };
    let capacities = capacities_with(&loaded.spec, &bedrock, &applied);
    let (quotas, refused) = found.map(|found| (found.quotas, found.refused)).unzip();
    let document = Document::new(loaded.spec.bedrock.headroom, &capacities, quotas, simulation);
    if context.global.output == Output::Json {
        context.printer.out(serde_json::to_string_pretty(&document).map_err(std::io::Error::from)?)?;
    } else {
        context.printer.out_raw(crate::capacity::text(&document))?;
    }
    match not_asked(refused.unwrap_or_default()) {
        Some(error) => Err(error),
        None => Ok(Exit::Ok),
    }
}

/// The error of accounts that could not be asked, with what each of them said.
fn not_asked(refused: Vec<(String, Error)>) -> Option<CliError> {
    if refused.is_empty() {
        return None;
    }
    let accounts = crate::plan::count(refused.len(), "account");
    let error = CliError::new(ErrorKind::Attention, format!("{accounts} could not be asked: the spec's quotas count"));
    let error = refused.into_iter().fold(error, |error, (name, said)| error.hint(format!("{name}: {said}")));
    Some(error.hint("gwinfra accounts list   tells which accounts can be asked"))
}

/// Asks Service Quotas.
fn ask(args: &CapacityArgs, context: &Context, loaded: &Loaded, bedrock: &Bedrock) -> Result<Found, CliError> {
    runtime::block_on(async {
        let sink = progress::sink(Progress::Lines, context.printer);
        let connection = args.aws.connect_unrendered(context, loaded, sink).await?;
        let read = quotas::read(&connection.clients, &loaded.spec, bedrock, ACCOUNTS_AT_ONCE);
        let result = signals::until(context, Stopping::LOOKING, async { read.await.map_err(aws_error) }).await;
        connection.close().await;
        result
    })
}

fn simulation(
    args: &CapacityArgs,
    load: Rate,
    spec: &Spec,
    bedrock: &Bedrock,
    applied: &Applied,
) -> Result<Simulation, CliError> {
    let options = Options {
        model: args.model.clone(),
        load,
        seconds: args.r#for.as_secs_f64(),
        arrivals: match args.arrivals {
            Arrivals::Poisson => Spread::Exponential,
            Arrivals::Constant => Spread::Constant,
        },
        answer_seconds: args.answer_time.as_secs_f64(),
        answers: match args.answers {
            Answers::Constant => Spread::Constant,
            Answers::Exponential => Spread::Exponential,
        },
        lost: args.lost.clone(),
        seed: args.seed,
    };
    let setup = Setup::new(spec, bedrock, applied, &options).map_err(refusal)?;
    Ok(Simulation::run(&setup))
}

/// The error of a spec that has no such scenario, with a way out.
fn refusal(error: SettingError) -> CliError {
    let (kind, hint) = match &error {
        SettingError::SeveralModels(_) => (ErrorKind::Usage, "choose one with `--model NAME`"),
        SettingError::UnknownModel { .. } => (ErrorKind::Usage, "name one of them with `--model NAME`"),
        SettingError::UnknownAccount { .. } => (ErrorKind::Usage, "name one of them with `--lost ACCOUNT`"),
        SettingError::TooMany { .. } => (ErrorKind::Usage, "shorten `--for`, or lower `--load`"),
        SettingError::NoAccount { .. } => {
            (ErrorKind::Usage, "leave out `--lost`, or add an account to `bedrock.accounts`")
        }
        SettingError::NoModel => (ErrorKind::Invalid, "add a model with `bedrock` to `models`"),
        SettingError::NoQuota { .. } => {
            (ErrorKind::Invalid, "give the quota of each account and region: `bedrock.tpm`")
        }
        SettingError::TooLarge { .. } => (ErrorKind::Invalid, "raise the quota, or lower `expected.max_tokens`"),
    };
    CliError::new(kind, error).hint(hint)
}
