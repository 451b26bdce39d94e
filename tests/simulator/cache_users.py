"""Users of caches and their groups, as ElastiCache tells of them and changes them."""

import json

from support import equal, error, main, simulator

USER, GROUP = "AWS::ElastiCache::User", "AWS::ElastiCache::UserGroup"


def made(control, kind, **properties):
    answer = control.create_resource(TypeName=kind, DesiredState=json.dumps(properties))
    token = answer["ProgressEvent"]["RequestToken"]
    control.get_waiter("resource_request_success").wait(RequestToken=token, WaiterConfig={"Delay": 0.01, "MaxAttempts": 500})


def users(account, engine="valkey", **more):
    """A user and its group. A user named default is in it where the engine asks for one."""
    cloud = simulator(account)
    control = cloud.client("cloudcontrol")
    mode = {"Type": "password", "Passwords": ["canary-0123456789"]}
    own = dict(Engine=engine, AccessString="off +get ~keys*", AuthenticationMode=mode) | more
    made(control, USER, UserId="own", UserName="own", **own)
    ids = ["own"]
    if engine == "redis":
        made(control, USER, UserId="default-off", UserName="default", **own)
        ids.insert(0, "default-off")
    made(control, GROUP, UserGroupId="group", Engine=engine, UserIds=ids)
    return cloud.client("elasticache"), control


def one(client):
    (user,) = client.describe_users(UserId="own")["Users"]
    return user


def a_user_is_told_with_what_it_may_do_and_without_passwords():
    client, _ = users("141414141401")
    user = one(client)
    equal((user["AccessString"], user["Engine"], user["Status"]), ("off ~keys* -@all +get", "valkey", "active"))
    equal(user["Authentication"], {"Type": "password", "PasswordCount": 1})
    equal(user["UserGroupIds"], ["group"])
    assert "canary" not in json.dumps(user), user


def what_a_change_does_not_say_stays():
    client, control = users("141414141402")
    changed = client.modify_user(UserId="own", AccessString="on ~* &* +@all")
    equal((changed["AccessString"], changed["Authentication"]["PasswordCount"]), ("on ~* &* +@all", 1))
    client.modify_user(UserId="own", AppendAccessString="-@dangerous")
    equal(one(client)["AccessString"], "on ~* &* +@all -@dangerous")
    both = dict(UserId="own", AccessString="on", AppendAccessString="off")
    equal(error(client.modify_user, **both), "InvalidParameterCombination")
    found = control.get_resource(TypeName=USER, Identifier="own")["ResourceDescription"]["Properties"]
    assert "AccessString" not in json.loads(found), found


def how_a_user_is_let_in_is_changed_in_each_way():
    client, _ = users("141414141403")
    two = ["canary-0123456789", "canary-9876543210"]
    client.modify_user(UserId="own", Passwords=two)
    equal(one(client)["Authentication"], {"Type": "password", "PasswordCount": 2})
    client.modify_user(UserId="own", NoPasswordRequired=True)
    equal(one(client)["Authentication"], {"Type": "no-password"})
    client.modify_user(UserId="own", AuthenticationMode={"Type": "iam"})
    equal(one(client)["Authentication"], {"Type": "iam"})
    client.modify_user(UserId="own", AuthenticationMode={"Type": "password", "Passwords": two[:1]})
    equal(one(client)["Authentication"]["PasswordCount"], 1)
    equal(error(client.modify_user, UserId="own", AuthenticationMode={"Type": "password"}), "InvalidParameterValue")


def users_come_into_a_group_and_go():
    client, control = users("141414141404")
    made(control, USER, UserId="other", UserName="other", Engine="valkey", AccessString="off -@all",
         AuthenticationMode={"Type": "iam"})
    client.modify_user_group(UserGroupId="group", UserIdsToAdd=["other"])
    (group,) = client.describe_user_groups(UserGroupId="group")["UserGroups"]
    equal(group["UserIds"], ["own", "other"])
    client.modify_user_group(UserGroupId="group", UserIdsToRemove=["own"])
    (group,) = client.describe_user_groups()["UserGroups"]
    equal(group["UserIds"], ["other"])
    equal(error(client.modify_user_group, UserGroupId="group", UserIdsToAdd=["no"]), "UserNotFound")


def redis_keeps_a_default_user():
    client, _ = users("141414141405", engine="redis")
    equal(len(client.describe_users(Engine="redis")["Users"]), 2)
    take = dict(UserGroupId="group", UserIdsToRemove=["default-off"])
    equal(error(client.modify_user_group, **take), "DefaultUserRequired")


def what_is_not_there_is_not_found():
    client = simulator("141414141406").client("elasticache")
    equal((client.describe_users()["Users"], client.describe_user_groups()["UserGroups"]), ([], []))
    equal(error(client.describe_users, UserId="no"), "UserNotFound")
    equal(error(client.modify_user, UserId="no", AccessString="on"), "UserNotFound")
    equal(error(client.describe_user_groups, UserGroupId="no"), "UserGroupNotFound")


main(
    a_user_is_told_with_what_it_may_do_and_without_passwords,
    what_a_change_does_not_say_stays,
    how_a_user_is_let_in_is_changed_in_each_way,
    users_come_into_a_group_and_go,
    redis_keeps_a_default_user,
    what_is_not_there_is_not_found,
)
