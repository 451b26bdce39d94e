"""Changes resources of simulated accounts behind CloudFormation's back: through the Cloud Control API with the AWS CLI, and by
calls of others.

Takes the URL of the accounts, and on standard input a list of changes: account, and either a stack with a logical id and
what to do with it, a type with an `identifier` and what to do with it, a type and the properties of a resource to make, or a
call, `ecs.update_service`, and what it is given `with`. `{stack.LogicalId}` in a value is the physical id, `{stack!Name}` the
output.
"""

import json
import pathlib
import re
import subprocess
import sys

import boto3

URL = sys.argv[1]


def client(account, service):
    return boto3.client(
        service,
        endpoint_url=URL,
        region_name="us-east-1",
        aws_access_key_id=account,
        aws_secret_access_key="none",
    )


def physical(account, stack, logical):
    found = client(account, "cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId=logical)
    detail = found["StackResourceDetail"]
    return detail["ResourceType"], detail["PhysicalResourceId"]


# What the list handlers of some types ask for.
MODELS = {"AWS::ApplicationAutoScaling::ScalingPolicy": {"ServiceNamespace": "ecs"}}


def identifier(control, kind, physical_id):
    """The resource whose identifier, or a part of it, is what CloudFormation calls it."""
    model = {"ResourceModel": json.dumps(MODELS[kind])} if kind in MODELS else {}
    for page in control.get_paginator("list_resources").paginate(TypeName=kind, **model):
        for resource in page["ResourceDescriptions"]:
            own = resource["Identifier"]
            if own == physical_id or physical_id in own.split("|") or own in physical_id.split("|"):
                return own
    sys.exit(f"{kind} {physical_id} is not there")


def filled(account, value):
    """The value with its references to physical ids."""
    replace = lambda match: physical(account, match[1], match[2])[1]
    text = re.sub(r"\{([a-z-]+)\.([A-Za-z0-9]+)\}", replace, json.dumps(value))
    replace = lambda match: output(account, match[1], match[2])
    return json.loads(re.sub(r"\{([a-z-]+)!([A-Za-z0-9]+)\}", replace, text))


def output(account, stack, name):
    outputs = client(account, "cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    return next(output["OutputValue"] for output in outputs if output["OutputKey"] == name)


cli = None


def control(account, command, given):
    """Calls the Cloud Control API with the AWS CLI, and gives its answer."""
    global cli
    if cli is None:
        program = pathlib.Path(__file__).with_name("cloudcontrol.py")
        cli = subprocess.Popen([sys.executable, program, URL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    cli.stdin.write(json.dumps([account, command, given]) + "\n")
    cli.stdin.flush()
    return json.loads(cli.stdout.readline() or sys.exit(f"the AWS CLI has failed at {command} {given}"))


for change in json.load(sys.stdin):
    account = change.get("account", "111122223333")
    if "call" in change:
        service, method = change["call"].split(".")
        getattr(client(account, service), method)(**filled(account, change["with"]))
        continue
    if "create" in change:
        state = filled(account, change["create"])
        answer = control(account, "create-resource", {"TypeName": change["type"], "DesiredState": json.dumps(state)})
    else:
        if "identifier" in change:
            kind, own = change["type"], filled(account, change["identifier"])
        else:
            kind, physical_id = physical(account, change["stack"], change["resource"])
            own = identifier(client(account, "cloudcontrol"), kind, physical_id)
        which = {"TypeName": kind, "Identifier": own}
        if change.get("delete"):
            answer = control(account, "delete-resource", which)
        else:
            patch = {"PatchDocument": json.dumps(filled(account, change["patch"]))}
            answer = control(account, "update-resource", which | patch)
    event = answer["ProgressEvent"]
    while event["OperationStatus"] in ("PENDING", "IN_PROGRESS"):
        token = {"RequestToken": event["RequestToken"]}
        event = control(account, "get-resource-request-status", token)["ProgressEvent"]
    if event["OperationStatus"] != "SUCCESS":
        sys.exit(f"{change}: {event}")
if cli is not None:
    cli.stdin.close()
    cli.wait()
