//! A registry that trusts the tokens of somebody else, as public registries do.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::image_registry::{PASSWORD, Registry, USER, built, logins, serve};
use crate::tools;

/// Gives tokens for what is asked, to who knows the password; and to anybody for pulling from `public/`.
#[derive(Clone)]
struct Issuer {
    openssl: PathBuf,
    key: PathBuf,
    certificate: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Issuer {
    fn sign(&self, text: &str) -> String {
        let mut child = Command::new(&self.openssl)
            .args(["dgst", "-sha256", "-sign"])
            .arg(&self.key)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
        URL_SAFE_NO_PAD.encode(child.wait_with_output().unwrap().stdout)
    }

    fn token(&self, scopes: &[String]) -> String {
        let access: Vec<Value> = scopes
            .iter()
            .map(|scope| {
                let parts: Vec<&str> = scope.split(':').collect();
                json!({"type": parts[0], "name": parts[1], "actions": parts[2].split(',').collect::<Vec<_>>()})
            })
            .collect();
        let now = jiff::Timestamp::now().as_second();
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(json!({"typ": "JWT", "alg": "RS256", "x5c": [self.certificate]}));
        let claims = part(json!({
            "iss": "test-issuer", "sub": USER, "aud": "test-registry", "jti": now.to_string(),
            "iat": now - 10, "nbf": now - 10, "exp": now + 300, "access": access,
        }));
        let text = format!("{header}.{claims}");
        format!("{text}.{}", self.sign(&text))
    }
}

async fn give(State(issuer): State<Issuer>, RawQuery(query): RawQuery, headers: HeaderMap) -> (StatusCode, String) {
    let query = query.unwrap_or_default();
    let scopes: Vec<String> = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == "scope")
        .map(|(_, value)| value.into_owned())
        .collect();
    issuer.asked.lock().unwrap().extend(scopes.clone());
    let wanted = format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
    let known = match headers.get("authorization") {
        Some(value) if *value == wanted => true,
        Some(_) => return (StatusCode::UNAUTHORIZED, json!({"errors": [{"message": "wrong password"}]}).to_string()),
        None => false,
    };
    let granted: Vec<String> =
        scopes.into_iter().filter(|scope| known || (scope.contains(":public/") && scope.ends_with(":pull"))).collect();
    (StatusCode::OK, json!({"token": issuer.token(&granted), "expires_in": 300}).to_string())
}

fn openssl(program: &Path, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A registry, and who gives the tokens for it.
struct Guarded {
    registry: Registry,
    issuer: Issuer,
    _runtime: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
}

fn guarded() -> Option<Guarded> {
    let program = tools::system("openssl", "openssl")?;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (key, pem, der) = (path("key.pem"), path("certificate.pem"), path("certificate.der"));
    openssl(
        &program,
        &[
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", &key, "-out", &pem, "-subj", "/CN=test",
            "-days", "2",
        ],
    );
    openssl(&program, &["x509", "-in", &pem, "-outform", "DER", "-out", &der]);
    let issuer = Issuer {
        openssl: program,
        key: key.into(),
        certificate: STANDARD.encode(fs_err::read(der).unwrap()),
        asked: Arc::default(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let router = axum::Router::new().fallback(give).with_state(issuer.clone());
    let address = serve(&runtime, router);
    let registry = Registry::with_tokens(&format!("http://{address}/token"), Path::new(&pem))?;
    Some(Guarded { registry, issuer, _runtime: runtime, _folder: folder })
}

#[test]
fn a_token_is_fetched_with_the_password_and_blobs_are_mounted_with_it() {
    let Some(guarded) = guarded() else { return };
    let place = built();
    let file = logins(&place, &guarded.registry.address, PASSWORD);
    let target = format!("{}/public/middleware:1", guarded.registry.address);
    let push = ["image", "push", "image", &target, "--authfile", &file];
    place.bare(&push).expect(0);
    let asked = guarded.issuer.asked.lock().unwrap().clone();
    assert!(asked.contains(&"repository:public/middleware:pull,push".to_owned()), "{asked:?}");
    let other = format!("{}/own/middleware:1", guarded.registry.address);
    let mirror = ["image", "mirror", &target, &other, "--authfile", &file, "-o", "json"];
    let found = place.bare(&mirror).expect(0).json();
    // A token for the destination alone would not do: the source is named in it, too.
    assert_eq!(found["blobs"]["sent"], 0, "{found}");
    assert!(found["blobs"]["mounted"].as_u64().unwrap() > 0, "{found}");
}

#[test]
fn anybody_may_read_what_is_public_and_write_nothing() {
    let Some(guarded) = guarded() else { return };
    let place = built();
    let file = logins(&place, &guarded.registry.address, PASSWORD);
    let target = format!("{}/public/middleware:1", guarded.registry.address);
    place.bare(&["image", "push", "image", &target, "--authfile", &file]).expect(0);
    place.bare(&["image", "inspect", &target]).expect(0);
    let run = place.bare(&["image", "push", "image", &format!("{}/own/x:1", guarded.registry.address)]);
    run.says(5, "docker login");
}

#[test]
fn a_wrong_password_is_told_as_such() {
    let Some(guarded) = guarded() else { return };
    let place = built();
    let file = logins(&place, &guarded.registry.address, "wrong");
    let target = format!("{}/own/x:1", guarded.registry.address);
    let run = place.bare(&["image", "push", "image", &target, "--authfile", &file]).says(5, "wrong password");
    assert!(run.stderr.contains("log in again"), "{}", run.stderr);
}
