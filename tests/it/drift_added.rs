//! What was added to a resource, or is gone, goes back by the command that a drift ends with.

use serde_json::{Value, json};

use crate::drift::{deployed, findings};
use crate::drift_cli::with_cli;
use crate::rehearsal::Rehearsal;

const GROUP: &str = "acme-llm-network/DatabaseSecurityGroup";
const SPOKE: &str = "222222222222";

/// The command that the text of a drift ends with.
fn next(rehearsal: &Rehearsal) -> String {
    let text = rehearsal.run(&["drift"]).expect(2).stdout;
    text.lines().last().unwrap().strip_prefix("Next: ").unwrap().to_owned()
}

/// Runs the command that a drift ends with; nothing differs after it.
fn reverts(rehearsal: &Rehearsal) -> String {
    let next = next(rehearsal);
    let arguments: Vec<&str> = next.split(' ').skip(1).chain(["--yes"]).collect();
    assert_eq!(arguments.first(), Some(&"drift"), "{next}");
    let run = rehearsal.run(&arguments).expect(0);
    assert_eq!(findings(rehearsal, 0), Vec::<Value>::new());
    run.stderr
}

/// Deletes a resource of an account whose identifier ends so.
fn delete(rehearsal: &Rehearsal, account: &str, type_name: &str, end: &str) {
    rehearsal.tamper(|world| {
        let found = world.resources_of(account, "us-east-1", type_name).find(|one| one.identifier.ends_with(end));
        let identifier = found.unwrap().identifier.clone();
        assert!(world.remove(account, "us-east-1", type_name, &identifier).is_some());
    });
}

/// Accounts in which somebody lets everybody in to the database.
fn with_a_rule() -> Option<Rehearsal> {
    with_cli(|cli| {
        let group = cli.physical("acme-llm-network", "DatabaseSecurityGroup");
        let rule = ["--protocol", "tcp", "--port", "22", "--cidr", "0.0.0.0/0"];
        cli.run(&[&["ec2", "authorize-security-group-ingress", "--group-id", &group][..], &rule].concat());
    })
}

#[test]
fn a_rule_that_was_added_to_a_group_has_its_id_and_its_command_and_is_taken_out() {
    let Some(rehearsal) = with_a_rule() else { return };
    let found = findings(&rehearsal, 2);
    assert_eq!((found.len(), &found[0]["address"], &found[0]["kind"]), (1, &json!(GROUP), &json!("added")));
    let id = found[0]["id"].as_str().unwrap();
    let command = found[0]["command"].as_str().unwrap();
    assert!(id.starts_with("sgr-"), "{id}");
    assert!(command.starts_with("aws ec2 revoke-security-group-ingress --group-id sg-"), "{command}");
    assert!(command.ends_with(&format!("--security-group-rule-ids {id} --region us-east-1")), "{command}");
    assert!(rehearsal.run(&["drift"]).expect(2).stdout.contains(&format!("({id})")));
    let said = reverts(&rehearsal);
    assert!(said.contains(&format!("Took 1 part out of {GROUP}.")), "{said}");
}

#[test]
fn the_aws_command_of_a_rule_takes_it_out_as_well() {
    let Some(rehearsal) = with_a_rule() else { return };
    let command = findings(&rehearsal, 2)[0]["command"].as_str().unwrap().to_owned();
    let accounts = crate::served::Served::start(&rehearsal);
    let cli = crate::drift_cli::Cli::of(&accounts);
    cli.run(&command.split(' ').skip(1).collect::<Vec<_>>());
    drop(accounts);
    assert_eq!(findings(&rehearsal, 0), Vec::<Value>::new());
}

#[test]
fn policies_that_were_put_to_a_role_are_taken_away() {
    let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    let Some(rehearsal) = with_cli(|cli| {
        let role = cli.physical("acme-llm-gateway", "ExecutionRole");
        let own = ["--policy-name", "mine", "--policy-document", &document.to_string()];
        cli.run(&[&["iam", "put-role-policy", "--role-name", &role][..], &own].concat());
        let arn = "arn:aws:iam::aws:policy/AdministratorAccess";
        cli.run(&["iam", "attach-role-policy", "--role-name", &role, "--policy-arn", arn]);
    }) else {
        return;
    };
    reverts(&rehearsal);
}

#[test]
fn a_policy_that_was_made_as_a_resource_goes_with_the_list_of_its_role() {
    let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    let Some(rehearsal) = with_cli(|cli| {
        let role = cli.physical("acme-llm-gateway", "TaskRole");
        let desired = json!({"RoleName": role, "PolicyName": "mine", "PolicyDocument": document}).to_string();
        let made = ["--type-name", "AWS::IAM::RolePolicy", "--desired-state", &desired];
        cli.run(&[&["cloudcontrol", "create-resource"][..], &made].concat());
    }) else {
        return;
    };
    reverts(&rehearsal);
}

