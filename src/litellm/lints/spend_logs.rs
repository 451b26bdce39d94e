//! Prompts in spend logs that are not written.

use serde_json::Value;

use crate::diagnostics::Diagnostic;
use crate::litellm::Subject;
use crate::litellm::lint::{Lint, Reach};

/// The lint.
pub static LINT: Lint = Lint {
    code: "GW0382",
    title: "Prompts are stored only in spend logs that are written",
    explanation: include_str!("spend_logs.md"),
    reach: Reach::Both,
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    const SECTION: &str = "general_settings";
    let is_on = |key: &str| {
        subject.section(SECTION).and_then(|general| general.get(key)).and_then(Value::as_bool) == Some(true)
    };
    if is_on("store_prompts_in_spend_logs") && is_on("disable_spend_logs") {
        let path = format!("{SECTION}.store_prompts_in_spend_logs");
        let finding = LINT.key_error(subject, &path, "prompts cannot be stored in spend logs that are not written");
        findings.push(
            finding
                .with_related(subject.key(&format!("{SECTION}.disable_spend_logs")), "spend logs are off")
                .with_help("remove one of the two"),
        );
    }
}
