"""CloudFormation: stacks, change sets, events and failures."""

import json

from support import agree, equal, error, main, message, simulator

WAIT = {"Delay": 0.01, "MaxAttempts": 2000}

NETWORK = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Description": "A small network",
    "Parameters": {"Block": {"Type": "String", "Default": "10.7.0.0/16"}},
    "Resources": {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": {"Ref": "Block"}, "EnableDnsHostnames": True}},
        "Subnet": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.7.1.0/24", "AvailabilityZone": "us-east-1a"},
        },
        "Group": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {
                "GroupDescription": "d",
                "VpcId": {"Ref": "Vpc"},
                "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8"}],
            },
        },
    },
    "Outputs": {
        "Vpc": {"Value": {"Ref": "Vpc"}},
        "Block": {"Value": {"Fn::GetAtt": ["Vpc", "CidrBlock"]}},
        "Joined": {"Value": {"Fn::Join": ["-", [{"Ref": "AWS::Region"}, {"Ref": "AWS::AccountId"}]]}},
    },
}


def topic(name="t", display="a", **more):
    resource = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name, "DisplayName": display}, **more}
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Topic": resource}})


def create(cloud, name, template, **more):
    cfn = cloud.client("cloudformation")
    cfn.create_stack(StackName=name, TemplateBody=template, **more)
    cfn.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=WAIT)
    return cfn


def change(cfn, name, template, kind="UPDATE"):
    cfn.create_change_set(StackName=name, ChangeSetName="c", ChangeSetType=kind, TemplateBody=template)
    cfn.get_waiter("change_set_create_complete").wait(StackName=name, ChangeSetName="c", WaiterConfig=WAIT)
    return cfn.describe_change_set(StackName=name, ChangeSetName="c")


def network(cloud):
    cfn = create(cloud, "network", json.dumps(NETWORK))
    stack = cfn.describe_stacks(StackName="network")["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    ec2 = cloud.client("ec2")
    vpc = ec2.describe_vpcs(VpcIds=[outputs["Vpc"]])["Vpcs"][0]
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [outputs["Vpc"]]}])["Subnets"]
    groups = ec2.describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [outputs["Vpc"]]}, {"Name": "description", "Values": ["d"]}]
    )["SecurityGroups"]
    resources = cfn.list_stack_resources(StackName="network")["StackResourceSummaries"]
    answers = [
        stack["StackStatus"],
        stack["Description"],
        stack["Parameters"],
        outputs,
        vpc["CidrBlock"],
        [(item["CidrBlock"], item["AvailabilityZone"], item["AvailableIpAddressCount"]) for item in subnets],
        sorted((item["LogicalResourceId"], item["ResourceType"], item["ResourceStatus"]) for item in resources),
        cfn.get_template(StackName="network")["TemplateBody"] == NETWORK,
        [[(item["IpProtocol"], item["FromPort"], item["IpRanges"]) for item in group["IpPermissions"]] for group in groups],
    ]
    cfn.delete_stack(StackName="network")
    cfn.get_waiter("stack_delete_complete").wait(StackName="network", WaiterConfig=WAIT)
    answers.append(error(cfn.describe_stacks, StackName="network"))
    answers.append(error(ec2.describe_vpcs, VpcIds=[outputs["Vpc"]]))
    return answers


def moto_agrees_on_a_network():
    agree(network)


