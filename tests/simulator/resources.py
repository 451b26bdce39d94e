"""Any resource through the Cloud Control API, and the services' own views of it."""

import json

from support import equal, error, main, simulator


def wait(control, answer):
    token = answer["ProgressEvent"]["RequestToken"]
    control.get_waiter("resource_request_success").wait(RequestToken=token, WaiterConfig={"Delay": 0.01, "MaxAttempts": 500})
    return control.get_resource_request_status(RequestToken=token)["ProgressEvent"]


def create(control, type_name, **properties):
    answer = control.create_resource(TypeName=type_name, DesiredState=json.dumps(properties))
    return wait(control, answer)["Identifier"]


def read(control, type_name, identifier):
    got = control.get_resource(TypeName=type_name, Identifier=identifier)
    return json.loads(got["ResourceDescription"]["Properties"])


def update(control, type_name, identifier, *patch):
    answer = control.update_resource(TypeName=type_name, Identifier=identifier, PatchDocument=json.dumps(patch))
    return wait(control, answer)


def a_resource_lives_and_dies():
    control = simulator().client("cloudcontrol")
    group = create(control, "AWS::Logs::LogGroup", LogGroupName="life", RetentionInDays=7)
    equal(read(control, "AWS::Logs::LogGroup", group)["RetentionInDays"], 7)
    update(control, "AWS::Logs::LogGroup", group, {"op": "replace", "path": "/RetentionInDays", "value": 30})
    equal(read(control, "AWS::Logs::LogGroup", group)["RetentionInDays"], 30)
    listed = control.list_resources(TypeName="AWS::Logs::LogGroup")["ResourceDescriptions"]
    assert group in [item["Identifier"] for item in listed], listed
    wait(control, control.delete_resource(TypeName="AWS::Logs::LogGroup", Identifier=group))
    equal(error(control.get_resource, TypeName="AWS::Logs::LogGroup", Identifier=group), "ResourceNotFoundException")


def a_property_that_replaces_cannot_be_patched():
    control = simulator().client("cloudcontrol")
    vpc = create(control, "AWS::EC2::VPC", CidrBlock="10.9.0.0/16")
    patch = json.dumps([{"op": "replace", "path": "/CidrBlock", "value": "10.8.0.0/16"}])
    equal(error(control.update_resource, TypeName="AWS::EC2::VPC", Identifier=vpc, PatchDocument=patch), "ValidationException")


def types_without_handlers_are_refused():
    control = simulator().client("cloudcontrol")
    for type_name in ["AWS::EC2::ClientVpnEndpoint", "AWS::IAM::Policy", "AWS::Route53::RecordSet"]:
        equal(error(control.list_resources, TypeName=type_name), "UnsupportedActionException", type_name)
    equal(error(control.list_resources, TypeName="AWS::No::Such"), "TypeNotFoundException")


def a_network_is_seen_by_ec2():
    cloud = simulator("444444444444")
    control, ec2 = cloud.client("cloudcontrol"), cloud.client("ec2")
    vpc = create(control, "AWS::EC2::VPC", CidrBlock="10.1.0.0/16", Tags=[{"Key": "Name", "Value": "n"}])
    subnet = create(control, "AWS::EC2::Subnet", VpcId=vpc, CidrBlock="10.1.1.0/24", AvailabilityZone="us-east-1b")
    create(control, "AWS::EC2::Subnet", VpcId=vpc, CidrBlock="10.1.2.0/24", AvailabilityZone="us-east-1a")
    found = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["n"]}])["Vpcs"]
    equal([(item["VpcId"], item["CidrBlock"], item["IsDefault"]) for item in found], [(vpc, "10.1.0.0/16", False)])
    found = ec2.describe_subnets(Filters=[{"Name": "availability-zone", "Values": ["us-east-1b"]}])["Subnets"]
    equal([(item["SubnetId"], item["AvailableIpAddressCount"]) for item in found], [(subnet, 251)])
    equal(error(ec2.describe_vpcs, VpcIds=["vpc-00000000"]), "InvalidVpcID.NotFound")
    equal(len(ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]), 1)


