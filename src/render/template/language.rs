//! What a template makes: YAML for CloudFormation, or HCL for Terraform.

use serde_json::Value as Json;

use super::problem::Problem;
use crate::render::hcl::{self, References};
use crate::render::yaml;

/// What templates make.
#[derive(Debug, Clone)]
pub enum Language {
    /// CloudFormation's YAML.
    Yaml,
    /// Terraform's HCL, with expressions for the references of the render context.
    Hcl(References),
}

impl Language {
    /// How the names of its templates end.
    pub(super) fn extension(&self) -> &'static str {
        match self {
            Self::Yaml => ".yaml.j2",
            Self::Hcl(_) => ".tf.j2",
        }
    }

    /// Checks a value, and gives it as it stands when it is the same wherever it stands.
    pub(super) fn plain(&self, json: &Json) -> Result<Option<String>, Problem> {
        match self {
            Self::Yaml => {
                let text = yaml::inline(json)?;
                let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte));
                Ok(plain.then_some(text))
            }
            Self::Hcl(references) => {
                let text = hcl::inline(json, references)?;
                Ok(matches!(json, Json::Bool(_) | Json::Number(_) | Json::Null).then_some(text))
            }
        }
    }

    /// Whether a value may come after this part of its line, and before that.
    pub(super) fn takes_value(&self, before: &str, after: &str) -> bool {
        match self {
            Self::Yaml => super::scan::yaml_may_precede(before) && super::scan::yaml_may_follow(after),
            Self::Hcl(_) => {
                let touches = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '"' | '$' | '-');
                let in_string = before.replace("\\\"", "").matches('"').count() % 2 == 1;
                !in_string && !before.ends_with(touches) && !after.starts_with(touches)
            }
        }
    }

    /// Whether a line is a comment.
    pub(super) fn is_comment(&self, line: &str) -> bool {
        let line = line.trim_start();
        line.starts_with('#') || (matches!(self, Self::Hcl(_)) && line.starts_with("//"))
    }
}
