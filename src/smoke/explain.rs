//! What to look at next, by what went wrong.

use super::answer::Answer;
use super::failure::Failure;
use super::gateway::Gateway;
use super::name::Name;
use super::outcome::Outcome;

/// The outcome of a call that got no answer.
pub(super) fn no_answer(gateway: &Gateway, what: &str, failure: &Failure) -> Outcome {
    let outcome = Outcome::fail(format!("{what}: {failure}"));
    match failure {
        Failure::Resolve { .. } | Failure::Unreachable { .. } => outcome.next(gateway.way_in(failure)),
        Failure::Proxy { host, .. } => {
            let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
            outcome.next(format!("NO_PROXY={name} goes there without the proxy; {}", gateway.way_in(failure)))
        }
        Failure::Refused { .. } => outcome.next(gateway.step(
            "status",
            "shows whether tasks run",
            "is the gateway started, and is the port its own?",
        )),
        Failure::Unverified { .. } if gateway.expected.name == Name::Unknown => outcome.next(gateway.way_in(failure)),
        Failure::Unverified { .. } | Failure::Tls { .. } => outcome.next(
            "the certificate must be for the host of the URL and from an authority that this machine trusts; \
             SSL_CERT_FILE names a file with others",
        ),
        Failure::Slow { .. } | Failure::BrokenOff { .. } => outcome.next(gateway.logs(None)),
    }
}

/// The outcome of an answer that is not the expected one.
pub(super) fn wrong(gateway: &Gateway, what: &str, answer: &Answer) -> Outcome {
    let logs = gateway.logs(answer.request_id().as_deref());
    Outcome::fail(format!("{what}: {}", answer.told())).of(answer).next(next(gateway, answer, logs))
}

/// The same of an answer that the middleware made, or passed on.
pub(super) fn wrong_beside(gateway: &Gateway, what: &str, answer: &Answer) -> Outcome {
    let logs = gateway.middleware_logs(answer.request_id().as_deref());
    Outcome::fail(format!("{what}: {}", answer.told())).of(answer).next(next(gateway, answer, logs))
}

/// What to look at after an answer that is not the expected one.
fn next(gateway: &Gateway, answer: &Answer, logs: String) -> String {
    let text = answer.message().to_lowercase();
    let kind = answer.error_type().unwrap_or_default();
    if answer.is_from_the_front() {
        return match answer.status {
            403 => "a firewall in front of the gateway blocks it: see the web ACL's log for the rule".to_owned(),
            _ => gateway.step(
                "status",
                "shows whether tasks run: the load balancer has no healthy target for this path",
                "the load balancer has no healthy target for this path: is the gateway started behind it?",
            ),
        };
    }
    if text.contains("assumerole") || text.contains("assume role") {
        return gateway.step(
            "accounts verify",
            "says what is wrong with the roles",
            "may the gateway assume the role, with the external id that it asks for?",
        );
    }
    if text.contains("access to the model") || text.contains("accessdenied") || text.contains("not authorized") {
        return gateway.step(
            "accounts verify",
            "looks at model access and policies in each account",
            "does the account have access to the model, and do its policies allow the call?",
        );
    }
    match answer.status {
        401 | 403 => "is the key the gateway's own, not blocked and not expired?".to_owned(),
        429 if kind == "budget_exceeded" => "the key's budget is spent: use one with a larger budget".to_owned(),
        429 => gateway.step(
            "capacity --live",
            "compares the accounts' quotas with the load: one is used up",
            "a quota is used up: compare those of the account with the load",
        ),
        400 | 404 if text.contains("model") => gateway.configured("GET /v1/models lists the models that there are"),
        _ => logs,
    }
}
