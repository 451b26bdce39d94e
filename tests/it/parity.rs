//! Both engines build the same from one spec, and the check that says so can fail.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::LazyLock;

use gwinfra::blueprint::Blueprint;
use gwinfra::cfn::registry::Registry;
use gwinfra::diagnostics::Diagnostic;
use gwinfra::model::Model;
use gwinfra::parity::{Finding, FindingKind, Parity, check, diagnostics, render_both};
use gwinfra::render::{Bundle, Input, Rendering};
use gwinfra::spec::{Loaded, load};

use crate::matrix_specs;
use crate::support::repository;
use crate::variants::{texts_below, variants};

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::builtin);

/// An example with everything in it.
static EVERYTHING: LazyLock<Pair> = LazyLock::new(|| Pair::example("everything.yaml"));

/// A spec in both engines.
struct Pair {
    blueprint: Blueprint,
    model: Model,
    rendering: Rendering,
    loaded: Loaded,
}

impl Pair {
    fn new(loaded: Loaded) -> Self {
        let model = Model::new(&loaded.spec, loaded.environment.as_deref());
        let blueprint = Blueprint::open(&loaded.spec.blueprint, Path::new("."), None).unwrap();
        let rendered = render_both(&Input::new(&loaded, &model), &blueprint, &REGISTRY);
        let rendering = rendered.map_err(|report| report.diagnostics).unwrap();
        Self { blueprint, model, rendering, loaded }
    }

    fn example(name: &str) -> Self {
        let text = fs_err::read(repository("examples").join(name)).unwrap();
        Self::new(load(name, &text, None).unwrap())
    }

    fn check(&self) -> Parity {
        self.against(&self.rendering.bundle)
    }

    fn against(&self, bundle: &Bundle) -> Parity {
        check(bundle, &self.blueprint.manifest, &self.model, &REGISTRY)
    }

    /// The bundle with another text of one stack.
    fn with_stack(&self, stack: &str, old: &str, new: &str) -> Bundle {
        let mut bundle = self.rendering.bundle.clone();
        let stack = bundle.stacks.iter_mut().find(|other| other.key == stack).unwrap();
        stack.template = replaced(&stack.template, old, new).into();
        bundle
    }

    /// The bundle with another text of one file of the hub's root module.
    fn with_file(&self, file: &str, old: &str, new: &str) -> Bundle {
        let mut bundle = self.rendering.bundle.clone();
        let text = bundle.modules[0].files.get_mut(file).unwrap();
        *text = replaced(text, old, new).into();
        bundle
    }

    fn found(&self, bundle: &Bundle) -> Vec<String> {
        lines(&self.against(bundle).findings)
    }

    fn diagnostics(&self, bundle: &Bundle) -> Vec<Diagnostic> {
        let rendering = Rendering { bundle: bundle.clone(), ..self.rendering.clone() };
        diagnostics(&self.against(bundle), &rendering, &self.loaded.spans)
    }
}

/// The text with its only `old` as `new`.
fn replaced(text: &str, old: &str, new: &str) -> String {
    assert_eq!(text.matches(old).count(), 1, "`{old}` stands there more than once, or not at all");
    text.replace(old, new)
}

fn line(finding: &Finding) -> String {
    let Finding { kind, node, fact, expected, cloudformation, terraform, .. } = finding;
    let show = |value: &Option<serde_json::Value>| value.as_ref().map_or("-".to_owned(), ToString::to_string);
    let sides = [expected, cloudformation, terraform].map(show).join(" ");
    match kind {
        FindingKind::Differs | FindingKind::Missing => format!("{node} {fact}: {sides}"),
        _ => format!("{kind:?} {node}: {sides}"),
    }
}

fn lines(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(line).collect()
}

