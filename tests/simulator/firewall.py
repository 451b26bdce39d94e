"""Web ACLs, IP sets, associations and settings of logs, as AWS WAF tells of them and changes them."""

import json

from support import ACCOUNT, REGION, equal, error, main, message, refusal, simulator

SCOPE = "REGIONAL"


def made(control, kind, **properties):
    answer = control.create_resource(TypeName=kind, DesiredState=json.dumps(properties))
    token = answer["ProgressEvent"]["RequestToken"]
    control.get_waiter("resource_request_success").wait(RequestToken=token, WaiterConfig={"Delay": 0.01, "MaxAttempts": 500})
    identifier = control.get_resource_request_status(RequestToken=token)["ProgressEvent"]["Identifier"]
    found = control.get_resource(TypeName=kind, Identifier=identifier)
    return json.loads(found["ResourceDescription"]["Properties"])


def visible(name):
    return {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name}


class Firewall:
    """A web ACL with a rule about an IP set, in an account of its own."""

    def __init__(self, account):
        cloud = simulator(account)
        self.control, self.waf = cloud.client("cloudcontrol"), cloud.client("wafv2")
        self.ips = made(
            self.control, "AWS::WAFv2::IPSet", Name="blocked", Scope=SCOPE, IPAddressVersion="IPV4",
            Addresses=["203.0.113.0/24"],
        )
        rule = dict(
            Name="blocked", Priority=0, Action={"Block": {}}, VisibilityConfig=visible("blocked"),
            Statement={"IPSetReferenceStatement": {"Arn": self.ips["Arn"]}},
        )
        self.acl = made(
            self.control, "AWS::WAFv2::WebACL", Name="own", Scope=SCOPE, DefaultAction={"Allow": {}}, Rules=[rule],
            VisibilityConfig=visible("own"), Tags=[{"Key": "team", "Value": "platform"}],
        )
        self.named = dict(Name="own", Scope=SCOPE, Id=self.acl["Id"])

    def get(self):
        found = self.waf.get_web_acl(**self.named)
        return found["WebACL"], found["LockToken"]

    def update(self, token, **changes):
        acl, _ = self.get()
        whole = {name: acl[name] for name in ("DefaultAction", "Rules", "VisibilityConfig")}
        return self.waf.update_web_acl(**self.named, LockToken=token, **(whole | changes))

    def balancer(self):
        vpc = made(self.control, "AWS::EC2::VPC", CidrBlock="10.0.0.0/16")["VpcId"]
        subnets = [
            made(self.control, "AWS::EC2::Subnet", VpcId=vpc, CidrBlock=block, AvailabilityZone=REGION + zone)["SubnetId"]
            for zone, block in (("a", "10.0.0.0/24"), ("b", "10.0.1.0/24"))
        ]
        kind = "AWS::ElasticLoadBalancingV2::LoadBalancer"
        return made(self.control, kind, Name="own", Scheme="internal", Subnets=subnets)["LoadBalancerArn"]


def a_web_acl_is_told_in_the_words_of_the_api():
    firewall = Firewall("131313131301")
    acl, token = firewall.get()
    equal((acl["Name"], acl["Id"], acl["ARN"]), ("own", firewall.acl["Id"], firewall.acl["Arn"]))
    (rule,) = acl["Rules"]
    equal(rule["Statement"], {"IPSetReferenceStatement": {"ARN": firewall.ips["Arn"]}})
    equal((rule["Action"], acl["DefaultAction"]), ({"Block": {}}, {"Allow": {}}))
    (listed,) = firewall.waf.list_web_acls(Scope=SCOPE)["WebACLs"]
    equal((listed["ARN"], listed["LockToken"]), (acl["ARN"], token))
    equal(firewall.waf.list_web_acls(Scope="CLOUDFRONT")["WebACLs"], [])
    tags = firewall.waf.list_tags_for_resource(ResourceARN=acl["ARN"])["TagInfoForResource"]["TagList"]
    equal(tags, [{"Key": "team", "Value": "platform"}])


def an_update_replaces_all_and_needs_the_token_of_what_was_read():
    firewall = Firewall("131313131302")
    _, token = firewall.get()
    says = {"FieldToMatch": {"UriPath": {}}, "PositionalConstraint": "STARTS_WITH", "SearchString": b"/admin",
            "TextTransformations": [{"Priority": 0, "Type": "NONE"}]}
    rule = dict(Name="admin", Priority=7, Action={"Count": {}}, VisibilityConfig=visible("admin"),
                Statement={"ByteMatchStatement": says})
    following = firewall.update(token, Rules=[rule], Description="mine")["NextLockToken"]
    acl, now = firewall.get()
    equal((acl["Rules"], acl["Description"], now), ([rule], "mine", following))
    equal(error(firewall.update, token=token), "WAFOptimisticLockException")
    declared = firewall.control.get_resource(
        TypeName="AWS::WAFv2::WebACL", Identifier="|".join(("own", firewall.acl["Id"], SCOPE)))
    declared = json.loads(declared["ResourceDescription"]["Properties"])
    equal(declared["Rules"][0]["Statement"]["ByteMatchStatement"]["SearchString"], "/admin")
    firewall.update(now)
    assert "Description" not in firewall.get()[0]


