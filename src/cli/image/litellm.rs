//! `gwinfra image build litellm`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::build::{built, default_out};
use super::registries::{Registries, RegistryArgs};
use super::{failure, interrupt, names, progress};
use crate::cli::aws_args::AwsArgs;
use crate::cli::global::Output;
use crate::cli::printer::Verbosity;
use crate::cli::{CliError, CommandResult, Context, ErrorKind, check_output, runtime};
use crate::image::config::Config;
use crate::image::containerfile::{Builder, LITELLM, Recipe, build};
use crate::image::copy::CopyError;
use crate::image::document::Content;
use crate::image::registry::Client;
use crate::image::{Platform, Reference, inspect};

/// Build LiteLLM's image from its Containerfile with buildah, podman or docker
///
/// The base is the image that the spec names. Its tag is resolved to a digest first, and the digest is what is built from.
/// Versions that are known to be bad are refused.
#[derive(Debug, Args)]
pub(super) struct LitellmArgs {
    /// Published image of LiteLLM to build from; default: `gateway.litellm.image` of the spec
    #[arg(long, env = "GWINFRA_IMAGE_FROM", value_name = "IMAGE")]
    from: Option<Reference>,
    /// Platform to build for; may be repeated. Default: all that gateways run on and the published image has
    #[arg(long = "platform", env = "GWINFRA_IMAGE_PLATFORM", value_delimiter = ',', value_name = "PLATFORM")]
    platforms: Vec<Platform>,
    /// Containerfile of your own; its COPY steps read the directory that it is in
    #[arg(long, env = "GWINFRA_IMAGE_CONTAINERFILE", value_name = "FILE")]
    containerfile: Option<PathBuf>,
    /// Program that builds; default: the first of buildah, podman and docker that is there
    #[arg(long, value_enum, env = "GWINFRA_BUILDER", value_name = "PROGRAM")]
    builder: Option<BuilderName>,
    /// Where the image goes, as an OCI layout: a directory, or an archive when it ends in `.tar`; default:
    /// `.gwinfra/images/litellm` beside the spec
    #[arg(long, env = "GWINFRA_IMAGE_OUT", value_name = "PATH")]
    out: Option<PathBuf>,
    #[command(flatten)]
    registry: RegistryArgs,
    #[command(flatten)]
    aws: AwsArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BuilderName {
    /// buildah
    Buildah,
    /// podman
    Podman,
    /// docker, 25 or newer
    Docker,
}

impl From<BuilderName> for Builder {
    fn from(name: BuilderName) -> Self {
        match name {
            BuilderName::Buildah => Self::Buildah,
            BuilderName::Podman => Self::Podman,
            BuilderName::Docker => Self::Docker,
        }
    }
}

pub(super) fn run(args: &LitellmArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text, Output::Json])?;
    let loaded = names::spec(context)?;
    let base = match (&args.from, &loaded) {
        (Some(base), _) => base.clone(),
        (None, Some(loaded)) => names::parse(&loaded.spec.gateway.litellm.image)?,
        (None, None) => {
            return Err(CliError::usage("there is no image to build from")
                .hint("--from ghcr.io/berriai/litellm:VERSION   names one"));
        }
    };
    names::refuse_known_bad(&base)?;
    names::warn_of_advisories(context, &base);
    let builder = builder(args)?;
    let out = args.out.clone().unwrap_or_else(|| default_out(context, "litellm"));
    let (image, platforms) = runtime::block_on(interrupt::or(async {
        let watch = Arc::new(progress::Shown::new(context.printer));
        let registries = Registries::open(&args.registry, &args.aws, context, loaded.as_ref(), &[&base], watch).await?;
        let made = make(args, context, &registries.client, &base, builder, &out).await;
        registries.close().await;
        made
    }))?;
    built(context, &image, &platforms.iter().collect::<Vec<_>>(), &out)
}

