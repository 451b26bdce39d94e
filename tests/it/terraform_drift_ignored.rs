//! What a root module ignores is no drift, with the real Terraform on moto.

use gwinfra::drift::Finding;

use crate::terraform_desk::{Desk, account, bundle, module, role};
use crate::terraform_drift::{behind, drift};

#[tokio::test]
async fn an_argument_that_the_files_are_to_ignore_is_anothers_to_change() {
    let hub = account(71);
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
