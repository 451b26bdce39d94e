//! Runs the service, or asks the running one whether it lives.

use std::process::ExitCode;

use axum::http::uri::PathAndQuery;
use gwinfra_middleware::app::App;
use gwinfra_middleware::config::{Config, ConfigError, Mock};
use gwinfra_middleware::{healthcheck, server, telemetry};
use tokio::signal::unix::{SignalKind, signal};

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "usage: middleware [healthcheck | mock-llm [healthcheck]]\nThe service is configured by environment variables: see its README.";
/// As `sysexits.h` says: wrong usage, and wrong configuration.
const WRONG_USAGE: u8 = 64;
const WRONG_CONFIGURATION: u8 = 78;
const MOCK_HEALTH: &str = "/health";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments {
        [] => configured(Config::read(variable), service),
        ["healthcheck"] => configured(Config::read(variable), async |config| told(healthcheck::check(config).await)),
        ["mock-llm"] => configured(Mock::read(variable), mock),
        ["mock-llm", "healthcheck"] => configured(both(), async |(config, mock): (Config, Mock)| {
            told(healthcheck::check_at(config, mock.listen, PathAndQuery::from_static(MOCK_HEALTH)).await)
        }),
        _ => {
            say(&USAGE);
            ExitCode::from(WRONG_USAGE)
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn both() -> Result<(Config, Mock), Vec<ConfigError>> {
    match (Config::read(variable), Mock::read(variable)) {
        (Ok(config), Ok(mock)) => Ok((config, mock)),
        (config, mock) => Err([config.err(), mock.err()].into_iter().flatten().flatten().collect()),
    }
}

/// Runs with the settings, or tells what is wrong with them.
fn configured<T>(settings: Result<T, Vec<ConfigError>>, work: impl AsyncFnOnce(T) -> ExitCode) -> ExitCode {
    match settings {
        Ok(settings) => run(work(settings)),
        Err(errors) => {
            errors.iter().for_each(say);
            ExitCode::from(WRONG_CONFIGURATION)
        }
    }
}

fn told(health: Result<(), String>) -> ExitCode {
    match health {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error);
            ExitCode::FAILURE
        }
    }
}

/// Serves a model that answers at once, until a signal ends it.
async fn mock(mock: Mock) -> ExitCode {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        say(&"signals cannot be waited for");
        return ExitCode::FAILURE;
    };
    let server = match gwinfra_mock_llm::Server::start(mock.listen, mock.settings, None).await {
        Ok(server) => server,
        Err(error) => {
            say(&error);
            return ExitCode::FAILURE;
        }
    };
    say(&format_args!("a mocked model answers at {}", server.url()));
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    server.stop().await;
    ExitCode::SUCCESS
}

/// One thread is quicker without the means to share work.
fn run(work: impl Future<Output = ExitCode>) -> ExitCode {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut builder = match cores {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    match builder.enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => {
            say(&error);
            ExitCode::FAILURE
        }
    }
}

async fn service(config: Config) -> ExitCode {
    let traces = match telemetry::logs::start(&config) {
        Ok(traces) => traces,
        Err(error) => {
            say(&error);
            return ExitCode::from(WRONG_CONFIGURATION);
        }
    };
    let listener = match server::listen(config.listen) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(address = %config.listen, %error, "the port cannot be opened");
            return ExitCode::FAILURE;
        }
    };
    let metrics = match config.metrics.map(server::listen).transpose() {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "the port of METRICS_ADDRESS cannot be opened");
            return ExitCode::FAILURE;
        }
    };
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be waited for");
        return ExitCode::FAILURE;
    };
    tracing::info!(address = %config.listen, upstream = %config.upstream, "serving");
    let app = App::new(config).await;
    if let Some(listener) = metrics {
        tokio::spawn(server::serve_metrics(app.clone(), listener));
    }
    server::serve(app, listener, async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
    .await;
    if let Some(traces) = traces {
        traces.stop().await;
    }
    ExitCode::SUCCESS
}

#[expect(clippy::print_stderr, reason = "before logging starts, and for people who run `healthcheck` by hand")]
fn say(message: &impl std::fmt::Display) {
    eprintln!("middleware: {message}");
}
