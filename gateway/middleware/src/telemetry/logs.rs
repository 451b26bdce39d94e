//! Structured logs: one JSON object per line on standard output.

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use super::traces::Traces;
use crate::config::{Config, ConfigError};

/// Starts logging, and traces if they are configured.
///
/// # Errors
/// If the filter of `LOG_LEVEL` cannot be read.
pub fn start(config: &Config) -> Result<Option<Traces>, ConfigError> {
    let filter = EnvFilter::try_new(&config.log).map_err(|error| ConfigError {
        variable: "LOG_LEVEL",
        reason: format!("`error`, `warn`, `info`, `debug`, or a filter such as `info,sqlx=debug`: {error}"),
    })?;
    let logs =
        tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
    let traces = match &config.traces {
        None => None,
        Some(endpoint) => Some(
            Traces::new(endpoint)
                .map_err(|error| ConfigError { variable: "OTEL_EXPORTER_OTLP_ENDPOINT", reason: error.to_string() })?,
        ),
    };
    tracing_subscriber::registry().with(logs.with_filter(filter)).with(traces.as_ref().map(Traces::layer)).init();
    Ok(traces)
}
