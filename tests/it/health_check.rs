//! The health check that ECS runs in LiteLLM's container.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

use crate::tools;

/// Whether the check succeeds where LiteLLM answers, with a variable in the container's environment.
fn succeeds(python: &std::path::Path, name: &str, value: &str) -> bool {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
    });
    let script = gwinfra::model::container::code(gwinfra::model::container::HEALTH_CHECK);
    let script = script.replace("127.0.0.1:4000", &place);
    assert!(script.contains(&place));
    let mut command = Command::new(python);
    command.args(["-c", &script]).env_clear().env("GATEWAY_WORK", "/nowhere").env(name, value);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.output().unwrap().status.success()
}

#[test]
fn a_proxy_of_the_container_does_not_stand_between_it_and_its_health_check() {
    let Some(python) = tools::system("python3", "python3") else { return };
    assert!(succeeds(&python, "NOTHING", "set"));
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        assert!(succeeds(&python, name, "http://127.0.0.1:1"), "{name}");
    }
}
