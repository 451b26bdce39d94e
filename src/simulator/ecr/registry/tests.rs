use axum::http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};

use super::super::super::clock::{Clock, Pace};
use super::super::super::protocol::{HttpReply, HttpRequest};
use super::super::super::resource::Resource;
use super::super::super::world::World;
use super::super::REPOSITORY;
use super::super::images::sha256;
use super::*;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";

fn world(mutability: &str) -> World {
    let mut world = World::new(1, Clock::new(Pace::Fast));
    let now = world.now();
    let properties = json!({"RepositoryName": "acme/llm", "ImageTagMutability": mutability});
    world.put(ACCOUNT, REGION, Resource::new(REPOSITORY, "acme/llm", properties, now));
    world
}

fn header(world: &World) -> String {
    let (password, _) = password(world, ACCOUNT, REGION);
    format!("Basic {}", aws_smithy_types::base64::encode(format!("AWS:{password}")))
}

fn request(method: Method, path: &str, body: &[u8]) -> HttpRequest {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    HttpRequest {
        method,
        path: path.to_owned(),
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers: HeaderMap::new(),
        body: body.to_vec().into(),
    }
}

fn call(world: &mut World, method: Method, path: &str, body: &[u8]) -> HttpReply {
    let mut request = request(method, path, body);
    request.headers.insert("authorization", HeaderValue::from_str(&header(world)).unwrap());
    answer(world, &request)
}

fn upload(world: &mut World, bytes: &[u8]) -> String {
    let begun = call(world, Method::POST, "/v2/acme/llm/blobs/uploads/", b"");
    assert_eq!(begun.status, 202);
    let place = begun.headers["location"].to_str().unwrap().to_owned();
    let digest = sha256(bytes);
    let ended = call(world, Method::PUT, &format!("{place}?digest={digest}"), bytes);
    assert_eq!(ended.status, 201);
    digest
}

fn manifest(world: &mut World, layer: &[u8]) -> String {
    let (config, layer) = (upload(world, b"{}"), upload(world, layer));
    json!({"schemaVersion": 2, "config": {"digest": config}, "layers": [{"digest": layer, "size": 5}]}).to_string()
}

fn code(reply: &HttpReply) -> String {
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    body["errors"][0]["code"].as_str().unwrap().to_owned()
}

#[test]
fn an_image_comes_back_by_tag_and_by_digest() {
    let mut world = world("MUTABLE");
    let text = manifest(&mut world, b"layer");
    let put = call(&mut world, Method::PUT, "/v2/acme/llm/manifests/1", text.as_bytes());
    assert_eq!((put.status.as_u16(), put.headers.contains_key("location")), (201, false));
    for wanted in ["1", &sha256(text.as_bytes())] {
        let found = call(&mut world, Method::GET, &format!("/v2/acme/llm/manifests/{wanted}"), b"");
        assert_eq!((found.status.as_u16(), &found.body[..]), (200, text.as_bytes()));
    }
    let head = call(&mut world, Method::HEAD, "/v2/acme/llm/manifests/1", b"");
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
}

#[test]
fn a_request_without_a_password_is_told_how_to_come_by_one() {
    let mut world = world("MUTABLE");
    let reply = answer(&mut world, &request(Method::GET, "/v2/", b""));
    assert_eq!(reply.status, 401);
    assert!(reply.headers["www-authenticate"].to_str().unwrap().starts_with("Basic realm="));
}

#[test]
fn a_password_that_somebody_made_up_or_changed_is_refused() {
    let mut world = world("MUTABLE");
    let (good, _) = password(&world, ACCOUNT, REGION);
    let text = String::from_utf8(aws_smithy_types::base64::decode(good).unwrap()).unwrap();
    let other = aws_smithy_types::base64::encode(text.replace(ACCOUNT, "999988887777"));
    for password in ["guess", &other] {
        let mut request = request(Method::GET, "/v2/", b"");
        let header = format!("Basic {}", aws_smithy_types::base64::encode(format!("AWS:{password}")));
        request.headers.insert("authorization", HeaderValue::from_str(&header).unwrap());
        assert_eq!(answer(&mut world, &request).status, 401, "{password}");
    }
}

#[test]
fn a_password_is_for_one_registry() {
    let mut world = world("MUTABLE");
    let mut request = request(Method::GET, "/v2/", b"");
    request.headers.insert("authorization", HeaderValue::from_str(&header(&world)).unwrap());
    request.headers.insert("host", HeaderValue::from_static("111122223333.dkr.ecr.eu-west-1.amazonaws.com"));
    assert_eq!(answer(&mut world, &request).status, 403);
}

