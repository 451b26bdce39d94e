//! The codes of checks that fail, GW1400 to GW1499, and what `gwinfra explain` says about each.

/// The gateway is not healthy: the first of them.
const HEALTH: &str = "GW1401";

/// One for each check, in their order: code, title, and explanation in Markdown.
pub const CODES: &[(&str, &str, &str)] = &[
    (
        HEALTH,
        "The gateway is not healthy",
        "`gwinfra smoke --only health` tries it again. Nothing answers at the gateway's URL, or not as a gateway that is up: look at `gwinfra status`, and at the way to the load balancer.",
    ),
    (
        "GW1402",
        "The gateway is not ready",
        "`gwinfra smoke --only readiness` tries it again. The gateway runs without its database or its cache.",
    ),
    (
        "GW1403",
        "Keys are not checked as they should be",
        "`gwinfra smoke --only auth` tries it again. A call without a key or with a wrong one was answered, or the right key was refused.",
    ),
    (
        "GW1404",
        "Models are missing",
        "`gwinfra smoke --only models` tries it again. The gateway does not list the models that the spec has.",
    ),
    (
        "GW1405",
        "A model does not answer",
        "`gwinfra smoke --only chat` tries it again. A call to the model failed: the answer says whether it was the gateway, the role or Bedrock.",
    ),
    (
        "GW1406",
        "Answers do not stream",
        "`gwinfra smoke --only stream` tries it again. A streamed answer came in one piece, out of order, or without its end.",
    ),
    (
        "GW1407",
        "Calls reach one deployment only",
        "`gwinfra smoke --only balance` tries it again. Of several accounts and regions only one was used.",
    ),
    (
        "GW1408",
        "An account does not serve",
        "`gwinfra smoke --only accounts` tries it again; `gwinfra accounts verify` looks at role, model access and quota of the account.",
    ),
    (
        "GW1409",
        "A fallback is not taken",
        "`gwinfra smoke --only fallback` tries it again. A model that fails is not replaced by the one that the spec names.",
    ),
    (
        "GW1410",
        "A limit is not kept",
        "`gwinfra smoke --only rate-limit` tries it again. A key with a limit got more calls than it has.",
    ),
    (
        "GW1411",
        "Virtual keys do not work",
        "`gwinfra smoke --only keys` tries it again. A key could not be made, used, counted or deleted.",
    ),
    (
        "GW1412",
        "Bedrock's Converse API does not work",
        "`gwinfra smoke --only converse` tries it again. The middleware answers it: `gateway.middleware.bedrock_api`.",
    ),
    (
        "GW1413",
        "Bedrock's ConverseStream API does not work",
        "`gwinfra smoke --only converse-stream` tries it again. The middleware answers it: `gateway.middleware.bedrock_api`.",
    ),
    (
        "GW1414",
        "Chat sessions do not work",
        "`gwinfra smoke --only history` tries it again. The middleware keeps them in the database: `gateway.middleware.chat_history`.",
    ),
    (
        "GW1415",
        "The firewall blocks too much or too little",
        "`gwinfra smoke --only waf` tries it again. A bad request went through, or a long prompt did not.",
    ),
    (
        "GW1416",
        "Somebody is served without TLS",
        "`gwinfra smoke --only plaintext` tries it again. Plain HTTP was answered with something else than a redirect or a refusal.",
    ),
];

/// The code of a check, by its name.
pub(super) fn code(check: &str) -> &'static str {
    let codes = super::checks::names().zip(CODES);
    codes.filter(|(name, _)| *name == check).map(|(_, (code, ..))| *code).next().unwrap_or(HEALTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_a_code_whose_explanation_names_it() {
        let names: Vec<&str> = super::super::checks::names().collect();
        assert_eq!(names.len(), CODES.len());
        for (name, (_, _, text)) in names.iter().zip(CODES) {
            assert!(text.contains(&format!("`gwinfra smoke --only {name}`")), "{name}: {text}");
        }
    }

    #[test]
    fn codes_are_sorted_and_unique() {
        assert!(CODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
