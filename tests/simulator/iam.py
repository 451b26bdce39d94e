"""Roles and policies."""

import json

from support import agree, equal, error, main, pick, simulator

TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}],
})
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b/*"}]})


def roles(cloud):
    iam = cloud.client("iam")
    made = iam.create_role(RoleName="app", Path="/team/", AssumeRolePolicyDocument=TRUST, Description="d", Tags=[{"Key": "k", "Value": "v"}])
    iam.put_role_policy(RoleName="app", PolicyName="read", PolicyDocument=POLICY)
    got = iam.get_role(RoleName="app")["Role"]
    answers = [
        pick(made["Role"], "Path", "RoleName", "Arn"),
        pick(got, "Path", "RoleName", "Arn", "AssumeRolePolicyDocument", "Description", "MaxSessionDuration", "Tags"),
        iam.list_role_policies(RoleName="app")["PolicyNames"],
        iam.get_role_policy(RoleName="app", PolicyName="read")["PolicyDocument"],
        iam.list_attached_role_policies(RoleName="app")["AttachedPolicies"],
        [role["RoleName"] for role in iam.list_roles(PathPrefix="/team/")["Roles"]],
        error(iam.get_role, RoleName="none"),
        error(iam.get_role_policy, RoleName="app", PolicyName="none"),
        error(iam.create_role, RoleName="app", AssumeRolePolicyDocument=TRUST),
        error(iam.delete_role, RoleName="app"),
    ]
    changed = json.loads(TRUST)
    changed["Statement"][0]["Principal"] = {"Service": "ec2.amazonaws.com"}
    iam.update_assume_role_policy(RoleName="app", PolicyDocument=json.dumps(changed))
    answers.append(iam.get_role(RoleName="app")["Role"]["AssumeRolePolicyDocument"])
    iam.delete_role_policy(RoleName="app", PolicyName="read")
    iam.delete_role(RoleName="app")
    answers.append(error(iam.get_role, RoleName="app"))
    return answers


def moto_agrees_on_roles():
    agree(roles)


def permissions_are_evaluated():
    iam = simulator().client("iam")
    arn = iam.create_role(RoleName="simulated", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.put_role_policy(RoleName="simulated", PolicyName="read", PolicyDocument=POLICY)
    results = iam.simulate_principal_policy(
        PolicySourceArn=arn, ActionNames=["s3:GetObject", "s3:PutObject"], ResourceArns=["arn:aws:s3:::b/k"]
    )["EvaluationResults"]
    equal([item["EvalDecision"] for item in results], ["allowed", "implicitDeny"])
    [result] = iam.simulate_principal_policy(
        PolicySourceArn=arn, ActionNames=["s3:GetObject"], ResourceArns=["arn:aws:s3:::b/k", "arn:aws:s3:::other/k"]
    )["EvaluationResults"]
    equal(result["EvalDecision"], "implicitDeny")
    equal([one["EvalResourceDecision"] for one in result["ResourceSpecificResults"]], ["allowed", "implicitDeny"])


main(moto_agrees_on_roles, permissions_are_evaluated)
