//! What is changed behind Terraform's back is found, with the real Terraform on moto.

use std::process::Command;

use gwinfra::drift::{Baseline, Document, Finding, Kind, Reader};
use gwinfra::engine::{DriftOptions, Engine};
use gwinfra::render::{Bundle, Target};

use crate::moto_server::{endpoint, interpreter};
use crate::terraform_desk::{Desk, account, bundle, module, role};

/// Runs a line of Python with clients of IAM, EC2 and CloudFormation in the target's account.
pub(crate) fn behind(target: &Target, line: &str) {
    let script = format!(
        r#"
import boto3, sys
clients = dict(endpoint_url=sys.argv[1], region_name="us-east-1")
own = boto3.client("sts", aws_access_key_id="testing", aws_secret_access_key="none", **clients)
role = own.assume_role(RoleArn="arn:aws:iam::{}:role/any", RoleSessionName="behind")["Credentials"]
keys = dict(aws_access_key_id=role["AccessKeyId"], aws_secret_access_key=role["SecretAccessKey"],
            aws_session_token=role["SessionToken"], **clients)
iam, ec2 = boto3.client("iam", **keys), boto3.client("ec2", **keys)
cloudformation = boto3.client("cloudformation", **keys)
{line}
"#,
        target.account
    );
    let output = Command::new(interpreter()).args(["-c", &script, endpoint().unwrap()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

pub(crate) async fn drift(desk: &Desk, bundle: &Bundle) -> Document {
    Engine::drift(&desk.engine, bundle, &DriftOptions::default()).await.unwrap()
}

#[tokio::test]
async fn what_was_changed_or_deleted_is_found_and_nothing_else_is() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let roles = role("gateway", "one") + &role("other", "one");
    let bundle = bundle(vec![module("hub", &hub, &roles)]);
    desk.apply(&bundle).await;
    let untouched = drift(&desk, &bundle).await;
    assert_eq!((untouched.findings.len(), untouched.coverage.total, untouched.coverage.checked), (0, 2, 2));
    behind(
        &hub,
        "iam.update_role_description(RoleName='gateway', Description='mine'); iam.delete_role(RoleName='other')",
    );
    let found = drift(&desk, &bundle).await.findings;
    let rows: Vec<_> = found.iter().map(|one| (one.address.as_str(), one.kind, one.property())).collect();
    assert_eq!(
        rows,
        [
            ("hub/aws_iam_role.gateway", Kind::Changed, "description".to_owned()),
            ("hub/aws_iam_role.other", Kind::Deleted, String::new()),
        ]
    );
    let (expected, actual) = (found[0].expected.clone().unwrap(), found[0].actual.clone().unwrap());
    assert_eq!((expected.as_str(), actual.as_str()), (Some("one"), Some("mine")));
    assert_eq!(found[0].source[0].line, 7);
}

#[tokio::test]
async fn rules_routes_and_policies_that_were_added_are_found_although_a_refresh_does_not_see_them() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let network = r#"
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_internet_gateway" "main" { vpc_id = aws_vpc.main.id }
resource "aws_route_table" "public" { vpc_id = aws_vpc.main.id }
resource "aws_route" "out" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}
resource "aws_security_group" "task" {
  name        = "task"
  description = "one"
  vpc_id      = aws_vpc.main.id
}
resource "aws_vpc_security_group_ingress_rule" "task" {
  security_group_id = aws_security_group.task.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "10.0.0.0/8"
}
resource "aws_iam_role_policy" "gateway" {
  name   = "own"
  role   = aws_iam_role.gateway.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "*" }] })
}
"#;
    let bundle = bundle(vec![module("hub", &hub, &(role("gateway", "one") + network))]);
    desk.apply(&bundle).await;
    let untouched = drift(&desk, &bundle).await;
    assert_eq!((untouched.findings, untouched.coverage.skipped), (Vec::new(), Vec::new()));
    behind(
        &hub,
        r#"
import json
document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
iam.put_role_policy(RoleName="gateway", PolicyName="mine", PolicyDocument=document)
group = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["task"]}])["SecurityGroups"][0]["GroupId"]
ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
    {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
gateway = ec2.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]
tables = ec2.describe_route_tables()["RouteTables"]
table = [table["RouteTableId"] for table in tables if len(table["Routes"]) > 1][0]
ec2.create_route(RouteTableId=table, DestinationCidrBlock="192.0.2.0/24", GatewayId=gateway)
"#,
    );
    let found = drift(&desk, &bundle).await.findings;
    let mut rows: Vec<_> = found.iter().map(|one| (one.address.as_str(), one.kind, one.property())).collect();
    rows.sort_unstable();
    assert_eq!(
        rows,
        [
            ("hub/aws_iam_role.gateway", Kind::Added, "Policies".to_owned()),
            ("hub/aws_route_table.public", Kind::Added, "Routes".to_owned()),
            ("hub/aws_security_group.task", Kind::Added, "SecurityGroupIngress".to_owned()),
        ]
    );
}

