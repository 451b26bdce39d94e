"""Buckets, objects and versions."""

from support import agree, equal, error, main, pick, simulator


def objects(cloud):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="objects")
    put = s3.put_object(Bucket="objects", Key="a/b c&d", Body=b"hello", ContentType="text/plain", Metadata={"k": "v"})
    got = s3.get_object(Bucket="objects", Key="a/b c&d")
    head = s3.head_object(Bucket="objects", Key="a/b c&d")
    part = s3.get_object(Bucket="objects", Key="a/b c&d", Range="bytes=1-3")
    return [
        put["ETag"],
        got["Body"].read().decode(),
        pick(got, "ETag", "ContentType", "ContentLength", "Metadata"),
        pick(head, "ETag", "ContentType", "ContentLength", "Metadata"),
        part["Body"].read().decode(),
        error(s3.get_object, Bucket="objects", Key="none"),
        error(s3.head_object, Bucket="objects", Key="none"),
        error(s3.put_object, Bucket="objects", Key="a/b c&d", Body=b"x", IfNoneMatch="*"),
        error(s3.get_object, Bucket="no-such-bucket", Key="k"),
        error(s3.delete_bucket, Bucket="objects"),
    ]


def listings(cloud):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="listings")
    for key in ["a/1", "a/2", "b", "c d/1", "e+f"]:
        s3.put_object(Bucket="listings", Key=key, Body=b"")
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket="listings", PaginationConfig={"PageSize": 2}))
    grouped = s3.list_objects_v2(Bucket="listings", Delimiter="/")
    under = s3.list_objects_v2(Bucket="listings", Prefix="a/")
    first = s3.list_objects(Bucket="listings", MaxKeys=2)
    return [
        [[item["Key"] for item in page["Contents"]] for page in pages],
        [item["Key"] for item in grouped["Contents"]],
        [item["Prefix"] for item in grouped["CommonPrefixes"]],
        [item["Key"] for item in under["Contents"]],
        ([item["Key"] for item in first["Contents"]], first["IsTruncated"]),
    ]


def versions(cloud):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="versions")
    s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="versions", Key="k", Body=b"1")["VersionId"]
    s3.put_object(Bucket="versions", Key="k", Body=b"2")
    marker = s3.delete_object(Bucket="versions", Key="k")
    listed = s3.list_object_versions(Bucket="versions")
    old = s3.get_object(Bucket="versions", Key="k", VersionId=first)["Body"].read().decode()
    gone = error(s3.get_object, Bucket="versions", Key="k")
    everything = [
        {"Key": item["Key"], "VersionId": item["VersionId"]} for item in listed["Versions"] + listed["DeleteMarkers"]
    ]
    deleted = s3.delete_objects(Bucket="versions", Delete={"Objects": everything})
    s3.delete_bucket(Bucket="versions")
    return [
        marker["DeleteMarker"],
        [item["IsLatest"] for item in listed["Versions"] + listed["DeleteMarkers"]],
        old,
        gone,
        len(deleted["Deleted"]),
        error(s3.head_bucket, Bucket="versions"),
    ]


def regions(cloud):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="regions")
    return [
        s3.get_bucket_location(Bucket="regions")["LocationConstraint"],
        s3.get_bucket_versioning(Bucket="regions").get("Status"),
        error(s3.create_bucket, Bucket="x"),
    ]


def moto_agrees_on_objects():
    agree(objects)


def moto_agrees_on_listings():
    agree(listings)


def moto_agrees_on_versions():
    agree(versions)


def moto_agrees_on_regions():
    agree(regions)


def version_pages_follow_one_another():
    s3 = simulator().client("s3")
    s3.create_bucket(Bucket="pages")
    s3.put_bucket_versioning(Bucket="pages", VersioningConfiguration={"Status": "Enabled"})
    for number in range(5):
        s3.put_object(Bucket="pages", Key=f"k{number % 2}", Body=b"%d" % number)
    pages = s3.get_paginator("list_object_versions").paginate(Bucket="pages", PaginationConfig={"PageSize": 2})
    seen = [(item["Key"], item["VersionId"]) for page in pages for item in page["Versions"]]
    equal((len(seen), len(set(seen))), (5, 5))


def a_bucket_is_in_one_region():
    ireland = simulator(region="eu-west-1").client("s3")
    ireland.create_bucket(Bucket="ireland", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    ireland.put_object(Bucket="ireland", Key="k", Body=b"v")
    # boto3 follows the redirect.
    equal(simulator().client("s3").get_object(Bucket="ireland", Key="k")["Body"].read(), b"v")


def another_accounts_bucket_is_closed():
    simulator().client("s3").create_bucket(Bucket="mine-alone")
    other = simulator("222222222222").client("s3")
    equal(error(other.list_objects_v2, Bucket="mine-alone"), "AccessDenied")
    equal(error(other.create_bucket, Bucket="mine-alone"), "BucketAlreadyExists")


def a_wrong_checksum_is_refused():
    s3 = simulator().client("s3")
    s3.create_bucket(Bucket="checksums")
    equal(error(s3.put_object, Bucket="checksums", Key="k", Body=b"v", ChecksumSHA256="A" * 43 + "="), "BadDigest")


def checksums_come_back():
    s3 = simulator().client("s3")
    s3.create_bucket(Bucket="sums")
    sent = s3.put_object(Bucket="sums", Key="k", Body=b"v", ChecksumAlgorithm="SHA256")["ChecksumSHA256"]
    got = s3.get_object(Bucket="sums", Key="k", ChecksumMode="ENABLED")
    equal((got["ChecksumSHA256"], got["Body"].read()), (sent, b"v"))


main(
    moto_agrees_on_objects,
    moto_agrees_on_listings,
    moto_agrees_on_versions,
    moto_agrees_on_regions,
    version_pages_follow_one_another,
    a_bucket_is_in_one_region,
    another_accounts_bucket_is_closed,
    a_wrong_checksum_is_refused,
    checksums_come_back,
)
