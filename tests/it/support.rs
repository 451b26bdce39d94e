//! What several subjects need.

use std::path::{Path, PathBuf};

/// A path in the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Compares a generated text with its committed copy. `GWINFRA_UPDATE=1` writes the copy instead.
pub fn assert_committed(path: &str, generated: &str) {
    let file = repository(path);
    if std::env::var_os("GWINFRA_UPDATE").is_some_and(|value| value == "1") {
        fs_err::create_dir_all(file.parent().unwrap()).unwrap();
        fs_err::write(&file, generated).unwrap();
        return;
    }
    let committed = fs_err::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == generated,
        "{path} is not what is generated: run the tests with GWINFRA_UPDATE=1\n{}",
        similar::TextDiff::from_lines(committed.as_str(), generated).unified_diff()
    );
}
