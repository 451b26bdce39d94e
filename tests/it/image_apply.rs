//! Images in simulated accounts: an apply pushes what is missing, to a registry that Docker's own clients understand, too.

use std::collections::BTreeMap;

use gwinfra::aws::{Clients, Credentials, Options};
use gwinfra::engine::{ApplyOptions, Engine, EngineError, ImageSource, Images};
use gwinfra::image::document::{CONFIG, Manifest};
use gwinfra::image::layout::Layout;
use gwinfra::image::{Descriptor, Document};
use gwinfra::plan::SavedPlan;
use gwinfra::render::{Bundle, ParameterValue};
use gwinfra::simulator::World;
use gwinfra::simulator::clock::{Clock, Pace};
use gwinfra::simulator::server::{self, Server};
use serde_json::Value;

use crate::deployment::{Desk, HUB, bundle, stack, target};
use crate::image_registry::{Registry, build, build_tagged, built, program, skopeo};
use crate::rehearsal::Rehearsal;
use crate::served::Served;

/// Where the middleware of [`crate::rehearsal::SPEC`] belongs.
fn own() -> String {
    format!("{HUB}.dkr.ecr.us-east-1.amazonaws.com/acme-llm/middleware:{}", env!("CARGO_PKG_VERSION"))
}

/// A deployment whose middleware has been built and pushed nowhere; and the image's digest.
fn with_image() -> (Rehearsal, String) {
    let rehearsal = Rehearsal::new();
    build(&rehearsal, ".gwinfra/images/middleware", b"first").expect(0);
    let digest = digest_in(&rehearsal);
    (rehearsal, digest)
}

fn digest_in(rehearsal: &Rehearsal) -> String {
    let layout = ["image", "inspect", ".gwinfra/images/middleware", "-o", "json"];
    rehearsal.bare(&layout).expect(0).json()["digest"].as_str().unwrap().to_owned()
}

/// Password of the registry of a simulator.
fn password(url: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let clients = Clients::connect(Options {
            endpoint_url: Some(url.to_owned()),
            credentials: Credentials::Fixed { access_key_id: HUB.to_owned(), secret_access_key: "none".into() },
            ..Options::default()
        })
        .await;
        clients.session(&target(HUB)).ecr().authorization().await.unwrap().password
    })
}

#[test]
fn a_plan_knows_the_digest_of_an_image_before_its_repository_exists() {
    let (rehearsal, digest) = with_image();
    let plan = rehearsal.run(&["plan", "-o", "json"]).expect(0).json();
    assert!(plan["inputs"]["images"]["middleware"].as_str().unwrap().ends_with(&digest), "{}", plan["inputs"]);
    assert_eq!(plan["inputs"]["pushes"]["middleware"], ".gwinfra/images/middleware");
    let text = rehearsal.run(&["plan"]).expect(0).stdout;
    assert!(text.contains("pushed by the apply, from .gwinfra/images/middleware"), "{text}");
}

#[test]
fn an_apply_pushes_the_image_between_the_repository_and_the_service() {
    let (rehearsal, digest) = with_image();
    let applied = rehearsal.apply();
    let line = |words: &str| applied.stderr.lines().position(|line| line.contains(words));
    let (made, pushed, served) = (line("✔ foundation"), line("✔ push middleware: pushed"), line("✔ gateway"));
    assert!(made < pushed && pushed < served && made.is_some(), "{}", applied.stderr);
    let found = rehearsal.run(&["image", "inspect", &own(), "-o", "json"]).expect(0).json();
    assert_eq!(found["digest"].as_str(), Some(digest.as_str()));
    assert_eq!(found["sboms"].as_array().map(Vec::len), Some(1), "{found}");
    let again = rehearsal.apply();
    assert!(again.stderr.contains("No changes"), "{}", again.stderr);
}

