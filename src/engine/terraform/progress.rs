//! What Terraform does, as events: the same as for CloudFormation's.

use std::collections::BTreeMap;

use super::TerraformEngine;
use super::diagnostic::type_of;
use super::message::{Counts, Finding, Hook, Message, Output};
use crate::engine::EventKind;
use crate::render::Bundle;

/// Follows one apply of one root module.
pub(super) struct Progress<'a> {
    engine: &'a TerraformEngine,
    bundle: &'a Bundle,
    key: &'a str,
    /// Resources that failed and whose reason Terraform has not given yet, with what was done to them.
    failed: BTreeMap<String, String>,
    counts: Counts,
    outputs: BTreeMap<String, Output>,
}

impl<'a> Progress<'a> {
    pub fn new(engine: &'a TerraformEngine, bundle: &'a Bundle, key: &'a str) -> Self {
        Self { engine, bundle, key, failed: BTreeMap::new(), counts: Counts::default(), outputs: BTreeMap::new() }
    }

    /// Takes the next line.
    pub fn take(&mut self, message: &Message) {
        if let Some(hook) = &message.hook {
            self.hook(&message.kind, hook);
        }
        if let Some(finding) = message.diagnostic.as_ref().filter(|finding| finding.is_error()) {
            self.reason(finding);
        }
        if let Some(counts) = message.changes.filter(|_| message.kind == "change_summary") {
            self.counts = counts;
        }
        if let Some(outputs) = &message.outputs {
            self.outputs.clone_from(outputs);
        }
    }

    /// What came of it: how much was done, and the outputs.
    pub fn result(self) -> (Counts, BTreeMap<String, Output>) {
        (self.counts, self.outputs)
    }

    /// Tells of failures for which Terraform gave no reason.
    pub fn finish(&mut self) {
        for (address, action) in std::mem::take(&mut self.failed) {
            self.tell(&address, &format!("{action}_FAILED"), None);
        }
    }

    fn hook(&mut self, kind: &str, hook: &Hook) {
        let Some(resource) = &hook.resource else { return };
        let action = match hook.action.as_str() {
            "create" => "CREATE",
            "update" => "UPDATE",
            "delete" => "DELETE",
            // Reading changes nothing.
            _ => return,
        };
        match kind {
            "apply_start" => self.tell(&resource.addr, &format!("{action}_IN_PROGRESS"), None),
            "apply_complete" => self.tell(&resource.addr, &format!("{action}_COMPLETE"), None),
            // The reason comes in a line of its own.
            "apply_errored" => {
                self.failed.insert(resource.addr.clone(), action.to_owned());
            }
            _ => {}
        }
    }

    fn reason(&mut self, finding: &Finding) {
        let Some(address) = &finding.address else { return };
        if let Some(action) = self.failed.remove(address) {
            self.tell(address, &format!("{action}_FAILED"), Some(finding.words()));
        }
    }

    fn tell(&self, address: &str, status: &str, reason: Option<String>) {
        let node = self.bundle.nodes.iter().find_map(|node| node.of_address(address));
        self.engine.emit(
            Some(self.key),
            EventKind::Resource {
                logical_id: address.to_owned(),
                resource_type: type_of(address).to_owned(),
                description: node.map(|node| node.description),
                status: status.to_owned(),
                reason,
            },
        );
    }
}
