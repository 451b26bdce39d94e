//! `gwinfra image build middleware`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;

use super::build::{built, default_out};
use super::{failure, interrupt};
use crate::cli::global::Output;
use crate::cli::{CliError, CommandResult, Context, ErrorKind, check_output, runtime};
use crate::image::elf::architecture_of_static;
use crate::image::middleware::{Parts, assemble};
use crate::image::{Platform, Reference, beside};

/// Put the middleware's image together from its static program
///
/// The image has the program, Mozilla's certificate authorities and nothing else. A bill of materials is attached to it.
#[derive(Debug, Args)]
pub(super) struct MiddlewareArgs {
    /// Program for a platform, linked statically; may be repeated. Default: those that lie beside gwinfra
    #[arg(long = "binary", env = "GWINFRA_IMAGE_BINARY", value_name = "PLATFORM=FILE", value_delimiter = ',', value_parser = binary)]
    binaries: Vec<(Platform, PathBuf)>,
    /// More certificate authorities to trust, as PEM
    #[arg(long, env = "GWINFRA_IMAGE_CA_CERTIFICATES", value_name = "FILE")]
    ca_certificates: Option<PathBuf>,
    /// Tag under which it is pushed; default: gwinfra's version
    #[arg(long, env = "GWINFRA_IMAGE_TAG", value_name = "TAG", value_parser = tag)]
    tag: Option<String>,
    /// Where the image goes, as an OCI layout: a directory, or an archive when it ends in `.tar`; default:
    /// `.gwinfra/images/middleware` beside the spec, where `gwinfra apply` looks
    #[arg(long, env = "GWINFRA_IMAGE_OUT", value_name = "PATH")]
    out: Option<PathBuf>,
}

fn binary(text: &str) -> Result<(Platform, PathBuf), String> {
    let (platform, path) = text.split_once('=').ok_or("write PLATFORM=FILE, such as linux/arm64=./middleware")?;
    let platform = platform.parse::<Platform>().map_err(|error| error.to_string())?;
    if path.is_empty() { Err("the file is missing".to_owned()) } else { Ok((platform, PathBuf::from(path))) }
}

fn tag(text: &str) -> Result<String, String> {
    let reference = format!("middleware:{text}").parse::<Reference>();
    let is_tag = reference.is_ok_and(|reference| reference.tag.as_deref() == Some(text));
    if is_tag { Ok(text.to_owned()) } else { Err("a tag has up to 128 letters, digits and _ . -".to_owned()) }
}

pub(super) fn run(args: &MiddlewareArgs, context: &Context) -> CommandResult {
    check_output(context, &[Output::Text, Output::Json])?;
    let parts = Parts { binaries: binaries(args)?, more_certificates: certificates(args)?, tag: args.tag.clone() };
    let out = args.out.clone().unwrap_or_else(|| default_out(context, "middleware"));
    let place = out.clone();
    let image = runtime::block_on(interrupt::or(async move {
        let made = tokio::task::spawn_blocking(move || {
            let layout = assemble(&parts).map_err(failure::build)?;
            layout.write(&place).map_err(failure::layout)?;
            let platforms: Vec<Platform> = parts.binaries.into_keys().collect();
            Ok((layout.image().clone(), platforms))
        });
        made.await.map_err(|error| CliError::new(ErrorKind::Failed, error))?
    }))?;
    let (image, platforms) = image;
    built(context, &image, &platforms.iter().collect::<Vec<_>>(), &out)
}

/// The programs: those that the command line names, or those beside this one.
fn binaries(args: &MiddlewareArgs) -> Result<BTreeMap<Platform, Vec<u8>>, CliError> {
    let mut found = BTreeMap::new();
    for (platform, path) in &args.binaries {
        if found.insert(platform.clone(), read(path)?).is_some() {
            return Err(CliError::usage(format!("--binary names {platform} twice")));
        }
    }
    if !found.is_empty() {
        return Ok(found);
    }
    let own = std::env::current_exe()?;
    let folder = own.parent().unwrap_or(Path::new("."));
    let beside = beside::programs(folder);
    let has_several = beside.len() > 1;
    for (platform, path) in beside {
        let bytes = read(&path)?;
        if let Err(reason) = architecture_of_static(&bytes) {
            // It is the one that this machine runs, and not meant for an image.
            if has_several && path.ends_with(beside::PROGRAM) {
                continue;
            }
            let message = format!("{} cannot be used: {reason}", path.display());
            return Err(build_it(CliError::new(ErrorKind::Failed, message)));
        }
        found.insert(platform, bytes);
    }
    if found.is_empty() {
        let message = format!("there is no {} beside gwinfra in {}", beside::PROGRAM, folder.display());
        return Err(build_it(CliError::usage(message)));
    }
    Ok(found)
}

/// How to come by a program that can be used.
fn build_it(error: CliError) -> CliError {
    error
        .hint("cargo build --release --target x86_64-unknown-linux-musl -p gwinfra-middleware   links one statically")
        .hint("name it: --binary linux/amd64=target/x86_64-unknown-linux-musl/release/gwinfra-middleware")
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    fs_err::read(path).map_err(|error| CliError::new(ErrorKind::Failed, error))
}

fn certificates(args: &MiddlewareArgs) -> Result<Option<String>, CliError> {
    let Some(path) = &args.ca_certificates else { return Ok(None) };
    let text = fs_err::read_to_string(path).map_err(|error| CliError::new(ErrorKind::Failed, error))?;
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_what_registries_take() {
        assert_eq!(tag("0.1.0-team_2").unwrap(), "0.1.0-team_2");
        for text in ["", "a:b", "a/b", "v1@sha256:00", "v 1"] {
            assert!(tag(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_binary_is_a_platform_and_a_file() {
        assert_eq!(binary("linux/arm64=a=b").unwrap(), (Platform::linux("arm64"), PathBuf::from("a=b")));
        for text in ["linux/arm64", "linux/arm64=", "arm64=x"] {
            assert!(binary(text).is_err(), "{text}");
        }
    }
}
