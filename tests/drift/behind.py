"""Changes what a deployment of Terraform has in accounts on moto, all at once and behind its back.

    behind.py ENDPOINT STATES

STATES is the directory of the deployment's root modules, whose states say what everything is called. What moto cannot
express is left out: which image a task runs, access to models, and another list of subnets of a database.
"""

import json
import pathlib
import sys

import boto3

REGION = "us-east-1"
ENDPOINT, STATES = sys.argv[1], pathlib.Path(sys.argv[2])
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ANYBODY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}],
}


def letting_in(action, **more):
    """A policy of a resource that lets everybody do something with it."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": action} | more
    return {"Version": "2012-10-17", "Statement": [statement]}


class Module:
    """A root module: what is in its state, and its account."""

    def __init__(self, key):
        self.resources = json.loads((STATES / key / "terraform.tfstate").read_text())["resources"]
        # moto lets everybody assume every role.
        own = boto3.Session("testing", "none", region_name=REGION)
        role = f"arn:aws:iam::{self.account()}:role/gwinfra-deploy"
        given = own.client("sts", endpoint_url=ENDPOINT).assume_role(RoleArn=role, RoleSessionName="behind")["Credentials"]
        keys = given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
        self.session = boto3.Session(*keys, region_name=REGION)

    def account(self):
        arns = (instance["attributes"].get("arn") or "" for one in self.resources for instance in one["instances"])
        return next(arn.split(":")[4] for arn in arns if arn.startswith("arn:aws:iam::"))

    def client(self, service):
        return self.session.client(service, endpoint_url=ENDPOINT)

    def of(self, address, key=None):
        """The attributes of a resource; of one member where it has several."""
        kind, name = address.split(".")
        one = next(one for one in self.resources if (one["mode"], one["type"], one["name"]) == ("managed", kind, name))
        instances = one["instances"]
        return next(each for each in instances if key is None or each["index_key"] == key)["attributes"]


hub, first, second = Module("hub"), Module("accounts/bedrock-1"), Module("accounts/bedrock-2")
of = hub.of


def logs():
    logs = hub.client("logs")
    logs.put_retention_policy(logGroupName=of("aws_cloudwatch_log_group.litellm")["name"], retentionInDays=7)
    logs.delete_retention_policy(logGroupName=of("aws_cloudwatch_log_group.middleware")["name"])
    stream = {"StreamName": "mine"}
    hub.client("kinesis").create_stream(ShardCount=1, **stream)
    logs.put_subscription_filter(
        logGroupName=of("aws_cloudwatch_log_group.litellm")["name"],
        filterName="mine",
        filterPattern="",
        destinationArn=hub.client("kinesis").describe_stream(**stream)["StreamDescription"]["StreamARN"],
        roleArn=of("aws_iam_role.flow_logs")["arn"],
    )
    logs.untag_log_group(logGroupName=of("aws_cloudwatch_log_group.database")["name"], tags=["team"])
    logs.delete_log_group(logGroupName=of("aws_cloudwatch_log_group.flow_logs")["name"])
    logs.delete_metric_filter(
        logGroupName=of("aws_cloudwatch_log_group.litellm")["name"],
        filterName=of("aws_cloudwatch_log_metric_filter.throttled_calls")["name"],
    )


def repositories():
    ecr = hub.client("ecr")
    litellm, middleware = (of(f"aws_ecr_repository.{name}")["name"] for name in ("litellm", "middleware"))
    ecr.put_image_tag_mutability(repositoryName=litellm, imageTagMutability="MUTABLE")
    ecr.put_image_scanning_configuration(repositoryName=middleware, imageScanningConfiguration={"scanOnPush": False})
    ecr.delete_lifecycle_policy(repositoryName=litellm)
    ecr.set_repository_policy(repositoryName=middleware, policyText=json.dumps(letting_in("ecr:BatchGetImage")))


def buckets():
    s3 = hub.client("s3")
    logs, config, requests = (of(f"aws_s3_bucket.{name}")["id"] for name in ("logs", "config", "requests"))
    s3.put_bucket_versioning(Bucket=config, VersioningConfiguration={"Status": "Suspended"})
    s3.put_public_access_block(
        Bucket=logs,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": False,
            "RestrictPublicBuckets": True,
        },
    )
    s3.delete_public_access_block(Bucket=config)
    plain = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=requests, ServerSideEncryptionConfiguration={"Rules": [plain]})
    rules = s3.get_bucket_lifecycle_configuration(Bucket=logs)["Rules"]
    rules[0]["Expiration"] = {"Days": 3650}
    s3.put_bucket_lifecycle_configuration(Bucket=logs, LifecycleConfiguration={"Rules": rules})
    s3.delete_bucket_policy(Bucket=requests)
    policy = json.loads(s3.get_bucket_policy(Bucket=config)["Policy"])
    policy["Statement"] = [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{config}/*"}]
    s3.put_bucket_policy(Bucket=config, Policy=json.dumps(policy))
    s3.put_bucket_logging(Bucket=requests, BucketLoggingStatus={})
    s3.put_bucket_ownership_controls(
        Bucket=logs, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )


def configuration():
    """What the service reads when it starts is another text."""
    found = hub.client("s3").list_objects_v2(Bucket=of("aws_s3_bucket.config")["id"], Prefix="config/")["Contents"]
    hub.client("s3").put_object(Bucket=of("aws_s3_bucket.config")["id"], Key=found[0]["Key"], Body=b"model_list: []\n", ContentType="application/yaml")


def keys():
    kms = hub.client("kms")
    key = of("aws_kms_key.main")["key_id"]
    kms.disable_key_rotation(KeyId=key)
    policy = json.loads(of("aws_kms_key.main")["policy"])
    policy["Statement"].append({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:Decrypt", "Resource": "*"})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))


def load_balancer():
    elb = hub.client("elbv2")
    elb.modify_load_balancer_attributes(
        LoadBalancerArn=of("aws_lb.main")["arn"], Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "60"}]
    )
    elb.modify_listener(ListenerArn=of("aws_lb_listener.https")["arn"], SslPolicy="ELBSecurityPolicy-2016-08")
    rules = [instance for one in hub.resources if one["type"] == "aws_lb_listener_rule" for instance in one["instances"]]
    rules = sorted(rules, key=lambda rule: rule["attributes"]["priority"])
    elb.set_rule_priorities(RulePriorities=[{"RuleArn": rules[0]["attributes"]["arn"], "Priority": 4321}])
    elb.modify_rule(
        RuleArn=rules[1]["attributes"]["arn"],
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/elsewhere"]}}],
    )
    litellm, middleware = (of(f"aws_lb_target_group.{name}")["arn"] for name in ("litellm", "middleware"))
    elb.modify_target_group(TargetGroupArn=litellm, HealthCheckPath="/elsewhere")
    elb.modify_target_group_attributes(
        TargetGroupArn=middleware, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}]
    )
    elb.create_rule(
        ListenerArn=of("aws_lb_listener.https")["arn"],
        Priority=77,
        Conditions=[{"Field": "path-pattern", "Values": ["/mine"]}],
        Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
    )
    hub.client("acm").delete_certificate(CertificateArn=of("aws_lb_listener.https")["certificate_arn"])


def firewall():
    waf = hub.client("wafv2")
    own = of("aws_wafv2_web_acl.main")
    found = waf.get_web_acl(Name=own["name"], Scope="REGIONAL", Id=own["id"])
    rules = found["WebACL"]["Rules"]
    for rule in rules:
        if "Action" in rule:
            rule["Action"] = {"Count": {}}
    waf.update_web_acl(
        Name=own["name"],
        Scope="REGIONAL",
        Id=own["id"],
        DefaultAction=found["WebACL"]["DefaultAction"],
        Rules=rules,
        VisibilityConfig=found["WebACL"]["VisibilityConfig"],
        LockToken=found["LockToken"],
    )
    waf.delete_logging_configuration(ResourceArn=own["arn"])
    waf.disassociate_web_acl(ResourceArn=of("aws_lb.main")["arn"])


def roles():
    iam = hub.client("iam")
    iam.update_assume_role_policy(RoleName=of("aws_iam_role.task")["name"], PolicyDocument=json.dumps(ANYBODY))
    iam.put_role_policy(
        RoleName=of("aws_iam_role.execution")["name"], PolicyName="mine", PolicyDocument=json.dumps(EVERYTHING)
    )
    iam.put_role_policy(
        RoleName=of("aws_iam_role.task")["name"], PolicyName="gateway", PolicyDocument=json.dumps(EVERYTHING)
    )
    iam.attach_role_policy(
        RoleName=of("aws_iam_role.task")["name"], PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    bedrock = next(one for one in hub.resources if (one["type"], one["name"]) == ("aws_iam_policy", "bedrock"))
    iam.create_policy_version(
        PolicyArn=bedrock["instances"][0]["attributes"]["arn"],
        PolicyDocument=json.dumps(EVERYTHING),
        SetAsDefault=True,
    )
    iam.update_role(RoleName=of("aws_iam_role.flow_logs")["name"], Description="mine", MaxSessionDuration=7200)


def accounts():
    iam, name = first.client("iam"), first.of("aws_iam_role.main")["name"]
    for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    iam.delete_role(RoleName=name)
    iam, name = second.client("iam"), second.of("aws_iam_role.main")["name"]
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(ANYBODY))
    iam.update_role(RoleName=name, Description=second.of("aws_iam_role.main")["description"], MaxSessionDuration=43200)


def alarms():
    cloudwatch = hub.client("cloudwatch")
    alarms = [one for one in hub.resources if one["type"] == "aws_cloudwatch_metric_alarm"]
    names = {
        instance["index_key"]: instance["attributes"]["alarm_name"]
        for one in alarms
        for instance in one["instances"]
        if one["name"] == "main"
    }
    kept = (
        "AlarmName AlarmDescription ActionsEnabled OKActions AlarmActions MetricName Namespace Statistic Dimensions Period"
        " EvaluationPeriods DatapointsToAlarm ComparisonOperator TreatMissingData"
    ).split()
    found = {alarm["AlarmName"]: alarm for alarm in cloudwatch.describe_alarms()["MetricAlarms"]}

    def put(name, **other):
        values = {key: value for key, value in found[name].items() if key in kept}
        cloudwatch.put_metric_alarm(**{**values, "Threshold": found[name]["Threshold"], **other})

    put(names["cpu"], Threshold=12345.0)
    put(names["memory"], AlarmActions=[])
    cloudwatch.delete_alarms(AlarmNames=[names["throttled"]])
    body = json.dumps({"widgets": [{"type": "text", "width": 6, "height": 6, "properties": {"markdown": "mine"}}]})
    cloudwatch.put_dashboard(DashboardName=of("aws_cloudwatch_dashboard.main")["dashboard_name"], DashboardBody=body)


def topic():
    sns = hub.client("sns")
    sns.unsubscribe(SubscriptionArn=of("aws_sns_topic_subscription.alarms")["arn"])
    topic = of("aws_sns_topic.alarms")["arn"]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="mine")
    anybody = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": topic}],
    }
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(anybody))


def network():
    ec2 = hub.client("ec2")
    groups = {name: of(f"aws_security_group.{name}")["id"] for name in ("task", "load_balancer", "database")}
    world = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=groups["task"], IpPermissions=[world])
    rules = [one for one in hub.resources if one["type"] == "aws_vpc_security_group_ingress_rule"]
    removed = next(one for one in rules if one["name"] == "database")["instances"][0]
    ec2.revoke_security_group_ingress(
        GroupId=groups["database"], SecurityGroupRuleIds=[removed["attributes"]["security_group_rule_id"]]
    )
    changed = next(one for one in rules if one["name"] == "load_balancer")["instances"][0]
    was = changed["attributes"]
    ec2.modify_security_group_rules(
        GroupId=groups["load_balancer"],
        SecurityGroupRules=[
            {
                "SecurityGroupRuleId": was["security_group_rule_id"],
                "SecurityGroupRule": {
                    "IpProtocol": was["ip_protocol"],
                    "FromPort": was["from_port"],
                    "ToPort": was["to_port"],
                    "CidrIpv4": "0.0.0.0/0",
                    "Description": was["description"],
                },
            }
        ],
    )
    ec2.authorize_security_group_ingress(GroupId=of("aws_default_security_group.main")["id"], IpPermissions=[world])
    gateway = of("aws_internet_gateway.main")["id"]
    public, data = of("aws_route_table.public")["id"], of("aws_route_table.data")["id"]
    ec2.create_route(RouteTableId=data, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.delete_route(RouteTableId=public, DestinationCidrBlock="0.0.0.0/0")
    ec2.modify_subnet_attribute(SubnetId=of("aws_subnet.public", "a")["id"], MapPublicIpOnLaunch={"Value": True})
    ec2.modify_vpc_attribute(VpcId=of("aws_vpc.main")["id"], EnableDnsHostnames={"Value": False})
    ec2.create_tags(Resources=[of("aws_vpc.main")["id"]], Tags=[{"Key": "Name", "Value": "mine"}])
    ec2.delete_tags(Resources=[of("aws_internet_gateway.main")["id"]], Tags=[{"Key": "team"}])
    ec2.delete_flow_logs(FlowLogIds=[of("aws_flow_log.main")["id"]])
    ec2.modify_vpc_endpoint(VpcEndpointId=of("aws_vpc_endpoint.s3")["id"], PolicyDocument=json.dumps(EVERYTHING))
    ec2.disassociate_route_table(AssociationId=of("aws_route_table_association.data", "a")["id"])


def secrets():
    hub.client("secretsmanager").delete_secret(
        SecretId=of("aws_secretsmanager_secret.master_key")["arn"], RecoveryWindowInDays=30
    )
    hub.client("secretsmanager").delete_secret(SecretId="acme/openai", RecoveryWindowInDays=30)
    hub.client("secretsmanager").put_resource_policy(
        SecretId=of("aws_secretsmanager_secret.salt_key")["arn"],
        ResourcePolicy=json.dumps(letting_in("secretsmanager:GetSecretValue", Resource="*")),
    )


def service():
    ecs = hub.client("ecs")
    cluster, name = of("aws_ecs_cluster.main")["name"], of("aws_ecs_service.main")["name"]
    task = ecs.describe_task_definition(taskDefinition=of("aws_ecs_task_definition.main")["arn"])["taskDefinition"]
    kept = "family networkMode taskRoleArn executionRoleArn cpu memory requiresCompatibilities containerDefinitions".split()
    other = ecs.register_task_definition(**{name: task[name] for name in kept})["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(
        cluster=cluster, service=name, taskDefinition=other, desiredCount=20, enableExecuteCommand=True
    )
    ecs.update_cluster(cluster=cluster, settings=[{"name": "containerInsights", "value": "disabled"}])
    ecs.put_cluster_capacity_providers(cluster=cluster, capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=[])
    scaling = hub.client("application-autoscaling")
    target = of("aws_appautoscaling_target.main")
    where = {
        "ServiceNamespace": "ecs",
        "ResourceId": target["resource_id"],
        "ScalableDimension": target["scalable_dimension"],
    }
    scaling.register_scalable_target(MinCapacity=target["min_capacity"], MaxCapacity=10, **where)
    policies = next(one for one in hub.resources if one["type"] == "aws_appautoscaling_policy")["instances"]
    policy = policies[0]["attributes"]
    configured = scaling.describe_scaling_policies(ServiceNamespace="ecs", PolicyNames=[policy["name"]])["ScalingPolicies"][0]
    settings = configured["TargetTrackingScalingPolicyConfiguration"]
    settings["TargetValue"] = 95.0
    scaling.put_scaling_policy(
        PolicyName=policy["name"], PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=settings, **where
    )


def database():
    rds = hub.client("rds")
    cluster, writer = of("aws_rds_cluster.main"), of("aws_rds_cluster_instance.writer")
    major, minor = cluster["engine_version"].split(".")[:2]
    version = f"{major}.{int(minor) + 2}"
    rds.modify_db_cluster(
        DBClusterIdentifier=cluster["id"], EngineVersion=version, BackupRetentionPeriod=1, CopyTagsToSnapshot=False,
        ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 128.0},
    )
    rds.modify_db_instance(DBInstanceIdentifier=writer["identifier"], PubliclyAccessible=True)
    rds.modify_db_cluster_parameter_group(
        DBClusterParameterGroupName=of("aws_rds_cluster_parameter_group.database")["name"],
        Parameters=[{"ParameterName": "rds.force_ssl", "ParameterValue": "0", "ApplyMethod": "immediate"}],
    )


for change in (
    logs,
    repositories,
    configuration,
    buckets,
    keys,
    load_balancer,
    firewall,
    roles,
    accounts,
    alarms,
    topic,
    network,
    secrets,
    service,
    database,
):
    change()