#[test]
fn the_push_is_in_the_journal() {
    let (rehearsal, _) = with_image();
    rehearsal.apply();
    let runs = crate::rehearsal::files_below(&rehearsal.path(".gwinfra/acme-llm/runs"));
    let journal: String = runs.iter().map(|path| fs_err::read_to_string(path).unwrap()).collect();
    let steps: Vec<&str> = journal.lines().filter(|line| line.contains("push middleware")).collect();
    assert_eq!(steps.len(), 2, "{journal}");
}

#[test]
fn another_version_is_pushed_and_shown_as_a_change_from_digest_to_digest() {
    let (rehearsal, first) = with_image();
    rehearsal.apply();
    build_tagged(&rehearsal, ".gwinfra/images/middleware", b"second", "2").expect(0);
    let second = digest_in(&rehearsal);
    // The tag of this version is taken, and stays what it is.
    let unchanged = rehearsal.run(&["plan"]).expect(0);
    assert!(!unchanged.stdout.contains(&second), "{}", unchanged.stdout);
    let image = own().replace(env!("CARGO_PKG_VERSION"), "2");
    rehearsal.change(
        "tags: {team: platform}",
        &format!("gateway: {{middleware: {{image: \"{image}\"}}}}\ntags: {{team: platform}}"),
    );
    let plan = rehearsal.run(&["plan"]).expect(0).stdout;
    let short = |digest: &str| format!("acme-llm/middleware@{}…", &digest[..19]);
    assert!(plan.contains(&format!("{} → {}", short(&first), short(&second))), "{plan}");
    let applied = rehearsal.apply();
    assert!(applied.stderr.contains("push middleware: pushed"), "{}", applied.stderr);
    let found = rehearsal.run(&["image", "inspect", &image, "-o", "json"]).expect(0).json();
    assert_eq!(found["digest"].as_str(), Some(second.as_str()));
}

#[test]
fn what_was_built_for_one_version_is_not_pushed_as_another() {
    let (rehearsal, _) = with_image();
    let image = own().replace(env!("CARGO_PKG_VERSION"), "2");
    rehearsal.change(
        "tags: {team: platform}",
        &format!("gateway: {{middleware: {{image: \"{image}\"}}}}\ntags: {{team: platform}}"),
    );
    let words = format!(
        "image middleware in .gwinfra/images/middleware is {}, and the spec wants 2: ",
        env!("CARGO_PKG_VERSION")
    );
    let run = rehearsal.run(&["plan"]).says(5, &words);
    assert!(run.stderr.contains("gwinfra image build middleware --tag 2"), "{}", run.stderr);
    build_tagged(&rehearsal, ".gwinfra/images/middleware", b"first", "2").expect(0);
    rehearsal.run(&["plan"]).expect(0);
}

#[test]
fn a_version_that_must_not_run_is_not_pushed_whatever_its_tag_says() {
    let rehearsal = Rehearsal::new();
    let labels = |version: &str| {
        serde_json::json!({
            "architecture": "arm64",
            "os": "linux",
            "config": {"Labels": {
                "org.opencontainers.image.version": version,
                "org.opencontainers.image.source": "https://github.com/BerriAI/litellm",
            }},
            "rootfs": {"type": "layers", "diff_ids": []},
        })
    };
    let image = format!("{HUB}.dkr.ecr.us-east-1.amazonaws.com/acme-llm/litellm:v1.90.6");
    rehearsal.change(
        "tags: {team: platform}",
        &format!("gateway: {{litellm: {{image: \"{image}\"}}}}\ntags: {{team: platform}}"),
    );
    let put = |version: &str| {
        let config = labels(version).to_string().into_bytes();
        let manifest = Manifest::of_image(Descriptor::of(CONFIG, &config), Vec::new());
        let mut layout = Layout::of(Document::of_manifest(manifest), "v1.90.6");
        layout.put_blob(config);
        layout.write(&rehearsal.path(".gwinfra/images/litellm")).unwrap();
    };
    put("v1.82.7");
    let run = rehearsal.run(&["plan"]).says(4, "image litellm in .gwinfra/images/litellm must not run: ");
    assert!(
        run.stderr.contains("steals credentials") && run.stderr.contains("gwinfra explain GW0301"),
        "{}",
        run.stderr
    );
    put("v1.90.6");
    rehearsal.run(&["plan"]).expect(0);
}

