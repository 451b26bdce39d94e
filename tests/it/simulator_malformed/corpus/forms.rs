//! Calls that are forms.

use serde_json::json;

use super::{Form, Known, POLICY};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x"}}}]}"#;
const TEMPLATE: &str = r#"
AWSTemplateFormatVersion: "2010-09-09"
Description: d
Parameters:
  Name: {Type: String, Default: parameter, AllowedPattern: "[a-z]+", MinLength: 1, NoEcho: true}
  Count: {Type: Number, Default: 1, MinValue: 0, MaxValue: 9}
Mappings: {M: {a: {b: c}}}
Conditions: {C: !Equals [!Ref Count, "1"]}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Condition: C
    DeletionPolicy: Retain
    Properties: {BucketName: !Sub "${AWS::StackName}-${AWS::AccountId}", Tags: [{Key: a, Value: !FindInMap [M, a, b]}]}
  Parameter:
    Type: AWS::SSM::Parameter
    DependsOn: Bucket
    Properties: {Type: String, Value: !Select [0, !Split [",", !Join [",", [!Ref Name, !Base64 x]]]]}
  Network:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: !Select [0, !Cidr ["10.0.0.0/8", 2, 16]]}
Outputs:
  Out: {Value: !If [C, !GetAtt Bucket.Arn, none], Export: {Name: !Sub "${AWS::StackName}-out"}}
"#;
const STACK: &str = "arn:aws:cloudformation:us-east-1:111122223333:stack/stack/00000000-0000-0000-0000-000000000000";