#[tokio::test]
async fn a_value_that_no_file_sets_is_potential_until_it_is_recorded() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let bundle = bundle(vec![module("hub", &hub, &role("gateway", "one"))]);
    desk.apply(&bundle).await;
    let mut document = drift(&desk, &bundle).await;
    Baseline::default().apply(&mut document, true);
    assert!(document.potential.iter().any(|one| one.path == ["max_session_duration"]), "{:?}", document.potential);
    let mut baseline = Baseline::default();
    baseline.record(&document, true);
    behind(&hub, "iam.update_role(RoleName='gateway', Description='one', MaxSessionDuration=7200)");
    let mut later = drift(&desk, &bundle).await;
    baseline.apply(&mut later, true);
    assert_eq!(later.potential, Vec::new());
    let rows: Vec<_> = later.findings.iter().map(|one| (one.kind, one.property(), one.actual.clone())).collect();
    assert_eq!(rows, [(Kind::Undeclared, "max_session_duration".to_owned(), Some(7200.into()))]);
}

#[tokio::test]
async fn an_apply_puts_back_what_terraform_sees_and_reading_again_proves_it() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let bundle = bundle(vec![module("hub", &hub, &role("gateway", "one"))]);
    desk.apply(&bundle).await;
    behind(&hub, "iam.update_role_description(RoleName='gateway', Description='mine')");
    let found = drift(&desk, &bundle).await.findings;
    assert_eq!(found.len(), 1);
    desk.apply(&bundle).await;
    assert_eq!(drift(&desk, &bundle).await.findings, Vec::new());
}

