//! Takes over what Terraform had begun to make when it was killed or stopped.
//!
//! Terraform writes a resource to its state when AWS has answered. Killed in between, it leaves a resource that no state
//! knows: the next apply would make it again, and fail because its name is taken. Asked to stop, it does the same: the provider
//! gives up the calls that it waits for. What was under way stands in the last stream, and its name in the plan that was
//! applied.

use std::collections::BTreeSet;

use serde_json::Value;

use super::TerraformEngine;
use super::diagnostic::{Subject, type_of};
use super::directory::WorkDirectory;
use super::message::Message;
use super::show::ResourceChange;
use crate::engine::EngineError;

/// What Terraform says of an identifier under which nothing exists.
const NOTHING_THERE: &str = "Cannot import non-existent remote object";

/// What the provider says of a call that it has given up because it was asked to stop. AWS may have done what it was called for.
const GIVEN_UP: &str = "context canceled";

/// Addresses of the resources whose creation was under way when the last apply in a directory was cut off or stopped.
pub(super) fn under_way(directory: &WorkDirectory) -> BTreeSet<String> {
    if !directory.plan().exists() {
        return BTreeSet::new();
    }
    let log = fs_err::read(directory.log()).unwrap_or_default();
    let (mut open, mut failed) = (BTreeSet::new(), BTreeSet::new());
    for message in String::from_utf8_lossy(&log).lines().filter_map(Message::parse) {
        if let Some(finding) = &message.diagnostic
            && (finding.summary.contains(GIVEN_UP) || finding.detail.contains(GIVEN_UP))
        {
            open.extend(finding.address.iter().filter(|address| failed.contains(*address)).cloned());
        }
        let Some(hook) = message.hook.filter(|hook| hook.action == "create") else { continue };
        let Some(resource) = hook.resource else { continue };
        match message.kind.as_str() {
            "apply_start" => open.insert(resource.addr),
            "apply_complete" => open.remove(&resource.addr),
            "apply_errored" => open.remove(&resource.addr) && failed.insert(resource.addr),
            _ => false,
        };
    }
    open
}

impl TerraformEngine {
    /// Writes to the state what exists of the resources that were under way, so that the next plan goes on from there.
    /// The root module must be initialised.
    ///
    /// # Errors
    /// When the state or the plan of the cut-off apply cannot be read.
    pub(super) async fn take_over(
        &self,
        subject: Subject<'_>,
        mut under_way: BTreeSet<String>,
    ) -> Result<(), EngineError> {
        if under_way.is_empty() {
            return Ok(());
        }
        let state = self.state(subject).await?.unwrap_or_default();
        for (address, _) in state.managed() {
            under_way.remove(&address);
        }
        if !under_way.is_empty() {
            let shown = self.show(subject).await?;
            for change in shown.resource_changes.iter().filter(|change| under_way.contains(&change.address)) {
                self.take_over_one(subject, change).await?;
            }
        }
        // Taken over once: the names in this plan may belong to somebody else tomorrow.
        subject.directory.remove("tfplan")
    }

    async fn take_over_one(&self, subject: Subject<'_>, change: &ResourceChange) -> Result<(), EngineError> {
        let Subject { module, directory } = subject;
        let address = change.address.as_str();
        let Some(id) = import_id(type_of(address), &change.change.after) else {
            // What has no name of its own is made again without complaint, and the first one is left over.
            let text = format!(
                "{address} was being made when Terraform was stopped: look whether AWS has one that no state knows, and \
                 delete it, or `terraform -chdir={} import {address} ID`",
                directory.path().display()
            );
            self.say(Some(&module.key), text);
            return Ok(());
        };
        match self.capture(directory, &["import", "-input=false", "-no-color", address, &id]).await? {
            Ok(_) => self.say(
                Some(&module.key),
                format!("took over {address} ({id}), which Terraform was making when it was stopped"),
            ),
            Err(words) if words.contains(NOTHING_THERE) => {}
            // It is no longer rendered, say. Nothing is lost: the next apply tells what stands in its way.
            Err(words) => {
                let words =
                    words.lines().find(|line| line.contains("Error")).unwrap_or(&words).trim_matches(['│', ' ']);
                self.say(Some(&module.key), format!("{address} ({id}) could not be taken over: {words}"));
            }
        }
        Ok(())
    }
}

