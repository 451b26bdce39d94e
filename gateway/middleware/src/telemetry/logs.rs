//! Structured logs: one JSON object per line on standard output.

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt as _, LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use super::traces::Traces;
use crate::config::{Config, ConfigError};

/// What a filter of `LOG_LEVEL` lets through.
///
/// # Errors
/// Why it is none. A word that is no level would be the name of a module, and switch all others off: it is refused.
pub fn filter(text: &str) -> Result<EnvFilter, String> {
    let is_level = |word: &str| word.parse::<LevelFilter>().is_ok();
    let bare = |word: &&str| !word.is_empty() && !word.contains(['=', '[', ']', '{', '}']);
    if let Some(word) = text.split(',').map(str::trim).filter(bare).find(|word| !is_level(word)) {
        return Err(format!("`{word}` is no level"));
    }
    EnvFilter::try_new(text).map_err(|error| error.to_string())
}

/// Beginnings of the modules of AWS's libraries that sign and send requests. Below `info` they write session tokens and signed
/// addresses.
const SIGNING: [&str; 3] = ["aws_runtime::auth", "aws_sigv4", "aws_smithy"];

/// Whether a line of that kind may be written, whatever `LOG_LEVEL` says.
fn holds_no_secret(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO || !SIGNING.iter().any(|module| metadata.target().starts_with(module))
}

/// Starts logging, and traces if they are configured.
///
/// # Errors
/// If the filter of `LOG_LEVEL` cannot be read.
pub fn start(config: &Config) -> Result<Option<Traces>, ConfigError> {
    let filter = filter(&config.log).map_err(|reason| ConfigError { variable: "LOG_LEVEL", reason })?;
    let logs =
        tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
    let traces = match &config.traces {
        None => None,
        Some(endpoint) => Some(
            Traces::new(endpoint.reveal())
                .map_err(|error| ConfigError { variable: "OTEL_EXPORTER_OTLP_ENDPOINT", reason: error.to_string() })?,
        ),
    };
    let filter = filter.and(filter_fn(holds_no_secret));
    tracing_subscriber::registry().with(logs.with_filter(filter)).with(traces.as_ref().map(Traces::layer)).init();
    Ok(traces)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tracing::{Event, Subscriber};
    use tracing_subscriber::layer::Context;

    use super::*;

    /// Counts lines.
    struct Lines(Arc<AtomicUsize>);

    impl<S: Subscriber> tracing_subscriber::Layer<S> for Lines {
        fn on_event(&self, _event: &Event<'_>, _context: Context<'_, S>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// How many lines are written of what some code says.
    fn lines(code: impl FnOnce()) -> usize {
        let count = Arc::new(AtomicUsize::new(0));
        let layer = Lines(Arc::clone(&count)).with_filter(filter_fn(holds_no_secret));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), code);
        count.load(Ordering::SeqCst)
    }

    #[test]
    fn what_signs_and_sends_requests_to_aws_writes_nothing_below_info() {
        macro_rules! says {
            ($target:literal) => {
                lines(|| {
                    tracing::trace!(target: $target, "a token");
                    tracing::debug!(target: $target, "a token");
                })
            };
        }
        assert_eq!(says!("aws_runtime::auth::sigv4"), 0);
        assert_eq!(says!("aws_sigv4::http_request::sign"), 0);
        assert_eq!(says!("aws_smithy_runtime::client::orchestrator"), 0);
        assert_eq!(says!("aws_smithy_http_client::client"), 0);
        assert_eq!(says!("aws_config::profile"), 2);
        assert_eq!(lines(|| tracing::info!(target: "aws_sigv4::http_request::sign", "fine")), 1);
    }
}
