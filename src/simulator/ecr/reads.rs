//! The calls that only read.

use aws_smithy_types::base64;
use serde_json::{Value, json};

use super::super::identity::{partition, url_suffix};
use super::super::page::{limit, page};
use super::super::request::{Fault, Reply, Request, scalar};
use super::super::resource::Resource;
use super::super::world::World;
use super::images::{self, Image};
use super::{REPOSITORY, epoch, registry, repository_not_found};

/// ECR's largest page.
const MAXIMUM_RESULTS: usize = 1_000;
/// ECR's page unless the caller says otherwise.
const DEFAULT_RESULTS: usize = 100;

pub(super) fn get_authorization_token(world: &World, request: &Request<'_>) -> Reply {
    let account = &request.identity.account;
    let (password, expires) = super::registry::password(world, account, request.region);
    json!({"authorizationData": [{
        "authorizationToken": base64::encode(format!("AWS:{password}")),
        "expiresAt": epoch(expires),
        "proxyEndpoint": format!("https://{}", host(account, request.region)),
    }]})
}

fn host(account: &str, region: &str) -> String {
    format!("{account}.dkr.ecr.{region}.{}", url_suffix(region))
}

pub(super) fn repository_json(request: &Request<'_>, name: &str, resource: Option<&Resource>) -> Value {
    let account = &request.identity.account;
    let property = |path: &str| resource.and_then(|resource| resource.property(path)).cloned();
    json!({
        "repositoryArn": format!("arn:{}:ecr:{}:{account}:repository/{name}", partition(request.region), request.region),
        "registryId": account,
        "repositoryName": name,
        "repositoryUri": format!("{}/{name}", host(account, request.region)),
        "createdAt": resource.map_or(0.0, |resource| epoch(resource.created_at)),
        "imageTagMutability": property("ImageTagMutability").unwrap_or(json!("MUTABLE")),
        "imageScanningConfiguration": {
            "scanOnPush": property("ImageScanningConfiguration.ScanOnPush").unwrap_or(json!(false)),
        },
        "encryptionConfiguration": {
            "encryptionType": property("EncryptionConfiguration.EncryptionType").unwrap_or(json!("AES256")),
            "kmsKey": property("EncryptionConfiguration.KmsKey"),
        },
    })
}

pub(super) fn describe_repositories(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let registry = registry(request)?;
    let names = request.texts("repositoryNames");
    let mut found = Vec::new();
    if names.is_empty() {
        let repositories = world.resources_of(&registry, request.region, REPOSITORY);
        found.extend(repositories.map(|resource| repository_json(request, &resource.identifier, Some(resource))));
    }
    for name in names {
        let resource = world.resource(&registry, request.region, REPOSITORY, &name);
        if resource.is_none() && images::of(world, &registry, request.region, &name).is_none() {
            return Err(repository_not_found(&name, &registry));
        }
        found.push(repository_json(request, &name, resource));
    }
    paged("repositories", found, request)
}

fn repository_images(world: &World, request: &Request<'_>) -> Result<(String, String, Vec<Image>), Fault> {
    let registry = registry(request)?;
    let name = required(request, "repositoryName")?;
    let images =
        images::of(world, &registry, request.region, &name).ok_or_else(|| repository_not_found(&name, &registry))?;
    Ok((registry, name, images))
}

pub(super) fn required(request: &Request<'_>, name: &str) -> Result<String, Fault> {
    request.text(name).ok_or_else(|| {
        Fault::new(
            "InvalidParameterException",
            format!("Invalid parameter at '{name}' failed to satisfy constraint: 'Member must not be null'"),
        )
    })
}

/// The image that an id means: by digest, by tag, or by both, which must then agree.
pub(super) fn pick<'a>(images: &'a [Image], id: &Value) -> Option<&'a Image> {
    let digest = id.get("imageDigest").and_then(scalar);
    let tag = id.get("imageTag").and_then(scalar);
    images.iter().find(|image| {
        (digest.is_some() || tag.is_some())
            && digest.as_ref().is_none_or(|digest| image.digest == *digest)
            && tag.as_ref().is_none_or(|tag| image.tags.contains(tag))
    })
}

fn id_text(id: &Value) -> String {
    let part = |name: &str| id.get(name).and_then(scalar).unwrap_or_else(|| "null".into());
    format!("{{imageDigest:'{}', imageTag:'{}'}}", part("imageDigest"), part("imageTag"))
}

