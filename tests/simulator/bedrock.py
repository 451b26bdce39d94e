"""Access to models, asked for with the AWS CLI: the boto3 of these tests is older than the call."""

import json
import os
import subprocess
import sys

from support import SIMULATOR, equal, main

HAIKU = "anthropic.claude-3-haiku-20240307-v1:0"


def aws(*arguments, account="222222222222"):
    """What `aws bedrock` prints, and what it says on stderr."""
    command = [sys.executable, "-m", "awscli", "bedrock", *arguments, "--region", "us-east-1", "--output", "json"]
    keys = {"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "x", "AWS_ENDPOINT_URL": SIMULATOR}
    done = subprocess.run(command, env={**os.environ, **keys}, capture_output=True, text=True)
    return done.stdout, done.stderr


def availability(model):
    return aws("get-foundation-model-availability", "--model-id", model)


def every_account_has_access_to_a_foundation_model():
    printed, said = availability(HAIKU)
    equal(said, "")
    equal(
        json.loads(printed),
        {
            "modelId": HAIKU,
            "agreementAvailability": {"status": "AVAILABLE"},
            "authorizationStatus": "AUTHORIZED",
            "entitlementAvailability": "AVAILABLE",
            "regionAvailability": "AVAILABLE",
        },
    )


def an_inference_profile_is_no_foundation_model():
    _, said = availability(f"us.{HAIKU}")
    assert "(ValidationException)" in said, said


def another_call_is_named():
    _, said = aws("list-foundation-models")
    assert "gwinfra's simulator does not model bedrock:GET /foundation-models" in said, said


main(
    every_account_has_access_to_a_foundation_model,
    an_inference_profile_is_no_foundation_model,
    another_call_is_named,
)
