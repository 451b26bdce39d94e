//! Images that a Containerfile describes, built by a real builder, and images that really run.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::image_registry::{Registry, built, empty};
use crate::rehearsal::{Rehearsal, Run};
use crate::tools;

/// Runs the binary so that buildah keeps its images in the directory of the test, and speaks plain HTTP with a registry.
fn with_builder(place: &Rehearsal, registry: &str, arguments: &[&str]) -> Run {
    let storage = place.path("storage");
    place.write(
        "storage.conf",
        &format!("[storage]\ndriver = \"vfs\"\ngraphroot = \"{0}/graph\"\nrunroot = \"{0}/run\"\n", storage.display()),
    );
    place.write("registries.conf", &format!("[[registry]]\nlocation = \"{registry}\"\ninsecure = true\n"));
    let output = place
        .command(arguments)
        .env("CONTAINERS_STORAGE_CONF", place.path("storage.conf"))
        .env("CONTAINERS_REGISTRIES_CONF", place.path("registries.conf"))
        .env("BUILDAH_ISOLATION", "chroot")
        .output()
        .unwrap();
    Run::from(output)
}

/// A registry with an image that can be built from, and its reference.
fn published(place: &Rehearsal) -> Option<(Registry, String)> {
    let registry = Registry::open()?;
    let base = format!("{}/berriai/litellm:v1.99.0", registry.address);
    place.bare(&["image", "push", "image", &base]).expect(0);
    Some((registry, base))
}

#[test]
fn litellms_containerfile_is_built_for_both_processors_from_a_digest() {
    if tools::system("buildah", "buildah").is_none() {
        return;
    }
    let place = built();
    let Some((registry, base)) = published(&place) else { return };
    let arguments = ["image", "build", "litellm", "--from", &base, "--builder", "buildah", "--out", "litellm"];
    let run = with_builder(&place, &registry.address, &arguments).expect(0);
    assert!(run.stderr.contains("/berriai/litellm@sha256:"), "{}", run.stderr);
    let found = place.bare(&["image", "inspect", "litellm", "-o", "json"]).expect(0).json();
    let platforms: Vec<&str> =
        found["platforms"].as_array().unwrap().iter().filter_map(|image| image["platform"].as_str()).collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
    let label = found["platforms"][0]["labels"]["org.opencontainers.image.base.name"].as_str().unwrap();
    assert!(label.contains("/berriai/litellm@sha256:"), "{label}");
    // Built again, it is the same image.
    with_builder(&place, &registry.address, &arguments).expect(0);
    let again = place.bare(&["image", "inspect", "litellm", "-o", "json"]).expect(0).json();
    assert_eq!(again["digest"], found["digest"]);
}

#[test]
fn a_containerfile_of_ones_own_reads_the_directory_that_it_is_in() {
    if tools::system("buildah", "buildah").is_none() {
        return;
    }
    let place = built();
    let Some((registry, base)) = published(&place) else { return };
    fs_err::create_dir_all(place.path("own")).unwrap();
    place.write("own/notes.txt", "notes");
    place.write("own/Containerfile", "ARG LITELLM\nFROM ${LITELLM}\nCOPY notes.txt /notes.txt\n");
    let arguments = [
        "image",
        "build",
        "litellm",
        "--from",
        &base,
        "--platform",
        "linux/amd64",
        "--containerfile",
        "own/Containerfile",
        "--out",
        "litellm.tar",
    ];
    with_builder(&place, &registry.address, &arguments).expect(0);
    let found = place.bare(&["image", "inspect", "litellm.tar", "-o", "json"]).expect(0).json();
    // The base has two layers.
    assert_eq!(found["platforms"][0]["layers"].as_array().map(Vec::len), Some(3), "{found}");
}

#[test]
fn what_is_installed_in_the_image_is_listed_in_its_bill() {
    if tools::system("buildah", "buildah").is_none() {
        return;
    }
    let place = built();
    let Some((registry, base)) = published(&place) else { return };
    fs_err::create_dir_all(place.path("own")).unwrap();
    place.write("own/METADATA", "Metadata-Version: 2.4\nName: litellm\nVersion: 1.99.0\nLicense-Expression: MIT\n");
    place.write("own/installed", "P:busybox\nV:1.37.0-r1\nA:x86_64\nL:GPL-2.0-only\n");
    place.write("own/os-release", "ID=wolfi\n");
    place.write(
        "own/Containerfile",
        "ARG LITELLM\nFROM ${LITELLM}\nCOPY METADATA /app/litellm-1.99.0.dist-info/METADATA\n\
         COPY installed /usr/lib/apk/db/installed\nCOPY os-release /etc/os-release\n",
    );
    let arguments =
        ["image", "build", "litellm", "--from", &base, "--containerfile", "own/Containerfile", "--out", "litellm"];
    let sbom = || {
        with_builder(&place, &registry.address, &arguments).expect(0);
        let found = place.bare(&["image", "inspect", "litellm", "-o", "json"]).expect(0).json();
        found["sboms"].clone()
    };
    let listed = sbom();
    assert_eq!(
        (listed[0]["format"].as_str(), listed[0]["components"].as_u64()),
        (Some("CycloneDX"), Some(2)),
        "{listed}"
    );
    assert_eq!(components(&place), ["pkg:apk/wolfi/busybox@1.37.0-r1?arch=x86_64", "pkg:pypi/litellm@1.99.0"]);
    assert_eq!(sbom(), listed, "built again, it is another bill");
}

