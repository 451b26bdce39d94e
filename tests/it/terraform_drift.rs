//! What is changed behind Terraform's back is found, with the real Terraform on moto.

use std::process::Command;

use gwinfra::drift::{Document, Kind};
use gwinfra::engine::{DriftOptions, Engine};
use gwinfra::render::{Bundle, Target};

use crate::moto_server::{endpoint, interpreter};
use crate::terraform_desk::{Desk, account, bundle, module, role};

/// Runs a line of Python with a client of IAM in the target's account.
fn behind(target: &Target, line: &str) {
    let script = format!(
        r#"
import boto3, sys
clients = dict(endpoint_url=sys.argv[1], region_name="us-east-1")
own = boto3.client("sts", aws_access_key_id="testing", aws_secret_access_key="none", **clients)
role = own.assume_role(RoleArn="arn:aws:iam::{}:role/any", RoleSessionName="behind")["Credentials"]
iam = boto3.client("iam", aws_access_key_id=role["AccessKeyId"], aws_secret_access_key=role["SecretAccessKey"],
                   aws_session_token=role["SessionToken"], **clients)
{line}
"#,
        target.account
    );
    let output = Command::new(interpreter()).args(["-c", &script, endpoint().unwrap()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

async fn drift(desk: &Desk, bundle: &Bundle) -> Document {
    Engine::drift(&desk.engine, bundle, &DriftOptions::default()).await.unwrap()
}

#[tokio::test]
async fn what_was_changed_or_deleted_is_found_and_nothing_else_is() {
    let hub = account(51);
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
