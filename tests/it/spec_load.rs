//! Loading a spec: text, YAML, version, environments and shape.

use gwinfra::diagnostics::{Diagnostic, Report};
use gwinfra::spec::types::AccountId;
use gwinfra::spec::{self, Cache, Compute, Database, Loaded, Nat, Vpc};

use crate::support::repository;

const MINIMAL: &str = include_str!("../specs/valid/minimal.yaml");
const EVERYTHING: &str = include_str!("../specs/valid/everything.yaml");

fn load(text: &str) -> Result<Loaded, Report> {
    spec::load("gwinfra.yaml", text.as_bytes(), None)
}

fn findings(text: impl AsRef<[u8]>) -> Vec<Diagnostic> {
    spec::load("gwinfra.yaml", text.as_ref(), None).unwrap_err().diagnostics
}

/// The only finding: its code, place and path.
fn only(text: impl AsRef<[u8]>) -> (&'static str, u32, u32, String) {
    let findings = findings(text);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    let span = findings[0].span.as_ref().unwrap();
    (findings[0].code, span.start.line, span.start.column, findings[0].path.clone().unwrap_or_default())
}

fn help(text: &str) -> String {
    findings(text)[0].help.clone().unwrap()
}

/// The minimal spec, 12 lines, and more lines.
fn minimal_and(more: &str) -> String {
    format!("{MINIMAL}{more}")
}

#[test]
fn every_valid_spec_loads_with_and_without_its_environments() {
    for entry in fs_err::read_dir(repository("tests/specs/valid")).unwrap() {
        let path = entry.unwrap().path();
        let (_, report) = spec::check_all(&path.display().to_string(), &fs_err::read(&path).unwrap());
        assert_eq!(report.diagnostics, [], "{}", path.display());
    }
}

#[test]
fn the_minimal_spec_has_the_documented_defaults() {
    let spec = load(MINIMAL).unwrap().spec;
    let Vpc::Create(vpc) = &spec.network.vpc else { panic!("{:?}", spec.network.vpc) };
    assert_eq!((vpc.cidr.as_str(), vpc.nat, vpc.flow_logs), ("10.40.0.0/16", Nat::Single, true));
    let Compute::Fargate(fargate) = &spec.compute else { panic!("{:?}", spec.compute) };
    assert_eq!((fargate.cpu, fargate.memory, fargate.tasks.max), (1024, 4096, 10));
    assert!(matches!(&spec.database, Database::AuroraPostgres(aurora) if aurora.version == "16.6"));
    assert!(matches!(&spec.cache, Cache::Redis(redis) if redis.node_type == "cache.t4g.small"));
    assert_eq!((spec.blueprint.as_str(), spec.ingress.idle_timeout_seconds), ("gateway", 600));
}

#[test]
fn defaults_in_the_schema_are_those_of_the_types() {
    let schema: serde_json::Value = serde_json::from_str(spec::json_schema::SCHEMA_TEXT).unwrap();
    let loaded = serde_json::to_value(load(MINIMAL).unwrap().spec).unwrap();
    for (key, property) in schema["properties"].as_object().unwrap() {
        if let Some(default) = property.get("default").filter(|_| key != "bedrock") {
            assert_eq!(&loaded[key], default, "{key}");
        }
    }
}

#[test]
fn strings_need_no_quotes() {
    let text = EVERYTHING.replace("\"111122223333\"", "011122223333").replace("version: \"16.6\"", "version: 16.10");
    let spec = load(&text).unwrap().spec;
    assert_eq!(spec.hub.account, AccountId::from("011122223333"));
    assert!(matches!(&spec.database, Database::AuroraPostgres(aurora) if aurora.version == "16.10"));
}

#[test]
fn anchors_and_merge_keys_may_be_used() {
    let text = EVERYTHING.replace("      deploy_role: arn:aws:iam::222222222222:role/gwinfra-deploy\n    - id: \"333333333333\"\n      name: bedrock-2\n      regions: [us-east-1]", "    - &two {id: \"333333333333\", name: bedrock-2, regions: [us-east-1]}\n    - {<<: *two, name: bedrock-3}");
    assert_ne!(text, EVERYTHING);
    let accounts = load(&text).unwrap().spec.bedrock.accounts;
    assert_eq!((accounts[2].id.as_str(), accounts[2].name.as_str()), ("333333333333", "bedrock-3"));
}

