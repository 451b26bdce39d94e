//! What happens to every request: an id, a span, metrics, a line in the log, CORS, and routing.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::http::header::EXPECT;
use axum::http::{HeaderMap, Method, Request, Response, StatusCode};
use bytes::Bytes;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::app::App;
use crate::auth::Credential;
use crate::body::Rest;
use crate::broken::Broken;
use crate::client::Requests;
use crate::cors;
use crate::places::UnderWay;
use crate::request_id::{REQUEST_ID, RequestId};
use crate::routes::{self, route_of};
use crate::telemetry::metrics::Route;
use crate::telemetry::traces;

/// The service of all connections, or of one.
#[derive(Clone)]
pub struct Service {
    app: App,
    router: TowerToHyperService<Router>,
    requests: Requests,
}

impl Service {
    /// The service of an application.
    pub fn new(app: App) -> Self {
        let router = TowerToHyperService::new(routes::router(app.clone()));
        Self { app, router, requests: Requests::default() }
    }

    /// The service of one connection.
    pub fn of(self, requests: Requests) -> Self {
        Self { requests, ..self }
    }

    async fn answer(self, mut request: Request<Incoming>) -> Response<Observed> {
        let route = route_of(request.uri().path());
        let id = RequestId::of(request.headers());
        let (app, method) = (self.app.clone(), request.method().clone());
        let mut record = Record::new(app, self.requests.clone(), id.clone(), route, method);
        let origin = match self.app.config().cors_origins.as_slice() {
            [] => None,
            origins => cors::allowed(origins, request.headers()),
        };
        let mut response = match cors::preflight(origin.as_ref(), &request) {
            Some(response) => response,
            None => {
                let span = record.span(request.headers_mut());
                self.route(request, &mut record).instrument(span).await
            }
        };
        record.head(response.status());
        response.headers_mut().insert(REQUEST_ID, id.header());
        if let Some(origin) = origin {
            cors::mark(origin, response.headers_mut());
        }
        record.broken = response.extensions_mut().remove();
        record.complete = response.body().is_end_stream();
        response.map(|body| Observed { body, record })
    }

    async fn route(&self, request: Request<Incoming>, record: &mut Record) -> Response<Body> {
        let (limit, waits) = (self.app.config().body_limit, request.headers().contains_key(EXPECT));
        // A body that is too large is larger than the limit.
        let mut request = request.map(|body| Body::new(Rest::new(body, limit.saturating_mul(2), waits)));
        // Whether it is a key, LiteLLM says; who has none is refused by the route.
        if !routes::is_health(record.route) {
            let credential = Credential::from_headers(request.headers()).ok();
            match self.app.places().begin(credential.as_ref()) {
                Ok(under_way) => {
                    if let Some(place) = under_way.place() {
                        request.extensions_mut().insert(place.clone());
                    }
                    record.under_way = Some(under_way);
                }
                Err(failure) => return failure.response(routes::dialect_of(request.uri().path()), &record.id),
            }
        }
        request.extensions_mut().insert(record.id.clone());
        let response = self.router.call(request).await;
        let response = response.unwrap_or_else(|never| match never {});
        // Nothing but health succeeds without LiteLLM's word about the key, or the issuer's about the token.
        if response.status().is_success()
            && let Some(under_way) = &mut record.under_way
        {
            under_way.accept();
        }
        response
    }
}

impl hyper::service::Service<Request<Incoming>> for Service {
    type Response = Response<Observed>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(service.answer(request).await) })
    }
}

/// What is noted of a request, when its answer has ended or its client is gone.
struct Record {
    app: App,
    requests: Requests,
    /// Open until the answer has ended, if traces are made.
    span: Span,
    id: RequestId,
    route: Route,
    method: Method,
    began: Instant,
    status: Option<StatusCode>,
    bytes: u64,
    complete: bool,
    /// It counts, also for its key, until its answer has ended.
    under_way: Option<UnderWay>,
    /// Whether the answer broke off on LiteLLM's side.
    failed: bool,
    /// Why its body ended before its end.
    error: Option<String>,
    /// The same of one whose body does not fail.
    broken: Option<Broken>,
}

impl Record {
    fn new(app: App, requests: Requests, id: RequestId, route: Route, method: Method) -> Self {
        app.metrics().begin();
        requests.begin();
        let (began, span) = (Instant::now(), Span::none());
        Self {
            app,
            requests,
            span,
            id,
            route,
            method,
            began,
            status: None,
            bytes: 0,
            complete: false,
            under_way: None,
            failed: false,
            error: None,
            broken: None,
        }
    }

    /// The span of the request, a child of the caller's.
    fn span(&mut self, headers: &mut HeaderMap) -> Span {
        let span = tracing::info_span!(
            target: traces::TARGET, "request", otel.name = self.route.0, otel.kind = "server",
            request_id = self.id.as_str(), http.request.method = Empty, http.route = Empty,
            http.response.status_code = Empty, otel.status_code = Empty,
        );
        if self.app.config().traces.is_some() {
            traces::adopt(&span, headers);
            span.record("http.request.method", self.method.as_str());
            span.record("http.route", self.route.0);
            self.span = span.clone();
        }
        span
    }

    fn head(&mut self, status: StatusCode) {
        self.status = Some(status);
        self.span.record("http.response.status_code", status.as_u16());
        self.app.metrics().head(self.route, status, self.began.elapsed());
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let time = self.began.elapsed();
        self.requests.end();
        if self.broken.as_ref().is_some_and(Broken::is_set) {
            (self.failed, self.complete) = (true, false);
        }
        // What is the client's mistake is no error of a server's span.
        if self.failed || self.status.is_some_and(|status| status.is_server_error()) {
            self.span.record("otel.status_code", "ERROR");
        }
        // A span ends when it is left for the last time, not when it is dropped.
        self.span.in_scope(|| ());
        let status = self.status.map_or(0, |status| status.as_u16());
        match self.status {
            Some(_) => self.app.metrics().end(self.route, time),
            None => self.app.metrics().abandon(),
        }
        let milliseconds = u64::try_from(time.as_micros()).unwrap_or(u64::MAX) as f64 / 1000.0;
        let (id, method, route, bytes) = (self.id.as_str(), self.method.as_str(), self.route.0, self.bytes);
        // The level of a line is part of where it stands in the code.
        macro_rules! note {
            ($level:ident) => {
                tracing::$level!(
                    request_id = id,
                    method,
                    route,
                    status,
                    milliseconds,
                    bytes,
                    complete = self.complete,
                    error = self.error.as_deref(),
                    "request"
                )
            };
        }
        match status {
            // The load balancer and ECS ask every few seconds.
            200 if routes::is_health(self.route) => note!(debug),
            _ if self.failed => note!(warn),
            500.. => note!(warn),
            _ => note!(info),
        }
    }
}

/// The body of an answer, whose end is noted.
pub struct Observed {
    body: Body,
    record: Record,
}

impl hyper::body::Body for Observed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                self.record.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
                self.record.complete |= self.body.is_end_stream();
            }
            Poll::Ready(None) => self.record.complete = true,
            Poll::Ready(Some(Err(error))) => (self.record.failed, self.record.error) = (true, Some(error.to_string())),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
