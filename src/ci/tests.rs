use super::*;

const SPEC: &str = r#"version: 1
name: acme-llm
hub: {account: "111122223333", region: us-east-1}
ingress: {tls: {certificate: {arn: "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d", name: llm.example.com}}}
bedrock:
  accounts:
    - {id: "222222222222", name: bedrock-1, regions: [us-east-1], deploy_role: "arn:aws:iam::222222222222:role/deploy"}
models:
  - {name: claude, bedrock: {model: anthropic.claude-3-haiku-20240307-v1:0}}
environments:
  dev: {hub: {account: "444455556666"}}
  prod: {}
"#;

fn pipeline(system: System) -> Pipeline {
    let (loaded, found) = crate::spec::check_all("gwinfra.yaml", SPEC.as_bytes());
    assert!(!found.has_errors(), "{found:#?}");
    let with_environment = loaded.iter().filter(|loaded| loaded.environment.is_some());
    Pipeline {
        system,
        command: "gwinfra ci init".into(),
        file: "gwinfra.yaml".into(),
        branch: "main".into(),
        install: Install::Git { url: "https://example.com/gwinfra".into(), revision: "0123456789".into() },
        schedule: "17 3 * * *".into(),
        image: "rust:1.95-bookworm".into(),
        gitlab_host: "gitlab.com".into(),
        deployments: with_environment.map(|loaded| Deployment::new(loaded, None, None)).collect(),
    }
}

fn role<'a>(all: &'a [Roles], arn: &str) -> &'a Roles {
    all.iter().find(|role| role.role == arn).unwrap_or_else(|| panic!("{arn}: {all:#?}"))
}

#[test]
fn the_roles_of_an_environment_are_in_the_account_of_its_hub() {
    let roles = roles(&pipeline(System::Github), "acme/llm");
    let arns: Vec<&str> = roles.iter().map(|role| role.role.as_str()).collect();
    assert_eq!(
        arns,
        [
            "arn:aws:iam::444455556666:role/acme-llm-dev-ci-plan",
            "arn:aws:iam::444455556666:role/acme-llm-dev-ci-apply",
            "arn:aws:iam::111122223333:role/acme-llm-prod-ci-plan",
            "arn:aws:iam::111122223333:role/acme-llm-prod-ci-apply",
        ]
    );
}

#[test]
fn only_jobs_in_the_environment_have_the_role_that_applies() {
    let roles = roles(&pipeline(System::Github), "acme/llm");
    let apply = role(&roles, "arn:aws:iam::111122223333:role/acme-llm-prod-ci-apply");
    let condition = &apply.trust_policy["Statement"][0]["Condition"]["StringEquals"];
    let subject = &condition["token.actions.githubusercontent.com:sub"];
    assert_eq!(*subject, serde_json::json!(["repo:acme/llm:environment:prod"]));
    assert_eq!(condition["token.actions.githubusercontent.com:aud"], "sts.amazonaws.com");
}

#[test]
fn on_gitlab_only_the_branch_has_the_role_that_applies() {
    let roles = roles(&pipeline(System::Gitlab), "acme/llm");
    let apply = role(&roles, "arn:aws:iam::111122223333:role/acme-llm-prod-ci-apply");
    let subject = &apply.trust_policy["Statement"][0]["Condition"]["StringLike"]["gitlab.com:sub"];
    assert_eq!(subject, "project_path:acme/llm:ref_type:branch:ref:main");
}

#[test]
fn a_role_goes_on_to_the_deploy_roles_of_the_spec_and_to_no_others() {
    let roles = roles(&pipeline(System::Codebuild), "");
    let apply = role(&roles, "arn:aws:iam::111122223333:role/acme-llm-prod-ci-apply");
    let policy = apply.policy.as_ref().unwrap();
    assert_eq!(policy["Statement"][0]["Resource"], serde_json::json!(["arn:aws:iam::222222222222:role/deploy"]));
    assert_eq!(apply.needs[0], "the policies of `gwinfra accounts policy -e prod --account hub`");
}

