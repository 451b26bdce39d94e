//! Whether the journal can be written.

use std::path::Path;

use async_trait::async_trait;

use crate::doctor::check::{Area, Check, Needs};
use crate::doctor::finding::Finding;
use crate::doctor::subject::Subject;

/// Bytes below which there is a warning: a deployment's journal, plans and the providers of Terraform need about as much.
const COMFORTABLE: u64 = 1 << 30;
/// Bytes below which a journal may not be written to its end.
const NEEDED: u64 = 16 << 20;

/// Whether the journal can be written.
pub(super) struct StateDirectory;

#[async_trait(?Send)]
impl Check for StateDirectory {
    fn id(&self) -> &'static str {
        "GWD103"
    }

    fn name(&self) -> &'static str {
        "state-directory"
    }

    fn area(&self) -> Area {
        Area::Local
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    async fn run(&self, subject: &Subject<'_>) -> Vec<Finding> {
        vec![look(subject.directory)]
    }
}

fn look(directory: &Path) -> Finding {
    const FIX: &str = "make it writable, or name another directory with --state-dir";
    let shown = directory.display();
    // What is not there yet is made in the nearest parent that is.
    let Some(there) = directory.ancestors().map(named).find(|path| path.exists()) else {
        return Finding::fail(format!("neither {shown} nor a parent of it exists"), FIX);
    };
    if !there.is_dir() {
        return Finding::fail(format!("{} is no directory", there.display()), FIX);
    }
    if let Err(error) = tempfile::NamedTempFile::new_in(there) {
        return Finding::fail(format!("the journal cannot be written to {shown}: {error}"), FIX);
    }
    let Ok(space) = rustix::fs::statvfs(there) else {
        return Finding::pass(format!("{shown} can be written"));
    };
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let mib = free >> 20;
    match free {
        0..NEEDED => Finding::fail(format!("{mib} MiB are free where {shown} is"), "free some space"),
        NEEDED..COMFORTABLE => Finding::warn(format!("only {mib} MiB are free where {shown} is"), "free some space"),
        _ => Finding::pass(format!("{shown} can be written, {} GiB free", free >> 30)),
    }
}

/// A relative path begins in the current directory.
fn named(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Status;

    #[test]
    fn a_directory_that_is_not_there_yet_is_looked_at_in_its_parent() {
        let parent = tempfile::tempdir().unwrap();
        assert_ne!(look(&parent.path().join("a/b")).status, Status::Fail);
    }

    #[test]
    fn a_file_in_its_place_is_a_failure() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let found = look(file.path());
        assert_eq!(found.status, Status::Fail);
        assert!(found.message.ends_with("is no directory"), "{}", found.message);
    }
}
