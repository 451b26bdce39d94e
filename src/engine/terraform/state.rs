//! The state of a root module: which one it is, what is in it, and what could not be written to it.

use serde::Deserialize;
use serde_json::Value;

use super::TerraformEngine;
use super::diagnostic::Subject;
use crate::engine::EngineError;
use crate::render::ModuleState;

/// What gwinfra wants to know of a state. Attributes of resources are not kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct State {
    /// Counts the writes.
    #[serde(default)]
    pub serial: u64,
    /// Tells states apart.
    #[serde(default)]
    pub lineage: String,
    /// What is in it.
    #[serde(default)]
    pub resources: Vec<Entry>,
}

/// The instances of one resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Entry {
    /// `managed`, `data`.
    #[serde(default)]
    pub mode: String,
    /// Type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// Name.
    pub name: String,
    /// Its instances.
    #[serde(default)]
    pub instances: Vec<Instance>,
}

/// One instance of a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Instance {
    /// `tainted` for one whose creation did not end well.
    #[serde(default)]
    pub status: Option<String>,
    /// Key of the instance, where there are several.
    #[serde(default)]
    pub index_key: Option<Value>,
}

impl State {
    /// Changes whenever the state is written.
    pub fn version(&self) -> String {
        format!("{}:{}", self.lineage, self.serial)
    }

    /// Addresses of the instances that Terraform manages, and whether each is tainted.
    pub fn managed(&self) -> impl Iterator<Item = (String, bool)> {
        self.resources.iter().filter(|entry| entry.mode == "managed").flat_map(|entry| {
            entry.instances.iter().map(|instance| {
                let key = instance.index_key.as_ref().map(|key| format!("[{key}]")).unwrap_or_default();
                let tainted = instance.status.as_deref() == Some("tainted");
                (format!("{}.{}{key}", entry.resource_type, entry.name), tainted)
            })
        })
    }
}

impl TerraformEngine {
    /// Reads a state. `None` when there is none yet.
    ///
    /// # Errors
    /// When it cannot be read. The root module must be initialised.
    pub(super) async fn state(&self, subject: Subject<'_>) -> Result<Option<State>, EngineError> {
        let Subject { module, directory } = subject;
        let bytes = match module.state {
            ModuleState::Local => match fs_err::read(directory.local_state()) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(directory.failed(error)),
            },
            ModuleState::S3 { .. } => match self.capture(directory, &["state", "pull"]).await? {
                Ok(bytes) => bytes,
                Err(words) => return Err(self.command_failed(subject, "state pull", &words)),
            },
        };
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        serde_json::from_slice(&bytes).map(Some).map_err(|error| directory.failed(error.into()))
    }

    /// Writes a state where it belongs that an earlier run could not write there. Before anything else: without it
    /// Terraform would make again what it has made already.
    ///
    /// # Errors
    /// When it still cannot be written.
    pub(super) async fn push_errored(&self, subject: Subject<'_>) -> Result<(), EngineError> {
        let Subject { module, directory } = subject;
        let errored = directory.errored_state();
        if !errored.exists() {
            return Ok(());
        }
        self.init(module, directory).await?;
        if let Err(words) = self.capture(directory, &["state", "push", "errored.tfstate"]).await? {
            return Err(self.command_failed(subject, "state push errored.tfstate", &words));
        }
        let kept = errored.with_file_name(format!("errored.tfstate.pushed-{}", jiff::Timestamp::now().as_second()));
        fs_err::rename(&errored, &kept).map_err(|source| directory.failed(source))?;
        let text =
            format!("wrote the state of an earlier run that could not be written then; its copy is {}", kept.display());
        self.say(Some(&module.key), text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_a_family_have_their_key_in_the_address() {
        let state: State = serde_json::from_value(serde_json::json!({
            "serial": 4, "lineage": "ab",
            "resources": [
                {"mode": "managed", "type": "aws_subnet", "name": "private", "instances": [
                    {"index_key": "a", "attributes": {}}, {"index_key": 1, "status": "tainted"}]},
                {"mode": "data", "type": "aws_region", "name": "current", "instances": [{}]},
            ],
        }))
        .unwrap();
        let managed: Vec<(String, bool)> = state.managed().collect();
        assert_eq!(
            managed,
            [("aws_subnet.private[\"a\"]".to_owned(), false), ("aws_subnet.private[1]".to_owned(), true)]
        );
        assert_eq!(state.version(), "ab:4");
    }
}
