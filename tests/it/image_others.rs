//! Images and the registries of others: what they say instead of lists, where they are, and who may use them.

use serde_json::Value;

use crate::image::digest_of;
use crate::image_registry::{Lists, PASSWORD, Proxy, Quirks, Registry, built, logins};
use crate::rehearsal::Run;
use crate::tools;

#[test]
fn a_registry_that_leads_to_a_page_instead_of_a_list_is_mirrored_from_and_to() {
    let Some(registry) = Registry::open() else { return };
    let place = built();
    place.bare(&["image", "push", "image", &format!("{}/gw/middleware:1", registry.address)]).expect(0);
    for lists in [Lists::Page, Lists::Elsewhere, Lists::Unimplemented] {
        let Some(other) = Registry::open() else { return };
        let from = Proxy::before(&registry, Quirks { lists, ..Quirks::default() });
        let to = Proxy::before(&other, Quirks { lists, ..Quirks::default() });
        let (source, target) =
            (format!("{}/gw/middleware:1", from.address), format!("{}/own/middleware:1", to.address));
        place.bare(&["image", "mirror", &source, &target]).expect(0);
        // What is about it is found under its tag, and kept there.
        let found = place.bare(&["image", "inspect", &target, "-o", "json"]).expect(0).json();
        assert_eq!(found["sboms"].as_array().map(Vec::len), Some(1), "{found}");
        assert_eq!(from.count("GET", "/referrers/"), 1, "it is asked once");
    }
}

#[test]
fn a_registry_that_cannot_say_what_is_about_an_image_is_no_registry_without_it() {
    let Some(registry) = Registry::open() else { return };
    let place = built();
    place.bare(&["image", "push", "image", &format!("{}/gw/middleware:1", registry.address)]).expect(0);
    for (lists, reason) in
        [(Lists::Throttled, "429 Too Many Requests"), (Lists::Half, "a part of the list is not there")]
    {
        let Some(other) = Registry::open() else { return };
        let from = Proxy::before(&registry, Quirks { lists, ..Quirks::default() });
        let (source, target) =
            (format!("{}/gw/middleware:1", from.address), format!("{}/own/middleware:1", other.address));
        let run = place.bare(&["image", "mirror", &source, &target]).expect(0);
        assert!(run.stderr.contains("warning: ") && run.stderr.contains(reason), "{}", run.stderr);
    }
}

#[test]
fn a_registry_that_cannot_say_what_it_keeps_gets_a_list_of_its_own() {
    let Some(registry) = Registry::open() else { return };
    let place = built();
    let proxy = Proxy::before(&registry, Quirks { lists: Lists::Throttled, ..Quirks::default() });
    place.bare(&["image", "push", "image", &format!("{}/gw/middleware:1", proxy.address)]).expect(0);
    let target = format!("{}/gw/middleware:1", registry.address);
    let found = place.bare(&["image", "inspect", &target, "-o", "json"]).expect(0).json();
    assert_eq!(found["sboms"].as_array().map(Vec::len), Some(1), "{found}");
}

#[test]
fn a_registry_that_takes_the_tag_of_a_list_for_a_digest_gets_a_list_of_its_own() {
    let Some(registry) = Registry::open() else { return };
    let proxy = Proxy::before(&registry, Quirks { tags_are_digests: true, ..Quirks::default() });
    let place = built();
    place.bare(&["image", "push", "image", &format!("{}/gw/middleware:1", proxy.address)]).expect(0);
    let tag = digest_of(&place, "image").replace(':', "-");
    let call = async {
        let url = format!("http://{}/v2/gw/middleware/manifests/{tag}", registry.address);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let asked = client.get(url).header("accept", "application/vnd.oci.image.index.v1+json");
        asked.send().await.unwrap().json::<Value>().await.unwrap()
    };
    let list = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(call);
    let kinds: Vec<&Value> = list["manifests"].as_array().unwrap().iter().map(|entry| &entry["artifactType"]).collect();
    assert_eq!(kinds, ["application/vnd.cyclonedx+json"]);
}

#[test]
fn a_registry_of_this_machine_may_speak_tls() {
    let Some(openssl) = tools::system("openssl", "openssl") else { return };
    let place = built();
    let make =
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", "key.pem", "-out", "cert.pem"];
    let name = [
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost,IP:127.0.0.1",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
    ];
    let made = std::process::Command::new(openssl).args(make).args(name).current_dir(place.path(".")).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let Some(registry) = Registry::with_tls(&place.path("cert.pem"), &place.path("key.pem")) else { return };
    let target = format!("{}/gw/middleware:1", registry.address);
    let run = |arguments: &[&str]| {
        Run::from(place.command(arguments).env("SSL_CERT_FILE", place.path("cert.pem")).output().unwrap())
    };
    run(&["image", "push", "image", &target]).expect(0);
    let found = run(&["image", "inspect", &target, "-o", "json"]).expect(0).json();
    assert_eq!(found["digest"].as_str(), Some(digest_of(&place, "image").as_str()));
}

#[test]
fn no_proxy_stands_before_a_registry_of_this_machine() {
    let Some(registry) = Registry::open() else { return };
    let place = built();
    let mut command = place.command(&["image", "push", "image", &format!("{}/gw/middleware:1", registry.address)]);
    command.env("HTTP_PROXY", "http://127.0.0.1:1").env("http_proxy", "http://127.0.0.1:1");
    Run::from(command.output().unwrap()).expect(0);
}

#[test]
fn a_login_that_podman_keeps_for_a_part_of_a_registry_is_used() {
    let Some(registry) = Registry::with_password() else { return };
    let place = built();
    let target = format!("{}/team/middleware:1", registry.address);
    let part = format!("{}/team", registry.address);
    let file = logins(&place, &part, PASSWORD);
    fs_err::create_dir_all(place.path(".config/containers")).unwrap();
    fs_err::rename(file, place.path(".config/containers/auth.json")).unwrap();
    place.bare(&["image", "push", "image", &target]).expect(0);
    let elsewhere = target.replace("/team/", "/other/");
    place.bare(&["image", "push", "image", &elsewhere]).says(5, "docker login");
}

#[test]
fn a_version_with_a_vulnerability_is_mirrored_with_a_warning() {
    let (Some(from), Some(to)) = (Registry::open(), Registry::open()) else { return };
    let place = built();
    let source = format!("{}/berriai/litellm:main-v1.83.6", from.address);
    place.bare(&["image", "push", "image", &source]).expect(0);
    let run = place.bare(&["image", "mirror", &source, &format!("{}/own/litellm:1", to.address)]);
    run.says(0, "GHSA-r75f-5x8p-qvmc, repaired in 1.83.7");
}
