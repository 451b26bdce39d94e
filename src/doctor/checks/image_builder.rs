//! Whether an image that has to be built can be built.

use std::process::Stdio;

use async_trait::async_trait;
use tokio::process::Command;

use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::Finding;
use crate::doctor::subject::Subject;
use crate::image::containerfile::Builder;

/// Whether an image that has to be built can be built.
pub(super) struct ImageBuilder;

#[async_trait(?Send)]
impl Check for ImageBuilder {
    fn id(&self) -> &'static str {
        "GWD102"
    }

    fn name(&self) -> &'static str {
        "image-builder"
    }

    fn area(&self) -> Area {
        Area::Local
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        if subject.is_applied {
            return vec![Finding::skip("the last apply has found the images; gwinfra plan says if one is missing")];
        }
        // The middleware's image is put together from its programs, without a builder.
        let litellm = subject.unbuilt.iter().find(|name| *name == "litellm");
        let mut findings: Vec<Finding> = subject
            .unbuilt
            .iter()
            .filter(|name| Some(*name) != litellm)
            .map(|name| {
                Finding::warn(
                    format!(
                        "nothing is here that image {name} could be pushed from: it must be in its repository already"
                    ),
                    format!("gwinfra image build {name}   the next apply pushes it"),
                )
            })
            .collect();
        if litellm.is_none() {
            if findings.is_empty() {
                findings.push(Finding::skip("no image has to be built here"));
            }
            return findings;
        }
        for builder in Builder::ALL {
            if let Some(version) = version(builder).await {
                findings.push(Finding::pass(format!("{version} builds image litellm: gwinfra image build litellm")));
                return findings;
            }
        }
        findings.push(
            Finding::warn(
                "image litellm is in no registry that it could be copied from, and no program that builds images is here",
                "apt-get install buildah   or podman, or docker; nothing is needed if the image is in its repository already",
            )
            .at(subject.place("gateway.litellm.image")),
        );
        findings
    }
}

/// What a builder calls itself; `None` when it is not there or does not work.
async fn version(builder: Builder) -> Option<String> {
    let mut command = Command::new(builder.program());
    let output = command.arg("--version").stdin(Stdio::null()).kill_on_drop(true).output().await.ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}
