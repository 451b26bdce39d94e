//! `gwinfra image mirror`.

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::Args;

use super::registries::{Registries, RegistryArgs};
use super::{failure, interrupt, names, progress, sent};
use crate::cli::aws_args::AwsArgs;
use crate::cli::global::Output;
use crate::cli::{CliError, CommandResult, Context, check_output, runtime};
use crate::image::copy::{copy, select};
use crate::image::{Platform, Reference};

/// Copy an image from one registry to another
///
/// Manifests are copied byte for byte, so that the digest stays. What the destination has is not sent again, and what
/// another repository of the same registry has is taken from there. Versions of LiteLLM that are known to be bad are refused.
#[derive(Debug, Args)]
pub(super) struct MirrorArgs {
    /// Image to copy
    source: Reference,
    /// Where to copy it; default: the deployment's own repository `litellm`, under the same tag
    destination: Option<Reference>,
    /// Platform to copy; may be repeated. Default: all
    #[arg(long = "platform", env = "GWINFRA_IMAGE_PLATFORM", value_delimiter = ',', value_name = "PLATFORM")]
    platforms: Vec<Platform>,
    #[command(flatten)]
    registry: RegistryArgs,
    #[command(flatten)]
    aws: AwsArgs,
}

pub(super) fn run(args: &MirrorArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text, Output::Json])?;
    names::refuse_known_bad(&args.source)?;
    names::warn_of_advisories(context, &args.source);
    let loaded = names::spec(context)?;
    let platforms: BTreeSet<Platform> = args.platforms.iter().cloned().collect();
    let copied = runtime::block_on(interrupt::or(async {
        let destination = destination(args, loaded.as_ref())?;
        let watch = Arc::new(progress::Shown::new(context.printer));
        let images = [&args.source, &destination];
        let registries =
            Registries::open(&args.registry, &args.aws, context, loaded.as_ref(), &images, watch.clone()).await?;
        let work = async {
            let source = registries.client.repository(&args.source);
            let whole = source.document(args.source.wanted()).await.map_err(failure::registry)?;
            let image = select(&source, &whole, &platforms).await.map_err(failure::copy)?;
            names::refuse_bad_labels(&source, &image).await?;
            if image.digest() != whole.digest() {
                context.printer.say(format_args!("Of {} platforms: the digest is another one.", platforms.len()));
            }
            copy(&source, &image, &registries.client, &destination).await.map_err(failure::copy)
        };
        let copied = work.await;
        watch.end();
        registries.close().await;
        copied
    }))?;
    sent::print(context, "Mirrored", &copied)
}

/// Where the image goes. It keeps its tag unless another one is named.
fn destination(args: &MirrorArgs, loaded: Option<&crate::spec::Loaded>) -> Result<Reference, CliError> {
    let tag = args.source.tag.clone();
    let tag = tag.or_else(|| args.source.digest.as_ref().map(|digest| format!("sha256-{}", digest.short())));
    let tag = tag.unwrap_or_else(|| "latest".to_owned());
    match (&args.destination, loaded) {
        (Some(destination), _) if destination.tag.is_none() && destination.digest.is_none() => {
            Ok(destination.by_tag(&tag))
        }
        (Some(destination), _) => Ok(destination.clone()),
        (None, Some(loaded)) => names::own(loaded, "litellm", &tag),
        (None, None) => Err(CliError::usage("there is no spec, and so no repository of its own to copy to")
            .hint(format!("gwinfra image mirror {} REGISTRY/REPOSITORY:TAG", args.source))),
    }
}
