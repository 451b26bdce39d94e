//! What only AWS knows before parameters are complete: digests of images, results of lookups. And whether what the
//! spec says is there is there.

use std::collections::BTreeMap;

use crate::aws::ecr::Image;
use crate::aws::{Clients, Session};
use crate::cfn::template::Template;
use crate::diagnostics::{Diagnostic, Report};
use crate::engine::{EngineError, Images};
use crate::image::Reference;
use crate::plan::{PlanNote, codes};
use crate::render::{Bundle, Lookup, RenderedStack, Target};

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::engine) struct Resolved {
    /// References of images, by digest where there is one. An image is missing when its repository is made by this
    /// very deployment.
    pub(in crate::engine) images: BTreeMap<String, String>,
    /// Images that are to be pushed, by name, and where they are from.
    pub(in crate::engine) pushes: BTreeMap<String, String>,
    /// Results of lookups.
    pub(in crate::engine) lookups: BTreeMap<String, String>,
    /// What is worth knowing.
    pub(in crate::engine) notes: Vec<PlanNote>,
}

/// Resolves all images and lookups of a bundle.
///
/// # Errors
/// [`EngineError::ImageMissing`], [`EngineError::Preflight`], or a call that failed.
pub(in crate::engine) async fn resolve(
    clients: &Clients,
    images: &Images,
    bundle: &Bundle,
) -> Result<Resolved, EngineError> {
    let mut resolved = Resolved::default();
    let session = clients.session(&bundle.deployment.hub);
    let mut report = Report::default();
    for (name, lookup) in &bundle.lookups {
        match look_up(&session, lookup).await? {
            Ok(value) => {
                resolved.lookups.insert(name.clone(), value);
            }
            Err(findings) => report.diagnostics.extend(findings),
        }
    }
    if report.has_errors() {
        return Err(EngineError::Preflight(Box::new(report)));
    }
    for name in bundle.images.keys() {
        let found = image(clients, images, bundle, name).await?;
        if let Some(reference) = found.reference {
            resolved.images.insert(name.clone(), reference);
        }
        if let Some(from) = found.pushed_from {
            resolved.pushes.insert(name.clone(), from);
        }
        resolved.notes.extend(found.note);
    }
    Ok(resolved)
}

/// One image, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::engine) struct ResolvedImage {
    /// Its reference, by digest where that is known; `None` while its repository does not exist.
    pub(in crate::engine) reference: Option<String>,
    /// Where it is pushed from, if it is not there and the apply pushes it.
    pub(in crate::engine) pushed_from: Option<String>,
    /// What is worth knowing.
    pub(in crate::engine) note: Option<PlanNote>,
}

impl ResolvedImage {
    fn at(reference: impl Into<String>) -> Self {
        Self { reference: Some(reference.into()), ..Self::default() }
    }
}

/// Resolves one image: its reference by digest, or none while its repository does not exist yet.
///
/// # Errors
/// [`EngineError::ImageMissing`] when it is not there and nothing in this deployment will make it; or a call that failed.
pub(in crate::engine) async fn image(
    clients: &Clients,
    images: &Images,
    bundle: &Bundle,
    name: &str,
) -> Result<ResolvedImage, EngineError> {
    let Some(uri) = bundle.images.get(name) else { return Ok(ResolvedImage::default()) };
    // The rules have looked at its form.
    let Ok(wanted) = uri.parse::<Reference>() else { return Ok(ResolvedImage::at(uri)) };
    let Some(ecr) = wanted.ecr() else { return Ok(elsewhere(images, name, uri, &wanted).await) };
    let hub = &bundle.deployment.hub;
    let target = Target { region: ecr.region.clone(), ..hub.clone() };
    let session = clients.session(&target);
    let found = session.ecr().image(&ecr.account, &wanted.repository, wanted.wanted()).await?;
    let is_own = ecr.account == hub.account && makes_repository(bundle, &wanted.repository);
    if let Image::Found { digest } = &found {
        return Ok(ResolvedImage::at(format!("{}@{digest}", wanted.name())));
    }
    if is_own && let Some(offer) = images.offer(name, &wanted).await? {
        let digest = offer.image.digest();
        if wanted.digest.as_ref().is_none_or(|wanted| *wanted == digest) {
            let reference = wanted.by_digest(&digest).to_string();
            return Ok(ResolvedImage { pushed_from: Some(offer.from), ..ResolvedImage::at(reference) });
        }
    }
    match found {
        Image::NoRepository if is_own => Ok(ResolvedImage {
            note: Some(PlanNote {
                severity: "error".to_owned(),
                message: format!(
                    "nothing here can supply image {name}, and its repository {} is only made by this deployment: the \
                     gateway cannot start",
                    wanted.repository
                ),
                help: Some(how_to_push(name, &wanted, is_own)),
            }),
            ..ResolvedImage::default()
        }),
        Image::NoRepository => Err(EngineError::ImageMissing(format!(
            "image {name} is not there: {}/{} has no repository {}; create it with\n  \
             aws ecr create-repository --region {} --repository-name {}\nand push the image to it",
            ecr.account, ecr.region, wanted.repository, ecr.region, wanted.repository,
        ))),
        _ => Err(EngineError::ImageMissing(format!(
            "image {name} is not there: repository {} in {}/{} has no {}; push it with\n  {}",
            wanted.repository,
            ecr.account,
            ecr.region,
            wanted.wanted(),
            how_to_push(name, &wanted, is_own),
        ))),
    }
}