#[test]
fn spans_are_known_by_path() {
    let spans = load(EVERYTHING).unwrap().spans;
    let line = |path: &str| spans.nearest(path).unwrap().start.line;
    let text_at = |line: u32| EVERYTHING.lines().nth(line as usize - 1).unwrap();
    assert_eq!(text_at(line("models.0.bedrock.model")).trim(), "model: us.anthropic.claude-3-7-sonnet-20250219-v1:0");
    assert_eq!(text_at(line("compute.fargate")).trim(), "fargate:");
    assert_eq!(text_at(line("compute.fargate.nothing.here")).trim(), "fargate:");
    assert_eq!(text_at(line("models.1.expected.max_tokens")).trim(), "- name: claude-haiku");
    assert!(spans.value("compute.fargate.nothing").is_none());
}

#[test]
fn a_defaulted_key_points_at_the_nearest_parent() {
    let spans = load(MINIMAL).unwrap().spans;
    assert_eq!(spans.nearest("ingress.idle_timeout_seconds").unwrap().start.line, 5);
    assert_eq!(spans.nearest("compute.fargate.cpu").unwrap().start.line, 2);
}

#[test]
fn the_prefix_has_the_environment() {
    assert_eq!(load(EVERYTHING).unwrap().prefix(), "acme-llm");
    assert_eq!(spec::load("g", EVERYTHING.as_bytes(), Some("dev")).unwrap().prefix(), "acme-llm-dev");
}

mod text {
    use super::*;

    #[test]
    fn an_empty_file_is_refused() {
        for text in ["", "\n", "# nothing\n"] {
            assert_eq!(only(text).0, "GW0004");
        }
    }

    #[test]
    fn a_binary_file_is_refused() {
        assert_eq!(only(b"\x7fELF\x02\x01\x01\x00\x00"), ("GW0003", 1, 1, String::new()));
    }

    #[test]
    fn text_that_is_not_utf8_is_refused_at_its_place() {
        assert_eq!(only(b"version: 1\nname: caf\xe9\n"), ("GW0003", 2, 10, String::new()));
    }

    #[test]
    fn a_file_of_50_megabytes_is_refused() {
        let findings = findings(vec![b'#'; 50 * 1024 * 1024]);
        assert_eq!(findings[0].code, "GW0002");
    }

    #[test]
    fn what_is_not_yaml_is_refused_at_its_place() {
        assert_eq!(only("version: 1\nname: [a\n").0, "GW0005");
        assert_eq!(only("version: 1\nname: a: b\n"), ("GW0005", 2, 8, String::new()));
    }

    #[test]
    fn a_tab_is_named() {
        assert_eq!(help("version: 1\nhub:\n\taccount: a\n"), "replace each tab by spaces");
    }

    #[test]
    fn an_alias_without_an_anchor_is_named() {
        assert_eq!(findings("version: 1\nname: *x\n")[0].message, "the alias repeats a value that has no anchor");
    }

    #[test]
    fn a_value_that_needs_quotes_is_named() {
        assert_eq!(help("version: 1\nname: @x\n"), "put the value in quotes");
    }

    #[test]
    fn a_second_document_is_refused() {
        assert_eq!(only("version: 1\n---\nversion: 1\n").0, "GW0006");
    }

