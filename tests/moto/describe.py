"""What an account has, as the AWS APIs describe it, with the ids and names that must differ between two deployments
put into words: for comparing what two engines made.

    describe.py ENDPOINT ACCOUNT hub|bedrock

The answer is JSON on the standard output: for each kind, things by a name that is the same in both.
"""

import json
import re
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = "us-east-1"

# Names and ids that AWS, an engine or an emulator makes up, in words that are the same for both.
MADE_UP = [
    (r"key/[0-9a-f-]{36}", "key/KEY"),
    (r"secret:rds!cluster-[0-9a-f-]{36}-\w{6}", "secret:DATABASE"),
    (r"(?i)secret:acme-llm-[\w-]*(master|salt)-?key[\w-]*", lambda found: f"secret:{found[1].upper()}"),
    (r"acme-llm-(?:foundation-)?(config|requests|logs)(?:bucket)?-[0-9a-z]+", r"BUCKET-\1"),
    (r"acme-llm-(?:data-databasecluster|database)[\w-]*\.cluster-\w+\.us-east-1", "DATABASE.us-east-1"),
    # Pushed to one, assumed in the other.
    (r"@sha256:[0-9a-f]{64}", "@DIGEST"),
    # CloudFormation makes up the name of the one role that nothing else has to know.
    (r"acme-llm-data-DatabaseMonitoringRole-\w+", "acme-llm-database-monitoring"),
]

# What differs on purpose, or because an emulator leaves it out.
LEFT_OUT = {
    # CloudFormation cannot make a group without egress: a rule to nowhere takes the place of the default rule to everywhere.
    "127.0.0.1/32",
}


