//! Values with which the middleware does not start.

use crate::diagnostics::Diagnostic;
use crate::model::container::{STOP_TIMEOUT_SECONDS, middleware_form};
use crate::rules::{Rule, Subject};
use crate::spec::Middleware;

/// The rule.
pub static RULE: Rule = Rule {
    code: "GW0336",
    title: "Values of the middleware's variables are such as it takes",
    explanation: include_str!("middleware_value.md"),
    check,
};

/// Variables of PostgreSQL's own clients with which the middleware does not connect.
const FOREIGN: [&str; 4] = ["PGOPTIONS", "PGSSLCERT", "PGSSLKEY", "PGSSLROOTCERT"];

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let middleware = &subject.spec.gateway.middleware;
    for (name, value) in &middleware.environment {
        let name = name.as_str();
        let path = format!("gateway.middleware.environment.{name}");
        if ends_start(name, middleware) {
            let message = format!("the middleware does not start with `{name}` while it keeps chats");
            let help = "remove it; `DATABASE_SSLMODE` and `DATABASE_CA_FILE` say how PostgreSQL is reached";
            let finding = Diagnostic::error(RULE.code, message).with_span(subject.key(&path)).with_path(path);
            findings.push(finding.with_help(help));
            continue;
        }
        let reason = match middleware_form(name) {
            Some(form) if !form.takes(value) => format!("`{name}` takes {form}, not `{value}`"),
            _ if name == "DRAIN_SECONDS" && value.parse().is_ok_and(|seconds: u32| seconds >= STOP_TIMEOUT_SECONDS) => {
                format!("ECS stops the task after {STOP_TIMEOUT_SECONDS} seconds, before `{name}` ends")
            }
            _ => continue,
        };
        findings.push(RULE.error(subject, path, reason).with_help("without it the middleware takes its default"));
    }
}

/// Whether the middleware refuses a variable of PostgreSQL's, which it reads with chat history only.
pub(super) fn ends_start(name: &str, middleware: &Middleware) -> bool {
    FOREIGN.contains(&name) && middleware.chat_history.as_ref().is_some_and(|history| history.enabled)
}
