//! Whether Terraform is there and new enough.

use async_trait::async_trait;

use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::Finding;
use crate::doctor::subject::Subject;
use crate::engine::EngineError;
use crate::spec::EngineName;

/// Whether Terraform is there and new enough.
pub(super) struct Terraform;

#[async_trait(?Send)]
impl Check for Terraform {
    fn id(&self) -> &'static str {
        "GWD101"
    }

    fn name(&self) -> &'static str {
        "terraform"
    }

    fn area(&self) -> Area {
        Area::Local
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        if subject.engine() != EngineName::Terraform {
            return vec![Finding::skip("engine: cloudformation runs no Terraform")];
        }
        let finding = match subject.terraform.version().await {
            Ok((path, version)) => Finding::pass(format!("{} {version}", path.display())),
            Err(EngineError::Preflight(report)) => {
                let first = report.diagnostics.first();
                let message = first.map_or_else(|| "Terraform does not work".to_owned(), |found| found.message.clone());
                let fix = first.and_then(|found| found.help.clone());
                Finding::fail(message, fix.unwrap_or_else(|| "name the program with --terraform-bin".to_owned()))
            }
            Err(error) => Finding::fail(error.to_string(), "name the program with --terraform-bin"),
        };
        vec![finding.at(subject.place("engine"))]
    }
}