#[test]
fn an_immutable_tag_stays_what_it_is() {
    let mut world = world("IMMUTABLE");
    let (one, other) = (manifest(&mut world, b"one"), manifest(&mut world, b"other"));
    let put = |world: &mut World, text: &str| call(world, Method::PUT, "/v2/acme/llm/manifests/1", text.as_bytes());
    assert_eq!(put(&mut world, &one).status, 201);
    assert_eq!(put(&mut world, &one).status, 201);
    let refused = put(&mut world, &other);
    assert_eq!((refused.status.as_u16(), code(&refused).as_str()), (400, "TAG_INVALID"));
}

#[test]
fn a_manifest_whose_parts_are_missing_is_refused() {
    let mut world = world("MUTABLE");
    let text = json!({"schemaVersion": 2, "config": {"digest": sha256(b"x")}, "layers": []}).to_string();
    let reply = call(&mut world, Method::PUT, "/v2/acme/llm/manifests/1", text.as_bytes());
    assert_eq!(code(&reply), "BLOB_UNKNOWN");
    let index = json!({"schemaVersion": 2, "manifests": [{"digest": sha256(b"x")}]}).to_string();
    let reply = call(&mut world, Method::PUT, "/v2/acme/llm/manifests/1", index.as_bytes());
    assert_eq!(code(&reply), "MANIFEST_BLOB_UNKNOWN");
}

#[test]
fn a_blob_in_parts_is_put_together() {
    let mut world = world("MUTABLE");
    let begun = call(&mut world, Method::POST, "/v2/acme/llm/blobs/uploads/", b"");
    let place = begun.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(call(&mut world, Method::PATCH, &place, b"on").status, 201);
    assert_eq!(call(&mut world, Method::PATCH, &place, b"e").status, 201);
    let digest = sha256(b"one");
    assert_eq!(call(&mut world, Method::PUT, &format!("{place}?digest={digest}"), b"").status, 201);
    let found = call(&mut world, Method::GET, &format!("/v2/acme/llm/blobs/{digest}"), b"");
    assert_eq!(&found.body[..], b"one");
}

#[test]
fn a_blob_that_is_not_what_its_digest_says_is_refused() {
    let mut world = world("MUTABLE");
    let begun = call(&mut world, Method::POST, "/v2/acme/llm/blobs/uploads/", b"");
    let place = begun.headers["location"].to_str().unwrap().to_owned();
    let reply = call(&mut world, Method::PUT, &format!("{place}?digest={}", sha256(b"other")), b"one");
    assert_eq!(code(&reply), "DIGEST_INVALID");
}

#[test]
fn a_blob_of_another_repository_is_not_there() {
    let mut world = world("MUTABLE");
    let now = world.now();
    world.put(ACCOUNT, REGION, Resource::new(REPOSITORY, "other", json!({"RepositoryName": "other"}), now));
    let digest = upload(&mut world, b"layer");
    assert_eq!(call(&mut world, Method::HEAD, &format!("/v2/other/blobs/{digest}"), b"").status, 404);
    let mount = format!("/v2/other/blobs/uploads/?mount={digest}&from=acme/llm");
    assert_eq!(call(&mut world, Method::POST, &mount, b"").status, 202);
}

#[test]
fn a_repository_that_is_not_there_is_named() {
    let mut world = world("MUTABLE");
    let reply = call(&mut world, Method::GET, "/v2/nowhere/manifests/1", b"");
    assert_eq!(code(&reply), "NAME_UNKNOWN");
}

#[test]
fn what_is_about_an_image_is_listed() {
    let mut world = world("MUTABLE");
    let image = manifest(&mut world, b"layer");
    call(&mut world, Method::PUT, "/v2/acme/llm/manifests/1", image.as_bytes());
    let subject = sha256(image.as_bytes());
    let config = upload(&mut world, b"{}");
    let about = json!({
        "schemaVersion": 2, "artifactType": "a/b", "config": {"digest": config}, "layers": [],
        "subject": {"digest": subject},
    });
    let about = about.to_string();
    let path = format!("/v2/acme/llm/manifests/{}", sha256(about.as_bytes()));
    let put = call(&mut world, Method::PUT, &path, about.as_bytes());
    assert_eq!(put.headers["oci-subject"], subject.as_str());
    let list = call(&mut world, Method::GET, &format!("/v2/acme/llm/referrers/{subject}"), b"");
    let list: Value = serde_json::from_slice(&list.body).unwrap();
    assert_eq!(list["manifests"][0]["artifactType"], "a/b");
    assert_eq!(list["manifests"].as_array().map(Vec::len), Some(1));
}
