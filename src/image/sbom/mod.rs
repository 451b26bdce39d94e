//! Bills of materials: what an image is made of, attached to it in the registry.
//!
//! CycloneDX 1.6 without serial number and time, so that the same packages are the same bytes.

pub mod installed;
pub mod lock;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::document::{Document, EMPTY, MANIFEST, Manifest};
use super::layout::Layout;
use super::{Descriptor, json};
use installed::{License, Packages};
use lock::Package;

/// Media type of a CycloneDX document in JSON.
pub const CYCLONEDX: &str = "application/vnd.cyclonedx+json";
/// Media types of bills of materials, with what they are called.
pub const KINDS: [(&str, &str); 3] =
    [(CYCLONEDX, "CycloneDX"), ("application/spdx+json", "SPDX"), ("text/spdx+json", "SPDX")];
/// What stands in the configuration of what is no image.
const NOTHING: &[u8] = b"{}";

/// The bill of the middleware, from the lock file that this gwinfra was built with.
pub fn middleware() -> Vec<u8> {
    bill("gwinfra-middleware", env!("CARGO_PKG_VERSION"), &lock::middleware())
}

/// A bill of packages from crates.io.
pub fn bill(name: &str, version: &str, packages: &[Package]) -> Vec<u8> {
    let main = format!("pkg:cargo/{name}@{version}");
    let components: Vec<Value> = packages
        .iter()
        .filter(|package| package.name != name)
        .map(|package| {
            let mut component = json!({
                "type": "library",
                "bom-ref": package.url(),
                "name": package.name,
                "version": package.version,
                "purl": package.url(),
            });
            if let Some(checksum) = &package.checksum {
                component["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
            }
            component
        })
        .collect();
    let dependencies: Vec<Value> = packages
        .iter()
        .map(|package| {
            let own = if package.name == name { main.clone() } else { package.url() };
            json!({"ref": own, "dependsOn": package.needs})
        })
        .collect();
    let subject = json!({
        "type": "application",
        "bom-ref": main,
        "name": name,
        "version": version,
        "purl": main,
        "licenses": [{"license": {"id": env!("CARGO_PKG_LICENSE")}}],
    });
    let mut document = document(&subject, &components);
    document["dependencies"] = dependencies.into();
    json::canonical(&document)
}

/// A bill of what is installed in an image. What needs what is not known of it.
pub fn of_installed(name: &str, version: &str, packages: &Packages) -> Vec<u8> {
    let components: Vec<Value> = packages
        .iter()
        .map(|(url, package)| {
            let mut component = json!({
                "type": "library",
                "bom-ref": url,
                "name": package.name,
                "version": package.version,
                "purl": url,
            });
            match &package.license {
                Some(License::Expression(expression)) => component["licenses"] = json!([{"expression": expression}]),
                Some(License::Name(name)) => component["licenses"] = json!([{"license": {"name": name}}]),
                None => {}
            }
            component
        })
        .collect();
    let subject = json!({"type": "container", "bom-ref": "image", "name": name, "version": version});
    json::canonical(&document(&subject, &components))
}

/// What all bills have.
fn document(subject: &Value, components: &[Value]) -> Value {
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": subject,
            "tools": {"components": [{"type": "application", "name": "gwinfra", "version": env!("CARGO_PKG_VERSION")}]},
        },
        "components": components,
    })
}

/// Attaches a bill to the image of a layout: registries list it as a referrer of the image.
pub fn attach(layout: &mut Layout, bill: &[u8]) {
    let (about, blobs) = about(layout.image(), bill);
    for blob in blobs {
        layout.put_blob(blob);
    }
    layout.refer(about);
}

/// What attaches a bill to an image: its manifest, and the blobs that this names.
pub(super) fn about(image: &Document, bill: &[u8]) -> (Document, [Vec<u8>; 2]) {
    let layer = Descriptor {
        annotations: BTreeMap::from([(
            "org.opencontainers.image.title".to_owned(),
            "bill-of-materials.cdx.json".to_owned(),
        )]),
        ..Descriptor::of(CYCLONEDX, bill)
    };
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(MANIFEST.to_owned()),
        artifact_type: Some(CYCLONEDX.to_owned()),
        config: Descriptor::of(EMPTY, NOTHING),
        layers: vec![layer],
        subject: Some(image.descriptor()),
        annotations: BTreeMap::new(),
    };
    (Document::of_manifest(manifest), [bill.to_vec(), NOTHING.to_vec()])
}

