//! `gwinfra image inspect`.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use indicatif::HumanBytes;

use super::registries::{Registries, RegistryArgs};
use super::{failure, interrupt, names, progress};
use crate::cli::aws_args::AwsArgs;
use crate::cli::global::Output;
use crate::cli::{CliError, CommandResult, Context, Exit, check_output, runtime};
use crate::diagnostics::printable;
use crate::image::inspect::{Inspection, PlatformImage, inspect};
use crate::image::layout::StoredLayout;

/// Show what an image is: platforms, digests, layers, user, program, labels, bill of materials
#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    /// Image in a registry, or an OCI layout: a directory or a `.tar`
    image: String,
    #[command(flatten)]
    registry: RegistryArgs,
    #[command(flatten)]
    aws: AwsArgs,
}

pub(super) fn run(args: &InspectArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text, Output::Json])?;
    let found = runtime::block_on(interrupt::or(look(args, context)))?;
    if context.global.output == Output::Json {
        context.printer.out(serde_json::to_string_pretty(&found).map_err(std::io::Error::from)?)?;
    } else {
        context.printer.out_raw(text(&found))?;
    }
    Ok(Exit::Ok)
}

async fn look(args: &InspectArgs, context: &Context) -> Result<Inspection, CliError> {
    let path = Path::new(&args.image);
    if StoredLayout::is_at(path) || path.is_dir() {
        let layout = StoredLayout::open(path).map_err(failure::layout)?;
        let (image, _) = layout.image().map_err(failure::layout)?;
        return inspect(&layout, &image, args.image.clone()).await.map_err(failure::source);
    }
    let is_path = args.image.ends_with(".tar") || args.image.starts_with(['.', '/']);
    if is_path && !path.exists() {
        return Err(CliError::usage(format!("there is no file or directory {}", args.image)));
    }
    let reference = names::parse(&args.image)?;
    let loaded = names::spec(context)?;
    let watch = Arc::new(progress::Shown::new(context.printer));
    let registries =
        Registries::open(&args.registry, &args.aws, context, loaded.as_ref(), &[&reference], watch).await?;
    let work = async {
        let repository = registries.client.repository(&reference);
        let image = repository.document(reference.wanted()).await.map_err(failure::registry)?;
        inspect(&repository, &image, reference.to_string()).await.map_err(failure::source)
    };
    let found = work.await;
    registries.close().await;
    found
}

fn text(found: &Inspection) -> String {
    let mut lines = vec![format!("{}", found.reference), format!("  digest     {}", found.digest)];
    for bill in &found.sboms {
        let components = bill.components.map(|count| format!(", {}", crate::plan::count(count, "component")));
        lines.push(format!("  sbom       {}{}  {}", bill.format, components.unwrap_or_default(), bill.digest));
    }
    if found.sboms.is_empty() {
        lines.push("  sbom       none attached".to_owned());
    }
    for image in &found.platforms {
        lines.push(String::new());
        lines.extend(platform(image));
    }
    // What an image says of itself is somebody else's text.
    lines.iter().map(|line| format!("{}\n", printable(line))).collect()
}

fn platform(image: &PlatformImage) -> Vec<String> {
    let mut lines = vec![format!("{}  {}", image.platform, image.digest)];
    let mut row = |name: &str, value: String| {
        if !value.is_empty() {
            lines.push(format!("  {name:<10} {value}"));
        }
    };
    row("size", format!("{} compressed", HumanBytes(image.size)));
    row("created", image.created.clone().unwrap_or_default());
    row("user", if image.user.is_empty() { "root".to_owned() } else { image.user.clone() });
    row("entrypoint", image.entrypoint.join(" "));
    row("command", image.command.join(" "));
    row("ports", image.ports.join(" "));
    row("stop", image.stop_signal.clone());
    for (index, (name, value)) in image.labels.iter().enumerate() {
        row(if index == 0 { "labels" } else { " " }, format!("{name}={value}"));
    }
    for (index, layer) in image.layers.iter().enumerate() {
        let made = layer.created_by.as_deref().unwrap_or_default();
        let size = HumanBytes(layer.size).to_string();
        let digest = layer.digest.get(..19).unwrap_or(&layer.digest);
        row(if index == 0 { "layers" } else { " " }, format!("{digest}  {size:>11}  {made}").trim_end().to_owned());
    }
    lines
}