    #[test]
    fn a_key_that_is_there_twice_is_refused_at_its_second_place() {
        let findings = findings(minimal_and("hub: {account: \"111122223333\", region: us-east-1}\n"));
        assert_eq!((findings.len(), findings[0].code), (1, "GW0007"));
        assert_eq!(findings[0].span.as_ref().unwrap().start.line, 12);
        assert_eq!(findings[0].related[0].span.start.line, 4);
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut bomb = "a0: &a0 [boom, boom, boom, boom, boom, boom, boom, boom, boom]\n".to_owned();
        for level in 1..12 {
            bomb += &format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(", "));
        }
        assert_eq!(only(bomb).0, "GW0008");
    }

    #[test]
    fn depth_is_limited() {
        assert_eq!(only(format!("version: {}{}", "[".repeat(5000), "]".repeat(5000))).0, "GW0008");
    }

    #[test]
    fn a_tag_is_refused() {
        assert_eq!(only(minimal_and("blueprint: !Ref x\n")), ("GW0009", 12, 12, String::new()));
    }

    #[test]
    fn json_is_yaml() {
        let json = serde_json::to_string_pretty(&load(MINIMAL).unwrap().spec).unwrap();
        assert_eq!(load(&json).unwrap().spec, load(MINIMAL).unwrap().spec);
    }
}

mod version {
    use super::*;

    #[test]
    fn a_missing_version_is_the_only_finding() {
        assert_eq!(only("nome: x\n"), ("GW0010", 1, 1, "version".to_owned()));
    }

    #[test]
    fn another_version_is_the_only_finding() {
        assert_eq!(only("version: 2\nnome: x\n"), ("GW0010", 1, 10, "version".to_owned()));
    }

    #[test]
    fn a_spec_is_a_map() {
        assert_eq!(only("- version: 1\n").0, "GW0013");
    }
}

mod shape {
    use super::*;

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
        assert_eq!(
            help(&minimal_and("engine: teraform\n")),
            "did you mean `terraform`? Values: cloudformation, terraform"
        );
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
        let with =
            |prefix: &str| minimal_and(&format!("state: {{s3: {{bucket: acme-state, key_prefix: {prefix}}}}}\n"));
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
}

mod environments {
    use super::*;

    fn with(environment: &str, text: &str) -> Loaded {
        let loaded = spec::load("gwinfra.yaml", text.as_bytes(), Some(environment));
        loaded.unwrap_or_else(|report| panic!("{:#?}", report.diagnostics))
    }

    #[test]
    fn maps_merge() {
        let Compute::Fargate(fargate) = with("dev", EVERYTHING).spec.compute else { panic!("no fargate") };
        assert_eq!((fargate.tasks.max, fargate.cpu, fargate.spot_percent), (2, 1024, 20));
    }

    #[test]
    fn lists_are_replaced() {
        let text = minimal_and("ingress_: {}\n")
            .replace("ingress_: {}", "network: {endpoints: [a, b]}\nenvironments: {dev: {network: {endpoints: [c]}}}");
        assert_eq!(with("dev", &text).spec.network.endpoints, spec::Endpoints::Services(vec!["c".to_owned()]));
    }

    #[test]
    fn null_removes() {
        let text = EVERYTHING.replace("  dev:\n", "  dev:\n    cache: null\n    access: {client_vpn: ~}\n");
        let spec = with("dev", &text).spec;
        assert!(matches!(spec.cache, Cache::Redis(redis) if redis.version.is_none()));
        assert!(spec.access.client_vpn.is_none() && spec.access.bastion.is_some());
    }

    #[test]
    fn another_alternative_replaces_the_choice() {
        let text = EVERYTHING.replace("{aurora_postgres: {deletion_protection: false}}", "{none: {}}");
        assert!(matches!(with("dev", &text).spec.database, Database::None(_)));
    }

    #[test]
    fn the_same_alternative_merges() {
        let Database::AuroraPostgres(aurora) = with("dev", EVERYTHING).spec.database else { panic!("no aurora") };
        assert_eq!((aurora.deletion_protection, aurora.readers), (false, 1));
    }

    #[test]
    fn errors_point_into_the_environments_lines() {
        let text = EVERYTHING.replace("nat: per_az", "nat: per_azz");
        let report = spec::load("gwinfra.yaml", text.as_bytes(), Some("prod")).unwrap_err();
        let found = &report.diagnostics[0];
        let line = found.span.as_ref().unwrap().start.line as usize;
        assert_eq!(text.lines().nth(line - 1).unwrap().trim(), "network: {vpc: {create: {nat: per_azz}}}");
        assert_eq!(found.path.as_deref(), Some("network.vpc.create.nat"));
    }

