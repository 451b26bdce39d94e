"""Who am I, and may I be somebody else."""

import json

from support import SIMULATOR, Cloud, agree, equal, error, main, message, simulator

SPOKE = "222222222222"


def role(name, statement):
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", **statement}]}
    simulator(SPOKE).client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
    return f"arn:aws:iam::{SPOKE}:role/{name}"


def assume(cloud, arn, **more):
    return cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="test", **more)


def as_role(arn, **more):
    given = assume(simulator(), arn, **more)["Credentials"]
    return Cloud(SIMULATOR, given["AccessKeyId"], token=given["SessionToken"], secret=given["SecretAccessKey"])


HUB = {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}


def an_account_is_its_own_access_key():
    equal(simulator(SPOKE).client("sts").get_caller_identity()["Account"], SPOKE)


def a_trusted_account_assumes_the_role():
    arn = role("trusted", HUB)
    identity = as_role(arn).client("sts").get_caller_identity()
    equal((identity["Account"], identity["Arn"]), (SPOKE, f"arn:aws:sts::{SPOKE}:assumed-role/trusted/test"))


def another_account_is_refused():
    arn = role("not-mine", {"Principal": {"AWS": "arn:aws:iam::333333333333:root"}})
    equal(error(lambda: assume(simulator(), arn)), "AccessDenied")


def a_role_that_does_not_exist_is_refused_in_the_same_way():
    equal(error(lambda: assume(simulator(), f"arn:aws:iam::{SPOKE}:role/nobody")), "AccessDenied")


def the_external_id_must_be_right():
    arn = role("external", {**HUB, "Condition": {"StringEquals": {"sts:ExternalId": "right"}}})
    equal(error(lambda: assume(simulator(), arn)), "AccessDenied")
    equal(error(lambda: assume(simulator(), arn, ExternalId="wrong")), "AccessDenied")
    assume(simulator(), arn, ExternalId="right")


def a_principal_condition_sees_the_role_behind_a_session():
    hub = simulator().client("iam")
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
    for name in ["task", "other"]:
        hub.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        policy = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]}
        hub.put_role_policy(RoleName=name, PolicyName="assume", PolicyDocument=json.dumps(policy))
    arn = role("chained", {**HUB, "Condition": {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/task"}}})
    assume(as_role("arn:aws:iam::123456789012:role/task"), arn)
    equal(error(lambda: assume(as_role("arn:aws:iam::123456789012:role/other"), arn)), "AccessDenied")


def a_role_needs_permission_of_its_own_to_go_on():
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
    simulator().client("iam").create_role(RoleName="powerless", AssumeRolePolicyDocument=json.dumps(trust))
    arn = role("open-to-hub", HUB)
    equal(error(lambda: assume(as_role("arn:aws:iam::123456789012:role/powerless"), arn)), "AccessDenied")


def a_chained_session_lasts_an_hour_at_most():
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
    simulator().client("iam").create_role(RoleName="first", AssumeRolePolicyDocument=json.dumps(trust))
    session = as_role("arn:aws:iam::123456789012:role/first")
    equal(error(lambda: assume(session, role("second", HUB), DurationSeconds=7200)), "ValidationError")


def a_key_that_nobody_issued_is_refused():
    stranger = Cloud(SIMULATOR, "AKIAIOSFODNN7EXAMPLE")
    equal(error(stranger.client("sts").get_caller_identity), "InvalidClientTokenId")
    equal(error(stranger.client("ecs").list_clusters), "UnrecognizedClientException")
    equal(error(stranger.client("s3").list_buckets), "InvalidAccessKeyId")
    equal(error(stranger.client("ec2").describe_vpcs), "AuthFailure")


def a_session_token_belongs_to_its_key():
    given = assume(simulator(), role("token", HUB))["Credentials"]
    equal(error(Cloud(SIMULATOR, given["AccessKeyId"], token="other").client("sts").get_caller_identity), "InvalidClientTokenId")


def a_region_that_does_not_exist_is_refused():
    equal(error(simulator(region="us-east-9").client("ec2").describe_vpcs), "AuthFailure")


def a_call_that_is_not_modelled_is_named():
    equal(message(simulator().client("kms").list_keys), "gwinfra's simulator does not model kms:ListKeys")
    equal(message(simulator().client("sns").list_topics), "gwinfra's simulator does not model sns:ListTopics")
    equal(message(simulator().client("cloudwatch").list_metrics), "gwinfra's simulator does not model monitoring:ListMetrics")


def identities(cloud):
    return cloud.client("sts").get_caller_identity()["Account"]


def moto_agrees_on_identities():
    agree(identities)


main(
    an_account_is_its_own_access_key,
    a_trusted_account_assumes_the_role,
    another_account_is_refused,
    a_role_that_does_not_exist_is_refused_in_the_same_way,
    the_external_id_must_be_right,
    a_principal_condition_sees_the_role_behind_a_session,
    a_role_needs_permission_of_its_own_to_go_on,
    a_chained_session_lasts_an_hour_at_most,
    a_key_that_nobody_issued_is_refused,
    a_session_token_belongs_to_its_key,
    a_region_that_does_not_exist_is_refused,
    a_call_that_is_not_modelled_is_named,
    moto_agrees_on_identities,
)
