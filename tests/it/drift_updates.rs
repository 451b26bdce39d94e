//! Stacks that somebody has updated through CloudFormation are not as they were applied.

use serde_json::{Value, json};

use crate::drift::findings;
use crate::drift_cli::{Cli, with_cli};
use crate::rehearsal::Rehearsal;

const STACK: &str = "acme-llm-gateway";
const NETWORK: &str = "acme-llm-network";
const IMAGE: &str = "evil.example.com/litellm:1";

/// Updates a stack as somebody with the AWS CLI does, and waits for it.
fn update(cli: &Cli<'_>, name: &str, template: &[&str], change: (&str, &str)) {
    let stack = cli.run(&["cloudformation", "describe-stacks", "--stack-name", name])["Stacks"][0].clone();
    let parameters: Vec<Value> = stack["Parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| match one["ParameterKey"].as_str().unwrap() {
            key if key == change.0 => json!({"ParameterKey": key, "ParameterValue": change.1}),
            key => json!({"ParameterKey": key, "UsePreviousValue": true}),
        })
        .collect();
    let parameters = Value::from(parameters).to_string();
    let call = ["cloudformation", "update-stack", "--stack-name", name, "--capabilities", "CAPABILITY_NAMED_IAM"];
    cli.run(&[&call[..], &["--parameters", &parameters], template].concat());
    cli.run(&["cloudformation", "wait", "stack-update-complete", "--stack-name", name]);
}

fn other_image(cli: &Cli<'_>) {
    update(cli, STACK, &["--use-previous-template"], ("LitellmImage", IMAGE));
}

#[test]
fn another_parameter_is_a_difference_in_every_format() {
    let Some(rehearsal) = with_cli(other_image) else { return };
    let found = findings(&rehearsal, 2);
    let image = found.iter().find(|one| one["address"] == STACK).unwrap();
    assert_eq!((&image["kind"], &image["severity"]), (&json!("changed"), &json!("high")));
    assert_eq!((&image["reader"], &image["path"]), (&json!("cloud_formation"), &json!(["Parameters", "LitellmImage"])));
    assert_eq!(image["actual"], json!(IMAGE));
    assert!(image["source"][0]["line"].as_u64().unwrap() > 0, "{image}");
    let text = rehearsal.run(&["drift"]).expect(2).stdout;
    assert!(text.contains("Parameters.LitellmImage") && text.contains(&format!("now        {IMAGE}")), "{text}");
    let github = rehearsal.run(&["drift", "-o", "github"]).expect(2).stdout;
    assert!(github.lines().any(|line| line.starts_with("::error ") && line.contains(IMAGE)), "{github}");
}

#[test]
fn another_template_is_a_difference_by_resource_and_property() {
    let mut group = String::new();
    let Some(rehearsal) = with_cli(|cli| {
        let asked = ["cloudformation", "get-template", "--stack-name", NETWORK];
        let mut template: Value = cli.run(&asked)["TemplateBody"].clone();
        if let Some(text) = template.as_str() {
            template = gwinfra::cfn::template::Template::parse("template.yaml", text).unwrap().to_json();
        }
        let resources = template["Resources"].as_object_mut().unwrap();
        let is_group = |one: &Value| one["Type"] == "AWS::EC2::SecurityGroup";
        group = resources.iter().find(|(_, one)| is_group(one)).unwrap().0.clone();
        resources[&group]["Properties"]["SecurityGroupIngress"] =
            json!([{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}]);
        update(cli, NETWORK, &["--template-body", &template.to_string()], ("", ""));
    }) else {
        return;
    };
    let own: Vec<Value> = findings(&rehearsal, 2).into_iter().filter(|one| one["address"] == NETWORK).collect();
    assert_eq!(own.len(), 1, "{own:#?}");
    assert_eq!(own[0]["path"], json!(["Resources", group, "Properties", "SecurityGroupIngress"]));
    assert_eq!((&own[0]["expected"], &own[0]["actual"][0]["CidrIp"]), (&Value::Null, &json!("0.0.0.0/0")));
    let github = rehearsal.run(&["drift", "-o", "github"]).expect(2).stdout;
    assert!(
        github.lines().any(|line| line.starts_with("::error ") && line.contains("SecurityGroupIngress")),
        "{github}"
    );
}

/// A spec that has become another one since it was applied: it wants more memory.
fn edited() -> Rehearsal {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    rehearsal.change("memory: 4096", "memory: 8192");
    rehearsal
}

#[test]
fn a_spec_that_nobody_has_applied_is_no_drift() {
    let rehearsal = edited();
    let document = rehearsal.run(&["drift", "--strict", "-o", "json"]).expect(0).json();
    assert_eq!(document["findings"], json!([]));
    let notes = document["notes"].to_string();
    assert!(notes.contains("the spec renders another acme-llm-gateway than what is deployed"), "{notes}");
}

