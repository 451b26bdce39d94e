//! Where to look in a root module beside the arguments that its files set: what a refreshed state says is there.

use serde::Deserialize;
use serde_json::Value;

use crate::engine::opened::opened;
use crate::engine::watch::{
    Group, Listener, LoadBalancer, LogGroup, Owner, Repository, Role, RouteTable, Secret, Service, Use, Vpn, Watch,
};

/// A resource in a refreshed state.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Held {
    /// Address in the root module.
    pub address: String,
    /// `managed`, `data`.
    #[serde(default)]
    pub mode: String,
    /// Type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// Attributes.
    #[serde(default)]
    pub values: Value,
    /// `true` where an attribute is sensitive.
    #[serde(default)]
    pub sensitive_values: Value,
}

impl Held {
    fn owner(&self) -> Owner {
        Owner { id: self.address.clone(), resource_type: self.resource_type.clone() }
    }

    fn text(&self, name: &str) -> Option<String> {
        self.values.get(name)?.as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned)
    }
}

/// The managed resources of a state of one type.
fn of_type<'a>(held: &'a [Held], type_name: &str) -> impl Iterator<Item = &'a Held> {
    held.iter().filter(move |one| one.mode == "managed" && one.resource_type == type_name)
}

/// An attribute of those resources of a type that name another in an attribute.
fn naming(held: &[Held], type_name: &str, (by, name): (&str, &str), attributes: &[&str]) -> Vec<String> {
    let of = of_type(held, type_name).filter(|one| one.text(by).as_deref() == Some(name));
    of.filter_map(|one| attributes.iter().find_map(|attribute| one.text(attribute))).collect()
}

/// Where to look in a root module.
pub(super) fn watch(held: &[Held]) -> Watch {
    Watch {
        groups: ["aws_security_group", "aws_default_security_group"]
            .into_iter()
            .flat_map(|kind| of_type(held, kind))
            .filter_map(|one| group(held, one))
            .collect(),
        listeners: of_type(held, "aws_lb_listener")
            .filter_map(|one| {
                let arn = one.text("arn")?;
                let rules = naming(held, "aws_lb_listener_rule", ("listener_arn", &arn), &["arn"]);
                Some(Listener { owner: one.owner(), arn, rules })
            })
            .collect(),
        load_balancers: ["aws_lb", "aws_alb"]
            .into_iter()
            .flat_map(|kind| of_type(held, kind))
            .filter_map(|one| load_balancer(held, one))
            .collect(),
        roles: of_type(held, "aws_iam_role").filter_map(|one| role(held, one)).collect(),
        route_tables: of_type(held, "aws_route_table").filter_map(|one| route_table(held, one)).collect(),
        vpns: of_type(held, "aws_ec2_client_vpn_endpoint").filter_map(|one| vpn(held, one)).collect(),
        secrets: of_type(held, "aws_secretsmanager_secret").filter_map(|one| secret(held, one)).collect(),
        repositories: of_type(held, "aws_ecr_repository").filter_map(|one| repository(held, one)).collect(),
        log_groups: of_type(held, "aws_cloudwatch_log_group").filter_map(|one| log_group(held, one)).collect(),
        // The Cloud Control API reads these, and Terraform is run without it.
        topics: Vec::new(),
        scalable_targets: Vec::new(),
        certificates: certificates(held),
        // Their records are resources, which Terraform reads.
        validated: Vec::new(),
        service: service(held),
    }
}

fn group(held: &[Held], one: &Held) -> Option<Group> {
    let id = one.text("id")?;
    let kinds = ["aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"];
    let rules = kinds.into_iter().flat_map(|kind| naming(held, kind, ("security_group_id", &id), &["id"])).collect();
    // Terraform takes away the rule that lets everything out.
    Some(Group { owner: one.owner(), id, rules, inline: Vec::new(), has_egress: true })
}

fn load_balancer(held: &[Held], one: &Held) -> Option<LoadBalancer> {
    let arn = one.text("arn")?;
    let kinds = ["aws_lb_listener", "aws_alb_listener"];
    let listeners =
        kinds.into_iter().flat_map(|kind| naming(held, kind, ("load_balancer_arn", &arn), &["arn"])).collect();
    Some(LoadBalancer { owner: one.owner(), arn, listeners })
}

