//! The images of the gateway's containers, and what follows from which image it is.

use schemars::JsonSchema;
use serde::Serialize;

use super::Basis;

/// An image of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Image {
    /// Reference as the spec gives it, by tag or digest. gwinfra resolves it and passes the digest.
    pub reference: String,
    /// The ECR repository that it is in, if it is in one.
    pub repository: Option<Repository>,
}

/// A repository of Amazon ECR.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Repository {
    /// ARN of the repository.
    pub arn: String,
    /// Account of the registry.
    pub account: String,
    /// Region of the registry.
    pub region: String,
    /// Name of the repository.
    pub name: String,
}

/// The images of both containers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Images {
    /// LiteLLM's.
    pub litellm: Image,
    /// Whether LiteLLM's image can run as any user.
    pub litellm_unprivileged: bool,
    /// The middleware's, if there is a middleware.
    pub middleware: Option<Image>,
    /// ARNs of the ECR repositories that tasks pull from: the deployment's own, and those that the spec names.
    pub repositories: Vec<String>,
}

impl Images {
    /// The images of a spec.
    pub fn new(basis: &Basis<'_>) -> Self {
        let gateway = &basis.spec.gateway;
        let litellm = image(basis, gateway.litellm.image.clone());
        let middleware = gateway
            .middleware
            .enabled
            .then(|| image(basis, gateway.middleware.image.clone().unwrap_or_else(|| own(basis, "middleware"))));
        // LiteLLM's public image may be copied into the deployment's own repository, so both own ones are always in.
        let mut repositories: Vec<String> = ["litellm", "middleware"]
            .iter()
            .map(|what| basis.place.arn("ecr", &format!("repository/{}", basis.names.repository(what))))
            .collect();
        for image in std::iter::once(&litellm).chain(&middleware) {
            if let Some(repository) = &image.repository
                && !repositories.contains(&repository.arn)
            {
                repositories.push(repository.arn.clone());
            }
        }
        Self { litellm_unprivileged: runs_unprivileged(&litellm.reference), litellm, middleware, repositories }
    }
}

/// The image of this version of gwinfra in the deployment's own repository.
fn own(basis: &Basis<'_>, what: &str) -> String {
    let place = &basis.place;
    format!(
        "{}.dkr.ecr.{}.{}/{}:{}",
        place.account,
        place.region,
        place.dns_suffix,
        basis.names.repository(what),
        env!("CARGO_PKG_VERSION")
    )
}

fn image(basis: &Basis<'_>, reference: String) -> Image {
    Image { repository: repository(basis.place.partition, &reference), reference }
}

/// Account and region of a registry of ECR, by its host: `ACCOUNT.dkr.ecr.REGION.amazonaws.com`, and
/// `ACCOUNT.dkr-ecr.REGION.on.aws`, which is reached over IPv6 too; both also with `-fips`. `None` for any other host.
/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html>
pub fn registry(host: &str) -> Option<(&str, &str)> {
    let mut labels = host.split('.');
    let account = labels.next().filter(|label| label.len() == 12 && label.bytes().all(|byte| byte.is_ascii_digit()))?;
    match labels.next()? {
        "dkr" if matches!(labels.next(), Some("ecr" | "ecr-fips")) => {}
        "dkr-ecr" | "dkr-ecr-fips" => {}
        _ => return None,
    }
    let region = labels.next()?;
    labels.next()?;
    Some((account, region))
}

/// The repository of a reference such as `111122223333.dkr.ecr.us-east-1.amazonaws.com/team/litellm:v1`.
fn repository(partition: &str, reference: &str) -> Option<Repository> {
    let (host, rest) = reference.split_once('/')?;
    let (account, region) = registry(host)?;
    let name = rest.split('@').next()?.split(':').next()?;
    Some(Repository {
        arn: format!("arn:{partition}:ecr:{region}:{account}:repository/{name}"),
        account: account.to_owned(),
        region: region.to_owned(),
        name: name.to_owned(),
    })
}

