//! What a resource is, whichever engine names it.

use std::fmt::Write;

use super::Node;

/// A node that a logical id or an address stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundNode {
    /// The same for both engines: `network/Vpc`, `network/PrivateSubnet*[a]`.
    pub name: String,
    /// What it is, in words.
    pub description: String,
}

impl Node {
    /// The node, if the logical id of a stack's resource stands for it.
    pub fn of_logical_id(&self, stack: &str, logical_id: &str) -> Option<FoundNode> {
        if self.stack != stack {
            return None;
        }
        captured(&self.logical_id, logical_id).map(|member| self.found(member.map(snake).as_deref()))
    }

    /// The node, if the address of a resource stands for it.
    pub fn of_address(&self, address: &str) -> Option<FoundNode> {
        self.terraform.iter().find_map(|pattern| captured(pattern, address)).map(|member| self.found(member))
    }

    fn found(&self, member: Option<&str>) -> FoundNode {
        let mut name = format!("{}/{}", self.stack, self.logical_id);
        if let Some(member) = member {
            let _ = write!(name, "[{member}]");
        }
        FoundNode { name, description: self.description.replace('*', member.unwrap_or("*").replace('_', " ").as_str()) }
    }
}

/// What `*` stands for: `Some(None)` when the pattern has none and is the text.
fn captured<'t>(pattern: &str, text: &'t str) -> Option<Option<&'t str>> {
    match pattern.split_once('*') {
        None => (pattern == text).then_some(None),
        Some((before, after)) => {
            let member = text.strip_prefix(before)?.strip_suffix(after)?;
            let plain = !member.is_empty() && !member.contains(['"', '[', ']', '.']);
            plain.then_some(Some(member))
        }
    }
}

/// `HttpsFromVpn` as `https_from_vpn`: the part of a logical id that is a key in Terraform.
pub fn snake(camel: &str) -> String {
    let mut out = String::with_capacity(camel.len() + 4);
    let mut previous = ' ';
    let mut rest = camel.chars().peekable();
    while let Some(c) = rest.next() {
        let begins = c.is_uppercase()
            && (previous.is_lowercase()
                || previous.is_ascii_digit()
                || (previous.is_uppercase() && rest.peek().is_some_and(|next| next.is_lowercase())));
        if begins {
            out.push('_');
        }
        out.extend(c.to_lowercase());
        previous = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnets() -> Node {
        Node {
            stack: "network".into(),
            logical_id: "PrivateSubnet*".into(),
            terraform: vec!["aws_subnet.private[\"*\"]".into()],
            description: "Private subnet *".into(),
        }
    }

    #[test]
    fn both_engines_names_stand_for_the_same_node() {
        let found = subnets().of_logical_id("network", "PrivateSubnetA");
        assert_eq!(found, subnets().of_address("aws_subnet.private[\"a\"]"));
        assert_eq!(found.map(|node| node.name).as_deref(), Some("network/PrivateSubnet*[a]"));
    }

    #[test]
    fn another_stacks_resource_of_the_same_name_is_another_node() {
        assert_eq!(subnets().of_logical_id("access", "PrivateSubnetA"), None);
    }

    #[test]
    fn a_family_does_not_stand_for_the_members_of_another() {
        assert_eq!(subnets().of_logical_id("network", "PrivateSubnet"), None);
        assert_eq!(subnets().of_address("aws_subnet.private[\"a\"].id"), None);
    }

    #[test]
    fn words_of_a_logical_id_become_a_key() {
        let ids = ["A", "HttpsFromVpn", "10x40x0x0m16", "DnsOverTcpOut", "ToDatabasePostgreSQL"].map(snake);
        assert_eq!(ids, ["a", "https_from_vpn", "10x40x0x0m16", "dns_over_tcp_out", "to_database_postgre_sql"]);
    }
}
