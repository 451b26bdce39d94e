//! Read-only attributes: identifiers, ARNs, endpoints.

use serde_json::{Map, Value};

use super::{Origin, Place, naming};
use crate::cfn::registry::ResourceSchema;
use crate::simulator::clock::iso8601;
use crate::simulator::identity::partition;
use crate::simulator::resource::Resource;
use crate::simulator::world::World;

/// What services return, in the shapes that their documentation shows. In braces: `p` partition, `r` region, `a` account, `name`
/// the resource's name, `hexN`, `upN` and `numN` N made-up digits, `uuid`, `ip` a public address, `now`; anything else is another
/// property, by path.
const SHAPES: &[(&str, &str, &str)] = &[
    ("AWS::EC2::VPC", "VpcId", "vpc-{hex17}"),
    ("AWS::EC2::VPC", "DefaultNetworkAcl", "acl-{hex17}"),
    ("AWS::EC2::VPC", "DefaultSecurityGroup", "sg-{hex17}"),
    ("AWS::EC2::Subnet", "SubnetId", "subnet-{hex17}"),
    ("AWS::EC2::Subnet", "NetworkAclAssociationId", "aclassoc-{hex17}"),
    ("AWS::EC2::InternetGateway", "InternetGatewayId", "igw-{hex17}"),
    ("AWS::EC2::EgressOnlyInternetGateway", "Id", "eigw-{hex17}"),
    ("AWS::EC2::VPCGatewayAttachment", "AttachmentType", "IGW"),
    ("AWS::EC2::NatGateway", "NatGatewayId", "nat-{hex17}"),
    ("AWS::EC2::NatGateway", "EniId", "eni-{hex17}"),
    ("AWS::EC2::EIP", "PublicIp", "{ip}"),
    ("AWS::EC2::EIP", "AllocationId", "eipalloc-{hex17}"),
    ("AWS::EC2::EIPAssociation", "Id", "eipassoc-{hex17}"),
    ("AWS::EC2::RouteTable", "RouteTableId", "rtb-{hex17}"),
    ("AWS::EC2::Route", "CidrBlock", "{DestinationCidrBlock}"),
    ("AWS::EC2::SubnetRouteTableAssociation", "Id", "rtbassoc-{hex17}"),
    ("AWS::EC2::FlowLog", "Id", "fl-{hex17}"),
    ("AWS::EC2::VPCEndpoint", "Id", "vpce-{hex17}"),
    ("AWS::EC2::VPCEndpoint", "CreationTimestamp", "{now}"),
    ("AWS::EC2::SecurityGroup", "GroupId", "sg-{hex17}"),
    ("AWS::EC2::SecurityGroup", "Id", "{GroupId}"),
    ("AWS::EC2::SecurityGroupIngress", "Id", "sgr-{hex17}"),
    ("AWS::EC2::SecurityGroupEgress", "Id", "sgr-{hex17}"),
    ("AWS::EC2::NetworkAcl", "Id", "acl-{hex17}"),
    ("AWS::EC2::NetworkInterface", "Id", "eni-{hex17}"),
    ("AWS::EC2::DHCPOptions", "DhcpOptionsId", "dopt-{hex17}"),
    ("AWS::EC2::PrefixList", "PrefixListId", "pl-{hex17}"),
    ("AWS::EC2::VPCPeeringConnection", "Id", "pcx-{hex17}"),
    ("AWS::EC2::TransitGatewayAttachment", "Id", "tgw-attach-{hex17}"),
    ("AWS::EC2::VPCCidrBlock", "Id", "vpc-cidr-assoc-{hex17}"),
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateId", "lt-{hex17}"),
    ("AWS::EC2::LaunchTemplate", "DefaultVersionNumber", "1"),
    ("AWS::EC2::LaunchTemplate", "LatestVersionNumber", "1"),
    ("AWS::EC2::Instance", "InstanceId", "i-{hex17}"),
    ("AWS::EC2::Instance", "PrivateIp", "10.{octet}.{octet}.{octet}"),
    ("AWS::EC2::Instance", "PrivateDnsName", "ip-{hex8}.{r}.compute.internal"),
    ("AWS::EC2::Instance", "VpcId", ""),
    ("AWS::EC2::Volume", "VolumeId", "vol-{hex17}"),
    ("AWS::EC2::KeyPair", "KeyPairId", "key-{hex17}"),
    ("AWS::EC2::ClientVpnEndpoint", "Id", "cvpn-endpoint-{hex17}"),
    ("AWS::EC2::ClientVpnTargetNetworkAssociation", "Id", "cvpn-assoc-{hex17}"),
    ("AWS::EC2::ClientVpnAuthorizationRule", "Id", "{ClientVpnEndpointId}|{TargetNetworkCidr}"),
    ("AWS::EC2::ClientVpnRoute", "Id", "{ClientVpnEndpointId}|{DestinationCidrBlock}|{TargetVpcSubnetId}"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "LoadBalancerName", "{name}"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "LoadBalancerFullName", "app/{name}/{hex16}"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "CanonicalHostedZoneID", "Z35SXDOTRQ7X7K"),
    (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "LoadBalancerArn",
        "arn:{p}:elasticloadbalancing:{r}:{a}:loadbalancer/{LoadBalancerFullName}",
    ),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "DNSName", "{name}-{num10}.{r}.elb.amazonaws.com"),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "TargetGroupName", "{name}"),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "TargetGroupFullName", "targetgroup/{name}/{hex16}"),
    (
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "TargetGroupArn",
        "arn:{p}:elasticloadbalancing:{r}:{a}:{TargetGroupFullName}",
    ),
    (
        "AWS::ElasticLoadBalancingV2::Listener",
        "ListenerArn",
        "arn:{p}:elasticloadbalancing:{r}:{a}:listener/{LoadBalancerArn#loadbalancer/}/{hex16}",
    ),
    (
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        "RuleArn",
        "arn:{p}:elasticloadbalancing:{r}:{a}:listener-rule/{ListenerArn#listener/}/{hex16}",
    ),
    ("AWS::WAFv2::WebACL", "Id", "{uuid}"),
    ("AWS::WAFv2::WebACL", "Arn", "arn:{p}:wafv2:{r}:{a}:regional/webacl/{name}/{Id}"),
    ("AWS::WAFv2::WebACL", "LabelNamespace", "awswaf:{a}:webacl:{name}:"),
    ("AWS::WAFv2::IPSet", "Id", "{uuid}"),
    ("AWS::WAFv2::IPSet", "Arn", "arn:{p}:wafv2:{r}:{a}:regional/ipset/{name}/{Id}"),
    ("AWS::WAFv2::RegexPatternSet", "Id", "{uuid}"),
    ("AWS::WAFv2::RegexPatternSet", "Arn", "arn:{p}:wafv2:{r}:{a}:regional/regexpatternset/{name}/{Id}"),
    ("AWS::WAFv2::RuleGroup", "Id", "{uuid}"),
    ("AWS::WAFv2::RuleGroup", "Arn", "arn:{p}:wafv2:{r}:{a}:regional/rulegroup/{name}/{Id}"),
    ("AWS::CertificateManager::Certificate", "Id", "arn:{p}:acm:{r}:{a}:certificate/{uuid}"),
    ("AWS::Route53::HostedZone", "Id", "Z{up20}"),
    ("AWS::Route53::HealthCheck", "HealthCheckId", "{uuid}"),
    ("AWS::Route53::RecordSet", "Id", "{name}"),
    ("AWS::ServiceDiscovery::PrivateDnsNamespace", "Id", "ns-{hex16}"),
    ("AWS::ServiceDiscovery::Service", "Id", "srv-{hex16}"),
    ("AWS::ECS::Cluster", "Arn", "arn:{p}:ecs:{r}:{a}:cluster/{name}"),
    ("AWS::ECS::Service", "Name", "{name}"),
    ("AWS::ECS::Service", "ServiceArn", "arn:{p}:ecs:{r}:{a}:service/{Cluster#cluster/}/{name}"),
    ("AWS::ECR::Repository", "Arn", "arn:{p}:ecr:{r}:{a}:repository/{name}"),
    ("AWS::ECR::Repository", "RepositoryUri", "{a}.dkr.ecr.{r}.amazonaws.com/{name}"),
    ("AWS::ECR::RegistryPolicy", "RegistryId", "{a}"),
    ("AWS::ECR::RegistryScanningConfiguration", "RegistryId", "{a}"),
    ("AWS::ECR::ReplicationConfiguration", "RegistryId", "{a}"),
    ("AWS::ApplicationAutoScaling::ScalableTarget", "Id", "{ResourceId}|{ScalableDimension}|{ServiceNamespace}"),
    (
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "Arn",
        "arn:{p}:autoscaling:{r}:{a}:scalingPolicy:{uuid}:resource/ecs/{ResourceId}:policyName/{name}",
    ),
    (
        "AWS::AutoScaling::AutoScalingGroup",
        "AutoScalingGroupARN",
        "arn:{p}:autoscaling:{r}:{a}:autoScalingGroup:{uuid}:autoScalingGroupName/{name}",
    ),
    ("AWS::AutoScaling::ScalingPolicy", "Arn", "arn:{p}:autoscaling:{r}:{a}:scalingPolicy:{uuid}:policyName/{name}"),
    ("AWS::EKS::Cluster", "Id", "{name}"),
    ("AWS::EKS::Cluster", "Arn", "arn:{p}:eks:{r}:{a}:cluster/{name}"),
    ("AWS::EKS::Cluster", "Endpoint", "https://{up32}.gr7.{r}.eks.amazonaws.com"),
    ("AWS::EKS::Cluster", "OpenIdConnectIssuerUrl", "https://oidc.eks.{r}.amazonaws.com/id/{up32}"),
    ("AWS::EKS::Cluster", "ClusterSecurityGroupId", "sg-{hex17}"),
    ("AWS::EKS::Nodegroup", "Id", "{ClusterName}/{name}"),
    ("AWS::IAM::Role", "RoleId", "AROA{up17}"),
    ("AWS::IAM::Role", "Arn", "arn:{p}:iam::{a}:role{Path}{name}"),
    ("AWS::IAM::ManagedPolicy", "PolicyArn", "arn:{p}:iam::{a}:policy{Path}{name}"),
    ("AWS::IAM::ManagedPolicy", "PolicyId", "ANPA{up17}"),
    ("AWS::IAM::ManagedPolicy", "DefaultVersionId", "v1"),
    ("AWS::IAM::InstanceProfile", "Arn", "arn:{p}:iam::{a}:instance-profile{Path}{name}"),
    ("AWS::IAM::User", "Arn", "arn:{p}:iam::{a}:user{Path}{name}"),
    ("AWS::IAM::Group", "Arn", "arn:{p}:iam::{a}:group{Path}{name}"),
    ("AWS::IAM::Policy", "Id", "{name}"),
    ("AWS::IAM::OIDCProvider", "Arn", "arn:{p}:iam::{a}:oidc-provider/{Url#//}"),
    ("AWS::IAM::ServiceLinkedRole", "RoleName", "AWSServiceRoleFor{AWSServiceName}"),
    ("AWS::RDS::DBCluster", "DBClusterResourceId", "cluster-{up26}"),
    ("AWS::RDS::DBCluster", "DBClusterArn", "arn:{p}:rds:{r}:{a}:cluster:{name}"),
    ("AWS::RDS::DBCluster", "Endpoint.Address", "{name}.cluster-{hex12}.{r}.rds.amazonaws.com"),
    ("AWS::RDS::DBCluster", "Endpoint.Port", "{Port:5432}"),
    ("AWS::RDS::DBCluster", "ReadEndpoint.Address", "{name}.cluster-ro-{hex12}.{r}.rds.amazonaws.com"),
    (
        "AWS::RDS::DBCluster",
        "MasterUserSecret.SecretArn",
        "arn:{p}:secretsmanager:{r}:{a}:secret:rds!cluster-{uuid}-{hex6}",
    ),
    ("AWS::RDS::DBInstance", "DBInstanceArn", "arn:{p}:rds:{r}:{a}:db:{name}"),
    ("AWS::RDS::DBInstance", "DbiResourceId", "db-{up26}"),
    ("AWS::RDS::DBInstance", "DBInstanceStatus", "available"),
    ("AWS::RDS::DBInstance", "Endpoint.Address", "{name}.{hex12}.{r}.rds.amazonaws.com"),
    ("AWS::RDS::DBInstance", "Endpoint.Port", "{Port:5432}"),
    ("AWS::RDS::DBInstance", "Endpoint.HostedZoneId", "Z2R2ITUGPM61AM"),
    ("AWS::RDS::DBProxy", "Endpoint", "{name}.proxy-{hex12}.{r}.rds.amazonaws.com"),
    ("AWS::RDS::DBProxy", "DBProxyArn", "arn:{p}:rds:{r}:{a}:db-proxy:prx-{hex17}"),
    ("AWS::ElastiCache::ReplicationGroup", "PrimaryEndPoint.Address", "master.{name}.{hex6}.{r8}.cache.amazonaws.com"),
    ("AWS::ElastiCache::ReplicationGroup", "PrimaryEndPoint.Port", "{Port:6379}"),
    ("AWS::ElastiCache::ReplicationGroup", "ReaderEndPoint.Address", "replica.{name}.{hex6}.{r8}.cache.amazonaws.com"),
    ("AWS::ElastiCache::ReplicationGroup", "ReaderEndPoint.Port", "{Port:6379}"),
    (
        "AWS::ElastiCache::ReplicationGroup",
        "ConfigurationEndPoint.Address",
        "clustercfg.{name}.{hex6}.{r8}.cache.amazonaws.com",
    ),
    ("AWS::ElastiCache::ReplicationGroup", "ConfigurationEndPoint.Port", "{Port:6379}"),
    ("AWS::ElastiCache::ServerlessCache", "ARN", "arn:{p}:elasticache:{r}:{a}:serverlesscache:{name}"),
    ("AWS::ElastiCache::ServerlessCache", "Status", "available"),
    ("AWS::ElastiCache::ServerlessCache", "Endpoint.Address", "{name}-{hex6}.serverless.{r8}.cache.amazonaws.com"),
    ("AWS::ElastiCache::ServerlessCache", "Endpoint.Port", "6379"),
    (
        "AWS::ElastiCache::ServerlessCache",
        "ReaderEndpoint.Address",
        "{name}-{hex6}.serverless.{r8}.cache.amazonaws.com",
    ),
    ("AWS::ElastiCache::ServerlessCache", "ReaderEndpoint.Port", "6380"),
    ("AWS::ElastiCache::User", "Arn", "arn:{p}:elasticache:{r}:{a}:user:{name}"),
    ("AWS::ElastiCache::User", "Status", "active"),
    ("AWS::ElastiCache::UserGroup", "Arn", "arn:{p}:elasticache:{r}:{a}:usergroup:{name}"),
    ("AWS::ElastiCache::UserGroup", "Status", "active"),
    ("AWS::SecretsManager::Secret", "Id", "arn:{p}:secretsmanager:{r}:{a}:secret:{name}-{hex6}"),
    ("AWS::SecretsManager::RotationSchedule", "Id", "{SecretId}"),
    ("AWS::SecretsManager::SecretTargetAttachment", "Id", "{SecretId}"),
    ("AWS::SecretsManager::ResourcePolicy", "Id", "{SecretId}"),
    ("AWS::KMS::Key", "KeyId", "{uuid}"),
    ("AWS::KMS::Key", "Arn", "arn:{p}:kms:{r}:{a}:key/{KeyId}"),
    ("AWS::S3::Bucket", "Arn", "arn:{p}:s3:::{name}"),
    ("AWS::S3::Bucket", "DomainName", "{name}.s3.amazonaws.com"),
    ("AWS::S3::Bucket", "DualStackDomainName", "{name}.s3.dualstack.{r}.amazonaws.com"),
    ("AWS::S3::Bucket", "RegionalDomainName", "{name}.s3.{r}.amazonaws.com"),
    ("AWS::S3::Bucket", "WebsiteURL", "http://{name}.s3-website-{r}.amazonaws.com"),
    ("AWS::Logs::LogGroup", "Arn", "arn:{p}:logs:{r}:{a}:log-group:{name}:*"),
    ("AWS::CloudWatch::Alarm", "Arn", "arn:{p}:cloudwatch:{r}:{a}:alarm:{name}"),
    ("AWS::CloudWatch::CompositeAlarm", "Arn", "arn:{p}:cloudwatch:{r}:{a}:alarm:{name}"),
    ("AWS::SNS::Topic", "TopicArn", "arn:{p}:sns:{r}:{a}:{name}"),
    ("AWS::SNS::Subscription", "Arn", "{TopicArn}:{uuid}"),
    ("AWS::SQS::Queue", "QueueUrl", "https://sqs.{r}.amazonaws.com/{a}/{name}"),
    ("AWS::SQS::Queue", "Arn", "arn:{p}:sqs:{r}:{a}:{name}"),
    ("AWS::Lambda::Function", "Arn", "arn:{p}:lambda:{r}:{a}:function:{name}"),
    ("AWS::Events::Rule", "Arn", "arn:{p}:events:{r}:{a}:rule/{name}"),
    ("AWS::Scheduler::Schedule", "Arn", "arn:{p}:scheduler:{r}:{a}:schedule/{GroupName:default}/{name}"),
    ("AWS::Bedrock::Guardrail", "GuardrailId", "{hex12}"),
    ("AWS::Bedrock::Guardrail", "GuardrailArn", "arn:{p}:bedrock:{r}:{a}:guardrail/{GuardrailId}"),
    ("AWS::Bedrock::Guardrail", "Status", "READY"),
    ("AWS::Bedrock::Guardrail", "Version", "DRAFT"),
    ("AWS::Bedrock::GuardrailVersion", "GuardrailId", "{GuardrailIdentifier}"),
    ("AWS::Bedrock::GuardrailVersion", "Version", "1"),
    ("AWS::Bedrock::ApplicationInferenceProfile", "InferenceProfileId", "{hex12}"),
    (
        "AWS::Bedrock::ApplicationInferenceProfile",
        "InferenceProfileArn",
        "arn:{p}:bedrock:{r}:{a}:application-inference-profile/{InferenceProfileId}",
    ),
    ("AWS::Bedrock::ApplicationInferenceProfile", "InferenceProfileIdentifier", "{InferenceProfileArn}"),
    ("AWS::Bedrock::ApplicationInferenceProfile", "Status", "ACTIVE"),
    ("AWS::EFS::FileSystem", "FileSystemId", "fs-{hex17}"),
    ("AWS::EFS::FileSystem", "Arn", "arn:{p}:elasticfilesystem:{r}:{a}:file-system/{FileSystemId}"),
    ("AWS::EFS::MountTarget", "Id", "fsmt-{hex17}"),
    ("AWS::EFS::AccessPoint", "AccessPointId", "fsap-{hex17}"),
    ("AWS::CloudFormation::StackSet", "StackSetId", "{name}:{uuid}"),
    (
        "AWS::CloudFormation::WaitConditionHandle",
        "Id",
        "https://cloudformation-waitcondition-{r}.s3.amazonaws.com/{uuid}",
    ),
    ("AWS::CloudTrail::Trail", "Arn", "arn:{p}:cloudtrail:{r}:{a}:trail/{name}"),
    ("AWS::SSM::Document", "Arn", "arn:{p}:ssm:{r}:{a}:document/{name}"),
];

