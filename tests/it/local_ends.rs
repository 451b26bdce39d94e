//! SIGTERM ends the gateway on this machine within the seven seconds that CI systems give, and leaves no process behind,
//! whatever its services do.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::local::Local;
use crate::signals::send;

/// Until SIGKILL comes.
const TIME: Duration = Duration::from_secs(7);

/// A LiteLLM that has a child, and neither of them hears SIGTERM.
const DEAF: &str = "trap '' TERM INT\n(trap '' TERM INT; sleep 1000) &\ntouch deaf\n";

/// The same, and it says that it is alive: it takes 30 seconds for every other answer.
const ALIVE: &str = r#"exec python3 - "$6" <<'END'
import http.server, sys, time
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/health/liveliness":
            time.sleep(30)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answers).serve_forever()
END
"#;

/// Starts a gateway in the foreground, with that program in the place of LiteLLM.
fn start(local: &Local, script: &str, more: &[&str]) -> Child {
    local.script("python", "exit 0");
    let program = local.script("litellm", script);
    let arguments = ["up", "--port", "0", "--no-cache", "--no-database", "--litellm-bin", &program];
    let mut command = local.command(&[&arguments[..], more].concat());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until a program in the place of LiteLLM has said that it does not hear.
fn wait_until_deaf(local: &Local) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !local.path("deaf").exists() {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Ends a command with SIGTERM, and gives its exit code.
#[track_caller]
fn ends_in_time(local: &Local, mut child: Child) -> Option<i32> {
    let sent = Instant::now();
    send(&child, "-TERM");
    let code = child.wait().unwrap().code();
    let took = sent.elapsed();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(took < TIME, "it took {took:?}:\n{said}");
    while !local.processes().is_empty() {
        assert!(sent.elapsed() < TIME, "{:?} is left:\n{said}", local.processes());
        std::thread::sleep(Duration::from_millis(20));
    }
    code
}

#[test]
fn a_start_whose_litellm_does_not_hear_ends_in_time_and_leaves_no_child() {
    let local = Local::new();
    let child = start(&local, &format!("{DEAF}while true; do sleep 1; done"), &[]);
    wait_until_deaf(&local);
    assert_eq!(ends_in_time(&local, child), Some(143));
}

#[test]
fn a_gateway_whose_litellm_does_not_hear_ends_in_time_and_leaves_no_child() {
    let local = Local::new();
    let child = start(&local, &format!("{DEAF}{ALIVE}"), &[]);
    let state = local.until(|state| state["ready"] == true);
    // Somebody waits for an answer.
    let mut call = TcpStream::connect(state["url"].as_str().unwrap().strip_prefix("http://").unwrap()).unwrap();
    call.write_all(b"GET /slow HTTP/1.1\r\nhost: gateway\r\n\r\n").unwrap();
    assert_eq!(ends_in_time(&local, child), Some(0));
}

#[test]
fn a_detached_start_whose_litellm_does_not_hear_ends_in_time_and_leaves_no_child() {
    let local = Local::new();
    let child = start(&local, &format!("{DEAF}while true; do sleep 1; done"), &["--detach"]);
    wait_until_deaf(&local);
    assert_eq!(ends_in_time(&local, child), Some(143));
}