    #[test]
    fn spans_point_into_the_environments_lines() {
        let line = with("prod", EVERYTHING).spans.nearest("network.vpc.create.nat").unwrap().start.line as usize;
        assert_eq!(EVERYTHING.lines().nth(line - 1).unwrap().trim(), "network: {vpc: {create: {nat: per_az}}}");
    }

    #[test]
    fn an_unknown_environment_is_guessed() {
        let report = spec::load("gwinfra.yaml", EVERYTHING.as_bytes(), Some("prd")).unwrap_err();
        assert_eq!(report.diagnostics[0].code, "GW0020");
        assert_eq!(report.diagnostics[0].help.as_deref(), Some("did you mean `prod`? Environments: dev, prod"));
    }

    #[test]
    fn the_name_may_not_be_changed() {
        let text = minimal_and("environments:\n  dev:\n    name: other\n");
        assert_eq!(only(text), ("GW0021", 14, 5, "environments.dev.name".to_owned()));
    }

    #[test]
    fn an_environments_name_is_checked() {
        assert_eq!(only(minimal_and("environments: {Dev: {}}\n")), ("GW0015", 12, 16, "environments.Dev".to_owned()));
    }

    #[test]
    fn an_empty_environment_is_the_spec_itself() {
        let text = minimal_and("environments:\n  dev:\n");
        assert_eq!(with("dev", &text).spec.hub, load(MINIMAL).unwrap().spec.hub);
    }

    #[test]
    fn checking_all_reports_each_finding_once() {
        let text = EVERYTHING.replace("cpu: 1024", "cpus: 1024").replace("nat: per_az", "nat: per_azz");
        let (loaded, report) = spec::check_all("gwinfra.yaml", text.as_bytes());
        let codes: Vec<&str> = report.diagnostics.iter().map(|finding| finding.code).collect();
        // Without the unknown key the spec can be read, but for the environment with the wrong word.
        assert_eq!((loaded.len(), codes), (2, vec!["GW0011", "GW0014"]));
    }

    #[test]
    fn what_every_environment_brings_need_not_be_in_the_spec() {
        let text = MINIMAL.replace("hub: {account: \"111122223333\", region: us-east-1}\n", "");
        let text = text + "environments:\n  dev: {hub: {account: \"111122223333\", region: us-east-1}}\n";
        let (loaded, report) = spec::check_all("gwinfra.yaml", text.as_bytes());
        assert_eq!((loaded.len(), report.diagnostics.len()), (1, 0));
    }
}

mod any_text {
    use gwinfra::diagnostics::{Reporter, TextReporter};

    use super::*;

    /// Loads a text and writes what was found, as a terminal would show it.
    fn shown(bytes: &[u8]) -> String {
        let (_, report) = spec::check_all("gwinfra.yaml", bytes);
        let mut output = Vec::new();
        TextReporter::default().write(&report, &mut output).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn a_spec_that_is_cut_anywhere_is_read_to_an_end() {
        for end in (0..EVERYTHING.len()).step_by(13) {
            assert!(shown(&EVERYTHING.as_bytes()[..end]).contains("finding"), "cut at {end}");
        }
    }

    #[test]
    fn a_spec_with_any_line_moved_is_read_to_an_end() {
        for line in 0..EVERYTHING.lines().count() {
            let moved: Vec<String> = EVERYTHING
                .lines()
                .enumerate()
                .map(|(number, text)| if number == line { format!("   {text}") } else { text.to_owned() })
                .collect();
            assert!(shown(moved.join("\n").as_bytes()).contains("finding"), "line {line}");
        }
    }

    #[test]
    fn wide_and_combining_characters_keep_their_columns() {
        let text = minimal_and("tags: {\"größe 🦀\": [x]}\n");
        assert_eq!(only(&text), ("GW0013", 12, 19, "tags.größe 🦀".to_owned()));
        assert!(shown(text.as_bytes()).contains("gwinfra.yaml:12:19"));
    }

    #[test]
    fn windows_line_ends_count_as_one() {
        let text = minimal_and("engine: teraform\n").replace('\n', "\r\n");
        assert_eq!(only(&text), ("GW0014", 12, 9, "engine".to_owned()));
    }
}
