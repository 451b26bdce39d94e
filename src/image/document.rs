//! What registries keep beside blobs: manifests of images and indexes of several images.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::json::canonical;
use super::{Digest, Platform};

/// Media type of an image's manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Media type of an index.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// Media type of an image's configuration.
pub const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// Media type of a layer as gwinfra writes it.
pub const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// Media type of a configuration of what is no image.
pub const EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// Docker's manifest and list, which are of the same form.
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// What is accepted from a registry.
pub const ACCEPTED: [&str; 4] = [INDEX, MANIFEST, DOCKER_LIST, DOCKER_MANIFEST];
/// The largest manifest that is read: what registries take.
pub const MAXIMUM_BYTES: u64 = 4 << 20;

/// What something is, and its digest and size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What it is.
    pub media_type: String,
    /// SHA-256 of it.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// What it runs on, in an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// What kind of thing it is, if it is no image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Notes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// An image for one platform, or something else that has blobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// 2.
    pub schema_version: u8,
    /// [`MANIFEST`], or Docker's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What kind of thing it is, if it is no image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The configuration.
    pub config: Descriptor,
    /// The layers, the lowest first.
    pub layers: Vec<Descriptor>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Notes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// Images for several platforms, or whatever belongs together.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// 2.
    pub schema_version: u8,
    /// [`INDEX`], or Docker's list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What it lists.
    pub manifests: Vec<Descriptor>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Notes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// A manifest or an index, in the very bytes that its digest is of.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// What it is.
    pub media_type: String,
    /// What it says.
    pub content: Content,
}

/// What a document says.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// One image.
    Manifest(Manifest),
    /// Several.
    Index(Index),
}

/// Bytes that are no document.
#[derive(Debug, Error)]
pub enum DocumentError {
    /// It is neither a manifest nor an index.
    #[error("it is neither an image's manifest nor an index")]
    Json(#[from] serde_json::Error),
    /// It is of a kind that is not known.
    #[error("it is of the unknown type `{0}`")]
    MediaType(String),
}

impl Descriptor {
    /// Describes some bytes.
    pub fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
            platform: None,
            artifact_type: None,
            annotations: BTreeMap::new(),
        }
    }

    /// The same, in an index that tells platforms apart.
    #[must_use]
    pub fn with_platform(self, platform: Platform) -> Self {
        Self { platform: Some(platform), ..self }
    }

    /// Whether the contents lie elsewhere and no registry keeps them, as for layers of Windows.
    pub fn is_foreign(&self) -> bool {
        self.media_type.contains("nondistributable") || self.media_type.contains("foreign")
    }
}

impl Document {
    /// Reads one. Its own media type decides; `told` is what the registry said, for one that has none.
    ///
    /// # Errors
    /// When it is no document of a kind that is known.
    pub fn read(bytes: Vec<u8>, told: Option<&str>) -> Result<Self, DocumentError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Kind {
            #[serde(default)]
            media_type: Option<String>,
            #[serde(default)]
            manifests: Option<serde::de::IgnoredAny>,
        }
        let kind: Kind = serde_json::from_slice(&bytes)?;
        let guess = if kind.manifests.is_some() { INDEX } else { MANIFEST };
        let known = |told: &&str| ACCEPTED.contains(told);
        let media_type = kind.media_type.as_deref().or(told.filter(known)).unwrap_or(guess).to_owned();
        let content = match media_type.as_str() {
            MANIFEST | DOCKER_MANIFEST => Content::Manifest(serde_json::from_slice(&bytes)?),
            INDEX | DOCKER_LIST => Content::Index(serde_json::from_slice(&bytes)?),
            _ => return Err(DocumentError::MediaType(media_type)),
        };
        Ok(Self { bytes, media_type, content })
    }

    /// The document of a manifest.
    pub fn of_manifest(manifest: Manifest) -> Self {
        Self { bytes: canonical(&manifest), media_type: MANIFEST.to_owned(), content: Content::Manifest(manifest) }
    }

    /// The document of an index of these.
    pub fn of_index(manifests: Vec<Descriptor>, annotations: BTreeMap<String, String>) -> Self {
        let index =
            Index { schema_version: 2, media_type: Some(INDEX.to_owned()), manifests, subject: None, annotations };
        Self { bytes: canonical(&index), media_type: INDEX.to_owned(), content: Content::Index(index) }
    }

    /// Its digest.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }

    /// Its descriptor.
    pub fn descriptor(&self) -> Descriptor {
        let artifact_type = match &self.content {
            Content::Manifest(manifest) => manifest.artifact_type.clone(),
            Content::Index(_) => None,
        };
        Descriptor { artifact_type, ..Descriptor::of(&self.media_type, &self.bytes) }
    }

    /// What it is about, if it is about something else.
    pub fn subject(&self) -> Option<&Descriptor> {
        match &self.content {
            Content::Manifest(manifest) => manifest.subject.as_ref(),
            Content::Index(index) => index.subject.as_ref(),
        }
    }
}

impl Manifest {
    /// The manifest of an image.
    pub fn of_image(config: Descriptor, layers: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: Some(MANIFEST.to_owned()),
            artifact_type: None,
            config,
            layers,
            subject: None,
            annotations: BTreeMap::new(),
        }
    }

    /// Every blob that it names and that a registry keeps.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        self.layers.iter().chain([&self.config]).filter(|blob| !blob.is_foreign())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest::of_image(Descriptor::of(CONFIG, b"{}"), vec![Descriptor::of(LAYER, b"layer")])
    }

    #[test]
    fn a_document_is_what_its_own_media_type_says() {
        let document = Document::of_manifest(manifest());
        assert_eq!(Document::read(document.bytes.clone(), Some(INDEX)).unwrap(), document);
    }

    #[test]
    fn a_document_without_a_media_type_is_told_by_its_form() {
        let bytes = br#"{"schemaVersion":2,"manifests":[]}"#.to_vec();
        assert_eq!(Document::read(bytes.clone(), None).unwrap().media_type, INDEX);
        assert_eq!(Document::read(bytes, Some("text/plain")).unwrap().media_type, INDEX);
    }

    #[test]
    fn dockers_first_format_is_refused() {
        let bytes = br#"{"schemaVersion":1,"fsLayers":[]}"#.to_vec();
        assert!(Document::read(bytes, None).is_err());
    }

    #[test]
    fn an_unknown_kind_is_refused_by_name() {
        let error = Document::read(br#"{"mediaType":"a/b"}"#.to_vec(), None).unwrap_err();
        assert_eq!(error.to_string(), "it is of the unknown type `a/b`");
    }

    #[test]
    fn layers_that_lie_elsewhere_are_no_blobs_of_the_registry() {
        let mut foreign = manifest();
        foreign.layers[0].media_type = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip".to_owned();
        assert_eq!(foreign.blobs().count(), 1);
    }
}
