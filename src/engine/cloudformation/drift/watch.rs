//! Where to look in a stack beside its declared properties.

use serde_json::{Value, json};

use super::certificate::CERTIFICATE;
use super::stack::{Read, ReadStack};
use crate::drift::Scaled;
use crate::engine::service::named;
use crate::engine::watch::{
    Group, Listener, LoadBalancer, LogGroup, Owner, Repository, RouteTable, ScalableTarget, Secret, Service, Topic,
    Use, Validated, Watch,
};

const GROUP: &str = "AWS::EC2::SecurityGroup";
const INGRESS: &str = "AWS::EC2::SecurityGroupIngress";
const EGRESS: &str = "AWS::EC2::SecurityGroupEgress";
const ROUTE_TABLE: &str = "AWS::EC2::RouteTable";
const ROUTE: &str = "AWS::EC2::Route";
const LOAD_BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
const LISTENER_RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";
/// The type of a role.
pub(super) const ROLE: &str = "AWS::IAM::Role";
const VPN: &str = "AWS::EC2::ClientVpnEndpoint";
const SERVICE: &str = "AWS::ECS::Service";
const TASK_DEFINITION: &str = "AWS::ECS::TaskDefinition";
const SCALABLE_TARGET: &str = "AWS::ApplicationAutoScaling::ScalableTarget";
const SCALING_POLICY: &str = "AWS::ApplicationAutoScaling::ScalingPolicy";
const SECRET: &str = "AWS::SecretsManager::Secret";
const SECRET_POLICY: &str = "AWS::SecretsManager::ResourcePolicy";
const REPOSITORY: &str = "AWS::ECR::Repository";
const LOG_GROUP: &str = "AWS::Logs::LogGroup";
const SUBSCRIPTION_FILTER: &str = "AWS::Logs::SubscriptionFilter";
const TOPIC: &str = "AWS::SNS::Topic";
const SUBSCRIPTION: &str = "AWS::SNS::Subscription";

/// Where to look in a stack.
pub(super) fn watch(stack: &ReadStack) -> Watch {
    Watch {
        groups: stack
            .of_type(GROUP)
            .filter(|(own, _)| !is_gone(stack, own))
            .map(|(own, id)| group(stack, own, id))
            .collect(),
        listeners: stack.of_type(LISTENER).map(|(own, arn)| listener(stack, own, arn)).collect(),
        load_balancers: stack
            .of_type(LOAD_BALANCER)
            .filter(|(own, _)| !is_gone(stack, own))
            .map(|(own, arn)| load_balancer(stack, own, arn))
            .collect(),
        // What the Cloud Control API gives of a role has its policies.
        roles: Vec::new(),
        route_tables: stack.of_type(ROUTE_TABLE).map(|(own, id)| route_table(stack, own, id)).collect(),
        // Its types have no handlers, so it is read with everything that belongs to it.
        vpns: Vec::new(),
        secrets: secrets_without_policy(stack),
        repositories: repositories(stack),
        log_groups: stack.of_type(LOG_GROUP).map(|(own, name)| log_group(stack, own, name)).collect(),
        topics: stack.of_type(TOPIC).map(|(own, arn)| topic(stack, own, arn)).collect(),
        scalable_targets: stack.of_type(SCALABLE_TARGET).filter_map(|(own, id)| target(stack, own, id)).collect(),
        certificates: certificates(stack),
        validated: stack.of_type(CERTIFICATE).flat_map(|(own, arn)| validated(stack, own, arn)).collect(),
        service: service(stack),
    }
}

/// Whether a resource is gone, which is told of as that.
fn is_gone(stack: &ReadStack, logical_id: &str) -> bool {
    matches!(stack.read.get(logical_id), Some(Read::Gone(_)))
}

fn owner(id: &str, resource_type: &str) -> Owner {
    Owner { id: id.to_owned(), resource_type: resource_type.to_owned() }
}

fn list(value: &Value, property: &str) -> Vec<Value> {
    value.get(property).and_then(Value::as_array).cloned().unwrap_or_default()
}

fn text(value: &Value, property: &str) -> Option<String> {
    value.get(property).and_then(Value::as_str).map(ToOwned::to_owned)
}

