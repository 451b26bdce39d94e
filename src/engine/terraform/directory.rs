//! The directory of one root module.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::engine::EngineError;
use crate::render::RenderedModule;
use crate::whole_file::WholeFile;

/// Names of the files that the last render wrote, so that the next one removes what is gone and leaves what is a
/// user's own.
const MANIFEST: &str = ".gwinfra.json";
/// Exit code of the last child, once it was seen to end by itself.
const END: &str = "terraform.end";
/// Values of variables, which Terraform reads by itself.
const VARIABLES: &str = "gwinfra.auto.tfvars.json";

/// The directory of one root module. `.terraform`, the provider lock file, the state and files that gwinfra has not
/// written are never touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WorkDirectory {
    path: PathBuf,
}

impl WorkDirectory {
    /// The directory of the module with that key.
    pub fn new(directory: &Path, prefix: &str, key: &str) -> Self {
        // Terraform runs in the directory: what it is told must not depend on where gwinfra runs.
        let directory = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
        Self { path: directory.join(prefix).join("terraform").join(key) }
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Terraform's plan.
    pub fn plan(&self) -> PathBuf {
        self.path.join("tfplan")
    }

    /// What Terraform has written on its standard output the last time.
    pub fn log(&self) -> PathBuf {
        self.path.join("terraform.jsonl")
    }

    /// What a child has written that was cut off before the last one: it may have left a lock.
    pub fn cut_off_log(&self) -> PathBuf {
        self.path.join("terraform.cut.jsonl")
    }

    /// Keeps the stream of a child that was cut off, before the next one begins.
    ///
    /// # Errors
    /// [`EngineError::Directory`].
    pub fn keep_cut_off(&self) -> Result<(), EngineError> {
        let log = self.log();
        let failed = |source| self.failed(source);
        let metadata = fs_err::metadata(&log).map_err(failed)?;
        if self.has_ended() || metadata.len() == 0 {
            return Ok(());
        }
        fs_err::copy(&log, self.cut_off_log()).map_err(failed)?;
        // When it was written last tells how long its writer lived.
        let kept = fs_err::OpenOptions::new().append(true).open(self.cut_off_log()).map_err(failed)?;
        kept.file().set_modified(metadata.modified().map_err(failed)?).map_err(failed)
    }

    /// What Terraform has written on its standard error the last time.
    pub fn errors(&self) -> PathBuf {
        self.path.join("terraform.err")
    }

    /// Whether the last child was seen to end by itself.
    pub fn has_ended(&self) -> bool {
        self.path.join(END).exists()
    }

    /// Remembers that the last child ended by itself, with this exit code.
    ///
    /// # Errors
    /// [`EngineError::Directory`].
    pub fn remember_end(&self, code: i32) -> Result<(), EngineError> {
        self.put(END, code.to_string().as_bytes())
    }

    /// Forgets the end of the last child: the next one begins.
    ///
    /// # Errors
    /// [`EngineError::Directory`].
    pub fn forget_end(&self) -> Result<(), EngineError> {
        self.remove(END)
    }

    /// A state that Terraform could not write where it belongs.
    pub fn errored_state(&self) -> PathBuf {
        self.path.join("errored.tfstate")
    }

    /// The state, where it is a file.
    pub fn local_state(&self) -> PathBuf {
        self.path.join("terraform.tfstate")
    }

    /// Lock file of the providers.
    pub fn provider_lock(&self) -> PathBuf {
        self.path.join(".terraform.lock.hcl")
    }

    /// What gwinfra remembers of the last `terraform init`.
    pub fn init_stamp(&self) -> PathBuf {
        self.path.join(".terraform").join("gwinfra-init")
    }

    /// Writes the rendered files and the values of variables (`None` for those of the last time), and removes files of an
    /// earlier render that are gone.
    ///
    /// # Errors
    /// [`EngineError::Directory`].
    pub fn write(
        &self,
        module: &RenderedModule,
        variables: Option<&BTreeMap<String, String>>,
    ) -> Result<(), EngineError> {
        fs_err::create_dir_all(&self.path).map_err(|source| self.failed(source))?;
        only_for_the_owner(&self.path).map_err(|source| self.failed(source))?;
        let before = self.manifest();
        let mut now: BTreeSet<String> = BTreeSet::new();
        for (name, text) in &module.files {
            self.put(name, text.as_bytes())?;
            now.insert(name.clone());
        }
        if let Some(variables) = variables {
            let text = serde_json::to_string_pretty(variables).map_err(|error| self.failed(error.into()))?;
            self.put(VARIABLES, text.as_bytes())?;
        }
        now.insert(VARIABLES.to_owned());
        for name in before.difference(&now) {
            self.remove(name)?;
        }
        let manifest = serde_json::to_vec(&now).map_err(|error| self.failed(error.into()))?;
        self.put(MANIFEST, &manifest)
    }

    /// Writes a file whole or not at all.
    ///
    /// # Errors
    /// [`EngineError::Directory`].
    pub fn put(&self, name: &str, bytes: &[u8]) -> Result<(), EngineError> {
        let target = self.path.join(name);
        // A file that stays as it is keeps its time of change.
        if fs_err::read(&target).is_ok_and(|old| old == bytes) {
            return Ok(());
        }
        let parent = target.parent().unwrap_or(&self.path);
        fs_err::create_dir_all(parent).map_err(|source| self.failed(source))?;
        WholeFile::private(target).write(bytes).map_err(|source| self.failed(source))
    }

    /// Removes a file. One that is not there is no error.
    ///
    /// # Errors
    /// [`EngineError::Directory`].
    pub fn remove(&self, name: &str) -> Result<(), EngineError> {
        match fs_err::remove_file(self.path.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(self.failed(error)),
            _ => Ok(()),
        }
    }

    /// The error for something that could not be read or written here.
    pub fn failed(&self, source: std::io::Error) -> EngineError {
        EngineError::Directory { path: self.path.clone(), source }
    }

    fn manifest(&self) -> BTreeSet<String> {
        // Without it nothing is removed: what is there may be a user's own.
        let text = fs_err::read(self.path.join(MANIFEST)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }
}

/// A state and a plan may hold what only the owner may see.
#[cfg(unix)]
fn only_for_the_owner(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn only_for_the_owner(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{ModuleState, Target};

    fn module(files: &[&str]) -> RenderedModule {
        RenderedModule {
            key: "hub".into(),
            target: Target { account: "111122223333".into(), region: "us-east-1".into(), deploy_role: None },
            files: files.iter().map(|&name| (name.to_owned(), "# text\n".into())).collect(),
            variables: BTreeMap::new(),
            state: ModuleState::Local,
            outputs: BTreeMap::new(),
        }
    }

    fn files(directory: &WorkDirectory) -> Vec<String> {
        let mut names: Vec<String> = fs_err::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_that_is_no_longer_rendered_goes_and_a_users_own_stays() {
        let root = tempfile::tempdir().unwrap();
        let directory = WorkDirectory::new(root.path(), "acme", "hub");
        directory.write(&module(&["network.tf", "cache.tf"]), None).unwrap();
        for own in ["terraform.tfstate", "override.tf"] {
            fs_err::write(directory.path().join(own), "{}").unwrap();
        }
        directory.write(&module(&["network.tf"]), None).unwrap();
        assert_eq!(files(&directory), ["network.tf", "override.tf", "terraform.tfstate"]);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_look_into_it() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let directory = WorkDirectory::new(root.path(), "acme", "hub");
        directory.write(&module(&["network.tf"]), None).unwrap();
        assert_eq!(fs_err::metadata(directory.path()).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
