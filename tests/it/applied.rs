//! Specs that were applied once, for every test that begins with such a deployment: an apply takes seconds, and gives the same
//! every time.

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use crate::rehearsal::{Rehearsal, Run, files_below};

/// What an apply of a spec gives, and leaves in its directory.
pub struct Applied {
    run: Run,
    files: Vec<(PathBuf, u32, Vec<u8>)>,
}

type Once = Arc<OnceLock<Applied>>;

static APPLIED: LazyLock<Mutex<HashMap<String, Once>>> = LazyLock::new(Mutex::default);

/// Applies a spec in simulated accounts the first time that one asks for it, and writes into a directory, which has nothing but
/// the spec, what an apply leaves there. Gives what the apply gave.
pub fn apply(spec: &str, directory: &Path) -> Run {
    let once = APPLIED.lock().unwrap_or_else(PoisonError::into_inner).entry(spec.to_owned()).or_default().clone();
    let applied = once.get_or_init(|| Applied::of(spec));
    for (path, mode, bytes) in &applied.files {
        let path = directory.join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(&path, bytes).unwrap();
        fs_err::set_permissions(&path, PermissionsExt::from_mode(*mode)).unwrap();
    }
    applied.run.clone()
}

impl Applied {
    fn of(spec: &str) -> Self {
        let rehearsal = Rehearsal::of(spec);
        let run = rehearsal.run(&["apply", "--yes"]).expect(0);
        let root = rehearsal.path("");
        let read = |path: PathBuf| {
            let mode = fs_err::metadata(&path).unwrap().permissions().mode();
            (path.strip_prefix(&root).unwrap().to_owned(), mode, fs_err::read(&path).unwrap())
        };
        Self { run, files: files_below(&root).into_iter().map(read).collect() }
    }
}

#[test]
fn deployments_of_one_spec_are_each_their_own() {
    let (first, second) = (Rehearsal::new(), Rehearsal::new());
    first.apply();
    second.apply();
    second.change("max: 4}", "max: 5}");
    second.run(&["apply", "--yes"]).expect(0);
    for rehearsal in [first, second] {
        let run = rehearsal.run(&["plan"]).expect(0);
        assert!(run.stdout.contains("No changes"), "{}", run.stdout);
    }
}
