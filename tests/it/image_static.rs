//! The image of the middleware's real program, which is linked statically and built for releases.
//!
//! `GWINFRA_TEST_STATIC_MIDDLEWARE` names the program; without it, the one beside gwinfra is taken if it is such a one.

use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use gwinfra::image::elf::architecture_of_static;
use serde_json::Value;

use crate::image_registry::empty;
use crate::moto_server::environment;
use crate::rehearsal::Rehearsal;

/// The largest image, unpacked: program and certificate authorities.
const MAXIMUM_BYTES: u64 = 20 << 20;

/// The program, as `--binary` names it. Nobody builds it for tests alone, also not in CI.
#[expect(clippy::print_stderr, reason = "a skipped test says why")]
fn program() -> Option<String> {
    let beside = || Path::new(env!("CARGO_BIN_EXE_gwinfra")).with_file_name("gwinfra-middleware");
    let path = environment("GWINFRA_TEST_STATIC_MIDDLEWARE").map_or_else(beside, PathBuf::from);
    let architecture = fs_err::read(&path).ok().and_then(|bytes| Some(architecture_of_static(&bytes).ok()?.to_owned()));
    if architecture.is_none() {
        eprintln!(
            "skipped: GWINFRA_TEST_STATIC_MIDDLEWARE names no program of the middleware that is linked statically"
        );
    }
    Some(format!("linux/{}={}", architecture?, path.display()))
}

/// Builds the image into a layout, and tells of it.
fn build(place: &Rehearsal, program: &str, layout: &str) -> Value {
    place.bare(&["image", "build", "middleware", "--binary", program, "--out", layout]).expect(0);
    place.bare(&["image", "inspect", layout, "-o", "json"]).expect(0).json()
}

#[test]
fn the_image_of_the_real_middleware_is_under_20_mib_unpacked() {
    let Some(program) = program() else { return };
    let place = empty();
    let image = build(&place, &program, "image");
    let layers = image["platforms"][0]["layers"].as_array().unwrap().iter();
    let size: u64 = layers
        .map(|layer| {
            let digest = layer["digest"].as_str().unwrap().trim_start_matches("sha256:");
            let mut unpacked = Vec::new();
            let file = fs_err::File::open(place.path("image/blobs/sha256").join(digest)).unwrap();
            GzDecoder::new(file).read_to_end(&mut unpacked).unwrap();
            unpacked.len() as u64
        })
        .sum();
    assert!(size < MAXIMUM_BYTES, "{size} bytes");
}

#[test]
fn the_real_middleware_is_the_same_image_each_time() {
    let Some(program) = program() else { return };
    let place = empty();
    assert_eq!(build(&place, &program, "one")["digest"], build(&place, &program, "other")["digest"]);
}
