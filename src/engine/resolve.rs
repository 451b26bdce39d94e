//! What only AWS knows before parameters are complete: digests of images, results of lookups. And whether what the
//! spec says is there is there.

use std::collections::BTreeMap;

use crate::aws::ecr::Image;
use crate::aws::{Clients, Session};
use crate::cfn::template::Template;
use crate::diagnostics::{Diagnostic, Report};
use crate::engine::EngineError;
use crate::plan::{PlanNote, codes};
use crate::render::{Bundle, Lookup, Target};

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::engine) struct Resolved {
    /// References of images, by digest where there is one. An image is missing when its repository is made by this
    /// very deployment.
    pub(in crate::engine) images: BTreeMap<String, String>,
    /// Results of lookups.
    pub(in crate::engine) lookups: BTreeMap<String, String>,
    /// What is worth knowing.
    pub(in crate::engine) notes: Vec<PlanNote>,
}

/// Resolves all images and lookups of a bundle.
///
/// # Errors
/// [`EngineError::ImageMissing`], [`EngineError::Preflight`], or a call that failed.
pub(in crate::engine) async fn resolve(clients: &Clients, bundle: &Bundle) -> Result<Resolved, EngineError> {
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
        let (reference, note) = image(clients, bundle, name).await?;
        if let Some(reference) = reference {
            resolved.images.insert(name.clone(), reference);
        }
        resolved.notes.extend(note);
    }
    Ok(resolved)
}

/// Resolves one image: its reference by digest, or none while its repository does not exist yet.
///
/// # Errors
/// [`EngineError::ImageMissing`] when it is not there and nothing in this deployment will make it; or a call that failed.
pub(in crate::engine) async fn image(
    clients: &Clients,
    bundle: &Bundle,
    name: &str,
) -> Result<(Option<String>, Option<PlanNote>), EngineError> {
    let Some(uri) = bundle.images.get(name) else { return Ok((None, None)) };
    let Some(ecr) = EcrReference::parse(uri) else {
        let pinned = uri.contains("@sha256:");
        let note = (!pinned).then(|| PlanNote {
            severity: "note".to_owned(),
            message: format!("image {name} ({uri}) is not in ECR: its digest is not checked, and its tag may move"),
            help: Some(format!("name it by digest: {uri}@sha256:..")),
        });
        return Ok((Some(uri.clone()), note));
    };
    let hub = &bundle.deployment.hub;
    let target = Target { region: ecr.region.clone(), ..hub.clone() };
    let found = clients.session(&target).ecr().image(&ecr.account, &ecr.repository, &ecr.wanted).await?;
    match found {
        Image::Found { digest } => Ok((Some(ecr.by_digest(&digest)), None)),
        Image::Missing => Err(EngineError::ImageMissing(format!(
            "image {name} is not there: repository {} in {}/{} has no {}; push it with\n  \
             aws ecr get-login-password --region {} | docker login --username AWS --password-stdin {}\n  \
             docker push {uri}",
            ecr.repository,
            ecr.account,
            ecr.region,
            ecr.wanted,
            ecr.region,
            ecr.registry(),
        ))),
        Image::NoRepository if ecr.account == hub.account && makes_repository(bundle, &ecr.repository) => Ok((
            None,
            Some(PlanNote {
                severity: "note".to_owned(),
                message: format!(
                    "image {name} cannot be checked yet: its repository {} is made by this deployment",
                    ecr.repository
                ),
                help: Some(format!("after the repository is there, push it: docker push {uri}")),
            }),
        )),
        Image::NoRepository => Err(EngineError::ImageMissing(format!(
            "image {name} is not there: {}/{} has no repository {}; create it with\n  \
             aws ecr create-repository --region {} --repository-name {}\nand push the image to it",
            ecr.account, ecr.region, ecr.repository, ecr.region, ecr.repository,
        ))),
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
    let by_cloudformation = || {
        bundle.stacks.iter().any(|stack| {
            stack.template.contains("AWS::ECR::Repository")
                && Template::parse(stack.template_path.as_str(), &stack.template).is_ok_and(|template| {
                    template.resources().filter(|resource| resource.resource_type() == "AWS::ECR::Repository").any(
                        |resource| {
                            let name = resource.properties().and_then(|properties| properties.get("RepositoryName"));
                            name.and_then(|name| name.as_str()) == Some(repository)
                        },
                    )
                })
        })
    };
    by_cloudformation() || by_terraform()
}

/// An image in ECR.
#[derive(Debug, Clone, PartialEq, Eq)]
struct EcrReference {
    account: String,
    region: String,
    suffix: String,
    repository: String,
    /// Tag, or digest.
    wanted: String,
}

impl EcrReference {
    /// Reads `ACCOUNT.dkr.ecr.REGION.amazonaws.com[.cn]/REPOSITORY[:TAG][@DIGEST]`.
    fn parse(uri: &str) -> Option<Self> {
        let (registry, path) = uri.split_once('/')?;
        let (account, rest) = registry.split_once(".dkr.ecr.")?;
        let (region, suffix) = rest.split_once('.')?;
        if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (name, digest) = match path.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (path, None),
        };
        let (repository, tag) = match name.split_once(':') {
            Some((repository, tag)) => (repository, tag),
            None => (name, "latest"),
        };
        Some(Self {
            account: account.to_owned(),
            region: region.to_owned(),
            suffix: suffix.to_owned(),
            repository: repository.to_owned(),
            wanted: digest.unwrap_or(tag).to_owned(),
        })
    }

    fn registry(&self) -> String {
        format!("{}.dkr.ecr.{}.{}", self.account, self.region, self.suffix)
    }

    fn by_digest(&self, digest: &str) -> String {
        format!("{}/{}@{digest}", self.registry(), self.repository)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ecr_uri_is_taken_apart() {
        let found = EcrReference::parse("111122223333.dkr.ecr.us-east-1.amazonaws.com/acme/litellm:v1").unwrap();
        assert_eq!((found.repository.as_str(), found.wanted.as_str()), ("acme/litellm", "v1"));
        assert_eq!(found.by_digest("sha256:ab"), "111122223333.dkr.ecr.us-east-1.amazonaws.com/acme/litellm@sha256:ab");
    }

    #[test]
    fn a_digest_wins_over_a_tag() {
        let found = EcrReference::parse("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/a:v1@sha256:ab").unwrap();
        assert_eq!(found.wanted, "sha256:ab");
        assert_eq!(found.registry(), "111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn");
    }

    #[test]
    fn another_registry_is_not_ecr() {
        assert_eq!(EcrReference::parse("ghcr.io/berriai/litellm:main-v1"), None);
        assert_eq!(EcrReference::parse("public.ecr.aws/a/b:c"), None);
    }
}
