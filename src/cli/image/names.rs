//! What images are called: by the spec, and by the command line.

use crate::cli::{CliError, Context, ErrorKind, pipeline};
use crate::image::{Document, Platform, Reference, Source, advisory, inspect, known_bad};
use crate::model::Basis;
use crate::spec::Loaded;

use super::failure;

/// The spec, if there is one. One that was named must be there.
pub(super) fn spec(context: &Context) -> Result<Option<Loaded>, CliError> {
    let file = &context.global.file;
    if file.as_os_str() == "gwinfra.yaml" && !file.exists() {
        return Ok(None);
    }
    pipeline::load(context).map(Some)
}

/// Reads a reference that somebody has written.
pub(super) fn parse(text: &str) -> Result<Reference, CliError> {
    text.parse::<Reference>().map_err(|error| CliError::usage(error.to_string()))
}

/// The deployment's own repository of `litellm` or `middleware`, with that tag.
pub(super) fn own(loaded: &Loaded, what: &str, tag: &str) -> Result<Reference, CliError> {
    let basis = Basis::new(&loaded.spec, loaded.environment.as_deref());
    let place = &basis.place;
    parse(&format!(
        "{}.dkr.ecr.{}.{}/{}:{tag}",
        place.account,
        place.region,
        place.dns_suffix,
        basis.names.repository(what)
    ))
}

/// Refuses an image whose tag names a version of LiteLLM that must not run.
pub(super) fn refuse_known_bad(image: &Reference) -> Result<(), CliError> {
    known_bad::by_reference(image).map_or(Ok(()), |bad| Err(refusal(bad)))
}

/// Warns of what LiteLLM's makers have told of a version.
pub(super) fn warn_of_advisories(context: &Context, image: &Reference) {
    for advisory in advisory::of(image) {
        context.printer.warn(format_args!("{image} {advisory}"));
    }
}

/// Refuses an image that says of itself that it is such a version, whatever its tag says.
pub(super) async fn refuse_bad_labels(source: &dyn Source, image: &Document) -> Result<(), CliError> {
    let configs = inspect::configs(source, image).await.map_err(failure::source)?;
    configs.iter().find_map(known_bad::by_labels).map_or(Ok(()), |bad| Err(refusal(bad)))
}

fn refusal(bad: &known_bad::KnownBad) -> CliError {
    CliError::new(ErrorKind::Policy, bad.message()).hint(bad.help).hint("gwinfra explain GW0301")
}

/// Platforms, in words.
pub(super) fn listed(platforms: &[Platform]) -> String {
    platforms.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}
