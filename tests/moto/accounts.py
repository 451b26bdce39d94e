"""What an account on moto has, asked with boto3; and what a deployment finds there beforehand.

    accounts.py ENDPOINT ACCOUNT certificate
    accounts.py ENDPOINT ACCOUNT push REPOSITORY TAG
    accounts.py ENDPOINT ACCOUNT secret NAME
    accounts.py ENDPOINT ACCOUNT secrets
    accounts.py ENDPOINT ACCOUNT put BUCKET KEY TEXT
    accounts.py ENDPOINT ACCOUNT objects BUCKET
    accounts.py ENDPOINT ACCOUNT list

The answer is JSON on the standard output.
"""

import json
import sys

import boto3

REGION = "us-east-1"


def session(endpoint, account):
    """A session in the account. moto lets everybody assume every role."""
    own = boto3.Session("testing", "none", region_name=REGION)
    role = f"arn:aws:iam::{account}:role/gwinfra-deploy"
    answer = own.client("sts", endpoint_url=endpoint).assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    return boto3.Session(
        answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"], region_name=REGION
    )


def certificate(client):
    return client("acm").request_certificate(DomainName="llm.example.com")["CertificateArn"]


def push(client, repository, tag):
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": "sha256:" + "0" * 64,
            "size": 2,
        },
        "layers": [],
    }
    put = client("ecr").put_image(repositoryName=repository, imageTag=tag, imageManifest=json.dumps(manifest))
    return put["image"]["imageId"]["imageDigest"]


def secret(client, name):
    return client("secretsmanager").create_secret(Name=name, SecretString="{}")["ARN"]


def secrets(client):
    """The value of every secret."""
    manager = client("secretsmanager")
    names = [secret["Name"] for secret in manager.list_secrets()["SecretList"]]
    return {name: manager.get_secret_value(SecretId=name).get("SecretString") for name in names}


def put(client, bucket, key, text):
    return client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode())["ETag"]


def objects(client, bucket):
    """Keys of a bucket's objects."""
    return sorted(found["Key"] for found in client("s3").list_objects_v2(Bucket=bucket).get("Contents", []))


def everything(client):
    """Names of what is there, by kind, without what every account has from the start."""
    ec2 = client("ec2")
    vpcs = [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]]
    inside = [{"Name": "vpc-id", "Values": vpcs or ["none"]}]
    keys = client("kms")
    states = [keys.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in keys.list_keys()["Keys"]]
    ecs = client("ecs")
    services = [
        service["serviceName"]
        for cluster in ecs.list_clusters()["clusterArns"]
        for arn in ecs.list_services(cluster=cluster)["serviceArns"]
        for service in ecs.describe_services(cluster=cluster, services=[arn])["services"]
        if service["status"] == "ACTIVE"
    ]
    return {
        "vpc": vpcs,
        "subnet": [found["SubnetId"] for found in ec2.describe_subnets(Filters=inside)["Subnets"]],
        "security group": [found["GroupId"] for found in ec2.describe_security_groups(Filters=inside)["SecurityGroups"]],
        "address": [found["PublicIp"] for found in ec2.describe_addresses()["Addresses"]],
        "nat gateway": [
            found["NatGatewayId"] for found in ec2.describe_nat_gateways()["NatGateways"] if found["State"] != "deleted"
        ],
        "endpoint": [found["VpcEndpointId"] for found in ec2.describe_vpc_endpoints()["VpcEndpoints"] if found["State"] != "deleted"],
        "role": [role["RoleName"] for role in client("iam").list_roles()["Roles"]],
        "policy": [policy["PolicyName"] for policy in client("iam").list_policies(Scope="Local")["Policies"]],
        "bucket": [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]],
        "log group": [group["logGroupName"] for group in client("logs").describe_log_groups()["logGroups"]],
        "repository": [found["repositoryName"] for found in client("ecr").describe_repositories()["repositories"]],
        "service": services,
        "load balancer": [found["LoadBalancerName"] for found in client("elbv2").describe_load_balancers()["LoadBalancers"]],
        "target group": [found["TargetGroupName"] for found in client("elbv2").describe_target_groups()["TargetGroups"]],
        "database": [found["DBClusterIdentifier"] for found in client("rds").describe_db_clusters()["DBClusters"]],
        "alarm": [alarm["AlarmName"] for alarm in client("cloudwatch").describe_alarms()["MetricAlarms"]],
        "topic": [topic["TopicArn"] for topic in client("sns").list_topics()["Topics"]],
        "web acl": [acl["Name"] for acl in client("wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"]],
        "secret": [secret["Name"] for secret in client("secretsmanager").list_secrets()["SecretList"]],
        "key": [state["KeyId"] for state in states if state["KeyManager"] == "CUSTOMER" and state["KeyState"] == "Enabled"],
        "scalable target": [
            target["ResourceId"]
            for target in client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
        ],
    }


def main(endpoint, account, command, *arguments):
    own = session(endpoint, account)

    def client(service):
        return own.client(service, endpoint_url=endpoint)

    commands = {
        "certificate": certificate,
        "push": push,
        "put": put,
        "secret": secret,
        "secrets": secrets,
        "objects": objects,
        "list": everything,
    }
    json.dump(commands[command](client, *arguments), sys.stdout)


main(*sys.argv[1:])
