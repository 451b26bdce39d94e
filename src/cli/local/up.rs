//! `gwinfra local up`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{PlaceArgs, STOPPING, detach, refusal, show};
use crate::capacity::span;
use crate::cli::behaviour::BehaviourArgs;
use crate::cli::global::Output;
use crate::cli::progress::{self, Progress};
use crate::cli::signals::Signals;
use crate::cli::{CliError, CommandResult, Context, ErrorKind, Exit, check_output, pipeline, runtime};
use crate::engine::{Cancelled, EventSink};
use crate::image::{Platform, beside};
use crate::local::{Directory, Gateway, LocalError, Options, Report};
use crate::mock_llm::Latency;
use crate::spec::Loaded;

/// Time to the first token. LiteLLM counts calls under way: without any time, the first deployment would always be idle.
const LATENCY: Duration = Duration::from_millis(200);

/// Start it: LiteLLM, the middleware, their database and cache, in front of a mocked model
///
/// LiteLLM gets the configuration that is deployed, with a deployment for each account and region; Bedrock, STS and all
/// other providers are played by mock-llm, so nothing is called outside this machine and nothing costs anything. One URL
/// serves both containers by the load balancer's rules. PostgreSQL and Redis are used if they are installed; LiteLLM is
/// installed into the directory at the first start, unless `--litellm-bin` names one.
#[derive(Debug, Args)]
pub(in crate::cli) struct UpArgs {
    /// Port of the gateway; 0 takes a free one
    #[arg(long, env = "GWINFRA_LOCAL_PORT", value_name = "PORT", default_value_t = 8080)]
    port: u16,
    #[command(flatten)]
    place: PlaceArgs,
    /// Leave it running, and return when it answers
    #[arg(long, env = "GWINFRA_DETACH")]
    pub detach: bool,
    /// Print its key: one that was made up here and opens nothing but this gateway
    #[arg(long, env = "GWINFRA_SHOW_KEY")]
    pub show_key: bool,
    /// LiteLLM's program, instead of one that is installed into the directory
    #[arg(long, env = "GWINFRA_LITELLM_BIN", value_name = "FILE")]
    litellm_bin: Option<PathBuf>,
    /// The middleware's program; default: `gwinfra-middleware` beside gwinfra
    #[arg(long, env = "GWINFRA_MIDDLEWARE_BIN", value_name = "FILE")]
    middleware_bin: Option<PathBuf>,
    /// Do without PostgreSQL, also if it is installed
    #[arg(long, env = "GWINFRA_NO_DATABASE")]
    no_database: bool,
    /// Do without Redis, also if it is installed
    #[arg(long, env = "GWINFRA_NO_CACHE")]
    no_cache: bool,
    /// How long LiteLLM may take to start
    #[arg(long, env = "GWINFRA_LOCAL_WAIT", value_name = "TIME", value_parser = span, default_value = "5m")]
    wait: Duration,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t, env = "GWINFRA_PROGRESS")]
    pub progress: Progress,
    /// This is the process that another leaves running
    #[arg(long, hide = true)]
    supervised: bool,
    #[command(flatten)]
    behaviour: BehaviourArgs,
}

pub(in crate::cli) fn run(args: &UpArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text, Output::Json])?;
    let (loaded, _) = pipeline::checked(context)?;
    let directory = args.place.directory(context);
    if args.detach && !args.supervised {
        return detach::run(args, context, &directory);
    }
    let options = options(args)?;
    runtime::block_on(async {
        let sink = if args.supervised {
            progress::sink(Progress::None, context.printer)
        } else {
            progress::sink(args.progress, context.printer)
        };
        serve(args, context, &directory, &loaded, &options, sink).await
    })
}

async fn serve(
    args: &UpArgs,
    context: &Context,
    directory: &Directory,
    loaded: &Loaded,
    options: &Options,
    sink: std::sync::Arc<dyn EventSink>,
) -> CommandResult {
    let report = Report::new(directory, sink);
    let signals = Signals::listen_saying(context, STOPPING)?;
    let mut gateway = Gateway::open(directory, report).await.map_err(refusal)?;
    let started = tokio::select! {
        result = gateway.start(&loaded.spec, loaded.environment.as_deref(), options) => result.map_err(Some),
        () = signals.cancel.reached(Cancelled::Stop) => Err(None),
    };
    let ended = match started {
        Ok(()) => {
            if !args.supervised {
                show::started(context, &gateway.state(), args.show_key)?;
                context.printer.say("Ctrl-C stops it.");
            }
            tokio::select! {
                error = gateway.broken() => Err(Some(error)),
                () = signals.cancel.reached(Cancelled::Stop) => Ok(()),
            }
        }
        Err(error) => Err(error),
    };
    if let Err(Some(error)) = &ended {
        gateway.tell(error);
    }
    tokio::select! {
        () = gateway.stop() => {}
        // What the gateway held is killed when it is dropped.
        () = signals.cancel.reached(Cancelled::Leave) => {}
    }
    match ended {
        Ok(()) => Ok(Exit::Ok),
        Err(Some(error)) => Err(refusal(error)),
        Err(None) => {
            let kind = signals.kind().unwrap_or(ErrorKind::Interrupted);
            Err(CliError::new(kind, "stopped before the gateway answered; nothing is left running"))
        }
    }
}

fn options(args: &UpArgs) -> Result<Options, CliError> {
    Ok(Options {
        port: args.port,
        litellm: args.litellm_bin.clone(),
        middleware: middleware(args)?,
        database: !args.no_database,
        cache: !args.no_cache,
        patience: args.wait,
        model: args.behaviour.settings(Vec::new(), Latency::fixed(LATENCY)),
        environment: std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect(),
    })
}

/// The middleware's program: the one that is named, or the one beside this.
fn middleware(args: &UpArgs) -> Result<Option<PathBuf>, CliError> {
    if let Some(path) = &args.middleware_bin {
        let path = std::path::absolute(path)?;
        return if path.is_file() {
            Ok(Some(path))
        } else {
            Err(refusal(LocalError::NotThere { what: "middleware", path }))
        };
    }
    let own = std::env::current_exe()?;
    let found = own.parent().map(beside::programs).unwrap_or_default();
    Ok(found.into_iter().find(|(platform, _)| *platform == Platform::own()).map(|(_, path)| path))
}
