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

    /// Whether Terraform would refuse to write it over another one: that is of another origin, or has moved on since.
    fn is_behind(&self, current: &Self) -> bool {
        let has_begun = !current.lineage.is_empty() && !self.lineage.is_empty();
        has_begun && (self.lineage != current.lineage || self.serial < current.serial)
    }

    /// Addresses that another state does not have.
    fn only_here(&self, other: &Self) -> Vec<String> {
        let known: std::collections::BTreeSet<String> = other.managed().map(|(address, _)| address).collect();
        self.managed().map(|(address, _)| address).filter(|address| !known.contains(address)).collect()
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
        if let Some(current) = self.state(subject).await?
            && let Ok(left) =
                serde_json::from_slice::<State>(&fs_err::read(&errored).map_err(|source| directory.failed(source))?)
            && left.is_behind(&current)
        {
            return self.put_aside(subject, &left, &current);
        }
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

    /// Puts a state aside that could not be written then, and that is older now than what is there.
    ///
    /// # Errors
    /// [`EngineError::StateMovedOn`] when it has something that the newer one does not know.
    fn put_aside(&self, subject: Subject<'_>, left: &State, current: &State) -> Result<(), EngineError> {
        let errored = subject.directory.errored_state();
        let only = left.only_here(current);
        if !only.is_empty() {
            return Err(EngineError::StateMovedOn {
                module: subject.module.key.clone(),
                errored,
                serial: left.serial,
                current: current.serial,
                only,
            });
        }
        let kept = errored.with_file_name(format!("errored.tfstate.old-{}", jiff::Timestamp::now().as_second()));
        fs_err::rename(&errored, &kept).map_err(|source| subject.directory.failed(source))?;
        let text = format!(
            "the state of an earlier run that could not be written then is older than what is there (serial {} and {}), and \
             has nothing of its own; it is {} now",
            left.serial,
            current.serial,
            kept.display()
        );
        self.say(Some(&subject.module.key), text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(lineage: &str, serial: u64, roles: &[&str]) -> State {
        let resources = roles.iter().map(|&name| Entry {
            mode: "managed".into(),
            resource_type: "aws_iam_role".into(),
            name: name.into(),
            instances: vec![Instance::default()],
        });
        State { serial, lineage: lineage.into(), resources: resources.collect() }
    }

    #[test]
    fn a_state_is_behind_one_that_moved_on_or_is_of_another_origin() {
        let left = state("ab", 5, &["a"]);
        assert!(!left.is_behind(&state("ab", 4, &[])));
        assert!(!left.is_behind(&State::default()));
        assert!(left.is_behind(&state("ab", 7, &[])));
        assert!(left.is_behind(&state("cd", 1, &[])));
    }

    #[test]
    fn what_only_the_older_state_has_is_named() {
        let only = state("ab", 1, &["a", "b"]).only_here(&state("ab", 7, &["b", "c"]));
        assert_eq!(only, ["aws_iam_role.a"]);
    }

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