#[test]
fn a_route_that_was_added_is_taken_out() {
    let Some(rehearsal) = with_cli(|cli| {
        let table = cli.physical("acme-llm-network", "PublicRouteTable");
        let gateway = cli.physical("acme-llm-network", "InternetGateway");
        let desired = json!({"RouteTableId": table, "DestinationCidrBlock": "10.99.0.0/16", "GatewayId": gateway});
        let made = ["--type-name", "AWS::EC2::Route", "--desired-state", &desired.to_string()];
        cli.run(&[&["cloudcontrol", "create-resource"][..], &made].concat());
    }) else {
        return;
    };
    let id = findings(&rehearsal, 2)[0]["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("rtb-") && id.ends_with("|10.99.0.0/16"), "{id}");
    reverts(&rehearsal);
}

#[test]
fn what_only_the_aws_cli_can_take_out_has_its_command_and_is_not_tried() {
    let Some(rehearsal) = with_cli(|cli| {
        let endpoint = cli.physical("acme-llm-access", "ClientVpn");
        let network = ["--target-network-cidr", "0.0.0.0/0", "--authorize-all-groups"];
        cli.run(
            &[&["ec2", "authorize-client-vpn-ingress", "--client-vpn-endpoint-id", &endpoint][..], &network].concat(),
        );
    }) else {
        return;
    };
    let found = findings(&rehearsal, 2);
    let command = found[0]["command"].as_str().unwrap();
    assert!(command.starts_with("aws ec2 revoke-client-vpn-ingress "), "{command}");
    assert_eq!(next(&rehearsal), command);
    let address = found[0]["address"].as_str().unwrap();
    rehearsal.run(&["drift", "--revert", address, "--yes"]).says(1, command);
}

#[test]
fn a_role_that_was_deleted_in_an_account_is_made_again_under_its_name() {
    let Some(rehearsal) = deployed() else { return };
    delete(&rehearsal, SPOKE, "AWS::IAM::Role", "acme-llm-bedrock");
    let found = findings(&rehearsal, 2);
    assert_eq!((found.len(), &found[0]["kind"], &found[0]["id"]), (1, &json!("deleted"), &json!("acme-llm-bedrock")));
    rehearsal.run(&["apply", "--yes"]).says(0, "`gwinfra drift` tells what was changed behind them");
    rehearsal.run(&["accounts", "verify"]).says(10, "gwinfra drift --revert ADDRESS");
    assert!(rehearsal.run(&["recover"]).expect(0).stdout.contains("gwinfra drift"));
    let said = reverts(&rehearsal);
    assert!(said.contains("Made ") && said.contains(" again."), "{said}");
    rehearsal.run(&["accounts", "verify"]).expect(0);
}

/// Takes a rule out of a security group that a stack has as a resource of its own.
fn take_out_a_rule(rehearsal: &Rehearsal) {
    rehearsal.tamper(|world| {
        let is_of_the_stack = |one: &&gwinfra::simulator::Resource| one.stack.is_some();
        let mut rules = world.resources_of("111122223333", "us-east-1", "AWS::EC2::SecurityGroupIngress");
        let identifier = rules.find(is_of_the_stack).unwrap().identifier.clone();
        drop(rules);
        assert!(world.remove("111122223333", "us-east-1", "AWS::EC2::SecurityGroupIngress", &identifier).is_some());
    });
}

#[test]
fn what_would_get_another_id_is_made_again_by_cloudformation() {
    let Some(rehearsal) = deployed() else { return };
    take_out_a_rule(&rehearsal);
    let found = findings(&rehearsal, 2);
    let address = found[0]["address"].as_str().unwrap();
    assert_eq!(next(&rehearsal), format!("gwinfra drift --revert {address}"));
    let command = found[0]["command"].as_str().unwrap();
    assert!(command.starts_with("aws cloudformation create-change-set --stack-name acme-llm-network "), "{command}");
    assert!(command.contains(" --deployment-mode REVERT_DRIFT --use-previous-template "), "{command}");
    let said = reverts(&rehearsal);
    assert!(
        said.contains("CloudFormation makes it again, mostly under another id, and changes what names it."),
        "{said}"
    );
    assert!(said.contains(&format!("CloudFormation has updated the stack of {address}.")), "{said}");
    rehearsal.run(&["plan"]).expect(0);
    rehearsal.run(&["recover"]).expect(0);
}

#[test]
fn cloudformation_makes_nothing_again_that_would_change_more_than_what_names_it() {
    let Some(rehearsal) = deployed() else { return };
    take_out_a_rule(&rehearsal);
    let address = findings(&rehearsal, 2)[0]["address"].as_str().unwrap().to_owned();
    rehearsal.tamper(|world| {
        let mut networks = world.resources_of("111122223333", "us-east-1", "AWS::EC2::VPC");
        let identifier = networks.next().unwrap().identifier.clone();
        drop(networks);
        let network = world.resource_mut("111122223333", "us-east-1", "AWS::EC2::VPC", &identifier).unwrap();
        network.properties["EnableDnsHostnames"] = json!(false);
    });
    let refused = rehearsal.run(&["drift", "--revert", &address, "--yes"]).expect(1);
    assert!(refused.stderr.contains("Vpc would change with it"), "{}", refused.stderr);
    assert!(refused.stderr.contains("put the others back first"), "{}", refused.stderr);
    assert_eq!(findings(&rehearsal, 2).len(), 2);
    rehearsal.run(&["drift", "--revert", "acme-llm-network/Vpc", "--yes"]).expect(2);
    rehearsal.run(&["drift", "--revert", &address, "--yes"]).expect(0);
}
