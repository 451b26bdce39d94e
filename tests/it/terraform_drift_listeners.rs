//! A listener that was added behind Terraform's back is found, with the real Terraform on moto.

use gwinfra::drift::{Kind, Level};

use crate::terraform_desk::{Desk, account, bundle, module, role};
use crate::terraform_drift::{behind, drift};

#[tokio::test]
async fn a_listener_that_was_added_is_found_although_a_refresh_does_not_see_it() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let network = r#"
resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }
resource "aws_subnet" "a" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.1.0/24"
  availability_zone = "us-east-1a"
}
resource "aws_subnet" "b" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.2.0/24"
  availability_zone = "us-east-1b"
}
resource "aws_lb" "main" {
  name     = "acme"
  internal = true
  subnets  = [aws_subnet.a.id, aws_subnet.b.id]
}
resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.main.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }
}
"#;
    let bundle = bundle(vec![module("hub", &hub, &(role("gateway", "one") + network))]);
    desk.apply(&bundle).await;
    let untouched = drift(&desk, &bundle).await;
    assert_eq!((untouched.findings, untouched.coverage.skipped), (Vec::new(), Vec::new()));
    behind(
        &hub,
        r#"
elbv2 = boto3.client("elbv2", **keys)
balancer = elbv2.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
action = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "ContentType": "text/plain"}}
elbv2.create_listener(LoadBalancerArn=balancer, Port=8080, Protocol="HTTP", DefaultActions=[action])
"#,
    );
    let found = drift(&desk, &bundle).await.findings;
    let rows: Vec<_> = found.iter().map(|one| (one.address.as_str(), one.kind, one.property(), one.severity)).collect();
    assert_eq!(rows, [("hub/aws_lb.main", Kind::Added, "Listeners".to_owned(), Level::High)]);
    let actual = found[0].actual.as_ref().unwrap();
    assert_eq!((&actual["Port"], &actual["Protocol"]), (&8080.into(), &"HTTP".into()));
}
