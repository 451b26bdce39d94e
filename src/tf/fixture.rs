//! Modules for tests.

use std::sync::Arc;

use super::Module;

/// A module of one file, `main.tf`.
pub(super) fn module(text: &str) -> Module {
    Module::parse(&[("main.tf".to_owned(), Arc::from(text))]).unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// A module that has a bit of everything; `terraform validate` accepts it.
pub(super) fn realistic() -> Module {
    let files = [
        ("main.tf", include_str!("../../tests/terraform/main.tf")),
        ("network.tf", include_str!("../../tests/terraform/network.tf")),
        ("service.tf", include_str!("../../tests/terraform/service.tf")),
    ];
    let files: Vec<(String, Arc<str>)> =
        files.iter().map(|(name, text)| ((*name).to_owned(), Arc::from(*text))).collect();
    Module::parse(&files).unwrap_or_else(|errors| panic!("{errors:?}"))
}