#[test]
fn what_is_attached_are_arns_and_what_is_needed_else_are_words() {
    let roles = roles(&pipeline(System::Codebuild), "");
    let plan = role(&roles, "arn:aws:iam::111122223333:role/acme-llm-prod-ci-plan");
    assert_eq!(plan.attach, ["arn:aws:iam::aws:policy/ReadOnlyAccess"]);
    assert!(plan.needs[0].starts_with("cloudformation:CreateChangeSet"), "{plan:#?}");
}

#[test]
fn a_role_that_goes_on_to_none_has_no_policy() {
    let mut pipeline = pipeline(System::Github);
    for deployment in &mut pipeline.deployments {
        deployment.deploy_roles.clear();
        deployment.hub_directly = false;
    }
    for role in roles(&pipeline, "acme/llm") {
        let printed = serde_json::to_value(&role).unwrap();
        assert!(printed.get("policy").is_none(), "{printed}");
    }
}

#[test]
fn a_role_that_reads_may_decrypt_what_drift_compares() {
    let roles = roles(&pipeline(System::Github), "acme/llm");
    let plan = role(&roles, "arn:aws:iam::111122223333:role/acme-llm-prod-ci-plan").policy.clone().unwrap();
    let statement = &plan["Statement"][1];
    assert_eq!(statement["Action"], serde_json::json!(["kms:Decrypt"]));
    assert_eq!(statement["Condition"]["StringEquals"]["kms:ViaService"], "s3.us-east-1.amazonaws.com");
}

#[test]
fn a_role_that_plans_with_terraform_may_lock_the_state_and_makes_no_change_set() {
    let mut pipeline = pipeline(System::Github);
    for deployment in &mut pipeline.deployments {
        deployment.terraform = true;
        let state = serde_json::json!({"engine": "terraform", "state": {"s3": {"bucket": "acme-state"}}});
        deployment.state = crate::model::Model::new(&crate::model::testing::spec(state), None).state.s3;
    }
    let roles = roles(&pipeline, "acme/llm");
    let plan = role(&roles, "arn:aws:iam::111122223333:role/acme-llm-prod-ci-plan");
    let locks = &plan.policy.as_ref().unwrap()["Statement"][2];
    assert_eq!(locks["Resource"], serde_json::json!(["arn:aws:s3:::acme-state/acme-llm/*.tflock"]));
    assert_eq!(plan.needs, Vec::<String>::new());
}

#[test]
fn a_role_of_codebuild_may_write_the_log_of_its_builds() {
    let roles = roles(&pipeline(System::Codebuild), "");
    for role in &roles {
        let statements = role.policy.as_ref().unwrap()["Statement"].as_array().unwrap().clone();
        assert!(statements.iter().any(|one| one["Action"][0] == "logs:CreateLogGroup"), "{role:#?}");
    }
}

#[test]
fn one_role_for_both_is_trusted_for_both() {
    let mut pipeline = pipeline(System::Github);
    for deployment in &mut pipeline.deployments {
        deployment.plan_role.clone_from(&deployment.apply_role);
    }
    let roles = roles(&pipeline, "acme/llm");
    assert_eq!(roles.len(), 2);
    assert_eq!(roles[0].trust_policy["Statement"].as_array().map(Vec::len), Some(2));
}

#[test]
fn every_template_is_filled_for_every_system() {
    for (system, count) in [(System::Github, 2), (System::Gitlab, 1), (System::Codebuild, 2)] {
        let files = pipeline(system).files().unwrap();
        assert_eq!(files.len(), count);
        for file in files {
            let text = file.text;
            assert!(!text.contains("<[") && !text.contains("<%") && text.ends_with('\n'), "{text}");
            assert!(serde_yaml::from_str::<serde_yaml::Value>(&text).is_ok(), "{text}");
        }
    }
}
