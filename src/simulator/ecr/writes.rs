//! The calls that change repositories and images.

use serde_json::{Map, Value, json};

use super::super::identity::{partition, url_suffix};
use super::super::request::{Fault, Reply, Request, scalar};
use super::super::resource::Resource;
use super::super::world::World;
use super::images::{self, DOCKER_MANIFEST, Image, sha256};
use super::reads::{pick, repository_json, required};
use super::{REPOSITORY, registry, repository_not_found};

fn repository<'a>(world: &'a mut World, request: &Request<'_>) -> Result<(String, String, &'a mut Resource), Fault> {
    let registry = registry(request)?;
    let name = required(request, "repositoryName")?;
    match world.resource_mut(&registry, request.region, REPOSITORY, &name) {
        Some(resource) => Ok((registry, name, resource)),
        None => Err(repository_not_found(&name, &registry)),
    }
}

pub(super) fn put_image(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let now = world.now();
    let manifest = required(request, "imageManifest")?;
    let parsed: Value = serde_json::from_str(&manifest).map_err(|_| {
        Fault::new(
            "InvalidParameterException",
            "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'",
        )
    })?;
    let digest = sha256(manifest.as_bytes());
    if request.text("imageDigest").is_some_and(|asked| asked != digest) {
        return Err(Fault::new(
            "ImageDigestDoesNotMatchException",
            "The calculated digest does not match the digest that you gave",
        ));
    }
    let tag = request.text("imageTag");
    let media_type = request
        .text("imageManifestMediaType")
        .or_else(|| parsed.get("mediaType").and_then(scalar))
        .unwrap_or_else(|| DOCKER_MANIFEST.into());
    let (registry, name, resource) = repository(world, request)?;
    let mut all = images::pushed(resource);
    let exists = all.iter().find(|image| image.digest == digest);
    if exists.is_some_and(|image| tag.as_ref().is_none_or(|tag| image.tags.contains(tag))) {
        let with_tag = tag.as_ref().map_or_else(String::new, |tag| format!(" and tag '{tag}'"));
        return Err(Fault::new(
            "ImageAlreadyExistsException",
            format!(
                "Image with digest '{digest}'{with_tag} already exists in the repository with name '{name}' in registry with id '{registry}'"
            ),
        ));
    }
    let scanned = resource.property("ImageScanningConfiguration.ScanOnPush").is_some_and(|scan| *scan == json!(true));
    let immutable = resource.text("ImageTagMutability").is_some_and(|mutability| mutability.starts_with("IMMUTABLE"));
    if let Some(tag) = &tag {
        if immutable && all.iter().any(|image| image.tags.contains(tag)) {
            return Err(Fault::new(
                "ImageTagAlreadyExistsException",
                format!(
                    "The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten because the tag is immutable."
                ),
            ));
        }
        all.iter_mut().for_each(|image| image.tags.retain(|known| known != tag));
    }
    match all.iter_mut().find(|image| image.digest == digest) {
        Some(image) => image.tags.extend(tag.clone()),
        None => all.push(Image {
            digest: digest.clone(),
            tags: tag.iter().cloned().collect(),
            manifest: Some(manifest.clone()),
            media_type: media_type.clone(),
            pushed_at: now,
            scanned,
        }),
    }
    all.iter_mut().for_each(|image| image.tags.sort());
    images::store(resource, &all);
    Ok(json!({"image": {
        "registryId": registry,
        "repositoryName": name,
        "imageId": {"imageDigest": digest, "imageTag": tag},
        "imageManifest": manifest,
        "imageManifestMediaType": media_type,
    }}))
}

pub(super) fn batch_delete_image(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let (_, _, resource) = repository(world, request)?;
    let mut all = images::pushed(resource);
    let mut deleted = Vec::new();
    let mut failures = Vec::new();
    for id in request.list("imageIds") {
        let Some(digest) = pick(&all, id).map(|image| image.digest.clone()) else {
            failures.push(
                json!({"imageId": id, "failureCode": "ImageNotFound", "failureReason": "Requested image not found"}),
            );
            continue;
        };
        let tag = id.get("imageTag").and_then(scalar);
        deleted.push(json!({"imageDigest": digest, "imageTag": tag}));
        // A tag alone takes the image with it only when it was the last one.
        let only_tag = id.get("imageDigest").and_then(scalar).is_none();
        all.retain_mut(|image| {
            if image.digest != digest {
                return true;
            }
            image.tags.retain(|known| Some(known) != tag.as_ref());
            only_tag && !image.tags.is_empty()
        });
    }
    images::store(resource, &all);
    Ok(json!({"imageIds": deleted, "failures": failures}))
}

pub(super) fn create_repository(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let registry = registry(request)?;
    let name = required(request, "repositoryName")?;
    if world.resource(&registry, request.region, REPOSITORY, &name).is_some() {
        return Err(Fault::new(
            "RepositoryAlreadyExistsException",
            format!("The repository with name '{name}' already exists in the registry with id '{registry}'"),
        ));
    }
    let region = request.region;
    let mut properties = Map::new();
    properties.insert("RepositoryName".into(), json!(name));
    if let Some(mutability) = request.text("imageTagMutability") {
        properties.insert("ImageTagMutability".into(), json!(mutability));
    }
    if let Some(scan) = request.params.pointer("/imageScanningConfiguration/scanOnPush") {
        properties.insert("ImageScanningConfiguration".into(), json!({"ScanOnPush": scan}));
    }
    let tags: Vec<Value> =
        request.tags("tags").into_iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    if !tags.is_empty() {
        properties.insert("Tags".into(), Value::Array(tags));
    }
    let partition = partition(region);
    properties.insert("Arn".into(), json!(format!("arn:{partition}:ecr:{region}:{registry}:repository/{name}")));
    let uri = format!("{registry}.dkr.ecr.{region}.{}/{name}", url_suffix(region));
    properties.insert("RepositoryUri".into(), json!(uri));
    let now = world.now();
    world.put(&registry, region, Resource::new(REPOSITORY, &name, Value::Object(properties), now));
    let resource = world.resource(&registry, region, REPOSITORY, &name);
    Ok(json!({"repository": repository_json(request, &name, resource)}))
}

pub(super) fn delete_repository(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let force = request.flag("force") == Some(true);
    let (registry, name, resource) = repository(world, request)?;
    if !force && !images::pushed(resource).is_empty() {
        return Err(Fault::new(
            "RepositoryNotEmptyException",
            format!(
                "The repository with name '{name}' in registry with id '{registry}' cannot be deleted because it still contains images"
            ),
        ));
    }
    let removed = world.remove(&registry, request.region, REPOSITORY, &name);
    Ok(json!({"repository": repository_json(request, &name, removed.as_ref())}))
}