def a_token_is_another_one_when_somebody_else_has_changed_the_web_acl():
    firewall = Firewall("131313131303")
    _, token = firewall.get()
    patch = [{"op": "replace", "path": "/DefaultAction", "value": {"Block": {}}}]
    answer = firewall.control.update_resource(
        TypeName="AWS::WAFv2::WebACL", Identifier="|".join(("own", firewall.acl["Id"], SCOPE)),
        PatchDocument=json.dumps(patch))
    waiter = firewall.control.get_waiter("resource_request_success")
    waiter.wait(RequestToken=answer["ProgressEvent"]["RequestToken"], WaiterConfig={"Delay": 0.01, "MaxAttempts": 500})
    equal(error(firewall.update, token=token), "WAFOptimisticLockException")


def a_rule_that_cannot_be_is_refused():
    firewall = Firewall("131313131304")
    acl, token = firewall.get()
    (rule,) = acl["Rules"]
    group = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}}
    strange = {"IPSetReferenceStatement": {"ARN": f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/ipset/no/1"}}
    for rules, code in (
        ([rule, rule | {"Name": "again"}], "WAFInvalidParameterException"),
        ([rule | {"Statement": group}], "WAFInvalidParameterException"),
        ([rule | {"Statement": strange}], "WAFNonexistentItemException"),
    ):
        equal(error(firewall.update, token=token, Rules=rules), code)
    equal(firewall.get(), (acl, token))


def addresses_of_an_ip_set_are_networks():
    firewall = Firewall("131313131305")
    named = dict(Name="blocked", Scope=SCOPE, Id=firewall.ips["Id"])
    found = firewall.waf.get_ip_set(**named)
    equal(found["IPSet"]["Addresses"], ["203.0.113.0/24"])
    token = found["LockToken"]
    update = firewall.waf.update_ip_set
    for address in ("198.51.100.7", "2001:db8::/32"):
        equal(error(update, **named, Addresses=[address], LockToken=token), "WAFInvalidParameterException")
    update(**named, Addresses=["198.51.100.7/32"], LockToken=token)
    equal(firewall.waf.get_ip_set(**named)["IPSet"]["Addresses"], ["198.51.100.7/32"])
    equal(error(update, **named, Addresses=[], LockToken=token), "WAFOptimisticLockException")
    equal([one["Name"] for one in firewall.waf.list_ip_sets(Scope=SCOPE)["IPSets"]], ["blocked"])


def a_load_balancer_has_one_web_acl():
    firewall = Firewall("131313131306")
    waf, own = firewall.waf, firewall.acl["Arn"]
    balancer = firewall.balancer()
    assert "WebACL" not in waf.get_web_acl_for_resource(ResourceArn=balancer)
    waf.associate_web_acl(WebACLArn=own, ResourceArn=balancer)
    equal(waf.get_web_acl_for_resource(ResourceArn=balancer)["WebACL"]["ARN"], own)
    equal(waf.list_resources_for_web_acl(WebACLArn=own)["ResourceArns"], [balancer])
    equal(waf.list_resources_for_web_acl(WebACLArn=own, ResourceType="API_GATEWAY")["ResourceArns"], [])
    other = made(firewall.control, "AWS::WAFv2::WebACL", Name="other", Scope=SCOPE, DefaultAction={"Allow": {}},
                 VisibilityConfig=visible("other"))["Arn"]
    waf.associate_web_acl(WebACLArn=other, ResourceArn=balancer)
    equal(waf.list_resources_for_web_acl(WebACLArn=own)["ResourceArns"], [])
    waf.disassociate_web_acl(ResourceArn=balancer)
    assert "WebACL" not in waf.get_web_acl_for_resource(ResourceArn=balancer)
    equal(error(waf.get_web_acl_for_resource, ResourceArn=balancer + "0"), "WAFNonexistentItemException")


def logs_of_a_web_acl_are_set_and_end():
    firewall = Firewall("131313131307")
    waf, own = firewall.waf, firewall.acl["Arn"]
    equal(error(waf.get_logging_configuration, ResourceArn=own), "WAFNonexistentItemException")
    logs = dict(ResourceArn=own, LogDestinationConfigs=["arn:aws:logs:us-east-1:1:log-group:aws-waf-logs-own"],
                RedactedFields=[{"SingleHeader": {"Name": "cookie"}}])
    waf.put_logging_configuration(LoggingConfiguration=logs)
    found = waf.get_logging_configuration(ResourceArn=own)["LoggingConfiguration"]
    equal({name: found[name] for name in logs}, logs)
    waf.delete_logging_configuration(ResourceArn=own)
    equal(error(waf.get_logging_configuration, ResourceArn=own), "WAFNonexistentItemException")


def what_is_not_there_is_not_found():
    waf = simulator("131313131308").client("wafv2")
    named = dict(Name="no", Scope=SCOPE, Id="00000000-0000-4000-a000-000000000000")
    equal(error(waf.get_web_acl, **named), "WAFNonexistentItemException")
    said = refusal(waf.get_ip_set, **named)
    equal(said["Code"], "WAFNonexistentItemException")
    assert "your resource doesn" in said["Message"], said
    equal(message(waf.list_rule_groups, Scope=SCOPE), "gwinfra's simulator does not model wafv2:ListRuleGroups")


main(
    a_web_acl_is_told_in_the_words_of_the_api,
    an_update_replaces_all_and_needs_the_token_of_what_was_read,
    a_token_is_another_one_when_somebody_else_has_changed_the_web_acl,
    a_rule_that_cannot_be_is_refused,
    addresses_of_an_ip_set_are_networks,
    a_load_balancer_has_one_web_acl,
    logs_of_a_web_acl_are_set_and_end,
    what_is_not_there_is_not_found,
)
