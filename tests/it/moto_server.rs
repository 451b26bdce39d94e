//! moto, a second implementation of AWS: one server for the whole run of the tests.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// The server, and what it needs beyond moto as it is.
const SERVE: &str = include_str!("../moto/serve.py");

/// A variable of the environment.
#[expect(clippy::disallowed_methods, reason = "tests are told by the environment where they run")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The Python that has the test tools.
pub fn interpreter() -> String {
    environment("GWINFRA_TEST_PYTHON").unwrap_or_else(|| "python3".into())
}

/// Says why something is skipped. In CI nothing may be.
#[expect(clippy::print_stderr, reason = "a skipped test says why")]
pub fn skip(why: &str) {
    assert!(environment("CI").as_deref() != Some("true"), "{why}");
    eprintln!("skipped: {why}");
}

struct Server {
    url: String,
    /// Holds the standard input that keeps the server alive.
    _process: Child,
}

/// The address of moto; `None`, said aloud, where it is not installed.
pub fn endpoint() -> Option<&'static str> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    let server = SERVER.get_or_init(start);
    if server.is_none() {
        skip(&format!("{} has no moto: pip install 'moto[server]'", interpreter()));
    }
    server.as_ref().map(|server| server.url.as_str())
}

fn start() -> Option<Server> {
    let mut process = Command::new(interpreter())
        .args(["-c", SERVE])
        // As on AWS: a bucket is its owner's.
        .env("MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS", "false")
        // Policies that AWS itself has can be attached, and a service runs the tasks that it begins with.
        .env("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
        .env("MOTO_ECS_SERVICE_RUNNING", "2")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut address = String::new();
    BufReader::new(process.stdout.take()?).read_line(&mut address).ok()?;
    match address.trim() {
        "" => {
            // It has ended by itself: it could not be imported.
            let _ = process.wait();
            None
        }
        address => Some(Server { url: format!("http://{address}"), _process: process }),
    }
}
