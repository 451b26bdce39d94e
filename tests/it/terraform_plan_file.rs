//! What gwinfra reads of Terraform's plan files by itself, beside what `terraform show -json` says of them.

use std::path::Path;
use std::process::Command;

use gwinfra::engine::terraform::plan_file_as_json;
use gwinfra::render::RenderedModule;
use serde_json::{Map, Value};

use crate::terraform_desk::{Desk, account, bundle, module, role, with_variable};
use crate::terraform_estate::Estate;

/// Nested blocks, sets, numbers and values that are known only later; what the schema calls sensitive, and what the
/// files do.
const BODY: &str = r#"
variable "word" {
  type      = string
  sensitive = true
  default   = "canary-1"
}

resource "aws_ssm_parameter" "secret" {
  name  = "secret"
  type  = "SecureString"
  value = var.word
}

resource "aws_ssm_parameter" "marked" {
  name           = "marked"
  type           = "String"
  insecure_value = "plain"
  tags           = { word = var.word, other = "WORDS" }
}

resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
  tags       = { Name = "WORDS" }
}

resource "aws_security_group" "main" {
  name   = "main"
  vpc_id = aws_vpc.main.id
  dynamic "ingress" {
    for_each = toset(PORTS)
    content {
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = ["10.0.0.0/8"]
    }
  }
}

resource "aws_eip" "many" {
  count = COUNT
  tags  = { Number = tostring(count.index) }
}

resource "aws_cloudwatch_metric_alarm" "main" {
  alarm_name          = "main"
  namespace           = "a"
  metric_name         = "b"
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = THRESHOLD
  alarm_actions       = [aws_iam_role.gateway.arn]
}

resource "aws_secretsmanager_secret" "NAME" {
  name_prefix = "NAME"
}

data "aws_region" "current" {}

output "RoleArn" {
  value = aws_iam_role.gateway.arn
}

output "Words" {
  value = "WORDS"
}
"#;

fn first(target: &gwinfra::render::Target) -> RenderedModule {
    let words = [("WORDS", "one"), ("PORTS", "[80, 443]"), ("COUNT", "11"), ("THRESHOLD", "0.25"), ("NAME", "old")];
    made(target, &words, "one")
}

fn second(target: &gwinfra::render::Target) -> RenderedModule {
    let words = [("WORDS", "two"), ("PORTS", "[80, 8080]"), ("COUNT", "3"), ("THRESHOLD", "5"), ("NAME", "new")];
    with_variable(made(target, &words, "two"), "word", "canary-2")
}

fn made(target: &gwinfra::render::Target, words: &[(&str, &str)], description: &str) -> RenderedModule {
    let body = words.iter().fold(BODY.to_owned(), |body, (name, value)| body.replace(name, value));
    let made = module("hub", target, &(role("gateway", description) + &body));
    with_variable(made, "word", "canary-1")
}

/// A value without what says nothing: marks that are not set, and where nothing is.
fn told(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let members = object.iter().map(|(name, value)| (name.clone(), told(value)));
            let members: Map<String, Value> = members.filter(|(_, value)| !value.is_null()).collect();
            if members.is_empty() { Value::Null } else { Value::Object(members) }
        }
        Value::Array(items) if items.iter().all(|item| told(item).is_null()) => Value::Null,
        Value::Array(items) => items.iter().map(told).collect(),
        Value::Bool(false) => Value::Null,
        other => other.clone(),
    }
}

/// What both say of a plan that was just made, once what says nothing is left out of the marks.
fn compare(module: &Path, mut terraform: Command) -> Value {
    let log = fs_err::read_to_string(module.join("terraform.jsonl")).unwrap();
    let read = plan_file_as_json(&module.join("tfplan"), &log).expect("a plan that can be read");
    let shown = terraform.args(["show", "-json", "tfplan"]).current_dir(module).output().unwrap();
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let resources = |plan: &Value| plan["resource_changes"].as_array().unwrap().clone();
    let (ours, theirs) = (resources(&read), resources(&shown));
    let names = |list: &[Value]| list.iter().map(|one| one["address"].clone()).collect::<Vec<_>>();
    assert_eq!(names(&ours), names(&theirs));
    for (ours, theirs) in ours.iter().zip(&theirs) {
        for part in ["mode", "type", "action_reason"] {
            assert_eq!(ours.get(part), theirs.get(part), "{part} of {}", theirs["address"]);
        }
        for part in ["actions", "before", "after"] {
            assert_eq!(ours["change"][part], theirs["change"][part], "{part} of {}", theirs["address"]);
        }
        for part in ["after_unknown", "before_sensitive", "after_sensitive", "replace_paths"] {
            let (ours, theirs_) = (told(&ours["change"][part]), told(&theirs["change"][part]));
            assert_eq!(ours, theirs_, "{part} of {}", theirs["address"]);
        }
    }
    let outputs = |plan: &Value| {
        let outputs = plan["output_changes"].as_object().cloned().unwrap_or_default();
        outputs.into_iter().map(|(name, output)| (name, output["actions"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(outputs(&read), outputs(&shown));
    read
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_file_says_what_terraform_says_of_it() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    desk.plan(&bundle(vec![first(&hub)])).await;
    let terraform = || {
        let mut terraform = Command::new("terraform");
        terraform.envs(&desk.engine.environment.variables);
        terraform
    };
    compare(&desk.file("hub", ""), terraform());
    desk.apply(&bundle(vec![first(&hub)])).await;
    let plan = desk.plan(&bundle(vec![second(&hub)])).await;
    let read = compare(&desk.file("hub", ""), terraform());
    let actions = |address: &str| {
        let resources = read["resource_changes"].as_array().unwrap();
        resources.iter().find(|one| one["address"] == address).unwrap()["change"]["actions"].clone()
    };
    assert_eq!(actions("aws_eip.many[10]"), serde_json::json!(["delete"]));
    assert_eq!(actions("aws_secretsmanager_secret.new"), serde_json::json!(["create"]));
    let rows = serde_json::to_string(&plan.changes).unwrap();
    assert!(!rows.contains("canary") && rows.contains("(sensitive)"), "{rows}");
}

#[test]
fn so_does_the_plan_file_of_a_whole_hub() {
    let Some(mut estate) = Estate::shared() else { return };
    estate.change(&[
        ("memory: 4096", "memory: 8192"),
        ("10.40.0.0/16", "10.41.0.0/16"),
        ("{team: platform}", "{team: a}"),
    ]);
    let file = estate.directory().join("plan.json");
    estate.run(&["plan", "--out", file.to_str().unwrap()]).expect(0);
    let read = compare(&estate.module("hub"), estate.command("terraform"));
    assert!(read["resource_changes"].as_array().unwrap().len() > 100);
}