/// Adds the read-only attributes of a new resource.
pub(super) fn complete(
    world: &World,
    schema: &ResourceSchema,
    place: Place<'_>,
    origin: &Origin,
    properties: &mut Map<String, Value>,
) {
    let type_name = schema.type_name();
    let made = Made { world, place, origin, type_name, name: naming::name_property(schema) };
    if type_name == "AWS::ECS::TaskDefinition" {
        let arn = made.task_definition_arn(properties);
        properties.insert("TaskDefinitionArn".to_owned(), Value::String(arn));
    }
    for (_, path, shape) in SHAPES.iter().filter(|(name, ..)| *name == type_name) {
        if !shape.is_empty()
            && lookup(properties, path).is_none()
            && offers(schema, path)
            && applies(type_name, path, properties)
        {
            let text = made.fill(shape, path, properties);
            insert(properties, path, typed(schema, path, text));
        }
    }
    for path in schema.read_only() {
        let path = path.as_str();
        if lookup(properties, path).is_none()
            && !path.contains(['.', '*'])
            && let Some(value) = made.default(schema, path, properties)
        {
            insert(properties, path, value);
        }
    }
}

/// Brings attributes up to date that follow from properties.
pub(super) fn refresh(schema: &ResourceSchema, resource: &mut Resource) {
    if schema.type_name() == "AWS::EC2::LaunchTemplate"
        && let Some(latest) = resource.text("LatestVersionNumber").and_then(|text| text.parse::<u32>().ok())
        && let Some(properties) = resource.properties.as_object_mut()
    {
        properties.insert("LatestVersionNumber".to_owned(), Value::String((latest + 1).to_string()));
    }
}