/// Whether LiteLLM's image runs as any user. In the main image, the engines of its database client were readable by
/// root only until they moved to a path of their own, in 1.90.6, in 1.91.4 and from 1.92 on; the `-non_root` image was
/// made for it. An image whose version cannot be told runs as the user that it names itself.
/// <https://docs.litellm.ai/release_notes/v1.90.6/v1-90-6>
pub fn runs_unprivileged(reference: &str) -> bool {
    let (repository, tag) = split(reference);
    if repository.ends_with("-non_root") {
        return true;
    }
    match version(tag) {
        Some((1, 90, patch)) => patch >= 6,
        Some((1, 91, patch)) => patch >= 4,
        Some((1, minor, _)) => minor >= 92,
        Some((major, _, _)) => major > 1,
        None => false,
    }
}

/// Repository and tag; the tag is empty if there is none.
pub fn split(reference: &str) -> (&str, &str) {
    let name = reference.split('@').next().unwrap_or(reference);
    let last = name.rfind('/').map_or(0, |slash| slash + 1);
    match name[last..].rfind(':') {
        Some(colon) => (&name[..last + colon], &name[last + colon + 1..]),
        None => (name, ""),
    }
}

/// The version in a tag such as `main-v1.82.3-stable.patch.2`, `v1.102.4` or `1.102.4`.
pub fn version(tag: &str) -> Option<(u32, u32, u32)> {
    let start = tag.find(|c: char| c.is_ascii_digit())?;
    let numbers: String = tag[start..].chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let mut parts = numbers.split('.').map(str::parse::<u32>);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor)), Some(Ok(patch))) => Some((major, minor, patch)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::testing::spec;

    fn images(gateway: Value) -> Images {
        let spec = spec(json!({"gateway": gateway}));
        Images::new(&Basis::new(&spec, Some("prod")))
    }

    #[test]
    fn the_middlewares_image_is_this_version_in_the_own_repository() {
        let expected = format!(
            "111122223333.dkr.ecr.us-east-1.amazonaws.com/acme-llm-prod/middleware:{}",
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(images(json!({})).middleware.unwrap().reference, expected);
    }

    #[test]
    fn without_the_middleware_there_is_no_image_of_it() {
        assert_eq!(images(json!({"middleware": {"enabled": false}})).middleware, None);
    }

    #[test]
    fn an_image_in_another_accounts_registry_names_its_repository() {
        let image = "999988887777.dkr.ecr.eu-west-1.amazonaws.com/team/litellm@sha256:ab";
        let images = images(json!({"litellm": {"image": image}}));
        let arn = "arn:aws:ecr:eu-west-1:999988887777:repository/team/litellm";
        assert_eq!(images.litellm.repository.unwrap().arn, arn);
        assert!(images.repositories.contains(&arn.to_owned()));
    }

    #[test]
    fn a_public_image_is_in_no_repository() {
        assert_eq!(images(json!({})).litellm.repository, None);
    }

    #[test]
    fn versions_are_read_from_all_kinds_of_tags() {
        assert_eq!(version("main-v1.82.3-stable.patch.2"), Some((1, 82, 3)));
        assert_eq!(version("1.102.4"), Some((1, 102, 4)));
        assert_eq!(version("main-stable"), None);
        assert_eq!(version(""), None);
    }

    #[test]
    fn only_images_made_for_it_run_as_any_user() {
        for (reference, unprivileged) in [
            ("ghcr.io/berriai/litellm:main-v1.82.3-stable.patch.2", false),
            ("ghcr.io/berriai/litellm:v1.90.5", false),
            ("ghcr.io/berriai/litellm:v1.90.6", true),
            ("ghcr.io/berriai/litellm:v1.91.3", false),
            ("docker.litellm.ai/berriai/litellm:1.102.4@sha256:ab", true),
            ("ghcr.io/berriai/litellm-non_root:main-stable", true),
            ("registry:5000/litellm", false),
            ("ghcr.io/berriai/litellm@sha256:ab", false),
        ] {
            assert_eq!(runs_unprivileged(reference), unprivileged, "{reference}");
        }
    }
}