#[test]
fn without_a_record_of_what_was_applied_it_is_not_compared() {
    let rehearsal = edited();
    fs_err::remove_file(rehearsal.path(".gwinfra/acme-llm/applied.json")).unwrap();
    let run = rehearsal.run(&["drift", "--strict"]).expect(11);
    assert!(run.stdout.contains("what was applied last is not known here"), "{}", run.stdout);
    assert!(run.stdout.contains("gwinfra plan"), "{}", run.stdout);
}

#[test]
fn without_a_record_what_the_spec_renders_is_as_it_should_be() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    fs_err::remove_file(rehearsal.path(".gwinfra/acme-llm/applied.json")).unwrap();
    let document = rehearsal.run(&["drift", "--strict", "-o", "json"]).expect(0).json();
    assert_eq!(document["notes"], json!([]));
}

#[test]
fn what_a_gwinfra_elsewhere_has_applied_since_is_not_compared() {
    let rehearsal = edited();
    let record = rehearsal.path(".gwinfra/acme-llm/applied.json");
    let before = fs_err::read(&record).unwrap();
    rehearsal.apply();
    fs_err::write(&record, before).unwrap();
    rehearsal.change("memory: 8192", "memory: 6144");
    let run = rehearsal.run(&["drift", "--strict"]).expect(11);
    assert!(run.stdout.contains("a gwinfra has updated it since"), "{}", run.stdout);
}

#[test]
fn an_apply_puts_another_parameter_back() {
    let Some(rehearsal) = with_cli(other_image) else { return };
    let _ = rehearsal.run(&["drift"]).expect(2);
    rehearsal.apply();
    assert_eq!(findings(&rehearsal, 0), Vec::<Value>::new());
}

#[test]
fn protection_that_was_switched_off_is_severe_and_an_apply_switches_it_on() {
    let Some(rehearsal) = with_cli(|cli| {
        let off = ["--stack-name", "acme-llm-data", "--no-enable-termination-protection"];
        cli.run(&[&["cloudformation", "update-termination-protection"][..], &off].concat());
    }) else {
        return;
    };
    let found = findings(&rehearsal, 2);
    assert_eq!((found.len(), &found[0]["address"]), (1, &json!("acme-llm-data")), "{found:#?}");
    assert_eq!(found[0]["path"], json!(["EnableTerminationProtection"]));
    assert_eq!((&found[0]["severity"], &found[0]["actual"]), (&json!("high"), &json!(false)));
    rehearsal.apply();
    assert_eq!(findings(&rehearsal, 0), Vec::<Value>::new());
}

#[test]
fn a_tag_of_a_stack_that_somebody_changed_is_told_once_and_those_of_others_are_theirs() {
    let Some(rehearsal) = with_cli(|cli| {
        let stack = cli.run(&["cloudformation", "describe-stacks", "--stack-name", NETWORK])["Stacks"][0].clone();
        let mut tags = stack["Tags"].as_array().unwrap().clone();
        tags.iter_mut().filter(|tag| tag["Key"] == "team").for_each(|tag| tag["Value"] = json!("mine"));
        tags.push(json!({"Key": "cost-center", "Value": "7"}));
        let tags = Value::from(tags).to_string();
        update(cli, NETWORK, &["--use-previous-template", "--tags", &tags], ("", ""));
    }) else {
        return;
    };
    let found = findings(&rehearsal, 2);
    assert_eq!((found.len(), &found[0]["address"]), (1, &json!(NETWORK)), "{found:#?}");
    assert_eq!((&found[0]["path"], &found[0]["severity"]), (&json!(["Tags", "team"]), &json!("low")));
    assert_eq!((&found[0]["expected"], &found[0]["actual"]), (&json!("platform"), &json!("mine")));
    assert_eq!(found[0]["source"][0]["path"], "tags");
}

#[test]
fn a_stack_whose_template_cannot_be_read_is_not_compared_and_the_others_are() {
    let rehearsal = Rehearsal::new();
    rehearsal.apply();
    let file = rehearsal.accounts().join("world.json");
    let mut world: Value = serde_json::from_slice(&fs_err::read(&file).unwrap()).unwrap();
    let stacks = world["world"]["cloudformation"]["stacks"].as_object_mut().unwrap();
    let network = stacks.values_mut().find(|stack| stack["name"] == NETWORK).unwrap();
    network["settings"]["template"] = json!("Resources: {Vpc: {");
    fs_err::write(&file, world.to_string()).unwrap();
    let document = rehearsal.run(&["drift", "-o", "json"]).expect(0).json();
    let skipped = document["coverage"]["skipped"].as_array().unwrap();
    let is_it = |one: &&Value| one["address"].as_str().unwrap().ends_with(NETWORK);
    let network = skipped.iter().find(is_it).unwrap_or_else(|| panic!("{skipped:#?}"));
    assert!(network["reason"].as_str().unwrap().starts_with("the template that acme-llm-network has cannot be read"));
    assert!(document["coverage"]["checked"].as_u64().unwrap() > 50, "{document:#}");
}
