//! `gwinfra image push`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::registries::{Registries, RegistryArgs};
use super::{failure, interrupt, names, progress, sent};
use crate::cli::aws_args::AwsArgs;
use crate::cli::global::Output;
use crate::cli::{CliError, CommandResult, Context, check_output, runtime};
use crate::image::Reference;
use crate::image::copy::copy;
use crate::image::layout::StoredLayout;

/// Push an image that was built to a registry
///
/// Only what the registry does not have is sent. A bill of materials in the layout is pushed with the image.
#[derive(Debug, Args)]
pub(super) struct PushArgs {
    /// OCI layout of the image: a directory or a `.tar`
    layout: PathBuf,
    /// Where to push it; default: the deployment's own repository of the spec, under the image's own tag
    destination: Option<Reference>,
    #[command(flatten)]
    registry: RegistryArgs,
    #[command(flatten)]
    aws: AwsArgs,
}

pub(super) fn run(args: &PushArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text, Output::Json])?;
    let layout = StoredLayout::open(&args.layout).map_err(failure::layout)?;
    let (image, tag) = layout.image().map_err(failure::layout)?;
    let loaded = names::spec(context)?;
    let destination = match (&args.destination, &loaded) {
        (Some(destination), _) => destination.clone(),
        (None, Some(loaded)) => names::own(loaded, what(&args.layout), tag.as_deref().unwrap_or("latest"))?,
        (None, None) => {
            return Err(CliError::usage("there is no spec, and so no repository of its own to push to")
                .hint(format!("gwinfra image push {} REGISTRY/REPOSITORY:TAG", args.layout.display())));
        }
    };
    let destination = match (&destination.tag, &destination.digest) {
        (None, None) => destination.by_tag(tag.as_deref().unwrap_or("latest")),
        _ => destination,
    };
    names::refuse_known_bad(&destination)?;
    let copied = runtime::block_on(interrupt::or(async {
        names::refuse_bad_labels(&layout, &image).await?;
        let watch = Arc::new(progress::Shown::new(context.printer));
        let registries =
            Registries::open(&args.registry, &args.aws, context, loaded.as_ref(), &[&destination], watch.clone())
                .await?;
        let copied = copy(&layout, &image, &registries.client, &destination).await.map_err(failure::copy);
        watch.end();
        registries.close().await;
        copied
    }))?;
    sent::print(context, "Pushed", &copied)
}

/// Which of the two own repositories a layout is for: its place says it.
fn what(layout: &std::path::Path) -> &'static str {
    let name = layout.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if name.contains("litellm") { "litellm" } else { "middleware" }
}