def session(endpoint, account):
    """A session in the account, through the role that deploys there."""
    own = boto3.Session(account, "none", region_name=REGION)
    sts = own.client("sts", endpoint_url=endpoint)
    if sts.get_caller_identity()["Account"] == account:
        return own
    role = f"arn:aws:iam::{account}:role/gwinfra-deploy"
    answer = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    return boto3.Session(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"], region_name=REGION)


def tags(found, names=("Key", "Value")):
    """Tags that the deployment gives, without those of an engine and without the names of things."""
    key, value = names
    every = {tag[key]: tag[value] for tag in found or []}
    return {name: text for name, text in every.items() if not name.startswith("aws:")}


class Account:
    def __init__(self, endpoint, account):
        own = session(endpoint, account)
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        self.client = lambda service: own.client(service, endpoint_url=endpoint, config=config)
        self.account = account
        # Ids of this account in words: the longest first, as some are parts of others.
        self.words = {account: "ACCOUNT"}

    def call(self, identifier, words):
        """Puts words in the place of an id, which must have been met already when something refers to it."""
        self.words[identifier] = words

    def plain(self, value):
        """A value with its ids in words and its lists of plain values sorted."""
        if isinstance(value, str):
            if value.startswith(("{", "[")):
                try:
                    return self.plain(json.loads(value))
                except ValueError:
                    pass
            for identifier in sorted(self.words, key=len, reverse=True):
                value = value.replace(identifier, self.words[identifier])
            for pattern, words in MADE_UP:
                value = re.sub(pattern, words, value)
            return value
        if isinstance(value, list):
            plain = [self.plain(item) for item in value]
            # One action and a list of one are the same to IAM.
            return plain[0] if len(plain) == 1 and isinstance(plain[0], str) else sorted(plain, key=lambda item: json.dumps(item, sort_keys=True))
        if isinstance(value, dict):
            # An emulator may say nothing of what is empty.
            plain = {self.plain(key): self.plain(item) for key, item in value.items()}
            return {key: item for key, item in plain.items() if item not in (None, [], "", False)}
        return value

    def network(self):
        ec2 = self.client("ec2")
        vpc = next(vpc for vpc in ec2.describe_vpcs()["Vpcs"] if tags(vpc.get("Tags")).get("gwinfra:deployment"))
        self.call(vpc["VpcId"], "VPC")
        inside = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
        subnets = ec2.describe_subnets(Filters=inside)["Subnets"]
        for subnet in subnets:
            self.call(subnet["SubnetId"], "SUBNET " + subnet["CidrBlock"])
        groups = [group for group in ec2.describe_security_groups(Filters=inside)["SecurityGroups"] if group["GroupName"] != "default"]
        for group in groups:
            self.call(group["GroupId"], "GROUP " + group["Description"])
        found = {
            "vpc": {"vpc": {key: vpc.get(key) for key in ("CidrBlock", "InstanceTenancy")} | {"tags": tags(vpc.get("Tags"))}},
            "subnet": {
                subnet["CidrBlock"]: {
                    "zone": subnet["AvailabilityZone"],
                    "public": subnet.get("MapPublicIpOnLaunch", False),
                    "tags": tags(subnet.get("Tags")),
                }
                for subnet in subnets
            },
            "security group": {group["Description"]: {"tags": tags(group.get("Tags"))} for group in groups},
        }
        rules = []
        for direction in ("IpPermissions", "IpPermissionsEgress"):
            for group in groups:
                for rule in group[direction]:
                    ends = [peer.get("CidrIp") for peer in rule.get("IpRanges", [])]
                    ends += [peer["GroupId"] for peer in rule.get("UserIdGroupPairs", [])]
                    for end in (end for end in ends if end not in LEFT_OUT):
                        port = (rule["IpProtocol"], rule.get("FromPort"), rule.get("ToPort"))
                        rules.append(f"{direction} {group['Description']} {port} {end}")
        found["security group rule"] = {self.plain(rule): True for rule in rules}
        return found

    def roles(self):
        iam = self.client("iam")
        found = {}
        for role in iam.list_roles()["Roles"]:
            name = role["RoleName"]
            if not name.startswith("acme"):
                continue
            attached = [policy["PolicyArn"] for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]]
            documents = []
            for arn in attached:
                if ":aws:policy/" in arn:
                    documents.append(arn)
                    continue
                version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
                documents.append(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])
            inline = [
                iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
                for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
            ]
            found[name] = {
                "trust": role["AssumeRolePolicyDocument"],
                "attached": documents,
                "inline": inline,
                "session": role.get("MaxSessionDuration"),
            }
        return {"role": found}

    def kinds(self, what):
        """What to ask for: an account of Bedrock has a role and nothing else."""
        if what == "bedrock":
            return [self.roles]
        return [self.network, self.roles, self.logs, self.repositories, self.tasks, self.balancer, self.alarms]

    def logs(self):
        groups = self.client("logs").describe_log_groups()["logGroups"]
        # RDS names a cluster's group after the cluster, whose name CloudFormation makes.
        name = lambda group: re.sub(r"^(/aws/rds/cluster)/[^/]+", r"\1/CLUSTER", group["logGroupName"])
        return {"log group": {name(group): {"days": group.get("retentionInDays"), "encrypted": bool(group.get("kmsKeyId"))} for group in groups}}

    def repositories(self):
        found = self.client("ecr").describe_repositories()["repositories"]
        return {
            "repository": {
                one["repositoryName"]: {
                    "tags": one.get("imageTagMutability"),
                    "encryption": one.get("encryptionConfiguration", {}).get("encryptionType"),
                    "scan": one.get("imageScanningConfiguration"),
                }
                for one in found
            }
        }

    def tasks(self):
        ecs = self.client("ecs")
        definition = ecs.describe_task_definition(taskDefinition="acme-llm-gateway")["taskDefinition"]
        service = ecs.describe_services(cluster="acme-llm", services=["acme-llm-gateway"])["services"][0]
        keys = ("cpu", "memory", "networkMode", "runtimePlatform", "containerDefinitions", "requiresCompatibilities")
        return {
            "task definition": {"gateway": {key: definition.get(key) for key in keys}},
            "service": {"gateway": {"network": service.get("networkConfiguration"), "controller": service.get("deploymentController")}},
        }

    @staticmethod
    def actions(found):
        """Actions with what AWS fills in. There is one of each, so its order says nothing."""
        filled = []
        for action in found:
            action = {key: value for key, value in action.items() if key != "Order"}
            if "RedirectConfig" in action:
                rest = {"Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}
                action["RedirectConfig"] = rest | action["RedirectConfig"]
            filled.append(action)
        return filled

    def balancer(self):
        elb = self.client("elbv2")
        balancers = elb.describe_load_balancers()["LoadBalancers"]
        groups = elb.describe_target_groups()["TargetGroups"]
        for group in groups:
            self.call(group["TargetGroupArn"], f"TARGETS {group['Port']}")
        keys = ("Protocol", "Port", "TargetType", "HealthCheckPath", "HealthCheckIntervalSeconds", "HealthyThresholdCount", "Matcher")
        found = {
            "load balancer": {one["Type"]: {"groups": one.get("SecurityGroups"), "subnets": sorted(zone["SubnetId"] for zone in one["AvailabilityZones"])} for one in balancers},
            "target group": {str(group["Port"]): {key: group.get(key) for key in keys} for group in groups},
        }
        listeners = elb.describe_listeners(LoadBalancerArn=balancers[0]["LoadBalancerArn"])["Listeners"]
        found["listener"] = {
            str(one["Port"]): {
                "protocol": one["Protocol"],
                # moto names one for plain HTTP, too.
                "policy": one.get("SslPolicy") if one["Protocol"] == "HTTPS" else None,
                "certificates": one.get("Certificates"),
                "actions": self.actions(one["DefaultActions"]),
            }
            for one in listeners
        }
        rules = {}
        for listener in listeners:
            for rule in elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
                if not rule["IsDefault"]:
                    rules[f"{listener['Port']} {rule['Priority']}"] = {"conditions": rule["Conditions"], "actions": self.actions(rule["Actions"])}
        found["listener rule"] = rules
        return found

    def alarms(self):
        try:
            alarms = self.client("cloudwatch").describe_alarms()["MetricAlarms"]
        except ClientError as error:
            # The simulator answers only Cloud Control for alarms. Its properties have the names of the service's.
            if error.response["Error"]["Code"] != "InvalidAction":
                raise
            listed = self.client("cloudcontrol").list_resources(TypeName="AWS::CloudWatch::Alarm")
            alarms = [json.loads(one["Properties"]) for one in listed["ResourceDescriptions"]]
        keys = ("MetricName", "Namespace", "Threshold", "ComparisonOperator", "EvaluationPeriods", "Period", "Statistic", "TreatMissingData", "DatapointsToAlarm")
        return {"alarm": {one["AlarmName"]: {key: one.get(key) for key in keys} for one in alarms if one["AlarmName"].startswith("acme")}}


def main(endpoint, account, what):
    own = Account(endpoint, account)
    found = {}
    for kind in own.kinds(what):
        found.update(kind())
    json.dump(own.plain(found), sys.stdout, sort_keys=True, indent=1)


main(*sys.argv[1:])