def a_rule_is_added_behind_the_stacks_back():
    cloud = simulator("555555555555")
    control, ec2 = cloud.client("cloudcontrol"), cloud.client("ec2")
    vpc = create(control, "AWS::EC2::VPC", CidrBlock="10.1.0.0/16")
    group = create(control, "AWS::EC2::SecurityGroup", VpcId=vpc, GroupDescription="d")
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    equal(error(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[rule]), "InvalidPermission.Duplicate")
    found = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    equal([item["FromPort"] for item in found["IpPermissions"]], [443])
    equal([item["IpProtocol"] for item in found["IpPermissionsEgress"]], ["-1"])
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[rule])
    equal(ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"], [])


def regions_and_zones_are_real():
    ec2 = simulator().client("ec2")
    names = [item["RegionName"] for item in ec2.describe_regions()["Regions"]]
    assert "us-east-1" in names and "me-south-1" not in names, names
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    equal((zones[0]["ZoneName"], zones[0]["ZoneId"], len(zones)), ("us-east-1a", "use1-az1", 6))


def a_service_runs_its_tasks():
    cloud = simulator("666666666666")
    control, ecs = cloud.client("cloudcontrol"), cloud.client("ecs")
    cluster = create(control, "AWS::ECS::Cluster", ClusterName="c")
    container = {"Name": "app", "Image": "ghcr.io/acme/app:1", "Essential": True}
    definition = create(
        control, "AWS::ECS::TaskDefinition", Family="app", Cpu="256", Memory="512", NetworkMode="awsvpc",
        RequiresCompatibilities=["FARGATE"], ContainerDefinitions=[container],
    )
    create(
        control, "AWS::ECS::Service", Cluster=cluster, ServiceName="s", TaskDefinition=definition, DesiredCount=2, LaunchType="FARGATE",
        NetworkConfiguration={"AwsvpcConfiguration": {"Subnets": ["subnet-1"]}},
    )
    ecs.get_waiter("services_stable").wait(cluster="c", services=["s"], WaiterConfig={"Delay": 0.01, "MaxAttempts": 500})
    service = ecs.describe_services(cluster="c", services=["s", "none"])
    equal([item["reason"] for item in service["failures"]], ["MISSING"])
    service = service["services"][0]
    equal((service["runningCount"], service["deployments"][0]["rolloutState"]), (2, "COMPLETED"))
    assert "steady state" in service["events"][0]["message"], service["events"][0]
    tasks = ecs.list_tasks(cluster="c", serviceName="s")["taskArns"]
    described = ecs.describe_tasks(cluster="c", tasks=tasks)["tasks"]
    equal([task["containers"][0]["image"] for task in described], ["ghcr.io/acme/app:1"] * 2)
    assert described[0]["containers"][0]["imageDigest"].startswith("sha256:")
    listed = ecs.list_service_deployments(cluster="c", service="s")["serviceDeployments"]
    equal([item["status"] for item in listed], ["SUCCESSFUL"])
    detail = ecs.describe_service_deployments(serviceDeploymentArns=[listed[0]["serviceDeploymentArn"]])["serviceDeployments"][0]
    equal(detail["targetServiceRevision"]["runningTaskCount"], 2)
    got = ecs.describe_task_definition(taskDefinition="app")["taskDefinition"]
    equal((got["revision"], got["cpu"], got["containerDefinitions"][0]["name"]), (1, "256", "app"))
    ecs.update_service(cluster="c", service="s", desiredCount=3)
    equal(ecs.describe_services(cluster="c", services=["s"])["services"][0]["desiredCount"], 3)
    equal(error(ecs.list_services, cluster="none"), "ClusterNotFoundException")


def services_see_what_was_made():
    cloud = simulator("777777777777")
    control = cloud.client("cloudcontrol")
    create(control, "AWS::Logs::LogGroup", LogGroupName="/seen", RetentionInDays=30)
    equal(cloud.client("logs").describe_log_groups(logGroupNamePrefix="/seen")["logGroups"][0]["retentionInDays"], 30)

    secret = create(control, "AWS::SecretsManager::Secret", Name="seen", GenerateSecretString={"PasswordLength": 32})
    secrets = cloud.client("secretsmanager")
    equal(secrets.describe_secret(SecretId="seen")["ARN"], secret)
    equal([item["Name"] for item in secrets.list_secrets()["SecretList"]], ["seen"])
    equal(error(secrets.describe_secret, SecretId="none"), "ResourceNotFoundException")

    route53 = cloud.client("route53")
    zone = create(control, "AWS::Route53::HostedZone", Name="example.com")
    found = route53.list_hosted_zones_by_name(DNSName="example.com")["HostedZones"]
    equal([(item["Name"], item["Id"]) for item in found], [("example.com.", f"/hostedzone/{zone}")])
    equal(route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"], [])
    equal(error(route53.get_hosted_zone, Id="Z000"), "NoSuchHostedZone")

    equal(cloud.client("acm").list_certificates()["CertificateSummaryList"], [])


def a_load_balancer_is_seen_with_its_listeners():
    cloud = simulator("888888888888")
    control, elb = cloud.client("cloudcontrol"), cloud.client("elbv2")
    vpc = create(control, "AWS::EC2::VPC", CidrBlock="10.1.0.0/16")
    subnets = [
        create(control, "AWS::EC2::Subnet", VpcId=vpc, CidrBlock=f"10.1.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")
        for number, zone in enumerate("ab")
    ]
    balancer = create(control, "AWS::ElasticLoadBalancingV2::LoadBalancer", Name="seen", Scheme="internal", Subnets=subnets)
    group = create(
        control, "AWS::ElasticLoadBalancingV2::TargetGroup", Port=80, Protocol="HTTP", VpcId=vpc, TargetType="ip", HealthCheckPath="/up"
    )
    action = {"Type": "forward", "TargetGroupArn": group}
    listener = create(
        control, "AWS::ElasticLoadBalancingV2::Listener", LoadBalancerArn=balancer, Port=80, Protocol="HTTP", DefaultActions=[action]
    )
    found = elb.describe_load_balancers(Names=["seen"])["LoadBalancers"][0]
    equal((found["LoadBalancerArn"], found["VpcId"], found["State"]["Code"]), (balancer, vpc, "active"))
    equal([item["SubnetId"] for item in found["AvailabilityZones"]], subnets)
    equal([item["ListenerArn"] for item in elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]], [listener])
    equal([item["IsDefault"] for item in elb.describe_rules(ListenerArn=listener)["Rules"]], [True])
    equal(elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]["HealthCheckPath"], "/up")
    equal(error(elb.describe_load_balancers, Names=["none"]), "LoadBalancerNotFound")


main(
    a_resource_lives_and_dies,
    a_property_that_replaces_cannot_be_patched,
    types_without_handlers_are_refused,
    a_network_is_seen_by_ec2,
    a_rule_is_added_behind_the_stacks_back,
    regions_and_zones_are_real,
    a_service_runs_its_tasks,
    services_see_what_was_made,
    a_load_balancer_is_seen_with_its_listeners,
)