fn group(stack: &ReadStack, logical_id: &str, id: &str) -> Group {
    let own = stack.declared(logical_id).unwrap_or_default();
    let ingress = list(&own, "SecurityGroupIngress").into_iter().map(|rule| (false, rule));
    let egress = list(&own, "SecurityGroupEgress");
    let has_egress = !egress.is_empty();
    let inline = ingress.chain(egress.into_iter().map(|rule| (true, rule))).collect();
    // Rules that are resources may be those of another stack.
    Group { owner: owner(logical_id, GROUP), id: id.to_owned(), rules: Vec::new(), inline, has_egress }
}

/// Tells the groups of a watch which rules are resources of stacks, as [`rules`] gives them.
pub(super) fn tell_rules(watch: &mut Watch, rules: &[String], leaving: &[String]) {
    for group in &mut watch.groups {
        group.rules = rules.to_vec();
        group.has_egress |= leaving.contains(&group.id);
    }
}

/// Rules of groups that are resources of a stack: their ids, and the groups of those that are for traffic that leaves.
pub(super) fn rules(stack: &ReadStack) -> (Vec<String>, Vec<String>) {
    let ids = [INGRESS, EGRESS].into_iter().flat_map(|kind| stack.of_type(kind)).map(|(_, id)| id.to_owned());
    let leaving = stack.of_type(EGRESS).filter_map(|(rule, _)| text(&stack.declared(rule)?, "GroupId"));
    (ids.collect(), leaving.collect())
}

fn listener(stack: &ReadStack, logical_id: &str, arn: &str) -> Listener {
    let rules = stack.of_type(LISTENER_RULE).map(|(_, rule)| rule.to_owned()).collect();
    Listener { owner: owner(logical_id, LISTENER), arn: arn.to_owned(), rules }
}

fn load_balancer(stack: &ReadStack, logical_id: &str, arn: &str) -> LoadBalancer {
    let listeners = stack.of_type(LISTENER).map(|(_, listener)| listener.to_owned()).collect();
    LoadBalancer { owner: owner(logical_id, LOAD_BALANCER), arn: arn.to_owned(), listeners }
}

fn route_table(stack: &ReadStack, logical_id: &str, id: &str) -> RouteTable {
    let declared = stack.of_type(ROUTE).filter_map(|(route, _)| stack.declared(route));
    let own = declared.filter(|route| route.get("RouteTableId") == Some(&json!(id)));
    let names = ["DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"];
    let destinations = own.filter_map(|route| names.iter().find_map(|name| text(&route, name))).collect();
    RouteTable { owner: owner(logical_id, ROUTE_TABLE), id: id.to_owned(), destinations }
}

/// Secrets for which the template has no policy.
fn secrets_without_policy(stack: &ReadStack) -> Vec<Secret> {
    let policies = stack.of_type(SECRET_POLICY).filter_map(|(policy, _)| text(&stack.declared(policy)?, "SecretId"));
    let declared: Vec<String> = policies.collect();
    let own = stack.of_type(SECRET).filter(|(own, arn)| !is_gone(stack, own) && !declared.iter().any(|id| id == arn));
    own.map(|(own, arn)| Secret { owner: owner(own, SECRET), arn: arn.to_owned() }).collect()
}

/// Repositories for which the template has no policy. One that it has is compared.
fn repositories(stack: &ReadStack) -> Vec<Repository> {
    let has_policy = |own: &str| stack.declared(own).is_some_and(|one| one.get("RepositoryPolicyText").is_some());
    let own = stack.of_type(REPOSITORY).filter(|(own, _)| !is_gone(stack, own) && !has_policy(own));
    own.map(|(own, name)| Repository { owner: owner(own, REPOSITORY), name: name.to_owned() }).collect()
}

fn log_group(stack: &ReadStack, logical_id: &str, name: &str) -> LogGroup {
    let of_group = |(filter, physical): (&str, &str)| {
        let declared = stack.declared(filter)?;
        let is_of_group = declared.get("LogGroupName") == Some(&json!(name));
        is_of_group.then(|| text(&declared, "FilterName").unwrap_or_else(|| physical.to_owned()))
    };
    let filters = stack.of_type(SUBSCRIPTION_FILTER).filter_map(of_group).collect();
    LogGroup { owner: owner(logical_id, LOG_GROUP), name: name.to_owned(), filters }
}

