//! What the items of a list are called: an item that comes or goes is no change of all that stand behind it.

use serde_json::Value;

/// Members by which the objects of a list are told apart, in the words of Terraform and of documents in JSON.
const MEMBERS: [&str; 14] = [
    "name",
    "key",
    "id",
    "sid",
    "policy_name",
    "container_name",
    "device_name",
    "capacity_provider",
    "priority",
    "Sid",
    "Name",
    "Key",
    "Id",
    "Priority",
];
/// Members of a rule of a security group that say what it lets through, after protocol and ports.
const ENDS: [&str; 10] = [
    "cidr_blocks",
    "ipv6_cidr_blocks",
    "prefix_list_ids",
    "security_groups",
    "self",
    "cidr_block",
    "ipv6_cidr_block",
    "prefix_list_id",
    "security_group",
    "action",
];
/// Members of a route that say where it leads from.
const DESTINATIONS: [&str; 3] = ["cidr_block", "ipv6_cidr_block", "destination_prefix_list_id"];

/// How the items of a list get their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// By one member.
    Member(&'static str),
    /// Rules of a security group, by what they let through.
    Traffic,
    /// Routes, by their destination.
    Destination,
}

impl Naming {
    /// How the items of two lists of this name are told apart; `None` where only their positions do.
    pub(crate) fn of(list: &str, one: &[Value], other: &[Value]) -> Option<Self> {
        if one.iter().chain(other).any(|item| !item.is_object()) {
            return None;
        }
        let tells = |naming: &Self| {
            let name = |item: &Value| naming.name(item);
            tells_apart(one, name) && tells_apart(other, name)
        };
        let members = MEMBERS.map(Self::Member);
        match list {
            "ingress" | "egress" => Some(Self::Traffic).filter(tells),
            "route" => Some(Self::Destination).filter(tells),
            _ => members.into_iter().find(tells),
        }
    }

    /// The name of an item.
    pub(crate) fn name(self, item: &Value) -> Option<String> {
        match self {
            Self::Member(member) => text(item.get(member)?),
            Self::Traffic => traffic(item),
            Self::Destination => DESTINATIONS.iter().find_map(|member| text(item.get(*member)?)),
        }
    }
}

/// Whether each item of a list has a name of its own.
pub(super) fn tells_apart(items: &[Value], name: impl Fn(&Value) -> Option<String>) -> bool {
    let names: Option<Vec<String>> = items.iter().map(name).collect();
    names.is_some_and(|mut names| {
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        names.len() == count
    })
}

/// A text or a number, unless it is empty.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// `tcp 443 10.0.0.0/8`: protocol, ports and the other ends of a rule. Descriptions do not matter.
fn traffic(rule: &Value) -> Option<String> {
    let protocol = text(rule.get("protocol")?)?;
    let ports = match (text(rule.get("from_port")?)?, text(rule.get("to_port")?)?) {
        // All protocols have all ports.
        _ if protocol == "-1" => None,
        (from, to) if from == to => Some(from),
        (from, to) => Some(format!("{from}-{to}")),
    };
    let ends = ENDS.iter().filter_map(|member| match rule.get(*member)? {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().filter_map(text).collect();
            Some(items.join(",")).filter(|items| !items.is_empty())
        }
        Value::Bool(true) => Some((*member).to_owned()),
        one => text(one),
    });
    Some(std::iter::once(protocol).chain(ports).chain(ends).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(list: &str, items: &Value) -> Option<Vec<String>> {
        let items = items.as_array().unwrap();
        let naming = Naming::of(list, items, &[])?;
        items.iter().map(|item| naming.name(item)).collect()
    }

    #[test]
    fn a_rule_of_a_security_group_is_called_by_what_it_lets_through() {
        let rules = json!([
            {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/8", "10.1.0.0/16"], "description": "a"},
            {"protocol": "tcp", "from_port": 80, "to_port": 90, "cidr_blocks": [], "security_groups": ["sg-1"], "self": false},
            {"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": [], "self": true},
        ]);
        assert_eq!(names("ingress", &rules).unwrap(), ["tcp 443 10.0.0.0/8,10.1.0.0/16", "tcp 80-90 sg-1", "-1 self"]);
    }

    #[test]
    fn a_route_is_called_by_its_destination() {
        let routes = json!([
            {"cidr_block": "0.0.0.0/0", "ipv6_cidr_block": "", "gateway_id": "igw-1"},
            {"cidr_block": "", "ipv6_cidr_block": "::/0", "gateway_id": "igw-1"},
        ]);
        assert_eq!(names("route", &routes).unwrap(), ["0.0.0.0/0", "::/0"]);
    }

    #[test]
    fn other_items_are_called_by_the_first_member_that_tells_them_apart() {
        let rules = json!([{"name": "a", "priority": 1}, {"name": "a", "priority": 2}]);
        assert_eq!(names("rule", &rules).unwrap(), ["1", "2"]);
        assert_eq!(names("rule", &json!([{"Sid": "Read"}, {"Sid": "Write"}])).unwrap(), ["Read", "Write"]);
    }

    #[test]
    fn where_two_items_would_have_one_name_only_their_positions_tell_them_apart() {
        assert_eq!(names("condition", &json!([{"field": "path"}, {"field": "host"}])), None);
        assert_eq!(names("rule", &json!([{"name": "a"}, {"name": ""}])), None);
    }
}
