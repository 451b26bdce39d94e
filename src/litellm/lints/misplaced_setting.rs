//! Settings in a section in which LiteLLM does not read them.

use crate::diagnostics::Diagnostic;
use crate::litellm::lint::{Lint, Reach};
use crate::litellm::{Origin, Subject, keys};

/// The lint.
pub static LINT: Lint = Lint {
    code: "GW0310",
    title: "Settings have an effect",
    explanation: include_str!("misplaced_setting.md"),
    reach: Reach::Both,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for section in keys::sections() {
        for key in subject.section(section).into_iter().flat_map(|settings| settings.keys()) {
            if keys::knows(section, key) {
                continue;
            }
            let Some(help) = help(subject, section, key) else { continue };
            let message = if section == "router_settings" && STOPS.contains(&key.as_str()) {
                format!("LiteLLM does not start with `{key}` under `{section}`")
            } else {
                format!("LiteLLM ignores `{key}` under `{section}`")
            };
            let finding = LINT.key_error(subject, &format!("{section}.{key}"), message);
            findings.push(finding.with_help(help));
        }
    }
}

/// Where the key has an effect.
fn help(subject: &Subject<'_>, section: &str, key: &str) -> Option<String> {
    let here = |(of, name, ..): &&(&str, &str, &str, &str)| (*of == section || *of == "*") && *name == key;
    if let Some((_, _, file, spec)) = OTHERWISE.iter().find(here) {
        return Some(subject.help(file, spec).to_owned());
    }
    let other = keys::sections().find(|other| keys::knows(other, key))?;
    let owned = crate::model::litellm::OWNED.iter().any(|(of, keys)| *of == other && keys.contains(&key));
    if owned && subject.origin == Origin::Spec {
        return Some("remove it: gwinfra sets it itself".to_owned());
    }
    Some(format!("move it to `{other}`"))
}

/// Keys of `router_settings` that LiteLLM refuses to start with (1.102.4, November 2026).
const STOPS: [&str; 2] = ["health_check_interval", "health_check_concurrency"];

/// Section, key, and what to do instead in a file and in a spec. <https://docs.litellm.ai/docs/proxy/config_settings>,
/// November 2026.
const OTHERWISE: [(&str, &str, &str, &str); 6] = [
    ("router_settings", "retries", "write `num_retries`", "use `routing.retries`"),
    ("litellm_settings", "retries", "write `num_retries`", "use `routing.retries`"),
    (
        "*",
        "port",
        "remove it: LiteLLM's port is `--port`, 4000 by default",
        "remove it: LiteLLM listens on port 4000, and clients reach it through the load balancer",
    ),
    (
        "*",
        "host",
        "remove it: LiteLLM's address is `--host`",
        "remove it: clients reach LiteLLM through the load balancer",
    ),
    ("*", "num_workers", "remove it: the number of workers is `--num_workers`", "use `gateway.litellm.workers`"),
    ("*", "workers", "remove it: the number of workers is `--num_workers`", "use `gateway.litellm.workers`"),
];
