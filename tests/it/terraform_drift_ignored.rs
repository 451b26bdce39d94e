//! What a root module ignores is no drift, with the real Terraform on moto.

use gwinfra::drift::{Finding, Kind};

use crate::terraform_desk::{Desk, account, bundle, module, role};
use crate::terraform_drift::{behind, drift};

#[tokio::test]
async fn an_argument_that_the_files_are_to_ignore_is_anothers_to_change() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let ignoring = role("gateway", "one").replacen(
        "  assume_role_policy",
        "  lifecycle { ignore_changes = [description] }\n  assume_role_policy",
        1,
    );
    let bundle = bundle(vec![module("hub", &hub, &(ignoring + &role("other", "one")))]);
    desk.apply(&bundle).await;
    behind(&hub, "[iam.update_role_description(RoleName=name, Description='mine') for name in ('gateway', 'other')]");
    let found: Vec<String> = drift(&desk, &bundle).await.findings.iter().map(Finding::property).collect();
    assert_eq!(found, ["description"]);
}

/// A range that a schedule moves at night.
const RANGE: &str = r#"
resource "aws_appautoscaling_target" "main" {
  service_namespace  = "dynamodb"
  scalable_dimension = "dynamodb:table:ReadCapacityUnits"
  resource_id        = "table/acme"
  min_capacity       = 2
  max_capacity       = 10
  lifecycle { ignore_changes = [min_capacity, max_capacity] }
}
resource "aws_appautoscaling_scheduled_action" "night" {
  name               = "night"
  service_namespace  = aws_appautoscaling_target.main.service_namespace
  scalable_dimension = aws_appautoscaling_target.main.scalable_dimension
  resource_id        = aws_appautoscaling_target.main.resource_id
  schedule           = "cron(0 20 ? * MON-FRI *)"
  scalable_target_action {
    min_capacity = 1
    max_capacity = 3
  }
}
"#;

#[tokio::test]
async fn a_range_that_no_schedule_has_set_is_a_difference_although_terraform_is_to_ignore_it() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let bundle = bundle(vec![module("hub", &hub, RANGE)]);
    desk.apply(&bundle).await;
    let given = "ServiceNamespace='dynamodb', ScalableDimension='dynamodb:table:ReadCapacityUnits', ResourceId='table/acme', \
                 MinCapacity=1, MaxCapacity=40";
    behind(&hub, &format!("boto3.client('application-autoscaling', **keys).register_scalable_target({given})"));
    let document = drift(&desk, &bundle).await;
    let folded: Vec<String> = document.folded.iter().map(|folded| folded.path.join(".")).collect();
    assert_eq!(folded, ["min_capacity"]);
    let found = document.findings;
    let [finding] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((finding.property().as_str(), finding.kind), ("max_capacity", Kind::Runtime));
    assert_eq!((finding.expected.clone(), finding.actual.clone()), (Some(10.into()), Some(40.into())));
}
