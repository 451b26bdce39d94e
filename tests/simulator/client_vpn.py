"""Client VPN, changed through EC2."""

import json

from support import equal, error, main, simulator

WAIT = {"Delay": 0.01, "MaxAttempts": 2000}


def subnet(block, zone):
    return {
        "Type": "AWS::EC2::Subnet",
        "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": block, "AvailabilityZone": zone},
    }


TEMPLATE = {
    "Resources": {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.7.0.0/16"}},
        "One": subnet("10.7.1.0/24", "us-east-1a"),
        "Beside": subnet("10.7.2.0/24", "us-east-1a"),
        "Other": subnet("10.7.3.0/24", "us-east-1b"),
        "Vpn": {
            "Type": "AWS::EC2::ClientVpnEndpoint",
            "Properties": {
                "ClientCidrBlock": "172.16.0.0/22",
                "ServerCertificateArn": "arn:aws:acm:us-east-1:111122223333:certificate/a",
                "AuthenticationOptions": [
                    {
                        "Type": "certificate-authentication",
                        "MutualAuthentication": {
                            "ClientRootCertificateChainArn": "arn:aws:acm:us-east-1:111122223333:certificate/b"
                        },
                    }
                ],
                "ConnectionLogOptions": {"Enabled": False},
            },
        },
    }
}


def deployed(account):
    """EC2, and the physical ids of the template's resources."""
    cloud = simulator(account)
    stacks = cloud.client("cloudformation")
    stacks.create_stack(StackName="vpn", TemplateBody=json.dumps(TEMPLATE))
    stacks.get_waiter("stack_create_complete").wait(StackName="vpn", WaiterConfig=WAIT)
    resources = stacks.describe_stack_resources(StackName="vpn")["StackResources"]
    return cloud.client("ec2"), {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources}


def networks_are_associated_one_in_each_zone():
    ec2, ids = deployed("131313131301")
    vpn = {"ClientVpnEndpointId": ids["Vpn"]}
    answer = ec2.associate_client_vpn_target_network(SubnetId=ids["One"], **vpn)
    equal(answer["Status"]["Code"], "associating")
    again = error(ec2.associate_client_vpn_target_network, SubnetId=ids["One"], **vpn)
    equal(again, "InvalidClientVpnDuplicateAssociationException")
    beside = error(ec2.associate_client_vpn_target_network, SubnetId=ids["Beside"], **vpn)
    equal(beside, "InvalidClientVpnSubnetId.DuplicateAz")
    ec2.associate_client_vpn_target_network(SubnetId=ids["Other"], **vpn)
    ec2.disassociate_client_vpn_target_network(AssociationId=answer["AssociationId"], **vpn)
    (left,) = ec2.describe_client_vpn_target_networks(**vpn)["ClientVpnTargetNetworks"]
    equal(left["TargetNetworkId"], ids["Other"])
    gone = error(ec2.disassociate_client_vpn_target_network, AssociationId=answer["AssociationId"], **vpn)
    equal(gone, "InvalidClientVpnAssociationIdNotFound")


def rules_are_told_apart_by_network_and_group():
    ec2, ids = deployed("131313131302")
    vpn = {"ClientVpnEndpointId": ids["Vpn"], "TargetNetworkCidr": "10.7.0.0/16"}
    equal(ec2.authorize_client_vpn_ingress(AuthorizeAllGroups=True, **vpn)["Status"]["Code"], "authorizing")
    ec2.authorize_client_vpn_ingress(AccessGroupId="admins", Description="d", **vpn)
    equal(error(ec2.authorize_client_vpn_ingress, AuthorizeAllGroups=True, **vpn), "InvalidClientVpnDuplicateAuthorizationRule")
    equal(error(ec2.authorize_client_vpn_ingress, **vpn), "InvalidParameterCombination")
    ec2.revoke_client_vpn_ingress(RevokeAllGroups=True, **vpn)
    (left,) = ec2.describe_client_vpn_authorization_rules(ClientVpnEndpointId=ids["Vpn"])["AuthorizationRules"]
    equal((left["GroupId"], left["AccessAll"], left["Description"]), ("admins", False, "d"))
    missing = error(ec2.revoke_client_vpn_ingress, RevokeAllGroups=True, **vpn)
    equal(missing, "InvalidClientVpnEndpointAuthorizationRuleNotFound")


def routes_lead_through_associated_networks():
    ec2, ids = deployed("131313131303")
    vpn = {"ClientVpnEndpointId": ids["Vpn"]}
    route = {"DestinationCidrBlock": "0.0.0.0/0", "TargetVpcSubnetId": ids["One"], **vpn}
    equal(error(ec2.create_client_vpn_route, **route), "InvalidClientVpnActiveAssociationNotFound")
    ec2.associate_client_vpn_target_network(SubnetId=ids["One"], **vpn)
    ec2.create_client_vpn_route(**route)
    equal(error(ec2.create_client_vpn_route, **route), "InvalidClientVpnDuplicateRoute")
    routes = ec2.describe_client_vpn_routes(**vpn)["Routes"]
    equal(sorted(one["Origin"] for one in routes), ["add-route", "associate"])
    ec2.delete_client_vpn_route(**route)
    equal(error(ec2.delete_client_vpn_route, **route), "InvalidClientVpnRouteNotFound")


def an_endpoint_is_changed_in_place():
    ec2, ids = deployed("131313131304")
    vpn = {"ClientVpnEndpointId": ids["Vpn"]}
    changes = {
        "SplitTunnel": True,
        "SessionTimeoutHours": 8,
        "Description": "mine",
        "DnsServers": {"CustomDnsServers": ["10.7.0.2"], "Enabled": True},
        "SecurityGroupIds": ["sg-1"],
        "ConnectionLogOptions": {"Enabled": True, "CloudwatchLogGroup": "log"},
        "ClientLoginBannerOptions": {"Enabled": True, "BannerText": "hello"},
    }
    assert ec2.modify_client_vpn_endpoint(**changes, **vpn)["Return"]
    (found,) = ec2.describe_client_vpn_endpoints(ClientVpnEndpointIds=[ids["Vpn"]])["ClientVpnEndpoints"]
    equal((found["SplitTunnel"], found["SessionTimeoutHours"], found["Description"]), (True, 8, "mine"))
    equal((found["DnsServers"], found["SecurityGroupIds"]), (["10.7.0.2"], ["sg-1"]))
    equal((found["ConnectionLogOptions"]["Enabled"], found["ConnectionLogOptions"]["CloudwatchLogGroup"]), (True, "log"))
    equal(found["ClientLoginBannerOptions"], {"Enabled": True, "BannerText": "hello"})
    unknown = error(ec2.modify_client_vpn_endpoint, ClientVpnEndpointId="cvpn-endpoint-0", SplitTunnel=True)
    equal(unknown, "InvalidClientVpnEndpointId.NotFound")


main(
    networks_are_associated_one_in_each_zone,
    rules_are_told_apart_by_network_and_group,
    routes_lead_through_associated_networks,
    an_endpoint_is_changed_in_place,
)
