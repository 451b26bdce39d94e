//! The state of a root module: which one it is, what is in it, and what could not be written to it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::TerraformEngine;
use super::diagnostic::Subject;
use crate::engine::EngineError;
use crate::render::ModuleState;

/// What gwinfra wants to know of a state. Of the attributes of resources only the id is kept.
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
    /// What is in AWS under its address.
    #[serde(default)]
    pub attributes: Option<Attributes>,
}

/// What is kept of an instance's attributes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Attributes {
    /// What AWS knows it by.
    #[serde(default)]
    pub id: Option<Value>,
}

/// A resource that only one of two states has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnlyHere {
    /// Address of the instance.
    pub address: String,
    /// Its id, as far as the state has one.
    pub id: Option<String>,
    /// What the other state has under the same address.
    pub instead: Option<String>,
}

impl fmt::Display for OnlyHere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)?;
        match (&self.id, &self.instead) {
            (Some(id), Some(instead)) => write!(f, " ({id}, where the state has {instead})"),
            (Some(id), None) => write!(f, " ({id})"),
            (None, _) => Ok(()),
        }
    }
}

impl Instance {
    fn id(&self) -> Option<&str> {
        self.attributes.as_ref()?.id.as_ref()?.as_str()
    }
}

impl State {
    /// Changes whenever the state is written.
    pub fn version(&self) -> String {
        format!("{}:{}", self.lineage, self.serial)
    }

    /// Whether Terraform would refuse to write it over another one: that is of another origin, or is as new or newer.
    fn is_behind(&self, current: &Self) -> bool {
        let has_begun = !current.lineage.is_empty() && !self.lineage.is_empty();
        has_begun && (self.lineage != current.lineage || self.serial <= current.serial)
    }

    /// What another state does not have: no such address, or another resource of AWS under it.
    fn only_here(&self, other: &Self) -> Vec<OnlyHere> {
        // One that waits for its deletion has the address of its successor.
        let mut known: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (address, instance) in other.instances() {
            known.entry(address).or_default().extend(instance.id());
        }
        let only = |(address, instance): (String, &Instance)| {
            let id = instance.id();
            let instead = match known.get(&address) {
                None => None,
                Some(there) if id.is_none_or(|id| there.contains(&id)) => return None,
                Some(there) => Some((*there.first()?).to_owned()),
            };
            Some(OnlyHere { address, id: id.map(ToOwned::to_owned), instead })
        };
        self.instances().filter_map(only).collect()
    }

    /// Addresses of the instances that Terraform manages, and whether each is tainted.
    pub fn managed(&self) -> impl Iterator<Item = (String, bool)> {
        self.instances().map(|(address, instance)| (address, instance.status.as_deref() == Some("tainted")))
    }

    /// The instances that Terraform manages, by address.
    fn instances(&self) -> impl Iterator<Item = (String, &Instance)> {
        self.resources.iter().filter(|entry| entry.mode == "managed").flat_map(|entry| {
            entry.instances.iter().map(|instance| {
                let key = instance.index_key.as_ref().map(|key| format!("[{key}]")).unwrap_or_default();
                (format!("{}.{}{key}", entry.resource_type, entry.name), instance)
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

    /// Puts a state aside that could not be written then, and that is not newer now than what is there.
    ///
    /// # Errors
    /// [`EngineError::StateMovedOn`] when it has something that the other one does not know.
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
            "the state of an earlier run that could not be written then is not newer than what is there (serial {} and \
             {}), and has nothing of its own; it is {} now",
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
        // Terraform refuses another content with the same serial, too.
        assert!(left.is_behind(&state("ab", 5, &[])));
        assert!(left.is_behind(&state("cd", 1, &[])));
    }

    #[test]
    fn what_only_the_older_state_has_is_named() {
        let only = state("ab", 1, &["a", "b"]).only_here(&state("ab", 7, &["b", "c"]));
        assert_eq!(only.iter().map(ToString::to_string).collect::<Vec<_>>(), ["aws_iam_role.a"]);
    }

    #[test]
    fn another_resource_under_the_same_address_is_named_with_its_id() {
        let vpc = |serial: u64, id: &str| -> State {
            serde_json::from_value(serde_json::json!({"serial": serial, "lineage": "ab", "resources": [
                {"mode": "managed", "type": "aws_vpc", "name": "main", "instances": [{"attributes": {"id": id}}]},
            ]}))
            .unwrap()
        };
        let left = vpc(5, "vpc-1");
        assert_eq!(left.only_here(&vpc(6, "vpc-1")), []);
        let only = left.only_here(&vpc(6, "vpc-2"));
        assert_eq!(only[0].to_string(), "aws_vpc.main (vpc-1, where the state has vpc-2)");
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
