//! Calls that go wrong, through the real clients.

use gwinfra::aws::{Clients, Credentials, Error, Options as ClientOptions, Session};
use gwinfra::render::Target;
use gwinfra::simulator::clock::{Clock, Pace};
use gwinfra::simulator::scenario::Scenario;
use gwinfra::simulator::server::{Options, Server};
use gwinfra::simulator::{Resource, World};

use serde_json::json;

use crate::deployment::{Desk, HUB, target};

/// A simulator under a script of faults, and a desk at it.
async fn with(faults: &str) -> (Server, Desk) {
    let mut world = World::new(1, Clock::new(Pace::Fast));
    world.scenario = Scenario::parse(faults).unwrap();
    let server = Server::start(world, Options::default()).await.unwrap();
    let desk = Desk::new(&server.url(), HUB).await;
    (server, desk)
}

fn hub(desk: &Desk) -> Session {
    desk.engine.clients.session(&target(HUB))
}

async fn failure(faults: &str) -> Error {
    let (_server, desk) = with(faults).await;
    hub(&desk).cloudformation().stack("acme-network").await.unwrap_err()
}

#[tokio::test]
async fn a_throttled_call_is_tried_again_and_shown() {
    let (_server, desk) = with("faults: [{match: {action: DescribeStacks}, times: 2, throttle: {}}]").await;
    assert_eq!(hub(&desk).cloudformation().stack("acme-network").await.unwrap(), None);
    let retries = desk.retries.lock().unwrap();
    assert_eq!(retries.iter().map(|retry| retry.attempt).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(retries[0].call, "cloudformation:DescribeStacks");
    assert!(retries[0].reason.starts_with("Throttling"), "{}", retries[0].reason);
}

#[tokio::test]
async fn a_servers_own_trouble_passes() {
    let (_server, desk) =
        with("faults: [{match: {action: DescribeStacks}, times: 1, server_error: {status: 503}}]").await;
    assert_eq!(hub(&desk).cloudformation().stack("acme-network").await.unwrap(), None);
    assert_eq!(desk.retries.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_lost_connection_is_tried_again() {
    let (_server, desk) = with("faults: [{match: {action: DescribeStacks}, times: 1, drop_connection: {}}]").await;
    assert_eq!(hub(&desk).cloudformation().stack("acme-network").await.unwrap(), None);
}

#[tokio::test]
async fn expired_credentials_are_told_apart() {
    let error = failure("faults: [{match: {action: DescribeStacks}, expire_credentials: {}}]").await;
    assert!(matches!(error, Error::ExpiredCredentials { .. }), "{error:?}");
    assert!(error.is_preflight());
}

#[tokio::test]
async fn a_refusal_names_action_and_resource() {
    let faults = "
faults:
  - match: {action: DescribeStacks}
    refuse:
      code: AccessDenied
      status: 403
      message: 'User: arn:aws:iam::111122223333:user/dev is not authorized to perform: cloudformation:DescribeStacks on resource: arn:aws:cloudformation:us-east-1:111122223333:stack/acme-network/* because no identity-based policy allows it'
";
    let error = failure(faults).await;
    let Error::AccessDenied { action, resource, .. } = &error else { panic!("{error:?}") };
    assert_eq!(&**action, "cloudformation:DescribeStacks");
    assert_eq!(&**resource, "arn:aws:cloudformation:us-east-1:111122223333:stack/acme-network/*");
}

#[tokio::test]
async fn an_endpoint_that_nobody_listens_on_is_unreachable() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let desk = Desk::new(&format!("http://127.0.0.1:{port}"), HUB).await;
    let error = hub(&desk).identity().await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn the_page_of_something_else_is_shown_without_its_markup() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let page = "<html><head><title>Proxy</title></head><body><h1>Login   required</h1></body></html>";
    let router = axum::Router::new()
        .fallback(move || async move { (axum::http::StatusCode::INTERNAL_SERVER_ERROR, axum::response::Html(page)) });
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let desk = Desk::new(&url, HUB).await;
    let error = hub(&desk).identity().await.unwrap_err();
    let Error::NotAws { status: 500, excerpt, .. } = &error else { panic!("{error:?}") };
    assert_eq!(excerpt, "Proxy Login required");
    serving.abort();
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_named() {
    let (_server, desk) = with("{}").await;
    let role = "arn:aws:iam::222222222222:role/gwinfra-deploy".to_owned();
    let elsewhere = Target { deploy_role: Some(role), ..target("222222222222") };
    let error = desk.engine.clients.session(&elsewhere).verify_account().await.unwrap_err();
    let Error::AccessDenied { action, .. } = &error else { panic!("{error:?}") };
    assert_eq!(&**action, "sts:AssumeRole");
}

#[tokio::test]
async fn a_deploy_role_is_assumed_for_every_call() {
    let (server, _) = with("{}").await;
    gwinfra::simulator::assumed::assume(
        &mut server.world().lock(),
        &gwinfra::simulator::assumed::Assumed {
            account: HUB.into(),
            region: "us-east-1".into(),
            roles: vec!["arn:aws:iam::222222222222:role/gwinfra-deploy".into()],
            ..Default::default()
        },
    );
    let clients = Clients::connect(ClientOptions {
        endpoint_url: Some(server.url()),
        credentials: Credentials::Fixed { access_key_id: HUB.into(), secret_access_key: "none".into() },
        run: "20260102-ab".into(),
        ..ClientOptions::default()
    })
    .await;
    let role = Some("arn:aws:iam::222222222222:role/gwinfra-deploy".to_owned());
    let identity = clients.session(&Target { deploy_role: role, ..target("222222222222") }).verify_account().await;
    assert_eq!(identity.unwrap().arn, "arn:aws:sts::222222222222:assumed-role/gwinfra-deploy/gwinfra-20260102-ab");
}

/// A service with this many deployments, one a minute, newest first; only the oldest failed.
fn with_deployments(count: i64) -> World {
    let mut world = World::new(1, Clock::new(Pace::Fast));
    let now = world.now();
    let put = |world: &mut World, kind: &str, id: &str, properties: serde_json::Value, runtime: serde_json::Value| {
        let mut resource = Resource::new(kind, id, properties, now);
        resource.runtime = runtime;
        world.put(HUB, "us-east-1", resource);
    };
    let deployments: Vec<_> = (0..count)
        .map(|age| {
            let at = now - jiff::SignedDuration::from_mins(age + 1);
            json!({
                "id": format!("ecs-svc/{age}"), "arn": format!("arn:deployment/{age}"), "revision": "arn:revision",
                "task_definition": "t:1", "desired": 2, "created_at": at, "ends_at": at, "reason": "no",
                "outcome": if age + 1 == count { "ROLLBACK_SUCCESSFUL" } else { "SUCCESSFUL" },
            })
        })
        .collect();
    put(&mut world, "AWS::ECS::Cluster", "acme", json!({"ClusterName": "acme"}), json!({}));
    let service = json!({"ServiceName": "gateway", "Cluster": "acme", "TaskDefinition": "t:1"});
    put(&mut world, "AWS::ECS::Service", "gateway", service, json!({"deployments": deployments}));
    world
}

#[tokio::test]
async fn a_deployment_on_a_later_page_is_found() {
    let server = Server::start(with_deployments(45), Options::default()).await.unwrap();
    let desk = Desk::new(&server.url(), HUB).await;
    let session = hub(&desk);
    let found = session.ecs().newest_failed_deployment("acme", "gateway").await.unwrap().unwrap();
    assert_eq!((found.arn.as_str(), found.status.as_str()), ("arn:deployment/44", "ROLLBACK_SUCCESSFUL"));
    let pages = server.world().lock().calls["ecs:ListServiceDeployments"];
    assert_eq!(pages, 3, "45 deployments come 20 at a time");
    let newest = session.ecs().newest_deployment("acme", "gateway").await.unwrap().unwrap();
    assert_eq!(newest.arn, "arn:deployment/0");
}
