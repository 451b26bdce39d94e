//! The Terraform engine pushes images that are missing: after it has made their repository, or before it changes the service.
//!
//! moto has ECR's API and no registry; a real registry stands in for that part.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::Response;
use gwinfra::aws::{Clients, Credentials, Options};
use gwinfra::engine::{ApplyOptions, Engine, EventKind, ImageSource, Images};
use gwinfra::image::registry::Client;
use gwinfra::render::{Bundle, Target};

use crate::image_registry::{Registry, build_tagged, empty};
use crate::moto_server;
use crate::rehearsal::Rehearsal;
use crate::terraform_desk::{Desk, account, bundle, module, role};

/// Sends calls of a registry to one address, and all others to another.
#[derive(Clone)]
struct Fork {
    registry: String,
    moto: String,
    http: reqwest::Client,
}

async fn forward(State(fork): State<Fork>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let is_registry = path.starts_with("/v2/");
    let base = if is_registry { &fork.registry } else { &fork.moto };
    let mut sent = fork.http.request(parts.method, format!("{base}{path}"));
    for (name, value) in parts.headers.iter().filter(|(name, _)| **name != header::TRANSFER_ENCODING) {
        // The registry is open, and builds its addresses from the name that it is called by.
        let hidden = is_registry && (*name == header::AUTHORIZATION || *name == header::HOST);
        if !hidden {
            sent = sent.header(name, value);
        }
    }
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let answer = sent.body(body).send().await.unwrap();
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers().iter().filter(|(name, _)| **name != header::TRANSFER_ENCODING) {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.bytes().await.unwrap())).unwrap()
}

/// An engine whose calls go through the fork, with the middleware's image built and pushed nowhere.
struct Scene {
    hub: Target,
    desk: Desk,
    place: Rehearsal,
    registry: Registry,
}

impl Scene {
    async fn new() -> Option<Self> {
        let hub = account();
        let mut desk = Desk::new(&hub).await?;
        let registry = Registry::open()?;
        let fork = Fork {
            registry: format!("http://{}", registry.address),
            moto: moto_server::endpoint()?.to_owned(),
            http: reqwest::Client::new(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = axum::Router::new().fallback(forward).with_state(fork);
        tokio::spawn(async move { axum::serve(listener, router).await });
        desk.engine.clients = Clients::connect(Options {
            endpoint_url: Some(format!("http://{address}")),
            credentials: Credentials::Fixed { access_key_id: "testing".into(), secret_access_key: "none".into() },
            run: "test".into(),
            ..Options::default()
        })
        .await;
        let mut scene = Self { hub, desk, place: empty(), registry };
        scene.build(b"first", "1");
        Some(scene)
    }

    /// Builds another image. An engine lives as long as a command: it reads a layout once.
    fn build(&mut self, contents: &[u8], tag: &str) {
        build_tagged(&self.place, "image", contents, tag).expect(0);
        let source = ImageSource::Layout(self.place.path("image"));
        self.desk.engine.images = Images::new(BTreeMap::from([("middleware".to_owned(), source)]), Vec::new(), false);
    }

    fn digest(&self) -> String {
        let found = self.place.bare(&["image", "inspect", "image", "-o", "json"]).expect(0).json();
        found["digest"].as_str().unwrap().to_owned()
    }

    /// Names of the steps that have ended well, in order.
    fn steps(&self) -> Vec<String> {
        let events = self.desk.events.0.lock().unwrap();
        let step = |kind: &EventKind| match kind {
            EventKind::StepFinished { step, .. } => Some(step.clone()),
            _ => None,
        };
        events.iter().filter_map(|event| step(&event.kind)).collect()
    }

    /// Digest that the registry has for a tag.
    async fn pushed(&self, tag: &str) -> Option<String> {
        let client = Client::new(gwinfra::image::registry::Options::default()).unwrap();
        let image = format!("{}/acme/middleware:{tag}", self.registry.address).parse().unwrap();
        Some(client.repository(&image).head(tag).await.unwrap()?.digest.to_string())
    }
}

fn deployment(hub: &Target, tag: &str, words: &str) -> Bundle {
    let repository = "resource \"aws_ecr_repository\" \"middleware\" {\n  name = \"acme/middleware\"\n}\n".to_owned();
    let mut bundle = bundle(vec![module("hub", hub, &(repository + &role("gateway", words)))]);
    let image = format!("{}.dkr.ecr.us-east-1.amazonaws.com/acme/middleware:{tag}", hub.account);
    bundle.images.insert("middleware".into(), image);
    bundle
}

#[tokio::test]
async fn an_image_is_pushed_as_soon_as_its_repository_is_made_and_later_ones_before_the_change() {
    let Some(mut scene) = Scene::new().await else { return };
    let first = scene.desk.saved(&deployment(&scene.hub, "1", "one")).await;
    assert!(first.plan.inputs.images["middleware"].ends_with(&scene.digest()), "{:?}", first.plan.inputs);
    assert_eq!(first.plan.inputs.pushes.len(), 1);
    Engine::apply(&scene.desk.engine, &first, &ApplyOptions::default()).await.unwrap();
    assert_eq!(scene.steps(), ["hub", "push middleware"]);
    assert_eq!(scene.pushed("1").await, Some(scene.digest()));

    scene.build(b"second", "2");
    let second = scene.desk.saved(&deployment(&scene.hub, "2", "two")).await;
    assert!(second.plan.inputs.images["middleware"].ends_with(&scene.digest()));
    Engine::apply(&scene.desk.engine, &second, &ApplyOptions::default()).await.unwrap();
    assert_eq!(scene.steps(), ["hub", "push middleware", "push middleware", "hub"]);
    assert_eq!(scene.pushed("2").await, Some(scene.digest()));
}
