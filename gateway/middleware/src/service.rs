//! What happens to every request: an id, a span, metrics, a line in the log, CORS, and routing.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode};
use bytes::Bytes;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use tracing::Instrument as _;

use crate::app::App;
use crate::cors;
use crate::request_id::{REQUEST_ID, RequestId};
use crate::routes::{self, route_of};
use crate::telemetry::metrics::Route;
use crate::telemetry::traces;

/// The service of all connections.
#[derive(Clone)]
pub struct Service {
    app: App,
    router: TowerToHyperService<Router>,
}

impl Service {
    /// The service of an application.
    pub fn new(app: App) -> Self {
        let router = TowerToHyperService::new(routes::router(app.clone()));
        Self { app, router }
    }

    async fn answer(self, request: Request<Incoming>) -> Response<Observed> {
        let route = route_of(request.uri().path());
        let id = RequestId::of(request.headers());
        let mut record = Record::new(self.app.clone(), id.clone(), route, request.method().clone());
        let origin = match self.app.config().cors_origins.as_slice() {
            [] => None,
            origins => cors::allowed(origins, request.headers()),
        };
        let mut response = match cors::preflight(origin.as_ref(), &request) {
            Some(response) => response,
            None => self.route(request, &id, route).await,
        };
        record.head(response.status());
        response.headers_mut().insert(REQUEST_ID, id.header());
        if let Some(origin) = origin {
            cors::mark(origin, response.headers_mut());
        }
        record.complete = response.body().is_end_stream();
        response.map(|body| Observed { body, record })
    }

    async fn route(&self, mut request: Request<Incoming>, id: &RequestId, route: Route) -> Response<Body> {
        let traced = self.app.config().traces.is_some();
        let span = tracing::info_span!(
            target: traces::TARGET, "request", otel.name = route.0, otel.kind = "server", request_id = id.as_str(),
            http.response.status_code = tracing::field::Empty,
        );
        if traced {
            traces::adopt(&span, request.headers_mut());
        }
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(id.clone());
        let response = self.router.call(request).instrument(span.clone()).await;
        let response = response.unwrap_or_else(|never| match never {});
        if traced {
            span.record("http.response.status_code", response.status().as_u16());
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
    id: RequestId,
    route: Route,
    method: Method,
    began: Instant,
    status: Option<StatusCode>,
    bytes: u64,
    complete: bool,
}

impl Record {
    fn new(app: App, id: RequestId, route: Route, method: Method) -> Self {
        app.metrics().begin();
        Self { app, id, route, method, began: Instant::now(), status: None, bytes: 0, complete: false }
    }

    fn head(&mut self, status: StatusCode) {
        self.status = Some(status);
        self.app.metrics().head(self.route, status, self.began.elapsed());
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let time = self.began.elapsed();
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
                    "request"
                )
            };
        }
        match status {
            // The load balancer and ECS ask every few seconds.
            200 if routes::is_health(self.route) => note!(debug),
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
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
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