async fn make(
    args: &LitellmArgs,
    context: &Context,
    client: &Client,
    base: &Reference,
    builder: Builder,
    out: &Path,
) -> Result<(crate::image::Document, Vec<Platform>), CliError> {
    let repository = client.repository(base);
    let document = repository.document(base.wanted()).await.map_err(failure::registry)?;
    let pinned = base.by_digest(&document.digest());
    context.printer.say(format_args!("{base} is {}", document.digest()));
    names::refuse_bad_labels(&repository, &document).await?;
    let there: Vec<Platform> = match &document.content {
        Content::Index(index) => index.manifests.iter().filter_map(|entry| entry.platform.clone()).collect(),
        Content::Manifest(_) => {
            let configs = inspect::configs(&repository, &document).await.map_err(failure::source)?;
            configs.iter().map(Config::platform).collect()
        }
    };
    let platforms = chosen(&wanted(args), &there).map_err(|error| failure::copy(*error))?;
    // The context of gwinfra's own Containerfile is empty.
    let own = tempfile::tempdir()?;
    let (containerfile, folder) = match &args.containerfile {
        Some(path) => {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            (path.clone(), parent.unwrap_or(Path::new(".")).to_owned())
        }
        None => {
            let path = own.path().join("Containerfile");
            fs_err::write(&path, LITELLM)?;
            (path, own.path().to_owned())
        }
    };
    let recipe = Recipe {
        containerfile,
        context: folder,
        arguments: BTreeMap::from([("LITELLM".to_owned(), pinned.to_string())]),
        platforms,
        tag: base.tag.clone().unwrap_or_else(|| document.digest().short().to_owned()),
    };
    let verbose = context.printer.verbosity() == Verbosity::Verbose;
    context.printer.say(format_args!("{builder} builds {} from {pinned}", names::listed(&recipe.platforms)));
    let say = |line: &str| {
        if verbose {
            context.printer.say(crate::diagnostics::printable(line));
        }
    };
    let built = build(builder, &recipe, out, say).await.map_err(failure::containerfile)?;
    if let Some(reason) = built.unlisted {
        context.printer.warn(format_args!("no bill of materials is attached to the image: {reason}"));
    }
    Ok((built.image, recipe.platforms))
}

fn wanted(args: &LitellmArgs) -> Vec<Platform> {
    args.platforms.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect()
}

/// The platforms to build for: those that are wanted, or else those of the published image on which gateways run. A builder
/// takes a base that is for another processor, and labels the result as what it was asked for.
fn chosen(wanted: &[Platform], there: &[Platform]) -> Result<Vec<Platform>, Box<CopyError>> {
    let has = |wanted: &Platform| there.iter().any(|there| wanted.takes(there));
    let lacks = |wanted: &Platform| {
        let there = there.iter().filter(|there| !there.is_unknown()).map(ToString::to_string).collect();
        Box::new(CopyError::Platform { wanted: wanted.clone(), there })
    };
    if let Some(missing) = wanted.iter().find(|wanted| !has(wanted)) {
        return Err(lacks(missing));
    }
    if !wanted.is_empty() {
        return Ok(wanted.to_vec());
    }
    let gateways = [Platform::linux("amd64"), Platform::linux("arm64")];
    let chosen: Vec<Platform> = gateways.into_iter().filter(has).collect();
    if chosen.is_empty() { Err(lacks(&Platform::own())) } else { Ok(chosen) }
}

/// The builder that was asked for, or the first that is there.
fn builder(args: &LitellmArgs) -> Result<Builder, CliError> {
    if let Some(builder) = args.builder {
        return Ok(builder.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there =
        |builder: &Builder| std::env::split_paths(&path).any(|folder| folder.join(builder.program()).is_file());
    Builder::ALL.into_iter().find(is_there).ok_or_else(|| {
        CliError::new(
            ErrorKind::Failed,
            "a Containerfile is built by buildah, podman or docker, and none of them is installed",
        )
        .hint("apt-get install buildah")
        .hint("gwinfra image mirror   copies the published image as it is, without a builder")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_platforms_of_gateways_are_built_where_the_published_image_has_them() {
        let there = ["linux/arm64/v8", "linux/amd64", "linux/s390x"].map(|text| text.parse().unwrap());
        let expected = [Platform::linux("amd64"), Platform::linux("arm64")];
        assert_eq!(chosen(&[], &there).unwrap(), expected);
    }

    #[test]
    fn an_image_for_one_processor_is_built_for_that_one_only() {
        let there = [Platform::linux("arm64")];
        assert_eq!(chosen(&[], &there).unwrap(), there);
        let error = chosen(&[Platform::linux("amd64")], &there).unwrap_err().to_string();
        assert_eq!(error, "the image is not there for linux/amd64; it is there for linux/arm64");
    }

    #[test]
    fn an_image_on_which_no_gateway_runs_is_not_built_from() {
        assert!(chosen(&[], &["linux/s390x".parse().unwrap()]).is_err());
    }
}
