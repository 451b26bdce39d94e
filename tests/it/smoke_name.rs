//! Smoke calls under the name that a gateway's certificate is for, and where nobody knows that name.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::rehearsal::{Rehearsal, Run};
use crate::smoke_gateway::{free_port, result};
use crate::tools;

/// The name of the certificate.
const NAMED: &str = ", name: llm.example.com}";

/// Something that speaks TLS with a certificate for `llm.example.com` and says that it lives, and a deployment in simulated
/// accounts that it stands for.
struct Front {
    process: Child,
    rehearsal: Rehearsal,
    url: String,
}

impl Drop for Front {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Front {
    /// `None`, said aloud, where openssl is not installed.
    fn start(rehearsal: Rehearsal) -> Option<Self> {
        let openssl = tools::system("openssl", "openssl")?;
        for path in ["health", "bedrock/health"] {
            fs_err::create_dir_all(rehearsal.path(path)).unwrap();
            rehearsal.write(&format!("{path}/liveliness"), "I'm alive!");
        }
        let mut make = Command::new(&openssl);
        make.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", "key.pem"]);
        make.args(["-out", "cert.pem", "-subj", "/CN=llm.example.com"]);
        make.args(["-addext", "subjectAltName=DNS:llm.example.com", "-addext", "basicConstraints=critical,CA:FALSE"]);
        let made = make.current_dir(rehearsal.path(".")).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = free_port();
        let mut serve = Command::new(openssl);
        serve.args(["s_server", "-WWW", "-quiet", "-cert", "cert.pem", "-key", "key.pem"]);
        serve.args(["-accept", &format!("127.0.0.1:{port}")]).current_dir(rehearsal.path("."));
        let process = serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let front = Self { process, rehearsal, url: format!("https://127.0.0.1:{port}") };
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "openssl does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(front)
    }

    /// The command, through a tunnel to what speaks TLS here, whose certificate is trusted.
    fn run(&self, arguments: &[&str]) -> Run {
        let mut command = self.rehearsal.command(arguments);
        command.args(["--via", &self.url]).env("GWINFRA_SIMULATE", "true");
        Run::from(command.env("SSL_CERT_FILE", self.rehearsal.path("cert.pem")).output().unwrap())
    }