/// Of services with forms.
pub fn query() -> Vec<Known> {
    let call = |service, action, members| Known::new(Form::Query, service, action, members);
    let role = "arn:aws:iam::111122223333:role/role";
    vec![
        call(
            "sts",
            "AssumeRole",
            json!({"RoleArn": role, "RoleSessionName": "s", "DurationSeconds": "900",
            "ExternalId": "x", "SourceIdentity": "i", "Tags": [{"Key": "a", "Value": "b"}]}),
        ),
        call("sts", "GetSessionToken", json!({"DurationSeconds": "900"})),
        call("sts", "GetAccessKeyInfo", json!({"AccessKeyId": "AKIASIM111122223333"})),
        call(
            "iam",
            "CreateRole",
            json!({"RoleName": "role", "AssumeRolePolicyDocument": TRUST, "Path": "/a/",
            "Description": "d", "MaxSessionDuration": "3600", "Tags": [{"Key": "a", "Value": "b"}]}),
        ),
        call("iam", "UpdateAssumeRolePolicy", json!({"RoleName": "role", "PolicyDocument": TRUST})),
        call("iam", "PutRolePolicy", json!({"RoleName": "role", "PolicyName": "p", "PolicyDocument": POLICY})),
        call("iam", "GetRolePolicy", json!({"RoleName": "role", "PolicyName": "p"})),
        call(
            "iam",
            "AttachRolePolicy",
            json!({"RoleName": "role", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
        ),
        call(
            "iam",
            "DetachRolePolicy",
            json!({"RoleName": "role", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
        ),
        call(
            "iam",
            "GetPolicyVersion",
            json!({"PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess", "VersionId": "v1"}),
        ),
        call("iam", "TagRole", json!({"RoleName": "role", "Tags": [{"Key": "a", "Value": "b"}]})),
        call("iam", "ListRoles", json!({"PathPrefix": "/", "Marker": "sim-00000001", "MaxItems": "5"})),
        call("iam", "ListAttachedRolePolicies", json!({"RoleName": "role", "MaxItems": "5"})),
        call(
            "iam",
            "SimulatePrincipalPolicy",
            json!({"PolicySourceArn": role, "ActionNames": ["s3:GetObject"],
            "ResourceArns": ["arn:aws:s3:::bucket/*"], "PolicyInputList": [POLICY],
            "ContextEntries": [{"ContextKeyName": "a", "ContextKeyType": "string", "ContextKeyValues": ["b"]}]}),
        ),
        call("iam", "DeleteRolePolicy", json!({"RoleName": "role", "PolicyName": "p"})),
        call("elasticloadbalancing", "DescribeLoadBalancers", json!({"Names": ["a"], "PageSize": "5", "Marker": "x"})),
        call(
            "elasticloadbalancing",
            "DescribeTargetHealth",
            json!({"TargetGroupArn":
            "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/a/0123456789abcdef"}),
        ),
        call("elasticloadbalancing", "DescribeRules", json!({"RuleArns": ["arn:x"], "ListenerArn": "arn:y"})),
        call(
            "rds",
            "DescribeDBEngineVersions",
            json!({"Engine": "aurora-postgresql", "EngineVersion": "16.6",
            "DBParameterGroupFamily": "aurora-postgresql16", "Filters": [{"Name": "engine-mode", "Values": ["provisioned"]}],
            "MaxRecords": "20", "IncludeAll": "true", "DefaultOnly": "false"}),
        ),
        call(
            "rds",
            "DescribeOrderableDBInstanceOptions",
            json!({"Engine": "aurora-postgresql", "DBInstanceClass":
            "db.serverless", "Vpc": "true", "MaxRecords": "20", "Marker": "m"}),
        ),
        call("elasticache", "DescribeReplicationGroups", json!({"ReplicationGroupId": "a", "MaxRecords": "20"})),
        call(
            "elasticache",
            "ModifyReplicationGroup",
            json!({"ReplicationGroupId": "a", "CacheNodeType":
            "cache.t4g.small", "ApplyImmediately": "true", "SecurityGroupIds": ["sg-1"], "SnapshotRetentionLimit": "1"}),
        ),
        call(
            "elasticache",
            "DescribeCacheEngineVersions",
            json!({"Engine": "valkey", "EngineVersion": "8.0",
            "DefaultOnly": "true", "MaxRecords": "20"}),
        ),
        call(
            "elasticache",
            "DescribeReservedCacheNodesOfferings",
            json!({"CacheNodeType": "cache.t4g.small",
            "Duration": "31536000", "ProductDescription": "valkey", "OfferingType": "All Upfront"}),
        ),
        call("sns", "ListTopics", json!({"NextToken": "x"})),
    ]
}

/// Of stacks and stack sets.
pub fn cloudformation() -> Vec<Known> {
    let call = |action, members| Known::new(Form::Query, "cloudformation", action, members);
    let parameters = json!([{"ParameterKey": "Name", "ParameterValue": "a"}, {"ParameterKey": "Count",
        "UsePreviousValue": "true"}]);
    let given = json!([{"ParameterKey": "Name", "ParameterValue": "a"}]);
    let tags = json!([{"Key": "a", "Value": "b"}]);
    let targets = json!({"Accounts": ["222222222222"], "OrganizationalUnitIds": ["ou-1"]});
    vec![
        call(
            "CreateStack",
            json!({"StackName": "stack", "TemplateBody": TEMPLATE, "Parameters": given, "Tags": tags,
            "Capabilities": ["CAPABILITY_IAM"], "TimeoutInMinutes": "5", "OnFailure": "ROLLBACK", "ClientRequestToken": "t",
            "EnableTerminationProtection": "false"}),
        ),
        call("CreateStack", json!({"StackName": "other", "TemplateBody": TEMPLATE, "DisableRollback": "true"})),
        call(
            "UpdateStack",
            json!({"StackName": "stack", "UsePreviousTemplate": "true", "Parameters": parameters,
            "StackPolicyBody": POLICY, "Capabilities": ["CAPABILITY_NAMED_IAM"], "Tags": tags}),
        ),
        call(
            "UpdateStack",
            json!({"StackName": "stack", "TemplateBody": TEMPLATE, "RoleARN":
            "arn:aws:iam::111122223333:role/role", "NotificationARNs": ["arn:aws:sns:us-east-1:111122223333:t"]}),
        ),
        call(
            "CreateChangeSet",
            json!({"StackName": "stack", "ChangeSetName": "change", "ChangeSetType": "UPDATE",
            "TemplateBody": TEMPLATE, "Parameters": given, "DeploymentConfig": {"Mode": "STANDARD"}, "Tags": tags}),
        ),
        call(
            "CreateChangeSet",
            json!({"StackName": "fresh", "ChangeSetName": "change", "ChangeSetType": "CREATE",
            "TemplateBody": TEMPLATE, "IncludeNestedStacks": "true", "OnStackFailure": "DELETE"}),
        ),
        call(
            "DescribeChangeSet",
            json!({"StackName": "stack", "ChangeSetName": "change", "NextToken": "x",
            "IncludePropertyValues": "true"}),
        ),
        call("ExecuteChangeSet", json!({"StackName": "stack", "ChangeSetName": "change", "DisableRollback": "true"})),
        call("DeleteChangeSet", json!({"StackName": "stack", "ChangeSetName": "change"})),
        call("DescribeStacks", json!({"StackName": STACK, "NextToken": "sim-00000001"})),
        call("ListStacks", json!({"StackStatusFilter": ["CREATE_COMPLETE"], "NextToken": "sim-00000001"})),
        call("DescribeStackEvents", json!({"StackName": "stack", "NextToken": "sim-00000001"})),
        call(
            "DescribeEvents",
            json!({"StackName": "stack", "ChangeSetName": "c", "OperationId": "o",
            "Filters": {"FailedEvents": "true"}}),
        ),
        call(
            "DescribeStackResources",
            json!({"StackName": "stack", "LogicalResourceId": "Bucket",
            "PhysicalResourceId": "a"}),
        ),
        call("DescribeStackResource", json!({"StackName": "stack", "LogicalResourceId": "Bucket"})),
        call("ListImports", json!({"ExportName": "stack-out", "NextToken": "x"})),
        call("GetTemplate", json!({"StackName": "stack", "ChangeSetName": "change", "TemplateStage": "Original"})),
        call("GetTemplateSummary", json!({"TemplateBody": TEMPLATE})),
        call("ValidateTemplate", json!({"TemplateBody": TEMPLATE})),
        call("ValidateTemplate", json!({"TemplateURL": "https://s3.amazonaws.com/bucket/key"})),
        call("SetStackPolicy", json!({"StackName": "stack", "StackPolicyBody": POLICY})),
        call("UpdateTerminationProtection", json!({"StackName": "stack", "EnableTerminationProtection": "true"})),
        call("DetectStackDrift", json!({"StackName": "stack", "LogicalResourceIds": ["Bucket"]})),
        call("DetectStackResourceDrift", json!({"StackName": "stack", "LogicalResourceId": "Bucket"})),
        call(
            "DescribeStackResourceDrifts",
            json!({"StackName": "stack", "StackResourceDriftStatusFilters":
            ["MODIFIED"], "MaxResults": "5", "NextToken": "x"}),
        ),
        call("ContinueUpdateRollback", json!({"StackName": "stack", "ResourcesToSkip": ["Bucket"]})),
        call("RollbackStack", json!({"StackName": "stack", "RetainExceptOnCreate": "true"})),
        call("DeleteStack", json!({"StackName": "other", "RetainResources": ["Bucket"], "DeletionMode": "STANDARD"})),
        call("DescribeType", json!({"Type": "RESOURCE", "TypeName": "AWS::S3::Bucket", "Arn": "arn:x"})),
        call(
            "CreateStackSet",
            json!({"StackSetName": "set", "TemplateBody": TEMPLATE, "Parameters": given,
            "PermissionModel": "SELF_MANAGED", "Capabilities": ["CAPABILITY_IAM"], "Description": "d", "Tags": tags}),
        ),
        call(
            "CreateStackInstances",
            json!({"StackSetName": "set", "Accounts": ["222222222222"], "Regions": ["us-east-1"],
            "OperationPreferences": {"FailureToleranceCount": "1", "MaxConcurrentCount": "9"}, "OperationId": "o"}),
        ),
        call(
            "UpdateStackSet",
            json!({"StackSetName": "set", "UsePreviousTemplate": "true", "Parameters": parameters,
            "DeploymentTargets": targets, "OperationPreferences": {"FailureTolerancePercentage": "10"}}),
        ),
        call(
            "DeleteStackInstances",
            json!({"StackSetName": "set", "DeploymentTargets": targets, "Regions": ["us-east-1"],
            "RetainStacks": "false"}),
        ),
        call(
            "ListStackInstances",
            json!({"StackSetName": "set", "StackInstanceAccount": "222222222222",
            "MaxResults": "5", "NextToken": "x"}),
        ),
        call("DescribeStackSetOperation", json!({"StackSetName": "set", "OperationId": "o"})),
    ]
}

/// Of EC2.
pub fn ec2() -> Vec<Known> {
    let call = |action, members| Known::new(Form::Ec2, "ec2", action, members);
    let filter =
        json!([{"Name": "vpc-id", "Value": ["vpc-0123456789abcdef0", "*"]}, {"Name": "tag:Name", "Value": ["a*"]}]);
    let rule = json!([{"IpProtocol": "tcp", "FromPort": "443", "ToPort": "443", "IpRanges": [{"CidrIp": "10.0.0.0/8",
        "Description": "d"}], "Groups": [{"GroupId": "sg-1", "UserId": "1"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}]);
    let vpn = "cvpn-endpoint-0123456789abcdef0";
    vec![
        call("DescribeVpcs", json!({"Filter": filter, "VpcId": ["vpc-1"], "MaxResults": "5", "NextToken": "x"})),
        call("DescribeVpcAttribute", json!({"VpcId": "vpc-1", "Attribute": "enableDnsSupport"})),
        call("DescribeSubnets", json!({"Filter": filter, "SubnetId": ["subnet-1"]})),
        call("DescribeNatGateways", json!({"Filter": filter, "NatGatewayId": ["nat-1"]})),
        call("DescribeRouteTables", json!({"Filter": filter, "RouteTableId": ["rtb-1"]})),
        call("DescribeRegions", json!({"AllRegions": "true", "RegionName": ["us-east-1"], "Filter": filter})),
        call("DescribeAvailabilityZones", json!({"Filter": filter, "ZoneName": ["us-east-1a"]})),
        call("DescribeInstanceTypeOfferings", json!({"LocationType": "availability-zone", "Filter": filter})),
        call("DescribeVpcEndpointServices", json!({"ServiceName": ["com.amazonaws.us-east-1.s3"], "Filter": filter})),
        call("DescribeVpcEndpoints", json!({"VpcEndpointId": ["vpce-1"], "Filter": filter})),
        call("DescribeSecurityGroups", json!({"GroupId": ["sg-1"], "GroupName": ["a"], "Filter": filter})),
        call("DescribeSecurityGroupRules", json!({"SecurityGroupRuleId": ["sgr-1"], "Filter": filter})),
        call("AuthorizeSecurityGroupIngress", json!({"GroupId": "sg-1", "IpPermissions": rule})),
        call(
            "RevokeSecurityGroupIngress",
            json!({"GroupId": "sg-1", "IpPermissions": rule,
            "SecurityGroupRuleId": ["sgr-1"]}),
        ),
        call(
            "AuthorizeClientVpnIngress",
            json!({"ClientVpnEndpointId": vpn, "TargetNetworkCidr": "10.0.0.0/8",
            "AuthorizeAllGroups": "true", "Description": "d", "ClientToken": "t"}),
        ),
        call(
            "CreateClientVpnRoute",
            json!({"ClientVpnEndpointId": vpn, "DestinationCidrBlock": "0.0.0.0/0",
            "TargetVpcSubnetId": "subnet-1"}),
        ),
        call(
            "ModifyClientVpnEndpoint",
            json!({"ClientVpnEndpointId": vpn, "DnsServers": {"CustomDnsServers": ["1.1.1.1"],
            "Enabled": "true"}, "SplitTunnel": "true", "SessionTimeoutHours": "8", "SecurityGroupId": ["sg-1"]}),
        ),
        call("AssociateClientVpnTargetNetwork", json!({"ClientVpnEndpointId": vpn, "SubnetId": "subnet-1"})),
    ]
}
