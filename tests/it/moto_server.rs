//! moto, a second implementation of AWS: one server for the whole run of the tests.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// Serves on a free port, says which, and ends when its standard input does: with the process that started it, however
/// that one ends. Three answers of moto's S3 have other root elements than AWS's, which only some SDKs do not mind.
const SERVE: &str = "
import sys
from moto.core import serialize
from moto.server import ThreadedMotoServer
ROOTS = {
    'GetBucketVersioning': 'VersioningConfiguration',
    'GetBucketTagging': 'Tagging',
    'GetBucketLifecycleConfiguration': 'LifecycleConfiguration',
}
class S3Serializer(serialize.S3Serializer):
    def _serialize_body(self, body):
        root = ROOTS.get(self.operation_model.name)
        if root and 'Error' not in body:
            body = {root: content for content in body.values()}
        return super()._serialize_body(body)
serialize.SERVICE_SPECIFIC_SERIALIZERS['s3']['rest-xml'] = S3Serializer
server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
server.start()
print('%s:%d' % server.get_host_and_port(), flush=True)
sys.stdin.read()
";

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
