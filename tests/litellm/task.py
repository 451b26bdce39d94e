# Gives the credentials of the gateway's task role in simulated accounts, as JSON, and changes roles' trust.
#
#     task.py ENDPOINT HUB ROLE                     the credentials
#     task.py ENDPOINT ACCOUNT ROLE EXTERNAL_ID     the role asks for another external id from now on
#
# Only ECS may take the task role on. For the moment in which its credentials are fetched, the account's administrator may, too.
import json, sys

import boto3

endpoint, account, role = sys.argv[1:4]


def client(name):
    return boto3.client(
        name, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=account, aws_secret_access_key="none"
    )


iam = client("iam")
found = iam.get_role(RoleName=role)["Role"]
trust = found["AssumeRolePolicyDocument"]


def put(policy):
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(policy))


if external_id := sys.argv[4:]:
    for statement in trust["Statement"]:
        statement["Condition"]["StringEquals"]["sts:ExternalId"] = external_id[0]
    put(trust)
    print("null")
else:
    administrator = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
    put(trust | {"Statement": [*trust["Statement"], administrator]})
    given = client("sts").assume_role(RoleArn=found["Arn"], RoleSessionName="task")["Credentials"]
    put(trust)
    print(json.dumps({name: given[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")}))
