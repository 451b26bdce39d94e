//! A real registry for the tests of images, and a proxy before it that behaves as other registries do.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::Response;

use crate::rehearsal::{Rehearsal, Run};
use crate::tools;

/// Name and password of registries that want them; and the password as bcrypt keeps it.
pub const USER: &str = "AWS";
pub const PASSWORD: &str = "a-test-password";
const HASH: &str = "$2y$05$ncHpz4RzbpP501ke7x2Oi.nXHTJWvTkRXs.LbuLTcb6WYXOv2V5/W";

/// A registry of the `docker-registry` package, until it is dropped.
pub struct Registry {
    pub address: String,
    process: Child,
    folder: tempfile::TempDir,
}

impl Registry {
    /// One that everybody may use; `None` when the program is missing.
    pub fn open() -> Option<Self> {
        Self::start("")
    }

    /// One that wants a name and a password.
    pub fn with_password() -> Option<Self> {
        let users = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(users.path(), format!("{USER}:{HASH}\n")).unwrap();
        let started = Self::start(&format!("auth: {{htpasswd: {{realm: test, path: {}}}}}\n", users.path().display()));
        // It reads the file at the first login.
        users.keep().unwrap();
        started
    }

    /// One that trusts the tokens of somebody else.
    pub fn with_tokens(realm: &str, certificate: &Path) -> Option<Self> {
        Self::start(&format!(
            "auth: {{token: {{realm: \"{realm}\", service: test-registry, issuer: test-issuer, rootcertbundle: {}}}}}\n",
            certificate.display()
        ))
    }

    /// One that speaks TLS only, with a certificate for `localhost`.
    pub fn with_tls(certificate: &Path, key: &Path) -> Option<Self> {
        Self::start_with("", &format!(", tls: {{certificate: {}, key: {}}}", certificate.display(), key.display()))
    }

    fn start(auth: &str) -> Option<Self> {
        Self::start_with(auth, "")
    }

    fn start_with(auth: &str, tls: &str) -> Option<Self> {
        let program = tools::system("docker-registry", "docker-registry")?;
        // Somebody else may take the port between looking for one and listening: then another one is tried.
        (0..5).find_map(|_| Self::try_start(&program, auth, tls)).or_else(|| panic!("docker-registry does not start"))
    }

