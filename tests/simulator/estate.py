"""What an account has in a region, and what the region offers."""

from support import agree, equal, error, main, message, simulator


def the_zones_that_offer_a_type_are_those_of_aws():
    def zones(cloud):
        offerings = cloud.client("ec2").describe_instance_type_offerings(
            LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": ["t4g.nano", "t9.nano"]}]
        )["InstanceTypeOfferings"]
        return sorted((one["InstanceType"], one["Location"], one["LocationType"]) for one in offerings)

    agree(zones)
    equal(len(zones(simulator())), 5)


def a_type_is_offered_by_the_region_or_in_its_zones():
    ec2 = simulator().client("ec2")
    of_region = ec2.describe_instance_type_offerings(Filters=[{"Name": "instance-type", "Values": ["m7g.large"]}])
    equal([one["Location"] for one in of_region["InstanceTypeOfferings"]], ["us-east-1"])
    pages = ec2.get_paginator("describe_instance_type_offerings").paginate(PaginationConfig={"PageSize": 20})
    listed = [one["InstanceType"] for page in pages for one in page["InstanceTypeOfferings"]]
    equal(len(listed), len(set(listed)))
    assert "t4g.nano" in listed and len(listed) > 100


def an_address_is_described_with_its_tags():
    cloud = simulator()
    control = cloud.client("cloudcontrol")
    control.create_resource(
        TypeName="AWS::EC2::EIP", DesiredState='{"Domain": "vpc", "Tags": [{"Key": "of", "Value": "mine"}]}'
    )
    addresses = cloud.client("ec2").describe_addresses()["Addresses"]
    equal([(one["Domain"], one["Tags"]) for one in addresses], [("vpc", [{"Key": "of", "Value": "mine"}])])
    assert addresses[0]["AllocationId"].startswith("eipalloc-"), addresses
    code = error(lambda: cloud.client("ec2").describe_addresses(AllocationIds=["eipalloc-0"]))
    equal(code, "InvalidAllocationID.NotFound")


def quotas_of_several_services_are_known():
    quotas = simulator().client("service-quotas")
    for service, code, name, value in [
        ("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5.0),
        ("vpc", "L-F678F1CE", "VPCs per Region", 5.0),
        ("cloudformation", "L-0485CB21", "Stack count", 2000.0),
    ]:
        found = quotas.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]
        equal((found["ServiceCode"], found["QuotaName"], found["Value"], found["Adjustable"]), (service, name, value, True))
    # A code belongs to its service.
    equal(
        error(lambda: quotas.get_service_quota(ServiceCode="vpc", QuotaCode="L-0263D0A3")), "NoSuchResourceException"
    )


def a_type_that_the_region_lacks_is_not_found():
    here = simulator().client("cloudformation")
    equal(here.describe_type(Type="RESOURCE", TypeName="AWS::EKS::FargateProfile")["DeprecatedStatus"], "LIVE")
    elsewhere = simulator(region="us-gov-west-1").client("cloudformation")
    text = message(lambda: elsewhere.describe_type(Type="RESOURCE", TypeName="AWS::EKS::FargateProfile"))
    equal(text, "The type 'AWS::EKS::FargateProfile' cannot be found.")


main(
    the_zones_that_offer_a_type_are_those_of_aws,
    a_type_is_offered_by_the_region_or_in_its_zones,
    an_address_is_described_with_its_tags,
    quotas_of_several_services_are_known,
    a_type_that_the_region_lacks_is_not_found,
)