fn topic(stack: &ReadStack, logical_id: &str, arn: &str) -> Topic {
    let both = |one: &Value| Some((text(one, "Protocol")?, text(one, "Endpoint")?));
    let own = list(&stack.declared(logical_id).unwrap_or_default(), "Subscription");
    let of_topic = stack
        .of_type(SUBSCRIPTION)
        .filter_map(|(one, _)| stack.declared(one))
        .filter(|one| one.get("TopicArn") == Some(&json!(arn)));
    let declared = own.into_iter().chain(of_topic).filter_map(|one| both(&one)).collect();
    let subscriptions = live_list(stack, logical_id, "Subscription");
    Topic { owner: owner(logical_id, TOPIC), arn: arn.to_owned(), declared, subscriptions }
}

fn target(stack: &ReadStack, logical_id: &str, id: &str) -> Option<ScalableTarget> {
    let declares = stack.declared(logical_id).is_some_and(|one| one.get("ScheduledActions").is_some());
    let actions = if declares { Vec::new() } else { live_list(stack, logical_id, "ScheduledActions") };
    let policies = stack.of_type(SCALING_POLICY).map(|(_, arn)| arn.to_owned()).collect();
    Some(ScalableTarget { owner: owner(logical_id, SCALABLE_TARGET), scaled: Scaled::parse(id)?, policies, actions })
}

/// A list that a resource has, as it was read.
fn live_list(stack: &ReadStack, logical_id: &str, property: &str) -> Vec<Value> {
    match stack.read.get(logical_id) {
        Some(Read::There(live, _)) => list(live, property),
        _ => Vec::new(),
    }
}

/// Certificates of listeners and VPN endpoints, as they are now.
fn certificates(stack: &ReadStack) -> Vec<Use> {
    let mut found = Vec::new();
    let mut add = |id: &str, kind: &str, path: &[&str], arn: Option<String>| {
        let path = path.iter().map(|part| (*part).to_owned()).collect();
        found.extend(arn.map(|arn| Use { owner: owner(id, kind), path, arn }));
    };
    let there = |logical_id: &str| match stack.read.get(logical_id) {
        Some(Read::There(actual, _)) => Some(actual),
        _ => None,
    };
    for (id, _) in stack.of_type(LISTENER) {
        for (index, certificate) in there(id).map(|live| list(live, "Certificates")).into_iter().flatten().enumerate() {
            let path = ["Certificates", &index.to_string(), "CertificateArn"];
            add(id, LISTENER, &path, text(&certificate, "CertificateArn"));
        }
    }
    for (id, _) in stack.of_type(VPN) {
        let Some(live) = there(id) else { continue };
        add(id, VPN, &["ServerCertificateArn"], text(live, "ServerCertificateArn"));
        for option in list(live, "AuthenticationOptions") {
            let path = ["AuthenticationOptions", "MutualAuthentication", "ClientRootCertificateChainArn"];
            let mutual = option.get("MutualAuthentication").unwrap_or(&Value::Null);
            add(id, VPN, &path, text(mutual, "ClientRootCertificateChainArn"));
        }
    }
    found
}

/// The domains of a certificate whose records CloudFormation writes into a zone.
fn validated(stack: &ReadStack, logical_id: &str, arn: &str) -> Vec<Validated> {
    let declared = stack.declared(logical_id).unwrap_or_default();
    let options = list(&declared, "DomainValidationOptions").into_iter();
    let of_option = |option: Value| {
        let (domain, zone) = (text(&option, "DomainName")?, text(&option, "HostedZoneId")?);
        Some(Validated { owner: owner(logical_id, CERTIFICATE), arn: arn.to_owned(), domain, zone })
    };
    options.filter_map(of_option).collect()
}

