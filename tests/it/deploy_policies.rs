//! `gwinfra accounts policy`: the policies have what every rendered type needs, and are valid.

use std::collections::BTreeSet;
use std::process::Command;

use gwinfra::cfn::template::Template;
use gwinfra::permissions::Table;
use gwinfra::policy::{Action, grants};
use serde_json::Value;

use crate::rehearsal::Rehearsal;
use crate::support::repository;
use crate::tools;

fn example(name: &str) -> Rehearsal {
    Rehearsal::of(&fs_err::read_to_string(repository("examples").join(name)).unwrap())
}

const EXAMPLES: [&str; 6] = [
    "minimal.yaml",
    "everything.yaml",
    "isolated.yaml",
    "existing-vpc.yaml",
    "private-vpn-two-accounts.yaml",
    "public-waf-domain.yaml",
];

/// A hub with its own way of bringing the role into two accounts.
const STACK_SETS: &str = r#"version: 1
name: acme-llm
hub: {account: "111122223333", region: us-east-1}
ingress: {tls: {certificate: {arn: "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d", name: llm.example.com}}}
bedrock:
  accounts:
    - {id: "222222222222", name: bedrock-1, regions: [us-east-1]}
    - {id: "333333333333", name: bedrock-2, regions: [us-west-2]}
  rollout: {stack_sets: {organizational_units: [ou-ab12-cdefgh34], delegated_administrator: true}}
models:
  - {name: nova, bedrock: {model: amazon.nova-lite-v1:0}}
"#;

/// The policies of each account: name, id and documents.
fn policies(rehearsal: &Rehearsal) -> Vec<(String, String, Vec<Value>)> {
    let all = rehearsal.bare(&["accounts", "policy", "-q"]).expect(0).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of = |one: &Value| (text(&one["account"]), text(&one["id"]), one["policies"].as_array().unwrap().clone());
    all.as_array().unwrap().iter().map(of).collect()
}

/// The resource types that are rendered, and whether in the hub or in a Bedrock account.
fn types(rehearsal: &Rehearsal) -> Vec<(bool, String)> {
    let out = rehearsal.path("bundle");
    rehearsal.bare(&["render", "-q", "--engine", "cloudformation", "--out", out.to_str().unwrap()]).expect(0);
    let mut found = Vec::new();
    for entry in fs_err::read_dir(out.join("cloudformation")).unwrap() {
        let path = entry.unwrap().path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| name.ends_with(".yaml")) else {
            continue;
        };
        let text: std::sync::Arc<str> = fs_err::read_to_string(&path).unwrap().into();
        let template = Template::parse(name, &text).unwrap();
        let is_hub = !name.starts_with("bedrock-access");
        found.extend(template.resources().map(|resource| (is_hub, resource.resource_type().to_owned())));
    }
    found
}

fn actions(documents: &[Value]) -> BTreeSet<Action> {
    grants(documents).into_iter().map(|grant| grant.action).collect()
}

