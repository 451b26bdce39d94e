"""The AWS CLI, as somebody types it."""

import json
import os
import subprocess
import sys
import tempfile

from support import SIMULATOR, equal, main

AWS = os.path.join(os.path.dirname(sys.executable), "aws")


def aws(*arguments, account="123456789012"):
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": SIMULATOR,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_PAGER": "",
        "AWS_MAX_ATTEMPTS": "1",
    }
    done = subprocess.run([AWS, *arguments, "--output", "json"], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"aws {' '.join(arguments)}: {done.stderr.strip()}")
    return json.loads(done.stdout) if done.stdout.strip().startswith(("{", "[")) else done.stdout


def the_caller_is_the_account_of_its_key():
    equal(aws("sts", "get-caller-identity", account="999988887777")["Account"], "999988887777")


def files_are_copied_to_a_bucket_and_back():
    with tempfile.TemporaryDirectory() as folder:
        sent, got = os.path.join(folder, "sent"), os.path.join(folder, "got")
        with open(sent, "wb") as file:
            file.write(b"content")
        aws("s3", "mb", "s3://copied")
        aws("s3", "cp", sent, "s3://copied/a/b.txt")
        aws("s3", "cp", "s3://copied/a/b.txt", got)
        with open(got, "rb") as file:
            equal(file.read(), b"content")
        aws("s3", "rb", "--force", "s3://copied")


def a_resource_is_changed_behind_everybodys_back():
    made = aws("cloudcontrol", "create-resource", "--type-name", "AWS::SNS::Topic", "--desired-state", '{"TopicName": "t"}')
    aws("cloudcontrol", "wait", "resource-request-success", "--request-token", made["ProgressEvent"]["RequestToken"])
    topic = made["ProgressEvent"]["Identifier"]
    patch = '[{"op": "add", "path": "/DisplayName", "value": "d"}]'
    aws("cloudcontrol", "update-resource", "--type-name", "AWS::SNS::Topic", "--identifier", topic, "--patch-document", patch)
    got = aws("cloudcontrol", "get-resource", "--type-name", "AWS::SNS::Topic", "--identifier", topic)
    equal(json.loads(got["ResourceDescription"]["Properties"])["DisplayName"], "d")


TEMPLATE = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "%s"}}}}'


def a_stack_is_deployed_twice_and_deleted():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "template.json")
        for display in ["a", "b"]:
            with open(path, "w", encoding="utf-8") as file:
                file.write(TEMPLATE % display)
            aws("cloudformation", "deploy", "--stack-name", "deployed", "--template-file", path)
    stack = aws("cloudformation", "describe-stacks", "--stack-name", "deployed")["Stacks"][0]
    equal(stack["StackStatus"], "UPDATE_COMPLETE")
    aws("cloudformation", "delete-stack", "--stack-name", "deployed")
    aws("cloudformation", "wait", "stack-delete-complete", "--stack-name", "deployed")


main(
    the_caller_is_the_account_of_its_key,
    files_are_copied_to_a_bucket_and_back,
    a_resource_is_changed_behind_everybodys_back,
    a_stack_is_deployed_twice_and_deleted,
)
