//! A prompt as it is used: the words of its variant, in the types of Converse.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::error::PromptError;
use super::substitute::{placeholders, substitute};
use crate::converse::content::{ContentBlock, SystemBlock};
use crate::converse::request::{InferenceConfig, Message, PromptVariable, ToolConfig};

/// The variant of a prompt that is used, with its placeholders.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    /// The model that answers.
    pub model: String,
    /// Instructions.
    pub system: Vec<SystemBlock>,
    /// The conversation.
    pub messages: Vec<Message>,
    /// Tools.
    pub tools: Option<ToolConfig>,
    /// The parameters that all models know.
    pub inference: InferenceConfig,
    /// Parameters of the model.
    pub additional: Map<String, Value>,
}

impl Prompt {
    /// The prompt with values for its variables. The values are for exactly the names that it has.
    pub fn filled(&self, variables: &BTreeMap<String, PromptVariable>) -> Result<Self, PromptError> {
        let mut names = BTreeSet::new();
        self.each_text(|text| names.extend(placeholders(text).map(str::to_owned)));
        if !names.iter().eq(variables.keys()) {
            return Err(PromptError::Variables {
                placeholders: names.into_iter().collect(),
                variables: variables.keys().cloned().collect(),
            });
        }
        let mut filled = self.clone();
        let value = |name: &str| variables.get(name).map(|PromptVariable::Text(text)| text.as_str());
        for block in &mut filled.system {
            if let SystemBlock::Text(text) = block {
                *text = substitute(text, value);
            }
        }
        for block in filled.messages.iter_mut().flat_map(|message| &mut message.content) {
            if let ContentBlock::Text(text) = block {
                *text = substitute(text, value);
            }
        }
        Ok(filled)
    }

    fn each_text(&self, mut visit: impl FnMut(&str)) {
        for block in &self.system {
            if let SystemBlock::Text(text) = block {
                visit(text);
            }
        }
        for block in self.messages.iter().flat_map(|message| &message.content) {
            if let ContentBlock::Text(text) = block {
                visit(text);
            }
        }
    }
}
