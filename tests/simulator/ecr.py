"""Repositories and images."""

import hashlib
import json

from support import agree, equal, error, main, pick, simulator

MANIFEST = json.dumps({
    "schemaVersion": 2,
    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 10, "digest": "sha256:" + "1" * 64},
    "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": 100, "digest": "sha256:" + "2" * 64}],
})


def images(cloud):
    ecr = cloud.client("ecr")
    made = ecr.create_repository(repositoryName="acme/images")["repository"]
    put = ecr.put_image(repositoryName="acme/images", imageManifest=MANIFEST, imageTag="1")["image"]
    ecr.put_image(repositoryName="acme/images", imageManifest=MANIFEST, imageTag="2")
    described = ecr.describe_images(repositoryName="acme/images", imageIds=[{"imageTag": "1"}])["imageDetails"]
    listed = ecr.list_images(repositoryName="acme/images")["imageIds"]
    got = ecr.batch_get_image(repositoryName="acme/images", imageIds=[{"imageTag": "2"}, {"imageTag": "9"}])
    answers = [
        pick(made, "repositoryArn", "repositoryUri", "registryId", "imageTagMutability"),
        put["imageId"]["imageTag"],
        # moto hashes the manifest as it writes it, ECR as it was sent: see a_digest_is_of_the_bytes_that_were_sent.
        [item["imageTags"] for item in described],
        sorted(item["imageTag"] for item in listed),
        got["images"][0]["imageManifest"] == MANIFEST,
        [item["failureCode"] for item in got["failures"]],
        error(ecr.describe_images, repositoryName="acme/images", imageIds=[{"imageTag": "9"}]),
        error(ecr.describe_images, repositoryName="acme/none"),
        error(ecr.describe_repositories, repositoryNames=["acme/none"]),
        error(ecr.put_image, repositoryName="acme/images", imageManifest=MANIFEST, imageTag="1"),
        error(ecr.create_repository, repositoryName="acme/images"),
        error(ecr.delete_repository, repositoryName="acme/images"),
    ]
    ecr.batch_delete_image(repositoryName="acme/images", imageIds=[{"imageTag": "1"}])
    answers.append(sorted(item["imageTag"] for item in ecr.list_images(repositoryName="acme/images")["imageIds"]))
    ecr.delete_repository(repositoryName="acme/images", force=True)
    answers.append(error(ecr.list_images, repositoryName="acme/images"))
    return answers


def moto_agrees_on_images():
    agree(images)


def a_digest_is_of_the_bytes_that_were_sent():
    ecr = simulator().client("ecr")
    ecr.create_repository(repositoryName="digests")
    put = ecr.put_image(repositoryName="digests", imageManifest=MANIFEST)["image"]["imageId"]
    equal(put["imageDigest"], "sha256:" + hashlib.sha256(MANIFEST.encode()).hexdigest())


def an_immutable_tag_stays():
    ecr = simulator().client("ecr")
    ecr.create_repository(repositoryName="fixed", imageTagMutability="IMMUTABLE")
    ecr.put_image(repositoryName="fixed", imageManifest=MANIFEST, imageTag="1")
    changed = MANIFEST.replace("100", "101")
    equal(error(ecr.put_image, repositoryName="fixed", imageManifest=changed, imageTag="1"), "ImageTagAlreadyExistsException")


def a_token_opens_the_accounts_registry():
    given = simulator().client("ecr").get_authorization_token()["authorizationData"][0]
    equal(given["proxyEndpoint"], "https://123456789012.dkr.ecr.us-east-1.amazonaws.com")


main(moto_agrees_on_images, a_digest_is_of_the_bytes_that_were_sent, an_immutable_tag_stays, a_token_opens_the_accounts_registry)
