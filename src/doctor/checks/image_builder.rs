//! Whether an image that has to be built can be built.

use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use tokio::process::Command;

use crate::aws::ecr::Image;
use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::Finding;
use crate::doctor::subject::Subject;
use crate::image::Reference;
use crate::image::containerfile::Builder;

/// How long a registry may take to say whether an image is there.
const ANSWER: Duration = Duration::from_secs(10);

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
        let mut findings = Vec::new();
        let mut is_built = true;
        for name in &subject.unbuilt {
            match (is_there(subject, name).await, name.as_str()) {
                (Some(true), _) => findings.push(Finding::pass(format!("image {name} is in its repository"))),
                (there, "litellm") => {
                    is_built = false;
                    findings.push(buildable(subject, there).await);
                }
                // The middleware's image is put together from its programs, without a builder.
                (there, _) => findings.push(missing(
                    there,
                    format!("nothing is here that image {name} could be pushed from"),
                    format!("gwinfra image build {name}   the next apply pushes it"),
                )),
            }
        }
        if is_built && findings.is_empty() {
            findings.push(Finding::skip("no image has to be built here"));
        }
        findings
    }
}

/// What is missing and can be pushed by somebody else until then: a failure only if it is known that nobody has.
fn missing(there: Option<bool>, what: String, fix: String) -> Finding {
    match there {
        Some(false) => Finding::fail(format!("{what}, and it is not in its repository: an apply would stop"), fix),
        _ => Finding::warn(format!("{what}: it must be in its repository already"), fix),
    }
}

/// Whether LiteLLM's image can be built, which is in no registry that it could be copied from.
async fn buildable(subject: &Subject<'_>, there: Option<bool>) -> Finding {
    for builder in Builder::ALL {
        if let Some(version) = version(builder).await {
            return Finding::pass(format!("{version} builds image litellm: gwinfra image build litellm"));
        }
    }
    missing(
        there,
        "image litellm is in no registry that it could be copied from, and no program that builds images is here"
            .to_owned(),
        "apt-get install buildah   or podman, or docker; nothing is needed if the image is in its repository already"
            .to_owned(),
    )
    .at(subject.place("gateway.litellm.image"))
}

/// Whether an image is in its repository; `None` where nobody can be asked.
async fn is_there(subject: &Subject<'_>, name: &str) -> Option<bool> {
    let wanted = subject.bundle.images.get(name)?.parse::<Reference>().ok()?;
    let registry = wanted.ecr()?;
    let session = subject.hub_session(Some(&registry.region))?;
    let ecr = session.ecr();
    let asked = ecr.image(&registry.account, &wanted.repository, wanted.wanted());
    // Whether AWS answers at all is another check's.
    let found = tokio::time::timeout(ANSWER.min(subject.timeout / 2), asked).await.ok()?.ok()?;
    Some(matches!(found, Image::Found { .. }))
}

/// What a builder calls itself; `None` when it is not there or does not work.
async fn version(builder: Builder) -> Option<String> {
    let mut command = Command::new(builder.program());
    let output = command.arg("--version").stdin(Stdio::null()).kill_on_drop(true).output().await.ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}
