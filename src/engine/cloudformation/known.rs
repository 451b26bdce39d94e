//! What is known so far: outputs of stacks, digests of images, results of lookups.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::render::{ParameterValue, RenderedStack};

/// What is known so far. Steps that run at the same time add to it.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Facts>);

/// The facts themselves.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Outputs by key of the stack.
    pub outputs: BTreeMap<String, BTreeMap<String, String>>,
    /// Image references by digest, by name.
    pub images: BTreeMap<String, String>,
    /// Results of lookups, by name.
    pub lookups: BTreeMap<String, String>,
}

impl Known {
    /// The facts, for reading or adding.
    pub fn facts(&self) -> MutexGuard<'_, Facts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of a parameter, if everything that it comes from is known.
    pub fn value(&self, value: &ParameterValue) -> Option<String> {
        let facts = self.facts();
        match value {
            ParameterValue::Literal(text) => Some(text.clone()),
            ParameterValue::Output { stack, output } => facts.outputs.get(stack)?.get(output).cloned(),
            ParameterValue::Image(name) => facts.images.get(name).cloned(),
            ParameterValue::Lookup(name) => facts.lookups.get(name).cloned(),
        }
    }

    /// The values of all parameters of a stack, or the names of those that are not known.
    pub fn parameters(&self, stack: &RenderedStack) -> Result<BTreeMap<String, String>, Vec<String>> {
        let mut known = BTreeMap::new();
        let mut missing = Vec::new();
        for (name, value) in &stack.parameters {
            match self.value(value) {
                Some(text) => {
                    known.insert(name.clone(), text);
                }
                None => missing.push(name.clone()),
            }
        }
        if missing.is_empty() { Ok(known) } else { Err(missing) }
    }
}