    fn try_start(program: &Path, auth: &str, tls: &str) -> Option<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.yml");
        let storage = folder.path().join("storage");
        let text = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http: {{addr: \"{address}\"{tls}}}\n{auth}",
            storage.display()
        );
        fs_err::write(&file, text).unwrap();
        let process = Command::new(program)
            .arg("serve")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut started = Self { address, process, folder };
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end {
            if started.process.try_wait().unwrap().is_some() {
                return None;
            }
            if std::net::TcpStream::connect(&started.address).is_ok() {
                return Some(started);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("docker-registry does not answer");
    }

    /// How many blobs it keeps.
    pub fn blobs(&self) -> usize {
        let folder = self.folder.path().join("storage/docker/registry/v2/blobs");
        if !folder.exists() {
            return 0;
        }
        let all = crate::rehearsal::files_below(&folder);
        all.into_iter().filter(|path| path.ends_with("data")).count()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// How a proxy behaves.
#[derive(Default)]
pub struct Quirks {
    /// Answers with 503 so many times.
    pub failures: AtomicUsize,
    /// Breaks the next uploads off after they have begun.
    pub broken_uploads: AtomicUsize,
    /// What it says instead of a list of what is about an image.
    pub lists: Lists,
    /// Takes the tag `sha256-<hex>` for the digest, as GitLab's does.
    pub tags_are_digests: bool,
    /// As ECR: no `Location` and no digest after a manifest, and PATCH loses what it is sent.
    pub ecr: bool,
    /// Every request that came, `METHOD /path`.
    pub seen: Mutex<Vec<String>>,
}

/// What a registry without lists of what is about an image says when it is asked for one.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub enum Lists {
    /// 404.
    #[default]
    Missing,
    /// A page for browsers, as Google's does.
    Page,
    /// The way to such a page on another host, as GitHub's does; that host refuses.
    Elsewhere,
    /// 501.
    Unimplemented,
    /// 429, each time.
    Throttled,
    /// The first part of a list, whose next part is not there.
    Half,
}

/// A proxy before a registry, until the process ends.
pub struct Proxy {
    pub address: String,
    pub quirks: Arc<Quirks>,
    _runtime: tokio::runtime::Runtime,
}

#[derive(Clone)]
struct Behind {
    registry: String,
    /// Another host, which refuses everything.
    elsewhere: String,
    quirks: Arc<Quirks>,
    http: reqwest::Client,
}

impl Proxy {
    pub fn before(registry: &Registry, quirks: Quirks) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let quirks = Arc::new(quirks);
        let refusing = axum::Router::new().fallback(async || StatusCode::IM_A_TEAPOT);
        let behind = Behind {
            registry: registry.address.clone(),
            elsewhere: serve(&runtime, refusing),
            quirks: quirks.clone(),
            http: reqwest::Client::new(),
        };
        let address = serve(&runtime, axum::Router::new().fallback(forward).with_state(behind));
        Self { address, quirks, _runtime: runtime }
    }

    /// How many requests of a method had a path with these words.
    pub fn count(&self, method: &str, words: &str) -> usize {
        let seen = self.quirks.seen.lock().unwrap();
        seen.iter().filter(|line| line.starts_with(method) && line.contains(words)).count()
    }

    /// Forgets what came.
    pub fn forget(&self) {
        self.quirks.seen.lock().unwrap().clear();
    }
}

/// Serves something on a free port.
pub fn serve(runtime: &tokio::runtime::Runtime, router: axum::Router) -> String {
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    runtime.spawn(async move { axum::serve(listener, router).await });
    address
}

fn take(counter: &AtomicUsize) -> bool {
    counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

fn status(status: StatusCode) -> Response {
    Response::builder().status(status).body(Body::empty()).unwrap()
}

async fn forward(State(behind): State<Behind>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let quirks = &behind.quirks;
    quirks.seen.lock().unwrap().push(format!("{} {path}", parts.method));
    if take(&quirks.failures) {
        return status(StatusCode::SERVICE_UNAVAILABLE);
    }
    if parts.method == Method::PUT && path.contains("/blobs/uploads/") && take(&quirks.broken_uploads) {
        return status(StatusCode::BAD_GATEWAY);
    }
    if quirks.ecr && parts.method == Method::PATCH {
        return status(StatusCode::CREATED);
    }
    if path.contains("/referrers/") && quirks.lists == Lists::Page {
        let page = Response::builder().header(header::CONTENT_TYPE, "text/html");
        return page.body(Body::from("<html>Sign in</html>")).unwrap();
    }
    if path.contains("/referrers/") && quirks.lists == Lists::Elsewhere {
        let place = format!("http://{}/sign-in", behind.elsewhere);
        return Response::builder().status(303).header(header::LOCATION, place).body(Body::empty()).unwrap();
    }
    if path.contains("/referrers/") {
        match quirks.lists {
            Lists::Unimplemented => return status(StatusCode::NOT_IMPLEMENTED),
            Lists::Throttled => {
                let response = Response::builder().status(StatusCode::TOO_MANY_REQUESTS);
                return response.header(header::RETRY_AFTER, "0").body(Body::empty()).unwrap();
            }
            Lists::Half if !path.contains('?') => {
                let kind = "application/vnd.oci.image.index.v1+json";
                let response = Response::builder().header(header::CONTENT_TYPE, kind);
                let list = format!("{{\"schemaVersion\":2,\"mediaType\":\"{kind}\",\"manifests\":[]}}");
                return response.header(header::LINK, "<?last=1>; rel=\"next\"").body(Body::from(list)).unwrap();
            }
            Lists::Half => return status(StatusCode::NOT_FOUND),
            Lists::Missing | Lists::Page | Lists::Elsewhere => {}
        }
    }
    let path = match path.split_once("/manifests/sha256-") {
        Some((front, hex)) if quirks.tags_are_digests && parts.method == Method::GET => {
            format!("{front}/manifests/sha256:{hex}")
        }
        _ => path,
    };
    let is_manifest = parts.method == Method::PUT && path.contains("/manifests/");
    let mut sent = behind.http.request(parts.method, format!("http://{}{path}", behind.registry));
    for (name, value) in parts.headers.iter().filter(|(name, _)| **name != header::TRANSFER_ENCODING) {
        sent = sent.header(name, value);
    }
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let answer = sent.body(body).send().await.unwrap();
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        let hidden = *name == header::LOCATION || name.as_str() == "docker-content-digest";
        if *name != header::TRANSFER_ENCODING && !(quirks.ecr && is_manifest && hidden) {
            response = response.header(name, value);
        }
    }
    response.body(Body::from(answer.bytes().await.unwrap())).unwrap()
}

/// A program for Linux as far as its header says: small, and nobody runs it.
pub fn program(machine: u16, contents: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 64];
    bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    bytes[16..18].copy_from_slice(&2u16.to_le_bytes());
    bytes[18..20].copy_from_slice(&machine.to_le_bytes());
    bytes[54..56].copy_from_slice(&56u16.to_le_bytes());
    bytes.extend(contents);
    bytes
}

/// A directory without a spec, with the middleware's image for both processors in `image`.
pub fn built() -> Rehearsal {
    let place = empty();
    build(&place, "image", b"first").expect(0);
    place
}

/// A directory without a spec.
pub fn empty() -> Rehearsal {
    let place = Rehearsal::of("");
    fs_err::remove_file(place.path("gwinfra.yaml")).unwrap();
    place
}

/// Builds the middleware's image from programs with these contents.
pub fn build(place: &Rehearsal, out: &str, contents: &[u8]) -> Run {
    build_tagged(place, out, contents, env!("CARGO_PKG_VERSION"))
}

/// The same under another tag than gwinfra's version.
pub fn build_tagged(place: &Rehearsal, out: &str, contents: &[u8], tag: &str) -> Run {
    let binaries = [("amd64", 62), ("arm64", 183)].map(|(architecture, machine)| {
        let path = place.path(&format!("program-{architecture}"));
        fs_err::write(&path, program(machine, contents)).unwrap();
        format!("linux/{architecture}={}", path.display())
    });
    let programs = ["--binary", &binaries[0], "--binary", &binaries[1]];
    place.bare(&[&["image", "build", "middleware", "--out", out, "--tag", tag], programs.as_slice()].concat())
}

/// Writes a file of logins for a registry, and gives its path.
pub fn logins(place: &Rehearsal, registry: &str, password: &str) -> String {
    use base64::Engine;
    let auth = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{password}"));
    place.write("auth.json", &format!(r#"{{"auths":{{"{registry}":{{"auth":"{auth}"}}}}}}"#));
    place.path("auth.json").display().to_string()
}

/// What skopeo, which shares nothing with gwinfra, says of an image.
pub fn skopeo(arguments: &[&str]) -> Option<Run> {
    let program: PathBuf = tools::system("skopeo", "skopeo")?;
    let output = Command::new(program).args(arguments).output().unwrap();
    Some(Run::from(output))
}
