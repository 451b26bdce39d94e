//! The images of a repository.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::resource::Resource;
use super::super::world::World;
use super::REPOSITORY;
use crate::image::Digest;

/// The media type of a manifest that does not name its own.
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// One image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// `sha256:` and 64 hexadecimal digits.
    pub digest: String,
    /// Its tags, sorted.
    pub tags: Vec<String>,
    /// The manifest; `None` for an image that is only assumed to exist.
    pub manifest: Option<String>,
    /// The manifest's media type.
    pub media_type: String,
    /// When it was pushed.
    pub pushed_at: Timestamp,
    /// Whether it was scanned when it was pushed. Nothing is ever found in it.
    #[serde(default)]
    pub scanned: bool,
}

/// An image's name: `REGISTRY/REPOSITORY:TAG@DIGEST`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageUri {
    /// `111122223333.dkr.ecr.us-east-1.amazonaws.com`, `ghcr.io`.
    pub registry: String,
    /// `acme/gateway`.
    pub repository: String,
    /// The tag, if there is one.
    pub tag: Option<String>,
    /// The digest, if there is one.
    pub digest: Option<String>,
}

impl ImageUri {
    /// Reads a name. One without a registry is Docker Hub's.
    pub fn parse(uri: &str) -> Self {
        let (rest, digest) = match uri.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.to_owned())),
            None => (uri, None),
        };
        let (rest, tag) = match rest.rsplit_once(':') {
            Some((rest, tag)) if !tag.contains('/') => (rest, Some(tag.to_owned())),
            _ => (rest, None),
        };
        let (registry, repository) = match rest.split_once('/') {
            Some((registry, repository)) if registry.contains(['.', ':']) => (registry, repository),
            _ => ("docker.io", rest),
        };
        Self { registry: registry.to_owned(), repository: repository.to_owned(), tag, digest }
    }

    /// Account and region, if the registry is ECR.
    pub fn ecr(&self) -> Option<(&str, &str)> {
        let mut parts = self.registry.split('.');
        let account = parts.next()?;
        (parts.next()? == "dkr" && parts.next()? == "ecr").then_some(())?;
        Some((account, parts.next()?))
    }
}

/// The digest of an image that nobody pushed: its own if its name has one, else the SHA-256 of its name.
pub fn assumed_digest(uri: &str) -> String {
    match ImageUri::parse(uri).digest {
        Some(digest) => digest,
        None => sha256(uri.as_bytes()),
    }
}

/// `sha256:` and the digest of some bytes.
pub fn sha256(bytes: &[u8]) -> String {
    Digest::of(bytes).as_str().to_owned()
}

/// Remembers that an image exists. Names outside of ECR need no remembering: they are always assumed to exist.
pub fn assume(world: &mut World, uri: &str) {
    let parsed = ImageUri::parse(uri);
    let Some((account, region)) = parsed.ecr() else { return };
    let known = world.service(account, region, "ecr").get("assumed").and_then(Value::as_array);
    if known.is_some_and(|known| known.iter().any(|name| name == uri)) {
        return;
    }
    let state = world.service_mut(account, region, "ecr");
    if !state.is_object() {
        *state = json!({"assumed": []});
    }
    if let Some(assumed) = state.get_mut("assumed").and_then(Value::as_array_mut) {
        assumed.push(json!(uri));
    }
}

/// The images of a repository, oldest first; `None` if there is no such repository.
pub fn of(world: &World, account: &str, region: &str, repository: &str) -> Option<Vec<Image>> {
    let resource = world.resource(account, region, REPOSITORY, repository);
    let assumed = world.service(account, region, "ecr").get("assumed").and_then(Value::as_array);
    let names: Vec<&str> = assumed
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|uri| ImageUri::parse(uri).repository == repository)
        .collect();
    if resource.is_none() && names.is_empty() {
        return None;
    }
    let mut images = resource.map(pushed).unwrap_or_default();
    for uri in names {
        let digest = assumed_digest(uri);
        let tag = ImageUri::parse(uri).tag;
        let taken = |image: &Image| image.digest == digest || tag.as_ref().is_some_and(|tag| image.tags.contains(tag));
        if !images.iter().any(taken) {
            images.push(Image {
                digest,
                tags: tag.into_iter().collect(),
                manifest: None,
                media_type: DOCKER_MANIFEST.into(),
                pushed_at: resource.map_or(Timestamp::UNIX_EPOCH, |resource| resource.created_at),
                scanned: false,
            });
        }
    }
    Some(images)
}

/// The images that were pushed to a repository.
pub fn pushed(repository: &Resource) -> Vec<Image> {
    repository.runtime.get("images").and_then(|images| serde_json::from_value(images.clone()).ok()).unwrap_or_default()
}

/// Replaces the images of a repository.
pub fn store(repository: &mut Resource, images: &[Image]) {
    if !repository.runtime.is_object() {
        repository.runtime = json!({});
    }
    if let (Some(runtime), Ok(images)) = (repository.runtime.as_object_mut(), serde_json::to_value(images)) {
        runtime.insert("images".into(), images);
    }
}

/// The digest that a container of this image runs.
pub fn running_digest(world: &World, uri: &str) -> String {
    let parsed = ImageUri::parse(uri);
    if let (None, Some((account, region))) = (&parsed.digest, parsed.ecr()) {
        let tag = parsed.tag.clone().unwrap_or_else(|| "latest".into());
        let image = of(world, account, region, &parsed.repository)
            .and_then(|images| images.into_iter().find(|image| image.tags.contains(&tag)));
        if let Some(image) = image {
            return image.digest;
        }
    }
    assumed_digest(uri)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::clock::{Clock, Pace};

    const URI: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/acme/gateway:1";

    #[test]
    fn a_name_is_read_from_both_ends() {
        let uri = ImageUri::parse("localhost:5000/a/b:1@sha256:00");
        assert_eq!(
            (uri.registry.as_str(), uri.repository.as_str(), uri.tag.as_deref(), uri.digest.as_deref()),
            ("localhost:5000", "a/b", Some("1"), Some("sha256:00"))
        );
    }

    #[test]
    fn an_ecr_registry_names_account_and_region() {
        assert_eq!(ImageUri::parse(URI).ecr(), Some(("111122223333", "us-east-1")));
        assert_eq!(ImageUri::parse("ghcr.io/a/b").ecr(), None);
    }

    #[test]
    fn an_assumed_image_brings_its_repository() {
        let mut world = World::new(1, Clock::new(Pace::Fast));
        assert_eq!(of(&world, "111122223333", "us-east-1", "acme/gateway"), None);
        assume(&mut world, URI);
        let images = of(&world, "111122223333", "us-east-1", "acme/gateway").unwrap();
        assert_eq!((images[0].digest.clone(), images[0].tags.clone()), (sha256(URI.as_bytes()), vec!["1".to_owned()]));
    }

    #[test]
    fn a_name_with_a_digest_runs_that_digest() {
        let world = World::new(1, Clock::new(Pace::Fast));
        assert_eq!(running_digest(&world, "ghcr.io/a/b@sha256:00"), "sha256:00");
    }
}