fn role(held: &[Held], one: &Held) -> Option<Role> {
    let name = one.text("name")?;
    let inline = naming(held, "aws_iam_role_policy", ("role", &name), &["name"]);
    let attached = naming(held, "aws_iam_role_policy_attachment", ("role", &name), &["policy_arn"]);
    Some(Role { owner: one.owner(), name, inline, attached })
}

fn route_table(held: &[Held], one: &Held) -> Option<RouteTable> {
    const DESTINATIONS: [&str; 3] =
        ["destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id"];
    let id = one.text("id")?;
    let destinations = naming(held, "aws_route", ("route_table_id", &id), &DESTINATIONS);
    Some(RouteTable { owner: one.owner(), id, destinations })
}

/// A secret, if no policy of it is a resource.
fn secret(held: &[Held], one: &Held) -> Option<Secret> {
    let arn = one.text("arn")?;
    let declared = naming(held, "aws_secretsmanager_secret_policy", ("secret_arn", &arn), &["id"]);
    declared.is_empty().then(|| Secret { owner: one.owner(), arn })
}

/// A repository, if no policy of it is a resource.
fn repository(held: &[Held], one: &Held) -> Option<Repository> {
    let name = one.text("name")?;
    let declared = naming(held, "aws_ecr_repository_policy", ("repository", &name), &["id"]);
    declared.is_empty().then(|| Repository { owner: one.owner(), name })
}

fn log_group(held: &[Held], one: &Held) -> Option<LogGroup> {
    let name = one.text("name")?;
    let filters = naming(held, "aws_cloudwatch_log_subscription_filter", ("log_group_name", &name), &["name"]);
    Some(LogGroup { owner: one.owner(), name, filters })
}

fn vpn(held: &[Held], one: &Held) -> Option<Vpn> {
    let id = one.text("id")?;
    let of_endpoint = |kind: &'static str| {
        of_type(held, kind).filter(|other| other.text("client_vpn_endpoint_id").as_ref() == Some(&id))
    };
    let rules = of_endpoint("aws_ec2_client_vpn_authorization_rule")
        .filter_map(|rule| Some((rule.text("target_network_cidr")?, rule.text("access_group_id"))));
    let routes = of_endpoint("aws_ec2_client_vpn_route")
        .filter_map(|route| Some((route.text("destination_cidr_block")?, route.text("target_vpc_subnet_id")?)));
    let networks =
        of_endpoint("aws_ec2_client_vpn_network_association").filter_map(|network| network.text("subnet_id"));
    let (networks, rules, routes) = (networks.collect(), rules.collect(), routes.collect());
    Some(Vpn { owner: one.owner(), networks, rules, routes, id })
}

fn certificates(held: &[Held]) -> Vec<Use> {
    let mut found = Vec::new();
    for one in of_type(held, "aws_lb_listener") {
        let path = vec!["certificate_arn".to_owned()];
        found.extend(one.text("certificate_arn").map(|arn| Use { owner: one.owner(), path, arn }));
    }
    for one in of_type(held, "aws_ec2_client_vpn_endpoint") {
        let path = vec!["server_certificate_arn".to_owned()];
        found.extend(one.text("server_certificate_arn").map(|arn| Use { owner: one.owner(), path, arn }));
        let options = one.values.get("authentication_options").and_then(Value::as_array).into_iter().flatten();
        for option in options {
            let arn = option.get("root_certificate_chain_arn").and_then(Value::as_str).filter(|arn| !arn.is_empty());
            let path = vec!["authentication_options".to_owned(), "root_certificate_chain_arn".to_owned()];
            found.extend(arn.map(|arn| Use { owner: one.owner(), path, arn: arn.to_owned() }));
        }
    }
    found
}

/// The definitions of containers.
fn containers(task: &Held) -> Vec<Value> {
    let definitions = task.values.get("container_definitions").map(opened);
    definitions.and_then(|definitions| definitions.as_array().cloned()).unwrap_or_default()
}