#[test]
fn a_saved_plan_pushes_exactly_the_image_that_it_shows() {
    let (rehearsal, _) = with_image();
    rehearsal.run(&["plan", "--out", "plan.json"]).expect(0);
    build(&rehearsal, ".gwinfra/images/middleware", b"second").expect(0);
    rehearsal.run(&["apply", "plan.json", "--yes"]).says(7, "image middleware is");
}

#[test]
fn a_layout_that_is_damaged_stops_the_plan_with_its_reason() {
    let (rehearsal, digest) = with_image();
    let blob = format!(".gwinfra/images/middleware/blobs/sha256/{}", digest.trim_start_matches("sha256:"));
    rehearsal.write(&blob, "{}");
    rehearsal.run(&["plan"]).says(5, "is damaged");
}

#[test]
fn an_image_that_the_tasks_cannot_run_stops_the_plan() {
    let rehearsal = Rehearsal::new();
    fs_err::write(rehearsal.path("program"), program(62, b"")).unwrap();
    let out = ".gwinfra/images/middleware";
    rehearsal.bare(&["image", "build", "middleware", "--binary", "linux/amd64=program", "--out", out]).expect(0);
    rehearsal.run(&["plan"]).says(5, "the tasks run on linux/arm64");
    rehearsal.change("    memory: 4096", "    architecture: x86_64\n    memory: 4096");
    rehearsal.run(&["plan"]).expect(0);
}

#[test]
fn an_immutable_tag_is_not_pushed_over() {
    let (rehearsal, _) = with_image();
    rehearsal.apply();
    build(&rehearsal, "other", b"second").expect(0);
    let run = rehearsal.run(&["image", "push", "other", &own()]).says(1, "tags of this repository are immutable");
    assert!(run.stderr.contains("another tag"), "{}", run.stderr);
    let run = rehearsal.run(&["image", "push", "other", &own().replace("middleware:", "nowhere:")]);
    run.says(1, "does not exist in the registry");
}

#[test]
fn an_image_is_pushed_to_the_own_repository_without_naming_it() {
    let (rehearsal, _) = with_image();
    rehearsal.apply();
    let run = rehearsal.run(&["image", "push", ".gwinfra/images/middleware"]).expect(0);
    assert!(run.stdout.contains(&own()) && run.stdout.contains("nothing was sent"), "{}", run.stdout);
}

#[test]
fn pushed_images_are_scanned_where_the_repository_says_so() {
    let (rehearsal, digest) = with_image();
    rehearsal.apply();
    let world = fs_err::read_to_string(rehearsal.accounts().join("world.json")).unwrap();
    let world: Value = serde_json::from_str(&world).unwrap();
    let text = world.to_string();
    let at = text.find(&format!("\"digest\":\"{digest}\"")).unwrap();
    assert!(text[at..].contains("\"scanned\":true"));
}

#[test]
fn dockers_own_clients_pull_from_simulated_accounts_and_push_to_them() {
    let (rehearsal, digest) = with_image();
    rehearsal.apply();
    let served = Served::start(&rehearsal);
    let credentials = format!("AWS:{}", password(&served.url));
    let host = served.url.trim_start_matches("http://");
    let image = format!("docker://{host}/acme-llm/middleware:{}", env!("CARGO_PKG_VERSION"));
    let copy = rehearsal.path("copy");
    let to = format!("oci:{}:1", copy.display());
    let pull =
        ["copy", "--all", "--preserve-digests", "--src-tls-verify=false", "--src-creds", &credentials, &image, &to];
    let Some(run) = skopeo(&pull) else { return };
    run.expect(0);
    let found = rehearsal.bare(&["image", "inspect", "copy", "-o", "json"]).expect(0).json();
    assert_eq!(found["digest"].as_str(), Some(digest.as_str()));
    // It sends blobs in parts, where gwinfra does not.
    let again = format!("docker://{host}/acme-llm/litellm:skopeo");
    let push =
        ["copy", "--all", "--preserve-digests", "--dest-tls-verify=false", "--dest-creds", &credentials, &to, &again];
    skopeo(&push).unwrap().expect(0);
    let wrong = ["inspect", "--tls-verify=false", "--creds", "AWS:guess", &image];
    assert_ne!(skopeo(&wrong).unwrap().code, 0);
}