/// Attributes that only some configurations have.
fn applies(type_name: &str, path: &str, properties: &Map<String, Value>) -> bool {
    let is_set = |name: &str| {
        properties.get(name).is_some_and(|value| value == &Value::Bool(true) || value.as_str() == Some("true"))
    };
    match (type_name, path) {
        ("AWS::RDS::DBCluster", "MasterUserSecret.SecretArn") => is_set("ManageMasterUserPassword"),
        _ => true,
    }
}

/// Some shapes are of attributes that an older schema does not have.
fn offers(schema: &ResourceSchema, path: &str) -> bool {
    let top = path.split('.').next().unwrap_or(path);
    schema.properties().is_some_and(|properties| properties.contains_key(top))
}

struct Made<'a> {
    world: &'a World,
    place: Place<'a>,
    origin: &'a Origin,
    type_name: &'a str,
    name: Option<&'a str>,
}

impl Made<'_> {
    fn name(&self, properties: &Map<String, Value>) -> String {
        self.name
            .and_then(|property| properties.get(property))
            .and_then(Value::as_str)
            .map_or_else(|| format!("{}-{}", self.origin.prefix, self.origin.logical_id), str::to_owned)
    }

    fn digits(&self, path: &str, salt: &str, length: usize) -> String {
        self.world.stable_token(&[&self.origin.token, self.type_name, path, salt], length)
    }

    fn fill(&self, shape: &str, path: &str, properties: &Map<String, Value>) -> String {
        let mut result = String::new();
        let mut rest = shape;
        while let Some((before, after)) = rest.split_once('{') {
            let (word, after) = after.split_once('}').unwrap_or((after, ""));
            result.push_str(before);
            let salt = format!("{}{word}", result.len());
            result.push_str(&self.word(word, path, &salt, properties));
            rest = after;
        }
        result.push_str(rest);
        result
    }

    fn word(&self, word: &str, path: &str, salt: &str, properties: &Map<String, Value>) -> String {
        let count = |prefix: &str| word.strip_prefix(prefix).and_then(|digits| digits.parse::<usize>().ok());
        let numbers = |length: usize, radix: u8| -> String {
            let digits = self.digits(path, salt, 64);
            digits
                .as_bytes()
                .chunks(2)
                .map(|pair| {
                    let digit = u8::from_str_radix(std::str::from_utf8(pair).unwrap_or("0"), 16).unwrap_or(0) % radix;
                    char::from_digit(u32::from(digit), 36).unwrap_or('0').to_ascii_uppercase()
                })
                .take(length)
                .collect()
        };
        let octet = |salt: &str| u8::from_str_radix(&self.digits(path, salt, 2), 16).unwrap_or(7).max(1);
        match word {
            "p" => partition(self.place.region).to_owned(),
            "r" => self.place.region.to_owned(),
            // ElastiCache writes regions in short: use1, euw1.
            "r8" => short_region(self.place.region),
            "a" => self.place.account.to_owned(),
            "name" => self.name(properties),
            "uuid" => crate::simulator::world::uuid_form(&self.digits(path, "uuid", 32)),
            // 203.0.113.0/24 is set aside for documentation.
            "ip" => format!("203.0.113.{}", octet("ip")),
            "octet" => octet(salt).to_string(),
            "now" => iso8601(self.world.now()),
            "Path" => properties.get("Path").and_then(Value::as_str).unwrap_or("/").to_owned(),
            _ => {
                if let Some(length) = count("hex") {
                    return self.digits(path, salt, length);
                }
                if let Some(length) = count("up") {
                    return numbers(length, 36);
                }
                if let Some(length) = count("num") {
                    return numbers(length, 10);
                }
                let (word, fallback) = word.split_once(':').unwrap_or((word, ""));
                let (property, after) = word.split_once('#').unwrap_or((word, ""));
                let text = lookup(properties, property).and_then(crate::simulator::request::scalar);
                let text = text
                    .unwrap_or_else(|| if fallback.is_empty() { "default".to_owned() } else { fallback.to_owned() });
                match (after.is_empty(), text.split_once(after)) {
                    (false, Some((_, tail))) => tail.to_owned(),
                    _ => text,
                }
            }
        }
    }

    fn task_definition_arn(&self, properties: &Map<String, Value>) -> String {
        let family = properties.get("Family").and_then(Value::as_str).unwrap_or("task");
        let stem = format!(
            "arn:{}:ecs:{}:{}:task-definition/{family}:",
            partition(self.place.region),
            self.place.region,
            self.place.account
        );
        // Revisions count on, also past deregistered ones.
        let counter = self
            .world
            .service(self.place.account, self.place.region, "ecs-revisions")
            .get(family)
            .and_then(Value::as_u64);
        let highest = self
            .world
            .resources_of(self.place.account, self.place.region, "AWS::ECS::TaskDefinition")
            .filter_map(|resource| resource.text("TaskDefinitionArn")?.strip_prefix(&stem)?.parse::<u64>().ok())
            .max();
        format!("{stem}{}", counter.max(highest).unwrap_or(0) + 1)
    }

    fn default(&self, schema: &ResourceSchema, path: &str, properties: &Map<String, Value>) -> Option<Value> {
        let node = schema.property_schema(&[path])?;
        let kind = match node.get("type")? {
            Value::Array(kinds) => kinds.first()?.as_str()?,
            kind => kind.as_str()?,
        };
        let own = self.type_name.rsplit("::").next().unwrap_or_default();
        let identifies = schema.primary_identifier().iter().any(|primary| primary.as_str() == path);
        match kind {
            "boolean" => Some(Value::Bool(false)),
            "integer" | "number" => Some(Value::from(0)),
            "array" => Some(Value::Array(Vec::new())),
            "string" => {
                if let Some(first) = node.get("enum").and_then(Value::as_array).and_then(|values| values.first()) {
                    return Some(first.clone());
                }
                let service = self.type_name.split("::").nth(1).unwrap_or_default().to_lowercase();
                let text = if path.ends_with("Arn") || path.ends_with("ARN") {
                    self.fill(
                        &format!("arn:{{p}}:{service}:{{r}}:{{a}}:{}/{{name}}", own.to_lowercase()),
                        path,
                        properties,
                    )
                } else if path.ends_with("Time")
                    || path.ends_with("Date")
                    || path.ends_with("At")
                    || path.ends_with("Timestamp")
                {
                    iso8601(self.world.now())
                } else if path == "Status" || path == "State" {
                    "ACTIVE".to_owned()
                } else if path.ends_with("AccountId") || path == "OwnerId" {
                    self.place.account.to_owned()
                } else if path == "VpcId" {
                    return None;
                } else if path.ends_with("Id") || identifies {
                    self.fill("{uuid}", path, properties)
                } else {
                    return None;
                };
                Some(Value::String(text))
            }
            _ => None,
        }
    }
}

fn short_region(region: &str) -> String {
    let mut parts = region.split('-');
    let area = parts.next().unwrap_or_default();
    let rest: String = parts.map(|part| part.chars().next().unwrap_or('x')).collect();
    format!("{area}{rest}")
}

fn typed(schema: &ResourceSchema, path: &str, text: String) -> Value {
    let segments: Vec<&str> = path.split('.').collect();
    match schema.property_schema(&segments).and_then(|node| node.get("type")).and_then(Value::as_str) {
        Some("integer" | "number") => text.parse::<i64>().map_or(Value::String(text), Value::from),
        _ => Value::String(text),
    }
}

fn lookup<'v>(properties: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    let mut parts = path.split('.');
    let first = properties.get(parts.next()?)?;
    parts.try_fold(first, |value, part| value.get(part))
}

fn insert(properties: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            properties.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = properties.entry(first.to_owned()).or_insert_with(|| Value::Object(Map::new()));
            if let Some(inner) = inner.as_object_mut() {
                insert(inner, rest, value);
            }
        }
    }
}