fn service(held: &[Held]) -> Option<Service> {
    let service = of_type(held, "aws_ecs_service").next()?;
    let task = of_type(held, "aws_ecs_task_definition").next()?;
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
    let number = |one: &Held, name: &str| one.values.get(name).and_then(Value::as_u64);
    let range = of_type(held, "aws_appautoscaling_target")
        .find_map(|target| Some((number(target, "min_capacity")?, number(target, "max_capacity")?)));
    Some(Service {
        owner: service.owner(),
        task: task.owner(),
        count: "desired_count",
        containers: "container_definitions",
        cluster: service.text("cluster")?,
        service: service.text("name")?,
        images: containers(task).iter().filter_map(|one| Some((text(one, "name")?, text(one, "image")?))).collect(),
        range,
    })
}

/// The task definition of a root module.
pub(super) fn task(held: &[Held]) -> Option<Owner> {
    of_type(held, "aws_ecs_task_definition").next().map(Held::owner)
}

/// Secrets of a root module, then those that its tasks are given.
pub(super) fn secrets(held: &[Held]) -> Vec<Use> {
    let own = of_type(held, "aws_secretsmanager_secret").filter_map(|one| {
        Some(Use { owner: one.owner(), path: vec!["deletion_date".to_owned()], arn: one.text("arn")? })
    });
    let given = of_type(held, "aws_ecs_task_definition").flat_map(|task| {
        containers(task).into_iter().flat_map(move |container| {
            let name = container.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            let secrets = container.get("secrets").and_then(Value::as_array).cloned().unwrap_or_default();
            secrets.into_iter().filter_map(move |secret| {
                let variable = secret.get("name")?.as_str()?.to_owned();
                let arn = Use::arn_in(secret.get("valueFrom")?.as_str()?)?;
                let path = vec!["container_definitions".to_owned(), name.clone(), "secrets".to_owned(), variable];
                Some(Use { owner: task.owner(), path, arn })
            })
        })
    });
    own.chain(given).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn held(resources: Value) -> Vec<Held> {
        serde_json::from_value(resources).unwrap()
    }

    #[test]
    fn rules_routes_and_policies_belong_to_those_that_they_name() {
        let held = held(json!([
            {"address": "aws_security_group.task", "mode": "managed", "type": "aws_security_group", "values": {"id": "sg-1"}},
            {"address": "aws_vpc_security_group_ingress_rule.task[\"a\"]", "mode": "managed",
             "type": "aws_vpc_security_group_ingress_rule", "values": {"id": "sgr-1", "security_group_id": "sg-1"}},
            {"address": "aws_route_table.private", "mode": "managed", "type": "aws_route_table", "values": {"id": "rtb-1"}},
            {"address": "aws_route.out", "mode": "managed", "type": "aws_route",
             "values": {"route_table_id": "rtb-1", "destination_cidr_block": "0.0.0.0/0", "destination_ipv6_cidr_block": ""}},
            {"address": "aws_iam_role.task", "mode": "managed", "type": "aws_iam_role", "values": {"name": "acme-task"}},
            {"address": "aws_iam_role_policy.task", "mode": "managed", "type": "aws_iam_role_policy",
             "values": {"role": "acme-task", "name": "gateway"}},
            {"address": "aws_iam_role_policy_attachment.other", "mode": "managed", "type": "aws_iam_role_policy_attachment",
             "values": {"role": "other", "policy_arn": "arn:aws:iam::aws:policy/A"}},
        ]));
        let watch = watch(&held);
        assert_eq!(watch.groups[0].rules, ["sgr-1"]);
        assert_eq!(watch.route_tables[0].destinations, ["0.0.0.0/0"]);
        assert_eq!((watch.roles[0].inline.len(), watch.roles[0].attached.len()), (1, 0));
    }

    #[test]
    fn listeners_and_networks_of_the_vpn_belong_to_those_that_they_name() {
        let held = held(json!([
            {"address": "aws_lb.main", "mode": "managed", "type": "aws_lb", "values": {"arn": "lb-1"}},
            {"address": "aws_lb_listener.https", "mode": "managed", "type": "aws_lb_listener",
             "values": {"arn": "listener-1", "load_balancer_arn": "lb-1"}},
            {"address": "aws_lb_listener.other", "mode": "managed", "type": "aws_lb_listener",
             "values": {"arn": "listener-2", "load_balancer_arn": "lb-2"}},
            {"address": "aws_ec2_client_vpn_endpoint.main", "mode": "managed", "type": "aws_ec2_client_vpn_endpoint",
             "values": {"id": "cvpn-1"}},
            {"address": "aws_ec2_client_vpn_network_association.main[0]", "mode": "managed",
             "type": "aws_ec2_client_vpn_network_association",
             "values": {"client_vpn_endpoint_id": "cvpn-1", "subnet_id": "subnet-1"}},
            {"address": "aws_ec2_client_vpn_network_association.other", "mode": "managed",
             "type": "aws_ec2_client_vpn_network_association",
             "values": {"client_vpn_endpoint_id": "cvpn-2", "subnet_id": "subnet-2"}},
        ]));
        let watch = watch(&held);
        assert_eq!(watch.load_balancers[0].listeners, ["listener-1"]);
        assert_eq!(watch.vpns[0].networks, ["subnet-1"]);
    }

    #[test]
    fn filters_belong_to_the_group_that_they_name_and_a_secret_with_a_policy_is_not_looked_at() {
        let managed = |address: &str, kind: &str, values: Value| json!({"address": address, "mode": "managed", "type": kind, "values": values});
        let held = held(json!([
            managed("aws_cloudwatch_log_group.a", "aws_cloudwatch_log_group", json!({"name": "/a"})),
            managed(
                "aws_cloudwatch_log_subscription_filter.a",
                "aws_cloudwatch_log_subscription_filter",
                json!({"name": "copy", "log_group_name": "/a"})
            ),
            managed(
                "aws_cloudwatch_log_subscription_filter.b",
                "aws_cloudwatch_log_subscription_filter",
                json!({"name": "other", "log_group_name": "/b"})
            ),
            managed("aws_secretsmanager_secret.a", "aws_secretsmanager_secret", json!({"arn": "secret-a"})),
            managed("aws_secretsmanager_secret.b", "aws_secretsmanager_secret", json!({"arn": "secret-b"})),
            managed(
                "aws_secretsmanager_secret_policy.b",
                "aws_secretsmanager_secret_policy",
                json!({"id": "secret-b", "secret_arn": "secret-b"})
            ),
        ]));
        let watch = watch(&held);
        assert_eq!(watch.log_groups[0].filters, ["copy"]);
        let secrets: Vec<&str> = watch.secrets.iter().map(|one| one.arn.as_str()).collect();
        assert_eq!(secrets, ["secret-a"]);
    }

    #[test]
    fn certificates_and_secrets_are_those_that_resources_name() {
        let certificate = |name: &str| format!("arn:aws:acm:us-east-1:111122223333:certificate/{name}");
        let secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:acme/openai-AbCdEf";
        let containers = json!([{"name": "litellm", "image": "a@sha256:1", "secrets": [
            {"name": "OPENAI_API_KEY", "valueFrom": format!("{secret}:key::")}, {"name": "OTHER", "valueFrom": "arn:aws:ssm:r:a:parameter/b"}]}]);
        let held = held(json!([
            {"address": "aws_lb_listener.https", "mode": "managed", "type": "aws_lb_listener", "values": {"arn": "l", "certificate_arn": certificate("lb")}},
            {"address": "aws_ec2_client_vpn_endpoint.main", "mode": "managed", "type": "aws_ec2_client_vpn_endpoint", "values": {
                "server_certificate_arn": certificate("server"),
                "authentication_options": [{"root_certificate_chain_arn": certificate("clients")}]}},
            {"address": "aws_ecs_task_definition.main", "mode": "managed", "type": "aws_ecs_task_definition",
             "values": {"container_definitions": containers.to_string()}},
        ]));
        let arns: Vec<String> = watch(&held).certificates.into_iter().map(|one| one.arn).collect();
        assert_eq!(arns, ["lb", "server", "clients"].map(certificate));
        let secrets = secrets(&held);
        assert_eq!(secrets.len(), 1);
        assert_eq!(
            (secrets[0].arn.as_str(), secrets[0].path.join(".").as_str()),
            (secret, "container_definitions.litellm.secrets.OPENAI_API_KEY")
        );
    }
}
