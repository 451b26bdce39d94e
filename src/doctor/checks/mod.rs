//! The checks, one file each.

mod cache_nodes;
mod caller;
mod certificates;
mod clock;
mod database_classes;
mod deploy_roles;
mod endpoint_services;
mod image_builder;
mod instance_types;
mod model_access;
mod model_quotas;
mod names;
mod networks;
mod permissions;
mod quotas;
mod resource_types;
mod retained;
mod secrets;
mod session;
mod stacks;
mod state_directory;
mod terraform;

use super::check::Check;

pub use stacks::{Shell, shells};

/// Id of the check that tells whether the credentials work.
pub(super) const CALLER: &str = "GWD201";
/// Id of the check that tells which accounts can be reached.
pub(super) const DEPLOY_ROLES: &str = "GWD203";

/// All checks, in the order of the report.
pub fn all() -> Vec<Box<dyn Check>> {
    vec![
        Box::new(terraform::Terraform),
        Box::new(image_builder::ImageBuilder),
        Box::new(state_directory::StateDirectory),
        Box::new(clock::Clock),
        Box::new(caller::Caller),
        Box::new(session::Session),
        Box::new(deploy_roles::DeployRoles),
        Box::new(permissions::Permissions),
        Box::new(model_access::ModelAccess),
        Box::new(model_quotas::ModelQuotas),
        Box::new(quotas::Quotas),
        Box::new(resource_types::ResourceTypes),
        Box::new(instance_types::InstanceTypes),
        Box::new(database_classes::DatabaseClasses),
        Box::new(cache_nodes::CacheNodes),
        Box::new(endpoint_services::EndpointServices),
        Box::new(networks::Networks),
        Box::new(certificates::Certificates),
        Box::new(secrets::Secrets),
        Box::new(stacks::Stacks),
        Box::new(names::Names),
        Box::new(retained::Retained),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::codes::CODES;

    #[test]
    fn every_check_has_an_id_and_a_name_of_its_own_and_is_explained() {
        let ids: Vec<&str> = all().iter().map(|check| check.id()).collect();
        let codes: Vec<&str> = CODES.iter().map(|(code, ..)| *code).collect();
        assert_eq!(ids, codes);
        let names: std::collections::BTreeSet<&str> = all().iter().map(|check| check.name()).collect();
        assert_eq!(names.len(), ids.len());
    }

    #[test]
    fn every_check_is_documented() {
        let docs = include_str!("../../../docs/doctor.md");
        for check in all() {
            let row = format!("| `{}` | `{}` | ", check.id(), check.name());
            assert!(docs.contains(&row), "docs/doctor.md has no row {row}");
        }
    }
}
