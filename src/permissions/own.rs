//! The calls that gwinfra makes itself, or Terraform's provider beside those that CloudFormation makes as well.

use super::scope::Scope;

/// Actions on resources.
pub(super) type Allowed = (Vec<&'static str>, Vec<String>);

/// What `accounts verify` and `capacity --live` ask in an account.
pub(super) fn questions(scope: &Scope) -> Vec<Allowed> {
    let mut iam = scope.resources("iam:GetRole", &["role".to_owned()]);
    iam.extend(scope.resources("iam:GetPolicy", &["policy".to_owned()]));
    vec![
        (
            vec![
                "iam:GetPolicy",
                "iam:GetPolicyVersion",
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies",
                "iam:ListRolePolicies",
            ],
            iam,
        ),
        (
            vec![
                "bedrock:GetFoundationModelAvailability",
                "servicequotas:GetServiceQuota",
                "servicequotas:ListAWSDefaultServiceQuotas",
            ],
            vec!["*".to_owned()],
        ),
    ]
}

/// What `doctor` asks in an account, beside what is there for others. Stacks and names are asked about whichever engine
/// deploys: the other one may have left them.
pub(super) fn doctor(scope: &Scope) -> Vec<Allowed> {
    vec![
        (
            vec![
                "cloudformation:DescribeType",
                "cloudformation:GetResource",
                "cloudformation:ListStacks",
                "servicequotas:GetAWSDefaultServiceQuota",
            ],
            vec!["*".to_owned()],
        ),
        (vec!["cloudformation:DescribeStacks"], vec![stacks_of(scope)]),
        // Of whoever deploys: what that role is called is not known here.
        (vec!["iam:SimulatePrincipalPolicy"], vec![scope.global("iam", "role/*")]),
    ]
}

/// What `doctor` asks in the hub.
pub(super) fn doctor_hub(scope: &Scope) -> Vec<Allowed> {
    vec![
        (
            vec![
                "cloudformation:ListResources",
                "ec2:DescribeAddresses",
                "ec2:DescribeClientVpnEndpoints",
                "ec2:DescribeInstanceTypeOfferings",
                "ec2:DescribeInternetGateways",
                "ec2:DescribeRouteTables",
                "ec2:DescribeVpcEndpointServices",
                "ecs:ListClusters",
                "ecs:ListTasks",
                "elasticache:DescribeCacheEngineVersions",
                "elasticache:DescribeReservedCacheNodesOfferings",
                "elasticloadbalancing:DescribeLoadBalancers",
                "rds:DescribeDBEngineVersions",
                "rds:DescribeOrderableDBInstanceOptions",
            ],
            vec!["*".to_owned()],
        ),
        (
            vec!["rds:DescribeDBClusters", "rds:DescribeDBInstances"],
            vec![scope.regional("rds", "cluster:*"), scope.regional("rds", "db:*")],
        ),
        (vec!["acm:DescribeCertificate"], vec![scope.regional("acm", "certificate/*")]),
        (vec!["ecs:DescribeTasks"], vec![scope.regional("ecs", "task/*")]),
        // Of the secrets that a spec names: whether they are there, not what is in them.
        (vec!["secretsmanager:DescribeSecret"], vec![scope.regional("secretsmanager", "secret:*")]),
    ]
}

/// The stacks of a deployment.
pub(super) fn stacks_of(scope: &Scope) -> String {
    scope.regional("cloudformation", &format!("stack/{}-*", scope.prefix))
}

/// Stacks and their change sets.
pub(super) fn stacks(scope: &Scope) -> Vec<Allowed> {
    vec![
        (
            vec![
                "cloudformation:CancelUpdateStack",
                "cloudformation:ContinueUpdateRollback",
                "cloudformation:CreateChangeSet",
                "cloudformation:DeleteChangeSet",
                "cloudformation:DeleteStack",
                "cloudformation:DescribeChangeSet",
                "cloudformation:DescribeStackEvents",
                "cloudformation:DescribeStacks",
                "cloudformation:ExecuteChangeSet",
                "cloudformation:GetTemplate",
                "cloudformation:ListChangeSets",
                "cloudformation:ListStackResources",
                "cloudformation:RollbackStack",
                "cloudformation:TagResource",
                "cloudformation:UntagResource",
                "cloudformation:UpdateTerminationProtection",
            ],
            vec![stacks_of(scope)],
        ),
        // Cloud Control's actions know no resources here; each call needs the resource's own permission as well.
        (
            vec![
                "cloudformation:CreateResource",
                "cloudformation:DeleteResource",
                "cloudformation:DescribeEvents",
                "cloudformation:GetResource",
                "cloudformation:GetResourceRequestStatus",
                "cloudformation:ListResources",
                "cloudformation:ListStacks",
                "cloudformation:UpdateResource",
            ],
            vec!["*".to_owned()],
        ),
    ]
}

/// What gwinfra asks about a stack set, and changes of it when accounts have been left behind. CloudFormation looks up
/// who may act for the organization.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-delegated-admin.html>
pub(super) fn stack_set(scope: &Scope, delegated: bool) -> Vec<Allowed> {
    let of = |kinds: &[&str]| {
        let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        scope.resources("cloudformation:UpdateStackInstances", &kinds)
    };
    let mut allowed = vec![
        (
            vec![
                "cloudformation:DescribeStackSet",
                "cloudformation:DescribeStackSetOperation",
                "cloudformation:DetectStackSetDrift",
                "cloudformation:ListStackInstanceResourceDrifts",
                "cloudformation:ListStackInstances",
                "cloudformation:ListStackSetOperationResults",
                "cloudformation:ListStackSetOperations",
            ],
            of(&["stackset"]),
        ),
        (vec!["cloudformation:UpdateStackInstances"], of(&["stackset", "stackset-target", "type"])),
    ];
    if delegated {
        allowed.push((vec!["organizations:ListDelegatedAdministrators"], vec!["*".to_owned()]));
    }
    allowed
}

/// What is looked up, uploaded and watched in the hub.
pub(super) fn hub(scope: &Scope) -> Vec<Allowed> {
    let prefix = &scope.prefix;
    let partition = scope.place.partition;
    vec![
        (
            vec![
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeRegions",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
                "ecr:GetAuthorizationToken",
                "ecs:ListTasks",
            ],
            vec!["*".to_owned()],
        ),
        (vec!["s3:ListBucket", "s3:ListBucketVersions"], vec![format!("arn:{partition}:s3:::{prefix}-*")]),
        (
            vec!["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:PutObject"],
            vec![format!("arn:{partition}:s3:::{prefix}-*/*")],
        ),
        // The master key, with which the gateway is tried.
        (vec!["secretsmanager:GetSecretValue"], scope.secrets()),
        (vec!["kms:Decrypt", "kms:GenerateDataKey"], vec![scope.regional("kms", "key/*")]),
        (
            vec![
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchDeleteImage",
                "ecr:BatchGetImage",
                "ecr:CompleteLayerUpload",
                "ecr:DescribeImages",
                "ecr:GetDownloadUrlForLayer",
                "ecr:InitiateLayerUpload",
                "ecr:ListImages",
                "ecr:PutImage",
                "ecr:UploadLayerPart",
            ],
            vec![scope.regional("ecr", &format!("repository/{prefix}/*"))],
        ),
        (
            vec![
                "ecs:DescribeServiceDeployments",
                "ecs:DescribeServices",
                "ecs:DescribeTasks",
                "ecs:ListServiceDeployments",
                "ecs:UpdateService",
            ],
            ["service", "service-deployment", "task"]
                .map(|kind| scope.regional("ecs", &format!("{kind}/{prefix}-*")))
                .to_vec(),
        ),
    ]
}

/// What is looked at in the hub, and nothing is deployed with.
pub(super) fn looks_hub(scope: &Scope) -> Vec<Allowed> {
    let prefix = &scope.prefix;
    vec![
        // Why an operation failed: what `diagnose` asks, and every apply that fails; and what drift looks at beside the
        // resources themselves. A secret may be one that the spec names.
        (
            vec![
                "acm:DescribeCertificate",
                "bedrock:GetFoundationModelAvailability",
                "ec2:DescribeClientVpnAuthorizationRules",
                "ec2:DescribeClientVpnEndpoints",
                "ec2:DescribeClientVpnRoutes",
                "ec2:DescribeClientVpnTargetNetworks",
                "ec2:DescribeRouteTables",
                "ec2:DescribeSecurityGroupRules",
                "ecr:GetRepositoryPolicy",
                "ecs:DescribeTaskDefinition",
                "elasticache:DescribeCacheClusters",
                "elasticache:DescribeReplicationGroups",
                "elasticache:DescribeUserGroups",
                "elasticache:DescribeUsers",
                "elasticloadbalancing:DescribeListeners",
                "elasticloadbalancing:DescribeRules",
                "elasticloadbalancing:DescribeTargetHealth",
                "logs:DescribeSubscriptionFilters",
                "route53:ListResourceRecordSets",
                "secretsmanager:DescribeSecret",
                "servicequotas:GetServiceQuota",
                "wafv2:GetIPSet",
                "wafv2:GetLoggingConfiguration",
                "wafv2:GetWebACL",
                "wafv2:GetWebACLForResource",
            ],
            vec!["*".to_owned()],
        ),
        // Whom the deployment's own secrets let in.
        (vec!["secretsmanager:GetResourcePolicy"], scope.secrets()),
        (vec!["logs:GetLogEvents"], vec![scope.regional("logs", &format!("log-group:/gwinfra/{prefix}/*"))]),
    ]
}

/// What Terraform's provider reads and writes of roles and policies, in every account.
pub(super) fn terraform(scope: &Scope) -> Vec<Allowed> {
    let mut iam = scope.resources("iam:GetRole", &["role".to_owned()]);
    iam.extend(scope.resources("iam:GetPolicy", &["policy".to_owned()]));
    vec![(
        vec![
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListEntitiesForPolicy",
            "iam:ListInstanceProfilesForRole",
            "iam:ListPolicyVersions",
            "iam:ListRolePolicies",
            "iam:TagPolicy",
            "iam:UntagPolicy",
            "iam:UpdateRole",
            "iam:UpdateRoleDescription",
        ],
        iam,
    )]
}

/// What Terraform's provider reads in the hub. It publishes no list, so reads are allowed whole.
pub(super) fn terraform_hub(scope: &Scope) -> Vec<Allowed> {
    let partition = scope.place.partition;
    vec![
        (
            vec![
                "acm:DescribeCertificate",
                "acm:ListTagsForCertificate",
                "application-autoscaling:Describe*",
                "application-autoscaling:ListTagsForResource",
                "cloudwatch:Describe*",
                "cloudwatch:ListTagsForResource",
                "ec2:Describe*",
                "ecr:DescribeRepositories",
                "ecr:GetLifecyclePolicy",
                "ecr:ListTagsForResource",
                "ecs:Describe*",
                "ecs:ListTagsForResource",
                "elasticache:Describe*",
                "elasticache:ListTagsForResource",
                "elasticloadbalancing:Describe*",
                "kms:DescribeKey",
                "kms:GetKeyPolicy",
                "kms:GetKeyRotationStatus",
                "kms:ListAliases",
                "kms:ListResourceTags",
                "logs:Describe*",
                "logs:ListTagsForResource",
                "rds:Describe*",
                "rds:ListTagsForResource",
                "route53:GetChange",
                "route53:GetHostedZone",
                "route53:ListHostedZones",
                "route53:ListResourceRecordSets",
                "route53:ListTagsForResource",
                "secretsmanager:DescribeSecret",
                "secretsmanager:GetRandomPassword",
                "secretsmanager:GetResourcePolicy",
                "sns:GetSubscriptionAttributes",
                "sns:GetTopicAttributes",
                "sns:ListTagsForResource",
                "wafv2:GetIPSet",
                "wafv2:GetLoggingConfiguration",
                "wafv2:GetWebACL",
                "wafv2:GetWebACLForResource",
                "wafv2:ListTagsForResource",
            ],
            vec!["*".to_owned()],
        ),
        (
            vec![
                "s3:GetAccelerateConfiguration",
                "s3:GetBucket*",
                "s3:GetEncryptionConfiguration",
                "s3:GetLifecycleConfiguration",
                "s3:GetReplicationConfiguration",
            ],
            vec![format!("arn:{partition}:s3:::{}-*", scope.prefix)],
        ),
        (vec!["secretsmanager:PutSecretValue"], scope.secrets()),
        // What the provider has no resource for is in stacks that it makes.
        (
            vec![
                "cloudformation:CreateStack",
                "cloudformation:DeleteStack",
                "cloudformation:DescribeStackEvents",
                "cloudformation:DescribeStacks",
                "cloudformation:GetTemplate",
                "cloudformation:TagResource",
                "cloudformation:UntagResource",
                "cloudformation:UpdateStack",
            ],
            vec![stacks_of(scope)],
        ),
    ]
}

/// The objects and lock of Terraform's state, and what `gwinfra state bootstrap` asks and sets of their bucket.
pub(super) fn state(partition: &str, bucket: &str) -> Vec<Allowed> {
    vec![
        (
            vec![
                "s3:CreateBucket",
                "s3:GetBucketOwnershipControls",
                "s3:GetBucketPolicy",
                "s3:GetBucketPublicAccessBlock",
                "s3:GetBucketTagging",
                "s3:GetBucketVersioning",
                "s3:GetEncryptionConfiguration",
                "s3:GetLifecycleConfiguration",
                "s3:ListBucket",
                "s3:PutBucketOwnershipControls",
                "s3:PutBucketPolicy",
                "s3:PutBucketPublicAccessBlock",
                "s3:PutBucketTagging",
                "s3:PutBucketVersioning",
                "s3:PutEncryptionConfiguration",
                "s3:PutLifecycleConfiguration",
            ],
            vec![format!("arn:{partition}:s3:::{bucket}")],
        ),
        (vec!["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], vec![format!("arn:{partition}:s3:::{bucket}/*")]),
    ]
}
