# Takes on a role in another account with the mocked STS, and calls the mocked Bedrock with it.
import json, sys

import boto3

url = sys.argv[1]
hub = boto3.Session(aws_access_key_id="AKIA222222222222TASK", aws_secret_access_key="none")
given = hub.client("sts", endpoint_url=url, region_name="us-west-2").assume_role(
    RoleArn="arn:aws:iam::333333333333:role/acme-llm-bedrock", RoleSessionName="acme-llm", ExternalId="any",
)["Credentials"]
spoke = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def call(session, region):
    client = session.client("bedrock-runtime", endpoint_url=url, region_name=region)
    client.converse(modelId="m", messages=[{"role": "user", "content": [{"text": "Are you there?"}]}])


call(hub, "us-west-2")
call(spoke, "eu-west-1")
call(spoke, "eu-west-1")
print(json.dumps({"identity": spoke.client("sts", endpoint_url=url, region_name="eu-west-1").get_caller_identity()["Account"]}))
