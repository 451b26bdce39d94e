//! Images: built, pushed, copied and looked into, against a real registry, with skopeo as the referee.

use serde_json::Value;

use crate::image_registry::{PASSWORD, Proxy, Quirks, Registry, build, built, empty, logins, program, skopeo};
use crate::rehearsal::{Rehearsal, files_below};

/// Builds, and gives the digest.
pub fn digest_of(place: &Rehearsal, layout: &str) -> String {
    let found = place.bare(&["image", "inspect", layout, "-o", "json"]).expect(0).json();
    found["digest"].as_str().unwrap().to_owned()
}

#[test]
fn the_same_programs_are_the_same_image_wherever_they_lie() {
    let (one, other) = (built(), built());
    assert_eq!(digest_of(&one, "image"), digest_of(&other, "image"));
    build(&other, "image", b"second").expect(0);
    assert_ne!(digest_of(&one, "image"), digest_of(&other, "image"));
}

#[test]
fn an_image_is_the_same_as_a_directory_and_as_an_archive() {
    let place = built();
    build(&place, "image.tar", b"first").expect(0);
    assert_eq!(digest_of(&place, "image"), digest_of(&place, "image.tar"));
}

#[test]
fn the_image_says_what_it_is() {
    let place = built();
    let found = place.bare(&["image", "inspect", "image", "-o", "json"]).expect(0).json();
    assert_eq!(found["schema"], "gwinfra.image/v1");
    let platforms: Vec<&str> =
        found["platforms"].as_array().unwrap().iter().map(|p| p["platform"].as_str().unwrap()).collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
    let first = &found["platforms"][0];
    assert_eq!((first["user"].as_str(), first["entrypoint"][0].as_str()), (Some("65532:65532"), Some("/middleware")));
    assert_eq!(found["sboms"][0]["format"], "CycloneDX");
    assert!(found["sboms"][0]["components"].as_u64().unwrap() > 50);
    let text = place.bare(&["image", "inspect", "image"]).expect(0).stdout;
    for words in ["linux/arm64", "65532:65532", "/middleware", "3000/tcp", "CycloneDX"] {
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn a_second_push_sends_nothing_and_says_so() {
    let Some(registry) = Registry::open() else { return };
    let proxy = Proxy::before(&registry, Quirks::default());
    let place = built();
    let target = format!("{}/gw/middleware:1", proxy.address);
    let first = place.bare(&["image", "push", "image", &target]).expect(0);
    assert!(first.stdout.starts_with("Pushed ") && first.stdout.contains("blobs sent"), "{}", first.stdout);
    proxy.forget();
    let second = place.bare(&["image", "push", "image", &target]).expect(0);
    assert!(second.stdout.contains("nothing was sent"), "{}", second.stdout);
    assert_eq!((proxy.count("POST", ""), proxy.count("PUT", "")), (0, 0));
}

#[test]
fn a_new_version_sends_only_what_is_new() {
    let Some(registry) = Registry::open() else { return };
    let place = built();
    let target = format!("{}/gw/middleware", registry.address);
    place.bare(&["image", "push", "image", &format!("{target}:1")]).expect(0);
    build(&place, "image", b"second").expect(0);
    let found = place.bare(&["image", "push", "image", &format!("{target}:2"), "-o", "json"]).expect(0).json();
    // Two programs and two configurations; the certificate authorities and the bill's parts were there.
    assert_eq!(found["blobs"]["sent"], 4, "{found}");
}

#[test]
fn the_registry_has_what_was_built_under_both_platforms() {
    let Some(registry) = Registry::open() else { return };
    let place = built();
    let target = format!("{}/gw/middleware:1", registry.address);
    let pushed = place.bare(&["image", "push", "image", &target, "-o", "json"]).expect(0).json();
    assert_eq!(pushed["digest"].as_str(), Some(digest_of(&place, "image").as_str()));
    for architecture in ["amd64", "arm64"] {
        let docker = format!("docker://{target}");
        let asked = ["--override-arch", architecture, "inspect", "--tls-verify=false", "--config", &docker];
        let Some(run) = skopeo(&asked) else { return };
        let config = run.expect(0).json();
        assert_eq!(config["architecture"], architecture);
        assert_eq!(config["config"]["User"], "65532:65532");
        assert_eq!(config["config"]["Entrypoint"], serde_json::json!(["/middleware"]));
    }
}

#[test]
fn skopeo_takes_all_of_it_and_finds_every_digest_right() {
    let Some(registry) = Registry::open() else { return };
    let place = built();
    let target = format!("{}/gw/middleware:1", registry.address);
    place.bare(&["image", "push", "image", &target]).expect(0);
    let copy = place.path("copy");
    let (from, to) = (format!("docker://{target}"), format!("oci:{}:1", copy.display()));
    let Some(run) = skopeo(&["copy", "--all", "--src-tls-verify=false", "--preserve-digests", &from, &to]) else {
        return;
    };
    run.expect(0);
    // An index, two manifests, two configurations, two programs, and the authorities once.
    assert_eq!(files_below(&copy.join("blobs")).len(), 8);
    assert_eq!(digest_of(&place, "copy"), digest_of(&place, "image"));
}

#[test]
fn the_bill_of_materials_is_found_at_a_registry_that_keeps_no_list() {
    let Some(registry) = Registry::open() else { return };
    let place = built();
    let target = format!("{}/gw/middleware:1", registry.address);
    place.bare(&["image", "push", "image", &target]).expect(0);
    let found = place.bare(&["image", "inspect", &target, "-o", "json"]).expect(0).json();
    assert_eq!(found["sboms"].as_array().map(Vec::len), Some(1), "{found}");
    // Pushed again, it is not listed twice.
    place.bare(&["image", "push", "image", &target]).expect(0);
    let again = place.bare(&["image", "inspect", &target, "-o", "json"]).expect(0).json();
    assert_eq!(again, found);
}

#[test]
fn a_registry_that_fails_for_a_moment_is_asked_again() {
    let Some(registry) = Registry::open() else { return };
    let place = built();
    let quirks = Quirks { failures: 2.into(), broken_uploads: 2.into(), ..Quirks::default() };
    let proxy = Proxy::before(&registry, quirks);
    let target = format!("{}/gw/middleware:1", proxy.address);
    let run = place.bare(&["image", "push", "image", &target]).expect(0);
    assert!(run.stderr.contains("503 Service Unavailable") && run.stderr.contains("again in"), "{}", run.stderr);
    let there = place.bare(&["image", "inspect", &target, "-o", "json"]).expect(0).json();
    assert_eq!(there["digest"].as_str(), Some(digest_of(&place, "image").as_str()));
}

#[test]
fn a_registry_that_goes_on_failing_is_given_up() {
    let Some(registry) = Registry::open() else { return };
    let place = built();
    let proxy = Proxy::before(&registry, Quirks { failures: usize::MAX.into(), ..Quirks::default() });
    let target = format!("{}/gw/middleware:1", proxy.address);
    place.bare(&["image", "push", "image", &target]).says(1, "cannot answer now: 503");
}

#[test]
fn a_registry_with_ecrs_habits_takes_an_index_by_digest() {
    let Some(registry) = Registry::open() else { return };
    let place = built();
    let proxy = Proxy::before(&registry, Quirks { ecr: true, ..Quirks::default() });
    let target = format!("{}/gw/middleware:1", proxy.address);
    place.bare(&["image", "push", "image", &target]).expect(0);
    assert_eq!(proxy.count("PATCH", ""), 0);
    let found = place.bare(&["image", "inspect", &target, "-o", "json"]).expect(0).json();
    assert_eq!(found["digest"].as_str(), Some(digest_of(&place, "image").as_str()));
}

#[test]
fn a_registry_that_wants_a_password_gets_the_one_that_docker_keeps() {
    let Some(registry) = Registry::with_password() else { return };
    let place = built();
    let target = format!("{}/gw/middleware:1", registry.address);
    let refused = place.bare(&["image", "push", "image", &target]).says(5, "refuses");
    assert!(refused.stderr.contains("docker login"), "{}", refused.stderr);
    let wrong = logins(&place, &registry.address, "wrong");
    let refused = place.bare(&["image", "push", "image", &target, "--authfile", &wrong]).says(5, "refuses");
    assert!(refused.stderr.contains("log in again"), "{}", refused.stderr);
    let right = logins(&place, &registry.address, PASSWORD);
    let run = place.bare(&["image", "push", "image", &target, "--authfile", &right]).expect(0);
    assert!(!run.stderr.contains(PASSWORD) && !run.stdout.contains(PASSWORD));
    // Where `docker login` puts it.
    fs_err::create_dir_all(place.path(".docker")).unwrap();
    fs_err::rename(right, place.path(".docker/config.json")).unwrap();
    place.bare(&["image", "inspect", &target]).expect(0);
}

#[test]
fn a_credential_helper_is_asked_for_the_password() {
    use std::os::unix::fs::PermissionsExt;
    let Some(registry) = Registry::with_password() else { return };
    let place = built();
    let helper = place.path("docker-credential-test");
    let script = format!(
        "#!/bin/sh\ngrep -q '{}' || exit 1\necho '{{\"Username\":\"AWS\",\"Secret\":\"{PASSWORD}\"}}'\n",
        registry.address
    );
    fs_err::write(&helper, script).unwrap();
    fs_err::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
    place.write("auth.json", &format!(r#"{{"credHelpers":{{"{}":"test"}}}}"#, registry.address));
    let path =
        format!("{}:{}", helper.parent().unwrap().display(), std::env::var_os("PATH").unwrap().to_string_lossy());
    let target = format!("{}/gw/middleware:1", registry.address);
    let mut command = place.command(&["image", "push", "image", &target, "--authfile", "auth.json"]);
    crate::rehearsal::Run::from(command.env("PATH", path).output().unwrap()).expect(0);
}

#[test]
fn an_image_is_mirrored_to_another_registry_under_the_same_digest() {
    let (Some(from), Some(to)) = (Registry::open(), Registry::open()) else { return };
    let place = built();
    let source = format!("{}/public/middleware:1", from.address);
    place.bare(&["image", "push", "image", &source]).expect(0);
    let target = format!("{}/own/middleware", to.address);
    let found = place.bare(&["image", "mirror", &source, &target, "-o", "json"]).expect(0).json();
    assert_eq!(found["reference"], format!("{target}:1"));
    assert_eq!(found["digest"].as_str(), Some(digest_of(&place, "image").as_str()));
    assert_eq!(found["blobs"]["mounted"], 0);
    let bills = place.bare(&["image", "inspect", &format!("{target}:1"), "-o", "json"]).expect(0).json();
    assert_eq!(bills["sboms"].as_array().map(Vec::len), Some(1));
    let again = place.bare(&["image", "mirror", &source, &target]).expect(0);
    assert!(again.stdout.contains("nothing was sent"), "{}", again.stdout);
}

#[test]
fn within_a_registry_blobs_are_taken_from_the_other_repository() {
    let Some(registry) = Registry::open() else { return };
    let place = built();
    let source = format!("{}/one/middleware:1", registry.address);
    place.bare(&["image", "push", "image", &source]).expect(0);
    let blobs = registry.blobs();
    let target = format!("{}/other/middleware:1", registry.address);
    let found = place.bare(&["image", "mirror", &source, &target, "-o", "json"]).expect(0).json();
    assert_eq!((&found["blobs"]["sent"], &found["blobs"]["bytes"]), (&Value::from(0), &Value::from(0)), "{found}");
    assert!(found["blobs"]["mounted"].as_u64().unwrap() > 0);
    assert_eq!(registry.blobs(), blobs);
}

#[test]
fn a_chosen_platform_alone_is_mirrored() {
    let (Some(from), Some(to)) = (Registry::open(), Registry::open()) else { return };
    let place = built();
    let source = format!("{}/public/middleware:1", from.address);
    place.bare(&["image", "push", "image", &source]).expect(0);
    let target = format!("{}/own/middleware:1", to.address);
    place.bare(&["image", "mirror", &source, &target, "--platform", "linux/arm64"]).expect(0);
    let found = place.bare(&["image", "inspect", &target, "-o", "json"]).expect(0).json();
    assert_eq!(found["platforms"].as_array().map(Vec::len), Some(1));
    assert_eq!(found["platforms"][0]["platform"], "linux/arm64");
    let missing = place.bare(&["image", "mirror", &source, &target, "--platform", "linux/s390x"]);
    missing.says(64, "it is there for linux/amd64, linux/arm64");
    // What was mirrored is one image now, and no index.
    let missing = place.bare(&["image", "mirror", &target, &source, "--platform", "linux/amd64"]);
    missing.says(64, "it is there for linux/arm64");
}

#[test]
fn a_version_that_an_attacker_published_is_not_mirrored() {
    let place = empty();
    let run = place.bare(&["image", "mirror", "ghcr.io/berriai/litellm:v1.82.7", "127.0.0.1:1/litellm:good"]);
    let run = run.says(4, "was published by an attacker and steals credentials");
    assert!(run.stderr.contains("replace every secret"), "{}", run.stderr);
}

#[test]
fn such_a_version_is_found_out_under_another_tag() {
    let (Some(from), Some(to)) = (Registry::open(), Registry::open()) else { return };
    let place = built();
    // The labels of an image are in its configuration: one that says it is LiteLLM 1.82.8.
    let layout = place.path("image");
    let list: Value = serde_json::from_slice(&fs_err::read(layout.join("index.json")).unwrap()).unwrap();
    let config = relabelled(&layout, list["manifests"][0]["digest"].as_str().unwrap());
    assert!(config.contains("1.82.8"));
    let source = format!("{}/berriai/proxy:good", from.address);
    place.bare(&["image", "push", "image", &source]).says(4, "LiteLLM 1.82.8");
    let (local, remote) = (format!("oci:{}", layout.display()), format!("docker://{source}"));
    let Some(run) = skopeo(&["copy", "--all", "--dest-tls-verify=false", &local, &remote]) else { return };
    run.expect(0);
    let target = format!("{}/own/proxy:good", to.address);
    place.bare(&["image", "mirror", &source, &target]).says(4, "LiteLLM 1.82.8");
    assert_eq!(to.blobs(), 0);
}

/// Rewrites a layout so that its one image says that it is LiteLLM 1.82.8; gives the configuration.
fn relabelled(layout: &std::path::Path, index: &str) -> String {
    use sha2::{Digest, Sha256};
    let blob = |digest: &str| layout.join("blobs/sha256").join(digest.trim_start_matches("sha256:"));
    let read = |digest: &str| -> Value { serde_json::from_slice(&fs_err::read(blob(digest)).unwrap()).unwrap() };
    let write = |value: &Value| -> (String, usize) {
        let bytes = value.to_string().into_bytes();
        let hex: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        fs_err::write(layout.join("blobs/sha256").join(&hex), &bytes).unwrap();
        (format!("sha256:{hex}"), bytes.len())
    };
    let first = read(index)["manifests"][0].clone();
    let mut manifest = read(first["digest"].as_str().unwrap());
    let mut config = read(manifest["config"]["digest"].as_str().unwrap());
    config["config"]["Labels"]["org.opencontainers.image.title"] = "litellm".into();
    config["config"]["Labels"]["org.opencontainers.image.version"] = "1.82.8".into();
    let put = |descriptor: &mut Value, (digest, size): (String, usize)| {
        descriptor["digest"] = digest.into();
        descriptor["size"] = size.into();
    };
    put(&mut manifest["config"], write(&config));
    let mut entry = first;
    put(&mut entry, write(&manifest));
    entry["annotations"] = serde_json::json!({"org.opencontainers.image.ref.name": "good"});
    let list = serde_json::json!({"schemaVersion": 2, "manifests": [entry]});
    fs_err::write(layout.join("index.json"), list.to_string()).unwrap();
    config.to_string()
}

#[test]
fn a_program_that_wants_libraries_is_refused_with_a_way_out() {
    let place = empty();
    let own = env!("CARGO_BIN_EXE_gwinfra");
    let binary = format!("linux/{}={own}", if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" });
    let run = place.bare(&["image", "build", "middleware", "--binary", &binary, "--out", "image"]);
    let run = run.says(1, "it is linked dynamically");
    assert!(run.stderr.contains("musl"), "{}", run.stderr);
    assert!(!place.path("image").exists());
}

#[test]
fn a_program_for_another_processor_is_refused() {
    let place = empty();
    fs_err::write(place.path("arm"), program(183, b"")).unwrap();
    let run = place.bare(&["image", "build", "middleware", "--binary", "linux/amd64=arm", "--out", "image"]);
    run.says(1, "the program for linux/amd64 is for linux/arm64");
}

#[test]
fn wrong_command_lines_have_the_code_of_usage() {
    let place = built();
    place.bare(&["image", "push", "image", "UPPER/case"]).expect(64);
    place.bare(&["image", "push", "image"]).says(64, "there is no spec");
    place.bare(&["image", "mirror", "127.0.0.1:1/a/b:1"]).says(64, "there is no spec");
    place.bare(&["image", "build", "middleware", "--binary", "amd64=x"]).expect(64);
    place.bare(&["image", "inspect", "image", "-o", "sarif"]).says(64, "no output format");
    place.bare(&["image", "push", "nowhere", "127.0.0.1:1/a"]).says(1, "nowhere");
}

#[test]
fn an_image_that_is_not_there_is_told_from_a_registry_that_is_not() {
    let Some(registry) = Registry::open() else { return };
    let place = empty();
    place.bare(&["image", "inspect", &format!("{}/a/b:1", registry.address)]).says(1, "a/b:1 is not there");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let run = place.bare(&["image", "inspect", &format!("{nobody}/a/b:1")]).says(1, "could not reach the registry");
    assert!(run.stderr.contains("--plain-http"), "{}", run.stderr);
}

#[test]
fn nothing_is_left_beside_the_image() {
    let place = built();
    build(&place, "image", b"again").expect(0);
    let mut names: Vec<String> = fs_err::read_dir(place.path("."))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["image", "program-amd64", "program-arm64"]);
}

/// Runs a command until it is at work, interrupts it, and gives what it said.
fn interrupted(mut command: std::process::Command, signal: &str, at_work: impl FnOnce()) -> (Option<i32>, String) {
    use std::process::Stdio;
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    at_work();
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args([signal, &id]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn an_interrupt_ends_a_command_that_waits_for_a_registry() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let place = empty();
        let image = format!("{}/a/b:1", silent.local_addr().unwrap());
        let (ended, said) = interrupted(place.command(&["image", "inspect", &image]), signal, || {
            silent.accept().unwrap();
        });
        assert_eq!(ended, Some(code), "{said}");
        assert!(said.contains("run it again"), "{said}");
    }
}

#[test]
fn an_interrupt_leaves_no_half_built_image() {
    use std::os::unix::fs::PermissionsExt;
    let Some(registry) = Registry::open() else { return };
    let place = built();
    let base = format!("{}/berriai/litellm:v1.99.0", registry.address);
    place.bare(&["image", "push", "image", &base]).expect(0);
    // A builder that never ends, and says when it has begun.
    let fifo = place.path("begun");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let script = format!("#!/bin/sh\necho begun > {}\nexec sleep 600\n", fifo.display());
    fs_err::write(place.path("buildah"), script).unwrap();
    fs_err::set_permissions(place.path("buildah"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = place.command(&["image", "build", "litellm", "--from", &base, "--out", "litellm"]);
    let path = std::env::var_os("PATH").unwrap();
    command.env("PATH", format!("{}:{}", place.path(".").display(), path.to_string_lossy()));
    let (ended, said) = interrupted(command, "-INT", || {
        fs_err::read_to_string(&fifo).unwrap();
    });
    assert_eq!(ended, Some(130), "{said}");
    assert!(!place.path("litellm").exists());
}

#[test]
fn a_file_that_is_not_there_is_told_as_one() {
    for path in ["nothing.tar", "./nothing", "/nothing/image"] {
        Rehearsal::new().bare(&["image", "inspect", path]).says(64, &format!("there is no file or directory {path}"));
    }
}