/// What a bill of materials is called by its media type; `None` for anything else.
pub fn kind(media_type: &str) -> Option<&'static str> {
    KINDS.iter().find(|(known, _)| *known == media_type).map(|(_, name)| *name)
}

/// How many components a bill in CycloneDX or SPDX lists.
pub fn count(bill: &[u8]) -> Option<usize> {
    let bill: Value = serde_json::from_slice(bill).ok()?;
    bill.get("components").or_else(|| bill.get("packages")).and_then(Value::as_array).map(Vec::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read() -> Value {
        serde_json::from_slice(&middleware()).unwrap()
    }

    fn names(bill: &Value) -> Vec<&str> {
        bill["components"].as_array().unwrap().iter().filter_map(|part| part["name"].as_str()).collect()
    }

    #[test]
    fn it_is_the_same_each_time_and_says_no_time() {
        assert_eq!(middleware(), middleware());
        assert_eq!(read()["metadata"]["timestamp"], Value::Null);
        assert_eq!(read()["serialNumber"], Value::Null);
    }

    #[test]
    fn it_lists_what_the_middleware_depends_on_and_nothing_of_the_command_line() {
        let bill = read();
        let names = names(&bill);
        assert!(names.contains(&"axum") && names.contains(&"sqlx-postgres"), "{names:?}");
        for other in ["clap", "minijinja", "indicatif", "gwinfra", "aws-sdk-cloudformation"] {
            assert!(!names.contains(&other), "{other} is no part of the middleware");
        }
    }

    #[test]
    fn it_leaves_out_what_only_tests_use() {
        assert!(!names(&read()).contains(&"aws-sdk-bedrockruntime"));
    }

    #[test]
    fn each_component_has_a_package_url_and_the_checksum_of_the_registry() {
        let bill = read();
        for component in bill["components"].as_array().unwrap() {
            let url = component["purl"].as_str().unwrap();
            assert!(url.starts_with("pkg:cargo/") && url.contains('@'), "{url}");
            // What is built beside it comes from no registry.
            if component["name"] == "gwinfra-mock-llm" {
                continue;
            }
            assert_eq!(component["hashes"][0]["content"].as_str().map(str::len), Some(64), "{url}");
        }
    }

    #[test]
    fn every_dependency_is_a_component() {
        let bill = read();
        let known: Vec<&str> =
            bill["components"].as_array().unwrap().iter().filter_map(|c| c["purl"].as_str()).collect();
        for dependency in bill["dependencies"].as_array().unwrap() {
            for needed in dependency["dependsOn"].as_array().unwrap() {
                assert!(known.contains(&needed.as_str().unwrap()), "{needed}");
            }
        }
    }

    #[test]
    fn what_is_installed_has_its_licence_as_an_expression_or_as_a_name() {
        let package = |license| installed::Installed { name: "a".to_owned(), version: "1".to_owned(), license };
        let packages = Packages::from([
            ("pkg:pypi/a@1".to_owned(), package(Some(License::Expression("MIT OR Apache-2.0".to_owned())))),
            ("pkg:pypi/b@1".to_owned(), package(Some(License::Name("BSD License".to_owned())))),
            ("pkg:pypi/c@1".to_owned(), package(None)),
        ]);
        let bill: Value = serde_json::from_slice(&of_installed("litellm", "1.2.3", &packages)).unwrap();
        let licenses: Vec<&Value> = bill["components"].as_array().unwrap().iter().map(|one| &one["licenses"]).collect();
        let expected =
            [json!([{"expression": "MIT OR Apache-2.0"}]), json!([{"license": {"name": "BSD License"}}]), Value::Null];
        assert_eq!(licenses, expected.iter().collect::<Vec<_>>());
    }

    #[test]
    fn components_are_counted() {
        let bill = middleware();
        assert_eq!(count(&bill), Some(names(&read()).len()));
        assert_eq!(count(b"{}"), None);
    }
}
