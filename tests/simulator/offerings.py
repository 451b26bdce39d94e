"""What a region offers of databases, caches and endpoints."""

from support import agree, equal, error, message, main, pick, simulator

AURORA = "aurora-postgresql"


def listed(client, operation, member, **arguments):
    """All records of a list, page by page."""
    pages = client.get_paginator(operation).paginate(**arguments)
    return [record for page in pages for record in page[member]]


def orderable(cloud, version, instance_class):
    """The options of one class; moto does not filter by it."""
    options = listed(
        cloud.client("rds"),
        "describe_orderable_db_instance_options",
        "OrderableDBInstanceOptions",
        Engine=AURORA,
        EngineVersion=version,
        DBInstanceClass=instance_class,
    )
    return [one for one in options if one["DBInstanceClass"] == instance_class]


def the_zones_of_a_class_are_those_of_aws():
    def zones(cloud):
        wanted = [("13.9", "db.serverless"), ("12.9", "db.r4.large"), ("12.9", "db.r6g.large"), ("12.9", "db.serverless")]
        return [sorted(zone["Name"] for one in orderable(cloud, *each) for zone in one["AvailabilityZones"]) for each in wanted]

    agree(zones)
    equal(zones(simulator())[0], [f"us-east-1{letter}" for letter in "abcdf"])


def an_option_says_what_the_one_of_aws_says():
    def option(cloud):
        (one,) = orderable(cloud, "13.9", "db.serverless")
        return pick(
            one,
            "Engine",
            "EngineVersion",
            "LicenseModel",
            "MultiAZCapable",
            "ReadReplicaCapable",
            "Vpc",
            "SupportsStorageEncryption",
            "StorageType",
            "SupportsIops",
            "SupportsEnhancedMonitoring",
            "SupportsIAMDatabaseAuthentication",
            "SupportsPerformanceInsights",
            "SupportedEngineModes",
            "SupportsKerberosAuthentication",
            "OutpostCapable",
            "SupportedActivityStreamModes",
            "SupportsGlobalDatabases",
            "SupportsClusters",
        )

    agree(option)


def a_class_has_an_option_for_each_kind_of_storage():
    kinds = [one["StorageType"] for one in orderable(simulator(), "16.6", "db.r6g.large")]
    equal(kinds, ["aurora", "aurora-iopt1"])


def options_come_in_pages():
    rds = simulator().client("rds")
    first = rds.describe_orderable_db_instance_options(Engine=AURORA, EngineVersion="16.6")
    equal(len(first["OrderableDBInstanceOptions"]), 100)
    options = listed(
        rds,
        "describe_orderable_db_instance_options",
        "OrderableDBInstanceOptions",
        Engine=AURORA,
        EngineVersion="16.6",
        PaginationConfig={"PageSize": 20},
    )
    seen = {(one["DBInstanceClass"], one["StorageType"]) for one in options}
    equal(len(seen), len(options))
    assert len(options) > 100, len(options)


def a_version_that_does_not_exist_has_no_options():
    equal(orderable(simulator(), "16.5", "db.serverless"), [])


def regions_have_different_classes():
    def classes(region):
        client = simulator(region=region).client("rds")
        options = listed(
            client, "describe_orderable_db_instance_options", "OrderableDBInstanceOptions", Engine=AURORA, EngineVersion="17.6"
        )
        return {one["DBInstanceClass"] for one in options}

    assert "db.r6g.large" not in classes("il-central-1")
    assert "db.r6g.large" in classes("eu-central-1")


def versions_are_the_available_ones_unless_all_are_wanted():
    rds = simulator().client("rds")
    available = rds.describe_db_engine_versions(Engine=AURORA, DBParameterGroupFamily="aurora-postgresql16")
    versions = [one["EngineVersion"] for one in available["DBEngineVersions"]]
    assert "16.6" in versions and "16.3" not in versions, versions
    (old,) = rds.describe_db_engine_versions(Engine=AURORA, EngineVersion="16.3", IncludeAll=True)["DBEngineVersions"]
    equal(old["Status"], "deprecated")
    equal(old["ServerlessV2FeaturesSupport"], {"MinCapacity": 0.0, "MaxCapacity": 256.0})
    filters = [{"Name": "engine-version", "Values": ["16.6", "17.6"]}]
    some = rds.describe_db_engine_versions(Engine=AURORA, Filters=filters)["DBEngineVersions"]
    equal([one["EngineVersion"] for one in some], ["16.6", "17.6"])


