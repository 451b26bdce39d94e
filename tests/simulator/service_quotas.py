"""Quotas of Bedrock: what applies to an account, and what accounts have by default."""

import json
import os
import subprocess
import sys

from support import SIMULATOR, equal, error, main, message, simulator

SONNET = "L-F4DDD3EB"
PER_DAY = "L-381AD9EE"


def quotas(account="123456789012", **more):
    return simulator(account, **more).client("service-quotas")


def every_default_is_listed_in_pages():
    pages = quotas().get_paginator("list_aws_default_service_quotas").paginate(
        ServiceCode="bedrock", PaginationConfig={"PageSize": 5}
    )
    listed = [quota for page in pages for quota in page["Quotas"]]
    codes = [quota["QuotaCode"] for quota in listed]
    equal(len(codes), len(set(codes)))
    sonnet = next(quota for quota in listed if quota["QuotaCode"] == SONNET)
    equal(sonnet["QuotaName"], "Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1")
    equal((sonnet["Value"], sonnet["Adjustable"], sonnet["GlobalQuota"]), (5e6, True, False))
    equal(sonnet["QuotaArn"], f"arn:aws:servicequotas:us-east-1::bedrock/{SONNET}")


def a_default_is_the_one_that_is_listed():
    quota = quotas().get_aws_default_service_quota(ServiceCode="bedrock", QuotaCode=SONNET)["Quota"]
    listed = quotas().list_aws_default_service_quotas(ServiceCode="bedrock")["Quotas"]
    equal(quota, next(one for one in listed if one["QuotaCode"] == SONNET))


def an_account_has_the_default_until_it_is_given_more():
    quota = quotas("222222222222").get_service_quota(ServiceCode="bedrock", QuotaCode=SONNET)["Quota"]
    equal((quota["Value"], quota["QuotaAppliedAtLevel"]), (5e6, "ACCOUNT"))
    equal(quota["QuotaArn"], f"arn:aws:servicequotas:us-east-1:222222222222:bedrock/{SONNET}")


def a_quota_without_an_applied_value_is_neither_got_nor_listed():
    equal(
        error(lambda: quotas().get_service_quota(ServiceCode="bedrock", QuotaCode=PER_DAY)), "NoSuchResourceException"
    )
    listed = quotas().list_service_quotas(ServiceCode="bedrock")["Quotas"]
    assert PER_DAY not in [quota["QuotaCode"] for quota in listed]
    assert SONNET in [quota["QuotaCode"] for quota in listed]


def what_does_not_exist_is_refused():
    equal(
        error(lambda: quotas().get_service_quota(ServiceCode="bedrock", QuotaCode="L-00000000")),
        "NoSuchResourceException",
    )
    equal(error(lambda: quotas().list_service_quotas(ServiceCode="nothing")), "NoSuchResourceException")
    equal(
        error(lambda: quotas().list_service_quotas(ServiceCode="bedrock", NextToken="mine")),
        "InvalidPaginationTokenException",
    )


def another_call_is_named():
    equal(
        message(lambda: quotas().list_services()), "gwinfra's simulator does not model servicequotas:ListServices"
    )


def the_aws_cli_reads_them_too():
    command = [sys.executable, "-m", "awscli", "service-quotas", "get-service-quota"]
    command += ["--service-code", "bedrock", "--quota-code", SONNET, "--region", "us-east-1"]
    keys = {"AWS_ACCESS_KEY_ID": "333333333333", "AWS_SECRET_ACCESS_KEY": "x", "AWS_ENDPOINT_URL": SIMULATOR}
    printed = subprocess.run(command, env={**os.environ, **keys}, check=True, capture_output=True, text=True).stdout
    equal(json.loads(printed)["Quota"]["Value"], 5e6)


main(
    every_default_is_listed_in_pages,
    a_default_is_the_one_that_is_listed,
    an_account_has_the_default_until_it_is_given_more,
    a_quota_without_an_applied_value_is_neither_got_nor_listed,
    what_does_not_exist_is_refused,
    another_call_is_named,
    the_aws_cli_reads_them_too,
)