    /// Whether it lives.
    fn smoke(&self) -> Run {
        self.run(&["smoke", "--only", "health", "--skip", "auth", "-o", "json"])
    }
}

/// A spec that names a certificate without the name that clients use.
fn unnamed() -> Rehearsal {
    let rehearsal = Rehearsal::new();
    rehearsal.change(NAMED, "}");
    rehearsal
}

#[track_caller]
fn health(run: &Run) -> Value {
    result(&run.json(), "health").clone()
}

#[test]
fn a_tunnel_leads_to_the_gateway_under_the_name_of_its_certificate() {
    let Some(front) = Front::start(Rehearsal::new()) else { return };
    front.rehearsal.apply();
    let run = front.smoke().expect(0);
    assert_eq!(run.json()["url"], "https://llm.example.com");
    assert_eq!(health(&run)["detail"], "LiteLLM and the middleware answer");
    // The certificate is really looked at.
    front.rehearsal.change("llm.example.com", "other.example.com");
    let detail = health(&front.smoke().expect(13))["detail"].to_string();
    assert!(detail.contains("is only valid for llm.example.com"), "{detail}");
}

#[test]
fn a_gateway_without_a_name_is_called_under_one_once_the_spec_has_it() {
    let Some(front) = Front::start(unnamed()) else { return };
    front.rehearsal.apply();
    let found = health(&front.smoke().expect(13));
    let detail = found["detail"].as_str().unwrap();
    assert!(detail.contains("(for acme-llm-") && detail.contains(".elb.amazonaws.com) cannot be verified"), "{detail}");
    assert!(detail.contains("is only valid for llm.example.com"), "{detail}");
    let next = found["next"].as_str().unwrap();
    assert!(next.starts_with("`ingress.tls.certificate.name` in the spec names it"), "{next}");
    front.rehearsal.change("certificate/0a1b2c3d\"}", &format!("certificate/0a1b2c3d\"{NAMED}"));
    front.smoke().expect(0);
}

#[test]
fn an_apply_that_cannot_verify_the_certificate_without_a_name_says_so_and_succeeds() {
    let Some(front) = Front::start(unnamed()) else { return };
    let run =
        front.run(&["apply", "--yes"]).says(0, "smoke calls were left out: the spec names no name of the certificate");
    assert!(run.stderr.contains("next: `ingress.tls.certificate.name` in the spec names it"), "{}", run.stderr);
    assert!(!run.stderr.contains("Calling"), "{}", run.stderr);
}

#[test]
fn an_authority_that_is_not_trusted_here_fails_an_apply_of_a_gateway_with_a_name() {
    let Some(front) = Front::start(Rehearsal::new()) else { return };
    let mut command = front.rehearsal.command(&["apply", "--yes", "--via", &front.url]);
    let run = Run::from(command.env("GWINFRA_SIMULATE", "true").output().unwrap());
    let run = run.says(13, "applied, but health: ");
    assert!(run.stderr.contains("its authority is not trusted here"), "{}", run.stderr);
    assert!(run.stderr.contains("next: the certificate must be for the host of the URL"), "{}", run.stderr);
}

#[test]
fn the_url_of_a_gateway_has_its_name_after_an_apply_that_changes_nothing_else() {
    let rehearsal = unnamed();
    let url = || rehearsal.run(&["outputs", "GatewayUrl", "--raw"]).expect(0).stdout.trim().to_owned();
    rehearsal.apply();
    assert!(url().ends_with(".us-east-1.elb.amazonaws.com"), "{}", url());
    rehearsal.change("certificate/0a1b2c3d\"}", &format!("certificate/0a1b2c3d\"{NAMED}"));
    rehearsal.apply();
    assert_eq!(url(), "https://llm.example.com");
    let balancer = rehearsal.run(&["outputs", "LoadBalancerDnsName", "--raw"]).expect(0).stdout;
    assert!(balancer.trim().ends_with(".elb.amazonaws.com"), "{balancer}");
}

#[test]
fn both_engines_give_the_name_as_the_gateways_url() {
    let rehearsal = Rehearsal::new();
    rehearsal.bare(&["render", "--engine", "both", "--out", "bundle"]).expect(0);
    let text = |path: &str| fs_err::read_to_string(rehearsal.path(&format!("bundle/{path}"))).unwrap();
    let output = |text: &str| text.split("GatewayUrl").nth(1).unwrap().lines().take(3).collect::<String>();
    let cloudformation = output(&text("cloudformation/gateway.yaml"));
    assert!(cloudformation.contains("Value: https://llm.example.com"), "{cloudformation}");
    let terraform = output(&text("terraform/hub/outputs.tf"));
    assert!(terraform.contains("\"https://llm.example.com\""), "{terraform}");
}

#[test]
fn a_first_spec_gets_the_name_that_clients_use() {
    let rehearsal = Rehearsal::new();
    let arn = "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d";
    let answers = ["init", "--yes", "-f", "new.yaml", "--account", "111122223333", "--certificate", arn];
    rehearsal.bare(&[&answers[..], &["--certificate-name", "llm.example.com"]].concat()).expect(0);
    let text = fs_err::read_to_string(rehearsal.path("new.yaml")).unwrap();
    assert!(text.contains(&format!("    certificate: {{arn: \"{arn}\", name: \"llm.example.com\"}}\n")), "{text}");
    let run = rehearsal.bare(&["-f", "new.yaml", "validate", "--strict"]).expect(0);
    assert!(!run.stderr.contains("GW0130"), "{}", run.stderr);
}
