//! Items of lists are told by what they are, and a configuration by the line that names it, with the real Terraform on moto.

use std::sync::Arc;

use gwinfra::drift::{Finding, Kind};
use gwinfra::engine::Engine;
use gwinfra::plan::SourcePlace;

use crate::terraform_desk::{Desk, account, bundle, module, role};
use crate::terraform_drift::{behind, drift};

fn rows(found: &[Finding]) -> Vec<(Kind, String)> {
    let mut rows: Vec<_> = found.iter().map(|one| (one.kind, one.property())).collect();
    rows.sort_unstable();
    rows
}

#[tokio::test]
async fn a_rule_of_the_firewall_that_is_gone_and_one_that_was_added_are_told_by_their_names_and_put_back() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let rule = |name: &str, priority: u32| {
        format!(
            r#"
  rule {{
    name     = "{name}"
    priority = {priority}
    action {{
      block {{}}
    }}
    statement {{
      geo_match_statement {{ country_codes = ["AQ"] }}
    }}
    visibility_config {{
      cloudwatch_metrics_enabled = false
      metric_name                = "{name}"
      sampled_requests_enabled   = false
    }}
  }}
"#
        )
    };
    let firewall = format!(
        r#"
resource "aws_wafv2_web_acl" "main" {{
  name  = "acme"
  scope = "REGIONAL"
  default_action {{
    allow {{}}
  }}
{}
  visibility_config {{
    cloudwatch_metrics_enabled = false
    metric_name                = "acme"
    sampled_requests_enabled   = false
  }}
}}
"#,
        [("first", 0), ("second", 1), ("third", 2)].map(|(name, priority)| rule(name, priority)).concat()
    );
    let bundle = bundle(vec![module("hub", &hub, &firewall)]);
    desk.apply(&bundle).await;
    assert_eq!(drift(&desk, &bundle).await.findings, []);
    behind(
        &hub,
        r#"
waf = boto3.client("wafv2", **keys)
own = waf.list_web_acls(Scope="REGIONAL")["WebACLs"][0]
found = waf.get_web_acl(Name=own["Name"], Scope="REGIONAL", Id=own["Id"])
rules = found["WebACL"]["Rules"]
mine = dict(rules[0], Name="mine", Priority=7)
rules = [mine] + [rule for rule in rules if rule["Name"] != "second"]
waf.update_web_acl(Name=own["Name"], Scope="REGIONAL", Id=own["Id"], DefaultAction=found["WebACL"]["DefaultAction"],
                   Rules=rules, VisibilityConfig=found["WebACL"]["VisibilityConfig"], LockToken=found["LockToken"])
"#,
    );
    let found = drift(&desk, &bundle).await.findings;
    assert_eq!(rows(&found), [(Kind::Changed, "rule.second".to_owned()), (Kind::Added, "rule.mine".to_owned())]);
    Engine::revert(&desk.engine, &bundle, "hub/aws_wafv2_web_acl.main", &found).await.unwrap();
    assert_eq!(drift(&desk, &bundle).await.findings, []);
}

#[tokio::test]
async fn statements_of_a_policy_are_told_by_their_sids() {
    let hub = account();
    let Some(desk) = Desk::new(&hub).await else { return };
    let policy = r#"
resource "aws_iam_role_policy" "gateway" {
  name = "own"
  role = aws_iam_role.gateway.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "Read", Effect = "Allow", Action = "s3:GetObject", Resource = "*" },
      { Sid = "List", Effect = "Allow", Action = "s3:ListBucket", Resource = "*" },
      { Sid = "Write", Effect = "Allow", Action = "s3:PutObject", Resource = "*" },
    ]
  })
}
"#;
    let bundle = bundle(vec![module("hub", &hub, &(role("gateway", "one") + policy))]);
    desk.apply(&bundle).await;
    behind(
        &hub,
        r#"
import json
statement = lambda sid, action: {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": "*"}
statements = [statement("Mine", "*"), statement("Read", "s3:GetObject"), statement("Write", "s3:*")]
document = json.dumps({"Version": "2012-10-17", "Statement": statements})
iam.put_role_policy(RoleName="gateway", PolicyName="own", PolicyDocument=document)
"#,
    );
    let found = drift(&desk, &bundle).await.findings;
    let expected = [
        (Kind::Changed, "policy.Statement.List".to_owned()),
        (Kind::Changed, "policy.Statement.Write.Action".to_owned()),
        (Kind::Added, "policy.Statement.Mine".to_owned()),
    ];
    assert_eq!(rows(&found), expected);
}

#[tokio::test]
async fn a_configuration_that_is_another_one_has_the_line_that_names_it() {
    let hub = account();
    let Some(mut desk) = Desk::new(&hub).await else { return };
    let key = format!("config/{}.yaml", "0".repeat(64));
    let tasks = format!(
        r#"
resource "aws_ecs_task_definition" "main" {{
  family = "acme"
  container_definitions = jsonencode([
    {{
      name    = "litellm"
      image   = "litellm"
      memory  = 512
      command = ["echo \"CONFIG_KEY\""]
      environment = [
        {{ name = "CONFIG_KEY", value = "{key}" }},
      ]
    }},
  ])
}}
output "ConfigBucketName" {{
  value = "acme-config-100"
}}
output "ConfigKey" {{
  value = "{key}"
}}
"#
    );
    desk.session(&hub).s3().create_bucket("acme-config-100").await.unwrap();
    let bundle = bundle(vec![module("hub", &hub, &tasks)]);
    desk.apply(&bundle).await;
    desk.engine.places = Arc::new(|_, _, _| Vec::new());
    desk.engine.lines =
        Arc::new(|_, file, line| Some(SourcePlace { file: file.to_owned(), line, column: 1, path: None }));
    let found = drift(&desk, &bundle).await.findings;
    assert_eq!(rows(&found), [(Kind::Runtime, "configuration.sha256".to_owned())]);
    let text = &bundle.modules[0].files["main.tf"];
    let line = text.lines().position(|line| line.contains("name = \"CONFIG_KEY\"")).unwrap() + 1;
    let place = &found[0].source[0];
    assert_eq!((place.file.as_str(), usize::try_from(place.line).unwrap()), ("main.tf", line));
}
