//! Secrets among plain variables.

use indexmap::IndexMap;

use crate::diagnostics::Diagnostic;
use crate::litellm::secrets::{looks_secret, names_secret};
use crate::rules::{Rule, Subject};
use crate::spec::types::VariableName;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0306",
    title: "Plain variables hold no secrets",
    explanation: include_str!("secret_in_environment.md"),
    check,
};

/// What helps in each of the containers.
struct Help {
    looks: &'static str,
    named: &'static str,
}

const LITELLM: Help = Help {
    looks: "put the value into Secrets Manager, name it under `secrets`, and replace the key",
    named: "if it does, name it under `secrets`",
};

/// Its secrets are those that gwinfra gives it.
const MIDDLEWARE: Help = Help {
    looks: "remove it, and replace the key: the middleware takes no secrets from a spec",
    named: "if it does, remove it: the middleware takes no secrets from a spec",
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let gateway = &subject.spec.gateway;
    container(subject, "litellm", &gateway.litellm.environment, &LITELLM, findings);
    container(subject, "middleware", &gateway.middleware.environment, &MIDDLEWARE, findings);
}

fn container(
    subject: &Subject<'_>,
    container: &str,
    environment: &IndexMap<VariableName, String>,
    help: &Help,
    findings: &mut Vec<Diagnostic>,
) {
    for (name, value) in environment {
        let path = format!("gateway.{container}.environment.{name}");
        if looks_secret(value) {
            let message = format!("the value of `{name}` looks like a secret");
            findings.push(RULE.error(subject, path, message).with_help(help.looks));
        } else if (names_secret(name.as_str()) || holds_headers(name.as_str())) && !value.is_empty() {
            let message = format!("by its name, `{name}` holds a secret");
            findings.push(RULE.warning(subject, path, message).with_help(help.named));
        }
    }
}

/// Whether a variable has the headers of an exporter of OpenTelemetry, by which collectors know who sends:
/// `OTEL_EXPORTER_OTLP_HEADERS`, and the same of traces, metrics and logs.
fn holds_headers(name: &str) -> bool {
    name.starts_with("OTEL_EXPORTER_OTLP") && name.ends_with("_HEADERS")
}
