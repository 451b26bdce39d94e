//! Variables that the middleware does not read.

use crate::diagnostics::Diagnostic;
use crate::model::container::{free_middleware_variables, reserved_middleware_variables};
use crate::rules::gateway::middleware_value::ends_start;
use crate::rules::{Rule, Subject};
use crate::spec::shape::did_you_mean;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0318",
    title: "Variables of the middleware are read by it",
    explanation: include_str!("unknown_variable.md"),
    check,
};

/// Beginnings of names that libraries of the middleware read: OpenTelemetry's and AWS's.
const LIBRARIES: [&str; 2] = ["OTEL_", "AWS_"];

/// Names that libraries of the middleware read: the certificate authorities of rustls, the threads of Tokio, backtraces of Rust
/// itself, and the proxies of the HTTP clients, which are also read in small letters.
const NAMES: [&str; 12] = [
    "RUST_BACKTRACE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "TOKIO_WORKER_THREADS",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
];

/// How many letters a name of a library may differ from one that is known and still be taken for that, misspelt:
/// OTEL_EXPORTER_OTLP_HEADERS is none.
const TYPING_ERRORS: usize = 2;

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for name in subject.spec.gateway.middleware.environment.keys().map(|name| name.as_str()) {
        let mut known = free_middleware_variables().chain(reserved_middleware_variables().map(|(name, _)| name));
        // What ends its start is told of as that.
        let is_refused = ends_start(name, &subject.spec.gateway.middleware);
        if is_refused || known.any(|known| known == name) || NAMES.contains(&name) {
            continue;
        }
        let meant = did_you_mean(name, free_middleware_variables().chain(NAMES));
        let is_library = LIBRARIES.iter().any(|library| name.starts_with(library));
        if is_library && meant.is_none_or(|meant| strsim::osa_distance(name, meant) > TYPING_ERRORS) {
            continue;
        }
        let help = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "remove it, unless `gateway.middleware.image` is an image that reads it".to_owned(),
        };
        let path = format!("gateway.middleware.environment.{name}");
        let finding = Diagnostic::warning(RULE.code, format!("the middleware reads no variable `{name}`"));
        findings.push(finding.with_span(subject.key(&path)).with_path(path).with_help(help));
    }
}
