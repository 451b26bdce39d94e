//! `gwinfra simulate`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use super::aws_args::{ClockPace, claimed, read_scenario};
use super::{CliError, CommandResult, Context, ErrorKind, Exit, pipeline, runtime, signals::Signals};
use crate::engine::Cancelled;
use crate::simulator::assumed::assume;
use crate::simulator::claim::Claim;
use crate::simulator::clock::Pace;
use crate::simulator::persist::Store;
use crate::simulator::server::{Options, Server};

/// What the first signal is answered with.
const STOPPING: &str = "\nStopping: the simulated accounts are not served any more.";

/// Serve simulated AWS accounts on a loopback port, for any AWS client
///
/// Answers what gwinfra asks of AWS as AWS does, driven by the resource schemas; a call that is not modelled is refused.
/// What a spec in `-f` says exists already, exists. It cannot prove quotas, real convergence and what only the services
/// themselves check.
#[derive(Debug, Args)]
pub(super) struct SimulateArgs {
    /// Port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 4599, env = "GWINFRA_SIMULATE_PORT")]
    port: u16,
    /// Where the accounts are kept; default: `.gwinfra/simulator` beside the spec
    #[arg(long, env = "GWINFRA_SIMULATE_DIRECTORY", value_name = "DIR")]
    directory: Option<PathBuf>,
    /// Keep the accounts in memory only
    #[arg(long, env = "GWINFRA_SIMULATE_EPHEMERAL", conflicts_with = "directory")]
    ephemeral: bool,
    /// Faults to play
    #[arg(long, env = "GWINFRA_SCENARIO", value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// How fast time passes
    #[arg(long, value_enum, default_value_t, env = "GWINFRA_CLOCK", value_name = "PACE")]
    clock: ClockPace,
}

pub(super) fn run(args: &SimulateArgs, context: &Context) -> CommandResult {
    let built = if context.global.file.exists() { Some(pipeline::build(context)?) } else { None };
    let directory = match (args.ephemeral, &args.directory) {
        (true, _) => None,
        (false, Some(directory)) => Some(directory.clone()),
        (false, None) => Some(context.global.file.with_file_name(".gwinfra").join("simulator")),
    };
    let pace = match args.clock {
        ClockPace::Fast => Pace::Fast,
        ClockPace::Real => Pace::Real,
    };
    runtime::block_on(async {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| CliError::new(ErrorKind::Failed, error);
        let mut claim = directory.as_deref().map(Claim::alone).transpose().map_err(claimed)?;
        let mut world = match &directory {
            Some(directory) => Store::new(directory).load(pace).map_err(|error| failed(error.into()))?,
            None => crate::simulator::World::new(1, crate::simulator::clock::Clock::new(pace)),
        };
        if let Some(path) = &args.scenario {
            world.play(read_scenario(path)?);
        }
        let mut account = Options::default().account;
        if let Some(built) = &built {
            let assumed = super::assumed::of(&built.loaded.spec, &built.bundle, &BTreeSet::new());
            super::aws_args::tell_assumed(context, &assume(&mut world, &assumed));
            account = built.loaded.spec.hub.account.to_string();
        }
        let options = Options { port: args.port, account: account.clone(), directory };
        let server = Server::start(world, options).await.map_err(|error| failed(error.into()))?;
        if let Some(claim) = &mut claim {
            claim.serving(&server.url())?;
        }
        context.printer.out(format_args!(
            "export AWS_ENDPOINT_URL={} AWS_ACCESS_KEY_ID={account} AWS_SECRET_ACCESS_KEY=simulated AWS_DEFAULT_REGION={}",
            server.url(),
            built.as_ref().map_or("us-east-1", |built| built.loaded.spec.hub.region.as_str()),
        ))?;
        context.printer.say("Simulated accounts are served: every account id is its own access key. Ctrl-C ends it.");
        let signals = Signals::listen_saying(context, STOPPING)?;
        signals.cancel.reached(Cancelled::Stop).await;
        server.stop().await;
        Ok(Exit::Ok)
    })
}
