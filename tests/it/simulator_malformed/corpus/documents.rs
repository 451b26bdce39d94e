//! Calls whose body is JSON, XML or what a path names.

use serde_json::json;

use super::{Form, Known, POLICY};

const RECORDS: &str = "<ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch>\
    <Changes><Change><Action>UPSERT</Action><ResourceRecordSet><Name>a.example.com</Name><Type>A</Type><TTL>60</TTL>\
    <ResourceRecords><ResourceRecord><Value>1.2.3.4</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change>\
    </Changes></ChangeBatch></ChangeResourceRecordSetsRequest>";
const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Of services with an action in a header.
pub fn of_json() -> Vec<Known> {
    let call = |service, action, members| Known::new(Form::Json, service, action, members);
    let state = json!({"BucketName": "made", "Tags": [{"Key": "a", "Value": "b"}]}).to_string();
    let patch = json!([{"op": "add", "path": "/Tags/0", "value": {"Key": "c", "Value": "d"}},
        {"op": "copy", "from": "", "path": "/Tags/-"}, {"op": "move", "from": "/Tags/0", "path": "/Tags/1"},
        {"op": "remove", "path": "/Tags/0"}, {"op": "test", "path": "/BucketName", "value": "bucket"}]);
    vec![
        call(
            "cloudcontrolapi",
            "CreateResource",
            json!({"TypeName": "AWS::S3::Bucket", "DesiredState": state, "ClientToken": "t", "TypeVersionId": "1"}),
        ),
        call(
            "cloudcontrolapi",
            "UpdateResource",
            json!({"TypeName": "AWS::S3::Bucket", "Identifier": "bucket", "PatchDocument": patch.to_string()}),
        ),
        call("cloudcontrolapi", "GetResource", json!({"TypeName": "AWS::S3::Bucket", "Identifier": "bucket"})),
        call(
            "cloudcontrolapi",
            "ListResources",
            json!({"TypeName": "AWS::EC2::VPC", "MaxResults": 5, "NextToken": "x", "ResourceModel": "{}"}),
        ),
        call("cloudcontrolapi", "DeleteResource", json!({"TypeName": "AWS::EC2::VPC", "Identifier": "vpc-1|a"})),
        call("cloudcontrolapi", "GetResourceRequestStatus", json!({"RequestToken": "a"})),
        call(
            "cloudcontrolapi",
            "ListResourceRequests",
            json!({"MaxResults": 5, "ResourceRequestStatusFilter":
            {"Operations": ["CREATE"], "OperationStatuses": ["SUCCESS"]}}),
        ),
        call("ecs", "DescribeServices", json!({"cluster": "a", "services": ["b"], "include": ["TAGS"]})),
        call(
            "ecs",
            "UpdateService",
            json!({"cluster": "a", "service": "b", "desiredCount": 2, "taskDefinition": "t:1",
            "forceNewDeployment": true, "deploymentConfiguration": {"maximumPercent": 200}}),
        ),
        call(
            "ecs",
            "ListTasks",
            json!({"cluster": "a", "serviceName": "b", "desiredStatus": "STOPPED", "maxResults": 9}),
        ),
        call("ecs", "DescribeTasks", json!({"cluster": "a", "tasks": ["arn:x"]})),
        call(
            "ecs",
            "ListTaskDefinitions",
            json!({"familyPrefix": "a", "sort": "DESC", "maxResults": 9, "status": "ACTIVE"}),
        ),
        call("ecs", "DescribeTaskDefinition", json!({"taskDefinition": "a:1", "include": ["TAGS"]})),
        call(
            "ecs",
            "ListServiceDeployments",
            json!({"cluster": "a", "service": "b", "status": ["SUCCESSFUL"],
            "createdAt": {"after": 1.5e9, "before": 1.6e9}}),
        ),
        call(
            "ecr",
            "CreateRepository",
            json!({"repositoryName": "repository", "imageTagMutability": "IMMUTABLE",
            "tags": [{"Key": "a", "Value": "b"}], "imageScanningConfiguration": {"scanOnPush": true}}),
        ),
        call(
            "ecr",
            "PutImage",
            json!({"repositoryName": "repository", "imageManifest":
            "{\"schemaVersion\":2,\"config\":{\"digest\":\"x\",\"size\":1},\"layers\":[]}", "imageTag": "t"}),
        ),
        call(
            "ecr",
            "BatchGetImage",
            json!({"repositoryName": "repository", "imageIds": [{"imageTag": "t"},
            {"imageDigest": DIGEST}], "acceptedMediaTypes": ["*"]}),
        ),
        call("ecr", "BatchDeleteImage", json!({"repositoryName": "repository", "imageIds": [{"imageTag": "t"}]})),
        call(
            "ecr",
            "DescribeImages",
            json!({"repositoryName": "repository", "registryId": "111122223333",
            "filter": {"tagStatus": "TAGGED"}, "maxResults": 5, "nextToken": "x"}),
        ),
        call("ecr", "GetAuthorizationToken", json!({"registryIds": ["111122223333"]})),
        call(
            "secretsmanager",
            "GetSecretValue",
            json!({"SecretId": "a", "VersionStage": "AWSCURRENT", "VersionId": "v"}),
        ),
        call(
            "secretsmanager",
            "DeleteSecret",
            json!({"SecretId": "a", "RecoveryWindowInDays": 7,
            "ForceDeleteWithoutRecovery": false}),
        ),
        call(
            "secretsmanager",
            "ListSecrets",
            json!({"Filters": [{"Key": "name", "Values": ["a"]}], "MaxResults": 5,
            "NextToken": "x", "IncludePlannedDeletion": true}),
        ),
        call("logs", "DescribeLogGroups", json!({"logGroupNamePrefix": "/", "limit": 5, "nextToken": "x"})),
        call(
            "logs",
            "GetLogEvents",
            json!({"logGroupName": "/a", "logStreamName": "b", "limit": 5, "startFromHead": true,
            "startTime": 0, "endTime": 9_000_000_000_000_u64, "nextToken": "f/1"}),
        ),
        call(
            "acm",
            "DescribeCertificate",
            json!({"CertificateArn": "arn:aws:acm:us-east-1:111122223333:certificate/a"}),
        ),
        call(
            "acm",
            "ListCertificates",
            json!({"CertificateStatuses": ["ISSUED"], "MaxItems": 5, "NextToken": "x",
            "Includes": {"keyTypes": ["RSA_2048"]}}),
        ),
        call("servicequotas", "GetServiceQuota", json!({"ServiceCode": "vpc", "QuotaCode": "L-F678F1CE"})),
        call(
            "servicequotas",
            "ListServiceQuotas",
            json!({"ServiceCode": "bedrock", "MaxResults": 5, "NextToken": "x"}),
        ),
        call("wafv2", "ListWebACLs", json!({"Scope": "REGIONAL"})),
    ]
}