fn service(stack: &ReadStack) -> Option<Service> {
    let (cluster, service) = named(&stack.outputs)?;
    let range = stack.of_type(SCALABLE_TARGET).find_map(|(id, _)| match stack.read.get(id) {
        Some(Read::There(target, _)) => {
            let number = |name: &str| target.get(name).and_then(Value::as_u64);
            Some((number("MinCapacity")?, number("MaxCapacity")?))
        }
        _ => None,
    });
    let (id, _) = stack.of_type(SERVICE).next()?;
    let images = containers(stack).iter().filter_map(|one| Some((text(one, "Name")?, text(one, "Image")?))).collect();
    Some(Service {
        owner: owner(id, SERVICE),
        task: task(stack)?,
        count: "DesiredCount",
        containers: "ContainerDefinitions",
        cluster: cluster.to_owned(),
        service: service.to_owned(),
        images,
        range,
    })
}

/// The task definition of a stack.
pub(super) fn task(stack: &ReadStack) -> Option<Owner> {
    stack.of_type(TASK_DEFINITION).next().map(|(id, _)| owner(id, TASK_DEFINITION))
}

fn containers(stack: &ReadStack) -> Vec<Value> {
    let Some(task) = task(stack) else { return Vec::new() };
    list(&stack.declared(&task.id).unwrap_or_default(), "ContainerDefinitions")
}

/// Secrets of the stack, and those that its tasks are given.
pub(super) fn secrets(stack: &ReadStack) -> (Vec<Use>, Vec<Use>) {
    let own = stack.of_type(SECRET).map(|(id, arn)| Use {
        owner: owner(id, SECRET),
        path: vec!["DeletedDate".to_owned()],
        arn: arn.to_owned(),
    });
    let mut given = Vec::new();
    if let Some(task) = task(stack) {
        for container in containers(stack) {
            for secret in list(&container, "Secrets") {
                let (Some(name), Some(from)) = (text(&secret, "Name"), text(&secret, "ValueFrom")) else { continue };
                let Some(arn) = Use::arn_in(&from) else { continue };
                let container = text(&container, "Name").unwrap_or_default();
                let path = vec!["ContainerDefinitions".to_owned(), container, "Secrets".to_owned(), name];
                given.push(Use { owner: task.clone(), path, arn });
            }
        }
    }
    (own.collect(), given)
}

/// A managed policy that is a resource, at a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attachment {
    /// The account that both are in.
    pub account: String,
    /// Name of the role.
    pub role: String,
    /// ARN of the policy.
    pub policy: String,
}

/// The roles that the managed policies of a stack are attached to.
pub(super) fn attachments(account: &str, stack: &ReadStack) -> Vec<Attachment> {
    let of_policy = |(id, arn): (&str, &str)| {
        let roles = list(&stack.declared(id).unwrap_or_default(), "Roles");
        let attached = roles.iter().filter_map(Value::as_str).map(|role| Attachment {
            account: account.to_owned(),
            role: role.to_owned(),
            policy: arn.to_owned(),
        });
        attached.collect::<Vec<_>>()
    };
    stack.of_type("AWS::IAM::ManagedPolicy").flat_map(of_policy).collect()
}

/// Policies at a role that no template has: attached ones by ARN, inline ones whole. The managed policies that templates
/// attach are those of any stack.
pub(super) fn policies_more(
    stack: &ReadStack,
    logical_id: &str,
    attached: &[&str],
    actual: &Value,
) -> Vec<(&'static str, Value)> {
    let declared = stack.declared(logical_id).unwrap_or_default();
    let mut found = Vec::new();
    // What the role itself declares is compared with its own list.
    if list(&declared, "ManagedPolicyArns").is_empty() {
        let more = list(actual, "ManagedPolicyArns").into_iter();
        found.extend(
            more.filter(|arn| !arn.as_str().is_some_and(|arn| attached.contains(&arn)))
                .map(|arn| ("ManagedPolicyArns", arn)),
        );
    }
    if list(&declared, "Policies").is_empty() {
        let names: Vec<Value> = ["AWS::IAM::RolePolicy", "AWS::IAM::Policy"]
            .into_iter()
            .flat_map(|kind| stack.of_type(kind))
            .filter_map(|(policy, _)| stack.declared(policy)?.get("PolicyName").cloned())
            .collect();
        let more = list(actual, "Policies").into_iter();
        found.extend(
            more.filter(|policy| !policy.get("PolicyName").is_some_and(|name| names.contains(name)))
                .map(|policy| ("Policies", policy)),
        );
    }
    found
}