/// The identifier under which the provider imports a resource, for types whose names are unique: from the section
/// "Import" of each type's page, AWS provider 5.100. `None` where AWS gives the identifier, or the name is not known.
fn import_id(resource_type: &str, values: &Value) -> Option<String> {
    let text = |name: &str| values.get(name)?.as_str().map(ToOwned::to_owned);
    match resource_type {
        "aws_cloudformation_stack"
        | "aws_cloudwatch_log_group"
        | "aws_db_subnet_group"
        | "aws_ecr_repository"
        | "aws_ecs_cluster"
        | "aws_elasticache_parameter_group"
        | "aws_elasticache_serverless_cache"
        | "aws_elasticache_subnet_group"
        | "aws_iam_instance_profile"
        | "aws_iam_role"
        | "aws_kms_alias"
        | "aws_rds_cluster_parameter_group" => text("name"),
        "aws_s3_bucket" => text("bucket"),
        "aws_elasticache_replication_group" => text("replication_group_id"),
        "aws_rds_cluster" => text("cluster_identifier"),
        "aws_rds_cluster_instance" => text("identifier"),
        "aws_ecs_service" => {
            let cluster = text("cluster")?;
            Some(format!("{}/{}", cluster.rsplit('/').next().unwrap_or(&cluster), text("name")?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(kind: &str, address: &str) -> String {
        let resource = json!({"addr": address, "resource_type": type_of(address)});
        json!({"type": kind, "hook": {"resource": resource, "action": "create"}}).to_string()
    }

    #[test]
    fn what_began_and_did_not_end_is_under_way() {
        let root = tempfile::tempdir().unwrap();
        let directory = WorkDirectory::new(root.path(), "acme", "hub");
        fs_err::create_dir_all(directory.path()).unwrap();
        let stream = [
            line("apply_start", "aws_iam_role.a"),
            line("apply_start", "aws_iam_role.b"),
            line("apply_start", "aws_iam_role.c"),
            line("apply_complete", "aws_iam_role.a"),
            line("apply_errored", "aws_iam_role.c"),
            "{\"type\":\"apply_st".to_owned(),
        ];
        fs_err::write(directory.log(), stream.join("\n")).unwrap();
        assert!(under_way(&directory).is_empty(), "there is no plan that was being applied");
        fs_err::write(directory.plan(), "").unwrap();
        assert_eq!(under_way(&directory).into_iter().collect::<Vec<_>>(), ["aws_iam_role.b"]);
    }

    #[test]
    fn what_the_provider_gave_up_when_it_was_stopped_is_under_way() {
        let root = tempfile::tempdir().unwrap();
        let directory = WorkDirectory::new(root.path(), "acme", "hub");
        fs_err::create_dir_all(directory.path()).unwrap();
        let error = |address: &str, summary: &str| {
            let diagnostic = json!({"severity": "error", "summary": summary, "detail": "", "address": address});
            json!({"type": "diagnostic", "diagnostic": diagnostic}).to_string()
        };
        let stream = [
            line("apply_start", "aws_iam_role.a"),
            line("apply_start", "aws_iam_role.b"),
            line("apply_errored", "aws_iam_role.a"),
            line("apply_errored", "aws_iam_role.b"),
            error("aws_iam_role.a", "creating IAM Role (a): context canceled"),
            error("aws_iam_role.b", "creating IAM Role (b): EntityAlreadyExists"),
            error("aws_iam_role.changed", "updating IAM Role (changed): context canceled"),
        ];
        fs_err::write(directory.log(), stream.join("\n")).unwrap();
        fs_err::write(directory.plan(), "").unwrap();
        assert_eq!(under_way(&directory).into_iter().collect::<Vec<_>>(), ["aws_iam_role.a"]);
    }

    #[test]
    fn a_service_is_imported_by_the_names_of_its_cluster_and_itself() {
        let values = json!({"cluster": "arn:aws:ecs:us-east-1:111122223333:cluster/acme", "name": "gateway"});
        assert_eq!(import_id("aws_ecs_service", &values).as_deref(), Some("acme/gateway"));
    }

    #[test]
    fn what_aws_names_and_what_is_not_known_yet_has_no_identifier() {
        assert_eq!(import_id("aws_vpc", &json!({"cidr_block": "10.0.0.0/16"})), None);
        assert_eq!(import_id("aws_iam_role", &json!({})), None);
    }
}