/// Of services with an action in method and path.
pub fn rest() -> Vec<Known> {
    let call = |service, action, body: &str| Known::new(Form::Rest, service, action, json!(body));
    let delete = "<Delete><Quiet>true</Quiet><Object><Key>key</Key><VersionId>null</VersionId></Object></Delete>";
    let rules = "<LifecycleConfiguration><Rule><ID>a</ID><Status>Enabled</Status><Filter><Prefix>a</Prefix></Filter>\
        <Expiration><Days>1</Days></Expiration><NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays>\
        </NoncurrentVersionExpiration></Rule></LifecycleConfiguration>";
    let encryption = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms\
        </SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>";
    vec![
        call("s3", "PUT /bucket", ""),
        call("s3", "PUT /bucket/key", "content"),
        call(
            "s3",
            "PUT /bucket/a%20b/%ff?x-id=PutObject",
            "3;chunk-signature=0\r\nabc\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n",
        ),
        call("s3", "GET /bucket/key", ""),
        call("s3", "HEAD /bucket/key?versionId=null", ""),
        call("s3", "DELETE /bucket/key?versionId=a", ""),
        call("s3", "GET /", ""),
        call(
            "s3",
            "GET /bucket?list-type=2&prefix=a&delimiter=/&max-keys=5&continuation-token=x&encoding-type=url",
            "",
        ),
        call("s3", "GET /bucket?versions&key-marker=a&version-id-marker=b&max-keys=0", ""),
        call("s3", "GET /bucket?prefix=a&marker=b", ""),
        call(
            "s3",
            "PUT /bucket?versioning",
            "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
        ),
        call("s3", "PUT /bucket?policy", POLICY),
        call("s3", "PUT /bucket?lifecycle", rules),
        call("s3", "GET /bucket?lifecycle", ""),
        call("s3", "PUT /bucket?encryption", encryption),
        call(
            "s3",
            "PUT /bucket?tagging",
            "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>",
        ),
        call("s3", "POST /bucket?delete", delete),
        call("s3", "GET /bucket?acl", ""),
        call("route53", "GET /2013-04-01/hostedzonesbyname?dnsname=a&maxitems=1", ""),
        call("route53", "GET /2013-04-01/hostedzone/Z1/rrset?name=a&type=A&maxitems=5", ""),
        call("route53", "POST /2013-04-01/hostedzone/Z1/rrset/", RECORDS),
        call("route53", "GET /2013-04-01/change/C1", ""),
        call("bedrock", "GET /foundation-model-availability/anthropic.claude-v2", ""),
        call("bedrock", "GET /guardrails", ""),
        call("ecr", "GET /v2/", ""),
        call(
            "ecr",
            "PUT /v2/repository/manifests/t",
            "{\"schemaVersion\":2,\"config\":{\"digest\":\"x\",\"size\":1},\"layers\":[{}]}",
        ),
        call("ecr", "GET /v2/repository/manifests/t", ""),
        call("ecr", "GET /v2/repository/blobs/sha256:00", ""),
        call("ecr", "POST /v2/repository/blobs/uploads/?mount=sha256:00&from=a&digest=sha256:00", ""),
        call("ecr", "PATCH /v2/repository/blobs/uploads/1", "content"),
        call("ecr", "PUT /v2/repository/blobs/uploads/1?digest=sha256:00", "content"),
        call("ecr", "GET /v2/repository/referrers/sha256:00?artifactType=a", ""),
        call("unknown", "GET /anything", ""),
    ]
}