/// An image that is not in ECR: pinned, if its registry may be asked and says its digest.
async fn elsewhere(images: &Images, name: &str, uri: &str, wanted: &Reference) -> ResolvedImage {
    if wanted.digest.is_some() {
        return ResolvedImage::at(uri);
    }
    if let Some(pinned) = images.public_digest(wanted).await {
        return ResolvedImage::at(pinned.to_string());
    }
    let note = PlanNote {
        severity: "note".to_owned(),
        message: format!("image {name} ({uri}) is not in ECR: its digest is not checked, and its tag may move"),
        help: Some(format!("name it by digest: {uri}@sha256:..")),
    };
    ResolvedImage { note: Some(note), ..ResolvedImage::at(uri) }
}

/// The command that brings an image to where it is missing. What was built, an apply pushes to the deployment's own
/// repository by itself.
fn how_to_push(name: &str, uri: &Reference, is_own: bool) -> String {
    match name {
        "litellm" => {
            let version = uri.tag.as_deref().unwrap_or("VERSION");
            format!("gwinfra image mirror ghcr.io/berriai/litellm:{version} {uri}")
        }
        _ if is_own => format!("gwinfra image build {name}   the next apply pushes it"),
        _ => format!("gwinfra image build {name} && gwinfra image push .gwinfra/images/{name} {uri}"),
    }
}

fn makes_repository(bundle: &Bundle, repository: &str) -> bool {
    let by_terraform = || {
        bundle.modules.iter().flat_map(|module| module.files.values()).any(|text| {
            // The name may be put together from the deployment's prefix: its last part is what tells repositories apart.
            let last = repository.rsplit('/').next().unwrap_or(repository);
            text.contains("resource \"aws_ecr_repository\"") && text.contains(last)
        })
    };
    bundle.stacks.iter().any(|stack| makes(stack, repository)) || by_terraform()
}

/// Whether a stack makes a repository.
pub(in crate::engine) fn makes(stack: &RenderedStack, repository: &str) -> bool {
    stack.template.contains("AWS::ECR::Repository")
        && Template::parse(stack.template_path.as_str(), &stack.template).is_ok_and(|template| {
            template.resources().filter(|resource| resource.resource_type() == "AWS::ECR::Repository").any(|resource| {
                let name = resource.properties().and_then(|properties| properties.get("RepositoryName"));
                name.and_then(|name| name.as_str()) == Some(repository)
            })
        })
}

type Found = Result<String, Vec<Diagnostic>>;

async fn look_up(session: &Session, lookup: &Lookup) -> Result<Found, EngineError> {
    let place = format!("account {}, {}", session.target().account, session.target().region);
    match lookup {
        Lookup::Value(value) => Ok(Ok(value.clone())),
        Lookup::HostedZone { name } => {
            let zones = session.cloudcontrol().hosted_zones(name).await?;
            let mut public: Vec<String> = zones.into_iter().filter(|zone| !zone.private).map(|zone| zone.id).collect();
            let help =
                "name the zone by its id in ingress.tls.domain.hosted_zone; `aws route53 list-hosted-zones` lists them";
            let finding = |message: String| {
                let finding = Diagnostic::error(codes::HOSTED_ZONE, message);
                vec![finding.with_path("ingress.tls.domain.hosted_zone").with_help(help)]
            };
            Ok(match (public.pop(), public.is_empty()) {
                (Some(id), true) => Ok(id),
                (Some(_), false) => Err(finding(format!("{place} has several public hosted zones called `{name}`"))),
                (None, _) => Err(finding(format!("{place} has no public hosted zone called `{name}`"))),
            })
        }
        Lookup::Vpc { id, cidr, subnets } => {
            let error = |code, path: &str, message: String| Diagnostic::error(code, message).with_path(path);
            let Some(vpc) = session.ec2().vpc(id).await? else {
                let message = format!("VPC `{id}` is not in {place}");
                return Ok(Err(vec![error(codes::VPC, "network.vpc.existing.id", message)]));
            };
            let mut findings = Vec::new();
            if !vpc.cidrs.contains(cidr) {
                let message = format!("VPC `{id}` has the network {}, not {cidr}", vpc.cidrs.join(", "));
                findings.push(
                    error(codes::VPC, "network.vpc.existing.cidr", message)
                        .with_help(format!("set network.vpc.existing.cidr to {}", vpc.cidrs.join(" or "))),
                );
            }
            let there = session.ec2().subnets(id).await?;
            for subnet in subnets.iter().filter(|wanted| !there.iter().any(|found| found.id == **wanted)) {
                let message = format!("subnet `{subnet}` is not in VPC `{id}`");
                let known: Vec<String> = there
                    .iter()
                    .map(|found| format!("{} ({}, {})", found.id, found.cidr, found.availability_zone))
                    .collect();
                let finding = error(codes::SUBNET, "network.vpc.existing", message);
                findings.push(finding.with_help(format!("the VPC has {}", known.join(", "))));
            }
            Ok(if findings.is_empty() { Ok(vpc.id) } else { Err(findings) })
        }
        Lookup::AvailabilityZones { names, count } => {
            let there = session.ec2().availability_zones().await?;
            let mut findings: Vec<Diagnostic> = names
                .iter()
                .filter(|name| !there.contains(name))
                .map(|name| format!("{place} has no availability zone `{name}`"))
                .chain(
                    (there.len() < *count)
                        .then(|| format!("{place} has {} availability zones, and the spec wants {count}", there.len())),
                )
                .map(|message| {
                    Diagnostic::error(codes::AVAILABILITY_ZONE, message)
                        .with_path("network.vpc.create.availability_zones")
                        .with_help(format!("it has {}", there.join(", ")))
                })
                .collect();
            findings.dedup();
            let chosen = if names.is_empty() { there.into_iter().take(*count).collect() } else { names.clone() };
            Ok(if findings.is_empty() { Ok(chosen.join(",")) } else { Err(findings) })
        }
    }
}
