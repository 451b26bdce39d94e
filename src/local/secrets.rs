//! Secrets that are made up for a local gateway. They open nothing but services on loopback ports of this machine.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Directory, LocalError};

const FILE: &str = "secrets.json";

/// The secrets.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Secrets {
    /// LiteLLM's master key.
    pub master_key: String,
    /// What LiteLLM encrypts credentials with. It must stay the same as long as the database.
    pub salt_key: String,
    /// Password of the database's only user.
    pub database: String,
    /// Password of Redis.
    pub cache: String,
}

impl Secrets {
    /// Those of the directory, made when there are none yet: clients and the database go on with the same ones.
    pub fn open(directory: &Directory) -> Result<Self, LocalError> {
        let kept = fs_err::read(directory.file(FILE)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let secrets: Self = match kept {
            Some(secrets) => secrets,
            None => {
                let random = || Uuid::new_v4().simple().to_string();
                let made = Self {
                    master_key: format!("sk-local-{}", random()),
                    salt_key: format!("sk-local-{}", random()),
                    database: random(),
                    cache: random(),
                };
                directory.write(FILE, &serde_json::to_vec(&made).unwrap_or_default())?;
                made
            }
        };
        directory.write("key", secrets.master_key.as_bytes())?;
        Ok(secrets)
    }
}