/// Package URLs of the bill in the layout `litellm`.
fn components(place: &Rehearsal) -> Vec<String> {
    let blobs = fs_err::read_dir(place.path("litellm/blobs/sha256")).unwrap().map(|entry| entry.unwrap().path());
    let documents = blobs.filter_map(|path| serde_json::from_slice::<Value>(&fs_err::read(path).unwrap()).ok());
    let bill = documents.into_iter().find(|document| document["bomFormat"] == "CycloneDX").unwrap();
    bill["components"].as_array().unwrap().iter().map(|one| one["purl"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_image_of_which_nothing_is_known_has_no_bill() {
    if tools::system("buildah", "buildah").is_none() {
        return;
    }
    let place = built();
    let Some((registry, base)) = published(&place) else { return };
    let arguments = ["image", "build", "litellm", "--from", &base, "--out", "litellm"];
    let run = with_builder(&place, &registry.address, &arguments);
    run.says(0, "no bill of materials is attached to the image: it has no packages of Python, apk or dpkg");
    let found = place.bare(&["image", "inspect", "litellm", "-o", "json"]).expect(0).json();
    assert_eq!(found["sboms"], serde_json::json!([]));
}

#[test]
fn what_a_builder_says_when_it_fails_is_shown() {
    if tools::system("buildah", "buildah").is_none() {
        return;
    }
    let place = built();
    let Some((registry, base)) = published(&place) else { return };
    place.write("Containerfile", "ARG LITELLM\nFROM ${LITELLM}\nCOPY nowhere.txt /\n");
    let arguments =
        ["image", "build", "litellm", "--from", &base, "--containerfile", "Containerfile", "--out", "litellm"];
    with_builder(&place, &registry.address, &arguments).says(1, "nowhere.txt");
    assert!(!place.path("litellm").exists());
}

#[test]
fn without_a_builder_the_way_out_is_named() {
    let place = built();
    let Some((_registry, base)) = published(&place) else { return };
    let mut command = place.command(&["image", "build", "litellm", "--from", &base]);
    let run = Run::from(command.env("PATH", "/nowhere").output().unwrap());
    run.says(1, "none of them is installed").says(1, "gwinfra image mirror");
}

#[test]
fn a_static_program_runs_in_the_image_that_has_nothing_else() {
    let (Some(compiler), Some(chroot), Some(unshare)) = (
        tools::system("musl-gcc", "musl-tools"),
        tools::system("chroot", "coreutils"),
        tools::system("unshare", "util-linux"),
    ) else {
        return;
    };
    let place = empty();
    place.write("hello.c", "#include <stdio.h>\nint main(void) { puts(\"it runs\"); return 0; }\n");
    let compiled =
        Command::new(compiler).args(["-static", "-o"]).arg(place.path("hello")).arg(place.path("hello.c")).status();
    assert!(compiled.unwrap().success());
    let own = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let binary = format!("linux/{own}=hello");
    place.bare(&["image", "build", "middleware", "--binary", &binary, "--out", "image"]).expect(0);
    let root = place.path("root");
    unpack(&place, &root);
    let mut command = Command::new(unshare);
    command.args(["--user", "--map-root-user"]).arg(chroot).arg(&root).arg("/middleware").stdin(Stdio::null());
    let run = Run::from(command.output().unwrap()).expect(0);
    assert_eq!(run.stdout, "it runs\n");
    assert!(root.join("etc/ssl/certs/ca-certificates.crt").is_file());
}

/// Unpacks the layers of the one image in `image`.
fn unpack(place: &Rehearsal, root: &Path) {
    let found = place.bare(&["image", "inspect", "image", "-o", "json"]).expect(0).json();
    for layer in found["platforms"][0]["layers"].as_array().unwrap() {
        let digest = layer["digest"].as_str().unwrap().trim_start_matches("sha256:");
        let file = fs_err::File::open(place.path("image/blobs/sha256").join(digest)).unwrap();
        tar::Archive::new(flate2::read::GzDecoder::new(file)).unpack(root).unwrap();
    }
}