def roles(cloud):
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    properties = {"RoleName": "stacked", "AssumeRolePolicyDocument": trust, "Policies": [{"PolicyName": "p", "PolicyDocument": policy}]}
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": properties}},
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }
    cfn = create(cloud, "roles", json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"])
    iam = cloud.client("iam")
    answers = [
        cfn.describe_stacks(StackName="roles")["Stacks"][0]["Outputs"],
        iam.get_role(RoleName="stacked")["Role"]["AssumeRolePolicyDocument"],
        # Not the document: moto gives back a Python dictionary as text.
        iam.list_role_policies(RoleName="stacked")["PolicyNames"],
    ]
    cfn.delete_stack(StackName="roles")
    cfn.get_waiter("stack_delete_complete").wait(StackName="roles", WaiterConfig=WAIT)
    return [*answers, error(iam.get_role, RoleName="stacked")]


def moto_agrees_on_roles():
    agree(roles)


def a_change_set_shows_and_makes_the_change():
    cloud = simulator("101010101010")
    cfn = create(cloud, "changed", topic())
    shown = change(cfn, "changed", topic(display="b"))
    found = shown["Changes"][0]["ResourceChange"]
    equal((found["Action"], found["LogicalResourceId"], found["Replacement"]), ("Modify", "Topic", "False"))
    cfn.execute_change_set(StackName="changed", ChangeSetName="c")
    cfn.get_waiter("stack_update_complete").wait(StackName="changed", WaiterConfig=WAIT)
    equal(cfn.describe_stacks(StackName="changed")["Stacks"][0]["StackStatus"], "UPDATE_COMPLETE")


def a_change_of_a_create_only_property_replaces():
    cloud = simulator("101010101010")
    cfn = create(cloud, "replaced", topic(name="before"))
    found = change(cfn, "replaced", topic(name="after"))["Changes"][0]["ResourceChange"]
    equal((found["Action"], found["Replacement"]), ("Modify", "True"))


def a_change_set_without_changes_fails():
    cloud = simulator("101010101010")
    cfn = create(cloud, "same", topic(name="same"))
    cfn.create_change_set(StackName="same", ChangeSetName="c", TemplateBody=topic(name="same"))
    shown = cfn.describe_change_set(StackName="same", ChangeSetName="c")
    while shown["Status"] not in ("FAILED", "CREATE_COMPLETE"):
        shown = cfn.describe_change_set(StackName="same", ChangeSetName="c")
    equal(shown["Status"], "FAILED")
    assert shown["StatusReason"].startswith("The submitted information didn't contain changes."), shown["StatusReason"]
    equal(message(cfn.update_stack, StackName="same", TemplateBody=topic(name="same")), "No updates are to be performed.")


def a_stack_under_review_is_empty():
    cfn = simulator("101010101010").client("cloudformation")
    change(cfn, "reviewed", topic(name="reviewed"), "CREATE")
    equal(cfn.describe_stacks(StackName="reviewed")["Stacks"][0]["StackStatus"], "REVIEW_IN_PROGRESS")
    cfn.execute_change_set(StackName="reviewed", ChangeSetName="c")
    cfn.get_waiter("stack_create_complete").wait(StackName="reviewed", WaiterConfig=WAIT)


def iam_needs_a_capability():
    cfn = simulator("101010101010").client("cloudformation")
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": []}}}
    equal(error(cfn.create_stack, StackName="no-capability", TemplateBody=json.dumps({"Resources": {"R": role}})), "InsufficientCapabilitiesException")


def a_protected_stack_stays():
    cfn = create(simulator("101010101010"), "protected", topic(name="protected"), EnableTerminationProtection=True)
    equal(error(cfn.delete_stack, StackName="protected"), "ValidationError")


def events_tell_of_every_resource():
    cfn = create(simulator("101010101010"), "told", topic(name="told"))
    events = cfn.describe_stack_events(StackName="told")["StackEvents"]
    told = [(event["LogicalResourceId"], event["ResourceStatus"]) for event in reversed(events)]
    equal(told[0], ("told", "CREATE_IN_PROGRESS"))
    equal(told[-1], ("told", "CREATE_COMPLETE"))
    assert ("Topic", "CREATE_COMPLETE") in told, told


def a_change_behind_the_stacks_back_is_drift():
    cloud = simulator("101010101010")
    cfn = create(cloud, "drifted", topic(name="drifted"))
    arn = cfn.describe_stack_resource(StackName="drifted", LogicalResourceId="Topic")["StackResourceDetail"]["PhysicalResourceId"]
    patch = json.dumps([{"op": "replace", "path": "/DisplayName", "value": "other"}])
    cloud.client("cloudcontrol").update_resource(TypeName="AWS::SNS::Topic", Identifier=arn, PatchDocument=patch)
    found = cfn.detect_stack_drift(StackName="drifted")["StackDriftDetectionId"]
    status = cfn.describe_stack_drift_detection_status(StackDriftDetectionId=found)
    while status["DetectionStatus"] == "DETECTION_IN_PROGRESS":
        status = cfn.describe_stack_drift_detection_status(StackDriftDetectionId=found)
    equal(status["StackDriftStatus"], "DRIFTED")
    drifts = cfn.describe_stack_resource_drifts(StackName="drifted")["StackResourceDrifts"]
    equal([item["PropertyPath"] for item in drifts[0]["PropertyDifferences"]], ["/DisplayName"])


def a_bucket_with_objects_keeps_its_stack():
    cloud = simulator("101010101010")
    template = {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "kept-by-objects"}}}}
    cfn = create(cloud, "full", json.dumps(template))
    cloud.client("s3").put_object(Bucket="kept-by-objects", Key="k", Body=b"v")
    cfn.delete_stack(StackName="full")
    stack = {"StackStatus": "DELETE_IN_PROGRESS"}
    while stack["StackStatus"] == "DELETE_IN_PROGRESS":
        stack = cfn.describe_stacks(StackName="full")["Stacks"][0]
    equal(stack["StackStatus"], "DELETE_FAILED")


main(
    moto_agrees_on_a_network,
    moto_agrees_on_roles,
    a_change_set_shows_and_makes_the_change,
    a_change_of_a_create_only_property_replaces,
    a_change_set_without_changes_fails,
    a_stack_under_review_is_empty,
    iam_needs_a_capability,
    a_protected_stack_stays,
    events_tell_of_every_resource,
    a_change_behind_the_stacks_back_is_drift,
    a_bucket_with_objects_keeps_its_stack,
)
