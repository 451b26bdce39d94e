//! Security groups and their rules, wherever the template put them: in the group, or as resources of their own.

use serde_json::{Value, json};

use super::super::request::{Fault, Reply, Request, scalar};
use super::super::resource::Resource;
use super::super::world::World;
use super::select::{Kind, describe as describe_kind};
use super::{all, list, tag_set};

const GROUP: &str = "AWS::EC2::SecurityGroup";
const INGRESS: &str = "AWS::EC2::SecurityGroupIngress";
const EGRESS: &str = "AWS::EC2::SecurityGroupEgress";

const KIND: Kind = Kind {
    set: "securityGroupInfo",
    ids: "GroupId",
    key: "groupId",
    code: "InvalidGroup.NotFound",
    missing: "The security group '{}' does not exist",
};

/// One rule in CloudFormation's words.
#[derive(Clone)]
struct Rule {
    id: String,
    egress: bool,
    properties: Value,
}

fn rules(world: &World, request: &Request<'_>, group: &Resource) -> Vec<Rule> {
    let mut rules = Vec::new();
    for (egress, property, separate) in
        [(false, "SecurityGroupIngress", INGRESS), (true, "SecurityGroupEgress", EGRESS)]
    {
        for rule in list(group, property) {
            let id = format!("sgr-{}", world.stable_token(&["rule", &group.identifier, &rule.to_string()], 17));
            rules.push(Rule { id, egress, properties: rule.clone() });
        }
        for rule in all(world, request, separate) {
            if rule.text("GroupId") == Some(&group.identifier) {
                rules.push(Rule { id: rule.identifier.clone(), egress, properties: rule.properties.clone() });
            }
        }
    }
    // Without any egress rule of its own a group lets everything out, until that rule is taken away, too.
    if !rules.iter().any(|rule| rule.egress) && group.property("SecurityGroupEgress").is_none() {
        let id = format!("sgr-{}", world.stable_token(&["rule", &group.identifier, "default"], 17));
        rules.push(Rule { id, egress: true, properties: json!({"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}) });
    }
    rules
}

/// The rules of a group that are resources of their own, as a template would write them into the group.
pub fn of_others(world: &World, request: &Request<'_>, group: &Resource) -> Vec<(&'static str, Vec<Value>)> {
    const NAMES: [&str; 10] = [
        "IpProtocol",
        "FromPort",
        "ToPort",
        "CidrIp",
        "CidrIpv6",
        "SourceSecurityGroupId",
        "SourcePrefixListId",
        "DestinationSecurityGroupId",
        "DestinationPrefixListId",
        "Description",
    ];
    let of = |type_name: &'static str| {
        let own =
            all(world, request, type_name).into_iter().filter(|rule| rule.text("GroupId") == Some(&group.identifier));
        let written = own.map(|rule| {
            let members = rule.properties.as_object().into_iter().flatten();
            let kept = members.filter(|(name, _)| NAMES.contains(&name.as_str()));
            Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
        });
        written.collect::<Vec<Value>>()
    };
    vec![("SecurityGroupIngress", of(INGRESS)), ("SecurityGroupEgress", of(EGRESS))]
}

/// The rules of one direction as EC2 groups them: by protocol and ports.
fn permissions(request: &Request<'_>, rules: &[Rule], egress: bool) -> Vec<Value> {
    let mut permissions: Vec<Value> = Vec::new();
    for rule in rules.iter().filter(|rule| rule.egress == egress) {
        let member = |name: &str| rule.properties.get(name).cloned().unwrap_or_default();
        let text = |name: &str| rule.properties.get(name).and_then(scalar);
        let protocol = text("IpProtocol").unwrap_or_else(|| "-1".into());
        let (from, to) =
            if protocol == "-1" { (Value::Null, Value::Null) } else { (member("FromPort"), member("ToPort")) };
        let index = permissions
            .iter()
            .position(|one| one["ipProtocol"] == json!(protocol) && one["fromPort"] == from && one["toPort"] == to);
        let index = index.unwrap_or_else(|| {
            permissions.push(json!({
                "ipProtocol": protocol, "fromPort": from, "toPort": to,
                "groups": [], "ipRanges": [], "ipv6Ranges": [], "prefixListIds": [],
            }));
            permissions.len() - 1
        });
        let description = text("Description");
        let peer = text("SourceSecurityGroupId").or_else(|| text("DestinationSecurityGroupId"));
        let prefix_list = text("SourcePrefixListId").or_else(|| text("DestinationPrefixListId"));
        let (set, entry) = match (peer, text("CidrIp"), text("CidrIpv6"), prefix_list) {
            (Some(group), ..) => {
                ("groups", json!({"groupId": group, "userId": request.identity.account, "description": description}))
            }
            (None, Some(block), ..) => ("ipRanges", json!({"cidrIp": block, "description": description})),
            (None, None, Some(block), _) => ("ipv6Ranges", json!({"cidrIpv6": block, "description": description})),
            (None, None, None, Some(list)) => {
                ("prefixListIds", json!({"prefixListId": list, "description": description}))
            }
            (None, None, None, None) => continue,
        };
        if let Some(set) = permissions.get_mut(index).and_then(|one| one.get_mut(set)).and_then(Value::as_array_mut) {
            set.push(entry);
        }
    }
    permissions
}

pub(super) fn describe(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    let items = all(world, request, GROUP)
        .into_iter()
        .map(|group| {
            let rules = rules(world, request, group);
            json!({
                "groupId": group.identifier,
                "groupName": group.text("GroupName"),
                "groupDescription": group.text("GroupDescription"),
                "vpcId": group.text("VpcId"),
                "ownerId": request.identity.account,
                "ipPermissions": permissions(request, &rules, false),
                "ipPermissionsEgress": permissions(request, &rules, true),
                "tagSet": tag_set(group),
            })
        })
        .collect();
    describe_kind(request, &KIND, items)
}

pub(super) fn describe_rules(world: &World, request: &Request<'_>) -> Result<Reply, Fault> {
    const RULE: Kind = Kind {
        set: "securityGroupRuleSet",
        ids: "SecurityGroupRuleId",
        key: "securityGroupRuleId",
        code: "InvalidSecurityGroupRuleId.NotFound",
        missing: "The security group rule ID '{}' does not exist",
    };
    let mut items = Vec::new();
    for group in all(world, request, GROUP) {
        for rule in rules(world, request, group) {
            let text = |name: &str| rule.properties.get(name).and_then(scalar);
            let all_ports = text("IpProtocol").as_deref() == Some("-1");
            let port = |name: &str| if all_ports { Some("-1".to_owned()) } else { text(name) };
            let peer = text("SourceSecurityGroupId").or_else(|| text("DestinationSecurityGroupId"));
            items.push(json!({
                "securityGroupRuleId": rule.id,
                "groupId": group.identifier,
                "groupOwnerId": request.identity.account,
                "isEgress": rule.egress,
                "ipProtocol": text("IpProtocol"),
                "fromPort": port("FromPort"),
                "toPort": port("ToPort"),
                "cidrIpv4": text("CidrIp"),
                "cidrIpv6": text("CidrIpv6"),
                "referencedGroupInfo": peer.map(|id| json!({"groupId": id, "userId": request.identity.account})),
                "description": text("Description"),
                "tagSet": [],
            }));
        }
    }
    describe_kind(request, &RULE, items)
}

/// The rules that a call names, in CloudFormation's words.
fn named(request: &Request<'_>) -> Result<Vec<Value>, Fault> {
    let mut rules = Vec::new();
    let mut permissions = request.list("IpPermissions").to_vec();
    // The short form names one range right in the call.
    if let Some(block) = request.text("CidrIp") {
        permissions.push(json!({
            "IpProtocol": request.text("IpProtocol"), "FromPort": request.text("FromPort"), "ToPort": request.text("ToPort"),
            "IpRanges": [{"CidrIp": block}],
        }));
    }
    for permission in &permissions {
        let number = |name: &str| permission.get(name).and_then(scalar).and_then(|text| text.parse::<i64>().ok());
        let mut base = serde_json::Map::new();
        base.insert("IpProtocol".into(), permission.get("IpProtocol").cloned().unwrap_or(json!("-1")));
        for name in ["FromPort", "ToPort"] {
            if let Some(port) = number(name) {
                base.insert(name.into(), json!(port));
            }
        }
        for (set, property, member) in [
            ("IpRanges", "CidrIp", "CidrIp"),
            ("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
            ("Groups", "SourceSecurityGroupId", "GroupId"),
            ("UserIdGroupPairs", "SourceSecurityGroupId", "GroupId"),
            ("PrefixListIds", "SourcePrefixListId", "PrefixListId"),
        ] {
            for range in permission.get(set).and_then(Value::as_array).into_iter().flatten() {
                let Some(value) = range.get(member).and_then(scalar) else { continue };
                let mut rule = base.clone();
                rule.insert(property.into(), json!(value));
                if let Some(description) = range.get("Description").and_then(scalar) {
                    rule.insert("Description".into(), json!(description));
                }
                rules.push(Value::Object(rule));
            }
        }
    }
    if rules.is_empty() {
        return Err(Fault::new("MissingParameter", "The request must contain the parameter ipPermissions"));
    }
    Ok(rules)
}

/// Whether two rules let the same through, whatever their descriptions say.
fn same(a: &Value, b: &Value) -> bool {
    const MEMBERS: [&str; 7] =
        ["IpProtocol", "FromPort", "ToPort", "CidrIp", "CidrIpv6", "SourceSecurityGroupId", "SourcePrefixListId"];
    MEMBERS.iter().all(|name| a.get(*name).and_then(scalar) == b.get(*name).and_then(scalar))
}

fn group_id(world: &World, request: &Request<'_>) -> Result<String, Fault> {
    let id = request.text("GroupId").unwrap_or_default();
    match world.resource(&request.identity.account, request.region, GROUP, &id) {
        Some(_) => Ok(id),
        None => Err(Fault::new(KIND.code, KIND.missing.replace("{}", &id))),
    }
}

pub(super) fn authorize_ingress(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let id = group_id(world, request)?;
    let new = named(request)?;
    let account = request.identity.account.clone();
    if let Some(group) = world.resource(&account, request.region, GROUP, &id) {
        let existing = rules(world, request, group);
        if new.iter().any(|rule| existing.iter().any(|known| !known.egress && same(&known.properties, rule))) {
            return Err(Fault::new("InvalidPermission.Duplicate", "the specified rule already exists"));
        }
    }
    let now = world.now();
    if let Some(group) = world.resource_mut(&account, request.region, GROUP, &id) {
        let mut all = list(group, "SecurityGroupIngress").to_vec();
        all.extend(new);
        set(group, all);
        group.updated_at = now;
    }
    Ok(json!({"return": true}))
}

pub(super) fn revoke_ingress(world: &mut World, request: &Request<'_>) -> Result<Reply, Fault> {
    let id = group_id(world, request)?;
    let account = request.identity.account.clone();
    let ids = request.texts("SecurityGroupRuleId");
    let gone: Vec<Rule> = match world.resource(&account, request.region, GROUP, &id) {
        None => Vec::new(),
        Some(group) => {
            let existing = rules(world, request, group);
            let wanted = if ids.is_empty() { named(request)? } else { Vec::new() };
            existing
                .into_iter()
                .filter(|rule| !rule.egress)
                .filter(|rule| ids.contains(&rule.id) || wanted.iter().any(|wanted| same(&rule.properties, wanted)))
                .collect()
        }
    };
    if gone.is_empty() {
        let message = "The specified rule does not exist in this security group.";
        return Err(Fault::new("InvalidPermission.NotFound", message));
    }
    let now = world.now();
    for rule in &gone {
        world.remove(&account, request.region, INGRESS, &rule.id);
    }
    if let Some(group) = world.resource_mut(&account, request.region, GROUP, &id) {
        let kept = list(group, "SecurityGroupIngress")
            .iter()
            .filter(|rule| !gone.iter().any(|gone| same(&gone.properties, rule)))
            .cloned()
            .collect();
        set(group, kept);
        group.updated_at = now;
    }
    Ok(json!({"return": true}))
}

/// Takes a rule out of the group that has it in itself, by the type and id that the Cloud Control API knows it by. Gives
/// whether one had it.
pub fn take_out(world: &mut World, request: &Request<'_>, type_name: &str, id: &str) -> bool {
    let (egress, property) = match type_name {
        INGRESS => (false, "SecurityGroupIngress"),
        EGRESS => (true, "SecurityGroupEgress"),
        _ => return false,
    };
    // A rule that is a resource of its own stands in no group.
    if all(world, request, type_name).iter().any(|rule| rule.identifier == id) {
        return false;
    }
    let found = all(world, request, GROUP).into_iter().find_map(|group| {
        let rule = rules(world, request, group).into_iter().find(|rule| rule.id == id && rule.egress == egress)?;
        Some((group.identifier.clone(), rule.properties))
    });
    let Some((group, rule)) = found else { return false };
    let (account, now) = (request.identity.account.clone(), world.now());
    if let Some(group) = world.resource_mut(&account, request.region, GROUP, &group) {
        let kept: Vec<Value> = list(group, property).iter().filter(|one| **one != rule).cloned().collect();
        if let Some(properties) = group.properties.as_object_mut() {
            properties.insert(property.into(), Value::Array(kept));
        }
        group.updated_at = now;
    }
    true
}

fn set(group: &mut Resource, rules: Vec<Value>) {
    if let Some(properties) = group.properties.as_object_mut() {
        if rules.is_empty() {
            properties.shift_remove("SecurityGroupIngress");
        } else {
            properties.insert("SecurityGroupIngress".into(), Value::Array(rules));
        }
    }
}
