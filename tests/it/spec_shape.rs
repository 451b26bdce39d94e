//! The shape of a spec: keys, words and ranges, with a way out for each mistake.

use crate::spec_load::{EVERYTHING, MINIMAL, findings, help, load, minimal_and, only};

#[test]
fn all_errors_are_reported_at_once() {
    let text = EVERYTHING
        .replace("nat: single", "nat: singel")
        .replace("cpu: 1024", "cpus: 1024")
        .replace("readers: 1", "readers: one");
    let codes: Vec<&str> = findings(text).iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["GW0014", "GW0011", "GW0013"]);
}

#[test]
fn a_misspelt_key_is_guessed() {
    assert_eq!(help(&minimal_and("databse: {}\n")), "did you mean `database`?");
    assert_eq!(help(&minimal_and("network: {end: all}\n")), "did you mean `endpoints`?");
    assert_eq!(help(&minimal_and("compute: {fargate: {spotPercent: 1}}\n")), "did you mean `spot_percent`?");
}

#[test]
fn a_key_one_level_too_high_is_sent_down() {
    assert_eq!(help(&minimal_and("compute: {memory: 4096}\n")), "`memory` belongs under `fargate`");
    assert_eq!(help(&minimal_and("idle_timeout_seconds: 60\n")), "`idle_timeout_seconds` belongs under `ingress`");
}

#[test]
fn an_unknown_key_lists_the_valid_ones() {
    assert_eq!(help(&minimal_and("access: {tunnel: true}\n")), "valid keys here: client_vpn, bastion");
}

#[test]
fn an_unknown_word_is_guessed_and_the_words_are_listed() {
    assert_eq!(help(&minimal_and("engine: teraform\n")), "did you mean `terraform`? Values: cloudformation, terraform");
}

#[test]
fn a_missing_key_is_reported_at_its_parent() {
    let text = MINIMAL.replace(", region: us-east-1", "");
    assert_eq!(only(text), ("GW0012", 4, 1, "hub.region".to_owned()));
    let text = MINIMAL.replace("  - name: claude-haiku\n    bedrock", "  - bedrock");
    assert_eq!(only(text), ("GW0012", 10, 5, "models.0.name".to_owned()));
}

#[test]
fn two_alternatives_are_both_named() {
    let findings = findings(minimal_and("cache:\n  redis: {}\n  none: {}\n"));
    assert_eq!((findings.len(), findings[0].code), (1, "GW0018"));
    assert_eq!(findings[0].message, "`cache` takes one of `redis` and `none`, not both");
    assert_eq!(findings[0].related[0].span.start.line, 13);
}

#[test]
fn a_choice_needs_an_alternative() {
    assert_eq!(only(minimal_and("cache: {}\n")), ("GW0019", 12, 1, "cache".to_owned()));
}

#[test]
fn an_alternative_without_its_map_is_completed() {
    assert_eq!(help(&minimal_and("cache: none\n")), "write `cache: {none: {}}`");
    assert_eq!(help(&minimal_and("cache:\n  none:\n")), "remove the key, or write `none: {}` for the defaults");
}

#[test]
fn words_of_yaml_1_1_are_no_booleans() {
    assert_eq!(help(&minimal_and("observability: {dashboard: yes}\n")), "write true");
    assert_eq!(help(&minimal_and("observability: {dashboard: off}\n")), "write false");
}

#[test]
fn a_number_in_quotes_is_no_number() {
    assert_eq!(help(&minimal_and("compute: {fargate: {cpu: \"1024\"}}\n")), "remove the quotes");
}

#[test]
fn a_number_out_of_range_says_the_range() {
    let findings = findings(minimal_and("routing: {retries: 21}\n"));
    assert_eq!((findings[0].code, findings[0].message.as_str()), ("GW0016", "`retries` must be from 0 to 20"));
}

#[test]
fn a_string_that_does_not_match_says_what_is_expected() {
    let text = MINIMAL.replace("111122223333\",", "11112222\",");
    let found = &findings(text)[0];
    assert_eq!(found.code, "GW0015");
    assert_eq!(found.message, "`account` must be an AWS account id of 12 digits, such as \"111122223333\"");
}

#[test]
fn a_unit_is_an_id_and_no_name() {
    let with = |unit: &str| {
        let rollout = format!("include_hub: true, rollout: {{stack_sets: {{organizational_units: [{unit}]}}}}");
        MINIMAL.replace("include_hub: true", &rollout)
    };
    assert_eq!(findings(with("workloads"))[0].code, "GW0015");
    assert!(load(&with("ou-ab12-cdefgh34")).is_ok() && load(&with("r-ab12")).is_ok());
}

#[test]
fn a_prefix_of_keys_has_no_slash_at_either_end_and_leads_nowhere_else() {
    let with = |prefix: &str| minimal_and(&format!("state: {{s3: {{bucket: acme-state, key_prefix: {prefix}}}}}\n"));
    for prefix in ["/llm", "llm/", "a//b", "a/../b", "."] {
        assert_eq!(only(with(prefix)), ("GW0015", 12, 46, "state.s3.key_prefix".to_owned()), "{prefix}");
    }
    assert!(load(&with("teams/llm.1")).is_ok());
}

#[test]
fn a_list_that_is_too_short_is_refused() {
    let text = MINIMAL.split("models:").next().unwrap().to_owned() + "models: []\n";
    assert_eq!(only(text), ("GW0017", 9, 9, "models".to_owned()));
}

#[test]
fn keys_that_the_user_names_are_checked_too() {
    let text = minimal_and("gateway: {litellm: {environment: {\"1BAD\": x}}}\n");
    assert_eq!(only(text).0, "GW0015");
}

#[test]
fn findings_are_capped() {
    let tags: String = (0..80).map(|number| format!("  t{number}: [1]\n")).collect();
    let findings = findings(minimal_and(&format!("tags:\n{tags}")));
    assert_eq!(findings.len(), 51);
    assert_eq!(findings[50].message, "30 more findings are not shown");
}

#[test]
fn an_empty_key_is_refused() {
    assert_eq!(help(&minimal_and("network:\n")), "remove the key, or write `network: {}` for the defaults");
}