def what_rds_does_not_know_is_refused():
    rds = simulator().client("rds")
    equal(message(lambda: rds.describe_db_engine_versions(Engine="postgre")), "Unrecognized engine name: postgre")
    words = message(lambda: rds.describe_orderable_db_instance_options(Engine=AURORA, MaxRecords=5))
    equal(words, "Invalid value 5 for MaxRecords. Must be between 20 and 1000")
    equal(error(lambda: rds.describe_db_engine_versions(MaxRecords=101)), "InvalidParameterValue")
    words = message(lambda: rds.describe_orderable_db_instance_options(Engine="mysql"))
    assert "gwinfra's simulator has a catalogue of aurora-postgresql" in words, words
    words = message(lambda: rds.describe_db_snapshots())
    equal(words, "gwinfra's simulator does not model rds:DescribeDBSnapshots")


def versions_of_caches_have_their_families():
    cache = simulator().client("elasticache")
    (one,) = cache.describe_cache_engine_versions(Engine="valkey", EngineVersion="8.0")["CacheEngineVersions"]
    equal(pick(one, "Engine", "EngineVersion", "CacheParameterGroupFamily"), {
        "Engine": "valkey",
        "EngineVersion": "8.0",
        "CacheParameterGroupFamily": "valkey8",
    })
    families = {one["CacheParameterGroupFamily"] for one in cache.describe_cache_engine_versions()["CacheEngineVersions"]}
    assert {"memcached1.6", "redis7", "valkey8"} <= families, families


def every_node_type_is_reserved_for_one_year_and_three():
    cache = simulator().client("elasticache")
    offerings = listed(cache, "describe_reserved_cache_nodes_offerings", "ReservedCacheNodesOfferings")
    ids = [one["ReservedCacheNodesOfferingId"] for one in offerings]
    equal(len(ids), len(set(ids)))
    small = [one for one in offerings if one["CacheNodeType"] == "cache.t4g.small"]
    equal({one["Duration"] for one in small}, {31536000, 94608000})
    equal({one["ProductDescription"] for one in small}, {"memcached", "redis", "valkey"})
    (found,) = cache.describe_reserved_cache_nodes_offerings(ReservedCacheNodesOfferingId=ids[7])["ReservedCacheNodesOfferings"]
    equal(found, offerings[7])


def reservations_are_narrowed_down():
    cache = simulator().client("elasticache")
    arguments = {"CacheNodeType": "cache.r7g.large", "Duration": "1", "OfferingType": "No Upfront", "ProductDescription": "redis"}
    found = cache.describe_reserved_cache_nodes_offerings(**arguments)["ReservedCacheNodesOfferings"]
    equal([one["CacheNodeType"] for one in found], ["cache.r7g.large"])
    equal(cache.describe_reserved_cache_nodes_offerings(CacheNodeType="cache.r99.large")["ReservedCacheNodesOfferings"], [])
    code = error(lambda: cache.describe_reserved_cache_nodes_offerings(ReservedCacheNodesOfferingId="mine"))
    equal(code, "ReservedCacheNodesOfferingNotFound")
    equal(error(lambda: cache.describe_reserved_cache_nodes_offerings(Duration="2")), "InvalidParameterValue")


def services_with_endpoints_have_a_kind_and_zones():
    ec2 = simulator(region="us-west-1").client("ec2")
    found = ec2.describe_vpc_endpoint_services(
        Filters=[
            {"Name": "service-name", "Values": ["com.amazonaws.us-west-1.s3", "com.amazonaws.us-west-1.nothing"]},
            {"Name": "service-type", "Values": ["Interface"]},
        ]
    )
    equal(found["ServiceNames"], ["com.amazonaws.us-west-1.s3"])
    (one,) = found["ServiceDetails"]
    equal(one["ServiceType"], [{"ServiceType": "Interface"}])
    equal(one["AvailabilityZones"], ["us-west-1b", "us-west-1c"])
    code = error(lambda: ec2.describe_vpc_endpoint_services(ServiceNames=["com.amazonaws.us-west-1.nothing"]))
    equal(code, "InvalidServiceName")
    china = simulator(region="cn-north-1").client("ec2")
    names = china.describe_vpc_endpoint_services()["ServiceNames"]
    assert "cn.com.amazonaws.cn-north-1.ecr.api" in names and "com.amazonaws.cn-north-1.s3" in names, names


main(
    the_zones_of_a_class_are_those_of_aws,
    an_option_says_what_the_one_of_aws_says,
    a_class_has_an_option_for_each_kind_of_storage,
    options_come_in_pages,
    a_version_that_does_not_exist_has_no_options,
    regions_have_different_classes,
    versions_are_the_available_ones_unless_all_are_wanted,
    what_rds_does_not_know_is_refused,
    versions_of_caches_have_their_families,
    every_node_type_is_reserved_for_one_year_and_three,
    reservations_are_narrowed_down,
    services_with_endpoints_have_a_kind_and_zones,
)
