//! `gwinfra image build`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::{litellm, middleware};
use crate::cli::global::Output;
use crate::cli::{CommandResult, Context, Exit};
use crate::image::{Document, Platform};

/// Build an image of the gateway
#[derive(Debug, Args)]
pub(super) struct BuildArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Middleware(middleware::MiddlewareArgs),
    Litellm(Box<litellm::LitellmArgs>),
}

pub(super) fn run(args: &BuildArgs, context: &Context) -> CommandResult {
    match &args.what {
        What::Middleware(args) => middleware::run(args, context),
        What::Litellm(args) => litellm::run(args, context),
    }
}

/// Where an image is written unless the command line says where.
pub(super) fn default_out(context: &Context, what: &str) -> PathBuf {
    context.global.file.with_file_name(".gwinfra").join("images").join(what)
}

/// Tells what was built.
pub(super) fn built(context: &Context, image: &Document, platforms: &[&Platform], out: &Path) -> CommandResult {
    let platforms: Vec<String> = platforms.iter().map(ToString::to_string).collect();
    if context.global.output == Output::Json {
        let document = json!({
            "schema": "gwinfra.image-build/v1",
            "digest": image.digest(),
            "platforms": platforms,
            "layout": out,
        });
        context.printer.out(serde_json::to_string_pretty(&document).map_err(std::io::Error::from)?)?;
    } else {
        let line = format!("Built {} for {} in {}", image.digest(), platforms.join(" and "), out.display());
        context.printer.out(line)?;
        context.printer.say(format_args!("  next: gwinfra image push {}", out.display()));
    }
    Ok(Exit::Ok)
}
