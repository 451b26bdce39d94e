//! Traces over OTLP. Each request is a span, a child of the caller's if it sends `traceparent`.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::runtime::Tokio;
use opentelemetry_sdk::trace::SdkTracerProvider;
use opentelemetry_sdk::trace::span_processor_with_async_runtime::BatchSpanProcessor;
use tracing::Subscriber;
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, filter};

use super::collector::Collector;

/// Target of the spans that are exported.
pub const TARGET: &str = "gwinfra_middleware::request";
const SERVICE: &str = "gwinfra-middleware";

/// Why no traces can be sent.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// No client of the collector could be made.
    #[error("no client of the collector could be made")]
    Client(#[source] reqwest::Error),
    /// The exporter does not take its settings.
    #[error("the exporter does not take its settings")]
    Exporter(#[source] ExporterBuildError),
}

/// Sends traces.
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Sends traces to a collector: `http://127.0.0.1:4318`.
    ///
    /// # Errors
    /// If the address, or the client that is made for it, cannot be used.
    pub fn new(endpoint: &str) -> Result<Self, TracesError> {
        let endpoint = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Collector::new().map_err(TracesError::Client)?)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(endpoint)
            .build()
            .map_err(TracesError::Exporter)?;
        // In this service's own runtime, which the exporter's client needs.
        let processor = BatchSpanProcessor::builder(exporter, Tokio).build();
        let resource = Resource::builder().with_service_name(SERVICE).build();
        Ok(Self(SdkTracerProvider::builder().with_resource(resource).with_span_processor(processor).build()))
    }

    /// The layer that makes spans.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let spans = OpenTelemetryLayer::new(self.0.tracer(SERVICE));
        spans.with_filter(filter::filter_fn(|metadata| metadata.is_span() && metadata.target() == TARGET))
    }

    /// Sends what is left.
    pub async fn stop(self) {
        let provider = self.0;
        // It blocks until everything is sent, and sending needs this runtime.
        let _ = tokio::task::spawn_blocking(move || provider.shutdown()).await;
    }
}

/// Makes a span the child of the caller's, and the headers those of a call that is made within it.
pub fn adopt(span: &tracing::Span, headers: &mut HeaderMap) {
    let propagator = TraceContextPropagator::new();
    // It fails if the span is not recorded.
    let _ = span.set_parent(propagator.extract(&Headers(headers)));
    propagator.inject_context(&span.context(), &mut Headers(headers));
}

struct Headers<'a>(&'a mut HeaderMap);

impl Injector for Headers<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}
