//! Images that a Containerfile describes, built by buildah, podman or docker.
//!
//! Each platform is built by itself and written as an OCI layout. The index over them is gwinfra's own, so that it is the same
//! whoever built them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use thiserror::Error;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::document::Content;
use super::layout::{LayoutError, StoredLayout, join};
use super::sbom::{self, installed};
use super::{Document, Platform, root};

/// The Containerfile of LiteLLM's image.
pub const LITELLM: &str = include_str!("../../gateway/Containerfile");
/// Lines of a builder that are kept for the error.
const LAST_LINES: usize = 12;

/// A program that builds images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builder {
    /// buildah.
    Buildah,
    /// podman.
    Podman,
    /// docker, 25 or newer.
    Docker,
}

impl Builder {
    /// All, the best first: the first two need no daemon and set the times of files.
    pub const ALL: [Self; 3] = [Self::Buildah, Self::Podman, Self::Docker];

    /// Name of the program.
    pub fn program(self) -> &'static str {
        match self {
            Self::Buildah => "buildah",
            Self::Podman => "podman",
            Self::Docker => "docker",
        }
    }
}

impl fmt::Display for Builder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.program())
    }
}

/// What is to be built.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// The Containerfile.
    pub containerfile: PathBuf,
    /// Directory that its COPY steps read.
    pub context: PathBuf,
    /// Values of its ARG steps.
    pub arguments: BTreeMap<String, String>,
    /// Platforms.
    pub platforms: Vec<Platform>,
    /// Name of the result.
    pub tag: String,
}

/// What was built.
#[derive(Debug)]
pub struct Built {
    /// The image.
    pub image: Document,
    /// Why no bill of materials is attached to it; `None` when one is.
    pub unlisted: Option<String>,
}

/// Why an image could not be built.
#[derive(Debug, Error)]
pub enum ContainerfileError {
    /// The builder is not there.
    #[error("{0} is not installed")]
    NoBuilder(Builder),
    /// The builder could not be run.
    #[error("could not run {builder}")]
    Run {
        /// The builder.
        builder: Builder,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It failed.
    #[error("{builder} failed for {platform}{}", if .said.is_empty() { String::new() } else { format!(":\n  {}", .said.replace('\n', "\n  ")) })]
    Failed {
        /// The builder.
        builder: Builder,
        /// What it was to build for.
        platform: Platform,
        /// The last that it said.
        said: String,
    },
    /// What docker saves is in its own format.
    #[error("docker saves images in a format of its own before version 25")]
    OldDocker,
    /// What was built cannot be read or written.
    #[error(transparent)]
    Layout(#[from] LayoutError),
}

/// Builds, and writes the image as a layout, with a bill of what its packages are. `say` is given what the builder says.
///
/// # Errors
/// When the builder is missing or fails, or the layout cannot be written.
pub async fn build(
    builder: Builder,
    recipe: &Recipe,
    to: &Path,
    say: impl Fn(&str),
) -> Result<Built, ContainerfileError> {
    let run = |source| ContainerfileError::Run { builder, source };
    let work = tempfile::tempdir().map_err(run)?;
    let mut parts = Vec::new();
    for (index, platform) in recipe.platforms.iter().enumerate() {
        let step = Step { builder, platform, say: &say };
        let id_file = work.path().join(format!("id-{index}"));
        step.run(step.build(recipe, &id_file)).await?;
        let id = fs_err::read_to_string(&id_file).map_err(run)?.trim().to_owned();
        let part = work.path().join(format!("part-{index}{}", if builder == Builder::Docker { ".tar" } else { "" }));
        step.run(step.save(&id, &part)).await?;
        let stored = match StoredLayout::open(&part) {
            Err(LayoutError::NotALayout(_)) if builder == Builder::Docker => return Err(ContainerfileError::OldDocker),
            other => other?,
        };
        parts.push((platform.clone(), stored));
    }
    let (tag, to) = (recipe.tag.clone(), to.to_owned());
    // All layers are decompressed.
    let joined = tokio::task::spawn_blocking(move || {
        let bill = bill(&parts, &tag);
        let image = join(&parts, &tag, bill.as_deref().ok(), &to)?;
        drop(work);
        Ok(Built { image, unlisted: bill.err() })
    });
    joined.await.map_err(|error| run(std::io::Error::other(error)))?
}

/// The bill of what all platforms together have: processors are told apart by its package URLs. Or why there is none.
fn bill(parts: &[(Platform, StoredLayout)], tag: &str) -> Result<Vec<u8>, String> {
    let mut packages = installed::Packages::new();
    for (_, part) in parts {
        let (image, _) = part.image().map_err(|error| error.to_string())?;
        let Content::Manifest(manifest) = &image.content else { continue };
        let files = root::read(part, &manifest.layers, installed::tells).map_err(|error| error.to_string())?;
        packages.extend(installed::packages(&files));
    }
    if packages.is_empty() {
        return Err("it has no packages of Python, apk or dpkg".to_owned());
    }
    Ok(sbom::of_installed("litellm", tag, &packages))
}

struct Step<'a, Say> {
    builder: Builder,
    platform: &'a Platform,
    say: &'a Say,
}

impl<Say: Fn(&str)> Step<'_, Say> {
    fn build(&self, recipe: &Recipe, id_file: &Path) -> Command {
        let mut command = Command::new(self.builder.program());
        command.arg("build").arg("--file").arg(&recipe.containerfile);
        command.arg("--platform").arg(self.platform.to_string()).arg("--iidfile").arg(id_file);
        match self.builder {
            // The times of files and of the image: the same input is to be the same image.
            Builder::Buildah | Builder::Podman => command.args(["--timestamp", "0", "--format", "oci"]),
            Builder::Docker => command.env("SOURCE_DATE_EPOCH", "0").env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1"),
        };
        for (name, value) in &recipe.arguments {
            command.arg("--build-arg").arg(format!("{name}={value}"));
        }
        command.arg("--").arg(&recipe.context);
        command
    }

