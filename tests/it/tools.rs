//! Tools that give a second opinion. Missing on a developer's machine: the test is skipped with a line that says what to
//! install. Missing in CI: the test fails.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A tool beside the Python interpreter of `GWINFRA_TEST_PYTHON`, or on the path.
#[expect(clippy::print_stderr, reason = "a skipped test says what to install")]
pub fn find(name: &str) -> Option<PathBuf> {
    let beside = std::env::var_os("GWINFRA_TEST_PYTHON").map(|python| Path::new(&python).with_file_name(name));
    let on_path =
        std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let found = beside.into_iter().chain(on_path.map(|folder| folder.join(name))).find(|path| path.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "CI needs {name}: `make tools` installs it");
        eprintln!("skipped: {name} is not installed; `make tools` installs it");
    }
    found
}

/// A program of a Debian package.
#[expect(clippy::print_stderr, reason = "a skipped test says what to install")]
pub fn system(name: &str, package: &str) -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    // Programs for the administrator are not on everybody's path.
    let folders = std::env::split_paths(&on_path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "CI needs {name}: apt-get install {package}");
        eprintln!("skipped: {name} is not installed; apt-get install {package}");
    }
    found
}

/// Runs cfn-lint over every template of a directory: no error and no warning. The files are spread over two processes.
pub fn lint(cfn_lint: &Path, directory: &Path) {
    let mut files: Vec<PathBuf> = fs_err::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (even, odd): (Vec<_>, Vec<_>) = files.into_iter().enumerate().partition(|(index, _)| index % 2 == 0);
    let start = |files: Vec<(usize, PathBuf)>| {
        let mut command = Command::new(cfn_lint);
        command.args(["--non-zero-exit-code", "warning", "--"]).args(files.into_iter().map(|(_, path)| path));
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    for child in [start(even), start(odd)] {
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
