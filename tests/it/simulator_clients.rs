//! Other people's clients drive the simulator: boto3 and the AWS CLI. Where moto models the same call, both must give the same answers.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use gwinfra::simulator::World;
use gwinfra::simulator::clock::{Clock, Pace};
use gwinfra::simulator::server::{Options, Server};

use crate::support::repository;

/// How long moto may take until it listens.
const MOTO_STARTS_WITHIN: Duration = Duration::from_secs(60);

#[expect(clippy::disallowed_methods, reason = "tests are told by the environment where they run")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn interpreter() -> String {
    environment("GWINFRA_TEST_PYTHON").unwrap_or_else(|| "python3".into())
}

/// Says why something is skipped. In CI nothing may be.
#[expect(clippy::print_stderr, reason = "a skipped test says why")]
fn skip(why: &str) {
    assert!(environment("CI").as_deref() != Some("true"), "{why}");
    eprintln!("skipped: {why}");
}

fn has(modules: &str) -> bool {
    let import = Command::new(interpreter()).args(["-c", &format!("import {modules}")]).output();
    import.is_ok_and(|output| output.status.success())
}

/// A second implementation of AWS, stopped when it is dropped.
struct Moto {
    process: Child,
    url: String,
}

impl Moto {
    fn start() -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let process = Command::new(interpreter())
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let moto = Self { process, url: format!("http://127.0.0.1:{port}") };
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(begun.elapsed() < MOTO_STARTS_WITHIN, "moto does not listen on port {port}");
            std::thread::yield_now();
        }
        moto
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn run(script: &str, simulator: &str, moto: &str) -> Result<String, String> {
    let output = Command::new(interpreter())
        .arg(repository("tests/simulator").join(script))
        .env_clear()
        .envs(environment("PATH").map(|path| ("PATH", path)))
        .envs([("GWINFRA_SIMULATOR", simulator), ("GWINFRA_MOTO", moto), ("PYTHONDONTWRITEBYTECODE", "1")])
        .envs([("AWS_CONFIG_FILE", "/dev/null"), ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")])
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .map_err(|error| error.to_string())?;
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(text) } else { Err(format!("{script}\n{text}")) }
}

#[test]
fn boto3_and_the_aws_cli_find_aws_in_the_simulator() {
    if !has("boto3, awscli") {
        return skip(&format!("{} has no boto3 and awscli: pip install boto3 awscli", interpreter()));
    }
    let moto = has("moto.server").then(Moto::start);
    if moto.is_none() {
        skip(&format!("no comparison with moto, {} does not have it: pip install 'moto[server]'", interpreter()));
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut failures = Vec::new();
    let mut scripts: Vec<String> = fs_err::read_dir(repository("tests/simulator"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".py") && name != "support.py")
        .collect();
    scripts.sort();
    for script in &scripts {
        let world = World::new(1, Clock::new(Pace::Fast));
        let server = runtime.block_on(Server::start(world, Options::default())).unwrap();
        let moto = moto.as_ref().map_or("", |moto| &moto.url);
        failures.extend(run(script, &server.url(), moto).err());
        runtime.block_on(server.stop());
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