#[test]
fn a_push_that_fails_for_a_moment_is_tried_again_and_shown() {
    let (rehearsal, _) = with_image();
    let faults = "faults:\n  - {match: {action: CompleteLayerUpload}, times: 1, server_error: {status: 503}}\n  \
                  - {match: {action: PutImage}, times: 1, throttle: {}}\n";
    let run = rehearsal.run_with(faults, &["apply", "--yes"]).expect(0);
    assert!(run.stderr.contains("503 Service Unavailable") && run.stderr.contains("Rate exceeded"), "{}", run.stderr);
}

#[test]
fn an_apply_whose_push_fails_stops_before_the_service_and_the_next_one_goes_on() {
    let (rehearsal, digest) = with_image();
    let faults =
        "faults: [{match: {action: PutImage}, times: 1, refuse: {code: Denied, message: not today, status: 403}}]";
    let run = rehearsal.run_with(faults, &["apply", "--yes"]).says(1, "could not push the image middleware");
    assert!(run.stderr.contains("not today") && run.stderr.contains("gwinfra apply"), "{}", run.stderr);
    assert!(!run.stderr.contains("✔ gateway"), "{}", run.stderr);
    rehearsal.apply();
    let found = rehearsal.run(&["image", "inspect", &own(), "-o", "json"]).expect(0).json();
    assert_eq!(found["digest"].as_str(), Some(digest.as_str()));
}

/// A repository for LiteLLM, and a task definition that takes an image from it or from elsewhere.
fn litellm(image: &str) -> Bundle {
    let foundation = "
Resources: {Images: {Type: AWS::ECR::Repository, Properties: {RepositoryName: acme/litellm, ImageTagMutability: IMMUTABLE}}}
Outputs: {Name: {Value: !Ref Images}}
";
    let gateway = "
Parameters: {Image: {Type: String}, Repository: {Type: String}}
Resources:
  Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Ref Repository}}
  Tasks:
    Type: AWS::ECS::TaskDefinition
    Properties: {ContainerDefinitions: [{Name: litellm, Image: !Ref Image, Memory: 512}]}
";
    let mut gateway = stack("acme", "gateway", gateway);
    gateway.parameters.insert("Image".into(), ParameterValue::Image("litellm".into()));
    let output = ParameterValue::Output { stack: "foundation".into(), output: "Name".into() };
    gateway.parameters.insert("Repository".into(), output);
    let mut bundle = bundle(vec![stack("acme", "foundation", foundation), gateway]);
    bundle.images.insert("litellm".into(), image.into());
    bundle
}

/// A registry that has an image of LiteLLM for everybody.
fn published() -> Option<(Registry, Rehearsal, String)> {
    let registry = Registry::open()?;
    let place = built();
    place.bare(&["image", "push", "image", &format!("{}/berriai/litellm:v1.99.0", registry.address)]).expect(0);
    let found = place.bare(&["image", "inspect", "image", "-o", "json"]).expect(0).json();
    let digest = found["digest"].as_str().unwrap().to_owned();
    Some((registry, place, digest))
}

async fn desk() -> (Server, Desk) {
    let world = World::new(1, Clock::new(Pace::Fast));
    let server = Server::start(world, server::Options::default()).await.unwrap();
    let desk = Desk::new(&server.url(), HUB).await;
    (server, desk)
}