#[test]
fn every_example_is_the_same_in_both_engines() {
    let mut wrong = BTreeMap::new();
    for variant in variants() {
        let text = fs_err::read(&variant.file).unwrap();
        let parity = Pair::new(load("example", &text, variant.environment.as_deref()).unwrap()).check();
        let compared = parity.compared();
        assert!(compared.facts > 700 && compared.expected > 500, "{}: {compared:?}", variant.name());
        if !parity.is_equal() {
            wrong.insert(variant.name(), lines(&parity.findings));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What nobody compares, and what differs on purpose, over everything that is rendered here: a reviewer sees it grow.
#[test]
fn every_pair_of_options_is_the_same_in_both_engines() {
    let rows = matrix_specs::pairwise(40);
    let specs: Vec<Vec<u8>> = rows.iter().map(|row| matrix_specs::spec(row).to_string().into_bytes()).collect();
    let compared: Vec<Parity> = std::thread::scope(|scope| {
        let half = specs.len().div_ceil(2);
        let work = specs.chunks(half).map(|specs| {
            scope.spawn(move || {
                let parity = |spec: &Vec<u8>| Pair::new(load("matrix", spec, None).unwrap()).check();
                specs.iter().map(parity).collect::<Vec<_>>()
            })
        });
        let work: Vec<_> = work.collect();
        work.into_iter().flat_map(|work| work.join().unwrap()).collect()
    });
    let wrong: BTreeSet<String> = compared.iter().flat_map(|parity| lines(&parity.findings)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");

    let unchecked = compared.iter().flat_map(|parity| &parity.unchecked);
    let unchecked: BTreeSet<String> = unchecked.map(|row| format!("{} {}", row.type_name, row.fact)).collect();
    let intended = compared.iter().flat_map(|parity| &parity.intended);
    let intended: BTreeSet<String> = intended.map(|row| format!("{} {}: {}", row.of, row.fact, row.reason)).collect();
    insta::assert_snapshot!("parity_unchecked", Vec::from_iter(unchecked).join("\n"));
    insta::assert_snapshot!("parity_intended", Vec::from_iter(intended).join("\n"));
}

/// Expects exactly these findings after a change of one stack's text.
#[track_caller]
fn stack_finds(stack: &str, old: &str, new: &str, expected: &[&str]) {
    assert_eq!(EVERYTHING.found(&EVERYTHING.with_stack(stack, old, new)), expected);
}

/// Expects exactly these findings after a change of one file of the hub's root module.
#[track_caller]
fn file_finds(file: &str, old: &str, new: &str, expected: &[&str]) {
    assert_eq!(EVERYTHING.found(&EVERYTHING.with_file(file, old, new)), expected);
}

#[test]
fn a_network_that_one_engine_changes_is_found() {
    let expected = r#"network/DataSubnet*[a] cidr_block: "10.40.17.0/24" "10.40.18.0/24" "10.40.17.0/24""#;
    stack_finds("network", "CidrBlock: 10.40.17.0/24", "CidrBlock: 10.40.18.0/24", &[expected]);
}

#[test]
fn a_network_that_both_engines_change_is_found_by_the_model() {
    let mut bundle = EVERYTHING.with_stack("network", "CidrBlock: 10.40.0.0/16", "CidrBlock: 10.41.0.0/16");
    let other = EVERYTHING.with_file("network.tf", "= \"10.40.0.0/16\"", "= \"10.41.0.0/16\"");
    bundle.modules = other.modules;
    let expected = r#"network/Vpc cidr_block: "10.40.0.0/16" "10.41.0.0/16" "10.41.0.0/16""#;
    assert_eq!(EVERYTHING.found(&bundle), [expected]);
}

#[test]
fn a_port_of_a_firewall_rule_is_found() {
    let expected = [r#"network/CacheFrom*[task_cache] from_port: "6379" "6379" "6378""#];
    let old = "ports       = [6379, 6379]\n      group       = aws_security_group.task.id";
    file_finds("security_groups.tf", old, &old.replace("[6379,", "[6378,"), &expected);
}

#[test]
fn the_group_at_the_other_end_of_a_rule_is_found() {
    let expected = [
        r#"network/CacheFrom*[task_cache] source_security_group_id: "${network/TaskSecurityGroup.id}" "${network/TaskSecurityGroup.id}" "${network/BastionSecurityGroup.id}""#,
    ];
    let old = "ports       = [6379, 6379]\n      group       = aws_security_group.task.id";
    file_finds("security_groups.tf", old, &old.replace("task.id", "bastion.id"), &expected);
}

#[test]
fn an_action_of_a_policy_is_found() {
    let expected = r#"gateway/TaskRole policies.gateway.policy_document.Statement.GetManagedPrompts.Action: ["bedrock:GetPrompt"] ["bedrock:GetPrompt"] ["bedrock:*"]"#;
    file_finds("roles.tf", r#"["bedrock:GetPrompt"]"#, r#"["bedrock:*"]"#, &[expected]);
}

#[test]
fn the_external_id_of_an_account_is_found() {
    let mut bundle = EVERYTHING.rendering.bundle.clone();
    let module = bundle.modules.iter_mut().find(|module| module.key == "accounts/bedrock-1").unwrap();
    let text = module.files.get_mut("bedrock_access.tf").unwrap();
    *text = text.replace("\"sts:ExternalId\" = \"gwinfra-", "\"sts:ExternalId\" = \"other-").into();
    let found = EVERYTHING.found(&bundle);
    let [found] = found.as_slice() else { panic!("{found:#?}") };
    let fact = "222222222222:bedrock-access/Role assume_role_policy_document.Statement.GatewayOfThisDeployment.\
                Condition.StringEquals.sts:ExternalId: ";
    assert!(found.starts_with(fact), "{found}");
}

#[test]
fn a_variable_of_a_container_is_found() {
    let expected =
        r#"gateway/TaskDefinition container_definitions.litellm.environment.LITELLM_LOG: "INFO" "INFO" "DEBUG""#;
    file_finds("service.tf", r#""LITELLM_LOG", value = "INFO""#, r#""LITELLM_LOG", value = "DEBUG""#, &[expected]);
}

#[test]
fn a_secret_that_a_container_gets_instead_of_another_is_found() {
    let expected = r#"gateway/TaskDefinition container_definitions.litellm.secrets.LITELLM_SALT_KEY.value_from: "${foundation/SaltKeySecret.arn}" "${foundation/SaltKeySecret.arn}" "${foundation/MasterKeySecret.arn}""#;
    let old = "\"LITELLM_SALT_KEY\", valueFrom = aws_secretsmanager_secret.salt_key.arn";
    file_finds("service.tf", old, &old.replace("salt_key.arn", "master_key.arn"), &[expected]);
}

#[test]
fn the_threshold_of_an_alarm_is_found() {
    let expected = r#"gateway/*Alarm[throttled] threshold: "20" "21" "20""#;
    stack_finds("gateway", "Threshold: 20.0", "Threshold: 21.0", &[expected]);
}

#[test]
fn a_tag_is_found() {
    let expected = r#"gateway/Cluster tags.Name: "acme-llm-cluster" "acme-llm-cluster" "acme-llm-clutter""#;
    file_finds("service.tf", "acme-llm-cluster", "acme-llm-clutter", &[expected]);
}

#[test]
fn how_long_logs_are_kept_is_found() {
    let expected = r#"network/FlowLogGroup retention_in_days: "365" "30" "365""#;
    stack_finds("network", "RetentionInDays: 365", "RetentionInDays: 30", &[expected]);
}

#[test]
fn encryption_that_is_switched_off_is_found() {
    let expected = r#"data/DatabaseCluster storage_encrypted: "true" "false" "true""#;
    stack_finds("data", "StorageEncrypted: true", "StorageEncrypted: false", &[expected]);
}

#[test]
fn an_argument_that_is_left_out_is_found() {
    let expected = r#"data/DatabaseCluster deletion_protection: "true" "true" -"#;
    file_finds("database.tf", "  deletion_protection                 = true\n", "", &[expected]);
}

#[test]
fn a_path_of_a_listener_rule_is_found() {
    let expected = r#"gateway/*Rule[sign_up] conditions.path_pattern_config.values: ["/key/generate","/user/new"] ["/key/generate","/user/new"] ["/key/delete","/user/new"]"#;
    file_finds("load_balancer.tf", "/key/generate", "/key/delete", &[expected]);
}

#[test]
fn a_resource_that_only_one_engine_has_is_found() {
    let old = "resource \"aws_kms_alias\" \"main\" {\n  name          = \"alias/acme-llm\"\n  target_key_id = \
               aws_kms_key.main.key_id\n}\n";
    file_finds("foundation.tf", old, "", &[r#"Resource foundation/KeyAlias: "foundation/KeyAlias" "KeyAlias" -"#]);
}

#[test]
fn a_part_of_a_resource_that_one_engine_leaves_out_is_found() {
    let bundle = EVERYTHING.with_file(
        "buckets.tf",
        "resource \"aws_s3_bucket_versioning\" \"config\"",
        "resource \"aws_s3_bucket_versioning\" \"requests_too\"",
    );
    let found = EVERYTHING.found(&bundle);
    let expected = [
        r#"foundation/ConfigBucket versioning_configuration.status: - "Enabled" -"#,
        "Unmapped aws_s3_bucket_versioning.requests_too: - - -",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_resource_that_the_map_does_not_name_is_found() {
    let topic = "\nResources:\n  Extra:\n    Type: AWS::SNS::Topic\n";
    stack_finds("foundation", "\nResources:\n", topic, &["Unmapped foundation/Extra: - - -"]);
    let variable = "variable \"litellm_image\" {";
    let topic = format!("resource \"aws_sns_topic\" \"extra\" {{\n}}\n\n{variable}");
    file_finds("variables.tf", variable, &topic, &["Unmapped aws_sns_topic.extra: - - -"]);
}

#[test]
fn a_schedule_that_is_a_resource_of_its_own_in_terraform_is_compared() {
    let expected = r#"gateway/ScalableTarget scheduled_actions.morning.schedule: "cron(0 7 ? * MON-FRI *)" "cron(0 7 ? * MON-FRI *)" "cron(0 8 ? * MON-FRI *)""#;
    file_finds("scaling.tf", "cron(0 7 ?", "cron(0 8 ?", &[expected]);
}

#[test]
fn a_user_in_a_stack_inside_terraform_is_compared() {
    let expected = r#"data/CacheUser access_string: "on ~* &* +@all -@dangerous +info" "on ~* &* +@all -@dangerous +info" "on ~* &* +@all""#;
    file_finds("cache.tf", "on ~* &* +@all -@dangerous +info", "on ~* &* +@all", &[expected]);
}

#[test]
fn an_output_that_tells_something_else_is_found() {
    let expected = r#"foundation outputs.SaltKeySecretArn: - "${foundation/SaltKeySecret.arn}" "${foundation/MasterKeySecret.arn}""#;
    let old = "value       = aws_secretsmanager_secret.salt_key.arn";
    file_finds("outputs.tf", old, &old.replace("salt_key", "master_key"), &[expected]);
}

#[test]
fn a_finding_points_at_both_templates_and_at_the_spec() {
    let old = "\"LITELLM_LOG\", value = \"INFO\"";
    let bundle = EVERYTHING.with_file("service.tf", old, &old.replace("INFO", "DEBUG"));
    let found = EVERYTHING.diagnostics(&bundle);
    let [found] = found.as_slice() else { panic!("{found:#?}") };
    let files: Vec<&str> =
        found.span.iter().chain(found.related.iter().map(|one| &one.span)).map(|span| &*span.file).collect();
    assert_eq!(
        files[..2],
        ["blueprints/gateway/cloudformation/gateway.yaml.j2", "blueprints/gateway/terraform/hub/service.tf.j2"]
    );
    assert!(files[2..].contains(&"everything.yaml"), "{files:?}");
}

/// Runs `gwinfra render` on a spec.
fn render(spec: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gwinfra"));
    command.env_clear().args(["render", "--quiet", "--file"]).arg(spec).args(more).output().unwrap()
}

#[test]
fn the_command_says_that_an_example_is_the_same() {
    let output = render(&repository("examples/existing-vpc.yaml"), &["--parity", "--output", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["schema"], "gwinfra.parity/v1");
    assert_eq!(report["equal"], true);
    assert_eq!(report["findings"], serde_json::json!([]));
    assert!(report["compared"]["facts"].as_u64().unwrap() > 700, "{}", report["compared"]);
}

#[test]
fn a_fork_that_changes_one_engine_only_ends_with_code_3() {
    let directory = tempfile::tempdir().unwrap();
    let fork = directory.path().join("fork");
    for (path, text) in texts_below(&repository("blueprints/gateway")) {
        let file = fork.join(&path);
        fs_err::create_dir_all(file.parent().unwrap()).unwrap();
        let text =
            if path == "terraform/hub/service.tf.j2" { replaced(&text, "= \"awsvpc\"", "= \"host\"") } else { text };
        fs_err::write(file, text).unwrap();
    }
    let spec = directory.path().join("gwinfra.yaml");
    let text = fs_err::read_to_string(repository("examples/minimal.yaml")).unwrap();
    fs_err::write(&spec, format!("{text}\nblueprint: ./fork\n")).unwrap();
    let output = render(&spec, &["--parity"]);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{stdout}{}", String::from_utf8_lossy(&output.stderr));
    let message = "`network_mode` of gateway/TaskDefinition is `awsvpc` in CloudFormation and `host` in Terraform; \
                   the model expects `awsvpc`";
    assert!(stdout.contains(message), "{stdout}");
    assert!(stdout.contains("service.tf.j2:"), "{stdout}");
}

#[test]
fn both_engines_are_written_into_one_directory() {
    let directory = tempfile::tempdir().unwrap();
    let [whole, ours, theirs] = ["both", "cloudformation", "terraform"].map(|engine| {
        let bundle = directory.path().join(engine);
        let arguments = ["--engine", engine, "--out", bundle.to_str().unwrap()];
        let output = render(&repository("examples/minimal.yaml"), &arguments);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let mut files = texts_below(&bundle);
        assert!(files.remove("manifest.json").is_some());
        files
    });
    assert!(ours.keys().any(|path| path.starts_with("cloudformation/")), "{ours:?}");
    assert!(theirs.keys().any(|path| path.starts_with("terraform/hub/")), "{theirs:?}");
    assert_eq!(whole, ours.into_iter().chain(theirs).collect());
}

#[test]
fn a_comparison_of_one_engine_is_refused() {
    let output = render(&repository("examples/minimal.yaml"), &["--parity", "--engine", "terraform"]);
    assert_eq!(output.status.code(), Some(64));
}