    fn save(&self, id: &str, to: &Path) -> Command {
        let mut command = Command::new(self.builder.program());
        match self.builder {
            Builder::Buildah | Builder::Podman => {
                command.args(["push", "--quiet", id]).arg(format!("oci:{}:image", to.display()))
            }
            Builder::Docker => command.args(["save", "--output"]).arg(to).arg(id),
        };
        command
    }

    /// Runs a command, and says what it says.
    async fn run(&self, mut command: Command) -> Result<(), ContainerfileError> {
        let builder = self.builder;
        let failed = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::NotFound => ContainerfileError::NoBuilder(builder),
            _ => ContainerfileError::Run { builder, source },
        };
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(failed)?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let last = std::cell::RefCell::new(Vec::new());
        let hear = |line: String| {
            (self.say)(&line);
            let mut last = last.borrow_mut();
            last.push(line);
            if last.len() > LAST_LINES {
                last.remove(0);
            }
        };
        let out = async {
            let Some(stream) = stdout else { return Ok(()) };
            let mut lines = BufReader::new(stream).lines();
            while let Some(line) = lines.next_line().await? {
                hear(line);
            }
            Ok(())
        };
        let errors = async {
            let Some(stream) = stderr else { return Ok(()) };
            let mut lines = BufReader::new(stream).lines();
            while let Some(line) = lines.next_line().await? {
                hear(line);
            }
            Ok(())
        };
        let (out, errors, status) = tokio::join!(out, errors, child.wait());
        out.and(errors).map_err(failed)?;
        if status.map_err(failed)?.success() {
            return Ok(());
        }
        let said = last.borrow().join("\n");
        Err(ContainerfileError::Failed { builder, platform: self.platform.clone(), said })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn litellms_containerfile_names_no_version_of_its_own() {
        assert!(LITELLM.contains("\nARG LITELLM\nFROM ${LITELLM}\n"));
        assert!(!LITELLM.contains("ghcr.io") && !LITELLM.contains("sha256:"));
    }

    #[test]
    fn litellms_containerfile_runs_nothing_and_so_builds_for_every_platform() {
        assert!(!LITELLM.lines().any(|line| line.starts_with("RUN ")));
    }
}