/// Two roles, both changed behind Terraform's back; the second one names the first.
async fn two_changed() -> Option<(Desk, Bundle)> {
    let hub = account();
    let desk = Desk::new(&hub).await?;
    let other = role("other", "one").replace(r#""one""#, r#""beside ${aws_iam_role.gateway.name}""#);
    let bundle = bundle(vec![module("hub", &hub, &(role("gateway", "one") + &other))]);
    desk.apply(&bundle).await;
    behind(
        &hub,
        "iam.update_role_description(RoleName='gateway', Description='mine'); \
         iam.update_role_description(RoleName='other', Description='mine')",
    );
    Some((desk, bundle))
}

async fn drifted(desk: &Desk, bundle: &Bundle) -> Vec<String> {
    drift(desk, bundle).await.findings.into_iter().map(|one| one.address).collect()
}

#[tokio::test]
async fn one_resource_is_put_back_and_another_stays_as_it_is() {
    let Some((desk, bundle)) = two_changed().await else { return };
    let mut found = drift(&desk, &bundle).await.findings;
    found.retain(|finding| finding.address == "hub/aws_iam_role.gateway");
    // What others look at is not in Terraform's plan.
    let accepted_by = Some("of the audit".to_owned());
    found.push(Finding { reader: Reader::Iam, kind: Kind::Added, accepted_by, ..found[0].clone() });
    assert_eq!(Engine::revert(&desk.engine, &bundle, "hub/aws_iam_role.gateway", &found).await.unwrap(), 1);
    assert!(desk.said(r#"hub/aws_iam_role.gateway: description is `"mine"`, and becomes `"one"`"#));
    assert_eq!(drifted(&desk, &bundle).await, ["hub/aws_iam_role.other"]);
    assert!(!desk.file("hub", "tfplan").exists());
}

#[tokio::test]
async fn a_resource_whose_plan_touches_another_one_is_not_put_back() {
    let Some((desk, bundle)) = two_changed().await else { return };
    let refused = Engine::revert(&desk.engine, &bundle, "hub/aws_iam_role.other", &[]).await.unwrap_err();
    assert!(refused.to_string().contains("hub/aws_iam_role.gateway would change with it"), "{refused}");
    assert_eq!(drifted(&desk, &bundle).await, ["hub/aws_iam_role.gateway", "hub/aws_iam_role.other"]);
    assert!(!desk.file("hub", "tfplan").exists());
}

#[tokio::test]
async fn what_the_spec_says_and_nobody_has_applied_is_not_put_in_the_place_of_what_is_deployed() {
    let Some((desk, bundle)) = two_changed().await else { return };
    let found = drift(&desk, &bundle).await.findings;
    let mut edited = bundle.clone();
    edited.modules[0] = module("hub", &bundle.modules[0].target, &(role("gateway", "two") + &role("other", "two")));
    assert_eq!(Engine::revert(&desk.engine, &edited, "hub/aws_iam_role.gateway", &found).await.unwrap(), 1);
    assert!(desk.said(r#"and becomes `"one"`"#));
}

#[tokio::test]
async fn what_does_not_differ_cannot_be_put_back() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let bundle = bundle(vec![module("hub", &hub, &role("gateway", "one"))]);
    desk.apply(&bundle).await;
    for address in ["hub/aws_iam_role.gateway", "hub/aws_iam_role.none", "elsewhere/aws_iam_role.gateway"] {
        let refused = Engine::revert(&desk.engine, &bundle, address, &[]).await.unwrap_err();
        assert!(refused.to_string().contains(&format!("nothing of {address} can be put back")), "{refused}");
    }
}

#[tokio::test]
async fn a_resource_that_is_gone_is_not_made_anew_by_putting_it_back() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let bundle = bundle(vec![module("hub", &hub, &role("gateway", "one"))]);
    desk.apply(&bundle).await;
    behind(&hub, "iam.delete_role(RoleName='gateway')");
    let refused = Engine::revert(&desk.engine, &bundle, "hub/aws_iam_role.gateway", &[]).await.unwrap_err();
    assert!(refused.to_string().contains("it is gone"), "{refused}");
}

#[tokio::test]
#[ignore = "takes minutes: make test-terraform"]
async fn a_record_of_dns_that_was_changed_is_put_back() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let zone = r#"
resource "aws_route53_zone" "main" { name = "example.com" }
resource "aws_route53_record" "gateway" {
  zone_id = aws_route53_zone.main.zone_id
  name    = "llm.example.com"
  type    = "CNAME"
  ttl     = 60
  records = ["a.elb.amazonaws.com"]
}
"#;
    let bundle = bundle(vec![module("hub", &hub, zone)]);
    desk.apply(&bundle).await;
    assert_eq!(drift(&desk, &bundle).await.findings, []);
    behind(
        &hub,
        r#"
dns = boto3.client("route53", **keys)
zone = dns.list_hosted_zones()["HostedZones"][0]["Id"]
record = {"Name": "llm.example.com", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "elsewhere.example.net"}]}
dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]})
"#,
    );
    let found = drift(&desk, &bundle).await.findings;
    let rows: Vec<_> = found.iter().map(|one| (one.address.as_str(), one.kind, one.property())).collect();
    let address = "hub/aws_route53_record.gateway";
    assert_eq!(rows, [(address, Kind::Changed, "records".to_owned())]);
    assert_eq!(Engine::revert(&desk.engine, &bundle, address, &found).await.unwrap(), 1);
    assert_eq!(drift(&desk, &bundle).await.findings, []);
}
