//! What an image is.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::config::Config;
use super::document::{Content, Document, Manifest};
use super::{Digest, Platform, Source, SourceError, sbom};

/// Name and version of the JSON format. Fields are only ever added within a version.
pub const SCHEMA: &str = "gwinfra.image/v1";

/// What an image is.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Inspection {
    /// [`SCHEMA`].
    pub schema: String,
    /// Where it was looked for.
    pub reference: String,
    /// Its digest.
    pub digest: String,
    /// What it is: an index of several images, or one.
    pub media_type: String,
    /// One entry per platform.
    pub platforms: Vec<PlatformImage>,
    /// Notes on the index.
    pub annotations: BTreeMap<String, String>,
    /// Bills of materials that are attached to it.
    pub sboms: Vec<Bill>,
}

/// The image for one platform.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PlatformImage {
    /// `linux/arm64`.
    pub platform: String,
    /// Digest of its manifest.
    pub digest: String,
    /// Bytes of its compressed layers.
    pub size: u64,
    /// When it was made, RFC 3339.
    pub created: Option<String>,
    /// User that it runs as. Empty is root.
    pub user: String,
    /// Its program.
    pub entrypoint: Vec<String>,
    /// Its arguments.
    pub command: Vec<String>,
    /// Directory in which it starts.
    pub working_dir: String,
    /// Ports that it listens on.
    pub ports: Vec<String>,
    /// Signal that asks it to end.
    pub stop_signal: String,
    /// What is known about it.
    pub labels: BTreeMap<String, String>,
    /// Its layers, the lowest first.
    pub layers: Vec<LayerSummary>,
}

/// A layer.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LayerSummary {
    /// Its digest.
    pub digest: String,
    /// Its size, compressed.
    pub size: u64,
    /// What it is.
    pub media_type: String,
    /// What made it, if the image says so.
    pub created_by: Option<String>,
}

/// A bill of materials.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Bill {
    /// `CycloneDX` or `SPDX`.
    pub format: String,
    /// Digest of its manifest.
    pub digest: String,
    /// How many components it lists, if it can be read.
    pub components: Option<usize>,
}

/// Looks into an image.
///
/// # Errors
/// When a part of it cannot be read.
pub async fn inspect(source: &dyn Source, image: &Document, reference: String) -> Result<Inspection, SourceError> {
    let mut platforms = Vec::new();
    let mut annotations = BTreeMap::new();
    match &image.content {
        Content::Manifest(manifest) => platforms.push(platform(source, &image.digest(), manifest).await?),
        Content::Index(index) => {
            annotations.clone_from(&index.annotations);
            for entry in &index.manifests {
                // Attestations of builders stand between the images.
                if entry.platform.as_ref().is_some_and(Platform::is_unknown) {
                    continue;
                }
                let part = source.document(entry).await?;
                if let Content::Manifest(manifest) = &part.content {
                    platforms.push(platform(source, &entry.digest, manifest).await?);
                }
            }
        }
    }
    Ok(Inspection {
        schema: SCHEMA.to_owned(),
        reference,
        digest: image.digest().to_string(),
        media_type: image.media_type.clone(),
        platforms,
        annotations,
        sboms: bills(source, &image.digest()).await?,
    })
}

/// The configurations of an image, one for each platform.
///
/// # Errors
/// When a part of it cannot be read.
pub async fn configs(source: &dyn Source, image: &Document) -> Result<Vec<Config>, SourceError> {
    let mut found = Vec::new();
    match &image.content {
        Content::Manifest(manifest) => found.push(config(source, manifest).await?),
        Content::Index(index) => {
            for entry in &index.manifests {
                if entry.platform.as_ref().is_some_and(Platform::is_unknown) {
                    continue;
                }
                if let Content::Manifest(manifest) = &source.document(entry).await?.content {
                    found.push(config(source, manifest).await?);
                }
            }
        }
    }
    Ok(found)
}

async fn config(source: &dyn Source, manifest: &Manifest) -> Result<Config, SourceError> {
    let bytes = source.read(&manifest.config).await?;
    serde_json::from_slice(&bytes).map_err(|error| SourceError::Senseless {
        digest: manifest.config.digest.clone(),
        reason: format!("it is no configuration of an image ({error})"),
    })
}

async fn platform(source: &dyn Source, digest: &Digest, manifest: &Manifest) -> Result<PlatformImage, SourceError> {
    let config = config(source, manifest).await?;
    let mut steps = config.history.iter().filter(|step| !step.empty_layer).map(|step| step.created_by.clone());
    let layers: Vec<LayerSummary> = manifest
        .layers
        .iter()
        .map(|layer| LayerSummary {
            digest: layer.digest.to_string(),
            size: layer.size,
            media_type: layer.media_type.clone(),
            created_by: steps.next().flatten(),
        })
        .collect();
    Ok(PlatformImage {
        platform: config.platform().to_string(),
        digest: digest.to_string(),
        size: layers.iter().map(|layer| layer.size).sum(),
        created: config.created,
        user: config.config.user,
        entrypoint: config.config.entrypoint,
        command: config.config.cmd,
        working_dir: config.config.working_dir,
        ports: config.config.exposed_ports.into_keys().collect(),
        stop_signal: config.config.stop_signal,
        labels: config.config.labels,
        layers,
    })
}

async fn bills(source: &dyn Source, of: &Digest) -> Result<Vec<Bill>, SourceError> {
    let mut found = Vec::new();
    for document in source.referrers(of).await? {
        let Content::Manifest(manifest) = &document.content else { continue };
        let kind = manifest.artifact_type.as_deref().unwrap_or(&manifest.config.media_type);
        let layer = manifest.layers.first();
        let named = sbom::kind(kind).or_else(|| sbom::kind(&layer?.media_type));
        let (Some(format), Some(layer)) = (named, layer) else { continue };
        let components = sbom::count(&source.read(layer).await?);
        found.push(Bill { format: format.to_owned(), digest: document.digest().to_string(), components });
    }
    Ok(found)
}

/// The JSON Schema of [`Inspection`], as text: the committed copy is `schemas/gwinfra.image.v1.schema.json`.
pub fn json_schema_text() -> String {
    crate::json_schema::text::<Inspection>(SCHEMA)
}
