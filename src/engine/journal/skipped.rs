//! What rollbacks have left out: CloudFormation takes those resources for what they were, and they may be something else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::{Journal, JournalError};
use crate::whole_file::WholeFile;

/// Logical ids by ARN of their stack.
type Skipped = BTreeMap<String, BTreeSet<String>>;

impl Journal {
    /// Logical ids that rollbacks of a stack have left out, as far as it is known here.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn skipped(&self, stack_id: &str) -> Result<BTreeSet<String>, JournalError> {
        Ok(self.all_skipped()?.remove(stack_id).unwrap_or_default())
    }

    /// Remembers what a rollback of a stack leaves out.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn remember_skipped(&self, stack_id: &str, logical_ids: BTreeSet<String>) -> Result<(), JournalError> {
        if logical_ids.is_empty() {
            return Ok(());
        }
        let mut all = self.all_skipped()?;
        all.entry(stack_id.to_owned()).or_default().extend(logical_ids);
        self.write_skipped(&all)
    }

    /// Forgets what rollbacks have left out of a stack: it was updated since.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn forget_skipped(&self, stack_id: &str) -> Result<(), JournalError> {
        let mut all = self.all_skipped()?;
        match all.remove(stack_id) {
            Some(_) => self.write_skipped(&all),
            None => Ok(()),
        }
    }

    fn skipped_file(&self) -> PathBuf {
        self.directory.join("skipped.json")
    }

    fn all_skipped(&self) -> Result<Skipped, JournalError> {
        let path = self.skipped_file();
        let text = match fs_err::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Skipped::new()),
            Err(source) => return Err(JournalError::Read { path, source }),
        };
        serde_json::from_slice(&text).map_err(|error| JournalError::Damaged {
            path,
            line: error.line(),
            reason: error.to_string(),
        })
    }

    fn write_skipped(&self, all: &Skipped) -> Result<(), JournalError> {
        let path = self.skipped_file();
        let failed = |source| JournalError::Write { path: path.clone(), source };
        fs_err::create_dir_all(&self.directory).map_err(failed)?;
        let file = WholeFile::private(&path).lasting();
        file.write_with(|file| Ok(serde_json::to_writer(file, all)?)).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(|&id| id.to_owned()).collect()
    }

    #[test]
    fn what_was_left_out_is_known_until_it_is_forgotten() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(directory.path(), "acme");
        assert_eq!(journal.skipped("arn:a").unwrap(), ids(&[]));
        journal.remember_skipped("arn:a", ids(&["Service"])).unwrap();
        journal.remember_skipped("arn:a", ids(&["Role"])).unwrap();
        journal.remember_skipped("arn:b", ids(&["Vpc"])).unwrap();
        assert_eq!(journal.skipped("arn:a").unwrap(), ids(&["Role", "Service"]));
        journal.forget_skipped("arn:a").unwrap();
        assert_eq!(journal.skipped("arn:a").unwrap(), ids(&[]));
        assert_eq!(journal.skipped("arn:b").unwrap(), ids(&["Vpc"]));
    }

    #[test]
    fn a_damaged_file_is_said_to_be_damaged() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::new(directory.path(), "acme");
        journal.remember_skipped("arn:a", ids(&["Service"])).unwrap();
        fs_err::write(journal.skipped_file(), "{").unwrap();
        assert!(matches!(journal.skipped("arn:a"), Err(JournalError::Damaged { line: 1, .. })));
    }
}
