//! Where the images of a deployment are taken from when its repositories lack them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::aws_args::{AwsArgs, Connection};
use super::pipeline::Built;
use super::{CliError, Context};
use crate::engine::{ImageSource, Images};
use crate::image::layout::StoredLayout;
use crate::image::{Platform, Reference, beside};
use crate::model::Basis;
use crate::spec::{Architecture, Compute};

/// Where LiteLLM is published.
const LITELLM: &str = "ghcr.io/berriai/litellm";

/// What there is to push.
pub(super) struct Found {
    sources: BTreeMap<String, ImageSource>,
    /// Names of the images that can be pushed and are this machine's own.
    pub names: BTreeSet<String>,
    /// Names of those that belong into the deployment's own repositories, and that there is nothing here to push from.
    pub lacking: Vec<String>,
    platform: Platform,
}

/// Looks for images that can be pushed: layouts that were built, then the middleware's programs beside this one, then
/// what LiteLLM publishes. A layout of another version than the spec names does not stand before programs. Only for those whose place is the deployment's own repository.
pub(super) fn of(args: &AwsArgs, context: &Context, built: &Built) -> Result<Found, CliError> {
    let basis = Basis::new(&built.loaded.spec, built.loaded.environment.as_deref());
    let layouts = args.state_directory(context).join("images");
    let platform = Platform::linux(match &built.loaded.spec.compute {
        Compute::Fargate(fargate) if fargate.architecture == Architecture::X86_64 => "amd64",
        _ => "arm64",
    });
    let mut sources = BTreeMap::new();
    for (name, uri) in &built.bundle.images {
        let Ok(wanted) = uri.parse::<Reference>() else { continue };
        if wanted.ecr().is_none() || wanted.repository != basis.names.repository(name) {
            continue;
        }
        let layout = layouts.join(name);
        let programs = if name == "middleware" { programs(&platform)? } else { None };
        let is_built = StoredLayout::is_at(&layout);
        let source = match programs {
            Some(programs) if !is_built || is_another(&layout, &wanted) => Some(programs),
            _ => is_built.then_some(ImageSource::Layout(layout)),
        };
        sources.extend(source.map(|source| (name.clone(), source)));
    }
    let names = sources.keys().cloned().collect();
    let litellm = built.bundle.images.get("litellm").and_then(|uri| uri.parse::<Reference>().ok());
    if let Some(wanted) = litellm.filter(|wanted| wanted.digest.is_none() && wanted.tag.is_some())
        && wanted.repository == basis.names.repository("litellm")
        && !sources.contains_key("litellm")
        && let Ok(published) = LITELLM.parse::<Reference>()
    {
        sources.insert("litellm".to_owned(), ImageSource::Published(published));
    }
    let own = built.bundle.images.iter().filter(|(name, uri)| {
        let wanted = uri.parse::<Reference>().ok();
        wanted.is_some_and(|wanted| wanted.ecr().is_some() && wanted.repository == basis.names.repository(name))
    });
    let lacking = own.map(|(name, _)| name.clone()).filter(|name| !sources.contains_key(name)).collect();
    Ok(Found { sources, names, lacking, platform })
}

/// The middleware's programs beside this one, if tasks can run them.
fn programs(platform: &Platform) -> Result<Option<ImageSource>, CliError> {
    let own = std::env::current_exe()?;
    let folder = own.parent().unwrap_or(Path::new(".")).to_owned();
    let programs = beside::usable(&folder);
    // A program of another processor lies there for the machine itself.
    let has_theirs = programs.iter().any(|(own, _)| platform.takes(own));
    Ok(has_theirs.then_some(ImageSource::Programs { folder, programs }))
}

/// Whether a layout is readable and of another version than the spec names.
fn is_another(layout: &Path, wanted: &Reference) -> bool {
    let tag = StoredLayout::open(layout).and_then(|stored| stored.image()).map(|(_, tag)| tag);
    wanted.digest.is_none() && tag.is_ok_and(|tag| tag != wanted.tag)
}

impl Found {
    /// As the engine takes it. Registries of others are only asked where AWS itself is: simulated accounts and emulators
    /// reach nothing beyond this machine.
    pub fn into_engine(mut self, connection: &Connection, simulated: bool) -> Images {
        let is_aws = !simulated && connection.clients.endpoint().is_none();
        if !is_aws {
            self.sources.retain(|_, source| !matches!(source, ImageSource::Published(_)));
        }
        Images::new(self.sources, Vec::new(), is_aws).for_platform(self.platform)
    }
}
