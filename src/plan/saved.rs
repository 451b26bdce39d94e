//! Plans in files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{Plan, SCHEMA, SavedPlan};
use crate::hexadecimal::sha256;
use crate::render::Bundle;
use crate::whole_file::WholeFile;

/// Why a plan could not be written or read.
#[derive(Debug, Error)]
pub enum SavedPlanError {
    /// The file could not be read.
    #[error("could not read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file could not be written.
    #[error("could not write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file ends too early.
    #[error("{path} is cut off: it ends at line {line} in the middle of the plan; make the plan again")]
    CutOff {
        /// The file.
        path: PathBuf,
        /// Last line.
        line: usize,
    },
    /// The file is no plan.
    #[error("{path} is not a saved plan: {reason}")]
    NotAPlan {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Another version of gwinfra wrote the file.
    #[error("{path} has the format {found}, and this gwinfra reads {SCHEMA}; make the plan again")]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: String,
    },
    /// The file was changed after it was written.
    #[error("{path} was changed after it was written: its SHA-256 does not fit; make the plan again")]
    Changed {
        /// The file.
        path: PathBuf,
    },
}

impl SavedPlan {
    /// Puts a plan and its bundle together.
    pub fn new(plan: Plan, bundle: Bundle) -> Self {
        Self::with_files(plan, bundle, BTreeMap::new())
    }

    /// Puts a plan, its bundle and the engine's files (in Base64, by name) together.
    pub fn with_files(plan: Plan, bundle: Bundle, files: BTreeMap<String, String>) -> Self {
        let sha256 = digest(&plan, &bundle, &files);
        Self { plan, bundle, files, sha256 }
    }

    /// Writes the plan, whole or not at all, to a file that only its owner may read.
    ///
    /// # Errors
    /// [`SavedPlanError::Write`].
    pub fn save(&self, path: &Path) -> Result<(), SavedPlanError> {
        let failed = |source: std::io::Error| SavedPlanError::Write { path: path.to_owned(), source };
        let file = WholeFile::private(path).lasting();
        file.write_with(|file| {
            serde_json::to_writer(&mut *file, self)?;
            file.write_all(b"\n")
        })
        .map_err(failed)
    }

    /// Reads a plan and makes sure that it is whole.
    ///
    /// # Errors
    /// When the file cannot be read, is no plan, is damaged or of another version.
    pub fn load(path: &Path) -> Result<Self, SavedPlanError> {
        let path = || path.to_owned();
        let bytes = fs_err::read(path()).map_err(|source| SavedPlanError::Read { path: path(), source })?;
        let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|error| {
            // What begins as a plan and ends early was cut off; anything else never was one.
            if error.is_eof() && bytes.starts_with(b"{\"plan\"") {
                SavedPlanError::CutOff { path: path(), line: error.line() }
            } else {
                SavedPlanError::NotAPlan { path: path(), reason: error.to_string() }
            }
        })?;
        match value.pointer("/plan/schema").and_then(serde_json::Value::as_str) {
            Some(SCHEMA) => {}
            Some(found) if found.starts_with("gwinfra.plan/") => {
                return Err(SavedPlanError::OtherVersion { path: path(), found: found.chars().take(40).collect() });
            }
            _ => return Err(SavedPlanError::NotAPlan { path: path(), reason: format!("it has no schema {SCHEMA}") }),
        }
        let saved: Self = serde_json::from_value(value)
            .map_err(|error| SavedPlanError::NotAPlan { path: path(), reason: error.to_string() })?;
        if saved.sha256 == digest(&saved.plan, &saved.bundle, &saved.files) {
            Ok(saved)
        } else {
            Err(SavedPlanError::Changed { path: path() })
        }
    }
}

/// SHA-256 in hex over the JSON of all, whose keys are in a fixed order.
fn digest(plan: &Plan, bundle: &Bundle, files: &BTreeMap<String, String>) -> String {
    // Writing to memory what was made to be written does not fail; if it did, no digest would fit.
    sha256(serde_json::to_vec(&(plan, bundle, files)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::plan::{Inputs, Summary, Tool};

    fn saved() -> SavedPlan {
        let bundle = Bundle::of_nothing("cloudformation");
        let plan = Plan {
            schema: SCHEMA.into(),
            tool: Tool { name: "gwinfra".into(), version: "0".into() },
            deployment: bundle.deployment.clone(),
            inputs: Inputs {
                spec_sha256: "s".into(),
                blueprint: "gateway@1.0.0".into(),
                images: BTreeMap::new(),
                pushes: BTreeMap::new(),
                lookups: BTreeMap::new(),
                bundle_sha256: "d".into(),
            },
            offline: false,
            created_at: "2026-01-02T03:04:05Z".into(),
            stacks: Vec::new(),
            changes: Vec::new(),
            output_changes: Vec::new(),
            summary: Summary::default(),
            gates: Vec::new(),
            diagnostics: Vec::new(),
            configuration: None,
            blocked: Vec::new(),
        };
        SavedPlan::new(plan, bundle)
    }

    fn written() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("acme.gwplan");
        saved().save(&path).unwrap();
        (directory, path)
    }

    #[test]
    fn a_plan_comes_back_as_it_was() {
        let (_directory, path) = written();
        assert_eq!(SavedPlan::load(&path).unwrap(), saved());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_a_plan() {
        use std::os::unix::fs::PermissionsExt;
        let (_directory, path) = written();
        assert_eq!(fs_err::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn half_a_plan_is_cut_off() {
        let (_directory, path) = written();
        let bytes = fs_err::read(&path).unwrap();
        fs_err::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(matches!(SavedPlan::load(&path), Err(SavedPlanError::CutOff { .. })));
    }

    #[test]
    fn an_edited_plan_is_noticed() {
        let (_directory, path) = written();
        let text = fs_err::read_to_string(&path).unwrap().replace("111122223333", "444455556666");
        fs_err::write(&path, text).unwrap();
        assert!(matches!(SavedPlan::load(&path), Err(SavedPlanError::Changed { .. })));
    }

    #[test]
    fn a_plan_of_another_version_names_its_version() {
        let (_directory, path) = written();
        let text = fs_err::read_to_string(&path).unwrap().replace("gwinfra.plan/v1", "gwinfra.plan/v9");
        fs_err::write(&path, text).unwrap();
        assert!(
            matches!(SavedPlan::load(&path), Err(SavedPlanError::OtherVersion { found, .. }) if found == "gwinfra.plan/v9")
        );
    }

    #[test]
    fn something_else_is_no_plan() {
        let (_directory, path) = written();
        fs_err::write(&path, b"\x7fELF").unwrap();
        assert!(matches!(SavedPlan::load(&path), Err(SavedPlanError::NotAPlan { .. })));
    }
}