pub(super) fn describe_images(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let (registry, name, images) = repository_images(world, request)?;
    let ids = request.list("imageIds");
    let mut chosen: Vec<&Image> = Vec::new();
    for id in ids {
        let image = pick(&images, id).ok_or_else(|| {
            Fault::new(
                "ImageNotFoundException",
                format!(
                    "The image with imageId {} does not exist within the repository with name '{name}' in the registry with id '{registry}'",
                    id_text(id)
                ),
            )
        })?;
        if !chosen.contains(&image) {
            chosen.push(image);
        }
    }
    if ids.is_empty() {
        chosen = images.iter().filter(|image| wanted(request, image)).collect();
    }
    let details = chosen
        .into_iter()
        .map(|image| {
            json!({
                "registryId": registry,
                "repositoryName": name,
                "imageDigest": image.digest,
                "imageTags": if image.tags.is_empty() { Value::Null } else { json!(image.tags) },
                "imageSizeInBytes": size(image),
                "imagePushedAt": epoch(image.pushed_at),
                "imageManifestMediaType": image.media_type,
                "imageScanStatus": image.scanned.then(|| json!({
                    "status": "COMPLETE",
                    "description": "The scan was completed successfully.",
                })),
                "imageScanFindingsSummary": image.scanned.then(|| json!({
                    "imageScanCompletedAt": epoch(image.pushed_at),
                    "findingSeverityCounts": {},
                })),
            })
        })
        .collect();
    paged("imageDetails", details, request)
}

/// The sizes of the layers that the manifest names.
fn size(image: &Image) -> u64 {
    let manifest: Value =
        image.manifest.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let layers = manifest.get("layers").and_then(Value::as_array);
    layers.into_iter().flatten().filter_map(|layer| layer.get("size")?.as_u64()).sum()
}

fn wanted(request: &Request<'_>, image: &Image) -> bool {
    match request.params.pointer("/filter/tagStatus").and_then(Value::as_str) {
        Some("TAGGED") => !image.tags.is_empty(),
        Some("UNTAGGED") => image.tags.is_empty(),
        _ => true,
    }
}

pub(super) fn list_images(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let (_, _, images) = repository_images(world, request)?;
    let mut ids = Vec::new();
    for image in images.iter().filter(|image| wanted(request, image)) {
        if image.tags.is_empty() {
            ids.push(json!({"imageDigest": image.digest}));
        }
        ids.extend(image.tags.iter().map(|tag| json!({"imageDigest": image.digest, "imageTag": tag})));
    }
    paged("imageIds", ids, request)
}

pub(super) fn batch_get_image(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let (registry, name, images) = repository_images(world, request)?;
    let mut found = Vec::new();
    let mut failures = Vec::new();
    for id in request.list("imageIds") {
        // An image that is only assumed has no manifest to give.
        match pick(&images, id).and_then(|image| Some((image, image.manifest.as_ref()?))) {
            Some((image, manifest)) => found.push(json!({
                "registryId": registry,
                "repositoryName": name,
                "imageId": {"imageDigest": image.digest, "imageTag": id.get("imageTag")},
                "imageManifest": manifest,
                "imageManifestMediaType": image.media_type,
            })),
            None => failures.push(json!({
                "imageId": id,
                "failureCode": "ImageNotFound",
                "failureReason": "Requested image not found",
            })),
        }
    }
    Ok(json!({"images": found, "failures": failures}))
}

pub(super) fn get_lifecycle_policy(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let registry = registry(request)?;
    let name = required(request, "repositoryName")?;
    let repository = world
        .resource(&registry, request.region, REPOSITORY, &name)
        .ok_or_else(|| repository_not_found(&name, &registry))?;
    match repository.property("LifecyclePolicy.LifecyclePolicyText") {
        Some(text) => Ok(json!({
            "registryId": registry,
            "repositoryName": name,
            "lifecyclePolicyText": text,
        })),
        None => Err(Fault::new(
            "LifecyclePolicyNotFoundException",
            format!(
                "Lifecycle policy does not exist for the repository with name '{name}' in the registry with id '{registry}'"
            ),
        )),
    }
}

pub(super) fn list_tags_for_resource(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let arn = required(request, "resourceArn")?;
    let name = arn.split_once(":repository/").map_or("", |(_, name)| name);
    let registry = registry(request)?;
    let repository = world
        .resource(&registry, request.region, REPOSITORY, name)
        .ok_or_else(|| repository_not_found(name, &registry))?;
    let tags: Vec<Value> =
        repository.tags().into_iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    Ok(json!({"tags": tags}))
}

fn paged(name: &str, items: Vec<Value>, request: &Request<'_>) -> Result<Reply, Fault> {
    let size = request.integer("maxResults").map_or(DEFAULT_RESULTS, |_| limit(request, "maxResults", MAXIMUM_RESULTS));
    let (items, next) = page(items, size, request.text("nextToken").as_deref(), "InvalidParameterException")?;
    Ok(json!({name: items, "nextToken": next}))
}
