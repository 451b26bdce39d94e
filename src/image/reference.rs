//! References: where an image is.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::Digest;

/// What stands for a missing registry.
const DOCKER_HUB: &str = "docker.io";

/// Where an image is: `registry/repository:tag@digest`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Host of the registry, with its port if it has one.
    pub registry: String,
    /// Name of the repository.
    pub repository: String,
    /// The tag.
    pub tag: Option<String>,
    /// The digest. It decides, when there is a tag too.
    pub digest: Option<Digest>,
}

/// A text that is no reference.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is no image reference: {reason}")]
pub struct ReferenceError {
    /// The text.
    pub text: String,
    /// Why.
    pub reason: &'static str,
}

/// A registry of Amazon ECR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EcrRegistry {
    /// Account that has it.
    pub account: String,
    /// Its region.
    pub region: String,
}

/// Whether a text has the form of a reference.
///
/// <https://github.com/distribution/reference/blob/main/reference.go>
///
/// # Errors
/// The reason why it has not.
pub fn check_form(image: &str) -> Result<(), &'static str> {
    if image.contains("://") {
        return Err("it begins with a scheme");
    }
    let (rest, digest) = image.split_once('@').map_or((image, None), |(rest, digest)| (rest, Some(digest)));
    if digest.is_some_and(|digest| digest.parse::<Digest>().is_err()) {
        return Err("a digest is `sha256:` and 64 hex digits");
    }
    let (name, tag) = crate::model::images::split(rest);
    let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if tag.len() > 128 || !tag.bytes().all(word) || rest.ends_with(':') {
        return Err("a tag has up to 128 letters, digits and _ . -");
    }
    let path = name.split_once('/').map_or(name, |(_, path)| path);
    if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err("repositories are in lower case");
    }
    let component = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part.bytes().all(|byte| word(byte) || byte == b':')
    };
    if !name.split('/').all(component) {
        return Err("it has an empty part or a character that may not stand there");
    }
    Ok(())
}

impl Reference {
    /// Tag or digest, as registries take it in a path; `latest` without either.
    pub fn wanted(&self) -> &str {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.as_str(),
            (None, Some(tag)) => tag,
            (None, None) => "latest",
        }
    }

    /// `registry/repository`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// The same image by digest alone.
    pub fn by_digest(&self, digest: &Digest) -> Self {
        Self { tag: None, digest: Some(digest.clone()), ..self.clone() }
    }

    /// Another tag of the same repository.
    pub fn by_tag(&self, tag: &str) -> Self {
        Self { tag: Some(tag.to_owned()), digest: None, ..self.clone() }
    }

    /// The registry, if it is one of ECR.
    pub fn ecr(&self) -> Option<EcrRegistry> {
        let (account, region) = crate::model::images::registry(&self.registry)?;
        Some(EcrRegistry { account: account.to_owned(), region: region.to_owned() })
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let error = |reason| ReferenceError { text: text.to_owned(), reason };
        check_form(text).map_err(error)?;
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, digest.parse().ok()),
            None => (text, None),
        };
        let (name, tag) = crate::model::images::split(rest);
        let tag = (!tag.is_empty()).then(|| tag.to_owned());
        // As Docker tells them apart: a registry has a dot or a port, or is this machine.
        let (registry, repository) = match name.split_once('/') {
            Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path.to_owned()),
            Some(_) => (DOCKER_HUB, name.to_owned()),
            None if name.contains(['.', ':']) => return Err(error("it names a registry and no repository")),
            None => (DOCKER_HUB, format!("library/{name}")),
        };
        if repository.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(error("repositories are in lower case"));
        }
        if repository.contains(':') {
            return Err(error("only a registry has a port"));
        }
        let registry = if registry == "index.docker.io" { DOCKER_HUB } else { registry };
        Ok(Self { registry: registry.to_owned(), repository, tag, digest })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(formatter, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(formatter, "@{digest}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(text: &str) -> Reference {
        text.parse().unwrap()
    }

    #[test]
    fn references_of_all_kinds_are_taken() {
        let digest = "ab".repeat(32);
        for image in [
            "ghcr.io/berriai/litellm:main-v1.82.3-stable.patch.2",
            "111122223333.dkr.ecr.us-east-1.amazonaws.com/team/litellm:v1",
            "registry:5000/litellm",
            "litellm",
            &format!("ghcr.io/berriai/litellm:v1.82.3@sha256:{digest}"),
        ] {
            assert_eq!(check_form(image), Ok(()), "{image}");
        }
    }

    #[test]
    fn what_no_registry_takes_is_refused() {
        assert!("UPPER/case".parse::<Reference>().is_err());
        for image in ["a b:1", "ghcr.io/BerriAI/x:1", "x@sha256:ab", "/x:1", "ghcr.io//x:1", "x:", "docker://x:1"] {
            assert!(check_form(image).is_err(), "{image}");
            assert!(image.parse::<Reference>().is_err(), "{image}");
        }
    }

    #[test]
    fn a_name_without_a_registry_is_docker_hubs() {
        assert_eq!(reference("litellm").to_string(), "docker.io/library/litellm");
        assert_eq!(reference("berriai/litellm:1").to_string(), "docker.io/berriai/litellm:1");
    }

    #[test]
    fn a_port_belongs_to_the_registry_and_not_to_the_tag() {
        let found = reference("localhost:5000/a/b");
        assert_eq!((found.registry.as_str(), found.tag.as_deref(), found.wanted()), ("localhost:5000", None, "latest"));
    }

    #[test]
    fn a_digest_wins_over_a_tag() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        let found = reference(&format!("ghcr.io/a/b:v1@{digest}"));
        assert_eq!((found.tag.as_deref(), found.wanted()), (Some("v1"), digest.as_str()));
    }

    #[test]
    fn a_registry_of_ecr_names_account_and_region() {
        let china = reference("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/a:v1").ecr().unwrap();
        assert_eq!((china.account.as_str(), china.region.as_str()), ("111122223333", "cn-north-1"));
        for dual in ["dkr-ecr.eu-west-1.on.aws", "dkr-ecr-fips.us-gov-west-1.on.aws"] {
            let region = dual.split('.').nth(1).unwrap();
            let found = reference(&format!("111122223333.{dual}/a:v1")).ecr().unwrap();
            assert_eq!((found.account.as_str(), found.region.as_str()), ("111122223333", region));
        }
        for other in ["ghcr.io/berriai/litellm:main-v1", "public.ecr.aws/a/b:c", "11112222333.dkr.ecr.x.y/a"] {
            assert_eq!(reference(other).ecr(), None, "{other}");
        }
    }
}
