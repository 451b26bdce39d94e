//! Other people's clients drive the simulator: boto3 and the AWS CLI. Where moto models the same call, both must give the same answers.

use std::process::Command;

use gwinfra::simulator::World;
use gwinfra::simulator::clock::{Clock, Pace};
use gwinfra::simulator::server::{Options, Server};

use crate::moto_server::{self, environment, interpreter, skip};
use crate::support::repository;

fn has(modules: &str) -> bool {
    let import = Command::new(interpreter()).args(["-c", &format!("import {modules}")]).output();
    import.is_ok_and(|output| output.status.success())
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
    let moto = moto_server::endpoint().unwrap_or_default();
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
        failures.extend(run(script, &server.url(), moto).err());
        runtime.block_on(server.stop());
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