#[tokio::test]
async fn litellm_is_mirrored_into_the_own_repository_from_where_it_is_published() {
    let Some((registry, _place, digest)) = published() else { return };
    let (_server, mut desk) = desk().await;
    let published = format!("{}/berriai/litellm", registry.address).parse().unwrap();
    let sources = BTreeMap::from([("litellm".to_owned(), ImageSource::Published(published))]);
    desk.engine.images = Images::new(sources, Vec::new(), false);
    let own = format!("{HUB}.dkr.ecr.us-east-1.amazonaws.com/acme/litellm");
    let bundle = litellm(&format!("{own}:v1.99.0"));
    let plan = desk.plan(&bundle).await;
    assert_eq!(plan.inputs.images["litellm"], format!("{own}@{digest}"));
    assert_eq!(plan.inputs.pushes["litellm"], format!("{}/berriai/litellm:v1.99.0", registry.address));
    let saved = SavedPlan::new(plan, bundle.clone());
    Engine::apply(&desk.engine, &saved, &ApplyOptions::default()).await.unwrap();
    let ecr = desk.engine.clients.session(&target(HUB));
    let there = ecr.ecr().image(HUB, "acme/litellm", "v1.99.0").await.unwrap();
    assert_eq!(there, gwinfra::aws::ecr::Image::Found { digest });
    assert!(desk.plan(&bundle).await.inputs.pushes.is_empty());
}

#[tokio::test]
async fn what_is_not_published_stops_the_plan_with_its_reason() {
    let Some((registry, _place, _)) = published() else { return };
    let (_server, mut desk) = desk().await;
    let published = format!("{}/berriai/litellm", registry.address).parse().unwrap();
    let sources = BTreeMap::from([("litellm".to_owned(), ImageSource::Published(published))]);
    desk.engine.images = Images::new(sources, Vec::new(), false);
    let bundle = litellm(&format!("{HUB}.dkr.ecr.us-east-1.amazonaws.com/acme/litellm:v9"));
    let error = desk.engine.plan(&bundle, &Default::default()).await.unwrap_err().error;
    let EngineError::ImageMissing(words) = error else { panic!("{error:?}") };
    assert!(words.contains("berriai/litellm:v9 is not there"), "{words}");
}

#[tokio::test]
async fn an_image_by_tag_in_another_registry_is_pinned_where_that_may_be_asked() {
    let Some((registry, _place, digest)) = published() else { return };
    let (_server, mut desk) = desk().await;
    let image = format!("{}/berriai/litellm", registry.address);
    let bundle = litellm(&format!("{image}:v1.99.0"));
    let plan = desk.plan(&bundle).await;
    assert_eq!(plan.inputs.images["litellm"], format!("{image}:v1.99.0"));
    assert!(plan.diagnostics[0].message.contains("its tag may move"), "{:?}", plan.diagnostics);
    desk.engine.images = Images::new(BTreeMap::new(), Vec::new(), true);
    assert_eq!(desk.plan(&bundle).await.inputs.images["litellm"], format!("{image}@{digest}"));
}

#[tokio::test]
async fn without_an_image_an_apply_stops_as_soon_as_its_repository_is_made() {
    let (_server, desk) = desk().await;
    let mut bundle = litellm(&format!("{HUB}.dkr.ecr.us-east-1.amazonaws.com/acme/litellm:v9"));
    let network = "Resources: {Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}}";
    bundle.stacks.push(stack("acme", "network", network));
    let plan = desk.plan(&bundle).await;
    let note = &plan.diagnostics[0];
    assert_eq!(note.severity, "error", "{note:?}");
    assert!(note.message.contains("nothing here can supply image litellm"), "{note:?}");
    let saved = SavedPlan::new(plan, bundle.clone());
    let error = Engine::apply(&desk.engine, &saved, &ApplyOptions::default()).await.unwrap_err();
    let EngineError::ImageMissing(words) = error else { panic!("{error:?}") };
    assert!(words.contains("gwinfra image mirror"), "{words}");
    let session = desk.engine.clients.session(&target(HUB));
    assert!(session.cloudformation().stack("acme-foundation").await.unwrap().is_some());
    for name in ["acme-network", "acme-gateway"] {
        assert!(session.cloudformation().stack(name).await.unwrap().is_none(), "{name} was made for nothing");
    }
}
