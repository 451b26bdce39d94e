"""What the client scripts share: clients for one endpoint, and running one script against two implementations."""

import os
import re
import sys

import boto3
import botocore.config
import botocore.exceptions

SIMULATOR = os.environ["GWINFRA_SIMULATOR"]
# A second implementation of the same calls; empty where it is not installed.
MOTO = os.environ.get("GWINFRA_MOTO", "")

# moto's only default account. The simulator takes an account id as access key id.
ACCOUNT = "123456789012"
REGION = "us-east-1"


class Cloud:
    """Clients for one account and region of one implementation."""

    def __init__(self, endpoint, account=ACCOUNT, region=REGION, token=None, secret="x"):
        self.endpoint, self.region = endpoint, region
        self.session = boto3.session.Session(account, secret, token, region_name=region)

    def client(self, service):
        config = botocore.config.Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        return self.session.client(service, endpoint_url=self.endpoint, config=config)


def simulator(account=ACCOUNT, region=REGION, **rest):
    return Cloud(SIMULATOR, account, region, **rest)


def refusal(call, **arguments):
    """What a call that must fail is refused with."""
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as refused:
        return refused.response["Error"]
    raise AssertionError(f"{call.__name__} did not fail")


def error(call, **arguments):
    """The error code of a call that must fail."""
    return refusal(call, **arguments)["Code"]


def message(call, **arguments):
    """The text of a call that must fail."""
    return refusal(call, **arguments)["Message"]


def equal(found, wanted, what=""):
    if found != wanted:
        raise AssertionError(f"{what}\n  found:  {found!r}\n  wanted: {wanted!r}")


def agree(script):
    """Runs a script against both implementations; what it returns must be equal, but for made-up identifiers."""
    ours = plain(script(simulator()))
    if not MOTO:
        print(f"skipped: {script.__name__} was not compared with moto (pip install 'moto[server]')")
        return
    theirs = plain(script(Cloud(MOTO)))
    equal(ours, theirs, f"{script.__name__}: gwinfra's simulator and moto differ")


IDENTIFIER = re.compile(r"\b(vpc|subnet|sg|igw|rtb|eni|nat|acl|vpce)-[0-9a-f]{8,17}\b")


def plain(value):
    """A value with its identifiers replaced by their kind."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return IDENTIFIER.sub(r"\1-*", value)
    return value


def pick(mapping, *names):
    return {name: mapping.get(name) for name in names}


def main(*scripts):
    """Runs the functions of a script, each on its own, and reports all failures."""
    failed = 0
    for script in scripts:
        try:
            script()
            print(f"ok {script.__name__}")
        except Exception as problem:  # noqa: BLE001 (a test runner reports everything)
            failed += 1
            print(f"FAILED {script.__name__}: {type(problem).__name__}: {problem}")
    sys.exit(1 if failed else 0)
