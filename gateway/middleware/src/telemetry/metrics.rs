//! Metrics, as Prometheus reads them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::places::Bound;

/// Bounds of histograms of times, in seconds: answers of models take seconds, the service itself well under a millisecond.
const BOUNDS: [f64; 14] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0, 600.0];

/// A route, by its pattern: few values, whatever clients ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Route(pub &'static str);

impl EncodeLabelValue for Route {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        self.0.encode(encoder)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    route: Route,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByRoute {
    route: Route,
}

/// How a turn of a chat session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TurnOutcome {
    /// Written whole.
    Saved,
    /// The client went away or the stream was cut: written as far as it went.
    Partial,
    /// The model said nothing that a session keeps: nothing is written.
    Empty,
    /// PostgreSQL was away.
    Failed,
}

impl EncodeLabelValue for TurnOutcome {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        let text = match self {
            Self::Saved => "saved",
            Self::Partial => "partial",
            Self::Empty => "empty",
            Self::Failed => "failed",
        };
        text.encode(encoder)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    outcome: TurnOutcome,
}

impl EncodeLabelValue for Bound {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        match self {
            Self::Requests => "requests",
            Self::Memory => "memory",
        }
        .encode(encoder)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByBound {
    bound: Bound,
}

type Times = Family<ByRoute, Histogram, fn() -> Histogram>;

/// All metrics.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<Request, Counter>,
    first_byte: Times,
    whole: Times,
    in_flight: Gauge,
    turns: Family<ByOutcome, Counter>,
    key_refusals: Family<ByBound, Counter>,
    refusals: Counter,
    /// Set when the metrics are read.
    body_bytes: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let times: fn() -> Histogram = || Histogram::new(BOUNDS);
        let (requests, turns, key_refusals) = (Family::default(), Family::default(), Family::default());
        let (in_flight, body_bytes, refusals) = (Gauge::default(), Gauge::default(), Counter::default());
        let (first_byte, whole) = (Family::new_with_constructor(times), Family::new_with_constructor(times));
        let mut registry = Registry::with_prefix("gwinfra_middleware");
        registry.register("requests", "Requests, by route and status", requests.clone());
        registry.register("time_to_head_seconds", "Time until the head of the answer", Times::clone(&first_byte));
        registry.register("duration_seconds", "Time until the end of the answer", Times::clone(&whole));
        registry.register("in_flight", "Requests whose answer has not ended", in_flight.clone());
        registry.register("history_turns", "Turns of chat sessions, by outcome", turns.clone());
        registry.register("body_bytes", "Bytes of request bodies in memory", body_bytes.clone());
        let help = "Requests refused because their key had its part, by what of";
        registry.register("key_refusals", help, Family::clone(&key_refusals));
        let help = "Requests refused because as many as may be were under way";
        registry.register("refusals", help, refusals.clone());
        let registry = Arc::new(registry);
        Self { registry, requests, first_byte, whole, in_flight, turns, key_refusals, refusals, body_bytes }
    }
}

impl Metrics {
    /// Notes that a request came.
    pub fn begin(&self) {
        self.in_flight.inc();
    }

    /// Notes the head of an answer.
    pub fn head(&self, route: Route, status: StatusCode, time: Duration) {
        self.requests.get_or_create(&Request { route, status: status.as_u16() }).inc();
        self.first_byte.get_or_create(&ByRoute { route }).observe(time.as_secs_f64());
    }

    /// Notes the end of an answer.
    pub fn end(&self, route: Route, time: Duration) {
        self.in_flight.dec();
        self.whole.get_or_create(&ByRoute { route }).observe(time.as_secs_f64());
    }

    /// Notes that a request ended without an answer.
    pub fn abandon(&self) {
        self.in_flight.dec();
    }

    /// Notes how a turn ended.
    pub fn turn(&self, outcome: TurnOutcome) {
        self.turns.get_or_create(&ByOutcome { outcome }).inc();
    }

    /// Notes that a request was refused because its key had its part.
    pub fn key_refused(&self, bound: Bound) {
        self.key_refusals.get_or_create(&ByBound { bound }).inc();
    }

    /// Notes that a request was refused because as many as may be were under way.
    pub fn refused(&self) {
        self.refusals.inc();
    }

    /// Everything, as text.
    pub fn text(&self, body_bytes: usize) -> String {
        self.body_bytes.set(i64::try_from(body_bytes).unwrap_or(i64::MAX));
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = text::encode(&mut text, &self.registry);
        text
    }
}