#[test]
fn every_action_of_every_rendered_type_is_allowed() {
    let examples = EXAMPLES.map(|name| (name, example(name)));
    for (name, rehearsal) in examples.into_iter().chain([("stack sets", Rehearsal::of(STACK_SETS))]) {
        let types = types(&rehearsal);
        assert!(types.len() > 20, "{name} has only {} resources", types.len());
        for (account, _, documents) in policies(&rehearsal) {
            let allowed = actions(&documents);
            for (_, type_name) in types.iter().filter(|(is_hub, _)| *is_hub == (account == "hub")) {
                for action in Table::builtin().of_type(type_name).unwrap_or_else(|| panic!("{type_name} has no row")) {
                    assert!(
                        allowed.contains(&Action(action.to_owned())),
                        "{name}, {account}: {type_name} needs {action}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_policies_of_a_bedrock_account_reach_no_more_than_its_role_and_stack() {
    for (account, _, documents) in policies(&example("private-vpn-two-accounts.yaml")) {
        let services: BTreeSet<String> =
            actions(&documents).into_iter().map(|action| action.0.split(':').next().unwrap().to_owned()).collect();
        if account == "hub" {
            assert!(services.contains("ec2") && services.contains("rds"), "{services:?}");
        } else {
            let few = ["bedrock", "cloudformation", "iam", "servicequotas"].map(str::to_owned);
            assert_eq!(services, BTreeSet::from(few), "{account}");
        }
    }
}

#[test]
fn what_writes_roles_buckets_and_secrets_is_never_allowed_on_everything() {
    for name in EXAMPLES {
        for (account, id, documents) in policies(&example(name)) {
            for grant in grants(&documents) {
                let action = grant.action.to_string();
                if ["iam:", "s3:", "secretsmanager:", "kms:"].iter().any(|service| action.starts_with(service)) {
                    let reads = ["List", "Describe", "GetRandomPassword", "CreateKey"];
                    let is_free = reads.iter().any(|verb| action.split(':').nth(1).unwrap().starts_with(verb));
                    assert!(grant.resource != "*" || is_free, "{name}, {account}: {action} on *");
                }
                let elsewhere = grant.resource.split(':').nth(4).unwrap_or_default();
                assert!(
                    ["", "*", id.as_str()].contains(&elsewhere),
                    "{name}, {account}: {action} on {}",
                    grant.resource
                );
            }
        }
    }
}

#[test]
fn no_secret_of_anything_else_can_be_read() {
    let documents = policies(&example("everything.yaml")).remove(0).2;
    let reads = grants(&documents).into_iter().filter(|grant| grant.action.0 == "secretsmanager:GetSecretValue");
    let resources: Vec<String> = reads.map(|grant| grant.resource).collect();
    assert!(resources.iter().any(|arn| arn.ends_with(":secret:MasterKeySecret-*")), "{resources:?}");
    assert!(!resources.iter().any(|arn| arn == "*" || arn.ends_with(":secret:*")), "{resources:?}");
}

#[test]
fn a_role_in_an_account_of_a_stack_set_may_look_at_that_stack_and_change_nothing() {
    let accounts = policies(&Rehearsal::of(STACK_SETS)).into_iter().skip(1);
    let ids = accounts.map(|(name, id, documents)| {
        let granted = grants(&documents);
        let on = |action: &str| -> BTreeSet<String> {
            let found = granted.iter().filter(|grant| grant.action.0 == action);
            found.map(|grant| grant.resource.clone()).collect()
        };
        let stack = format!("arn:aws:cloudformation:us-east-1:{id}:stack/StackSet-acme-llm-*");
        assert!(on("cloudformation:DescribeStacks").contains(&stack), "{name}: {granted:#?}");
        for action in ["GetTemplate", "ListStackResources", "DetectStackResourceDrift"] {
            let action = &format!("cloudformation:{action}");
            assert_eq!(on(action), BTreeSet::from([stack.clone()]), "{name}: {action}");
        }
        assert_eq!(on("cloudformation:GetResource"), BTreeSet::from(["*".to_owned()]), "{name}");
        let policies = format!("arn:aws:iam::{id}:policy/acme-llm-*");
        assert_eq!(on("iam:ListEntitiesForPolicy"), BTreeSet::from([policies]), "{name}");
        let verbs = granted.iter().map(|grant| grant.action.0.split(':').nth(1).unwrap());
        let looks = ["BatchDescribe", "Describe", "Detect", "Get", "List", "Simulate"];
        let writes: Vec<&str> = verbs.filter(|verb| !looks.iter().any(|look| verb.starts_with(look))).collect();
        assert_eq!(writes, Vec::<&str>::new(), "{name}: the organization deploys");
        id
    });
    assert_eq!(ids.collect::<Vec<_>>(), ["222222222222", "333333333333"]);
}

#[test]
fn a_hub_with_a_stack_set_may_change_its_own_set_only() {
    let documents = policies(&Rehearsal::of(STACK_SETS)).remove(0).2;
    let of = |action: &str| -> BTreeSet<String> {
        let found = grants(&documents).into_iter().filter(|grant| grant.action.0 == action);
        found.map(|grant| grant.resource).collect()
    };
    let set = "arn:aws:cloudformation:us-east-1:*:stackset/acme-llm-*";
    assert_eq!(of("cloudformation:DeleteStackSet"), BTreeSet::from([set.to_owned()]));
    assert!(of("cloudformation:UpdateStackInstances").contains(set));
    assert_eq!(of("organizations:ListDelegatedAdministrators"), BTreeSet::from(["*".to_owned()]));
}

#[test]
fn into_the_accounts_of_a_stack_set_only_the_organization_deploys() {
    for (account, _, documents) in policies(&Rehearsal::of(STACK_SETS)).into_iter().skip(1) {
        for action in actions(&documents) {
            let verb = action.0.split(':').nth(1).unwrap();
            let looks = ["Get", "List", "Describe", "Simulate", "Detect", "BatchDescribe"];
            let looks = looks.iter().any(|look| verb.starts_with(look));
            assert!(looks, "{account}: {}", action.0);
        }
    }
}

#[test]
fn every_policy_fits_what_iam_holds_and_a_role_takes() {
    for name in EXAMPLES {
        for (account, _, documents) in policies(&example(name)) {
            assert!(documents.len() <= 10, "{name}, {account}: {} policies", documents.len());
            for document in documents {
                assert!(document.to_string().len() <= 6_144, "{name}, {account}");
            }
        }
    }
}

/// Writes each policy into a file.
fn write(directory: &std::path::Path, name: &str, rehearsal: &Rehearsal) {
    for (account, _, documents) in policies(rehearsal) {
        for (index, document) in documents.iter().enumerate() {
            let file = format!("{}-{account}-{index}.json", name.trim_end_matches(".yaml"));
            fs_err::write(directory.join(file), document.to_string()).unwrap();
        }
    }
}

#[test]
fn parliament_finds_nothing_wrong() {
    let Some(parliament) = tools::find("parliament") else { return };
    let directory = tempfile::tempdir().unwrap();
    for name in EXAMPLES {
        let rehearsal = example(name);
        write(directory.path(), name, &rehearsal);
        if name == "private-vpn-two-accounts.yaml" {
            rehearsal.change("version: 1\n", "version: 1\nengine: terraform\n");
            write(directory.path(), "terraform", &rehearsal);
        }
    }
    write(directory.path(), "stack-sets", &Rehearsal::of(STACK_SETS));
    let mut command = Command::new(parliament);
    command.args(["--json", "--directory"]).arg(directory.path()).stdin(std::process::Stdio::null());
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let findings: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // Its reference is older than some actions, and than what some can be narrowed to.
    let newer: Vec<&str> = Table::builtin().newer().chain(["cloudformation:DescribeEvents"]).collect();
    let is_newer = |action: &Value| action.as_str().is_some_and(|action| newer.contains(&action));
    let excused = |finding: &Value| match finding["issue"].as_str().unwrap() {
        "UNKNOWN_ACTION" => is_newer(&finding["location"]["string"]),
        "RESOURCE_MISMATCH" => finding["detail"].as_array().unwrap().iter().all(|one| is_newer(&one["action"])),
        // Whoever deploys writes the policies of the deployment's own buckets.
        "RESOURCE_POLICY_PRIVILEGE_ESCALATION" => true,
        _ => false,
    };
    let ours: Vec<&Value> = findings.iter().filter(|finding| !excused(finding)).collect();
    assert!(ours.is_empty(), "{ours:#?}");
    // It has read them: what is newer than its reference it does not know.
    assert!(findings.iter().any(|finding| finding["issue"] == "UNKNOWN_ACTION"), "{text}");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn terraform_has_what_its_provider_reads_and_no_change_sets() {
    let rehearsal = example("private-vpn-two-accounts.yaml");
    let cloudformation = actions(&policies(&rehearsal)[0].2);
    rehearsal.change("version: 1\n", "version: 1\nengine: terraform\n");
    let terraform = actions(&policies(&rehearsal)[0].2);
    let has = |set: &BTreeSet<Action>, action: &str| set.contains(&Action(action.to_owned()));
    assert!(
        has(&cloudformation, "cloudformation:CreateChangeSet") && !has(&terraform, "cloudformation:CreateChangeSet")
    );
    assert!(has(&terraform, "ec2:Describe*") && has(&terraform, "iam:ListInstanceProfilesForRole"));
    assert!(!has(&cloudformation, "ec2:Describe*"));
}

#[test]
fn one_account_is_printed_or_written_to_files() {
    let rehearsal = example("private-vpn-two-accounts.yaml");
    let run = rehearsal.bare(&["accounts", "policy", "-q", "--account", "bedrock-1", "--out", "policies"]).expect(0);
    assert_eq!(run.stdout, "policies/bedrock-1-1.json\n");
    let text = fs_err::read_to_string(rehearsal.path("policies/bedrock-1-1.json")).unwrap();
    insta::assert_snapshot!(text);
    rehearsal.bare(&["accounts", "policy", "--account", "nobody"]).says(64, "no account is called `nobody`");
}

#[test]
fn what_state_bootstrap_asks_and_sets_is_allowed_on_the_bucket_of_the_state() {
    let rehearsal = Rehearsal::of(&crate::rehearsal::SPEC.replacen(
        "version: 1\n",
        "version: 1\nengine: terraform\nstate: {s3: {bucket: acme-tfstate}}\n",
        1,
    ));
    let (_, _, documents) = policies(&rehearsal).into_iter().find(|(account, ..)| account == "hub").unwrap();
    let on_bucket: BTreeSet<Action> = grants(&documents)
        .into_iter()
        .filter(|grant| grant.resource.ends_with(":::acme-tfstate"))
        .map(|grant| grant.action)
        .collect();
    for action in
        ["CreateBucket", "GetBucketVersioning", "PutBucketVersioning", "PutBucketPolicy", "PutEncryptionConfiguration"]
    {
        assert!(on_bucket.contains(&Action(format!("s3:{action}"))), "s3:{action} is missing: {on_bucket:?}");
    }
}
