//! Which properties the readers give of types that have no handlers: what else a template sets of them counts as unread. And
//! what is told apart by a type's own reader.

use serde_json::Value;

use super::{certificate, record, topic_policy, users, vpn, waf};
use crate::drift::Difference;

/// The properties that a type's own reader gives; `None` for a type that the Cloud Control API reads.
pub(super) fn covered(type_name: &str) -> Option<&'static [&'static str]> {
    match type_name {
        certificate::CERTIFICATE => Some(&certificate::COVERED),
        record::RECORD => Some(&record::COVERED),
        topic_policy::TYPE => Some(&topic_policy::COVERED),
        vpn::ENDPOINT => Some(&vpn::ENDPOINT_COVERED),
        vpn::ASSOCIATION => Some(&vpn::ASSOCIATION_COVERED),
        vpn::RULE => Some(&vpn::RULE_COVERED),
        vpn::ROUTE => Some(&vpn::ROUTE_COVERED),
        waf::ASSOCIATION => Some(&waf::ASSOCIATION_COVERED),
        _ => None,
    }
}

/// The declared properties that are read, and the paths of the others.
pub(super) fn part(type_name: &str, declared: &Value) -> (Value, Vec<Vec<String>>) {
    let mut read = declared.clone();
    let mut others = Vec::new();
    if let (Some(covered), Some(properties)) = (covered(type_name), read.as_object_mut()) {
        properties.retain(|name, _| {
            let is_read = covered.contains(&name.as_str());
            if !is_read {
                others.push(vec![name.clone()]);
            }
            is_read
        });
    }
    if type_name == users::USER {
        others.extend(users::hide(&mut read));
    }
    (read, others)
}

/// What a type's own reader has told and the template does not say, where that differs all the same.
pub(super) fn more(type_name: &str, declared: &Value, actual: &Value) -> Vec<Difference> {
    match type_name {
        users::USER => users::more(declared, actual),
        waf::WEB_ACL => waf::more(declared, actual),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::cfn::registry::Registry;
    use crate::engine::cloudformation::drift::cache;

    /// What services give of types that the Cloud Control API reads too.
    const SERVICES: [(&str, &[&str]); 6] = [
        (cache::TYPE, &cache::COVERED),
        (users::USER, &users::USER_COVERED),
        (users::GROUP, &users::GROUP_COVERED),
        (waf::WEB_ACL, &waf::WEB_ACL_COVERED),
        (waf::IP_SET, &waf::IP_SET_COVERED),
        (waf::LOGGING, &waf::LOGGING_COVERED),
    ];

    const TYPES: [&str; 8] = [
        certificate::CERTIFICATE,
        record::RECORD,
        topic_policy::TYPE,
        vpn::ENDPOINT,
        vpn::ASSOCIATION,
        vpn::RULE,
        vpn::ROUTE,
        waf::ASSOCIATION,
    ];

    #[test]
    fn what_is_covered_are_properties_of_the_type() {
        let registry = Registry::builtin();
        let all = TYPES.map(|name| (name, covered(name).unwrap())).into_iter().chain(SERVICES);
        for (type_name, covered) in all {
            let schema = registry.get(type_name).unwrap();
            let known = schema.properties().unwrap();
            let strange: Vec<_> = covered.iter().filter(|name| !known.contains_key(**name)).collect();
            assert!(strange.is_empty(), "{type_name}: {strange:?}");
        }
    }

    #[test]
    fn what_a_reader_does_not_give_is_unread_by_its_name() {
        let declared = json!({"DomainName": "llm.example.com", "ValidationMethod": "DNS"});
        let (read, others) = part(certificate::CERTIFICATE, &declared);
        assert_eq!(
            (read, others),
            (json!({"DomainName": "llm.example.com"}), vec![vec!["ValidationMethod".to_owned()]])
        );
        assert_eq!(part("AWS::EC2::VPC", &declared), (declared, Vec::new()));
    }

    /// What templates set of these types and nobody reads: it is known, and counted at each run.
    const UNREAD: [(&str, &str); 3] = [
        (certificate::CERTIFICATE, "ValidationMethod"),
        (certificate::CERTIFICATE, "DomainValidationOptions"),
        (certificate::CERTIFICATE, "Tags"),
    ];

    #[test]
    fn what_templates_set_is_covered_or_known_to_be_unread() {
        let mut seen = BTreeSet::new();
        for (type_name, name) in set_by_templates() {
            let Some(covered) = TYPES.iter().find(|own| **own == type_name).and_then(|own| covered(own)) else {
                continue;
            };
            let is_known = covered.contains(&name.as_str()) || UNREAD.contains(&(type_name.as_str(), name.as_str()));
            assert!(is_known, "{type_name} {name} is neither read nor known to be unread");
            seen.insert(type_name);
        }
        assert_eq!(seen.len(), TYPES.len(), "no template has some of {TYPES:?}: {seen:?}");
    }

    #[test]
    fn what_templates_set_is_given_by_the_service_or_by_the_cloud_control_api() {
        let registry = Registry::builtin();
        for (type_name, covered) in SERVICES {
            let write_only = registry.get(type_name).unwrap().write_only();
            let own: BTreeSet<String> =
                set_by_templates().filter(|(kind, _)| kind == type_name).map(|(_, name)| name).collect();
            assert!(own.iter().any(|name| covered.contains(&name.as_str())), "{type_name}: {own:?}");
            let unread: Vec<_> = own
                .iter()
                .filter(|name| write_only.iter().any(|path| path.as_str() == name.as_str()))
                .filter(|name| !covered.contains(&name.as_str()))
                .collect();
            assert_eq!(unread, Vec::<&String>::new(), "{type_name}");
        }
    }

    #[test]
    fn the_passwords_of_a_user_are_unread_and_the_rest_of_how_it_is_let_in_is_not() {
        let declared = json!({"AuthenticationMode": {"Type": "password", "Passwords": ["a"]}});
        let (read, others) = part(users::USER, &declared);
        assert_eq!(read, json!({"AuthenticationMode": {"Type": "password"}}));
        assert_eq!(others, [["AuthenticationMode", "Passwords"].map(ToOwned::to_owned)]);
    }

    /// Types and the names of properties in the blueprint's templates, whatever the spec: those two and six columns in.
    fn set_by_templates() -> impl Iterator<Item = (String, String)> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/blueprints/gateway/cloudformation");
        let files =
            fs_err::read_dir(folder).unwrap().map(|entry| fs_err::read_to_string(entry.unwrap().path()).unwrap());
        files.flat_map(|text| {
            let (mut found, mut type_name) = (Vec::new(), String::new());
            for line in text.lines() {
                if let Some(kind) = line.strip_prefix("    Type: ") {
                    type_name = kind.trim().to_owned();
                }
                let property = line.strip_prefix("      ").and_then(|rest| rest.split_once(':'));
                if let Some((name, _)) = property
                    && name.starts_with(|first: char| first.is_ascii_uppercase())
                    && name.chars().all(char::is_alphanumeric)
                {
                    found.push((type_name.clone(), name.to_owned()));
                }
            }
            found
        })
    }
}
