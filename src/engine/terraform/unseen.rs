//! What a refresh does not see of a root module: arguments that are only written, and the resources of one that is not read.

use std::collections::{BTreeMap, BTreeSet};

use crate::drift::Coverage;
use crate::render::RenderedModule;

/// How the names of arguments end that are only written.
const WRITTEN: &str = "_wo";

/// How many resources a root module declares, whatever their keys are.
pub(super) fn size(module: &RenderedModule) -> usize {
    module.files.values().flat_map(|text| text.lines()).filter(|line| line.starts_with("resource \"")).count()
}

/// Notes the arguments that are only written: Terraform keeps them in no state, and nobody gives them back.
pub(super) fn leave_written(
    module: &RenderedModule,
    managed: &[String],
    configured: &BTreeMap<String, BTreeSet<String>>,
    coverage: &mut Coverage,
) {
    for address in managed {
        let set = address.split('[').next().and_then(|bare| configured.get(bare));
        for name in set.into_iter().flatten().filter(|name| name.ends_with(WRITTEN)) {
            coverage.leave_unread(&format!("{}/{address}", module.key), std::slice::from_ref(name));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::render::{ModuleState, Target};

    fn module() -> RenderedModule {
        let text = "resource \"aws_db_instance\" \"main\" {\n  password_wo = var.password\n}\n\nresource \"aws_vpc\" \"main\" {\n}\n";
        RenderedModule {
            key: "hub".to_owned(),
            target: Target { account: "111122223333".into(), region: "us-east-1".into(), deploy_role: None },
            files: BTreeMap::from([("main.tf".to_owned(), Arc::from(text))]),
            variables: BTreeMap::new(),
            state: ModuleState::Local,
            outputs: BTreeMap::new(),
        }
    }

    #[test]
    fn what_is_only_written_is_unread_of_each_resource() {
        let set = BTreeSet::from(["password_wo".to_owned(), "engine".to_owned()]);
        let configured = BTreeMap::from([("aws_db_instance.main".to_owned(), set)]);
        let mut coverage = Coverage::default();
        leave_written(&module(), &["aws_db_instance.main[0]".to_owned()], &configured, &mut coverage);
        assert_eq!(coverage.unread_properties["hub/aws_db_instance.main[0]"], ["password_wo"]);
    }

    #[test]
    fn a_module_that_is_not_read_has_the_resources_that_it_declares() {
        assert_eq!(size(&module()), 2);
    }
}
