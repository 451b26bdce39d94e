//! Settings that LiteLLM does not have.

use crate::diagnostics::Diagnostic;
use crate::litellm::lint::{Lint, Reach};
use crate::litellm::{Subject, keys};

/// The lint.
pub static LINT: Lint = Lint {
    code: "GW0371",
    title: "Settings are those of LiteLLM",
    explanation: include_str!("unknown_setting.md"),
    reach: Reach::Both,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for section in keys::sections() {
        for key in subject.section(section).into_iter().flat_map(|settings| settings.keys()) {
            // One of another section is a finding of its own.
            if keys::sections().any(|section| keys::knows(section, key)) || MISNAMED.contains(&key.as_str()) {
                continue;
            }
            let near = keys::near(section, key);
            // Anything may stand in the other two sections: callbacks and plugins of one's own read them.
            if near.is_none() && section != "router_settings" {
                continue;
            }
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "remove it, or look its name up in LiteLLM's documentation of `router_settings`".to_owned(),
            };
            let message = format!("LiteLLM knows no `{key}` under `{section}`, and ignores it");
            findings.push(LINT.key_warning(subject, &format!("{section}.{key}"), message).with_help(help));
        }
    }
}

/// Keys of which GW0310 says what to do instead.
const MISNAMED: [&str; 5] = ["retries", "port", "host", "num_workers", "workers"];
