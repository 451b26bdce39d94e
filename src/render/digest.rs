//! The digest of a bundle: one name for everything that an apply is bound to.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Bundle;
use crate::hexadecimal::{digits, sha256};

/// SHA-256 in hex over all of a bundle but its digest. A template that many stacks share is hashed once.
pub fn digest(bundle: &Bundle) -> String {
    let mut hasher = Fields(Sha256::new());
    hasher.json(&bundle.deployment);
    hasher.json(&bundle.blueprint);
    hasher.json(&bundle.images);
    hasher.json(&bundle.lookups);
    hasher.json(&bundle.objects);
    let mut templates: BTreeMap<*const u8, String> = BTreeMap::new();
    for stack in &bundle.stacks {
        let template = templates.entry(Arc::as_ptr(&stack.template).cast()).or_insert_with(|| sha256(&*stack.template));
        hasher.text(template);
        hasher.json(&(&stack.key, &stack.kind, &stack.name, &stack.target, &stack.template_path));
        hasher.json(&(&stack.parameters, &stack.tags, &stack.capabilities));
        hasher.json(&(stack.termination_protection, &stack.depends_on, &stack.descriptions));
    }
    for module in &bundle.modules {
        for (name, text) in &module.files {
            let file = templates.entry(Arc::as_ptr(text).cast()).or_insert_with(|| sha256(&**text));
            hasher.text(name);
            hasher.text(file);
        }
        hasher.json(&(&module.key, &module.target, &module.variables, &module.state, &module.outputs));
    }
    digits(hasher.0.finalize())
}

/// Hashes fields so that their borders count.
struct Fields(Sha256);

impl Fields {
    fn text(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text);
    }

    fn json(&mut self, value: &impl Serialize) {
        // The types of a bundle have only string keys, so this cannot fail.
        self.text(&serde_json::to_string(value).unwrap_or_default());
    }
}
